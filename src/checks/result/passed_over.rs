//! Variables whose every assignment is skipped by a jump or by a value without a `case` label.

use rustc_hash::FxHashSet;

use super::unset::{Does, Unset, does, is_called_like_a_macro, may_be_macro};
use crate::analysis::access::{Access, place};
use crate::analysis::cfg::{BlockId, Edge, EdgeKind};
use crate::analysis::flow::{From, Go};
use crate::analysis::nesting::is_loop;
use crate::checks::switch::handled::{Handled, without_default};
use crate::checks::{Context, View};
use crate::hir::{DeclaratorForm, ExprId, ExprKind, StmtId, StmtKind, Symbol, UnaryOp};

/// Variables set in more places than this are skipped.
const MAX_FILLS: usize = 24;

/// A read that is reached by a path past every assignment to the variable, and what that path skips.
pub struct PassedOver {
    pub read: ExprId,
    pub fill: StmtId,
    /// The jump, or the `switch` without a label for some value.
    pub by: StmtId,
}

/// What conditions on a path may reveal about whether the variable was set.
struct Tells {
    /// Variables that are tested before it is set, or set along with it.
    names: FxHashSet<Symbol>,
    /// Conditions that guard a statement that sets it.
    guards: Vec<StmtId>,
    /// The end of the first statement that sets it.
    first: u32,
}

pub fn passed_over(cx: &Context, view: &View, local: &Unset, fills: &[StmtId]) -> Option<PassedOver> {
    let body = &view.function.body;
    if fills.is_empty() || fills.len() > MAX_FILLS || local.form == DeclaratorForm::Array {
        return None;
    }
    let tells = tells(view, local, fills)?;
    let open: Vec<StmtId> = match tells.guards.iter().any(|&g| matches!(body.stmt(g).kind, StmtKind::Switch { .. })) {
        true => without_default(cx, view)
            .into_iter()
            .filter(|o| !matches!(o.handled, Handled::Unknown))
            .map(|o| o.switch.stmt)
            .collect(),
        false => Vec::new(),
    };
    let leads = |branch: StmtId| fills.iter().any(|&f| f == branch || view.nesting().is_inside(f, branch));
    let flow = view.flow(cx);
    let mut reads: Vec<ExprId> = Vec::new();
    let mut jumps: Vec<StmtId> = Vec::new();
    let mut meet = |_: BlockId, a: &Access| match does(cx, view, local, a) {
        Does::Fills => Go::Stop,
        Does::Nothing => Go::On,
        Does::Reads if may_be_macro(cx, view, a) && is_called_like_a_macro(view, a) => Go::Stop,
        Does::Reads => {
            if !body.stmt(a.stmt).in_macro {
                reads.extend(a.expr);
            }
            Go::Stop
        }
    };
    let mut pass = |block: BlockId, edge: &Edge| {
        let last = view.cfg.block(block).stmts.last().copied();
        match edge.kind {
            EdgeKind::Goto => {
                let to = view.cfg.block(edge.to).stmts.first();
                jumps.extend(last.filter(|_| to.is_some_and(|&s| body.stmt(s).span.start > tells.first)));
            }
            EdgeKind::Break => {
                let left = last.and_then(|s| view.nesting().left_by_break(body, s));
                return left.is_some_and(|s| !tells.guards.contains(&s));
            }
            _ => {}
        }
        let Some(at) = last.filter(|&s| body.stmt(s).kind.condition().is_some()) else {
            return edge.kind != EdgeKind::Return;
        };
        let Some(cond) = body.stmt(at).kind.condition() else { return true };
        if tells.guards.contains(&at) {
            let taken = match body.stmt(at).kind {
                StmtKind::Switch { .. } => edge.kind == EdgeKind::NoCase && open.contains(&at),
                StmtKind::If { then, .. } if edge.kind == EdgeKind::True => leads(then),
                StmtKind::If { otherwise: Some(otherwise), .. } => leads(otherwise),
                _ => is_loop(body, at) && edge.kind == EdgeKind::True,
            };
            if taken && edge.kind == EdgeKind::NoCase {
                jumps.push(at);
            }
            return taken;
        }
        !may_know(view, &tells, cond)
    };
    flow.forward(&[From::Behind(local.stmt)], local.name, &mut meet, &mut pass)?;
    reads.sort_by_key(|&e| body.expr(e).span.start);
    let begin = body.stmt(local.stmt).span.end;
    let read = reads.into_iter().find(|&e| body.expr(e).span.start > tells.first)?;
    let by =
        jumps.into_iter().filter(|&s| body.stmt(s).span.start >= begin).min_by_key(|&s| body.stmt(s).span.start)?;
    Some(PassedOver { read, fill: *fills.first()?, by })
}

fn tells(view: &View, local: &Unset, fills: &[StmtId]) -> Option<Tells> {
    let body = &view.function.body;
    let nesting = view.nesting();
    let mut tells = Tells { names: FxHashSet::default(), guards: Vec::new(), first: u32::MAX };
    let mut outermost: Vec<StmtId> = Vec::new();
    for &fill in fills {
        tells.first = tells.first.min(body.stmt(fill).span.end);
        let around = std::iter::once(fill).chain(nesting.around(fill));
        let guards: Vec<StmtId> =
            around.filter(|&s| body.stmt(s).kind.condition().is_some() && !nesting.is_inside(local.stmt, s)).collect();
        if let Some(&outer) = guards.last()
            && !outermost.contains(&outer)
        {
            outermost.push(outer);
        }
        for guard in guards {
            if !tells.guards.contains(&guard) {
                tells.guards.push(guard);
            }
        }
    }
    // Two with the same condition may together cover every path.
    if outermost.len() > 1 && outermost.iter().any(|&s| matches!(body.stmt(s).kind, StmtKind::Switch { .. })) {
        return None;
    }
    let mut inner: Vec<StmtId> = Vec::new();
    outermost.iter().for_each(|&outer| body.walk_stmts(outer, &mut |s| inner.push(s)));
    inner.extend(fills);
    for s in inner {
        if let Some(cond) = body.stmt(s).kind.condition() {
            names_in(view, cond, &mut tells.names);
        }
        body.own_exprs(s, &mut |root| {
            body.walk(root, &mut |e| {
                if let Some(p) = written(view, e) {
                    tells.names.insert(p);
                }
            });
        });
    }
    Some(tells)
}

/// The condition mentions something set along with the variable or, after the first place where that happens, anything
/// that the function sets.
fn may_know(view: &View, tells: &Tells, cond: ExprId) -> bool {
    let body = &view.function.body;
    let mut names = FxHashSet::default();
    names_in(view, cond, &mut names);
    if names.iter().any(|n| tells.names.contains(n)) {
        return true;
    }
    let late = body.expr(cond).span.start > tells.first;
    late && (0..body.exprs.len() as u32).any(|e| written(view, ExprId(e)).is_some_and(|n| names.contains(&n)))
}

fn names_in(view: &View, e: ExprId, names: &mut FxHashSet<Symbol>) {
    let body = &view.function.body;
    body.walk(e, &mut |e| {
        if let ExprKind::Name(name) = body.expr(e).kind
            && body.names.text(name).bytes().any(|b| b.is_ascii_lowercase())
        {
            names.insert(name);
        }
    });
}

/// The variable that an expression sets, or whose address it takes.
fn written(view: &View, e: ExprId) -> Option<Symbol> {
    let body = &view.function.body;
    match body.expr(e).kind {
        ExprKind::Assign { left: to, .. }
        | ExprKind::Update { operand: to, .. }
        | ExprKind::Unary { op: UnaryOp::AddressOf, operand: to } => place(body, to).map(|p| p.base),
        _ => None,
    }
}
