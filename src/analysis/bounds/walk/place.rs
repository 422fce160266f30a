//! Places (lvalues): what an expression denotes when it is stored to or its address is taken.

use super::eval::{Bound, Eval, Frame, Variable};
use crate::analysis::bounds::terms::linear::{Linear, Sym};
use crate::analysis::bounds::terms::sites::{SiteKind, Use};
use crate::analysis::bounds::terms::state::{Key, Path, Value};
use crate::analysis::bounds::terms::symbols::{Buffer, Room, What, Wire};
use crate::analysis::bounds::terms::types::{Kind, Ty};
use crate::hir::{BinaryOp, ExprId, ExprKind, UnaryOp};
use crate::source::Span;

#[derive(Clone, Debug)]
pub(super) enum Place {
    /// A local variable that is not an array or structure.
    Variable(u32),
    Memory(Memory),
    /// A value without a place: a constant, a call's result.
    Value(Value),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Memory {
    pub key: Key,
    pub kind: Kind,
    /// The offset from the base in bytes, if known.
    pub offset: Option<i64>,
    /// The width of a bit field.
    pub bits: Option<u8>,
    /// The structure that the field belongs to.
    pub owner: Option<Ty>,
    /// The variable that the pointer was read from.
    pub cursor: Option<u32>,
    /// The index of this element, or of the one around it, in an array of unknown length.
    pub element: Option<Linear>,
    /// In an array of known length with elements of unknown size: the address, counted in elements.
    pub counted: Option<Linear>,
}

impl Eval<'_> {
    pub fn place(&mut self, f: &Frame, e: ExprId) -> Place {
        let span = self.span(f, e);
        let body = f.body;
        match &body.expr(e).kind {
            ExprKind::Name(name) => self.named(f, e, *name),
            ExprKind::Member { base, field, arrow } => {
                let field = body.names.text(*field);
                let outer = if *arrow {
                    let cursor = self.cursor(f, *base);
                    let value = self.eval(f, *base);
                    let kind = value.kind.pointee().map_or(Kind::Unknown, |ty| self.types.kind(ty));
                    self.is_object(&value.linear, kind);
                    Memory { cursor, ..self.led_to(value.linear, kind) }
                } else {
                    match self.place(f, *base) {
                        Place::Memory(memory) => memory,
                        _ => return Place::Value(self.unknown(Kind::Unknown, Wire::No, span)),
                    }
                };
                Place::Memory(self.member(outer, field))
            }
            ExprKind::Index { base, index } => {
                let (cursor, array) = (self.cursor(f, *base), *base);
                let base = self.eval(f, *base);
                let index = self.eval(f, *index);
                let (base, index) = if index.kind.is_pointer() { (index, base) } else { (base, index) };
                let size = self.element_size(base.kind);
                if (index.linear.constant < 0 && index.linear.has_terms())
                    || (f.depth == 0 && self.is_character(&index))
                {
                    self.site(f, e, SiteKind::Back { index: index.linear });
                }
                if self.is_given_field(&index.linear) && !self.is_global(&base.linear) {
                    let left = self.symbols.buffer(&base.linear).and_then(|(_, b)| b.limit.sub(&base.linear));
                    let count = left.and_then(|n| n.as_constant()).zip(size.as_constant());
                    let count = count.and_then(|(bytes, size)| bytes.checked_div(size));
                    self.site(f, e, SiteKind::Chosen { index: index.linear, count });
                }
                let element = matches!(base.kind, Kind::Unknown | Kind::Array(_, None)).then_some(index.linear);
                if element.is_some() && f.depth == 0 && index.linear.as_symbol().is_some() {
                    self.site(f, e, SiteKind::UpTo { index: index.linear });
                }
                let counted = match size.as_constant() {
                    Some(_) if base.kind != Kind::Unknown => None,
                    _ => self.in_elements(f, array, &base, &index),
                };
                let address = self.moved(base, index, size, span);
                match self.through(address, cursor) {
                    Place::Memory(memory) => Place::Memory(Memory { element, counted, ..memory }),
                    other => other,
                }
            }
            ExprKind::Unary { op: UnaryOp::Deref, operand } => {
                let cursor = self.cursor(f, *operand);
                let address = self.eval(f, *operand);
                self.through(address, cursor)
            }
            ExprKind::Cast { operand, .. } => self.place(f, *operand),
            _ => Place::Value(self.eval(f, e)),
        }
    }

    /// It is a field of what a parameter points to.
    fn is_given_field(&self, value: &Linear) -> bool {
        value.as_symbol().is_some_and(|s| match self.symbols.info(s).what {
            What::Load { base, path, .. } => {
                let given = |s: Sym| matches!(self.symbols.info(s).what, What::Parameter(_));
                path != Path::ITSELF && base.as_symbol().is_some_and(given)
            }
            _ => false,
        })
    }

    /// A signed `char` that was not converted to `unsigned char`.
    fn is_character(&self, value: &Value) -> bool {
        let Kind::Int { signed: true, .. } = value.kind else { return false };
        value.linear.as_symbol().is_some_and(|s| {
            let info = self.symbols.info(s);
            (info.lo, info.hi) == (Some(-128), Some(127))
        })
    }

    /// A global table of the program.
    fn is_global(&self, address: &Linear) -> bool {
        address.terms().iter().any(|(s, _)| matches!(self.symbols.info(*s).what, What::Global(_)))
    }

    fn named(&mut self, f: &Frame, e: ExprId, name: crate::hir::Symbol) -> Place {
        let span = self.span(f, e);
        if let Some((up, bound)) = self.bound(f, name) {
            return match bound {
                Bound::Expr(arg) if f.depth <= super::eval::MAX_FRAMES * 2 => self.place(&up, arg),
                Bound::Expr(_) => Place::Value(self.unknown(Kind::Unknown, Wire::No, span)),
                Bound::Value(value) => Place::Value(value),
            };
        }
        if let Some(var) = self.variable(f, name) {
            let variable = &self.variables[var as usize];
            if !variable.in_memory {
                return Place::Variable(var);
            }
            let kind = variable.kind;
            return Place::Memory(Memory::at(self.local_address(var), kind));
        }
        let text = f.body.names.text(name);
        match text {
            "NULL" | "nullptr" | "false" | "FALSE" => return Place::Value(self.int(0)),
            "true" | "TRUE" => return Place::Value(self.int(1)),
            _ => {}
        }
        if let Some(value) = self.object_macro(f, e, text) {
            return Place::Value(value);
        }
        if let Some(n) = self.types.constant(text) {
            return Place::Value(self.int(n));
        }
        let kind = self.types.global(text).unwrap_or_default();
        let id = self.paths.text(text);
        let (s, new) = self.symbols.get(What::Global(id), Some(1), None);
        if new {
            self.symbols.info_mut(s).span = Some(span);
            let size = self.size_in_bytes(kind);
            self.make_array(s, size);
        }
        Place::Memory(Memory::at(Linear::symbol(s), kind))
    }

    /// The address of a local variable, as a symbol.
    pub fn local_address(&mut self, var: u32) -> Linear {
        let (s, new) = self.symbols.get(What::Local(var), Some(1), None);
        if new {
            let Variable { kind, name, declared, .. } = self.variables[var as usize];
            self.symbols.info_mut(s).name = Some(self.paths.text(self.function.body.names.text(name)));
            let size = self.size_in_bytes(kind).or_else(|| self.written_size(s, kind, declared));
            self.make_array(s, size);
        }
        Linear::symbol(s)
    }

    fn size_in_bytes(&self, kind: Kind) -> Option<Linear> {
        self.size_of_kind(kind).and_then(|n| i64::try_from(n).ok()).map(Linear::constant)
    }

    /// Gives an address its buffer, if the declaration gives the size.
    fn make_array(&mut self, s: Sym, size: Option<Linear>) {
        let limit = size.and_then(|size| Linear::symbol(s).add(&size));
        self.symbols.info_mut(s).buffer = limit.map(|limit| Buffer { limit, room: Room::Array, wire: Wire::No });
    }

    /// What a pointer to a structure refers to; a part of an object is the same place however it is reached.
    pub fn led_to(&self, address: Linear, kind: Kind) -> Memory {
        match address.as_symbol().filter(|s| self.parts.contains(s)).map(|s| self.symbols.info(s).what) {
            Some(What::Inside { base, path }) => {
                Memory { key: Key { base, path }, offset: None, ..Memory::at(address, kind) }
            }
            _ => Memory::at(address, kind),
        }
    }

    fn through(&mut self, address: Value, cursor: Option<u32>) -> Place {
        let kind = address.kind.pointee().map_or(Kind::Unknown, |ty| self.types.kind(ty));
        // `*&x`
        if let Some(s) = address.linear.as_symbol()
            && let What::Local(var) = self.symbols.info(s).what
            && !self.variables[var as usize].in_memory
        {
            return Place::Variable(var);
        }
        Place::Memory(Memory { cursor, ..Memory::at(address.linear, kind) })
    }

    /// The variable that a pointer is derived from: `p` in `p`, `p++`, `(T *)p` and `p + 1`.
    pub fn cursor(&self, f: &Frame, e: ExprId) -> Option<u32> {
        let (mut f, mut e) = (*f, e);
        for _ in 0..12 {
            match f.body.expr(e).kind {
                ExprKind::Name(name) => match self.bound(&f, name) {
                    Some((up, Bound::Expr(arg))) => (f, e) = (up, arg),
                    Some((_, Bound::Value(_))) => return None,
                    None => return self.variable(&f, name).filter(|v| !self.variables[*v as usize].in_memory),
                },
                ExprKind::Cast { operand, .. } | ExprKind::Update { operand, .. } => e = operand,
                ExprKind::Binary { op: BinaryOp::Add | BinaryOp::Sub, left, .. } => e = left,
                ExprKind::Unary { op: UnaryOp::AddressOf, operand } => {
                    // `&p[n]`, `&*p`, `&p->field`, also as a macro argument.
                    let (mut g, mut inner) = (f, operand);
                    while let ExprKind::Name(name) = g.body.expr(inner).kind
                        && let Some((up, Bound::Expr(arg))) = self.bound(&g, name)
                    {
                        (g, inner) = (up, arg);
                    }
                    match g.body.expr(inner).kind {
                        ExprKind::Index { base, .. }
                        | ExprKind::Member { base, arrow: true, .. }
                        | ExprKind::Unary { op: UnaryOp::Deref, operand: base } => (f, e) = (g, base),
                        _ => return None,
                    }
                }
                _ => return None,
            }
        }
        None
    }

    fn member(&mut self, outer: Memory, name: &str) -> Memory {
        let ty = match outer.kind {
            Kind::Struct(ty) => Some(ty),
            _ => None,
        };
        let field = ty.and_then(|ty| self.types.field(ty, name));
        let path = self.paths.field(outer.key.path, name);
        let inner = field.and_then(|field| field.offset).and_then(|o| i64::try_from(o).ok());
        Memory {
            key: Key { base: outer.key.base, path },
            kind: match field {
                Some(field) => field.kind,
                None if self.sized_field(path).is_some() => self.types.bytes(),
                None => Kind::Unknown,
            },
            offset: outer.offset.zip(inner).and_then(|(a, b)| a.checked_add(b)),
            bits: field.and_then(|field| field.bits),
            owner: ty,
            cursor: outer.cursor,
            element: outer.element,
            counted: outer.counted,
        }
    }

    /// The field that a path ends in, if it is one of those used as arrays.
    fn sized_field(&self, path: Path) -> Option<String> {
        if self.sized.is_empty() {
            return None;
        }
        let fields = self.paths.fields(path);
        let last: Vec<&str> = fields.iter().rev().take(2).rev().map(|field| self.paths.name(*field)).collect();
        Some(last.join(".")).filter(|name| self.sized.contains(name))
    }

    /// The size in bytes of what a pointer points to; a symbol if the type is unknown.
    pub fn element_size(&mut self, pointer: Kind) -> Linear {
        let Some(ty) = pointer.pointee() else { return Linear::constant(1) };
        let size = match self.types.kind(ty) {
            Kind::Void | Kind::Function => Some(1),
            _ => self.types.size(ty).and_then(|n| i64::try_from(n).ok()),
        };
        match size {
            Some(n) => Linear::constant(n),
            None => {
                let id = self.paths.text(&format!("type {}", ty.0));
                let (s, _) = self.symbols.get(What::Size(id), Some(1), Some(1 << 20));
                Linear::symbol(s)
            }
        }
    }

    /// `base + index`, for elements of `size` bytes.
    pub fn moved(&mut self, base: Value, index: Value, size: Linear, span: Span) -> Value {
        let step = match (size.as_constant(), index.linear.as_constant()) {
            (Some(n), _) => index.linear.scaled(n),
            (None, Some(n)) => size.scaled(n),
            (None, None) => None,
        };
        let wire = self.symbols.wire(&index.linear);
        let step = self.valued(step, Kind::PTRDIFF, wire, span);
        let linear = base.linear.add(&step.linear);
        let kind = match base.kind {
            Kind::Array(ty, _) => Kind::Pointer(ty),
            other => other,
        };
        self.valued(linear, kind, Wire::No, span)
    }

    /// The address of a place.
    pub fn address(&mut self, f: &Frame, e: ExprId, place: Place) -> Value {
        let span = self.span(f, e);
        match place {
            Place::Variable(var) => {
                let kind = self.variables[var as usize].kind;
                let linear = self.local_address(var);
                let pointer = self.types.pointer_to(kind);
                Value { linear, kind: pointer }
            }
            Place::Memory(memory) => {
                let linear = self.memory_address(&memory, span);
                let kind = match memory.kind {
                    Kind::Array(ty, _) => Kind::Pointer(ty),
                    other => self.types.pointer_to(other),
                };
                Value { linear, kind }
            }
            Place::Value(value) => self.unknown(Kind::Unknown, self.symbols.wire(&value.linear), span),
        }
    }

    /// The start address of a place. A field of known offset in bytes from elsewhere is at that offset; any other is an
    /// object of its own, with the size of its declaration.
    pub fn memory_address(&mut self, memory: &Memory, span: Span) -> Linear {
        if memory.key.path == Path::ITSELF {
            return memory.key.base;
        }
        let buffer = self.symbols.buffer(&memory.key.base).map(|(_, buffer)| buffer);
        let in_bytes = match buffer {
            Some(buffer) => matches!(buffer.room, Room::Given | Room::Received),
            None => matches!(memory.kind, Kind::Int { .. }),
        };
        if in_bytes && let Some(address) = memory.offset.and_then(|o| memory.key.base.plus_constant(o)) {
            return address;
        }
        let (s, new) = self.symbols.get(What::Inside { base: memory.key.base, path: memory.key.path }, Some(1), None);
        if new {
            self.symbols.info_mut(s).span = Some(span);
            // A member of a union may use all of the union.
            let union = memory.owner.filter(|ty| !matches!(memory.kind, Kind::Array(..)) && self.types.is_union(*ty));
            let kind = union.map_or(memory.kind, Kind::Struct);
            let size = self.size_in_bytes(kind).or_else(|| match self.sized_field(memory.key.path) {
                Some(name) => Some(self.size_symbol(&name)),
                None => self.size_of_field(memory),
            });
            self.make_array(s, size);
            if !matches!(memory.kind, Kind::Array(..)) {
                self.parts.insert(s);
            }
        }
        Linear::symbol(s)
    }

    pub fn load(&mut self, f: &Frame, e: ExprId, place: Place) -> Value {
        let span = self.span(f, e);
        match place {
            Place::Value(value) => value,
            Place::Variable(var) => match self.state.var(var) {
                Some(value) => value,
                None => {
                    let kind = self.variables[var as usize].kind;
                    let value = self.unknown(kind, Wire::No, span);
                    self.state.set_var(var, Some(value));
                    value
                }
            },
            Place::Memory(memory) => {
                if let Kind::Array(..) | Kind::Struct(_) = memory.kind {
                    return self.address(f, e, Place::Memory(memory));
                }
                self.touch(f, e, &memory, Use::Read);
                let value = self.recall(memory.key, memory.kind, memory.bits, span);
                self.describe_load(&memory, value);
                value
            }
        }
    }

    /// Records an access to the bytes of a place.
    pub(super) fn touch(&mut self, f: &Frame, e: ExprId, memory: &Memory, does: Use) {
        self.reads_field = does == Use::Read && memory.key.path != Path::ITSELF;
        self.reads_character = does == Use::Read && matches!(memory.kind, Kind::Int { bits: 8, signed: true });
        self.touch_bytes(f, e, memory, does);
        (self.reads_field, self.reads_character) = (false, false);
    }

    fn touch_bytes(&mut self, f: &Frame, e: ExprId, memory: &Memory, does: Use) {
        if does == Use::Write {
            self.note_element(f, e, memory);
        }
        if let Some(address) = memory.counted {
            return self.access(f, e, does, address, Linear::constant(1), None);
        }
        // A bit-field that is not aligned as its type occupies only its own bytes: the rest of the type's size belongs
        // to other fields, or lies past the structure.
        let whole = |eval: &Self| match (memory.bits, eval.size_of_kind(memory.kind), memory.offset) {
            (Some(bits), Some(size @ 1..), Some(at)) if at.unsigned_abs() % size != 0 => {
                Some(u64::from(bits.div_ceil(8)))
            }
            (_, size, _) => size,
        };
        let (address, size) = match (memory.key.path, memory.offset) {
            (Path::ITSELF, _) => (Some(memory.key.base), self.size_of_kind(memory.kind)),
            (_, Some(offset)) => (memory.key.base.plus_constant(offset), whole(self)),
            // A field at an unknown offset: at least one byte of the structure.
            (_, None) => (Some(memory.key.base), None),
        };
        if does == Use::Read
            && memory.offset.is_none()
            && let Some(size) = self.received_structure(memory)
        {
            return self.access(f, e, does, memory.key.base, size, memory.cursor);
        }
        if let Some(address) = address {
            let size = Linear::constant(size.and_then(|n| i64::try_from(n).ok()).unwrap_or(1));
            self.access(f, e, does, address, size, memory.cursor);
        }
    }

    /// Records the use of an array element that may lie past the end.
    pub fn note_element(&mut self, f: &Frame, e: ExprId, memory: &Memory) {
        if let Some(index) = memory.element.filter(|index| index.has_terms()) {
            self.site(f, e, SiteKind::Element { index });
        }
    }

    /// The contents of a place: the stored value, or a symbol that is kept until something may change it.
    pub fn recall(&mut self, key: Key, kind: Kind, bits: Option<u8>, span: Span) -> Value {
        if let Some(value) = self.state.get(&key) {
            return value;
        }
        // A name in upper case is a constant, wherever it is defined.
        let since = if self.is_constant(&key) { 0 } else { self.state.since(&key, &self.paths) };
        let (lo, hi) = match (kind, bits) {
            (Kind::Int { signed: false, .. }, Some(bits)) => Kind::Int { bits, signed: false }.range(),
            _ => kind.range(),
        };
        let (s, new) = self.symbols.get(What::Load { base: key.base, path: key.path, since }, lo, hi);
        let value = Value { linear: Linear::symbol(s), kind };
        if new {
            let wire = self.symbols.buffer(&key.base).map_or(Wire::No, |(_, b)| b.wire);
            let wire = wire.max(self.looks_received(&key, kind));
            let info = self.symbols.info_mut(s);
            info.span = Some(span);
            info.wire = wire;
        }
        let mut event = self.event;
        self.state.add(key, value, &mut event);
        self.event = event;
        value
    }

    fn is_constant(&self, key: &Key) -> bool {
        key.path == Path::ITSELF
            && key.base.as_symbol().is_some_and(|s| match self.symbols.info(s).what {
                What::Global(name) => crate::analysis::bounds::terms::names::is_shouting(self.paths.name(name)),
                _ => false,
            })
    }

    /// The symbol that an address is based on.
    pub fn root(&self, address: &Linear) -> Option<Sym> {
        let buffer = self.symbols.buffer(address).map(|(s, _)| s);
        let first = || {
            address.terms().iter().find(|(s, k)| {
                let what = self.symbols.info(*s).what;
                *k == 1 && !matches!(what, What::Size(_))
            })
        };
        buffer.or_else(|| first().map(|(s, _)| *s))
    }
}

impl Memory {
    /// The memory at an address.
    pub fn at(base: Linear, kind: Kind) -> Memory {
        let key = Key { base, path: Path::ITSELF };
        Memory { key, kind, offset: Some(0), bits: None, owner: None, cursor: None, element: None, counted: None }
    }
}
