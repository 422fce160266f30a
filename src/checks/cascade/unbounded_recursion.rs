//! `unbounded-recursion`: a decoder that calls itself as deep as the message is nested.

use rustc_hash::FxHashSet;

use crate::analysis::access::place;
use crate::analysis::received::Received;
use crate::checks::{Context, Rule, View};
use crate::hir::{ExprId, ExprKind, Symbol, UnaryOp};
use crate::report::{Confidence, Finding};

pub const RULE: Rule = Rule {
    id: "unbounded-recursion",
    page: include_str!("../../../rules/unbounded-recursion.md"),
    yields_to: &[],
    words: &[],
    wants: |_| true,
    check,
};

fn check(cx: &Context, view: &View, out: &mut Vec<Finding>) {
    let body = &view.function.body;
    let name = view.function.name.as_str();
    let Some(symbol) = body.names.find(name) else { return };
    let calls: Vec<ExprId> = (0..body.exprs.len() as u32)
        .map(ExprId)
        .filter(|&e| match body.expr(e).kind {
            ExprKind::Call { callee, .. } => matches!(body.expr(callee).kind, ExprKind::Name(n) if n == symbol),
            _ => false,
        })
        .collect();
    let is_itself = cx.program.callees(name, view.unit.file).iter().all(|d| d.file == view.unit.file);
    if calls.is_empty() || !is_itself || cx.program.macros.is_defined(name) || counts_depth(view) {
        return;
    }
    let received = Received::new(cx.program, view.function, &view.source.text);
    let cursors = cursors(cx, view);
    let call = calls.into_iter().find(|&call| {
        let ExprKind::Call { args, .. } = &body.expr(call).kind else { return false };
        args.iter().any(|&arg| {
            let moves = place(body, arg).is_some_and(|p| p.is_variable() && cursors.contains(&p.base));
            moves || gives_bytes(view, &received, arg)
        })
    });
    let Some(call) = call else { return };
    let span = body.expr(call).span;
    let confidence = if cursors.is_empty() { Confidence::Low } else { Confidence::Medium };
    let mut f = view.finding(RULE.id, confidence, span, span);
    f.label = "once more for each level of nesting".into();
    f.message =
        format!("`{name}` calls itself for what is nested in the message, and nothing counts how deep it is nested");
    f.notes.push("outage: one deeply nested message uses up the stack, and the process ends".into());
    out.push(f);
}

/// Some name speaks of a depth.
fn counts_depth(view: &View) -> bool {
    const WORDS: [&str; 8] = ["depth", "level", "nest", "recurs", "hops", "max", "limit", "budget"];
    let code = view.reading.code[view.function.span.range()].to_ascii_lowercase();
    WORDS.iter().any(|word| code.contains(word))
}

/// The parameters that hold bytes and a position in them, told by what is called with them.
fn cursors(cx: &Context, view: &View) -> FxHashSet<Symbol> {
    let body = &view.function.body;
    let mut all = FxHashSet::default();
    for (i, e) in body.exprs.iter().enumerate() {
        let ExprKind::Call { args, .. } = &e.kind else { continue };
        let Some(model) = body.callee(ExprId(i as u32)).and_then(|n| cx.program.catalog.model(n)) else { continue };
        let object = model.cursor().map(|c| c.object).or(model.extractor().and_then(|e| e.object));
        let object = object.and_then(|o| o.index()).and_then(|o| args.get(o)).and_then(|&a| place(body, a));
        all.extend(object.map(|p| p.base).filter(|base| view.function.params.iter().any(|p| p.name == *base)));
    }
    all
}

/// A buffer of the message, from some place on.
fn gives_bytes(view: &View, received: &Received, arg: ExprId) -> bool {
    let body = &view.function.body;
    let mut found = false;
    body.walk(arg, &mut |e| {
        found |= matches!(body.expr(e).kind, ExprKind::Name(n) if received.buffers.contains(&n));
        found |= matches!(body.expr(e).kind, ExprKind::Unary { op: UnaryOp::AddressOf, .. })
            && received.mentions(body, e)
            && !received.buffers.is_empty();
    });
    found
}
