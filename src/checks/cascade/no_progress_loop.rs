//! `no-progress-loop`: a loop over a message that the message can keep from terminating.

use super::control::is_zero;
use super::rounds::{InPlace, Over, elsewhere, in_place, never_moves, over};
use super::still::stands_still;
use super::stuck::{self, Stuck};
use crate::analysis::nesting::is_loop;
use crate::analysis::received::Received;
use crate::checks::{Context, Rule, View};
use crate::hir::{BinaryOp, Body, ExprId, ExprKind, StmtId, StmtKind, Symbol};
use crate::report::{Confidence, Finding, Related};
use crate::source::Span;

pub const RULE: Rule = Rule {
    id: "no-progress-loop",
    page: include_str!("../../../rules/no-progress-loop.md"),
    yields_to: &[],
    words: &[],
    wants: |_| true,
    check,
};

const OUTAGE: &str = "outage: one message keeps a thread busy forever, and what waits for it stands still";

fn check(cx: &Context, view: &View, out: &mut Vec<Finding>) {
    let body = &view.function.body;
    let mut received: Option<Received> = None;
    out.extend(stuck::next(cx, view).map(|found| stays(view, found)));
    for (i, stmt) in body.stmts.iter().enumerate() {
        let id = StmtId(i as u32);
        if stmt.in_macro || !is_loop(body, id) {
            continue;
        }
        out.extend(never_fails(view, id));
        let (cond, step) = match stmt.kind {
            StmtKind::While { cond, .. } | StmtKind::DoWhile { cond, .. } => (cond, None),
            StmtKind::For { cond: Some(cond), step, .. } => (cond, step),
            _ => continue,
        };
        if let Some(f) = wraps(view, id, cond) {
            out.push(f);
            continue;
        }
        if let Some(walker) = never_moves(cx, view, id, cond, step) {
            out.push(never_ends(view, cond, walker));
            continue;
        }
        if let Some((walker, step)) = elsewhere(view, id) {
            out.push(leads_back(view, walker, step));
            continue;
        }
        if step.is_none()
            && let Some(found) = in_place(cx, view, id, cond)
        {
            out.push(continues(view, cond, &found));
            continue;
        }
        let found = match step {
            None => stuck::by_failure(cx, view, id, cond).or_else(|| stuck::by_failing_read(cx, view, id, cond)),
            Some(_) => None,
        };
        if let Some(found) = found.or_else(|| stuck::by_empty_text(cx, view, id, cond)) {
            out.push(stays(view, found));
            continue;
        }
        let received = received.get_or_insert_with(|| Received::new(cx.program, view.function, &view.source.text));
        let found = stands_still(view, received, id, cond, step);
        if found.is_some() || received.is_empty() {
            out.extend(found.map(|found| stays(view, found)));
            continue;
        }
        let found = over(view, received, id, cond, step)
            .map(|found| jumps(view, &found))
            .or_else(|| stuck::by_stale(cx, view, received, id, cond).map(|found| stays(view, found)));
        out.extend(found);
    }
}

/// A path that skips the step.
fn continues(view: &View, cond: ExprId, found: &InPlace) -> Finding {
    let stmt = view.function.body.stmt(found.at);
    let span = stmt.span;
    let what = if matches!(stmt.kind, StmtKind::Continue) { "this `continue`" } else { "this branch" };
    let mut f = view.finding(RULE.id, Confidence::Medium, span, span);
    f.label = "back to the same place".into();
    f.message = format!("{what} skips the step of the loop, so the next round comes here again");
    f.related.push(view.related(found.skipped, "the step that is skipped"));
    f.related.push(view.related(view.function.body.expr(cond).span, "what ends the loop"));
    f.notes.push(OUTAGE.into());
    f
}

/// Nothing in the loop changes what its condition tests.
fn never_ends(view: &View, cond: ExprId, walker: Symbol) -> Finding {
    let body = &view.function.body;
    let span = body.expr(cond).span;
    let mut f = view.finding(RULE.id, Confidence::Medium, span, span);
    f.label = "the same in each round".into();
    f.message = format!("the loop ends only when `{}` changes, and nothing in it does that", body.names.text(walker));
    f.notes.push(OUTAGE.into());
    f
}

/// A step that does not depend on the current position.
fn leads_back(view: &View, walker: Symbol, step: ExprId) -> Finding {
    let body = &view.function.body;
    let span = body.expr(step).span;
    let mut f = view.finding(RULE.id, Confidence::Medium, span, span);
    f.label = "the same in each round".into();
    f.message = format!(
        "this step gives `{}` the same value in each round: it leads from somewhere else",
        body.names.text(walker)
    );
    f.notes.push(OUTAGE.into());
    f
}

/// An iteration that changes nothing.
fn stays(view: &View, found: Stuck) -> Finding {
    let mut f = view.finding(RULE.id, Confidence::Medium, found.span, found.span);
    f.label = found.label.into();
    f.message = found.message;
    let related =
        found.related.into_iter().map(|(file, span, message)| Related { file, span, message: message.into() });
    f.related.extend(related);
    f.notes.push(OUTAGE.into());
    f
}

/// A step past an end that must be met exactly.
fn jumps(view: &View, found: &Over) -> Finding {
    let body = &view.function.body;
    let span = body.expr(found.step).span;
    let mut f = view.finding(RULE.id, Confidence::Medium, span, span);
    f.label = "may step past the end".into();
    f.message = format!(
        "the loop ends only if its end is met exactly, and `{}`, which comes from the message, may step over it",
        body.names.text(found.by)
    );
    f.related.push(view.related(body.expr(found.test).span, "what ends the loop"));
    f.notes.push(OUTAGE.into());
    f
}

/// A counter narrower than its bound.
fn wraps(view: &View, at: StmtId, cond: ExprId) -> Option<Finding> {
    let body = &view.function.body;
    let ExprKind::Binary { op: BinaryOp::Lt | BinaryOp::Le, left, right } = body.expr(cond).kind else { return None };
    let ExprKind::Name(counter) = body.expr(left).kind else { return None };
    let narrow = width(declared(view, counter)?).filter(|w| *w <= 16)?;
    let ExprKind::Name(bound) = body.expr(body.bare(right)).kind else { return None };
    let wide = width(declared(view, bound)?).filter(|w| *w > narrow)?;
    let at_span = body.stmt(at).span;
    if has_upper_test(body, bound, at_span.start) || leaves(view, at) || !counts(body, at_span, counter) {
        return None;
    }
    let span = body.stmt(declaration(body, counter)?).span;
    let is_few = is_set_to_few(view, bound);
    // A 32-bit variable often only holds a 16-bit length.
    let confidence = if narrow == 8 || !is_few { Confidence::Medium } else { Confidence::Low };
    let mut f = view.finding(RULE.id, confidence, span, at_span);
    f.label = "too narrow for the limit of its loop".into();
    f.message = format!(
        "the counter `{}` has {narrow} bits and `{}` has {wide}: it wraps to 0 before it gets there",
        body.names.text(counter),
        body.names.text(bound)
    );
    f.notes.push(OUTAGE.into());
    f.related.push(view.related(body.expr(cond).span, "true forever if the limit is larger"));
    Some(f)
}

/// The error check that would end the loop tests an unsigned variable.
fn never_fails(view: &View, at: StmtId) -> Option<Finding> {
    let body = &view.function.body;
    let mut found = None;
    body.walk_stmts(at, &mut |s| {
        let StmtKind::If { cond, .. } = body.stmt(s).kind else { return };
        let ExprKind::Binary { op: BinaryOp::Lt, left, right } = body.expr(cond).kind else { return };
        let is_zero = is_zero(body, right);
        if let ExprKind::Assign { op: None, left, right } = body.expr(left).kind
            && is_zero
            && !body.stmt(s).in_macro
            && let ExprKind::Name(name) = body.expr(left).kind
            && matches!(body.expr(body.bare(right)).kind, ExprKind::Call { .. })
        {
            found.get_or_insert((name, body.expr(cond).span));
        }
    });
    let (name, test) = found?;
    if !is_unsigned(declared(view, name)?) {
        return None;
    }
    let span = body.stmt(declaration(body, name)?).span;
    let mut f = view.finding(RULE.id, Confidence::High, span, span);
    f.label = "unsigned, so never below 0".into();
    f.message = format!(
        "`{}` is unsigned: the check for a failed call, which should end the loop, never holds",
        body.names.text(name)
    );
    f.related.push(view.related(test, "never true"));
    f.related.push(view.at(at, "the loop that it should end"));
    f.notes.push(OUTAGE.into());
    Some(f)
}

/// Within the span, the counter is only incremented.
fn counts(body: &Body, within: Span, counter: Symbol) -> bool {
    let is = |e: ExprId| matches!(body.expr(e).kind, ExprKind::Name(n) if n == counter);
    let (mut up, mut set) = (false, false);
    for e in body.exprs.iter().filter(|e| within.start <= e.span.start && e.span.end <= within.end) {
        match e.kind {
            ExprKind::Update { operand, decrement, .. } if is(operand) => {
                up |= !decrement;
                set |= decrement;
            }
            ExprKind::Assign { op: Some(BinaryOp::Add), left, .. } if is(left) => up = true,
            ExprKind::Assign { op: Some(_), left, .. } if is(left) => set = true,
            // `i = i + 3`
            ExprKind::Assign { op: None, left, right } if is(left) => match body.expr(right).kind {
                ExprKind::Binary { op: BinaryOp::Add, left, .. } if is(left) => up = true,
                _ => {}
            },
            _ => {}
        }
    }
    up && !set
}

/// Before `before`, the variable is compared with an upper limit.
fn has_upper_test(body: &Body, name: Symbol, before: u32) -> bool {
    let is = |e: ExprId| matches!(body.expr(body.bare(e)).kind, ExprKind::Name(n) if n == name);
    // A limit that is itself a variable may be as large.
    let fixed = |e: ExprId| match body.expr(body.bare(e)).kind {
        ExprKind::Number(_) | ExprKind::Sizeof { .. } => true,
        ExprKind::Name(n) => !body.names.text(n).bytes().any(|b| b.is_ascii_lowercase()),
        _ => false,
    };
    body.exprs.iter().filter(|e| e.span.start < before).any(|e| match e.kind {
        ExprKind::Binary { op: BinaryOp::Gt | BinaryOp::Ge, left, right } => is(left) && fixed(right),
        ExprKind::Binary { op: BinaryOp::Lt | BinaryOp::Le, left, right } => is(right) && fixed(left),
        ExprKind::Binary { op: BinaryOp::Eq | BinaryOp::Ne, left, right } => {
            (is(left) && fixed(right)) || (is(right) && fixed(left))
        }
        _ => false,
    })
}

/// It is set from a call, division, mask, element, member or constant.
fn is_set_to_few(view: &View, name: Symbol) -> bool {
    let body = &view.function.body;
    let few = |e: ExprId| {
        let mut found = false;
        body.walk(e, &mut |e| {
            found |= matches!(
                body.expr(e).kind,
                ExprKind::Call { .. }
                    | ExprKind::Index { .. }
                    | ExprKind::Member { .. }
                    | ExprKind::Number(_)
                    | ExprKind::Sizeof { .. }
                    | ExprKind::Binary { op: BinaryOp::BitAnd | BinaryOp::Rem | BinaryOp::Div | BinaryOp::Shr, .. }
            );
        });
        found
    };
    body.exprs.iter().any(|e| match e.kind {
        ExprKind::Assign { left, right, .. } => {
            matches!(body.expr(left).kind, ExprKind::Name(n) if n == name) && few(right)
        }
        _ => false,
    }) || body.stmts.iter().any(|s| match &s.kind {
        StmtKind::Decl(all) => all.iter().any(|d| d.name == name && d.init.is_some_and(few)),
        _ => false,
    })
}

/// The loop has a `break` or `return` of its own.
fn leaves(view: &View, at: StmtId) -> bool {
    let body = &view.function.body;
    let mut found = false;
    body.walk_stmts(at, &mut |s| {
        found |= matches!(body.stmt(s).kind, StmtKind::Break | StmtKind::Return(_) | StmtKind::Goto(_));
    });
    found
}

fn declaration(body: &Body, name: Symbol) -> Option<StmtId> {
    let declares = |s: &crate::hir::Stmt| matches!(&s.kind, StmtKind::Decl(all) if all.iter().any(|d| d.name == name));
    body.stmts.iter().position(declares).map(|i| StmtId(i as u32))
}

/// The declaration of a local or parameter; none if two share the name.
fn declared<'v>(view: &'v View, name: Symbol) -> Option<&'v str> {
    let body = &view.function.body;
    let mut all = body.stmts.iter().filter_map(|s| match &s.kind {
        StmtKind::Decl(all) => all.iter().find(|d| d.name == name).map(|d| body.names.text(d.ty)),
        _ => None,
    });
    let params = view.function.params.iter().filter(|p| p.name == name);
    let mut all = all.by_ref().chain(params.filter_map(|p| view.source.text.get(p.span.range())));
    let one = all.next()?;
    all.next().is_none().then_some(one)
}

/// The width in bits of a declared integer.
fn width(declared: &str) -> Option<u32> {
    if declared.contains(['*', '[']) {
        return None;
    }
    let words: Vec<&str> = declared.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let has = |list: &[&str]| words.iter().any(|w| list.contains(w));
    match () {
        () if has(&[
            "uint8_t",
            "u_int8_t",
            "u_char",
            "uchar",
            "char",
            "u8",
            "pj_uint8_t",
            "guint8",
            "UINT8",
            "BYTE",
        ]) =>
        {
            Some(8)
        }
        () if has(&[
            "uint16_t",
            "u_int16_t",
            "u_short",
            "ushort",
            "short",
            "u16",
            "pj_uint16_t",
            "guint16",
            "UINT16",
        ]) =>
        {
            Some(16)
        }
        () if has(&["size_t", "ssize_t", "long", "uint64_t", "int64_t", "pj_size_t", "gsize"]) => Some(64),
        () if has(&[
            "int",
            "unsigned",
            "uint",
            "u_int",
            "uint32_t",
            "int32_t",
            "u_int32_t",
            "u32",
            "pj_uint32_t",
            "guint",
            "UINT32",
        ]) =>
        {
            Some(32)
        }
        () => None,
    }
}

fn is_unsigned(declared: &str) -> bool {
    const UNSIGNED: [&str; 9] =
        ["unsigned", "size_t", "uint", "u_int", "uint8_t", "uint16_t", "uint32_t", "uint64_t", "pj_size_t"];
    !declared.contains(['*', '['])
        && declared.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| UNSIGNED.contains(&word))
}
