//! `message-driven-resend`: each challenge triggers a new request, without a limit.

use rustc_hash::FxHashSet;

use crate::analysis::access::{Place, place};
use crate::analysis::limits::counts;
use crate::analysis::sections::sections;
use crate::checks::{Context, Rule, View};
use crate::hir::{BinaryOp, Body, ExprId, ExprKind, StmtId, StmtKind};
use crate::report::{Confidence, Finding};

pub const RULE: Rule = Rule {
    id: "message-driven-resend",
    page: include_str!("../../../rules/message-driven-resend.md"),
    yields_to: &[],
    words: &[],
    wants: |_| true,
    check,
};

/// Statements reached when a challenge was received.
struct Region {
    /// The test that recognizes it.
    test: ExprId,
    stmts: Vec<StmtId>,
}

fn check(cx: &Context, view: &View, out: &mut Vec<Finding>) {
    let body = &view.function.body;
    let regions = regions(view);
    if regions.is_empty() || counts(body) || remembers(body) {
        return;
    }
    for region in regions {
        let calls = calls(body, &region.stmts);
        let limited =
            calls.iter().any(|&c| body.callee(c).is_some_and(|n| cx.limits.of(cx.program, n, view.unit.file)));
        let Some(&send) = calls.iter().find(|&&c| body.callee(c).is_some_and(sends)) else { continue };
        if limited {
            continue;
        }
        let first = calls.iter().copied().find(|&c| body.callee(c).is_some_and(prepares)).unwrap_or(send);
        let span = body.expr(first).span;
        let mut f = view.finding(RULE.id, Confidence::Medium, span, span);
        f.label = "a new request for each challenge".into();
        f.message = "each challenge that comes leads to a new request, and nothing limits how often".into();
        f.related.push(view.related(body.expr(region.test).span, "a challenge"));
        if send != first {
            f.related.push(view.related(body.expr(send).span, "sent here"));
        }
        f.notes.push("outage: a peer that answers each request with a challenge keeps both ends busy forever".into());
        out.push(f);
        return;
    }
}

/// The regions of a function that handle a challenge.
fn regions(view: &View) -> Vec<Region> {
    let body = &view.function.body;
    let mut all = Vec::new();
    for (i, stmt) in body.stmts.iter().enumerate() {
        let id = StmtId(i as u32);
        match stmt.kind {
            StmtKind::If { cond, then, .. } => match told(body, cond) {
                Some((test, BinaryOp::Eq)) => all.push(Region { test, stmts: vec![then] }),
                Some((test, _)) if leaves(body, then) => {
                    all.push(Region { test, stmts: view.nesting().following(body, id).to_vec() });
                }
                _ => {}
            },
            StmtKind::Switch { .. } => {
                for section in sections(body, id) {
                    let test = section.labels.iter().find_map(|&l| match body.stmt(l).kind {
                        StmtKind::Case(Some(e)) => is_challenge(body, e).then_some(e),
                        _ => None,
                    });
                    all.extend(test.map(|test| Region { test, stmts: section.stmts.clone() }));
                }
            }
            _ => {}
        }
    }
    all
}

/// A comparison with a challenge's status code, and whether it tests for equality.
fn told(body: &Body, cond: ExprId) -> Option<(ExprId, BinaryOp)> {
    let mut found = None;
    body.walk(cond, &mut |e| {
        if let ExprKind::Binary { op: op @ (BinaryOp::Eq | BinaryOp::Ne), left, right } = body.expr(e).kind
            && (is_challenge(body, left) || is_challenge(body, right))
        {
            found = found.or(Some((e, op)));
        }
    });
    found
}

fn is_challenge(body: &Body, e: ExprId) -> bool {
    const WORDS: [&str; 3] = ["UNAUTHORIZED", "PROXY_AUTH", "CHALLENGE"];
    match body.expr(e).kind {
        ExprKind::Number(n) => matches!(body.names.text(n), "401" | "407"),
        ExprKind::Name(n) => {
            let text = body.names.text(n);
            !text.bytes().any(|b| b.is_ascii_lowercase()) && WORDS.iter().any(|w| text.contains(w))
        }
        _ => false,
    }
}

fn leaves(body: &Body, then: StmtId) -> bool {
    let last = match &body.stmt(then).kind {
        StmtKind::Block(all) => all.last().copied(),
        _ => Some(then),
    };
    last.is_some_and(|s| {
        matches!(body.stmt(s).kind, StmtKind::Return(_) | StmtKind::Goto(_) | StmtKind::Break | StmtKind::Continue)
    })
}

/// The calls made in some statements, in source order.
fn calls(body: &Body, stmts: &[StmtId]) -> Vec<ExprId> {
    let mut all = Vec::new();
    for &s in stmts {
        body.walk_first(s, 400, &mut |s| {
            body.own_exprs(s, &mut |root| {
                body.walk(root, &mut |e| {
                    if matches!(body.expr(e).kind, ExprKind::Call { .. }) {
                        all.push(e);
                    }
                });
            });
        });
    }
    all.sort_by_key(|&e| body.expr(e).span.start);
    all
}

fn has_word(name: &str, words: &[&str]) -> bool {
    name.to_ascii_lowercase().split('_').any(|w| words.contains(&w))
}

/// It sends a request.
fn sends(name: &str) -> bool {
    const SENDS: [&str; 8] = ["send", "resend", "transmit", "retransmit", "sendreq", "sendto", "restart", "request"];
    const OTHER: [&str; 22] = [
        "response",
        "resp",
        "reject",
        "reply",
        "ack",
        "bye",
        "cancel",
        "error",
        "event",
        "create",
        "make",
        "new",
        "build",
        "get",
        "is",
        "find",
        "free",
        "destroy",
        "dec",
        "terminate",
        "state",
        "log",
    ];
    has_word(name, &SENDS) && !has_word(name, &OTHER)
}

/// It builds the request that answers the challenge.
fn prepares(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    sends(name) || (lower.contains("auth") && has_word(name, &["request", "create", "reinit", "add", "make", "build"]))
}

/// Something that a condition tests is set here: the next challenge is handled differently.
fn remembers(body: &Body) -> bool {
    let mut asked: FxHashSet<Place> = FxHashSet::default();
    for cond in body.stmts.iter().filter_map(|s| s.kind.condition()) {
        body.walk(cond, &mut |e| {
            if matches!(body.expr(e).kind, ExprKind::Member { .. }) {
                asked.extend(place(body, e));
            }
        });
    }
    body.exprs.iter().any(|e| match e.kind {
        ExprKind::Assign { left, .. } => {
            matches!(body.expr(left).kind, ExprKind::Member { .. })
                && place(body, left).is_some_and(|p| p.is_behind_pointer() && asked.contains(&p))
        }
        _ => false,
    })
}
