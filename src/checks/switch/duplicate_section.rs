//! `duplicate-section`: a section of a `switch` that is a copy of another one, whole, or with a name left unchanged.

use super::clones::{Part, copies, parts, pasted};
use crate::analysis::sections::{Section, sections};
use crate::checks::{Candidate, Context, Rule, View};
use crate::hir::{Body, ExprKind, StmtId, StmtKind};
use crate::report::{Confidence, Finding};
use crate::source::Span;

pub const RULE: Rule = Rule {
    id: "duplicate-section",
    page: include_str!("../../../rules/duplicate-section.md"),
    yields_to: &[],
    words: &["switch", "case"],
    wants: has_copies,
    check,
};

fn has_copies(candidate: &Candidate) -> bool {
    parts(candidate.code).iter().any(|list| !copies(list).is_empty() || !pasted(list).is_empty())
}

fn check(_: &Context, view: &View, out: &mut Vec<Finding>) {
    let body = &view.function.body;
    for (i, stmt) in body.stmts.iter().enumerate() {
        if matches!(stmt.kind, StmtKind::Switch { .. }) && !stmt.in_macro {
            let sections = sections(body, StmtId(i as u32));
            let own: Vec<(&Section, Span)> = sections.iter().filter_map(|s| Some((s, written(view, s)?))).collect();
            let list: Vec<Part> = own
                .iter()
                .map(|(section, span)| Part::new(name(body, section), &view.reading.code[span.range()]))
                .collect();
            let place = |i: usize| label(body, own[i].0);
            for slip in pasted(&list) {
                let start = own[slip.section].1.start;
                let token = Span { start: start + slip.token.start as u32, end: start + slip.token.end as u32 };
                out.push(unchanged(view, token, place(slip.section), place(slip.from)));
            }
            for all in copies(&list) {
                let places: Vec<Span> = all.into_iter().map(place).collect();
                out.extend(copy(view, &places));
            }
        }
    }
}

/// Longer sections (in bytes) are skipped: nested ones would be read once per nesting level.
const MAX_BYTES: u32 = 16 * 1024;

/// The span of a section's statements, if none comes from a macro and no directive varies them.
fn written(view: &View, section: &Section) -> Option<Span> {
    let body = &view.function.body;
    let in_macro = section.labels.iter().chain(&section.stmts).any(|&s| body.stmt(s).in_macro);
    let unclear = section.stmts.iter().any(|&s| matches!(body.stmt(s).kind, StmtKind::Opaque));
    let span = section.stmts.iter().map(|&s| body.stmt(s).span).reduce(Span::to)?;
    let short = span.end - span.start <= MAX_BYTES;
    (short && !in_macro && !unclear && !view.unit.scan.has_directive(span)).then_some(span)
}

/// The value of the section's only label, if it is a name.
fn name<'b>(body: &'b Body, section: &Section) -> Option<&'b str> {
    let [only] = section.labels[..] else { return None };
    match body.stmt(only).kind {
        StmtKind::Case(Some(value)) => match body.expr(value).kind {
            ExprKind::Name(name) => Some(body.names.text(name)),
            _ => None,
        },
        _ => None,
    }
}

fn label(body: &Body, section: &Section) -> Span {
    section.labels.first().map_or(Span { start: 0, end: 0 }, |&l| body.stmt(l).span)
}

/// A name or string in the section of `own` that belongs to that of `other`.
fn unchanged(view: &View, token: Span, own: Span, other: Span) -> Finding {
    let shown = |span: Span| view.source.slice(span).trim_end_matches(':').trim_end().to_owned();
    let message = format!(
        "`{}` belongs to `{}`: it seems to have been pasted into `{}` and not changed",
        view.source.slice(token),
        shown(other),
        shown(own)
    );
    let related = vec![(own, "this section"), (other, "has the same here; the others of this shape have their own")];
    finding(view, token, "not this section's own", message, related, Confidence::Medium)
}

fn copy(view: &View, labels: &[Span]) -> Option<Finding> {
    const SHOWN: usize = 8;
    let [first, second, rest @ ..] = labels else { return None };
    let message = "this section does the same as another one of its switch".to_owned();
    let mut related = vec![(*first, "as this one")];
    related.extend(rest.iter().take(SHOWN).map(|&label| (label, "and so does this one")));
    Some(finding(view, *second, "a copy", message, related, Confidence::Low))
}

fn finding(
    view: &View,
    span: Span,
    label: &str,
    message: String,
    related: Vec<(Span, &str)>,
    confidence: Confidence,
) -> Finding {
    Finding {
        label: label.into(),
        message,
        related: related.into_iter().map(|(span, says)| view.related(span, says)).collect(),
        ..view.finding(RULE.id, confidence, span, span)
    }
}
