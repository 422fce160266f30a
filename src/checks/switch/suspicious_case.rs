//! `suspicious-case`: a `case` whose value is a Boolean expression or a comma list, which never means what it reads as.

use super::facts::folded;
use super::fixes::indent_of;
use crate::checks::{Context, Rule, View};
use crate::hir::{BinaryOp, Body, ExprId, ExprKind, StmtId, StmtKind};
use crate::preprocess::token::{Tokens, occurrences};
use crate::report::{Confidence, Edit, Finding, Fix};
use crate::source::Span;

pub const RULE: Rule = Rule {
    id: "suspicious-case",
    page: include_str!("../../../rules/suspicious-case.md"),
    yields_to: &[],
    words: &["switch", "case"],
    wants: |candidate| occurrences(candidate.code, "case").any(|at| has_operator(candidate.code, at)),
    check,
};

/// A value has few tokens; longer ones are not examined further.
const MAX_TOKENS: usize = 64;

/// A label begins at `at`, and one of the operators occurs before its colon.
fn has_operator(code: &str, at: usize) -> bool {
    if !code[..at].trim_ascii_end().ends_with([';', '{', '}', ':']) {
        return false;
    }
    let tokens = Tokens::new(code, at..code.len()).take(MAX_TOKENS);
    tokens.take_while(|t| !matches!(&*t.text, ":" | ";" | "{" | "}")).any(|t| is_operator(&t.text))
}

fn is_operator(text: &str) -> bool {
    matches!(text, "||" | "&&" | "==" | "!=" | "<" | ">" | "<=" | ">=" | ",")
}

fn check(_: &Context, view: &View, out: &mut Vec<Finding>) {
    let body = &view.function.body;
    for (i, stmt) in body.stmts.iter().enumerate() {
        if let StmtKind::Case(Some(value)) = stmt.kind
            && !stmt.in_macro
            && let ExprKind::Binary { op, left, right } = body.expr(value).kind
            && let Some(what) = what_it_is(op)
            // The operands have separate spans: the operator does not come from a macro.
            && body.expr(left).span.end <= body.expr(right).span.start
            && !is_assertion(view, StmtId(i as u32))
        {
            out.push(finding(view, stmt.span, value, op, what));
        }
    }
}

/// `switch (0) { case 0: case sizeof(x) == 4: ; }`: a compile-time assertion.
fn is_assertion(view: &View, label: StmtId) -> bool {
    let body = &view.function.body;
    view.nesting().around(label).find_map(|s| match body.stmt(s).kind {
        StmtKind::Switch { cond, .. } => Some(matches!(body.expr(cond).kind, ExprKind::Number(_))),
        _ => None,
    }) == Some(true)
}

/// What the value of a `case` with this outermost operator is.
fn what_it_is(op: BinaryOp) -> Option<(&'static str, Confidence)> {
    use BinaryOp::*;
    Some(match op {
        Or => ("1 if either side is not 0: only one value, and neither of the two", Confidence::High),
        And => ("1 if both sides are not 0: only one value, and neither of the two", Confidence::High),
        Eq | Ne | Lt | Le | Gt | Ge => ("a comparison: 0 or 1, whatever is compared", Confidence::Medium),
        Comma => ("a list of which only the last value counts", Confidence::High),
        _ => return None,
    })
}

fn finding(view: &View, label: Span, value: ExprId, op: BinaryOp, (what, confidence): (&str, Confidence)) -> Finding {
    let span = view.function.body.expr(value).span;
    Finding {
        rule: RULE.id,
        severity: confidence.into(),
        confidence,
        file: view.unit.file,
        span,
        label: "the value of this label".into(),
        function: Some(view.function.name.clone()),
        message: format!("`case {}` is {what}", folded(&view.reading.code, span)),
        related: Vec::new(),
        flow: Vec::new(),
        circuit: None,
        suppression: None,
        notes: view.assumed_in(label),
        fixes: if op == BinaryOp::Or { two_labels(view, label, value) } else { Vec::new() },
    }
}

/// `case A || B:` as the two labels that it reads as.
fn two_labels(view: &View, label: Span, value: ExprId) -> Vec<Fix> {
    let (body, file) = (&view.function.body, view.unit.file);
    let values = alternatives(body, value);
    let plain = |&e: &ExprId| !matches!(body.expr(e).kind, ExprKind::Binary { op, .. } if what_it_is(op).is_some());
    if !values.iter().all(plain) || !view.unit.scan.comments_in(label).is_empty() {
        return Vec::new();
    }
    let behind = format!("{}{}", view.unit.habits(&view.source.text).newline, indent_of(view.source, label.start));
    let labels: Vec<String> =
        values.iter().map(|&e| format!("case {}:", view.source.slice(body.expr(e).span))).collect();
    let edits = vec![Edit { file, span: label, replacement: labels.join(&behind) }];
    vec![Fix { description: "give each value a label of its own".into(), safe: false, edits }]
}

/// The operands of a chain of `||`, in source order.
fn alternatives(body: &Body, value: ExprId) -> Vec<ExprId> {
    let mut values = Vec::new();
    let mut todo = vec![value];
    while let Some(e) = todo.pop() {
        match body.expr(e).kind {
            ExprKind::Binary { op: BinaryOp::Or, left, right } => todo.extend([right, left]),
            _ => values.push(e),
        }
    }
    values
}
