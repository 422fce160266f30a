//! `fd-set-overflow`: a descriptor is added to an `fd_set` although it may exceed the bits of the set.

use crate::analysis::access::place;
use crate::checks::{Context, Rule, View};
use crate::hir::{Body, ExprId, ExprKind, UnaryOp};
use crate::report::{Confidence, Finding};

pub const RULE: Rule = Rule {
    id: "fd-set-overflow",
    page: include_str!("../../../rules/fd-set-overflow.md"),
    yields_to: &[],
    words: &["FD_SET"],
    wants: |_| true,
    check,
};

fn check(cx: &Context, view: &View, out: &mut Vec<Finding>) {
    let body = &view.function.body;
    // Code that mentions the limit enforces it, perhaps where descriptors are added.
    if view.source.text.contains("FD_SETSIZE") || cx.program.macros.is_defined("FD_SET") {
        return;
    }
    let mut told: Vec<(crate::hir::Symbol, usize)> = Vec::new();
    for (call, name, args) in body.calls() {
        let ([fd, set], "FD_SET") = (args, name) else { continue };
        let Some(descriptor) = place(body, *fd) else { continue };
        // The object behind a pointer may be larger.
        let ExprKind::Unary { op: UnaryOp::AddressOf, operand: set } = body.expr(*set).kind else { continue };
        if is_standard(body, *fd) || told.contains(&(descriptor.base, descriptor.path.len())) {
            continue;
        }
        told.push((descriptor.base, descriptor.path.len()));
        let span = body.expr(call).span;
        // The owner of the set may enforce its limit, too; and a tool has a single descriptor.
        let is_local = place(body, set).is_some_and(|p| p.is_variable() && view.local(p.base).is_some());
        let is_surely = is_local && !view.source.is_test() && !is_program(view);
        let confidence = if is_surely { Confidence::Medium } else { Confidence::Low };
        let text = view.source.text.get(body.expr(*fd).span.range()).unwrap_or_default();
        let mut f = view.finding(RULE.id, confidence, span, span);
        f.label = "writes past the set for large descriptors".into();
        f.message = format!(
            "`{text}` may be FD_SETSIZE or more, and nothing checks that: the bit is then written past the end of the set"
        );
        f.notes.push("outage: so many connections as there are bits are enough, whoever opens them".into());
        out.push(f);
    }
}

/// `STDIN_FILENO`, `0`.
fn is_standard(body: &Body, fd: ExprId) -> bool {
    match body.expr(body.bare(fd)).kind {
        ExprKind::Number(_) => true,
        ExprKind::Name(n) => !body.names.text(n).bytes().any(|b| b.is_ascii_lowercase()),
        _ => false,
    }
}

/// The file defines the `main` of a tool.
fn is_program(view: &View) -> bool {
    let unit = &view.unit.base;
    unit.functions.iter().any(|f| {
        let head = unit.code.get(f.span.start as usize..f.body as usize).unwrap_or_default();
        head.split('(').next().is_some_and(|head| head.split_whitespace().next_back() == Some("main"))
    })
}
