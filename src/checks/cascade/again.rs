//! The path from a call back to the same call, given its result.

use rustc_hash::FxHashSet;

use crate::analysis::access::{Place, place};
use crate::analysis::cfg::{BlockId, EdgeKind};
use crate::analysis::outcome::{Goes, evaluated_at, goes, outcome};
use crate::checks::View;
use crate::hir::{BinaryOp, ExprId, ExprKind, StmtId, StmtKind};

/// Limit on the blocks visited when following a path.
const MAX_BLOCKS: usize = 2000;

/// How surely a path continues through a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Passes {
    Surely,
    Maybe,
    Never,
}

/// A call and its assumed result.
pub struct Again<'v, 'a> {
    view: &'v View<'a>,
    call: ExprId,
    /// The statement that evaluates the call.
    pub stmt: StmtId,
    block: BlockId,
    pub value: i64,
    /// Where the result is stored; none if a condition tests it directly.
    pub result: Option<Place>,
    /// What conditions and the call's arguments mention: a path that changes any of it may not lead back.
    asked: FxHashSet<Place>,
}

/// A path found back to the call.
pub struct Way {
    pub surely: bool,
    /// The first condition that tests the result.
    pub test: Option<ExprId>,
}

impl<'v, 'a> Again<'v, 'a> {
    /// None if the result is dropped or passed to something else.
    pub fn new(view: &'v View<'a>, call: ExprId, value: i64) -> Option<Again<'v, 'a>> {
        let body = &view.function.body;
        let (block, stmt) = evaluated_at(body, view.cfg, call)?;
        let result = match goes(body, stmt, call) {
            Goes::To(place) => Some(place),
            Goes::IntoCondition => None,
            Goes::Nowhere | Goes::Elsewhere => return None,
        };
        let mut asked = FxHashSet::default();
        let mut ask = |root: ExprId| {
            body.walk(root, &mut |e| {
                if matches!(body.expr(e).kind, ExprKind::Name(_) | ExprKind::Member { .. } | ExprKind::Index { .. }) {
                    asked.extend(place(body, e));
                }
            });
        };
        for stmt in &body.stmts {
            stmt.kind.condition().into_iter().for_each(&mut ask);
        }
        if let ExprKind::Call { args, .. } = &body.expr(call).kind {
            args.iter().for_each(|&a| ask(a));
        }
        asked.retain(|p| Some(p) != result.as_ref());
        Some(Again { view, call, stmt, block, value, result, asked })
    }

    /// The surest path back. `passes` judges calls and names.
    pub fn way(&self, passes: &dyn Fn(ExprId) -> Passes) -> Option<Way> {
        [Passes::Surely, Passes::Maybe].into_iter().find_map(|least| self.follow(least, passes))
    }

    fn follow(&self, least: Passes, passes: &dyn Fn(ExprId) -> Passes) -> Option<Way> {
        let body = &self.view.function.body;
        let cfg = self.view.cfg;
        let own = &cfg.block(self.block).stmts;
        let at = own.iter().position(|&s| s == self.stmt)?;
        if self.exprs(self.block, &own[..=at], true, passes) > least {
            return None;
        }
        let mut test = None;
        let mut seen = FxHashSet::default();
        let mut todo = vec![(self.block, at)];
        while let Some((id, from)) = todo.pop() {
            let block = cfg.block(id);
            if from == 0 && id == self.block && !seen.is_empty() {
                return Some(Way { surely: least == Passes::Surely, test });
            }
            if !seen.insert((id, from)) || seen.len() > MAX_BLOCKS {
                continue;
            }
            let labels = block.labels.iter().map(|&s| self.label(s, passes)).max();
            if labels.is_some_and(|l| l > least) {
                continue;
            }
            let rest = if id == self.block { &block.stmts[from + 1..] } else { &block.stmts[..] };
            if self.exprs(id, rest, false, passes) > least {
                continue;
            }
            let last = block.stmts.last().map(|&s| &body.stmt(s).kind);
            let cond = last.and_then(StmtKind::condition);
            let known = cond.and_then(|c| self.eval(c));
            let asks = cond.is_some_and(|c| self.mentions(c));
            if asks && (known.is_none() || matches!(last, Some(StmtKind::Switch { .. }))) {
                continue;
            }
            if asks {
                test = test.or(cond);
            }
            for edge in &block.edges {
                let goes = match edge.kind {
                    EdgeKind::True => known.is_none_or(|v| v != 0),
                    EdgeKind::False => known.is_none_or(|v| v == 0),
                    EdgeKind::Return => false,
                    _ => true,
                };
                if goes && edge.to != cfg.exit {
                    todo.push((edge.to, 0));
                }
            }
        }
        None
    }

    /// A path enters through a `case` label: the names in it count.
    fn label(&self, label: StmtId, passes: &dyn Fn(ExprId) -> Passes) -> Passes {
        match self.view.function.body.stmt(label).kind {
            StmtKind::Case(Some(e)) => self.expr(false, e, passes),
            _ => Passes::Surely,
        }
    }

    /// How surely a path continues through the statements of a block.
    fn exprs(&self, block: BlockId, stmts: &[StmtId], before: bool, passes: &dyn Fn(ExprId) -> Passes) -> Passes {
        let body = &self.view.function.body;
        let mut worst = Passes::Surely;
        for &s in stmts {
            let stmt = body.stmt(s);
            match &stmt.kind {
                StmtKind::Opaque | StmtKind::ComputedGoto => return Passes::Never,
                StmtKind::For { cond, .. } => {
                    cond.iter().for_each(|&c| worst = worst.max(self.expr(before, c, passes)));
                }
                _ => body.own_exprs(s, &mut |e| worst = worst.max(self.expr(before, e, passes))),
            }
        }
        if let Some(step) = self.view.cfg.block(block).step_of
            && let StmtKind::For { step: Some(step), .. } = body.stmt(step).kind
        {
            worst = worst.max(self.expr(before, step, passes));
        }
        worst
    }

    fn expr(&self, before: bool, root: ExprId, passes: &dyn Fn(ExprId) -> Passes) -> Passes {
        let body = &self.view.function.body;
        let mut worst = Passes::Surely;
        body.walk(root, &mut |e| {
            if e == self.call {
                return;
            }
            let own = match body.expr(e).kind {
                ExprKind::Call { .. } | ExprKind::Name(_) => passes(e),
                ExprKind::Update { operand, .. } => self.write(before, operand, None, passes),
                ExprKind::Assign { op, left, right } => {
                    // Adds or subtracts 0.
                    let stays = matches!(op, Some(BinaryOp::Add | BinaryOp::Sub))
                        && self.mentions(right)
                        && self.eval(right) == Some(0);
                    match stays {
                        true => Passes::Surely,
                        false => self.write(before, left, Some(right), passes),
                    }
                }
                ExprKind::Statement(_) | ExprKind::Opaque(_) | ExprKind::Asm { .. } => Passes::Never,
                _ => Passes::Surely,
            };
            worst = worst.max(own);
        });
        worst
    }

    fn write(&self, before: bool, left: ExprId, right: Option<ExprId>, passes: &dyn Fn(ExprId) -> Passes) -> Passes {
        let body = &self.view.function.body;
        let Some(written) = place(body, left) else { return Passes::Maybe };
        if right.is_some_and(|r| self.calls_again(r)) {
            return Passes::Surely;
        }
        if self.result.as_ref().is_some_and(|r| written.covers(r)) {
            // Overwritten just before the call, its new value is not tested.
            return if before { Passes::Surely } else { Passes::Never };
        }
        if !self.asked.iter().any(|p| written.covers(p)) {
            return Passes::Surely;
        }
        let (mut calls, mut moves) = (None, right.is_none());
        right.iter().for_each(|&r| {
            body.walk(r, &mut |e| match body.expr(e).kind {
                ExprKind::Call { .. } => calls = calls.max(Some(passes(e))),
                _ => moves |= place(body, e).is_some_and(|p| p.base == written.base),
            })
        });
        match calls {
            // Created anew: `fd = socket(…)`.
            Some(made) if !moves => made,
            Some(_) => Passes::Maybe,
            None => Passes::Never,
        }
    }

    fn calls_again(&self, root: ExprId) -> bool {
        let mut found = false;
        self.view.function.body.walk(root, &mut |e| found |= e == self.call);
        found
    }

    pub fn mentions(&self, root: ExprId) -> bool {
        let body = &self.view.function.body;
        let mut found = false;
        body.walk(root, &mut |e| found |= self.is_result(e));
        found
    }

    fn is_result(&self, e: ExprId) -> bool {
        e == self.call || self.result.as_ref().is_some_and(|r| place(&self.view.function.body, e).as_ref() == Some(r))
    }

    /// The value of an expression.
    fn eval(&self, e: ExprId) -> Option<i64> {
        outcome(&self.view.function.body, e, &|e| self.is_result(e).then_some(self.value))
    }
}
