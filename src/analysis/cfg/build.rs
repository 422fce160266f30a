//! Builds the graph in one walk over the statements, with an explicit stack.

use rustc_hash::FxHashMap;

use super::{Block, BlockId, Cfg, Construct, Edge, EdgeKind, Fall};
use crate::analysis::constant;
use crate::hir::{BinaryOp, Body, ExprId, ExprKind, StmtId, StmtKind, Symbol};

pub(super) const EXIT: BlockId = BlockId(1);

pub(super) struct Built {
    pub blocks: Vec<Block>,
    pub falls: Vec<Fall>,
    pub switches: Vec<Construct>,
    pub loops: Vec<Construct>,
}

pub(super) fn build(body: &Body, noreturn: &dyn Fn(&Body, ExprId) -> bool) -> Built {
    let mut builder = Builder {
        body,
        noreturn,
        blocks: vec![Block::default(), Block::default()],
        current: Some(Cfg::ENTRY),
        tasks: vec![Task::Stmt(body.root)],
        breaks: Vec::new(),
        continues: Vec::new(),
        switches: Vec::new(),
        labels: FxHashMap::default(),
        label_above: FxHashMap::default(),
        computed: Vec::new(),
        falls: Vec::new(),
        constructs: [Vec::new(), Vec::new()],
        has_statement_exprs: body.exprs.iter().any(|e| matches!(e.kind, ExprKind::Statement(_))),
    };
    builder.run();
    let Builder { blocks, falls, constructs: [switches, loops], .. } = builder;
    Built { blocks, falls, switches, loops }
}

/// Pending work, last first: an explicit stack instead of recursion.
enum Task {
    Stmt(StmtId),
    /// The statement itself, after its statement expressions.
    Evaluated(StmtId),
    /// Continue in `block`, with an edge from the preceding statement.
    Join(BlockId),
    /// Continue in `block` without such an edge.
    Enter(Option<BlockId>),
    Loop {
        head: BlockId,
    },
    /// The body of a `do` is done: its condition follows.
    DoCond {
        stmt: StmtId,
        head: BlockId,
        cond: BlockId,
        after: BlockId,
    },
    ForStep {
        stmt: StmtId,
        head: BlockId,
        step: BlockId,
    },
    EndLoop {
        after: BlockId,
    },
    EndSwitch {
        after: BlockId,
    },
}

struct OpenSwitch {
    stmt: StmtId,
    dispatch: Option<BlockId>,
    has_default: bool,
}

struct Builder<'b> {
    body: &'b Body,
    noreturn: &'b dyn Fn(&Body, ExprId) -> bool,
    blocks: Vec<Block>,
    /// Where statements are added; none after a jump.
    current: Option<BlockId>,
    tasks: Vec<Task>,
    breaks: Vec<BlockId>,
    continues: Vec<BlockId>,
    switches: Vec<OpenSwitch>,
    labels: FxHashMap<Symbol, BlockId>,
    /// For a user label's block, the block that falls into it from above.
    label_above: FxHashMap<BlockId, Option<BlockId>>,
    computed: Vec<BlockId>,
    falls: Vec<Fall>,
    /// Switches and loops.
    constructs: [Vec<Construct>; 2],
    has_statement_exprs: bool,
}

impl Builder<'_> {
    fn new_block(&mut self) -> BlockId {
        self.blocks.push(Block::default());
        BlockId(self.blocks.len() as u32 - 1)
    }

    fn edge(&mut self, from: Option<BlockId>, to: BlockId, kind: EdgeKind) {
        if let Some(from) = from {
            self.blocks[from.0 as usize].edges.push(Edge { to, kind });
        }
    }

    fn jump(&mut self, to: BlockId, kind: EdgeKind) {
        let from = self.current.take();
        self.edge(from, to, kind);
    }

    /// The block that statements are added to; after a jump, a new unreachable one.
    fn here(&mut self) -> BlockId {
        match self.current {
            Some(block) => block,
            None => {
                let block = self.new_block();
                self.current = Some(block);
                block
            }
        }
    }

    fn put(&mut self, stmt: StmtId) {
        let block = self.here();
        self.blocks[block.0 as usize].stmts.push(stmt);
    }

    fn run(&mut self) {
        while let Some(task) = self.tasks.pop() {
            match task {
                Task::Stmt(stmt) => {
                    // Statements inside expressions run first: `x = ({ if (!p) return; p->x; });`
                    self.tasks.push(Task::Evaluated(stmt));
                    if self.has_statement_exprs {
                        let mut inner = Vec::new();
                        let body = self.body;
                        body.own_exprs(stmt, &mut |e| {
                            body.walk(e, &mut |e| {
                                if let ExprKind::Statement(s) = body.expr(e).kind {
                                    inner.push(Task::Stmt(s));
                                }
                            });
                        });
                        self.tasks.extend(inner.into_iter().rev());
                    }
                }
                Task::Evaluated(stmt) => self.stmt(stmt),
                Task::Join(block) => {
                    self.jump(block, EdgeKind::Next);
                    self.current = Some(block);
                }
                Task::Enter(block) => self.current = block,
                Task::Loop { head } => self.jump(head, EdgeKind::Next),
                Task::DoCond { stmt, head, cond, after } => {
                    self.jump(cond, EdgeKind::Next);
                    self.current = Some(cond);
                    if let StmtKind::DoWhile { cond: test, .. } = self.body.stmt(stmt).kind {
                        self.put(stmt);
                        self.branch(test, head, after);
                    }
                }
                Task::ForStep { stmt, head, step } => {
                    self.jump(step, EdgeKind::Next);
                    self.blocks[step.0 as usize].step_of = Some(stmt);
                    self.current = Some(step);
                    self.jump(head, EdgeKind::Next);
                }
                Task::EndLoop { after } => {
                    self.breaks.pop();
                    self.continues.pop();
                    self.current = Some(after);
                }
                Task::EndSwitch { after } => {
                    self.breaks.pop();
                    if let Some(OpenSwitch { dispatch, has_default: false, .. }) = self.switches.pop() {
                        self.edge(dispatch, after, EdgeKind::NoCase);
                    }
                    self.jump(after, EdgeKind::Next);
                    self.current = Some(after);
                }
            }
        }
        self.jump(EXIT, EdgeKind::Return);
        let targets: Vec<BlockId> = self.labels.values().copied().collect();
        for from in std::mem::take(&mut self.computed) {
            let mut targets = targets.clone();
            targets.sort_unstable();
            targets.into_iter().for_each(|to| self.edge(Some(from), to, EdgeKind::Goto));
        }
    }

    /// Ends the current block with a branch on `cond`.
    fn branch(&mut self, cond: ExprId, yes: BlockId, no: BlockId) {
        let from = self.current.take();
        let value = constant(self.body, cond);
        if self.never_comes_back(cond) {
            return;
        }
        if value != Some(false) {
            self.edge(from, yes, EdgeKind::True);
        }
        if value != Some(true) {
            self.edge(from, no, EdgeKind::False);
        }
    }

    fn stmt(&mut self, id: StmtId) {
        let body = self.body;
        match &body.stmt(id).kind {
            StmtKind::Block(all) => self.tasks.extend(all.iter().rev().map(|&s| Task::Stmt(s))),
            StmtKind::Empty => {}
            StmtKind::Expr(e) => {
                self.put(id);
                self.asm_labels(*e);
                if self.never_comes_back(*e) {
                    self.current = None;
                }
            }
            StmtKind::Decl(_) | StmtKind::FallthroughMark | StmtKind::Opaque => self.put(id),
            StmtKind::If { cond, then, otherwise } => {
                self.put(id);
                let (yes, after) = (self.new_block(), self.new_block());
                let no = if otherwise.is_some() { self.new_block() } else { after };
                self.branch(*cond, yes, no);
                self.tasks.push(Task::Join(after));
                if let Some(otherwise) = otherwise {
                    self.tasks.push(Task::Stmt(*otherwise));
                    self.tasks.push(Task::Enter(Some(no)));
                    self.tasks.push(Task::Join(after));
                }
                self.tasks.push(Task::Stmt(*then));
                self.current = Some(yes);
            }
            StmtKind::While { cond, body: inner } => {
                let (head, first, after) = (self.new_block(), self.new_block(), self.new_block());
                self.jump(head, EdgeKind::Next);
                self.current = Some(head);
                self.put(id);
                self.branch(*cond, first, after);
                self.constructs[1].push(Construct { stmt: id, head, after });
                self.open_loop(first, head, after, *inner, Task::Loop { head });
            }
            StmtKind::DoWhile { body: inner, .. } => {
                let (head, cond, after) = (self.new_block(), self.new_block(), self.new_block());
                self.jump(head, EdgeKind::Next);
                self.constructs[1].push(Construct { stmt: id, head, after });
                self.open_loop(head, cond, after, *inner, Task::DoCond { stmt: id, head, cond, after });
            }
            StmtKind::For { init, cond, body: inner, .. } => {
                let (head, first, step, after) =
                    (self.new_block(), self.new_block(), self.new_block(), self.new_block());
                if let Some(init) = init {
                    self.put(*init);
                }
                self.jump(head, EdgeKind::Next);
                self.current = Some(head);
                self.put(id);
                match cond {
                    Some(cond) => self.branch(*cond, first, after),
                    None => self.jump(first, EdgeKind::Next),
                }
                self.constructs[1].push(Construct { stmt: id, head, after });
                self.open_loop(first, step, after, *inner, Task::ForStep { stmt: id, head, step });
            }
            StmtKind::Switch { body: inner, .. } => {
                self.put(id);
                let after = self.new_block();
                let dispatch = self.current.take();
                self.constructs[0].extend(dispatch.map(|head| Construct { stmt: id, head, after }));
                self.switches.push(OpenSwitch { stmt: id, dispatch, has_default: false });
                self.breaks.push(after);
                self.tasks.push(Task::EndSwitch { after });
                self.tasks.push(Task::Stmt(*inner));
            }
            StmtKind::Case(value) => self.case(id, value.is_none()),
            StmtKind::Label(name) => {
                let block = self.label(*name);
                // A user label between `case` labels does not split the group.
                if let Some(current) = self.current.filter(|&c| self.blocks[c.0 as usize].stmts.is_empty()) {
                    let labels = self.blocks[current.0 as usize].labels.clone();
                    self.blocks[block.0 as usize].labels = labels;
                }
                let above = self.above();
                self.label_above.insert(block, above);
                self.jump(block, EdgeKind::Next);
                self.current = Some(block);
            }
            StmtKind::Goto(name) => {
                self.put(id);
                let block = self.label(*name);
                self.jump(block, EdgeKind::Goto);
            }
            StmtKind::ComputedGoto => {
                self.put(id);
                self.computed.extend(self.current.take());
            }
            StmtKind::Break => {
                self.put(id);
                match self.breaks.last() {
                    Some(&after) => self.jump(after, EdgeKind::Break),
                    // Outside any loop or `switch`: the code is a fragment, and control goes elsewhere.
                    None => self.jump(EXIT, EdgeKind::Break),
                }
            }
            StmtKind::Continue => {
                self.put(id);
                match self.continues.last() {
                    Some(&next) => self.jump(next, EdgeKind::Continue),
                    None => self.jump(EXIT, EdgeKind::Continue),
                }
            }
            StmtKind::Return(value) => {
                self.put(id);
                match value.is_some_and(|e| self.never_comes_back(e)) {
                    true => self.current = None,
                    false => self.jump(EXIT, EdgeKind::Return),
                }
            }
        }
    }

    fn open_loop(&mut self, first: BlockId, next: BlockId, after: BlockId, inner: StmtId, end: Task) {
        self.breaks.push(after);
        self.continues.push(next);
        self.tasks.push(Task::EndLoop { after });
        self.tasks.push(end);
        self.tasks.push(Task::Stmt(inner));
        self.current = Some(first);
    }

    fn case(&mut self, id: StmtId, is_default: bool) {
        let above = self.above();
        // Adjacent labels share a block if no statement separates them.
        if let Some(block) = self.current {
            let group = &mut self.blocks[block.0 as usize];
            if group.stmts.is_empty() && !group.labels.is_empty() {
                group.labels.push(id);
                if let Some(open) = self.switches.last_mut() {
                    open.has_default |= is_default;
                    let dispatch = open.dispatch;
                    self.edge(dispatch, block, EdgeKind::Case);
                }
                return;
            }
        }
        let block = self.new_block();
        self.blocks[block.0 as usize].labels.push(id);
        if let (Some(open), Some(from)) = (self.switches.last(), above) {
            self.falls.push(Fall { switch: open.stmt, label: id, from });
        }
        self.jump(block, EdgeKind::Fallthrough);
        self.current = Some(block);
        if let Some(open) = self.switches.last_mut() {
            open.has_default |= is_default;
            let dispatch = open.dispatch;
            self.edge(dispatch, block, EdgeKind::Case);
        }
    }

    /// The block that ends here by position. After user labels, that is the block above them: in `goto l; l: case 2:`,
    /// control jumps to the section and does not fall into it.
    fn above(&self) -> Option<BlockId> {
        let current = self.current?;
        match self.label_above.get(&current) {
            Some(&above) if self.blocks[current.0 as usize].stmts.is_empty() => above,
            _ => Some(current),
        }
    }

    fn label(&mut self, name: Symbol) -> BlockId {
        if let Some(&block) = self.labels.get(&name) {
            return block;
        }
        let block = self.new_block();
        self.labels.insert(name, block);
        block
    }

    fn asm_labels(&mut self, e: ExprId) {
        if let ExprKind::Asm { labels, .. } = &self.body.expr(e).kind {
            for &name in labels {
                let block = self.label(name);
                self.edge(self.current, block, EdgeKind::Goto);
            }
            let next = self.new_block();
            self.jump(next, EdgeKind::Next);
            self.current = Some(next);
        }
    }

    /// Whether evaluating `e` certainly calls a function that does not return.
    fn never_comes_back(&self, e: ExprId) -> bool {
        let body = self.body;
        let mut todo = vec![e];
        while let Some(e) = todo.pop() {
            match &body.expr(e).kind {
                ExprKind::Call { args, .. } => {
                    if (self.noreturn)(body, e) {
                        return true;
                    }
                    todo.extend(args);
                }
                ExprKind::Binary { op: BinaryOp::And | BinaryOp::Or, left, .. } => todo.push(*left),
                ExprKind::Binary { left, right, .. } | ExprKind::Assign { left, right, .. } => {
                    todo.extend([*left, *right])
                }
                ExprKind::Cast { operand: inner, .. } | ExprKind::Unary { operand: inner, .. } => todo.push(*inner),
                ExprKind::Conditional { cond, .. } => todo.push(*cond),
                _ => {}
            }
        }
        false
    }
}
