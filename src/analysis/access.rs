//! What each basic block reads and writes, in the order of evaluation.

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

    /// A write to `self` changes what `other` holds, as far as names tell.
    pub fn covers(&self, other: &Place) -> bool {
        self.base == other.base && other.path.starts_with(&self.path)
    }

    /// What the variable points to is touched, not only the variable.
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
    /// Its address is taken, or a macro is given it: it may be read and written.
    Escape,
    /// It is declared without a value.
    Declare,
    /// Something that was not understood, which may do anything to anything; its place means nothing.
    Havoc,
}

#[derive(Clone, Debug)]
pub struct Access {
    pub place: Place,
    pub act: Act,
    /// It happens whenever the statement is evaluated: not behind `&&`, `||` or `?:`.
    pub certain: bool,
    pub stmt: StmtId,
    /// The place's expression; of a declaration none.
    pub expr: Option<ExprId>,
    /// What a plain write stores.
    pub value: Option<ExprId>,
    /// The call that takes it as a direct argument.
    pub call: Option<ExprId>,
}

impl Access {
    /// The access sets its place for certain, whatever it held.
    pub fn sets(&self) -> bool {
        self.act == Act::Write && self.certain
    }

    /// It may change the place.
    pub fn may_write(&self) -> bool {
        matches!(self.act, Act::Write | Act::Update | Act::Escape | Act::Havoc)
    }
}

/// What a called name is, as far as accesses go.
pub enum Callee {
    Function,
    /// A macro: it may write what it is given, and touches these variables besides.
    Macro(Vec<Symbol>),
}

/// What `call` calls by name: a macro touches also the variables that its replacement names.
pub fn callee(program: &Program, file: FileId, body: &Body, call: ExprId) -> Callee {
    let Some(name) = body.callee(call) else { return Callee::Function };
    let macros = &program.macros;
    match macros.resolve(name, file, body.expr(call).span.start) {
        Some(def) => {
            let is_parameter = |text: &str| def.params.iter().flatten().any(|p| **p == *text);
            let idents = def.tokens().filter(|t| t.is_ident() && !is_parameter(&t.text));
            Callee::Macro(idents.filter_map(|t| body.names.find(&t.text)).collect())
        }
        // Macros of headers that are not here shout.
        None if !program.is_defined(name) && !name.bytes().any(|b| b.is_ascii_lowercase()) => Callee::Macro(Vec::new()),
        None => Callee::Function,
    }
}

/// The accesses of every block of a function.
pub struct Accesses {
    blocks: Vec<Vec<Access>>,
    /// For each variable its accesses by block and index, in order.
    by_base: FxHashMap<Symbol, Vec<(BlockId, u32)>>,
    /// For each statement the block that evaluates it and its accesses there; none for one that is only made of others.
    by_stmt: Vec<Option<(BlockId, Range<u32>)>>,
    /// Blocks that do something not understood.
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

    /// The block that evaluates a statement; none for one that is only made of others.
    pub fn block_of(&self, stmt: StmtId) -> Option<BlockId> {
        self.by_stmt[stmt.0 as usize].as_ref().map(|(block, _)| *block)
    }

    /// What a statement itself does, in order; of a `for`, its step left out.
    pub fn of(&self, stmt: StmtId) -> &[Access] {
        match &self.by_stmt[stmt.0 as usize] {
            Some((block, own)) => &self.blocks[block.0 as usize][own.start as usize..own.end as usize],
            None => &[],
        }
    }

    /// The accesses to a variable and what is selected from it, in order of blocks.
    pub fn of_variable(&self, base: Symbol) -> impl Iterator<Item = (BlockId, &Access)> {
        self.by_base.get(&base).into_iter().flatten().map(|&(b, i)| (b, &self.blocks[b.0 as usize][i as usize]))
    }

    /// Their number.
    pub fn count(&self, base: Symbol) -> usize {
        self.by_base.get(&base).map_or(0, Vec::len)
    }

    /// Those of one block; none where the block does not touch the variable.
    pub fn in_block(&self, base: Symbol, block: BlockId) -> impl Iterator<Item = &Access> {
        self.uses(base).in_block(block)
    }

    /// The accesses to one variable, to be asked block by block.
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
    /// By block and index, in order.
    all: &'a [(BlockId, u32)],
}

impl<'a> Uses<'a> {
    /// Those of one block.
    pub fn in_block(self, block: BlockId) -> impl Iterator<Item = &'a Access> {
        self.from(block, 0)
    }

    /// Those that follow a statement in its block.
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

/// The access path of an lvalue; none where it begins at something else than a name.
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
            // `(&x)->f` is `x.f`: the step that undoes this one comes next to it.
            ExprKind::Unary { op: UnaryOp::AddressOf, operand } if path.last() == Some(&Step::Deref) => {
                path.pop();
                e = operand;
            }
            ExprKind::Cast { operand, .. } => e = operand,
            _ => return None,
        }
    }
}

/// Long paths (`a[0][1]…`) are cut: what is behind is taken for the same.
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

    /// Puts down what evaluating `e` does, in order.
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

    /// What has to be evaluated to find out what `e` designates: indices, and what is no access path.
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
