//! `retry-without-backoff`: a failed operation is retried at once.

use super::again::{Again, Passes};
use crate::analysis::access::{Place, place};
use crate::checks::{Context, Rule, View};
use crate::hir::{BinaryOp, ExprId, ExprKind};
use crate::program::catalog::model::RetryKind;
use crate::report::{Confidence, Finding};

pub const RULE: Rule = Rule {
    id: "retry-without-backoff",
    page: include_str!("../../../rules/retry-without-backoff.md"),
    yields_to: &[],
    words: &[],
    wants: |_| true,
    check,
};

fn check(cx: &Context, view: &View, out: &mut Vec<Finding>) {
    let body = &view.function.body;
    out.extend(delays(view));
    for (call, name, _) in body.calls() {
        let Some(kind) = cx.program.catalog.retry(name).map(|retry| retry.kind) else { continue };
        let is_sent = match kind {
            RetryKind::Send => true,
            RetryKind::Connect | RetryKind::Register | RetryKind::Resolve => false,
            // A handshake resumes where it was, and a program is not started twice by accident.
            RetryKind::Handshake | RetryKind::Start => continue,
        };
        let Some(mut again) = Again::new(view, call, -1) else { continue };
        let is_pointer = |p: &Place| p.is_variable() && view.local(p.base).is_some_and(|l| l.pointer);
        if again.result.as_ref().is_some_and(is_pointer) {
            again.value = 0;
        }
        if body.stmt(again.stmt).in_macro {
            continue;
        }
        let passes = |other: ExprId| passes(cx, view, other);
        let Some(way) = again.way(&passes) else { continue };
        let Some(test) = way.test else { continue };
        let is_sure = way.surely && !is_sent;
        let confidence = if is_sure { Confidence::Medium } else { Confidence::Low };
        let span = body.expr(call).span;
        let mut f = view.finding(RULE.id, confidence, span, span);
        f.label = "tried again at once".into();
        f.message = format!("`{name}` is called again at once when it fails, as often as it fails");
        f.related.push(view.related(body.expr(test).span, "on failure, this leads back to the call"));
        f.notes.push(
            "outage: the other side, back from a failure, meets everyone's retries at once and fails again".into(),
        );
        out.push(f);
    }
}

/// A delay that is a peer's number minus a constant, with no check that it is larger.
fn delays(view: &View) -> Option<Finding> {
    const DELAYS: [&str; 6] = ["delay", "timeout", "interval", "refresh", "wait", "timer"];
    const GIVEN: [&str; 5] = ["expir", "lifetime", "ttl", "interval", "retry_after"];
    let body = &view.function.body;
    let speaks = |e: ExprId, words: &[&str]| {
        let mut found = false;
        body.walk(e, &mut |e| {
            if let ExprKind::Name(n) | ExprKind::Member { field: n, .. } = body.expr(e).kind {
                let lower = body.names.text(n).to_ascii_lowercase();
                found |= words.iter().any(|w| lower.contains(w));
            }
        });
        found
    };
    let is_constant = |e: ExprId| match body.expr(e).kind {
        ExprKind::Number(_) => true,
        ExprKind::Name(n) => !body.names.text(n).bytes().any(|b| b.is_ascii_lowercase()),
        _ => false,
    };
    body.exprs.iter().find_map(|e| {
        let ExprKind::Assign { op: None, left, right } = e.kind else { return None };
        let ExprKind::Binary { op: BinaryOp::Sub, left: number, right: less } = body.expr(right).kind else {
            return None;
        };
        let given = place(body, number)?;
        if !is_constant(less) || !speaks(left, &DELAYS) || !speaks(number, &GIVEN) {
            return None;
        }
        let is_nothing = |e: ExprId| matches!(body.expr(e).kind, ExprKind::Number(n) if body.names.text(n) == "0");
        let is_given = |e: ExprId| place(body, e).as_ref() == Some(&given);
        let is_asked = body.exprs.iter().any(|e| match e.kind {
            ExprKind::Binary { op: BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge, left, right } => {
                (is_given(left) && !is_nothing(right)) || (is_given(right) && !is_nothing(left))
            }
            ExprKind::Assign { op: None, left, right } => is_given(left) && is_constant(right) && !is_nothing(right),
            _ => false,
        });
        if is_asked {
            return None;
        }
        let span = body.expr(right).span;
        let mut f = view.finding(RULE.id, Confidence::Low, span, e.span);
        f.label = "nothing is left of a short one".into();
        f.message =
            "this delay is a time from the other side minus a constant; nothing checks that it is larger".into();
        f.notes.push(
            "outage: a short time given by the other side makes a refresh at once, and one after the other".into(),
        );
        Some(f)
    })
}

/// A path passes through a call or name if no time elapses there.
fn passes(cx: &Context, view: &View, e: ExprId) -> Passes {
    /// These indicate no failure, or one that ends by itself.
    const GO_ON: [&str; 10] = [
        "EINTR",
        "EAGAIN",
        "EWOULDBLOCK",
        "EINPROGRESS",
        "EALREADY",
        "EISCONN",
        "ENOBUFS",
        "EADDRINUSE",
        "EAI_AGAIN",
        "TRY_AGAIN",
    ];
    const TAKES_TIME: [&str; 24] = [
        "sleep", "wait", "delay", "poll", "select", "time", "backoff", "yield", "pause", "sched", "recv", "read",
        "accept", "pop", "event", "rand", "next", "loop", "run", "process", "dispatch", "step", "retr", "attempt",
    ];
    const IS_QUICK: [&str; 26] = [
        "log", "print", "debug", "warn", "err", "close", "free", "destroy", "release", "trace", "sock", "hton", "ntoh",
        "inet_", "mem", "str", "info", "notice", "lock", "fcntl", "assert", "dbg", "addr", "set", "init", "shutdown",
    ];
    let body = &view.function.body;
    if let ExprKind::Name(name) = body.expr(e).kind {
        let is_known = GO_ON.contains(&body.names.text(name));
        return if is_known { Passes::Never } else { Passes::Surely };
    }
    let Some(name) = body.callee(e) else { return Passes::Maybe };
    let catalog = &cx.program.catalog;
    if catalog.retry(name).is_some() || catalog.log(name).is_some() || catalog.free(name).is_some() {
        return Passes::Surely;
    }
    let lower = name.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let waits = catalog.delay(name).is_some()
        || catalog.wait(name).is_some()
        || catalog.timer(name).is_some()
        || catalog.blocking(name).is_some()
        || catalog.source(name).is_some();
    match () {
        () if waits || says(&TAKES_TIME) => Passes::Never,
        () if says(&IS_QUICK) => Passes::Surely,
        () => Passes::Maybe,
    }
}
