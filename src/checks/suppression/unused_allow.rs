//! `unused-allow`: a comment accepts findings of a rule that finds nothing there.

use super::{Accepting, invalid_allow};
use crate::checks::Rule;
use crate::checks::deletion::without_comment;
use crate::preprocess::allow::Allows;
use crate::report::{Confidence, Edit, Finding, Fix};

/// Comments are read after all rules have run, not function by function.
pub const RULE: Rule = Rule {
    id: "unused-allow",
    page: include_str!("../../../rules/unused-allow.md"),
    yields_to: &[],
    words: &["crosstalk"],
    wants: |_| false,
    check: |_, _, _| {},
};

/// `used` records for every name in every comment whether it accepted anything.
pub fn findings(file: &Accepting, allows: &Allows, used: &[Vec<bool>]) -> Vec<Finding> {
    let runs = |id: &str| file.rules.iter().any(|rule| rule.id == id);
    if !file.complete || !runs(RULE.id) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (allow, used) in allows.comments.iter().zip(used) {
        for (&span, _) in allow.rules.iter().zip(used).filter(|(_, used)| !**used) {
            let name = &file.source.text[span.range()];
            // Nothing is known about a rule that did not run.
            if !runs(name) || name == RULE.id || name == invalid_allow::RULE.id {
                continue;
            }
            let mut finding = Finding::new(RULE.id, Confidence::Medium, file.unit.file, span);
            finding.label = "accepts nothing".into();
            finding.message = format!("`{name}` finds nothing here that this comment could accept");
            if allow.rules.len() == 1 {
                let (span, replacement) = without_comment(file.source, allow.comment);
                let edits = vec![Edit { file: file.unit.file, span, replacement: replacement.into() }];
                finding.fixes.push(Fix { description: "delete the comment".into(), safe: true, edits });
            }
            found.push(finding);
        }
    }
    found
}
