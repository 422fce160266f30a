//! Expression evaluation: one walk in evaluation order that updates the state and records the sites.

use rustc_hash::{FxHashMap, FxHashSet};

use super::Bounds;
use super::beliefs::Belief;
use super::place::Place;
use crate::analysis::bounds::terms::facts::{FactId, Facts};
use crate::analysis::bounds::terms::linear::{Linear, Sym};
use crate::analysis::bounds::terms::literals::{character, number, written_length};
use crate::analysis::bounds::terms::sites::{Code, Site, SiteKind, Use};
use crate::analysis::bounds::terms::state::{Paths, State, Value};
use crate::analysis::bounds::terms::symbols::{Buffer, Room, Symbols, Tag, What, Wire};
use crate::analysis::bounds::terms::types::{Kind, TypeTable};
use crate::hir::{BinaryOp, Body, ExprId, ExprKind, Function, Symbol, UnaryOp};
use crate::program::catalog::model::MessageObject;
use crate::source::{FileId, Span};

/// Expressions nested deeper than this are unknown, and their operands are not visited.
const MAX_DEPTH: usize = 160;
/// Maximal depth of inlined macros and functions.
pub(super) const MAX_FRAMES: usize = 8;

/// A body being evaluated: the function's own, or that of an inlined macro or function.
#[derive(Clone, Copy)]
pub(super) struct Frame<'f> {
    pub body: &'f Body,
    pub names: &'f [(Symbol, Bound)],
    /// The arguments of the call, as expressions of `up`, in the order of the names.
    pub args: &'f [ExprId],
    /// The frame that the arguments belong to.
    pub up: Option<&'f Frame<'f>>,
    /// For an inlined body: the call, in the function's own body.
    pub call: Option<Span>,
    /// Names that it does not bind resolve in the function.
    pub is_open: bool,
    pub depth: usize,
}

impl<'f> Frame<'f> {
    /// The frame of a function's own body.
    pub fn of(body: &'f Body) -> Frame<'f> {
        Frame { body, names: &[], args: &[], up: None, call: None, is_open: true, depth: 0 }
    }
}

/// What a parameter of an inlined body is bound to.
#[derive(Clone, Copy)]
pub(super) enum Bound {
    /// A macro's argument, evaluated at each use.
    Expr(ExprId),
    Value(Value),
}

/// A local variable or a parameter.
#[derive(Clone, Copy)]
pub(super) struct Variable<'a> {
    pub name: Symbol,
    /// Its declaration, or its type.
    pub declared: &'a str,
    pub kind: Kind,
    /// An array or a structure: a place in memory, not a value.
    pub in_memory: bool,
    pub address_taken: bool,
    /// It is, or points to, an object that holds message bytes.
    pub object: Option<&'a MessageObject>,
}

pub(super) struct Eval<'a> {
    pub cx: &'a Bounds<'a>,
    pub types: TypeTable<'a>,
    pub file: FileId,
    pub function: &'a Function,
    pub variables: Vec<Variable<'a>>,
    pub by_name: FxHashMap<Symbol, u32>,
    pub symbols: Symbols,
    pub facts: Facts,
    pub paths: Paths,
    pub sites: Vec<Site>,
    pub state: State,
    pub at: FactId,
    pub event: u32,
    /// Bit `i`: the memory that parameter `i` points to was modified or passed on.
    pub writes: u32,
    /// Returned values, each with the facts there.
    pub returns: Vec<(Linear, FactId)>,
    pub beliefs: Vec<Belief>,
    depth: usize,
    /// Buffers into which a NUL was written.
    pub terminated: FxHashSet<Sym>,
    /// Buffers that were initialised as a whole: bytes after received data keep that value.
    pub zeroed: FxHashSet<Sym>,
    /// Character buffers that are searched for a NUL.
    pub texts: FxHashSet<Sym>,
    pub printed: Vec<(Span, Linear, i64)>,
    /// Loaded pointers that were stored back advanced by a few bytes: those bytes were read.
    pub stepped: FxHashSet<Sym>,
    /// For each pointer, the variable that holds its length.
    pub lengths: super::together::Lengths,
    /// Memory allocated here, whatever its size.
    pub fresh: FxHashSet<Sym>,
    /// Arrays with a computed length.
    pub fitted: FxHashSet<Sym>,
    /// Parts of objects other than arrays: a pointer to one denotes the same place as its member path.
    pub parts: FxHashSet<Sym>,
    /// Lengths of strings copied here, by their address and the last event that changed them.
    pub copied: FxHashMap<(Linear, u32), Linear>,
    /// Fields of unknown type used as arrays.
    pub sized: Vec<String>,
    /// Calls that are whole statements: their value is unused.
    pub alone: FxHashSet<ExprId>,
    /// The value being converted goes to a place named as a length.
    pub stores_length: bool,
    /// The place being read is a structure field, or a character.
    pub reads_field: bool,
    pub reads_character: bool,
}

impl<'a> Eval<'a> {
    pub fn new(cx: &'a Bounds<'a>, function: &'a Function) -> Eval<'a> {
        Eval {
            cx,
            types: TypeTable::new(cx.program.types(), function.file),
            file: function.file,
            function,
            variables: Vec::new(),
            by_name: FxHashMap::default(),
            symbols: Symbols::default(),
            facts: Facts::default(),
            paths: Paths::default(),
            sites: Vec::new(),
            state: State::new(0),
            at: FactId::NONE,
            event: 0,
            writes: 0,
            returns: Vec::new(),
            beliefs: Vec::new(),
            depth: 0,
            terminated: FxHashSet::default(),
            zeroed: FxHashSet::default(),
            texts: FxHashSet::default(),
            printed: Vec::new(),
            stepped: FxHashSet::default(),
            lengths: super::together::Lengths::default(),
            fresh: FxHashSet::default(),
            fitted: FxHashSet::default(),
            parts: FxHashSet::default(),
            copied: FxHashMap::default(),
            sized: Vec::new(),
            alone: FxHashSet::default(),
            stores_length: false,
            reads_field: false,
            reads_character: false,
        }
    }
    pub fn span(&self, f: &Frame, e: ExprId) -> Span {
        f.call.unwrap_or(f.body.expr(e).span)
    }
    pub fn site(&mut self, f: &Frame, e: ExprId, kind: SiteKind) {
        let span = self.span(f, e);
        let code = match (f.up, &kind) {
            (None, _) => Code::Own(e),
            (Some(_), SiteKind::Block { does: Use::Write, .. }) => match &f.body.expr(e).kind {
                ExprKind::Call { args, .. } => Code::Inlined(args.iter().map(|arg| own(f, *arg)).collect()),
                _ => Code::Elsewhere,
            },
            _ => Code::Elsewhere,
        };
        self.sites.push(Site { kind, span, at: self.at, code });
    }
    pub fn event(&mut self) -> u32 {
        self.event += 1;
        self.event
    }
    /// A value known only by its type.
    pub fn unknown(&mut self, kind: Kind, wire: Wire, span: Span) -> Value {
        let (lo, hi) = kind.range();
        let s = self.symbols.fresh(lo, hi);
        let info = self.symbols.info_mut(s);
        info.wire = wire;
        info.span = Some(span);
        Value { linear: Linear::symbol(s), kind }
    }
    pub fn between(&mut self, kind: Kind, lo: i64, hi: i64, wire: Wire, span: Span) -> Value {
        let value = self.unknown(kind, wire, span);
        if let Some(s) = value.linear.as_symbol() {
            let info = self.symbols.info_mut(s);
            info.lo = Some(info.lo.map_or(lo, |l| l.max(lo)));
            info.hi = Some(info.hi.map_or(hi, |h| h.min(hi)));
        }
        value
    }
    pub fn int(&self, n: i64) -> Value {
        let kind = if i32::try_from(n).is_ok() { Kind::INT } else { Kind::PTRDIFF };
        Value { linear: Linear::constant(n), kind }
    }
    /// `linear`, or an unknown value if it has grown too large.
    pub fn valued(&mut self, linear: Option<Linear>, kind: Kind, wire: Wire, span: Span) -> Value {
        match linear {
            Some(linear) => Value { linear, kind },
            None => self.unknown(kind, wire, span),
        }
    }
    pub fn eval(&mut self, f: &Frame, e: ExprId) -> Value {
        if self.is_too_deep() {
            return self.unknown(Kind::Unknown, Wire::No, self.span(f, e));
        }
        self.descend();
        let value = self.eval_kind(f, e);
        self.ascend();
        value
    }
    pub fn is_too_deep(&self) -> bool {
        self.depth > MAX_DEPTH
    }
    pub fn descend(&mut self) {
        self.depth += 1;
    }
    pub fn ascend(&mut self) {
        self.depth -= 1;
    }
    fn eval_kind(&mut self, f: &Frame, e: ExprId) -> Value {
        let body = f.body;
        let span = self.span(f, e);
        match &body.expr(e).kind {
            ExprKind::Number(text) => match number(body.names.text(*text)) {
                Some((n, kind)) => Value { linear: Linear::constant(n), kind },
                None => self.unknown(Kind::Float, Wire::No, span),
            },
            ExprKind::Char(text) => match character(body.names.text(*text)) {
                Some(c) => self.int(c),
                None => self.unknown(Kind::INT, Wire::No, span),
            },
            ExprKind::String(text) => self.literal(body.names.text(*text), span),
            ExprKind::Name(_) | ExprKind::Member { .. } | ExprKind::Index { .. } => {
                let place = self.place(f, e);
                self.load(f, e, place)
            }
            ExprKind::Unary { op: UnaryOp::Deref, .. } => {
                let place = self.place(f, e);
                self.load(f, e, place)
            }
            ExprKind::Unary { op: UnaryOp::AddressOf, operand } => {
                let place = self.place(f, *operand);
                // `&text[i]` only marks a position; `&all[n++]` and `&all[count->n]` are about to be filled.
                let fills = match f.body.expr(*operand).kind {
                    ExprKind::Index { index, .. } => {
                        matches!(f.body.expr(index).kind, ExprKind::Update { .. } | ExprKind::Member { .. })
                    }
                    _ => false,
                };
                if fills && let Place::Memory(memory) = &place {
                    self.note_element(f, e, memory);
                }
                self.note_record(f, e, *operand, &place);
                // `&all[n].part`: not the end of the array, but a part of an element.
                if let Place::Memory(memory) = &place
                    && let Some(address) = memory.counted
                    && let ExprKind::Member { arrow: false, .. } = f.body.expr(*operand).kind
                {
                    self.access(f, e, Use::Read, address, Linear::constant(1), None);
                }
                self.address(f, e, place)
            }
            ExprKind::Unary { op, operand } => self.unary(f, e, *op, *operand),
            ExprKind::Update { operand, decrement, prefix } => {
                let place = self.place(f, *operand);
                let old = self.load(f, *operand, place.clone());
                let step = Linear::constant(if *decrement { -1 } else { 1 });
                let new = self.add(old, Value { linear: step, kind: Kind::INT }, 1, span);
                let new = Value { linear: new.linear, kind: old.kind };
                self.store(f, e, place, new);
                if let Some(s) = old.linear.as_symbol().filter(|_| !*decrement && !*prefix && !old.kind.is_pointer()) {
                    self.symbols.info_mut(s).tag.get_or_insert(Tag::Counter);
                }
                if *prefix { new } else { old }
            }
            ExprKind::Assign { op, left, right } => {
                // C leaves the order unspecified; authors expect the right side to be evaluated first.
                let right = self.eval(f, *right);
                let place = self.place(f, *left);
                let new = match op {
                    Some(op) => {
                        let old = self.load(f, *left, place.clone());
                        self.binary(f, e, *op, old, right)
                    }
                    None => right,
                };
                self.store(f, e, place, new)
            }
            ExprKind::Binary { op: BinaryOp::Comma, left, right } => {
                self.eval(f, *left);
                self.eval(f, *right)
            }
            ExprKind::Binary {
                op:
                    BinaryOp::And
                    | BinaryOp::Or
                    | BinaryOp::Eq
                    | BinaryOp::Ne
                    | BinaryOp::Lt
                    | BinaryOp::Le
                    | BinaryOp::Gt
                    | BinaryOp::Ge,
                ..
            } => self.truth(f, e),
            ExprKind::Binary { op, left, right } => {
                let left = self.eval(f, *left);
                let noted = self.sites.len();
                let value = self.eval(f, *right);
                if *op == BinaryOp::BitAnd {
                    self.drop_mask(f, *right, noted);
                }
                self.binary(f, e, *op, left, value)
            }
            ExprKind::Conditional { cond, then, otherwise } => self.conditional(f, e, *cond, *then, *otherwise),
            ExprKind::Cast { ty, operand } => {
                let value = self.eval(f, *operand);
                let text = body.names.text(*ty);
                let kind = self.declared(text);
                if matches!(kind, Kind::Pointer(to) if matches!(self.types.kind(to), Kind::Struct(_) | Kind::Unknown)) {
                    self.overlay(f, e, &value, text);
                }
                self.convert(f, e, value, kind)
            }
            ExprKind::Sizeof { ty, operand } => self.sizeof(f, e, *ty, *operand),
            ExprKind::Call { callee, args } => self.call(f, e, *callee, args),
            ExprKind::Unevaluated(_) => match self.offset_of_member(f, span) {
                Some(n) => Value { linear: Linear::constant(n), kind: Kind::SIZE },
                None => self.unknown(Kind::Unknown, Wire::No, span),
            },
            ExprKind::Statement(_) => self.unknown(Kind::Unknown, Wire::No, span),
            ExprKind::Braced(all) | ExprKind::Opaque(all) => {
                for &inner in all {
                    self.eval(f, inner);
                }
                self.unknown(Kind::Unknown, Wire::No, span)
            }
            ExprKind::Asm { operands, .. } => {
                for &operand in operands {
                    let place = self.place(f, operand);
                    let any = self.unknown(Kind::Unknown, Wire::No, span);
                    self.store(f, e, place, any);
                }
                self.unknown(Kind::Unknown, Wire::No, span)
            }
        }
    }
    pub fn declared(&self, text: &str) -> Kind {
        self.types.declared(text)
    }
    fn literal(&mut self, text: &str, span: Span) -> Value {
        let s = self.symbols.fresh(Some(1), None);
        let value = Value { linear: Linear::symbol(s), kind: self.types.declared("char *") };
        // Counts the quotes: never less than the actual size.
        let length = written_length(text);
        let info = self.symbols.info_mut(s);
        info.span = Some(span);
        info.buffer =
            value.linear.plus_constant(length).map(|limit| Buffer { limit, room: Room::Text, wire: Wire::No });
        value
    }
    fn unary(&mut self, f: &Frame, e: ExprId, op: UnaryOp, operand: ExprId) -> Value {
        let span = self.span(f, e);
        match op {
            UnaryOp::Not => self.truth(f, e),
            UnaryOp::Plus => self.eval(f, operand),
            UnaryOp::Negate => {
                let v = self.eval(f, operand);
                let wire = self.symbols.wire(&v.linear);
                self.valued(v.linear.scaled(-1), v.kind.promoted(), wire, span)
            }
            UnaryOp::Complement => {
                let v = self.eval(f, operand);
                let kind = v.kind.promoted();
                match v.linear.as_constant() {
                    Some(c) => Value { linear: Linear::constant(!c), kind },
                    None => {
                        let wire = self.symbols.wire(&v.linear);
                        self.unknown(kind, wire, span)
                    }
                }
            }
            UnaryOp::Deref | UnaryOp::AddressOf => self.unknown(Kind::Unknown, Wire::No, span),
        }
    }
    /// `&all[i]`: a record whose address is taken is meant to be used.
    fn note_record(&mut self, f: &Frame, e: ExprId, operand: ExprId, place: &Place) {
        if let Place::Memory(memory) = place
            && let ExprKind::Index { .. } = f.body.expr(operand).kind
            && let Kind::Struct(_) = memory.kind
            && let Some(size) = self.size_of_kind(memory.kind)
            && self.symbols.buffer(&memory.key.base).is_some_and(|(_, buffer)| buffer.room == Room::Array)
            && self.symbols.offset(&memory.key.base).has_terms()
        {
            let size = Linear::constant(i64::try_from(size).unwrap_or(i64::MAX));
            self.access(f, e, Use::Read, memory.key.base, size, None);
        }
    }
    /// `hash & (size - 1)`: a mask is not a length.
    fn drop_mask(&mut self, f: &Frame, mask: ExprId, noted: usize) {
        if matches!(f.body.expr(mask).kind, ExprKind::Binary { op: BinaryOp::Sub, .. }) && self.sites.len() > noted {
            let one = Linear::constant(1);
            let is_mask = |site: &Site| matches!(site.kind, SiteKind::Difference { b, .. } if b == one);
            let new = self.sites.split_off(noted);
            self.sites.extend(new.into_iter().filter(|site| !is_mask(site)));
        }
    }
    fn conditional(&mut self, f: &Frame, e: ExprId, cond: ExprId, then: Option<ExprId>, otherwise: ExprId) -> Value {
        let start = self.at;
        let span = self.span(f, e);
        let (yes, no) = self.branch(f, cond);
        self.enter(yes);
        let a = match then {
            Some(then) => self.eval(f, then),
            // `a ?: b`
            None => self.unknown(Kind::Unknown, Wire::No, span),
        };
        let yes = self.way();
        self.enter(no);
        let b = self.eval(f, otherwise);
        let no = self.way();
        let kind = if a.kind.is_pointer() || b.kind == Kind::Unknown { a.kind } else { b.kind };
        let kind = match (a.kind, b.kind) {
            (Kind::Int { .. }, Kind::Int { .. }) => a.kind.usual(b.kind),
            _ => kind,
        };
        let values = vec![(a.linear, yes.at), (b.linear, no.at)];
        self.join(vec![yes, no], start);
        self.joined(values, kind, Some(span))
    }
}

impl<'a> Eval<'a> {
    /// The binding of a name in an inlined body, and the frame that it belongs to.
    pub fn bound<'f>(&self, f: &Frame<'f>, name: Symbol) -> Option<(Frame<'f>, Bound)> {
        let bound = f.names.iter().find(|(n, _)| *n == name).map(|(_, b)| *b)?;
        Some((*f.up.unwrap_or(f), bound))
    }
    /// The variable that a name refers to.
    pub fn variable(&self, f: &Frame, name: Symbol) -> Option<u32> {
        if f.depth == 0 {
            return self.by_name.get(&name).copied();
        }
        if !f.is_open {
            return None;
        }
        let name = self.function.body.names.find(f.body.names.text(name))?;
        self.by_name.get(&name).copied()
    }
    /// The buffer that an address points into; a read buffer ends where received bytes end.
    pub fn buffer_for(&self, address: &Linear, does: Use) -> Option<(Sym, Buffer)> {
        let (s, buffer) = self.symbols.buffer(address)?;
        let filled = self.symbols.info(s).filled.filter(|_| does == Use::Read);
        Some((s, Buffer { limit: filled.unwrap_or(buffer.limit), ..buffer }))
    }
    /// The symbol is the contents of a place.
    pub fn is_loaded(&self, s: Sym) -> bool {
        matches!(self.symbols.info(s).what, What::Load { .. })
    }

    /// The address is based on a parameter that points to bytes.
    fn is_byte_parameter(&self, address: &Linear) -> bool {
        let Some(What::Parameter(i)) = address.terms().first().map(|(s, _)| self.symbols.info(*s).what) else {
            return false;
        };
        let kind = self.variables[i as usize].kind.pointee().map(|to| self.types.kind(to));
        matches!(kind, Some(Kind::Int { bits: 8, .. }))
    }

    pub fn access(&mut self, f: &Frame, e: ExprId, does: Use, address: Linear, size: Linear, cursor: Option<u32>) {
        if does == Use::Read {
            self.pair_up(cursor, &address);
        }
        let buffer = self.buffer_for(&address, does).filter(|(root, buffer)| {
            // A length beside a pointer is the size of the contents, not the capacity.
            does == Use::Read || buffer.room != Room::Given || !self.is_loaded(*root)
        });
        let carved = || self.carved(cursor).filter(|_| does == Use::Read);
        let buffer = buffer.map(|(_, buffer)| buffer).or_else(carved);
        let bytes = does == Use::Read && self.is_byte_parameter(&address);
        if buffer.is_some() || cursor.is_some() || bytes {
            let (field, character) = (self.reads_field, self.reads_character);
            self.site(f, e, SiteKind::Access { does, address, size, buffer, cursor, bytes, field, character });
        }
    }
}

/// The expression in the function's own body that an argument resolves to, through inlined macros and functions.
fn own(f: &Frame, e: ExprId) -> Option<ExprId> {
    let Some(up) = f.up else { return Some(e) };
    let ExprKind::Name(name) = f.body.expr(f.body.bare(e)).kind else { return None };
    let at = f.names.iter().position(|(bound, _)| *bound == name)?;
    own(up, *f.args.get(at)?)
}
