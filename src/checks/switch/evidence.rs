//! The evidence for and against an accidental fall-through, as boolean features of one site.
//!
//! Their weights are learnt from real fixes and from places marked as intended: `weights.rs`, CONTRIBUTING.md.

use super::facts::{Facts, Last, MAX_STMTS, ends_in_jump, folded, similarity};
use super::falls::{FallSite, SwitchFalls};
use super::names::{is_error_word, is_fatal_name, is_log_name};
use crate::analysis::sections::Section;
use crate::checks::View;
use crate::hir::{Body, ExprKind, StmtId, StmtKind};

/// One site's features: the names of those that hold.
pub struct Evidence {
    pub holds: Vec<&'static str>,
    /// The place that the section sets and the next one overwrites, and the two statements.
    pub overwritten: Option<(String, StmtId, StmtId)>,
}

impl Evidence {
    fn add(&mut self, name: &'static str, holds: bool) {
        if holds {
            self.holds.push(name);
        }
    }
}

/// Maximum number of a switch's sections compared with one another.
const MAX_SIBLINGS: usize = 64;

/// The sections of a switch, each analysed once, and what all its sites share.
pub struct Sections {
    facts: Vec<Facts>,
    /// Control runs into the next section, marked or not.
    falls: Vec<bool>,
    /// The number of sections that end in a jump, not counting the last one.
    ending: usize,
    /// Sections that end in a jump: those that others are compared with.
    siblings: Vec<usize>,
    file_has_marks: bool,
}

impl Sections {
    pub fn new(view: &View, switch: &SwitchFalls) -> Sections {
        let body = &view.function.body;
        let facts: Vec<Facts> = switch.sections.iter().map(|s| Facts::new(body, &view.reading.code, s)).collect();
        let mut falls = vec![false; facts.len()];
        for p in switch.unmarked.iter().filter_map(|site| site.section).chain(switch.marked.iter().copied()) {
            falls[p] = true;
        }
        let ending = falls.iter().take(facts.len().saturating_sub(1)).filter(|&&f| !f).count();
        let file_has_marks = view.unit.habits(&view.source.text).mentions_fallthrough;
        let siblings = (0..facts.len()).filter(|&i| !falls[i]).take(MAX_SIBLINGS).collect();
        Sections { facts, falls, ending, siblings, file_has_marks }
    }

    /// The number of sections besides `p` and the last one, and how many of these end in a jump.
    fn others(&self, p: usize) -> (usize, usize) {
        let last = self.facts.len() - 1;
        (last - usize::from(p != last), self.ending - usize::from(p != last && !self.falls[p]))
    }
}

/// Collects the evidence on `site`, whose section `p` runs into section `p + 1`.
pub fn evidence(view: &View, switch: &SwitchFalls, sections: &Sections, site: &FallSite, p: usize) -> Evidence {
    let body = &view.function.body;
    let code = &view.reading.code;
    let (from, into) = (&sections.facts[p], &sections.facts[p + 1]);
    let mut e = Evidence { holds: Vec::new(), overwritten: None };
    let next = &switch.sections[p + 1];

    // What the section sets, and what happens to it.
    let tops: Vec<usize> = (0..from.stmts.len()).filter(|&i| from.assignment(i).is_some()).collect();
    let lost: Vec<usize> = tops
        .iter()
        .copied()
        .filter(|&i| from.assignment(i).is_some_and(|w| into.overwrites(body, code, &w.place)))
        .collect();
    let flow = from.writes.iter().any(|w| w.base.is_some_and(|base| into.reads_first(body, base)));
    let same_compound =
        from.writes.iter().any(|a| into.writes.iter().any(|b| b.compound && b.base.is_some() && a.base == b.base));
    let overwritten_any = from.writes.iter().any(|a| into.writes.iter().any(|b| !b.compound && a.place == b.place));
    if let Some(&last) = lost.last() {
        let place = from.assignment(last).map(|w| w.place.clone()).unwrap_or_default();
        let setter = (0..into.stmts.len()).find(|&i| into.assignment(i).is_some_and(|w| w.place == place));
        e.overwritten = setter.map(|i| (place, from.stmts[last], into.stmts[i]));
    }
    let overwritten = !lost.is_empty();
    let last_lost = lost.last().is_some_and(|&i| i + 1 == from.stmts.len());
    e.add("dead-section", overwritten && lost.len() == from.stmts.len());
    e.add("overwritten", overwritten);
    e.add("overwritten-no-flow", overwritten && !flow);
    e.add("overwritten-last", last_lost);
    e.add("overwritten-any", overwritten_any);
    e.add("flow", flow);
    e.add("same-compound", same_compound);
    let same_edge = match (from.stmts.len().checked_sub(1).and_then(|i| from.assignment(i)), into.assignment(0)) {
        (Some(a), Some(b)) => a.place == b.place,
        _ => false,
    };
    e.add("same-lvalue-at-edge", same_edge);

    // Labels.
    let (descending, ascending) = match (from.numbers.last(), into.numbers.first()) {
        (Some(&a), Some(&b)) => (a.checked_sub(1) == Some(b), a.checked_add(1) == Some(b)),
        _ => (false, false),
    };
    let case_pair =
        matches!((&from.chars[..], &into.chars[..]), ([.., a], [b, ..]) if a != b && a.eq_ignore_ascii_case(b));
    e.add("descending", descending);
    e.add("ascending", ascending);
    e.add("numeric-labels", !from.numbers.is_empty() && !into.numbers.is_empty());
    e.add("char-labels", !from.chars.is_empty() && !into.chars.is_empty());
    e.add("upper-lower", case_pair);
    let name = |label: Option<&StmtId>| label.map(|&l| folded(code, body.stmt(l).span)).unwrap_or_default();
    let (a, b) = (name(switch.sections[p].labels.last()), name(next.labels.first()));
    let prefix = common_prefix(&a, &b);
    e.add("labels-alike", prefix >= 0.7);
    e.add("labels-unlike", prefix < 0.3);
    e.add("from-default", switch.sections[p].is_default(body));
    e.add("into-default", next.is_default(body));
    e.add("into-only-default", next.is_only_default(body));

    // Similarity.
    let shape = similarity(&from.shape, &into.shape);
    let (others, terminating) = sections.others(p);
    let all_others_end = others > 0 && terminating == others;
    let alike = |&i: &usize| similarity(&from.shape, &sections.facts[i].shape);
    let sibling = sections.siblings.iter().filter(|&&i| i != p).map(alike).fold(0.0, f64::max);
    e.add("shape-80", shape >= 0.8);
    e.add("shape-90", shape >= 0.9);
    e.add("shape-below-40", shape < 0.4);
    e.add("parallel", shape >= 0.8 && !flow && !same_compound && !descending);
    e.add("sibling-80", sibling >= 0.8);
    e.add("sibling-95", sibling >= 0.95);
    e.add("sibling-below-40", sibling < 0.4);
    e.add("sibling-and-all-end", sibling >= 0.8 && all_others_end);
    let jaccard = jaccard(from, into);
    e.add("words-shared", jaccard >= 0.5);
    e.add("words-apart", jaccard < 0.15);
    let shared_call = from.calls.iter().any(|c| into.calls.contains(c));
    let first_call = from.first_call(body).is_some() && from.first_call(body) == into.first_call(body);
    e.add("shared-call", shared_call);
    e.add("same-first-call", first_call);
    e.add(
        "last-call-again",
        from.calls.last().is_some_and(|c| into.calls.contains(c)) && matches!(from.last, Last::Call | Last::AssignCall),
    );
    e.add("identical-statement", from.texts.iter().any(|t| into.texts.contains(t)));
    e.add("nothing-in-common", !flow && !shared_call && jaccard < 0.3);
    e.add("superset", !from.texts.is_empty() && from.texts.iter().all(|t| into.texts.contains(t)));
    e.add("same-words-other-constants", shape >= 0.999 && from.words == into.words && !descending && !same_compound);

    // How the section ends.
    let one = from.stmts.len() == 1;
    let nested = matches!(from.last, Last::Switch | Last::Loop) || (from.one_block && !one) || from.last == Last::Block;
    e.add("last-switch", from.last == Last::Switch);
    e.add("last-loop", from.last == Last::Loop);
    e.add("last-nested", nested);
    e.add("one-block", from.one_block);
    e.add("last-assign", from.last == Last::Assign);
    e.add("last-assign-call", from.last == Last::AssignCall);
    e.add("last-compound", from.last == Last::Compound);
    e.add("last-call", from.last == Last::Call);
    e.add("last-if", from.last == Last::If);
    e.add("last-if-else-jump", from.last == Last::IfElseJump);
    e.add("last-if-no-jump", from.last == Last::If && !from.conditional_exit);
    e.add("last-declaration", from.last == Last::Other);
    e.add("conditional-exit", from.conditional_exit);
    e.add("conditional-exit-alike", from.conditional_exit && shape >= 0.8);
    e.add("conditional-exit-unlike", from.conditional_exit && shape < 0.6);
    e.add("conditional-exit-others-end", from.conditional_exit && from.last == Last::If && all_others_end);
    e.add("only-if-with-jump", from.conditional_exit && one);
    e.add("jumps-inside", from.jumps);
    e.add("has-loop", from.has_loop);
    e.add("last-noreturn-like", from.calls.last().is_some_and(|c| is_fatal_name(c)));
    e.add("returns-inside", any_stmt(body, &from.stmts, |kind| matches!(kind, StmtKind::Return(_))));
    e.add("breaks-inside", any_stmt(body, &from.stmts, |kind| matches!(kind, StmtKind::Break)));

    // Sizes.
    let (n_from, n_into) = (from.stmts.len(), into.stmts.len());
    e.add("one-statement", one);
    e.add("three-statements", n_from >= 3);
    e.add("five-statements", n_from >= 5);
    e.add("ten-lines", from.lines >= 10);
    e.add("shorter", from.shape.len() < into.shape.len());
    e.add("much-shorter", from.shape.len() * 3 < into.shape.len());
    e.add("one-into-more", one && n_into >= 2);
    e.add("real-work", n_from >= 3 && !flow && !from.conditional_exit);
    e.add("prologue", flow && n_from <= 2 && from.shape.len() <= into.shape.len());
    e.add(
        "only-logs",
        !from.calls.is_empty() && from.calls.len() == n_from && from.calls.iter().all(|c| is_log_name(c)),
    );
    e.add(
        "if-then-unlike",
        one && matches!(from.last, Last::Call | Last::If) && jaccard < 0.15 && p + 2 < sections.facts.len(),
    );

    // The next section.
    let error_default = next.is_default(body) && looks_like_error(body, into);
    e.add("error-default", error_default);
    let works = from.stmts.iter().any(|&s| !matches!(body.stmt(s).kind, StmtKind::If { .. })) && !flow;
    e.add("error-default-after-work", error_default && works);
    e.add("next-is-last", p + 2 == sections.facts.len());
    e.add(
        "next-runs-off",
        p + 2 == sections.facts.len()
            && ![into.stmts.last(), next.stmts.last()].into_iter().flatten().any(|&s| ends_in_jump(body, s)),
    );
    e.add("next-breaks", next.stmts.last().is_some_and(|&s| matches!(body.stmt(s).kind, StmtKind::Break)));
    e.add("next-returns", next.stmts.last().is_some_and(|&s| matches!(body.stmt(s).kind, StmtKind::Return(_))));
    e.add("next-only-leaves", into.shape.is_empty());
    e.add("next-falls", sections.falls.get(p + 1).copied().unwrap_or(false));

    // The switch.
    let unmarked = switch.unmarked.len() - 1;
    let lone = unmarked == 0 && switch.marked.is_empty() && terminating >= 3 && all_others_end;
    e.add("all-others-end", all_others_end);
    e.add("five-others-end", terminating >= 5 && all_others_end);
    e.add("few-others-end", others > 0 && terminating * 2 < others);
    e.add("lone", lone);
    e.add("lone-no-flow", lone && !flow && !same_compound);
    e.add("other-unmarked", unmarked > 0);
    e.add("other-marked", !switch.marked.is_empty());
    e.add("other-falls", unmarked + switch.marked.len() > 0);
    e.add("three-other-falls", unmarked + switch.marked.len() >= 3);
    e.add("three-sections", sections.facts.len() <= 3);
    e.add("five-sections", sections.facts.len() >= 5);
    e.add("ten-sections", sections.facts.len() >= 10);
    e.add("first-section", p == 0);
    e.add("cascade", same_compound || descending || case_pair);
    if let StmtKind::Switch { cond, .. } = body.stmt(switch.stmt).kind {
        let operand = folded(code, body.expr(cond).span);
        e.add("sets-the-operand", from.writes.iter().any(|w| w.place == operand));
    }
    let value = into_label_name(body, next);
    e.add("names-the-next-label", value.is_some_and(|name| from.words.contains(name)));

    // Layout and comments.
    let comments = view.unit.scan.comments_in(site.gap);
    let gap = &view.source.text[site.gap.range()];
    e.add("comment-before", !comments.is_empty());
    e.add("blank-line-before", gap.lines().skip(1).any(|l| l.trim().is_empty()) && gap.lines().count() > 2);
    e.add("directive-between", view.unit.scan.has_directive(site.gap));
    e.add("says-intent", site.intent.is_some());
    e.add("file-has-marks", sections.file_has_marks);
    e.add("other-reading", !view.assumed_in(site.extent).is_empty());
    e
}

fn common_prefix(a: &str, b: &str) -> f64 {
    let (a, b) = (a.trim_end_matches(':').trim_end(), b.trim_end_matches(':').trim_end());
    let (a, b) = (a.strip_prefix("case ").unwrap_or(a), b.strip_prefix("case ").unwrap_or(b));
    let same = a.bytes().zip(b.bytes()).take_while(|(x, y)| x == y).count();
    same as f64 / a.len().max(b.len()).max(1) as f64
}

fn jaccard(a: &Facts, b: &Facts) -> f64 {
    let shared = a.words.iter().filter(|w| b.words.contains(*w)).count();
    let all = a.words.len() + b.words.len() - shared;
    if all == 0 { 0.0 } else { shared as f64 / all as f64 }
}

/// The name in a section's first label that has one.
fn into_label_name<'b>(body: &'b Body, section: &Section) -> Option<&'b str> {
    section.labels.iter().find_map(|&l| match body.stmt(l).kind {
        StmtKind::Case(Some(value)) => match body.expr(value).kind {
            ExprKind::Name(name) => Some(body.names.text(name)),
            _ => None,
        },
        _ => None,
    })
}

fn any_stmt(body: &Body, stmts: &[StmtId], is: fn(&StmtKind) -> bool) -> bool {
    let mut found = false;
    for &s in stmts {
        body.walk_first(s, MAX_STMTS, &mut |s| found |= is(&body.stmt(s).kind));
    }
    found
}

/// The section only reports or rejects: a log call, an error value, a jump to a label named for failure.
fn looks_like_error(body: &Body, facts: &Facts) -> bool {
    if facts.stmts.is_empty() || facts.stmts.len() > 4 {
        return false;
    }
    let logs = facts.calls.iter().any(|c| is_log_name(c) || is_fatal_name(c));
    let fails = facts.words.iter().any(|w| is_error_word(w)) || facts.stmts.iter().any(|&s| leaves_with_error(body, s));
    logs || fails
}

fn leaves_with_error(body: &Body, s: StmtId) -> bool {
    match &body.stmt(s).kind {
        StmtKind::Goto(name) => is_error_word(body.names.text(*name)),
        StmtKind::Return(Some(e)) => match &body.expr(*e).kind {
            ExprKind::Unary { .. } => true,
            ExprKind::Name(name) => {
                let name = body.names.text(*name);
                matches!(name, "NULL" | "FALSE" | "false") || is_error_word(name)
            }
            _ => false,
        },
        _ => false,
    }
}
