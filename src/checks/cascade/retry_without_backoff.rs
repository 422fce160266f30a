//! `retry-without-backoff`: what failed is tried again at once.

use super::again::{Again, Passes};
use crate::analysis::access::Place;
use crate::checks::{Context, Rule, View};
use crate::hir::{ExprId, ExprKind};
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
    for (call, name, _) in body.calls() {
        let Some(kind) = cx.program.catalog.retry(name).map(|retry| retry.kind) else { continue };
        let is_sent = match kind {
            RetryKind::Send => true,
            RetryKind::Connect | RetryKind::Register | RetryKind::Resolve => false,
            // A handshake goes on where it was, and a program is not started twice by accident.
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
        f.message = format!("`{name}` is called again as soon as it failed, and as often as it fails");
        f.related.push(view.related(body.expr(test).span, "the way on which it failed leads back"));
        f.notes.push(
            "outage: the other side, back from a failure, meets everyone's retries at once and fails again".into(),
        );
        out.push(f);
    }
}

/// A way through a call or name is one on which time does not pass.
fn passes(cx: &Context, view: &View, e: ExprId) -> Passes {
    /// What these tell is no failure, or one that ends by itself.
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
