//! `conditional-break-falls`: the only `break` of a section is inside an `if`, and the other path falls through.

use super::circuit;
use super::evidence::{Sections, evidence};
use super::facts::ends_in_jump;
use super::falls::{FallSite, SwitchFalls, switch_falls};
use super::outline::may_fall;
use super::ranking::Score;
use super::work::{only_logs, works};
use crate::checks::{Context, Rule, View};
use crate::hir::{Body, StmtId, StmtKind};
use crate::report::{Confidence, Edit, Finding, Fix};
use crate::source::Span;

pub const RULE: Rule = Rule {
    id: "conditional-break-falls",
    page: include_str!("../../../rules/conditional-break-falls.md"),
    yields_to: &[],
    words: &["switch", "case"],
    wants: |candidate| may_fall(candidate.outline()),
    check,
};

/// A section that breaks under a condition and otherwise falls through.
pub struct Shape {
    /// The last statement of the section.
    pub decision: StmtId,
    /// The `break`.
    pub jump: StmtId,
    /// The branch that falls through, if it is written out.
    other: Option<StmtId>,
}

/// The shape of the section that falls at `site`, if its only `break` is in one branch of its last `if`.
pub fn shape(view: &View, switch: &SwitchFalls, site: &FallSite) -> Option<Shape> {
    let body = &view.function.body;
    let section = &switch.sections[site.section?];
    let mut last = *section.stmts.last()?;
    while let StmtKind::Block(all) = &body.stmt(last).kind {
        last = *all.iter().rfind(|&&s| !matches!(body.stmt(s).kind, StmtKind::Empty))?;
    }
    let StmtKind::If { then, otherwise, .. } = body.stmt(last).kind else { return None };
    let (breaking, other) = match (last_break(body, then), otherwise.and_then(|o| last_break(body, o))) {
        (Some(jump), None) => (jump, otherwise),
        (None, Some(jump)) => (jump, Some(then)),
        _ => return None,
    };
    // A second `break` would be another exit from the section.
    let mut breaks = 0;
    for &s in &section.stmts {
        body.walk_stmts(s, &mut |s| breaks += usize::from(matches!(body.stmt(s).kind, StmtKind::Break)));
    }
    let own = view.nesting().left_by_break(body, breaking) == Some(switch.stmt);
    let falls = other.is_none_or(|s| !ends_in_jump(body, s));
    let written = !body.stmt(breaking).in_macro && !body.stmt(last).in_macro;
    (breaks == 1 && own && falls && written).then_some(Shape { decision: last, jump: breaking, other })
}

/// The `break` that ends a branch.
fn last_break(body: &Body, mut s: StmtId) -> Option<StmtId> {
    while let StmtKind::Block(all) = &body.stmt(s).kind {
        s = *all.last()?;
    }
    matches!(body.stmt(s).kind, StmtKind::Break).then_some(s)
}

/// Confidence that the fall is unintended, from the ranking of the fall and what the other branch does.
pub fn confidence(view: &View, shape: &Shape, site: &FallSite, score: &Score) -> Confidence {
    if site.intent.is_some() || site.after_assertion || site.harmless {
        return Confidence::Low;
    }
    match shape.other {
        // The other branch is written out and ends in a message or in work of its own: it was not meant to fall
        // through.
        Some(other) if only_logs(view, other) => Confidence::High,
        Some(other) if works(view, &[other]) => score.confidence().max(Confidence::Medium),
        _ => score.confidence(),
    }
}

fn check(cx: &Context, view: &View, out: &mut Vec<Finding>) {
    let body = &view.function.body;
    for switch in switch_falls(cx, view) {
        let mut sections = None;
        for site in &switch.unmarked {
            let (Some(shape), Some(p)) = (shape(view, &switch, site), site.section) else { continue };
            let sections = sections.get_or_insert_with(|| Sections::new(view, &switch));
            let score = Score::new(&evidence(view, &switch, sections, site, p));
            let confidence = confidence(view, &shape, site, &score);
            let label = body.stmt(site.fall.label).span;
            let decision = body.stmt(shape.decision).span;
            let jump = body.stmt(shape.jump).span;
            let into = view.source.slice(label).trim_end_matches(':').trim_end().to_owned();
            let mut finding = view.finding(RULE.id, confidence, jump, site.extent);
            finding.label = "the only `break` of the section".into();
            finding.message = format!(
                "the only `break` of this section stands inside an `if`: otherwise control falls into `{into}`"
            );
            let word = Span { end: (decision.start + "if".len() as u32).min(decision.end), ..decision };
            finding.related =
                vec![view.related(word, "under this condition"), view.related(label, "control falls into this label")];
            finding.notes.extend(score.explain(confidence));
            finding.fixes = fixes(view, &shape);
            finding.circuit = circuit::of_fall(view, &switch, site, decision);
            out.push(finding);
        }
    }
}

/// Moves the `break` after the `if`.
fn fixes(view: &View, shape: &Shape) -> Vec<Fix> {
    let body = &view.function.body;
    let file = view.unit.file;
    let source = view.source;
    let decision = body.stmt(shape.decision).span;
    let line = source.line_range(source.line_index(decision.start)).start;
    let head = &source.text[line..decision.start as usize];
    let indent = &head[..head.len() - head.trim_start().len()];
    let newline = view.unit.habits(&source.text).newline;
    let end = decision.end as usize;
    let edits = vec![Edit { file, span: Span::new(end, end), replacement: format!("{newline}{indent}break;") }];
    vec![Fix { description: "end the section with `break;` after the `if`".into(), safe: false, edits }]
}
