//! The result family: what a call returned or stored is used before its success was checked.

mod apart;
pub mod null_on_some_path;
pub mod numeric_text_as_length;
mod passed_over;
pub mod sibling_without_length_check;
pub mod unchecked_lookup;
pub mod unchecked_parse_result;
pub mod unchecked_part;
pub mod unchecked_result_belief;
pub mod unfilled;
pub mod uninitialized_after_parse;
pub mod unset;

use crate::analysis::access::{Place, place};
use crate::analysis::nullness::callers::Callers;
use crate::analysis::nullness::miss::Doubt;
use crate::analysis::nullness::miss::Miss;
use crate::analysis::nullness::{Origin, UseKind};
use crate::checks::View;
use crate::hir::{Body, ExprId, ExprKind};
use crate::report::{Confidence, Finding, Related};
use crate::source::Span;

/// The pointers used, except those that are only asserted to be non-null.
fn used_nulls<'v>(view: &'v View) -> impl Iterator<Item = &'v Miss> {
    view.known.nulls.iter().filter(|m| !matches!(m.used.kind, UseKind::Asserted) && m.doubt.is_none())
}

/// The pointers used that may be null only by indirect evidence.
fn doubted<'v>(view: &'v View) -> impl Iterator<Item = (&'v Miss, &'v Doubt)> {
    view.known.nulls.iter().filter_map(|m| Some((m, m.doubt.as_ref()?)))
}

/// Findings in tests are reported at `low`: there a failure shows at once, to those who can fix it.
fn graded(view: &View, confidence: Confidence) -> Confidence {
    if view.source.is_test() || is_called_a_test(&view.function.name) { Confidence::Low } else { confidence }
}

/// `test_speed()` is a test beside the code it tests; `proxy_test()` is not.
fn is_called_a_test(function: &str) -> bool {
    function.starts_with("test_")
}

/// A finding where a pointer is used, with the origin of its value.
fn finding(view: &View, rule: &'static str, miss: &Miss, confidence: Confidence) -> Finding {
    let body = &view.function.body;
    let span = body.expr(miss.used.expr).span;
    let mut finding = view.finding(rule, graded(view, confidence), span, span);
    finding.label = match miss.used.kind {
        UseKind::Dereference => "dereferenced here",
        UseKind::Called => "called here",
        UseKind::Arithmetic => "used in arithmetic here",
        UseKind::Address | UseKind::PartGiven => "a member's address is computed here",
        UseKind::Library | UseKind::Given { .. } | UseKind::Asserted => "dereferenced by what it is passed to",
    }
    .into();
    let origin: Option<(Span, String)> = match miss.used.origin {
        Origin::Call(call) => Some((body.expr(call).span, "the result comes from here".into())),
        Origin::Stored { call, .. } => Some((body.expr(call).span, "it is stored here".into())),
        Origin::Null(e) => Some((body.expr(e).span, "null from here on some path".into())),
        Origin::Asked(e) | Origin::Loaded(e) if miss.doubt.is_none() => {
            Some((body.expr(e).span, "null is possible here".into()))
        }
        Origin::Parameter(_) if miss.doubt.is_none() => {
            miss.asked.first().map(|&e| (body.expr(e).span, "null is possible here".into()))
        }
        Origin::Parameter(_) | Origin::Asked(_) | Origin::Loaded(_) => None,
    };
    if let Some((at, text)) = origin.filter(|(at, _)| *at != span) {
        finding.related.push(view.related(at, text));
    }
    if let (UseKind::Given { callee, .. }, Some((file, at))) = (&miss.used.kind, miss.inside) {
        let message = format!("`{callee}` dereferences it without a check");
        finding.related.push(Related { file, span: at, message });
    }
    finding
}

/// `argv[1]`: input of the user to their own program, or already checked by the command grammar.
fn is_command_line(body: &Body, arg: ExprId) -> bool {
    let ExprKind::Index { base, .. } = body.expr(arg).kind else { return false };
    match body.expr(base).kind {
        ExprKind::Name(name) | ExprKind::Member { field: name, .. } => body.names.text(name) == "argv",
        _ => false,
    }
}

/// The pointer as written in the source, if that is short.
fn pointer(view: &View, miss: &Miss) -> String {
    let text = view.source.slice(view.function.body.expr(miss.used.expr).span);
    let is_short = text.len() <= 40 && !text.contains(['\n', '`']);
    if is_short { format!("`{text}`") } else { "the pointer".into() }
}

/// A condition before `at` checks the element count of `object`: `if (!q->count) return; q->head->next`.
fn asks_how_many(body: &Body, object: &Place, at: Span) -> bool {
    const COUNTS: [&str; 9] = ["count", "cnt", "len", "length", "size", "num", "n", "nr", "used"];
    let is_count = |e: ExprId| match body.expr(e).kind {
        ExprKind::Member { base, field, .. } => {
            let name = body.names.text(field).to_ascii_lowercase();
            name.split('_').any(|word| COUNTS.contains(&word)) && place(body, base).is_some_and(|p| p == *object)
        }
        _ => false,
    };
    body.stmts.iter().filter_map(|s| s.kind.condition()).filter(|&c| body.expr(c).span.start < at.start).any(|cond| {
        let mut found = false;
        body.walk(cond, &mut |e| found |= is_count(e));
        found
    })
}

/// How the pointer is used, as the end of a sentence.
fn used(miss: &Miss) -> String {
    match &miss.used.kind {
        UseKind::Dereference => "is dereferenced".into(),
        UseKind::Called => "is called".into(),
        UseKind::Arithmetic => "is used in arithmetic".into(),
        UseKind::Address => "is used to take the address of a member".into(),
        UseKind::PartGiven => "is used to pass on the address of a member".into(),
        UseKind::Library | UseKind::Asserted => "is passed to a function that dereferences it,".into(),
        UseKind::Given { callee, .. } if miss.inside.is_none() => {
            format!("is passed to `{callee}`, whose name suggests that it dereferences it,")
        }
        UseKind::Given { callee, .. } if miss.sometimes => {
            format!("is passed to `{callee}`, which dereferences it on some path,")
        }
        UseKind::Given { callee, .. } => format!("is passed to `{callee}`, which dereferences it,"),
    }
}

/// `; 41 of 43 other calls in the repository are checked`; empty if there are few.
fn counted(callers: Callers) -> String {
    match callers.all() {
        0..=3 => String::new(),
        all => format!("; {} of {all} other calls in the repository are checked", callers.asked),
    }
}
