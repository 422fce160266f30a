//! What a section of a `switch` destroys just before it breaks, and a later use of it.

use super::exits::{Exit, Leaving, Meets, Switch, Telling, after};
use super::facts::folded;
use super::names::is_destroying_name;
use crate::analysis::access::{Access, Act, Place, Step, place};
use crate::analysis::flow::Flow;
use crate::checks::View;
use crate::hir::{Body, ExprId, ExprKind, StmtId, StmtKind};

pub struct Destroyed<'f> {
    /// What is destroyed, as written.
    pub text: String,
    pub by: StmtId,
    pub used: &'f Access,
    /// No test in between can have ruled out the use.
    pub plain: bool,
}

/// What the branch that ends in `exit` destroys and the code after the switch uses.
pub fn destroyed<'f>(
    view: &View,
    flow: &'f Flow,
    switch: &Switch,
    exit: &Exit,
    telling: &Telling,
) -> Option<Destroyed<'f>> {
    let body = &view.function.body;
    let Leaving::Jump(jump) = exit.how else { return None };
    let Some(StmtKind::Block(all)) = view.nesting().parent(jump).map(|p| &body.stmt(p).kind) else { return None };
    let at = all.iter().position(|&s| s == jump)?;
    let start = all[..at].iter().rposition(|&s| matches!(body.stmt(s).kind, StmtKind::Case(_))).map_or(0, |i| i + 1);
    let mut best: Option<Destroyed> = None;
    for (i, &s) in all[..at].iter().enumerate().skip(start).rev() {
        let Some((by, target)) = destroys(body, s) else { continue };
        let Some(dead) = place(body, target) else { continue };
        // `free(p); p = NULL;`
        let set_anew = |s: &StmtId| flow.accesses.of(*s).iter().any(|a| a.may_write() && a.place.covers(&dead));
        if all[i + 1..at].iter().any(set_anew) {
            continue;
        }
        let meet = |a: &Access| meets(body, a, &dead);
        let found = after(view, flow, switch, exit, telling, dead.base, &meet)?;
        // In the loop's next iteration, the code right before the switch, or its operand, uses it first.
        let mut head = flow.accesses.in_block(dead.base, switch.at.head).filter(|a| meet(a) != Meets::Nothing);
        let again = head.next().filter(|a| meet(a) == Meets::Use);
        let plain = found.plain.or(again.filter(|_| found.round[0]));
        if let Some(used) = plain.or(found.any).or(again.filter(|_| found.round[1])) {
            let text = folded(&view.reading.code, body.expr(target).span);
            let this = Destroyed { text, by, used, plain: plain.is_some() };
            if best.as_ref().is_none_or(|b| this.plain && !b.plain) {
                best = Some(this);
            }
        }
    }
    best
}

/// `free(p);`, also under `if (p)`: the statement that destroys, and its target.
fn destroys(body: &Body, mut s: StmtId) -> Option<(StmtId, ExprId)> {
    loop {
        match &body.stmt(s).kind {
            StmtKind::If { then, otherwise: None, .. } => s = *then,
            StmtKind::Block(all) if all.len() == 1 => s = all[0],
            StmtKind::Expr(e) => {
                let ExprKind::Call { args, .. } = &body.expr(*e).kind else { return None };
                let name = body.callee(*e).filter(|name| is_destroying_name(name))?;
                // The object is the only argument, or the second of two for functions that take an allocator first.
                let target = match args[..] {
                    [only] => only,
                    [_, second] if name.contains("free") => second,
                    _ => return None,
                };
                let target = match body.expr(target).kind {
                    ExprKind::Cast { operand: inner, .. } => inner,
                    _ => target,
                };
                let named = matches!(body.expr(target).kind, ExprKind::Name(_) | ExprKind::Member { .. });
                return named.then_some((s, target));
            }
            _ => return None,
        }
    }
}

fn meets(body: &Body, a: &Access, dead: &Place) -> Meets {
    let behind = a.place.path.len() > dead.path.len()
        && a.place.path.starts_with(&dead.path)
        && matches!(a.place.path[dead.path.len()], Step::Deref | Step::Index);
    match a.act {
        Act::Write | Act::Escape | Act::Declare if a.place.covers(dead) => Meets::End,
        _ if behind => Meets::Use,
        Act::Read if a.place == *dead && a.call.is_some_and(|call| body.callee(call).is_some()) => Meets::Use,
        _ => Meets::Nothing,
    }
}
