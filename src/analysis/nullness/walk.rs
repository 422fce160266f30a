//! Propagates the values of one function over its graph to a fixpoint, then records the uses.

use rustc_hash::{FxHashMap, FxHashSet};

use super::state::{State, Value, Values, bits};
use super::{Facts, Origin};
use crate::analysis::access::{Place, Step, place};
use crate::analysis::cfg::{BlockId, Cfg, EdgeKind};
use crate::analysis::forward::{Forward, follow};
use crate::hir::{Body, DeclaratorForm, ExprId, ExprKind, Function, StmtId, StmtKind, Symbol, UnaryOp};
use crate::program::Program;
use crate::source::FileId;

/// The access paths of a function, numbered.
#[derive(Default)]
pub(super) struct Places {
    pub all: Vec<Place>,
    numbers: FxHashMap<Place, u32>,
    /// By expression: the place that was found, if any.
    cache: FxHashMap<ExprId, Option<u32>>,
}

impl Places {
    pub fn number(&mut self, place: Place) -> u32 {
        if let Some(&no) = self.numbers.get(&place) {
            return no;
        }
        let no = self.all.len() as u32;
        self.all.push(place.clone());
        self.numbers.insert(place, no);
        no
    }

    pub fn number_of(&self, place: &Place) -> Option<u32> {
        self.numbers.get(place).copied()
    }

    /// The place that was found for `e`.
    pub fn known(&self, e: ExprId) -> Option<u32> {
        self.cache.get(&e).copied().flatten()
    }

    pub fn find(&mut self, body: &Body, e: ExprId) -> Option<u32> {
        if let Some(&known) = self.cache.get(&e) {
            return known;
        }
        let is_lvalue = |e: ExprId| {
            matches!(
                body.expr(e).kind,
                ExprKind::Name(_)
                    | ExprKind::Member { .. }
                    | ExprKind::Unary { op: UnaryOp::Deref, .. }
                    | ExprKind::Cast { .. }
            )
        };
        // Array elements are not distinguished and have no place.
        let found = is_lvalue(e).then(|| place(body, e)).flatten().filter(|p| !p.path.contains(&Step::Index));
        let no = found.map(|p| self.number(p));
        self.cache.insert(e, no);
        no
    }
}

pub(super) struct Walker<'a> {
    pub program: &'a Program,
    pub file: FileId,
    pub function: &'a Function,
    /// The reading that the function's spans refer to.
    pub code: &'a str,
    pub body: &'a Body,
    pub places: Places,
    pub origins: FxHashMap<Value, Origin>,
    /// Variables whose address is taken: any call may set them.
    pub escaped: FxHashSet<Symbol>,
    pub locals: FxHashSet<Symbol>,
    /// Locals and parameters that are not declared as pointers.
    pub plain: FxHashSet<Symbol>,
    /// A `0` here is a null pointer.
    pub nullable: bool,
    /// The function is declared to return a pointer.
    pub returns_pointer: bool,
    pub recording: bool,
    /// The arguments of the last evaluated call, except those that it reads through.
    pub given: Vec<Values>,
    pub depth: u32,
    /// The next expression is dereferenced: an array does not stand for its address there.
    pub through: bool,
    /// The next expression is passed to a function.
    pub giving: bool,
    /// The statement being evaluated.
    pub stmt: StmtId,
    /// The condition of an assertion is being evaluated.
    pub asserting: bool,
    /// Edges that are never taken, by their index in the block.
    pub shut: Vec<(BlockId, usize)>,
    pub out: Facts,
}

/// `NULL`, or `0` where a pointer is expected.
pub(super) fn is_null_literal(body: &Body, mut e: ExprId, zero: bool) -> bool {
    loop {
        match body.expr(e).kind {
            ExprKind::Name(name) => return matches!(body.names.text(name), "NULL" | "nullptr"),
            ExprKind::Number(text) => return zero && body.names.text(text) == "0",
            ExprKind::Cast { operand, .. } => e = operand,
            _ => return false,
        }
    }
}

/// Whether a call has a `?:` among its arguments.
fn asks_among_arguments(body: &Body, e: ExprId) -> bool {
    let ExprKind::Call { args, .. } = &body.expr(e).kind else { return false };
    args.iter().any(|&a| matches!(body.expr(body.bare(a)).kind, ExprKind::Conditional { .. }))
}

impl<'a> Walker<'a> {
    pub fn new(program: &'a Program, function: &'a Function, code: &'a str) -> Walker<'a> {
        let body = &function.body;
        let mut escaped = FxHashSet::default();
        for e in &body.exprs {
            if let ExprKind::Unary { op: UnaryOp::AddressOf, operand } = e.kind
                && let Some(p) = place(body, operand)
                && !p.path.contains(&Step::Deref)
            {
                escaped.insert(p.base);
            }
        }
        let mut locals: FxHashSet<Symbol> = FxHashSet::default();
        let mut plain: FxHashSet<Symbol> = FxHashSet::default();
        for p in &function.params {
            locals.insert(p.name);
            if !code.get(p.span.range()).is_some_and(|text| text.contains(['*', '['])) {
                plain.insert(p.name);
            }
        }
        for stmt in &body.stmts {
            let StmtKind::Decl(all) = &stmt.kind else { continue };
            for d in all {
                if d.is_static {
                    escaped.insert(d.name);
                }
                locals.insert(d.name);
                if matches!(d.form, DeclaratorForm::Plain | DeclaratorForm::Array) {
                    plain.insert(d.name);
                }
            }
        }
        // `handler_t *h` may as well be `handler_t h`: what is called is a pointer.
        for e in &body.exprs {
            if let ExprKind::Call { callee, .. } = e.kind
                && let ExprKind::Name(name) = body.expr(callee).kind
            {
                plain.remove(&name);
            }
        }
        Walker {
            program,
            file: function.file,
            function,
            code,
            body,
            places: Places::default(),
            origins: FxHashMap::default(),
            escaped,
            locals,
            plain,
            nullable: false,
            returns_pointer: code[function.span.range()].split('(').next().is_some_and(|head| head.contains('*')),
            recording: false,
            given: Vec::new(),
            depth: 0,
            through: false,
            giving: false,
            stmt: StmtId(0),
            asserting: false,
            shut: Vec::new(),
            out: Facts::default(),
        }
    }

    pub fn place_of(&mut self, e: ExprId) -> Option<u32> {
        self.places.find(self.body, e)
    }

    /// Whether `e` is a variable declared as a pointer, or a member, which may be one.
    pub fn is_pointer_like(&self, e: ExprId) -> bool {
        match self.body.expr(e).kind {
            ExprKind::Name(name) => self.locals.contains(&name) && !self.plain.contains(&name),
            ExprKind::Cast { operand, .. } => self.is_pointer_like(operand),
            ExprKind::Member { .. } => true,
            _ => false,
        }
    }

    pub fn is_pointer(&self, e: ExprId) -> bool {
        matches!(self.body.expr(e).kind, ExprKind::Name(name) if self.locals.contains(&name) && !self.plain.contains(&name))
    }

    pub fn is_macro(&self, name: &str) -> bool {
        let program = self.program;
        if program.is_defined(name) {
            return false;
        }
        program.macros.is_defined(name) || !name.bytes().any(|b| b.is_ascii_lowercase())
    }

    /// Runs to the fixpoint; false if it was given up.
    pub fn run(&mut self, function: &Function, cfg: &Cfg) -> bool {
        let mut entry = State::default();
        for (i, p) in function.params.iter().enumerate().filter(|(_, p)| !self.plain.contains(&p.name)) {
            let id = self.body.exprs.len() as u32 + i as u32;
            self.origins.insert(id, Origin::Parameter(i as u8));
            entry.set_bits(id, bits::FRESH);
            let no = self.places.number(Place { base: p.name, path: Vec::new() });
            entry.set(no, Values::one(id));
        }
        follow(self, cfg, entry)
    }
}

impl Forward for Walker<'_> {
    type State = State;

    const MAX_ROUNDS: usize = 12;

    fn join(state: &mut State, other: &State) -> bool {
        state.join(other)
    }

    fn record(&mut self) {
        self.recording = true;
    }

    fn block(&mut self, cfg: &Cfg, b: BlockId, mut st: State) -> Vec<(BlockId, State)> {
        let block = cfg.block(b);
        let mut ways: Option<(Option<State>, Option<State>)> = None;
        for (i, &stmt) in block.stmts.iter().enumerate() {
            let last = i + 1 == block.stmts.len();
            self.stmt = stmt;
            let cond = match self.body.stmt(stmt).kind {
                StmtKind::If { cond, .. } | StmtKind::While { cond, .. } | StmtKind::DoWhile { cond, .. } => Some(cond),
                StmtKind::For { cond, .. } => cond,
                _ => None,
            };
            match cond {
                Some(cond) if last => {
                    st.age();
                    if self.recording && self.body.stmt(stmt).in_macro {
                        self.asserted(cond, &mut st);
                    }
                    let (mut yes, mut no) = self.branch(cond, st.clone());
                    for (way, holds) in [(&mut yes, true), (&mut no, false)] {
                        if let Some(way) = way {
                            way.blamed = self.is_blamed(cond, holds);
                        }
                    }
                    for way in yes.iter_mut().chain(&mut no) {
                        // A macro that tests also handles the outcome. That a parameter is null remains known: what
                        // such a macro returns for it says nothing about other arguments.
                        if self.body.stmt(stmt).in_macro {
                            way.settle_since(&st, self.body.exprs.len() as u32);
                        }
                        way.tidy();
                    }
                    ways = Some((yes, no));
                }
                _ => self.statement(stmt, &mut st),
            }
        }
        if let Some(stmt) = block.step_of
            && let StmtKind::For { step: Some(step), .. } = self.body.stmt(stmt).kind
        {
            self.stmt = stmt;
            self.eval(step, &mut st);
        }
        st.tidy();
        let mut out = Vec::with_capacity(block.edges.len());
        if let (None, [edge]) = (&ways, &block.edges[..])
            && !matches!(edge.kind, EdgeKind::Case | EdgeKind::NoCase)
        {
            out.push((edge.to, st));
            return out;
        }
        for (i, edge) in block.edges.iter().enumerate() {
            if self.shut.contains(&(b, i)) {
                continue;
            }
            let state = match (&ways, edge.kind) {
                (Some((yes, _)), EdgeKind::True) => yes.clone(),
                (Some((_, no)), EdgeKind::False) => no.clone(),
                (_, EdgeKind::Case | EdgeKind::NoCase) => {
                    let mut aged = st.clone();
                    aged.age();
                    Some(aged)
                }
                _ => Some(st.clone()),
            };
            if let Some(state) = state {
                out.push((edge.to, state));
            }
        }
        out
    }
}

impl Walker<'_> {
    fn statement(&mut self, stmt: StmtId, st: &mut State) {
        match &self.body.stmt(stmt).kind {
            StmtKind::Decl(_) => self.declare(stmt, st),
            StmtKind::Opaque => st.clear(),
            StmtKind::Return(Some(e)) => {
                let nullable = std::mem::replace(&mut self.nullable, self.returns_pointer);
                self.return_value(*e, st);
                self.nullable = nullable;
            }
            // `log("%s", p ? p->name : "");` says nothing about what follows.
            StmtKind::Expr(e) if asks_among_arguments(self.body, *e) => {
                let before = st.clone();
                self.eval(*e, st);
                st.renew_since(&before);
            }
            _ => {
                let mut own = Vec::new();
                self.body.own_exprs(stmt, &mut |e| own.push(e));
                for e in own {
                    self.eval(e, st);
                }
            }
        }
    }

    /// Each arm of `cond ? a : b` is a return of its own.
    fn return_value(&mut self, e: ExprId, st: &mut State) {
        if let ExprKind::Conditional { cond, then: Some(then), otherwise } = self.body.expr(e).kind {
            let (yes, no) = self.branch(cond, st.clone());
            for (way, e) in [(yes, then), (no, otherwise)] {
                let Some(mut way) = way else { continue };
                let value = self.eval(e, &mut way);
                self.returned(value, &way);
            }
            return;
        }
        let value = self.eval(e, st);
        self.returned(value, st);
        self.stored_null(e, st);
    }

    /// Whether null was passed in: what is returned then says nothing about other arguments.
    fn is_given_null(&self, st: &State) -> bool {
        let params = self.body.exprs.len() as u32..;
        st.blamed || st.all_bits().any(|(id, known)| params.contains(&id) && known & !bits::ANY_NULL == 0)
    }

    /// `*out = NULL; return 0;`
    fn stored_null(&mut self, returned: ExprId, st: &State) {
        if !self.recording || self.returns_pointer || self.is_given_null(st) {
            return;
        }
        let succeeds = self.says_success(returned);
        for (i, p) in self.function.params.iter().enumerate().take(usize::from(u8::MAX)) {
            let Some(no) = self.places.number_of(&Place { base: p.name, path: vec![Step::Deref] }) else { continue };
            let held = st.get(no);
            let is_null = |id: &Value| {
                matches!(self.origins.get(id), Some(Origin::Null(_))) && st.bits(*id) & bits::ANY_NULL != 0
            };
            if held.ids().iter().any(is_null) {
                self.out.stores_null.entry(i as u8).and_modify(|ok| *ok |= succeeds).or_insert(succeeds);
            }
        }
    }

    /// Whether the returned value is a constant that means success.
    fn says_success(&self, returned: ExprId) -> bool {
        let body = self.body;
        let head = self.code.get(self.function.span.range()).unwrap_or_default();
        let is_bool = head.split('(').next().is_some_and(|head| head.contains("bool"));
        match body.expr(body.bare(returned)).kind {
            ExprKind::Number(n) if body.names.text(n) == "0" && !is_bool => {
                // Where 1 means that something was found, 0 means that nothing was.
                let is_found = |e: ExprId| matches!(body.expr(body.bare(e)).kind, ExprKind::Number(n) if body.names.text(n) != "0");
                !body.stmts.iter().any(|s| matches!(s.kind, StmtKind::Return(Some(e)) if is_found(e)))
            }
            ExprKind::Number(n) => body.names.text(n) == "1" && is_bool,
            ExprKind::Name(n) => {
                let name = body.names.text(n);
                let last = name.rsplit('_').next().unwrap_or_default();
                if is_bool { last.eq_ignore_ascii_case("true") } else { matches!(last, "OK" | "SUCCESS" | "EOK") }
            }
            _ => false,
        }
    }

    /// Whether the statement comes from a macro that is named like an assertion.
    fn is_by_assertion(&self) -> bool {
        let text = self.code.get(self.body.stmt(self.stmt).span.range()).unwrap_or_default();
        let name = text.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
        let name = name.to_ascii_lowercase();
        name.contains("assert") || name.ends_with("return_val_if_fail")
    }

    fn returned(&mut self, value: Values, st: &State) {
        if !self.recording {
            return;
        }
        if self.is_given_null(st) {
            let is_null = |id: &Value| {
                matches!(self.origins.get(id), Some(Origin::Null(_))) || st.bits(*id) & bits::ANY_NULL != 0
            };
            if value.ids().iter().any(is_null) {
                let params = self.body.exprs.len() as u32;
                let null = st.all_bits().filter(|(id, known)| *id >= params && known & !bits::ANY_NULL == 0);
                self.out.null_for.extend(null.filter_map(|(id, _)| u8::try_from(id - params).ok()));
            }
            return;
        }
        let asserts = self.body.stmt(self.stmt).in_macro && self.is_by_assertion();
        for id in value.ids() {
            let known = st.bits(*id);
            match self.origins.get(id) {
                Some(Origin::Null(_)) if asserts => self.out.returns_null_asserted = true,
                Some(Origin::Null(_)) => self.out.returns_null = true,
                _ if known & bits::ANY_NULL != 0 && known & bits::STALE == 0 => self.out.returns_null = true,
                Some(Origin::Call(call)) if known & bits::ANY_UNTESTED != 0 => self.out.returns.push(*call),
                _ => {}
            }
        }
    }
}
