//! `misplaced-fallthrough-mark`: a mark where nothing falls through.

use super::facts::ends_in_jump;
use super::falls::gap_before;
use rustc_hash::FxHashSet;

use crate::analysis::sections::{Section, sections};
use crate::checks::deletion::without_comment;
use crate::checks::{Candidate, Context, Rule, View};
use crate::hir::{Body, StmtId, StmtKind};
use crate::preprocess::comments::CommentStyle;
use crate::preprocess::token::Tokens;
use crate::report::{Confidence, Edit, Finding, Fix, Related, Severity};
use crate::source::Span;

pub const RULE: Rule = Rule {
    id: "misplaced-fallthrough-mark",
    page: include_str!("../../../rules/misplaced-fallthrough-mark.md"),
    yields_to: &[],
    words: &["switch", "case"],
    wants: has_mark,
    check,
};

fn has_mark(candidate: &Candidate) -> bool {
    let comments = candidate.scan.comments_in(candidate.span);
    comments.iter().any(|c| CommentStyle::Keyword.accepts(&candidate.source[c.range()]))
        || Tokens::new(candidate.code, 0..candidate.code.len()).any(|t| t.is_ident() && candidate.is_mark(&t))
}

fn check(cx: &Context, view: &View, out: &mut Vec<Finding>) {
    let body = &view.function.body;
    for (mark, why) in misplaced_statements(view) {
        out.push(finding(view, body.stmt(mark).span, why, None, Severity::Warning));
    }
    let fallen_into: FxHashSet<StmtId> =
        view.cfg.falls.iter().filter(|f| view.cfg.is_reachable(f.from)).map(|f| f.label).collect();
    for (i, _) in body.stmts.iter().enumerate().filter(|(_, s)| matches!(s.kind, StmtKind::Switch { .. })) {
        let switch = StmtId(i as u32);
        let sections = sections(body, switch);
        for pair in sections.windows(2) {
            if !pair[1].labels.iter().any(|label| fallen_into.contains(label)) {
                comments_before_label(cx, view, &pair[0], &pair[1], out);
            }
        }
        if let Some(last) = sections.last() {
            comments_at_end(cx, view, switch, last, out);
        }
    }
}

/// What follows a statement, in source order.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Follows {
    Label,
    Statement,
    End,
}

/// Attributes and macros that do not precede a label, or that control does not reach.
fn misplaced_statements(view: &View) -> Vec<(StmtId, &'static str)> {
    let (body, cfg) = (&view.function.body, view.cfg);
    let mut found = Vec::new();
    if !body.stmts.iter().any(|s| matches!(s.kind, StmtKind::FallthroughMark)) {
        return found;
    }
    let live: FxHashSet<StmtId> = cfg
        .blocks
        .iter()
        .zip(&cfg.reachable)
        .filter(|(_, live)| **live)
        .flat_map(|(b, _)| b.stmts.iter().copied())
        .collect();
    let mut todo = vec![(body.root, Follows::End)];
    while let Some((id, follows)) = todo.pop() {
        match &body.stmt(id).kind {
            StmtKind::Block(all) => {
                for (i, &inner) in all.iter().enumerate() {
                    todo.push((inner, next_of(body, &all[i + 1..]).unwrap_or(follows)));
                }
            }
            StmtKind::If { .. } => body.inner(id, &mut |inner| todo.push((inner, follows))),
            StmtKind::Switch { body: inner, .. } => todo.push((*inner, Follows::End)),
            StmtKind::FallthroughMark => match follows {
                Follows::Label => {
                    if !live.contains(&id) {
                        found.push((id, "control never gets here"));
                    }
                }
                Follows::Statement => found.push((id, "no label follows")),
                Follows::End => found.push((id, "no section follows")),
            },
            _ => body.inner(id, &mut |inner| todo.push((inner, Follows::Statement))),
        }
    }
    found
}

fn next_of(body: &Body, rest: &[StmtId]) -> Option<Follows> {
    rest.iter().find_map(|&s| match &body.stmt(s).kind {
        StmtKind::Empty | StmtKind::FallthroughMark | StmtKind::Label(_) => None,
        StmtKind::Block(inner) if inner.is_empty() => None,
        StmtKind::Case(_) | StmtKind::Opaque => Some(Follows::Label),
        _ => Some(Follows::Statement),
    })
}

/// Reports comments that mark a fall-through after a jump: nothing falls into `into`.
fn comments_before_label(cx: &Context, view: &View, from: &Section, into: &Section, out: &mut Vec<Finding>) {
    let body = &view.function.body;
    let (Some(&last), Some(&label)) = (from.stmts.last(), into.labels.first()) else { return };
    let never_returns = match body.stmt(last).kind {
        StmtKind::Expr(e) => cx.noreturn.is_noreturn(cx.program, view.unit.file, body, e),
        _ => false,
    };
    if !never_returns && !ends_in_jump(body, last) {
        return;
    }
    let gap = gap_before(&view.reading.code, body.stmt(label).span.start);
    // Under another reading the jump may be absent.
    let whole = Span { start: body.stmt(last).span.start.min(gap.start), end: gap.end };
    if view.unit.scan.has_directive(whole) {
        return;
    }
    for comment in marks_in(cx, view, gap) {
        let related = Some((body.stmt(last).span, "the section ends here"));
        out.push(finding(view, comment, "the section before ends in a jump", related, Severity::Note));
    }
}

/// Reports comments that mark a fall-through after the last statement of a switch.
fn comments_at_end(cx: &Context, view: &View, switch: StmtId, last: &Section, out: &mut Vec<Finding>) {
    let body = &view.function.body;
    let Some(&stmt) = last.stmts.last() else { return };
    let (start, end) = (body.stmt(stmt).span.end, body.stmt(switch).span.end);
    let gap = Span { start: start.min(end), end };
    if view.unit.scan.has_directive(gap) {
        return;
    }
    for comment in marks_in(cx, view, gap) {
        out.push(finding(view, comment, "no section follows", None, Severity::Note));
    }
}

fn marks_in(cx: &Context, view: &View, gap: Span) -> Vec<Span> {
    let text = &view.source.text;
    let comments_count = cx.options.comment_style != CommentStyle::Attribute;
    let marks = view.unit.scan.comments_in(gap).iter().copied();
    marks.filter(|c| comments_count && CommentStyle::Keyword.accepts(&text[c.range()])).collect()
}

fn finding(view: &View, span: Span, why: &str, related: Option<(Span, &str)>, severity: Severity) -> Finding {
    let file = view.unit.file;
    // An attribute statement ends with a `;` that would be left over: only comments are deleted.
    let (deleted, replacement) = without_comment(view.source, span);
    let edits = vec![Edit { file, span: deleted, replacement: replacement.into() }];
    let fix = Fix { description: "delete the mark".into(), safe: true, edits };
    Finding {
        rule: RULE.id,
        severity,
        confidence: Confidence::Medium,
        file,
        span,
        label: "nothing falls through here".into(),
        function: Some(view.function.name.clone()),
        message: format!("fall-through mark where nothing falls through: {why}"),
        related: related.into_iter().map(|(span, message)| Related { file, span, message: message.into() }).collect(),
        flow: Vec::new(),
        circuit: None,
        suppression: None,
        notes: view.assumed_in(span),
        fixes: if severity == Severity::Note { vec![fix] } else { Vec::new() },
    }
}
