//! `error-goes-on`: a section only reports an error and breaks, and the code after the switch continues its work,
//! although everywhere else in the function such a report leaves the function.

use rustc_hash::FxHashMap;

use super::early::is_commented;
use super::exits::{Exit, Leaving, Switch, exit_span};
use super::hints;
use super::names::{is_error_message_name, written_name};
use super::work::only_logs;
use crate::checks::{Context, Rule, View};
use crate::hir::{Body, StmtId, StmtKind};
use crate::report::{Confidence, Finding};

pub const RULE: Rule = Rule {
    id: "error-goes-on",
    page: include_str!("../../../rules/error-goes-on.md"),
    yields_to: &["unset-after-switch"],
    words: &["switch"],
    wants: |candidate| hints::reports_and_goes_on(candidate.outline()),
    check,
};

/// For a report that does not end the function to stand out, this many of the same kind must end it.
const ENDING: usize = 4;
/// Otherwise, this many sections of the switch must leave the function on failure.
const FAILING: usize = 3;

fn check(_: &Context, view: &View, out: &mut Vec<Finding>) {
    let mut reports: Option<FxHashMap<&str, Reports>> = None;
    for switch in view.switches() {
        let mut failing = None;
        for exit in &switch.exits {
            let Some(section) = exit.section.map(|i| &switch.sections[i]) else { continue };
            let body = &view.function.body;
            let acting: Vec<StmtId> = section
                .stmts
                .iter()
                .copied()
                .filter(|&s| !matches!(body.stmt(s).kind, StmtKind::Break | StmtKind::Empty))
                .collect();
            let [only] = acting[..] else { continue };
            let direct = match exit.how {
                Leaving::Jump(s) => section.stmts.contains(&s),
                Leaving::End => true,
                Leaving::NoCase => false,
            };
            let name = written_name(view, only);
            if !direct || !only_logs(view, only) || !is_error_message_name(name) || !switch.work_behind(view) {
                continue;
            }
            let reports = reports.get_or_insert_with(|| collect(view));
            let Some(all) = reports.get(name) else { continue };
            let confidence = match () {
                () if is_commented(view, only) => continue,
                () if all.going_on * ENDING <= all.ending => Confidence::Medium,
                () if *failing.get_or_insert_with(|| failing_sections(view, switch)) >= FAILING => Confidence::Low,
                () => continue,
            };
            out.push(finding(view, switch, exit, only, name, all, confidence));
        }
    }
}

/// The reports of one kind in a function: those followed by a jump out of it, and the others.
#[derive(Default)]
struct Reports {
    ending: usize,
    going_on: usize,
    first: Option<StmtId>,
}

fn collect<'v>(view: &'v View) -> FxHashMap<&'v str, Reports> {
    let body = &view.function.body;
    let mut all: FxHashMap<&str, Reports> = FxHashMap::default();
    for i in 0..body.stmts.len() {
        let StmtKind::Block(stmts) = &body.stmts[i].kind else { continue };
        if body.stmts[i].in_macro {
            continue;
        }
        for (at, &s) in stmts.iter().enumerate() {
            let name = written_name(view, s);
            if !only_logs(view, s) || !is_error_message_name(name) {
                continue;
            }
            let reports = all.entry(name).or_default();
            if leaves(body, &stmts[at + 1..]) {
                reports.ending += 1;
                reports.first = reports.first.or(Some(s));
            } else {
                reports.going_on += 1;
            }
        }
    }
    all
}

/// What follows leaves the function, perhaps after setting a result and cleaning up.
fn leaves(body: &Body, rest: &[StmtId]) -> bool {
    const LOOKED_AT: usize = 4;
    for &s in rest.iter().take(LOOKED_AT) {
        match body.stmt(s).kind {
            StmtKind::Return(_) | StmtKind::Goto(_) => return true,
            StmtKind::Expr(_) => {}
            _ => return false,
        }
    }
    false
}

/// The number of sections that leave the function on failure, by an `if` that ends in `return` or `goto`.
fn failing_sections(view: &View, switch: &Switch) -> usize {
    let body = &view.function.body;
    let fails = |top: &StmtId| {
        let mut found = false;
        body.walk_first(*top, super::facts::MAX_STMTS, &mut |s| {
            if let StmtKind::If { then, otherwise: None, .. } = body.stmt(s).kind {
                let last = match &body.stmt(then).kind {
                    StmtKind::Block(all) => all.last().copied(),
                    _ => Some(then),
                };
                found |= last.is_some_and(|l| matches!(body.stmt(l).kind, StmtKind::Return(_) | StmtKind::Goto(_)));
            }
        });
        found
    };
    switch.sections.iter().filter(|s| s.stmts.iter().any(fails)).count()
}

fn finding(
    view: &View,
    switch: &Switch,
    exit: &Exit,
    report: StmtId,
    name: &str,
    all: &Reports,
    confidence: Confidence,
) -> Finding {
    let body = &view.function.body;
    let mut finding = view.finding(RULE.id, confidence, exit_span(view, switch, exit), body.stmt(switch.at.stmt).span);
    finding.label = "control goes on after the switch".into();
    finding.message = "this section reports an error, but control goes on as if there were none".into();
    finding.related.push(view.at(report, "the error is reported here"));
    if confidence > Confidence::Low {
        let elsewhere = format!("`{name}` and then the function is left, as at {} places", all.ending);
        finding.related.extend(all.first.map(|s| view.at(s, elsewhere)));
    }
    finding
}
