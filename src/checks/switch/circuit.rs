//! The switch of a finding as drawn in a report: a line for each section, and the path that control should not take.

use super::exits::{Exit, Leaving, Switch, exit_span};
use super::facts::folded;
use super::falls::{FallSite, SwitchFalls};
use crate::analysis::sections::Section;
use crate::checks::View;
use crate::hir::{Body, StmtId, StmtKind};
use crate::report::{Circuit, Ending, Leak, Line};
use crate::source::Span;

/// Number of sections drawn on each side of the leaking one.
const AROUND: usize = 4;
/// Number of labels named per section.
const LABELS: usize = 3;
/// Number of characters shown of a label or operand.
const WIDTH: usize = 48;
/// Number of falls examined at one place.
const FALLS: usize = 64;

/// The path out of a switch that causes the defect after it.
pub fn of_exit(view: &View, switch: &Switch, exit: &Exit) -> Circuit {
    let from = if exit.how == Leaving::NoCase { None } else { exit.section };
    let at = exit_span(view, switch, exit);
    let mut circuit = draw(view, switch.at.stmt, &switch.sections, from, None, at);
    circuit.leak.early = match exit.how {
        Leaving::Jump(jump) => from.is_some_and(|i| last(&view.function.body, &switch.sections[i]) != Some(jump)),
        Leaving::End | Leaving::NoCase => false,
    };
    circuit
}

/// The fall at `site`; `at` is the span shown to the reader.
pub fn of_fall(view: &View, switch: &SwitchFalls, site: &FallSite, at: Span) -> Option<Circuit> {
    let from = site.section?;
    Some(draw(view, switch.stmt, &switch.sections, Some(from), Some(from + 1), at))
}

fn draw(view: &View, stmt: StmtId, sections: &[Section], from: Option<usize>, to: Option<usize>, at: Span) -> Circuit {
    let body = &view.function.body;
    let line = |span: Span| view.source.line_index(span.start) as u32 + 1;
    let middle = from.unwrap_or(sections.len());
    let first = middle.saturating_sub(AROUND);
    let last = (middle + AROUND + 1).min(sections.len());
    let lines = (first..last).map(|i| Line {
        label: label(view, &sections[i]),
        line: sections[i].labels.first().map_or(0, |&l| line(body.stmt(l).span)),
        ending: ending(view, stmt, sections, i),
    });
    let operand = match body.stmt(stmt).kind {
        StmtKind::Switch { cond, .. } => folded(&view.reading.code, body.expr(cond).span),
        _ => String::new(),
    };
    Circuit {
        operand: clipped(&operand),
        line: line(body.stmt(stmt).span),
        sections: lines.collect(),
        left_out: (first, sections.len() - last),
        leak: Leak { from: from.map(|i| i - first), to: to.map(|i| i - first), early: false, line: line(at) },
    }
}

fn label(view: &View, section: &Section) -> String {
    let body = &view.function.body;
    let text = |l: &StmtId| clipped(folded(&view.reading.code, body.stmt(*l).span).trim_end_matches([':', ' ']));
    let mut text = section.labels.iter().take(LABELS).map(text).collect::<Vec<_>>().join(", ");
    if section.labels.len() > LABELS {
        text.push_str(&format!(" and {} more", section.labels.len() - LABELS));
    }
    text
}

/// How control leaves a section at its end.
fn ending(view: &View, stmt: StmtId, sections: &[Section], i: usize) -> Ending {
    let body = &view.function.body;
    let into = sections.get(i + 1).and_then(|next| next.labels.first());
    let falls = |label: &StmtId| {
        // They are in source order; one macro may produce several at one place.
        let start = |label: StmtId| body.stmt(label).span.start;
        let first = view.cfg.falls.partition_point(|fall| start(fall.label) < start(*label));
        let mut here = view.cfg.falls[first..].iter().take(FALLS);
        here.any(|fall| fall.switch == stmt && fall.label == *label && view.cfg.is_reachable(fall.from))
    };
    let last = sections[i].stmts.last().and_then(|&s| last_jump(body, s));
    match (last, into) {
        (Some(ending), _) => ending,
        (None, Some(label)) if falls(label) => Ending::Falls,
        (None, None) if runs_out(view, stmt) => Ending::Break,
        (None, _) => Ending::Never,
    }
}

/// Control gets past the last statement of the switch. Assumed true if the switch is too large to be analysed.
fn runs_out(view: &View, stmt: StmtId) -> bool {
    let switch = view.switches().iter().find(|switch| switch.at.stmt == stmt);
    switch.is_none_or(|switch| switch.exits.iter().any(|exit| exit.how == Leaving::End))
}

/// The last statement of a section, looking into blocks.
fn last(body: &Body, section: &Section) -> Option<StmtId> {
    let mut s = *section.stmts.last()?;
    while let StmtKind::Block(all) = &body.stmt(s).kind {
        s = *all.last()?;
    }
    Some(s)
}

/// The jump that ends a section's last statement; for an `if`-`else` where both branches jump, that of the last branch.
fn last_jump(body: &Body, mut s: StmtId) -> Option<Ending> {
    loop {
        s = match &body.stmt(s).kind {
            StmtKind::Block(all) => *all.last()?,
            StmtKind::Break => return Some(Ending::Break),
            StmtKind::Return(_) => return Some(Ending::Return),
            StmtKind::Goto(_) | StmtKind::ComputedGoto => return Some(Ending::Goto),
            StmtKind::Continue => return Some(Ending::Continue),
            StmtKind::If { then, otherwise: Some(otherwise), .. } if jumps(body, *then) => *otherwise,
            _ => return None,
        }
    }
}

fn jumps(body: &Body, s: StmtId) -> bool {
    super::facts::ends_in_jump(body, s)
}

fn clipped(text: &str) -> String {
    match text.char_indices().nth(WIDTH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
