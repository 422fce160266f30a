//! Variables that are read although nothing can have set them, or where the only branch that sets them was not taken.

use super::graded;
use super::passed_over::passed_over;
use super::unset::{Does, Unset, does, is_called_like_a_macro, is_number, may_be_macro};
use crate::analysis::access::{Access, Act};
use crate::analysis::cfg::BlockId;
use crate::analysis::flow::{From, Go};
use crate::checks::{Context, View};
use crate::hir::{DeclaratorForm, ExprKind, StmtId, StmtKind, UnaryOp};
use crate::report::{Confidence, Finding};

/// A variable used more often than this is set somewhere.
const MAX_ACCESSES: usize = 256;

/// A read of a variable that may be unset.
pub struct Unfilled {
    pub finding: Finding,
    /// The `switch` that skips all assignments for a value without a label.
    pub by_switch: Option<StmtId>,
}

pub fn check(cx: &Context, view: &View, local: &Unset, rule: &'static str) -> Option<Unfilled> {
    let body = &view.function.body;
    let flow = view.flow(cx);
    if flow.accesses.of_variable(local.name).nth(MAX_ACCESSES).is_some() {
        return None;
    }
    let mut fills: Vec<(BlockId, StmtId)> = Vec::new();
    for (block, a) in flow.accesses.of_variable(local.name) {
        match does(cx, view, local, a) {
            Does::Fills if a.act != Act::Havoc => fills.push((block, a.stmt)),
            Does::Fills => return None,
            _ => {}
        }
    }
    // If nothing else sets it, the macro may.
    if fills.is_empty() && flow.accesses.of_variable(local.name).any(|(_, a)| may_be_macro(cx, view, a)) {
        return None;
    }
    let mut reads: Vec<&Access> = Vec::new();
    let mut meet = |_: BlockId, a: &Access| match does(cx, view, local, a) {
        Does::Fills => Go::Stop,
        Does::Nothing => Go::On,
        Does::Reads if may_be_macro(cx, view, a) && is_called_like_a_macro(view, a) => Go::Stop,
        Does::Reads => {
            if let Some((_, own)) = flow.accesses.of_variable(local.name).find(|(_, own)| std::ptr::eq(*own, a)) {
                reads.push(own);
            }
            Go::Stop
        }
    };
    flow.forward(&[From::Behind(local.stmt)], local.name, &mut meet, &mut |_, _| true)?;
    reads.sort_by_key(|a| a.expr.map(|e| body.expr(e).span.start));
    let name = body.names.text(local.name);
    if reads.is_empty() || has_more_in_other_arms(view, name) {
        return None;
    }
    let found = reads.into_iter().find_map(|read| {
        let e = read.expr?;
        if body.stmt(read.stmt).in_macro || means_nothing(view, read) {
            return None;
        }
        if fills.iter().all(|&(block, stmt)| !reaches(view, (block, stmt), read.stmt)) {
            let message = format!("`{name}` is read here, but nothing has set it");
            let certain = read.certain && local.form != DeclaratorForm::Array;
            let confidence = if certain { Confidence::High } else { Confidence::Medium };
            return Some((e, confidence, message, None));
        }
        let whole = read.call.is_some() && local.form != DeclaratorForm::Pointer && !is_number(view, local);
        let [(_, fill)] = fills[..] else { return None };
        let branch = whole.then(|| skipped(view, local, fill, read.stmt))??;
        let message = format!("`{name}` is filled in one branch only, but read after it in any case");
        Some((e, Confidence::Medium, message, Some((fill, branch))))
    });
    let Some((read, confidence, message, at)) = found else { return jumped(cx, view, local, &fills, rule) };
    let span = body.expr(read).span;
    let mut f = view.finding(rule, graded(view, confidence), span, span);
    f.label = "has no value here".into();
    f.message = message;
    if let Some((fill, branch)) = at {
        f.related.push(view.at(fill, "filled here"));
        if let Some(cond) = body.stmt(branch).kind.condition() {
            f.related.push(view.related(body.expr(cond).span, "only if this holds"));
        }
    }
    Some(Unfilled { finding: f, by_switch: None })
}

/// A path bypasses every assignment to the variable.
fn jumped(
    cx: &Context,
    view: &View,
    local: &Unset,
    fills: &[(BlockId, StmtId)],
    rule: &'static str,
) -> Option<Unfilled> {
    let body = &view.function.body;
    let fills: Vec<StmtId> = fills.iter().map(|&(_, s)| s).collect();
    let found = passed_over(cx, view, local, &fills)?;
    let name = body.names.text(local.name);
    let span = body.expr(found.read).span;
    let mut f = view.finding(rule, graded(view, Confidence::Medium), span, span);
    f.label = "may have no value here".into();
    let is_switch = matches!(body.stmt(found.by).kind, StmtKind::Switch { .. });
    let by = if is_switch { "a value that the `switch` has no label for" } else { "a jump" };
    f.message = format!("`{name}` is read here, but {by} skips all that sets it");
    f.related.push(view.at(found.by, if is_switch { "no label for some value" } else { "skips it" }));
    f.related.push(view.at(found.fill, "set here"));
    Some(Unfilled { finding: f, by_switch: is_switch.then_some(found.by) })
}

/// Conditional arms that are not analysed mention the variable, too, and may set it.
fn has_more_in_other_arms(view: &View, name: &str) -> bool {
    let range = view.function.span.range();
    let count = |code: &str| {
        let text = code.get(range.clone()).unwrap_or_default();
        text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| *word == name).count()
    };
    count(view.unit.all_arms()) != count(&view.reading.code)
}

/// `(void) x;`, `x = x;`
fn means_nothing(view: &View, read: &Access) -> bool {
    let body = &view.function.body;
    let StmtKind::Expr(e) = body.stmt(read.stmt).kind else { return false };
    match body.expr(e).kind {
        ExprKind::Cast { .. } | ExprKind::Name(_) => true,
        ExprKind::Assign { op: None, left, right } => {
            matches!((&body.expr(left).kind, &body.expr(right).kind), (ExprKind::Name(a), ExprKind::Name(b)) if a == b)
        }
        _ => false,
    }
}

/// A path leads from after `from` to `to`.
fn reaches(view: &View, (block, from): (BlockId, StmtId), to: StmtId) -> bool {
    let place = |b: BlockId, s: StmtId| view.cfg.block(b).stmts.iter().position(|x| *x == s);
    if let (Some(i), Some(k)) = (place(block, from), place(block, to))
        && i <= k
    {
        return true;
    }
    let mut seen = vec![false; view.cfg.blocks.len()];
    let mut todo: Vec<BlockId> = view.cfg.block(block).edges.iter().map(|e| e.to).collect();
    while let Some(b) = todo.pop() {
        if std::mem::replace(&mut seen[b.0 as usize], true) {
            continue;
        }
        if place(b, to).is_some() {
            return true;
        }
        todo.extend(view.cfg.block(b).edges.iter().map(|e| e.to));
    }
    false
}

/// The `if` that contains `fill` but not `read`, if no condition between them or around the read can know whether it
/// was taken.
fn skipped(view: &View, local: &Unset, fill: StmtId, read: StmtId) -> Option<StmtId> {
    let body = &view.function.body;
    let nesting = view.nesting();
    let around = nesting.around(fill).take_while(|&s| !nesting.is_inside(read, s));
    let branching: Vec<StmtId> = around.filter(|&s| !matches!(body.stmt(s).kind, StmtKind::Block(_))).collect();
    let outermost = *branching.last()?;
    if branching.iter().any(|&s| !matches!(body.stmt(s).kind, StmtKind::If { otherwise: None, .. })) {
        return None;
    }
    let outer = body.stmt(outermost).span;
    // What is set or tested inside may be tested again.
    let mut telling: Vec<crate::hir::Symbol> = Vec::new();
    let mut in_branch: Vec<StmtId> = Vec::new();
    body.walk_stmts(outermost, &mut |s| in_branch.push(s));
    let flow_of = |s: StmtId| body.stmt(s).kind.condition();
    for &s in &in_branch {
        body.own_exprs(s, &mut |e| {
            body.walk(e, &mut |e| match body.expr(e).kind {
                ExprKind::Assign { left, .. } | ExprKind::Update { operand: left, .. } => {
                    if let Some(p) = crate::analysis::access::place(body, left) {
                        telling.push(p.base);
                    }
                }
                ExprKind::Unary { op: UnaryOp::AddressOf, operand } => {
                    if let Some(p) = crate::analysis::access::place(body, operand) {
                        telling.push(p.base);
                    }
                }
                _ => {}
            });
        });
        if let Some(cond) = flow_of(s) {
            body.walk(cond, &mut |e| {
                if let ExprKind::Name(name) = body.expr(e).kind {
                    telling.push(name);
                }
            });
        }
    }
    telling.retain(|name| *name != local.name);
    let to = body.stmt(read).span;
    let asks = |s: StmtId| {
        let stmt = body.stmt(s);
        let between = stmt.span.start >= outer.end && stmt.span.start < to.end;
        let over_read = nesting.is_inside(read, s) && !nesting.is_inside(fill, s);
        let Some(cond) = flow_of(s) else { return false };
        (between || over_read || s == read) && telling.iter().any(|name| body.mentions(cond, *name))
    };
    // A read on a conditional path may be guarded by something else.
    let apart = nesting.around(read).take_while(|&s| !nesting.is_inside(fill, s));
    let is_apart = apart.into_iter().any(|s| !matches!(body.stmt(s).kind, StmtKind::Block(_)));
    let asked = (0..body.stmts.len() as u32).map(StmtId).any(asks);
    (!asked && !is_apart && outer.end <= to.start).then_some(outermost)
}
