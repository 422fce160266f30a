//! Evaluates a function's statements in order of control flow.

use rustc_hash::FxHashSet;

use super::Slip;
use super::shapes::{Shapes, step_of};
use super::state::{Address, KINDS, Kind, Known, Mark, State, UNKNOWN};
use crate::analysis::cfg::{BlockId, Cfg, EdgeKind};
use crate::analysis::forward::{Forward, follow};
use crate::hir::{BinaryOp, Body, ExprId, ExprKind, Function, StmtId, StmtKind, Symbol, UnaryOp};
use crate::program::Program;
use crate::source::FileId;

/// Maximum nesting of an expression.
const MAX_DEPTH: u32 = 48;

/// What an expression evaluates to.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value {
    Other,
    Byte(Address),
    /// Being zero or nonzero says something about a byte.
    Test {
        at: Address,
        yes: Known,
        no: Known,
    },
}

pub(super) struct Walker<'a> {
    pub program: &'a Program,
    pub file: FileId,
    pub body: &'a Body,
    pub shapes: Shapes,
    /// The walk only collects the positions.
    pub collecting: bool,
    recording: bool,
    pub depth: u32,
    /// The condition is one of several that decide together.
    pub among: bool,
    /// Families with a byte that is compared to the NUL, or that are passed to text functions.
    pub texts: FxHashSet<Symbol>,
    /// Positions that bytes are written to.
    written: FxHashSet<u16>,
    found: Vec<Found>,
    /// By statement: whether it concerns a text.
    concerned: Vec<bool>,
}

struct Found {
    kind: Kind,
    read: ExprId,
    mark: Mark,
    key: u16,
    by: u32,
}

pub(super) fn slips(program: &Program, function: &Function, code: &str, cfg: &Cfg) -> Vec<Slip> {
    let shapes = Shapes::new(function, code);
    if shapes.is_empty() {
        return Vec::new();
    }
    let body = &function.body;
    let mut walker = Walker {
        program,
        file: function.file,
        body,
        shapes,
        collecting: true,
        recording: false,
        depth: 0,
        among: false,
        texts: FxHashSet::default(),
        written: FxHashSet::default(),
        found: Vec::new(),
        concerned: vec![true; body.stmts.len()],
    };
    // Positions that stand for others are found once those are known.
    for _ in 0..2 {
        for b in (0..cfg.blocks.len()).filter(|b| cfg.reachable[*b]) {
            walker.block(cfg, BlockId(b as u32), State::default());
        }
        if walker.shapes.keys.is_empty() {
            return Vec::new();
        }
    }
    walker.collecting = false;
    let all = 0..body.stmts.len() as u32;
    walker.concerned = all.map(|stmt| walker.shapes.concerns(body, StmtId(stmt))).collect();
    if !walker.run(function, cfg) {
        return Vec::new();
    }
    let span = |e: ExprId| body.expr(e).span;
    let told = |f: &&Found| {
        let base = walker.shapes.keys[usize::from(f.key)].base;
        let is_text = || walker.texts.contains(&walker.shapes.family(base));
        // A layout of its own, in which each element is known to be there.
        let is_array = walker.shapes.is_array(base);
        // Around a loop that never tests for the NUL.
        let around = || f.mark.step.is_some_and(|step| span(f.read).start < span(step).start);
        match f.kind {
            Kind::Seen => !is_array || f.mark.step.is_some(),
            Kind::Tested => is_text() && !is_array && !walker.written.contains(&f.key),
            Kind::Untested => is_text() && !is_array && !walker.written.contains(&f.key) && around(),
        }
    };
    let mut all: Vec<Slip> = walker
        .found
        .iter()
        .filter(told)
        .map(|f| Slip {
            kind: f.kind,
            step: f.mark.step.map(span),
            read: span(f.read),
            seen: f.mark.seen.map(span),
            by: f.by,
            name: body.names.text(walker.shapes.keys[usize::from(f.key)].base).into(),
        })
        .collect();
    all.sort_by_key(|slip| (slip.step.unwrap_or(slip.read).start, slip.kind, slip.read.start));
    all.dedup_by_key(|slip| slip.step.unwrap_or(slip.read));
    all
}

impl Walker<'_> {
    fn run(&mut self, function: &Function, cfg: &Cfg) -> bool {
        let mut entry = State { marks: vec![UNKNOWN; self.shapes.keys.len()], ..State::default() };
        for param in &function.params {
            self.fresh(param.name, [Mark::FREE, Mark::FREE, Mark::new(0, None)], &mut entry);
        }
        follow(self, cfg, entry)
    }
}

impl Forward for Walker<'_> {
    type State = State;

    const MAX_ROUNDS: usize = 24;

    fn join(state: &mut State, other: &State) -> bool {
        state.join(other)
    }

    fn record(&mut self) {
        self.recording = true;
    }

    fn block(&mut self, cfg: &Cfg, b: BlockId, mut st: State) -> Vec<(BlockId, State)> {
        let block = cfg.block(b);
        let mut ways: Option<(State, State)> = None;
        let mut chosen: Option<(StmtId, Value)> = None;
        for (i, &stmt) in block.stmts.iter().enumerate() {
            let last = i + 1 == block.stmts.len();
            let kind = &self.body.stmt(stmt).kind;
            if !self.concerned[stmt.0 as usize]
                && matches!(kind, StmtKind::Expr(_) | StmtKind::Decl(_) | StmtKind::Return(_))
            {
                continue;
            }
            match kind {
                StmtKind::Switch { cond, .. } => chosen = Some((stmt, self.eval(*cond, &mut st))),
                StmtKind::Decl(all) => {
                    for d in all {
                        if let Some(init) = d.init {
                            self.assign(d.name, None, init, init, &mut st);
                        }
                    }
                }
                StmtKind::Opaque => st = State { marks: vec![UNKNOWN; st.marks.len()], ..State::default() },
                kind => match kind.condition() {
                    Some(cond) if last => ways = Some(self.cond(cond, st.clone())),
                    Some(cond) => {
                        self.eval(cond, &mut st);
                    }
                    None if matches!(kind, StmtKind::Case(_) | StmtKind::For { .. }) => {}
                    None => {
                        let mut own = Vec::new();
                        self.body.own_exprs(stmt, &mut |e| own.push(e));
                        for e in own {
                            self.eval(e, &mut st);
                        }
                    }
                },
            }
        }
        if let Some(stmt) = block.step_of
            && let StmtKind::For { step: Some(step), .. } = self.body.stmt(stmt).kind
        {
            self.eval(step, &mut st);
        }
        let mut out = Vec::with_capacity(block.edges.len());
        for edge in &block.edges {
            let state = match (&ways, edge.kind, chosen) {
                (Some((yes, _)), EdgeKind::True, _) => yes.clone(),
                (Some((_, no)), EdgeKind::False, _) => no.clone(),
                (_, EdgeKind::Case, Some((switch, value))) => self.case(cfg, edge.to, switch, value, &st),
                _ => st.clone(),
            };
            out.push((edge.to, state));
        }
        out
    }
}

impl Walker<'_> {
    /// Evaluates a statement or operand for its effects.
    pub fn eval(&mut self, e: ExprId, st: &mut State) -> Value {
        if self.depth == MAX_DEPTH {
            st.marks.iter_mut().for_each(|marks| *marks = UNKNOWN);
            return Value::Other;
        }
        self.depth += 1;
        let value = self.value(e, st);
        self.depth -= 1;
        value
    }

    fn value(&mut self, e: ExprId, st: &mut State) -> Value {
        let body = self.body;
        if self.shapes.is_sum(body, e) {
            let name = match body.expr(e).kind {
                ExprKind::Name(name) => Some(name),
                ExprKind::Assign { left, .. } => match body.expr(left).kind {
                    ExprKind::Name(name) => Some(name),
                    _ => None,
                },
                _ => None,
            };
            self.sum(e, st);
            return name.and_then(|name| st.byte(name)).map_or(Value::Other, Value::Byte);
        }
        match &body.expr(e).kind {
            ExprKind::Name(name) => st.byte(*name).map_or(Value::Other, Value::Byte),
            ExprKind::Index { .. } | ExprKind::Unary { op: UnaryOp::Deref, .. } => match self.address(e, st) {
                (Some(at), _) => {
                    self.read(at, e, st);
                    Value::Byte(at)
                }
                (None, inner) => fuzzy(inner),
            },
            ExprKind::Assign { op, left, right } => self.assigned(e, *op, *left, *right, st),
            ExprKind::Update { operand, .. } => {
                if let ExprKind::Name(name) = body.expr(*operand).kind {
                    st.set_byte(name, None);
                }
                self.eval(*operand, st);
                Value::Other
            }
            ExprKind::Unary { op: UnaryOp::AddressOf, operand } => {
                match body.expr(*operand).kind {
                    ExprKind::Name(name) => self.escaped(name, st),
                    _ => {
                        self.address(*operand, st);
                    }
                }
                Value::Other
            }
            ExprKind::Binary { op: BinaryOp::Comma, left, right } => {
                self.eval(*left, st);
                self.eval(*right, st)
            }
            ExprKind::Unary { op: UnaryOp::Not, .. } => self.asked(e, st),
            ExprKind::Binary { op, .. } if !is_arithmetic(*op) => self.asked(e, st),
            ExprKind::Binary { left, right, .. } => {
                let a = self.eval(*left, st);
                let b = self.eval(*right, st);
                self.mixed(&[a, b], st)
            }
            ExprKind::Conditional { cond, then, otherwise } => {
                let (mut yes, mut no) = self.cond(*cond, st.clone());
                let a = then.map_or(Value::Other, |then| self.eval(then, &mut yes));
                let b = self.eval(*otherwise, &mut no);
                yes.join(&no);
                *st = yes;
                match (a, b) {
                    (Value::Byte(a), Value::Byte(b)) if a == b => Value::Byte(a),
                    _ => Value::Other,
                }
            }
            ExprKind::Call { args, .. } => self.call(e, args, st),
            ExprKind::Cast { operand, .. } => self.eval(*operand, st),
            ExprKind::Opaque(_) | ExprKind::Asm { .. } => {
                st.marks.iter_mut().for_each(|marks| *marks = UNKNOWN);
                Value::Other
            }
            ExprKind::Sizeof { .. } | ExprKind::Unevaluated(_) => Value::Other,
            _ => {
                let mut inner = Vec::new();
                body.operands(e, &mut |operand| inner.push(operand));
                let values: Vec<Value> = inner.into_iter().map(|operand| self.eval(operand, st)).collect();
                self.mixed(&values, st)
            }
        }
    }

    /// A condition whose result is not branched on.
    fn asked(&mut self, e: ExprId, st: &mut State) -> Value {
        let (mut yes, no) = self.cond(e, st.clone());
        yes.join(&no);
        *st = yes;
        Value::Other
    }

    /// Something that depends on bytes in a way that is not understood; if on one only, that byte is known.
    pub fn mixed(&mut self, values: &[Value], st: &mut State) -> Value {
        let mut bytes = values.iter().filter_map(|value| match value {
            Value::Byte(at) | Value::Test { at, .. } => Some(*at),
            Value::Other => None,
        });
        let first = bytes.next();
        for at in bytes {
            st.forget(at.key);
        }
        fuzzy(first)
    }

    /// The byte that `*p` or `p[i]` denotes, and another one that determines where it is.
    fn address(&mut self, e: ExprId, st: &mut State) -> (Option<Address>, Option<Address>) {
        let body = self.body;
        let sum = match body.expr(e).kind {
            ExprKind::Unary { op: UnaryOp::Deref, operand } if self.shapes.is_sum(body, operand) => {
                self.sum(operand, st)
            }
            ExprKind::Index { base, index } if self.shapes.is_sum(body, base) && self.shapes.is_sum(body, index) => {
                let base = self.sum(base, st);
                let index = self.sum(index, st);
                base.zip(index).and_then(|(base, index)| base.plus(index))
            }
            _ => {
                let mut inner = Vec::new();
                body.operands(e, &mut |operand| inner.push(operand));
                let values: Vec<Value> = inner.into_iter().map(|operand| self.eval(operand, st)).collect();
                return match self.mixed(&values, st) {
                    Value::Test { at, .. } => (None, Some(at)),
                    _ => (None, None),
                };
            }
        };
        (sum.and_then(|sum| self.find(&sum)), None)
    }

    /// An assignment that is not a sum.
    fn assigned(&mut self, e: ExprId, op: Option<BinaryOp>, left: ExprId, right: ExprId, st: &mut State) -> Value {
        let body = self.body;
        if let ExprKind::Name(name) = body.expr(left).kind {
            self.assign(name, op, right, e, st);
            return st.byte(name).map_or(Value::Other, Value::Byte);
        }
        let value = self.eval(right, st);
        let (at, _) = self.address(left, st);
        let ends = op.is_none() && self.constant(right) == Some(0);
        if let Some(at) = at.filter(|_| !ends) {
            self.written.insert(at.key);
            let family = self.shapes.family(self.shapes.keys[usize::from(at.key)].base);
            for key in self.shapes.of_family(family) {
                let [_, tested, untested] = st.of(key);
                st.set(key, [Mark::FREE, tested, untested]);
            }
        }
        value
    }

    /// The address of a variable escapes.
    pub fn escaped(&mut self, name: Symbol, st: &mut State) {
        st.set_byte(name, None);
        for key in 0..self.shapes.keys.len() as u16 {
            let position = &self.shapes.keys[usize::from(key)];
            if position.base == name || position.steps.contains(&step_of(name)) {
                st.forget(key);
                st.forget_bytes_of(key);
            }
        }
    }

    pub fn is_text(&mut self, at: Address) {
        let base = self.shapes.keys[usize::from(at.key)].base;
        self.texts.insert(self.shapes.family(base));
    }

    /// The byte at `at` is read.
    pub fn read(&mut self, at: Address, e: ExprId, st: &mut State) {
        let mut marks = st.of(at.key);
        for (kind, mark) in KINDS.iter().zip(&mut marks) {
            let Some(by) = mark.ahead().map(|ahead| at.offset - ahead).filter(|by| *by > 0) else { continue };
            if self.recording {
                self.found.push(Found { kind: *kind, read: e, mark: *mark, key: at.key, by: by as u32 });
            }
            *mark = Mark::FREE;
        }
        st.set(at.key, marks);
    }
}

/// The value depends on the byte in an unknown way.
fn fuzzy(at: Option<Address>) -> Value {
    at.map_or(Value::Other, |at| Value::Test { at, yes: Known::NonZero, no: Known::NonZero })
}

pub(super) fn is_arithmetic(op: BinaryOp) -> bool {
    use BinaryOp::{Add, BitAnd, BitOr, BitXor, Div, Mul, Rem, Shl, Shr, Sub};
    matches!(op, Add | Sub | Mul | Div | Rem | Shl | Shr | BitAnd | BitOr | BitXor)
}
