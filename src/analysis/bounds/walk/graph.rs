//! One walk over the control-flow graph of a function, in reverse postorder.

use super::cond::Way;
use super::eval::{Eval, Frame, Variable};
use super::loops::Head;
use crate::analysis::bounds::terms::facts::FactId;
use crate::analysis::bounds::terms::linear::{Linear, Sym};
use crate::analysis::bounds::terms::names;
use crate::analysis::bounds::terms::state::{Key, Path, Value};
use crate::analysis::bounds::terms::symbols::{Source, What};
use crate::analysis::bounds::terms::types::Kind;
use crate::analysis::cfg::{BlockId, Cfg, EdgeKind};
use crate::analysis::dominators::Dominators;
use crate::hir::{Declarator, DeclaratorForm, ExprId, StmtId, StmtKind};

/// What the walk keeps per basic block.
struct Blocks {
    /// By block: the incoming paths from visited blocks.
    into: Vec<Vec<Way>>,
    /// By block: the facts at its end.
    end: Vec<FactId>,
    heads: Vec<Head>,
}

/// Labels of a `switch` that its `default` excludes.
const MAX_LABELS: usize = 16;

impl Eval<'_> {
    /// Walks the function's body; returns the loop heads with their loop-carried values.
    pub(super) fn walk(&mut self, cfg: &Cfg) -> Vec<Head> {
        let tree = Dominators::new(cfg);
        let predecessors = cfg.predecessors();
        let body = &self.function.body;
        let frame = Frame::of(body);
        let mut blocks = Blocks {
            into: vec![Vec::new(); cfg.blocks.len()],
            end: vec![FactId::NONE; cfg.blocks.len()],
            heads: Vec::new(),
        };
        let start = self.way();
        blocks.into[Cfg::ENTRY.0 as usize].push(start);
        for &block in &tree.order {
            let into = std::mem::take(&mut blocks.into[block.0 as usize]);
            let idom = tree.immediate(block);
            let at = if block == idom { FactId::NONE } else { blocks.end[idom.0 as usize] };
            self.join(into, at);
            let later = |p: &&BlockId| tree.position(**p) >= tree.position(block);
            let back: Vec<BlockId> = predecessors[block.0 as usize].iter().filter(later).copied().collect();
            if !back.is_empty() {
                let inside = inside(block, &back, &predecessors);
                let head = self.enter_loop(cfg, block, &inside);
                blocks.heads.push(head);
            }
            self.block(&frame, cfg, &tree, block, &mut blocks);
        }
        blocks.heads
    }

    fn block(&mut self, f: &Frame, cfg: &Cfg, tree: &Dominators, id: BlockId, blocks: &mut Blocks) {
        let block = cfg.block(id);
        let body = &self.function.body;
        let mut test: Option<(ExprId, bool)> = None;
        for (i, &stmt) in block.stmts.iter().enumerate() {
            let is_last = i + 1 == block.stmts.len();
            match &body.stmt(stmt).kind {
                StmtKind::If { cond, .. } | StmtKind::While { cond, .. } | StmtKind::DoWhile { cond, .. }
                    if is_last =>
                {
                    test = Some((*cond, false));
                }
                StmtKind::For { cond: Some(cond), .. } if is_last => test = Some((*cond, false)),
                StmtKind::Switch { cond, .. } if is_last => test = Some((*cond, true)),
                _ => self.statement(f, stmt),
            }
        }
        if let Some(stmt) = block.step_of
            && let StmtKind::For { step: Some(step), .. } = body.stmt(stmt).kind
        {
            self.eval(f, step);
        }
        blocks.end[id.0 as usize] = self.at;
        match test {
            Some((cond, false)) => {
                let (yes, no) = self.branch(f, cond);
                for edge in &block.edges {
                    let way = match edge.kind {
                        EdgeKind::False => no.clone(),
                        _ => yes.clone(),
                    };
                    self.send(tree, id, edge.to, way, blocks);
                }
            }
            Some((cond, true)) => {
                let value = self.eval(f, cond);
                for edge in &block.edges {
                    let mut way = self.way();
                    let labels = &cfg.block(edge.to).labels;
                    let is_default = |l: &StmtId| matches!(body.stmt(*l).kind, StmtKind::Case(None));
                    if edge.kind == EdgeKind::Case && !labels.iter().all(is_default) {
                        way.at = self.labelled(f, &value, labels, way.at);
                    } else {
                        way.at = self.unlabelled(f, &value, cfg, id, way.at);
                    }
                    self.send(tree, id, edge.to, way, blocks);
                }
            }
            None => {
                for edge in &block.edges {
                    let way = self.way();
                    self.send(tree, id, edge.to, way, blocks);
                }
            }
        }
    }

    fn send(&mut self, tree: &Dominators, from: BlockId, to: BlockId, way: Way, blocks: &mut Blocks) {
        if tree.position(from) >= tree.position(to) {
            if let Some(i) = blocks.heads.iter().position(|head| head.block == to) {
                let mut head = std::mem::take(&mut blocks.heads[i]);
                self.come_round(&mut head, way);
                blocks.heads[i] = head;
            }
        } else {
            blocks.into[to.0 as usize].push(way);
        }
    }

    /// The facts that a `case` implies about the value of the `switch`.
    fn labelled(&mut self, f: &Frame, value: &Value, labels: &[StmtId], at: FactId) -> FactId {
        let mut values = Vec::new();
        let Some(&first) = labels.first() else { return at };
        let span = self.function.body.stmt(first).span;
        for &label in labels {
            match self.function.body.stmt(label).kind {
                StmtKind::Case(Some(e)) => match self.constant(f, e) {
                    Some(n) => values.push(n),
                    None => return at,
                },
                _ => return at,
            }
        }
        let (Some(&least), Some(&greatest)) = (values.iter().min(), values.iter().max()) else { return at };
        let above = value.linear.plus_constant(-least);
        let below = value.linear.scaled(-1).and_then(|l| l.plus_constant(greatest));
        let facts = above.into_iter().chain(below).filter(|l| !l.terms().is_empty()).collect();
        self.facts.child(at, facts, Vec::new(), span)
    }

    /// The facts that `default`, or the end of a `switch`, implies about the value: it equals none of the labels.
    fn unlabelled(&mut self, f: &Frame, value: &Value, cfg: &Cfg, id: BlockId, at: FactId) -> FactId {
        let body = &self.function.body;
        let labels = cfg.block(id).edges.iter().filter(|e| e.kind == EdgeKind::Case);
        let labels: Vec<StmtId> =
            labels.flat_map(|e| cfg.block(e.to).labels.iter().copied()).take(MAX_LABELS).collect();
        let Some(&first) = labels.first() else { return at };
        let span = body.stmt(first).span;
        let mut apart = Vec::new();
        for label in labels {
            if let StmtKind::Case(Some(e)) = body.stmt(label).kind
                && let Some(n) = self.constant(f, e)
            {
                apart.extend(value.linear.plus_constant(-n).filter(|l| l.has_terms()));
            }
        }
        self.facts.child(at, Vec::new(), apart, span)
    }

    fn constant(&mut self, f: &Frame, e: ExprId) -> Option<i64> {
        self.eval(f, e).linear.as_constant()
    }

    fn statement(&mut self, f: &Frame, stmt: StmtId) {
        let body = &self.function.body;
        match &body.stmt(stmt).kind {
            StmtKind::Expr(e) => {
                self.eval(f, *e);
            }
            StmtKind::Return(Some(e)) => {
                let value = self.eval(f, *e);
                self.returned(value);
            }
            StmtKind::Decl(declarators) => {
                for declarator in declarators {
                    self.declaration(f, declarator);
                }
            }
            StmtKind::If { cond, .. }
            | StmtKind::While { cond, .. }
            | StmtKind::DoWhile { cond, .. }
            | StmtKind::For { cond: Some(cond), .. }
            | StmtKind::Switch { cond, .. } => {
                self.eval(f, *cond);
            }
            StmtKind::Opaque => {
                let event = self.event();
                self.state.change_all(event);
                for var in 0..self.variables.len() as u32 {
                    self.state.set_var(var, None);
                }
            }
            _ => {}
        }
    }

    fn declaration(&mut self, f: &Frame, declarator: &Declarator) {
        let Some(&var) = self.by_name.get(&declarator.name) else { return };
        if declarator.form == DeclaratorForm::Function {
            return;
        }
        let in_memory = self.variables[var as usize].in_memory;
        match declarator.init {
            Some(init) if !in_memory && !declarator.is_static => {
                let value = self.eval(f, init);
                let Variable { kind, name, .. } = self.variables[var as usize];
                self.stores_length = names::is_length(self.function.body.names.text(name));
                let value = self.convert(f, init, value, kind);
                self.stores_length = false;
                self.set(var, value);
            }
            Some(init) => {
                self.eval(f, init);
                if in_memory {
                    self.begun_anew(var);
                    let root = self.local_address(var).as_symbol();
                    self.zeroed.extend(root);
                }
            }
            None if in_memory => self.begun_anew(var),
            None => self.state.set_var(var, None),
        }
    }

    /// A variable in memory is declared: its previous contents are gone.
    fn begun_anew(&mut self, var: u32) {
        if let Some(root) = self.local_address(var).as_symbol() {
            let event = self.event();
            self.state.change_root(root, event);
        }
    }

    /// Enters a loop: what the loop modifies is unknown at its head, except for the initial values.
    fn enter_loop(&mut self, cfg: &Cfg, block: BlockId, inside: &[BlockId]) -> Head {
        let effects = self.effects(cfg, inside);
        let before = self.at;
        self.at = self.facts.place(before);
        let mut head = Head { block, at: self.at, before, ..Head::default() };
        for &var in &effects.variables {
            let Some(value) = self.state.var(var) else { continue };
            let kind = self.variables[var as usize].kind;
            let s = self.looped(value, kind, before);
            self.set(var, Value { linear: Linear::symbol(s), kind: value.kind });
            head.variables.push((var, s, value.linear));
        }
        let known: Vec<(Key, Value)> = self.state.memory().to_vec();
        let roots: Vec<Sym> = effects
            .passed
            .iter()
            .filter_map(|&var| match self.variables[var as usize].in_memory {
                true => self.symbols.find(&What::Local(var)),
                false => self.state.var(var).and_then(|v| self.root(&v.linear)),
            })
            .collect();
        for &root in &roots {
            let event = self.event();
            self.state.change_root(root, event);
        }
        for &field in &effects.fields {
            let event = self.event();
            let paths = &self.paths;
            self.state.change_field(field, event, |k| paths.last(k.path).is_some_and(|(_, f)| f == field));
        }
        if effects.elements {
            self.state.forget_elements();
        }
        for (key, value) in known {
            if self.state.get(&key).is_some() || (key.path == Path::ITSELF && effects.elements) {
                continue;
            }
            let s = self.looped(value, value.kind, before);
            let mut event = self.event;
            let now = Value { linear: Linear::symbol(s), kind: value.kind };
            self.state.set(key, now, &mut event);
            self.event = event;
            self.name_of_place(&key, &now);
            head.places.push((key, s, value));
        }
        head
    }

    /// The symbol of a loop-carried value that starts as `value`.
    fn looped(&mut self, value: Value, kind: Kind, at: FactId) -> Sym {
        let s = self.symbols.fresh(None, None);
        let values = vec![(value.linear, at)];
        self.describe_join(s, &values, kind);
        let (lo, hi) = kind.range();
        let info = self.symbols.info_mut(s);
        (info.lo, info.hi) = (lo, hi);
        info.source = Source::Looped { first: values, again: Vec::new() };
        s
    }

    /// A path leads back to the head of a loop.
    fn come_round(&mut self, head: &mut Head, way: Way) {
        let at = way.at;
        let mut values = Vec::new();
        for &(var, s, _) in &head.variables {
            values.push((s, way.state.var(var).map(|v| v.linear)));
        }
        self.enter(way);
        for &(key, s, value) in &head.places {
            let now = self.recall(key, value.kind, None, self.function.span);
            values.push((s, Some(now.linear)));
        }
        for (s, value) in &values {
            let wire = value.map_or_else(Default::default, |v| self.symbols.wire(&v));
            let info = self.symbols.info_mut(*s);
            info.wire = info.wire.max(wire);
            if let (Some(value), Source::Looped { again, .. }) = (value, &mut info.source) {
                again.push((*value, at));
            }
        }
        head.rounds.push(super::loops::Round { at, values });
    }
}

/// The blocks of the loop with that head: those that reach a back edge without passing the head.
fn inside(head: BlockId, back: &[BlockId], predecessors: &[Vec<BlockId>]) -> Vec<BlockId> {
    let mut seen = rustc_hash::FxHashSet::default();
    seen.insert(head);
    let mut todo: Vec<BlockId> = back.to_vec();
    let mut all = vec![head];
    while let Some(block) = todo.pop() {
        if seen.insert(block) {
            all.push(block);
            todo.extend(&predecessors[block.0 as usize]);
        }
    }
    all.sort_unstable();
    all
}
