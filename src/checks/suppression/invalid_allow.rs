//! `invalid-allow`: a comment addressed to this program that cannot be honoured.

use super::Accepting;
use crate::checks::Rule;
use crate::checks::pages::{PAGES, nearest};
use crate::preprocess::allow::Allows;
use crate::report::{Confidence, Finding};
use crate::source::Span;

/// Comments are read after all rules have run, not function by function.
pub const RULE: Rule = Rule {
    id: "invalid-allow",
    page: include_str!("../../../rules/invalid-allow.md"),
    yields_to: &[],
    words: &["crosstalk"],
    wants: |_| false,
    check: |_, _, _| {},
};

pub fn findings(file: &Accepting, allows: &Allows) -> Vec<Finding> {
    if !file.rules.iter().any(|rule| rule.id == RULE.id) {
        return Vec::new();
    }
    let finding = |span: Span, label: &str, message: String| {
        let mut finding = Finding::new(RULE.id, Confidence::High, file.unit.file, span);
        (finding.label, finding.message) = (label.into(), message);
        finding
    };
    let faults = allows
        .faults
        .iter()
        .map(|(span, why)| finding(*span, "is not heeded", format!("this comment accepts nothing: {why}")));
    let names = allows.comments.iter().flat_map(|allow| &allow.rules);
    let unknown = names.filter_map(|&span| {
        let name = &file.source.text[span.range()];
        if PAGES.iter().any(|page| page.id == name) {
            return None;
        }
        let is_group = PAGES.iter().any(|page| page.family == name || page.set.as_str() == name);
        let hint = match nearest(name, PAGES.iter().map(|page| page.id)) {
            _ if is_group => "; it names several: name each rule".to_owned(),
            Some(guess) => format!("; did you mean `{guess}`?"),
            None => String::new(),
        };
        Some(finding(span, "no such rule", format!("there is no rule `{name}`{hint}")))
    });
    let silent = allows.comments.iter().filter(|allow| file.reasons && allow.reason.is_empty());
    let silent =
        silent.map(|allow| finding(allow.comment, "says no reason", "a reason is missing: `-- REASON`".into()));
    faults.chain(unknown).chain(silent).collect()
}
