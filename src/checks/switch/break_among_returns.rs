//! `break-among-returns`: one section breaks out to the code after the switch, where all similar sections return.

use super::early::is_commented;
use super::exits::{Leaving, Switch};
use super::facts::{Facts, similarity};
use super::hints;
use super::work::works;
use crate::analysis::sections::Section;
use crate::checks::{Context, Rule, View};
use crate::hir::{Body, StmtId, StmtKind, Symbol};
use crate::report::{Confidence, Finding};

pub const RULE: Rule = Rule {
    id: "break-among-returns",
    page: include_str!("../../../rules/break-among-returns.md"),
    yields_to: &["unset-after-switch", "lost-at-switch-exit", "error-goes-on"],
    words: &["switch"],
    wants: |candidate| hints::odd_break(candidate.outline()),
    check,
};

/// Minimum number of sections that leave the function for one that breaks to stand out.
const LEAVING: usize = 4;
/// At most one in this many sections may break.
const SHARE: usize = 5;
/// Similarity of two sections' token shapes at which they count as doing the same (see `similarity`).
const ALIKE: f64 = 0.8;
/// Switches with more sections are treated as tables.
const MAX_SECTIONS: usize = 256;
/// Comparing two shapes costs the product of their lengths; the sum over a function is bounded.
const BUDGET: usize = 10_000_000;

/// Where a section's last statement leads.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Return,
    Goto(Symbol),
    Break(StmtId),
    Other,
}

fn end(body: &Body, section: &Section) -> End {
    let Some(&(mut last)) = section.stmts.last() else { return End::Other };
    while let StmtKind::Block(all) = &body.stmt(last).kind {
        match all.last() {
            Some(&inner) => last = inner,
            None => return End::Other,
        }
    }
    match body.stmt(last).kind {
        _ if body.stmt(last).in_macro => End::Other,
        StmtKind::Return(_) => End::Return,
        StmtKind::Goto(label) => End::Goto(label),
        StmtKind::Break => End::Break(last),
        _ => End::Other,
    }
}

fn check(_: &Context, view: &View, out: &mut Vec<Finding>) {
    let mut budget = BUDGET;
    for switch in view.switches() {
        if switch.sections.len() <= MAX_SECTIONS {
            odd_ones(view, switch, &mut budget, out);
        }
    }
}

fn odd_ones(view: &View, switch: &Switch, budget: &mut usize, out: &mut Vec<Finding>) {
    let body = &view.function.body;
    let mut ends: Vec<End> = switch.sections.iter().map(|s| end(body, s)).collect();
    // `goto out`, with `out` right after the switch, goes the same place as `break`.
    let same = |s: StmtId| switch.exits.iter().any(|e| e.how == Leaving::Jump(s));
    for (end, section) in ends.iter_mut().zip(&switch.sections) {
        if matches!(end, End::Goto(_)) && section.stmts.last().is_some_and(|&s| same(s)) {
            *end = End::Other;
        }
    }
    let leaves = |end: End| matches!(end, End::Return | End::Goto(_));
    let leaving = ends.iter().filter(|&&e| leaves(e)).count();
    let breaking: Vec<usize> = (0..ends.len()).filter(|&i| matches!(ends[i], End::Break(_))).collect();
    if leaving < LEAVING || breaking.is_empty() || breaking.len() * SHARE > ends.len() {
        return;
    }
    let facts: Vec<Facts> = switch.sections.iter().map(|s| Facts::new(body, &view.reading.code, s)).collect();
    for i in breaking {
        let End::Break(jump) = ends[i] else { continue };
        let section = &switch.sections[i];
        let is_exit = switch.exits.iter().any(|e| e.how == Leaving::Jump(jump));
        // If only the first section continues after the switch, it is the success case.
        let later = ends[..i].iter().any(|&e| leaves(e));
        if !later || section.is_default(body) || !is_exit || !works(view, &section.stmts) {
            continue;
        }
        let alike = (0..facts.len())
            .filter(|&j| leaves(ends[j]))
            .take_while(|&j| {
                *budget = budget.saturating_sub(facts[i].shape.len() * facts[j].shape.len());
                *budget > 0
            })
            .map(|j| (similarity(&facts[i].shape, &facts[j].shape), j))
            .filter(|(s, _)| *s >= ALIKE)
            .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
        let Some((_, sibling)) = alike else { continue };
        let Some(&last) = switch.sections[sibling].stmts.last() else { continue };
        let confidence = match () {
            () if facts[i].stmts.iter().rfind(|&&s| s != jump).is_some_and(|&s| is_commented(view, s)) => continue,
            () if leaving >= 2 * LEAVING => Confidence::Medium,
            () => Confidence::Low,
        };
        let whole = body.stmt(switch.at.stmt).span;
        let mut finding = view.finding(RULE.id, confidence, body.stmt(jump).span, whole);
        finding.label = "this one goes on after the switch".into();
        finding.message = format!("this section breaks, but {leaving} others that do the same leave the function");
        finding.related = vec![view.at(last, "a section like this one leaves here")];
        out.push(finding);
    }
}
