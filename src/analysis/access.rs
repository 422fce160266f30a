//! What each basic block reads and writes, in evaluation order.

use std::ops::Range;

use rustc_hash::FxHashMap;

use super::cfg::{BlockId, Cfg};
use crate::hir::{Body, DeclaratorForm, ExprId, ExprKind, StmtId, StmtKind, Symbol, UnaryOp};
use crate::program::Program;
use crate::source::FileId;

/// One step of an access path. `p->f` is `Deref` and `Field`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    Field(Symbol),
    Deref,
    Index,
}

/// An access path (Larus and Hilfinger, PLDI 1988): a variable and what is selected from it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    pub base: Symbol,
    pub path: Vec<Step>,
}

impl Place {
    pub fn is_variable(&self) -> bool {
        self.path.is_empty()
    }

    /// Whether a write to `self` changes what `other` holds, judging by names alone.
    pub fn covers(&self, other: &Place) -> bool {
        self.base == other.base && other.path.starts_with(&self.path)
    }

    /// Whether the path dereferences the variable: its pointee is accessed, not only the variable itself.
    pub fn is_behind_pointer(&self) -> bool {
        matches!(self.path.first(), Some(Step::Deref))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Read,
    Write,
    /// Read and written: `+=`, `++`.
    Update,
    /// Its address is taken, or it is passed to a macro: it may be read and written.
    Escape,
    /// It is declared without a value.
    Declare,
    /// Code that was not understood and may do anything to anything; the place is meaningless.
    Havoc,
}

#[derive(Clone, Debug)]
pub struct Access {
    pub place: Place,
    pub act: Act,
    /// Whether it happens on every evaluation of the statement: not after `&&` or `||`, nor in an arm of `?:`.
    pub certain: bool,
    pub stmt: StmtId,
    /// The expression of the place; none for a declaration.
    pub expr: Option<ExprId>,
    /// The value stored by a plain write.
    pub value: Option<ExprId>,
    /// The call that takes it as a direct argument.
    pub call: Option<ExprId>,
}

impl Access {
    /// Whether the access certainly overwrites its place.
    pub fn sets(&self) -> bool {
        self.act == Act::Write && self.certain
    }

    /// Whether it may change the place.
    pub fn may_write(&self) -> bool {
        matches!(self.act, Act::Write | Act::Update | Act::Escape | Act::Havoc)
    }
}

/// What a called name is, as far as accesses are concerned.
pub enum Callee {
    Function,
    /// A macro: it may write its arguments, and it also touches these variables.
    Macro(Vec<Symbol>),
}

/// What `call` calls by name. A macro also touches the variables that its replacement list names.
pub fn callee(program: &Program, file: FileId, body: &Body, call: ExprId) -> Callee {
    let Some(name) = body.callee(call) else { return Callee::Function };
    let macros = &program.macros;
    match macros.resolve(name, file, body.expr(call).span.start) {
        Some(def) => {
            let is_parameter = |text: &str| def.params.iter().flatten().any(|p| **p == *text);
            let idents = def.tokens().filter(|t| t.is_ident() && !is_parameter(&t.text));
            Callee::Macro(idents.filter_map(|t| body.names.find(&t.text)).collect())
        }
        // An undefined name in upper case is a macro from a header that is not here.
        None if !program.is_defined(name) && !name.bytes().any(|b| b.is_ascii_lowercase()) => Callee::Macro(Vec::new()),
        None => Callee::Function,
    }
}

/// The accesses of every block of a function.
pub struct Accesses {
    blocks: Vec<Vec<Access>>,
    /// The accesses to each variable by block and index, in order.
    by_base: FxHashMap<Symbol, Vec<(BlockId, u32)>>,
    /// For each statement, the block that evaluates it and its accesses there; none if it only consists of others.
    by_stmt: Vec<Option<(BlockId, Range<u32>)>>,
    /// Blocks with code that was not understood.
    havoc: Vec<bool>,
}

impl Accesses {
    pub fn new(body: &Body, cfg: &Cfg, callee: &dyn Fn(ExprId) -> Callee) -> Accesses {
        let mut blocks = Vec::with_capacity(cfg.blocks.len());
        let mut by_base: FxHashMap<Symbol, Vec<(BlockId, u32)>> = FxHashMap::default();
        let mut by_stmt = vec![None; body.stmts.len()];
        let mut havoc = vec![false; cfg.blocks.len()];
        for (b, block) in cfg.blocks.iter().enumerate() {
            let mut collector = Collector { body, callee, stmt: StmtId(0), todo: Vec::new(), out: Vec::new() };
            for &stmt in &block.stmts {
                let first = collector.out.len() as u32;
                collector.statement(stmt);
                by_stmt[stmt.0 as usize] = Some((BlockId(b as u32), first..collector.out.len() as u32));
            }
            if let Some(stmt) = block.step_of
                && let StmtKind::For { step: Some(step), .. } = body.stmt(stmt).kind
            {
                collector.stmt = stmt;
                collector.evaluate(step);
            }
            for (i, access) in collector.out.iter().enumerate() {
                match access.act {
                    Act::Havoc => havoc[b] = true,
                    _ => by_base.entry(access.place.base).or_default().push((BlockId(b as u32), i as u32)),
                }
            }
            blocks.push(collector.out);
        }
        Accesses { blocks, by_base, by_stmt, havoc }
    }

    /// The block that evaluates a statement; none for a statement that only consists of others.
    pub fn block_of(&self, stmt: StmtId) -> Option<BlockId> {
        self.by_stmt[stmt.0 as usize].as_ref().map(|(block, _)| *block)
    }

    /// The accesses of a statement itself, in order; for a `for`, without its step.
    pub fn of(&self, stmt: StmtId) -> &[Access] {
        match &self.by_stmt[stmt.0 as usize] {
            Some((block, own)) => &self.blocks[block.0 as usize][own.start as usize..own.end as usize],
            None => &[],
        }
    }

    /// The accesses to a variable and to what is selected from it, in block order.
    pub fn of_variable(&self, base: Symbol) -> impl Iterator<Item = (BlockId, &Access)> {
        self.by_base.get(&base).into_iter().flatten().map(|&(b, i)| (b, &self.blocks[b.0 as usize][i as usize]))
    }

    /// The number of accesses to a variable.
    pub fn count(&self, base: Symbol) -> usize {
        self.by_base.get(&base).map_or(0, Vec::len)
    }

    /// The accesses to a variable in one block.
    pub fn in_block(&self, base: Symbol, block: BlockId) -> impl Iterator<Item = &Access> {
        self.uses(base).in_block(block)
    }

    /// The accesses to one variable, to be queried block by block.
    pub fn uses(&self, base: Symbol) -> Uses<'_> {
        Uses { accesses: self, all: self.by_base.get(&base).map_or(&[][..], Vec::as_slice) }
    }

    pub fn is_havoc(&self, block: BlockId) -> bool {
        self.havoc[block.0 as usize]
    }
}

/// See [`Accesses::uses`].
#[derive(Clone, Copy)]
pub struct Uses<'a> {
    accesses: &'a Accesses,
    /// Sorted by block and index.
    all: &'a [(BlockId, u32)],
}

impl<'a> Uses<'a> {
    /// The accesses in one block.
    pub fn in_block(self, block: BlockId) -> impl Iterator<Item = &'a Access> {
        self.from(block, 0)
    }

    /// The accesses after a statement in its block.
    pub fn behind(self, stmt: StmtId) -> impl Iterator<Item = &'a Access> {
        let own = self.accesses.by_stmt[stmt.0 as usize].as_ref();
        own.into_iter().flat_map(move |(block, own)| self.from(*block, own.end))
    }

    fn from(self, block: BlockId, index: u32) -> impl Iterator<Item = &'a Access> {
        let first = self.all.partition_point(|(b, i)| b.0 < block.0 || b.0 == block.0 && *i < index);
        let own = self.all[first..].iter().take_while(move |(b, _)| *b == block);
        own.map(move |&(b, i)| &self.accesses.blocks[b.0 as usize][i as usize])
    }
}

/// The access path of an lvalue; none if it does not start at a name.
pub fn place(body: &Body, mut e: ExprId) -> Option<Place> {
    let mut path = Vec::new();
    loop {
        match body.expr(e).kind {
            ExprKind::Name(base) => {
                path.reverse();
                return Some(Place { base, path: simplified(path) });
            }
            ExprKind::Member { base, field, arrow } => {
                path.push(Step::Field(field));
                if arrow {
                    path.push(Step::Deref);
                }
                e = base;
            }
            ExprKind::Index { base, .. } => {
                path.push(Step::Index);
                e = base;
            }
            ExprKind::Unary { op: UnaryOp::Deref, operand } => {
                path.push(Step::Deref);
                e = operand;
            }
            // `(&x)->f` is `x.f`: address-of cancels the dereference that follows it in the path.
            ExprKind::Unary { op: UnaryOp::AddressOf, operand } if path.last() == Some(&Step::Deref) => {
                path.pop();
                e = operand;
            }
            ExprKind::Cast { operand, .. } => e = operand,
            _ => return None,
        }
    }
}

/// Truncates long paths (`a[0][1]…`): what differs only beyond the limit counts as the same place.
fn simplified(mut path: Vec<Step>) -> Vec<Step> {
    path.truncate(8);
    path
}

enum Task {
    Value(ExprId, Mode),
    Emit(Access),
}

#[derive(Clone, Copy)]
struct Mode {
    certain: bool,
    call: Option<ExprId>,
    /// An argument of a macro.
    given: bool,
}

struct Collector<'b> {
    body: &'b Body,
    callee: &'b dyn Fn(ExprId) -> Callee,
    stmt: StmtId,
    todo: Vec<Task>,
    out: Vec<Access>,
}

impl Collector<'_> {
    fn statement(&mut self, stmt: StmtId) {
        self.stmt = stmt;
        match &self.body.stmt(stmt).kind {
            StmtKind::For { cond, .. } => cond.iter().for_each(|&e| self.evaluate(e)),
            StmtKind::Decl(all) => {
                for d in all.iter().filter(|d| !d.is_static && d.form != DeclaratorForm::Function) {
                    let place = Place { base: d.name, path: Vec::new() };
                    if let Some(init) = d.init {
                        self.evaluate(init);
                    }
                    let act = if d.init.is_some() { Act::Write } else { Act::Declare };
                    let access = Access { value: d.init, ..self.access(place, act, None, Mode::PLAIN) };
                    self.out.push(access);
                }
            }
            StmtKind::Opaque => {
                let havoc = self.havoc();
                self.out.push(havoc);
            }
            _ => {
                let mut own = Vec::new();
                self.body.own_exprs(stmt, &mut |e| own.push(e));
                own.into_iter().for_each(|e| self.evaluate(e));
            }
        }
    }

    fn access(&self, place: Place, act: Act, expr: Option<ExprId>, mode: Mode) -> Access {
        Access { place, act, certain: mode.certain, stmt: self.stmt, expr, value: None, call: mode.call }
    }

    fn havoc(&self) -> Access {
        let nothing = Place { base: Symbol(u32::MAX), path: Vec::new() };
        self.access(nothing, Act::Havoc, None, Mode::PLAIN)
    }

    fn evaluate(&mut self, root: ExprId) {
        self.todo.push(Task::Value(root, Mode::PLAIN));
        while let Some(task) = self.todo.pop() {
            match task {
                Task::Emit(access) => self.out.push(access),
                Task::Value(e, mode) => {
                    let first = self.todo.len();
                    self.value(e, mode);
                    self.todo[first..].reverse();
                }
            }
        }
    }

    /// Schedules what evaluating `e` does, in order.
    fn value(&mut self, e: ExprId, mode: Mode) {
        let inner = Mode { call: None, given: false, ..mode };
        match &self.body.expr(e).kind {
            ExprKind::Name(_) | ExprKind::Member { .. } | ExprKind::Index { .. } => self.lvalue(e, Act::Read, mode),
            ExprKind::Unary { op: UnaryOp::Deref, .. } => self.lvalue(e, Act::Read, mode),
            ExprKind::Unary { op: UnaryOp::AddressOf, operand } => self.lvalue(*operand, Act::Escape, mode),
            ExprKind::Unary { operand, .. } => self.push(*operand, inner),
            ExprKind::Cast { operand, .. } => self.push(*operand, mode),
            ExprKind::Update { operand, .. } => self.lvalue(*operand, Act::Update, inner),
            ExprKind::Assign { op, left, right } => {
                self.push(*right, inner);
                self.selected(*left, inner);
                if let Some(place) = place(self.body, *left) {
                    let act = if op.is_some() { Act::Update } else { Act::Write };
                    let access = self.access(place, act, Some(*left), inner);
                    self.todo.push(Task::Emit(Access { value: op.is_none().then_some(*right), ..access }));
                }
            }
            ExprKind::Binary { op, left, right } => {
                use crate::hir::BinaryOp::{And, Or};
                self.push(*left, inner);
                self.push(*right, if matches!(op, And | Or) { Mode { certain: false, ..inner } } else { inner });
            }
            ExprKind::Conditional { cond, then, otherwise } => {
                self.push(*cond, inner);
                let perhaps = Mode { certain: false, ..inner };
                then.iter().for_each(|&t| self.push(t, perhaps));
                self.push(*otherwise, perhaps);
            }
            ExprKind::Call { callee, args } => {
                let given = match &self.body.expr(*callee).kind {
                    ExprKind::Name(_) => match (self.callee)(e) {
                        Callee::Function => false,
                        Callee::Macro(touched) => {
                            for base in touched {
                                let place = Place { base, path: Vec::new() };
                                let access = self.access(place, Act::Escape, None, inner);
                                self.todo.push(Task::Emit(access));
                            }
                            true
                        }
                    },
                    _ => {
                        self.push(*callee, inner);
                        false
                    }
                };
                args.iter().for_each(|&a| self.push(a, Mode { call: Some(e), given, ..mode }));
            }
            ExprKind::Braced(all) => all.iter().for_each(|&e| self.push(e, inner)),
            ExprKind::Asm { operands, .. } => {
                operands.iter().for_each(|&e| self.lvalue(e, Act::Escape, inner));
            }
            ExprKind::Opaque(_) => self.todo.push(Task::Emit(self.havoc())),
            ExprKind::Number(_)
            | ExprKind::Char(_)
            | ExprKind::String(_)
            | ExprKind::Sizeof { .. }
            | ExprKind::Unevaluated(_)
            | ExprKind::Statement(_) => {}
        }
    }

    fn push(&mut self, e: ExprId, mode: Mode) {
        self.todo.push(Task::Value(e, mode));
    }

    /// An access to what `e` designates.
    fn lvalue(&mut self, e: ExprId, act: Act, mode: Mode) {
        self.selected(e, Mode { call: None, given: false, ..mode });
        let act = if mode.given && act == Act::Read { Act::Escape } else { act };
        if let Some(place) = place(self.body, e) {
            let access = self.access(place, act, Some(e), mode);
            self.todo.push(Task::Emit(access));
        }
    }

    /// Evaluates what determines the object that `e` designates: indices, and bases that are not access paths.
    fn selected(&mut self, mut e: ExprId, mode: Mode) {
        loop {
            match self.body.expr(e).kind {
                ExprKind::Name(_) => return,
                ExprKind::Member { base, .. } => e = base,
                ExprKind::Index { base, index } => {
                    self.push(index, mode);
                    e = base;
                }
                ExprKind::Unary { op: UnaryOp::Deref | UnaryOp::AddressOf, operand }
                | ExprKind::Cast { operand, .. } => {
                    e = operand;
                }
                _ => return self.push(e, mode),
            }
        }
    }
}

impl Mode {
    const PLAIN: Mode = Mode { certain: true, call: None, given: false };
}
