//! `swallowed-statement`: one `;` too few or too many, or braces that only the layout suggests, and a statement belongs
//! elsewhere than it appears to.

use std::ops::Range;

use super::fixes::indent_of;
use super::layout::{is_deeper, is_suspicious};
use crate::checks::{Context, Rule, View};
use crate::hir::{Body, ExprKind, StmtId, StmtKind};
use crate::preprocess::token::{Tokens, closing_paren, ident_end};
use crate::report::{Confidence, Edit, Finding, Fix};
use crate::source::Span;

pub const RULE: Rule = Rule {
    id: "swallowed-statement",
    page: include_str!("../../../rules/swallowed-statement.md"),
    // Any function may contain one.
    yields_to: &[],
    words: &[],
    wants: |candidate| {
        let at = |offset: usize| candidate.span.start + offset as u32;
        let directive = |r: Range<usize>| candidate.scan.has_directive(Span { start: at(r.start), end: at(r.end) });
        is_suspicious(candidate.code, &directive)
    },
    check,
};

fn check(_: &Context, view: &View, out: &mut Vec<Finding>) {
    let body = &view.function.body;
    let mut next = vec![None; body.stmts.len()];
    // Code after something that was not understood may be half of it.
    let mut doubtful = vec![false; body.stmts.len()];
    for stmt in &body.stmts {
        if let StmtKind::Block(all) = &stmt.kind {
            for pair in all.windows(2) {
                next[pair[0].0 as usize] = Some(pair[1]);
                doubtful[pair[1].0 as usize] = matches!(body.stmt(pair[0]).kind, StmtKind::Opaque);
            }
        }
    }
    for (i, stmt) in body.stmts.iter().enumerate().filter(|&(i, stmt)| !stmt.in_macro && !doubtful[i]) {
        let id = StmtId(i as u32);
        out.extend(match stmt.kind {
            StmtKind::Return(Some(_)) => behind_return(view, id),
            StmtKind::If { otherwise: Some(otherwise), .. } => behind_else(view, id, otherwise),
            StmtKind::If { then: inner, .. }
            | StmtKind::While { body: inner, .. }
            | StmtKind::For { body: inner, .. } => stray_semicolon(view, id, inner, next[i]),
            _ => None,
        });
        out.extend(next[i].and_then(|next| like_the_body(view, id, next)));
    }
}

/// `return`, and on the next line, no deeper, its operand, which reads as a statement of its own.
fn behind_return(view: &View, id: StmtId) -> Option<Finding> {
    let body = &view.function.body;
    let StmtKind::Return(Some(value)) = body.stmt(id).kind else { return None };
    let (stmt, operand) = (body.stmt(id).span, body.expr(value).span);
    let keyword = Span { start: stmt.start, end: stmt.start + "return".len() as u32 };
    let acts = matches!(body.expr(value).kind, ExprKind::Assign { .. } | ExprKind::Update { .. });
    let calls = matches!(body.expr(value).kind, ExprKind::Call { .. });
    let next = follows_on_next_line(view, keyword, operand.start)?;
    if !(acts || calls) || !indent_of(view.source, keyword.start).starts_with(next) {
        return None;
    }
    // Such a function may well return a call on a line of its own.
    let confidence = if acts || returns_nothing(view) { Confidence::High } else { Confidence::Medium };
    let message = "this statement is what the `return` above returns: a `;` seems to be missing there".into();
    let fix = insert(view, keyword.end, ";", "end the `return` with `;`");
    Some(finding(view, operand, message, vec![(keyword, "no `;` here")], confidence, vec![fix]))
}

/// The indentation of `next`, if only whitespace with a line break separates it from the keyword.
fn follows_on_next_line<'v>(view: &View<'v>, keyword: Span, next: u32) -> Option<&'v str> {
    let between = Span { start: keyword.end, end: next.max(keyword.end) };
    let text = &view.reading.code[between.range()];
    let apart = text.contains('\n') && text.trim_ascii().is_empty() && !view.unit.scan.has_directive(between);
    apart.then(|| indent_of(view.source, next))
}

/// The function is declared `void`.
fn returns_nothing(view: &View) -> bool {
    let head = &view.reading.code[view.function.span.range()];
    let mut before = Tokens::new(head, 0..head.len()).take_while(|t| !t.is(view.function.name.as_str()) && !t.is("("));
    before.by_ref().last().is_some_and(|t| t.is("void"))
}

/// `else` alone on its line, and on the next line, no deeper, a statement that becomes its branch.
fn behind_else(view: &View, id: StmtId, otherwise: StmtId) -> Option<Finding> {
    let body = &view.function.body;
    let branch = body.stmt(otherwise);
    let StmtKind::If { then, .. } = body.stmt(id).kind else { return None };
    if branch.in_macro || !is_plain(&branch.kind) || matches!(branch.kind, StmtKind::If { .. }) {
        return None;
    }
    let from = body.stmt(then).span.end.min(branch.span.start);
    let code = view.reading.code[from as usize..branch.span.start as usize].trim_ascii_end();
    let end = from + code.len() as u32;
    let keyword = Span { start: end.checked_sub("else".len() as u32)?, end };
    let next = follows_on_next_line(view, keyword, branch.span.start)?;
    let indent = indent_of(view.source, keyword.start);
    // If the other branch is not indented deeper either, that is the style.
    let other = body.stmt(then);
    let in_style =
        matches!(other.kind, StmtKind::Block(_)) || is_deeper(indent_of(view.source, other.span.start), indent);
    if !code.ends_with("else") || !heads_line(view, keyword.start) || !indent.starts_with(next) || !in_style {
        return None;
    }
    // Most are layout slips; a blank line suggests two separate statements.
    let between = Span { start: keyword.end, end: branch.span.start };
    let lines = view.source.slice(between).bytes().filter(|&b| b == b'\n').count();
    let apart = lines > 1 && view.unit.scan.comments_in(between).is_empty();
    let confidence = if apart { Confidence::Medium } else { Confidence::Low };
    let message = "this statement is the branch of the `else` above, and is not indented as one".into();
    Some(finding(view, branch.span, message, vec![(keyword, "takes the next statement")], confidence, Vec::new()))
}

/// Only `}` and `else` precede it on its line.
fn heads_line(view: &View, at: u32) -> bool {
    let line = view.source.line_range(view.source.line_index(at));
    let before = view.reading.code[line.start..at as usize].trim_ascii();
    let before = before.strip_prefix('}').map_or(before, str::trim_ascii);
    matches!(before, "" | "else")
}

/// `if (…);`, and loops of that form before a block.
fn stray_semicolon(view: &View, id: StmtId, inner: StmtId, next: Option<StmtId>) -> Option<Finding> {
    let body = &view.function.body;
    let (stmt, empty) = (body.stmt(id), body.stmt(inner));
    if !matches!(empty.kind, StmtKind::Empty) || empty.in_macro {
        return None;
    }
    let text = view.source.slice(stmt.span);
    let word = &text[..ident_end(text.as_bytes(), 0)];
    let close = word.len() + closing_paren(&text[word.len()..])?;
    // On the line of the condition, right after it, and without a comment.
    let at = stmt.span.start + (close + text[close..].find(|c: char| !c.is_ascii_whitespace())?) as u32;
    let line = view.source.line_range(view.source.line_index(at));
    if at != empty.span.start || !line.contains(&(stmt.span.start as usize)) {
        return None;
    }
    let meant = next.and_then(|next| meant_as_body(view, stmt.span, next));
    let end = meant.map_or(line.end as u32, |(place, _)| place.start);
    let judged = Span { start: stmt.span.start, end };
    let remarked = !view.unit.scan.comments_in(judged).is_empty() || view.unit.scan.has_directive(judged);
    if remarked || (meant.is_none() && word != "if") {
        return None;
    }
    let semicolon = Span { start: at, end: at + 1 };
    let related = meant.into_iter().collect();
    let edits = vec![Edit { file: view.unit.file, span: semicolon, replacement: String::new() }];
    let fix = Fix { description: "delete the `;`".into(), safe: false, edits };
    let message = format!("this `;` is all that the `{word}` governs");
    Some(finding(view, semicolon, message, related, Confidence::High, vec![fix]))
}

/// The statement after a head looks like its body: a block, or a statement indented further.
fn meant_as_body(view: &View, head: Span, next: StmtId) -> Option<(Span, &'static str)> {
    let next = view.function.body.stmt(next);
    let indent = |at: u32| indent_of(view.source, at);
    let start = next.span.start;
    if matches!(next.kind, StmtKind::Block(_)) && !next.in_macro {
        return Some((Span { start, end: start + 1 }, "this block is run in any case"));
    }
    let deeper = is_plain(&next.kind) && starts_line(view, start) && is_deeper(indent(start), indent(head.start));
    (deeper && !next.in_macro).then_some((next.span, "this is done in any case"))
}

/// `next` is indented exactly like the unbraced body of the statement before it, and so reads as part of it.
fn like_the_body(view: &View, guard: StmtId, next: StmtId) -> Option<Finding> {
    let body = &view.function.body;
    let (first, then) = (body.stmt(guard), body.stmt(next));
    if first.in_macro || then.in_macro || !is_plain(&then.kind) || !starts_line(view, then.span.start) {
        return None;
    }
    let between = Span { start: first.span.end.min(then.span.start), end: then.span.start };
    let lines = view.reading.code[between.range()].bytes().filter(|&b| b == b'\n').count();
    if lines != 1 || view.unit.scan.has_directive(Span { start: first.span.start, end: then.span.end }) {
        return None;
    }
    let indent = indent_of(view.source, then.span.start);
    let mut outer = guard;
    while let Some(inner) = last_body(body, outer) {
        let own = body.stmt(inner);
        // A macro as the body reads as one statement; one that expands to a loop head does not.
        let deeper = last_body(body, inner);
        if !is_plain(&own.kind) || (own.in_macro && deeper.is_some_and(|s| !body.stmt(s).in_macro)) {
            return None;
        }
        let guard = body.stmt(outer).span;
        if heads_line(view, guard.start)
            && starts_line(view, own.span.start)
            && indent_of(view.source, own.span.start) == indent
            && is_deeper(indent, indent_of(view.source, guard.start))
        {
            let word = &view.source.slice(guard)[..ident_end(view.source.slice(guard).as_bytes(), 0)];
            let message =
                format!("this statement is indented like the body of the `{word}` above, and is not part of it");
            let head = Span { start: guard.start, end: guard.start + word.len() as u32 };
            let related = vec![(head, "governs one statement only"), (own.span, "this one")];
            return Some(finding(view, then.span, message, related, Confidence::Medium, Vec::new()));
        }
        if own.in_macro {
            return None;
        }
        outer = inner;
    }
    None
}

/// A statement that acts by itself: not a block or label, and understood.
fn is_plain(kind: &StmtKind) -> bool {
    !matches!(
        kind,
        StmtKind::Block(_)
            | StmtKind::Case(_)
            | StmtKind::Label(_)
            | StmtKind::Empty
            | StmtKind::FallthroughMark
            | StmtKind::Opaque
    )
}

/// The last statement that `s` controls.
fn last_body(body: &Body, s: StmtId) -> Option<StmtId> {
    match body.stmt(s).kind {
        StmtKind::If { then, otherwise, .. } => Some(otherwise.unwrap_or(then)),
        StmtKind::While { body, .. } | StmtKind::For { body, .. } => Some(body),
        _ => None,
    }
}

fn starts_line(view: &View, at: u32) -> bool {
    let line = view.source.line_range(view.source.line_index(at));
    view.source.text[line.start..at as usize].trim_ascii().is_empty()
}

fn insert(view: &View, at: u32, text: &str, description: &str) -> Fix {
    let edits = vec![Edit { file: view.unit.file, span: Span { start: at, end: at }, replacement: text.into() }];
    Fix { description: description.into(), safe: false, edits }
}

fn finding(
    view: &View,
    span: Span,
    message: String,
    related: Vec<(Span, &str)>,
    confidence: Confidence,
    fixes: Vec<Fix>,
) -> Finding {
    Finding {
        label: "not where it seems to belong".into(),
        message,
        related: related.into_iter().map(|(span, says)| view.related(span, says)).collect(),
        notes: Vec::new(),
        fixes,
        ..view.finding(RULE.id, confidence, span, span)
    }
}
