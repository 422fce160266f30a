//! `unhandled-enumerator`: a `switch` over an enumeration omits enumerators and has no `default`.

use super::handled::{Handled, Open, without_default};
use super::shape::{doubt, has_switch};
use crate::checks::{Context, Rule, View};
use crate::hir::{Body, ExprId, ExprKind, StmtId, StmtKind};
use crate::program::enums::Cover;
use crate::report::{Finding, Related};

pub const RULE: Rule = Rule {
    id: "unhandled-enumerator",
    page: include_str!("../../../rules/unhandled-enumerator.md"),
    yields_to: &[],
    words: &["switch"],
    wants: has_switch,
    check,
};

/// Maximum number of missing enumerators that are named; the rest are counted.
const NAMED: usize = 3;

fn check(cx: &Context, view: &View, out: &mut Vec<Finding>) {
    for open in without_default(cx, view) {
        let Handled::Enumeration(cover) = &open.handled else { continue };
        let message = format!("no label for {}, and no `default`", list(cover));
        let span = open.switch.keyword;
        let mut finding = open.switch.finding(view, RULE.id, span, "ignores the rest", message);
        finding.related.push(Related { file: cover.of.file, span: cover.of.head, message: "the enumeration".into() });
        doubt(&mut finding, unlikely(cx, view, &open, cover));
        out.push(finding);
    }
}

/// Why the enumerators may be left out on purpose.
fn unlikely(cx: &Context, view: &View, open: &Open, cover: &Cover) -> Option<&'static str> {
    if cover.missing.len() >= open.switch.labels.len() {
        Some("no fewer are left out than handled: it may only pick out a few")
    } else if !open.joins && !falls_back(cx, view, open.switch.stmt) {
        Some("every section leaves: the code after the switch may be for the others")
    } else if cover.missing.iter().all(|e| stands_for_nothing(&e.name)) {
        Some("what is left out seems to stand for no value")
    } else {
        None
    }
}

/// The code after the switch only returns or gives up.
fn falls_back(cx: &Context, view: &View, switch: StmtId) -> bool {
    let body = &view.function.body;
    let first = view.nesting().following(body, switch).first();
    first.is_none_or(|&s| match body.stmt(s).kind {
        StmtKind::Return(value) => value.is_none_or(|e| !calls(body, e)),
        StmtKind::Expr(e) => cx.noreturn.is_noreturn(cx.program, view.unit.file, body, e),
        _ => false,
    })
}

fn calls(body: &Body, e: ExprId) -> bool {
    let mut found = false;
    body.walk(e, &mut |e| found |= matches!(body.expr(e).kind, ExprKind::Call { .. }));
    found
}

/// `STATE_NONE`, `TYPE_UNKNOWN`
fn stands_for_nothing(name: &str) -> bool {
    const WORDS: [&str; 12] = [
        "NONE",
        "UNKNOWN",
        "UNDEF",
        "UNDEFINED",
        "UNSPECIFIED",
        "INVALID",
        "NULL",
        "OTHER",
        "UNUSED",
        "RESERVED",
        "NO",
        "UNSET",
    ];
    name.split('_').any(|part| WORDS.iter().any(|word| part.eq_ignore_ascii_case(word)))
}

fn list(cover: &Cover) -> String {
    let all = cover.missing.len();
    // The last name takes no more room than `1 more`.
    let named = if all > NAMED + 1 { NAMED } else { all };
    let mut names: Vec<String> = cover.missing[..named].iter().map(|e| format!("`{}`", e.name)).collect();
    if all > named {
        names.push(format!("{} more", all - named));
    }
    let last = names.pop().unwrap_or_default();
    let of = if cover.of.name.is_empty() { String::new() } else { format!(" of `{}`", cover.of.name) };
    match names.len() {
        0 => format!("{last}{of}"),
        _ => format!("{} and {last}{of}", names.join(", ")),
    }
}
