//! `unchecked-part`: a member that may be null, as the parser leaves it or as other functions believe, is read through.

use super::{doubted, finding, used};
use crate::analysis::nullness::doubts::Doubt;
use crate::analysis::nullness::{UseKind, bits};
use crate::checks::{Context, Rule, View};
use crate::report::{Confidence, Finding};

pub const RULE: Rule = Rule {
    id: "unchecked-part",
    page: include_str!("../../../rules/unchecked-part.md"),
    yields_to: &["null-on-some-path", "unchecked-lookup"],
    words: &[],
    wants: |_| true,
    check,
};

fn check(_: &Context, view: &View, out: &mut Vec<Finding>) {
    for (miss, doubt) in doubted(view) {
        let (field, others, optional, nulled) = match doubt {
            Doubt::Part { field, others, optional, nulled } => (field, others, optional, nulled),
            Doubt::Guarded { field, others } => {
                let UseKind::Given { callee, .. } = &miss.used.kind else { continue };
                let mut f = finding(view, RULE.id, miss, Confidence::Low);
                f.message = format!(
                    "`{field}` is given to `{callee}` without a test; {} of {} functions that do so test it before",
                    others.asked,
                    others.all()
                );
                out.push(f);
                continue;
            }
            _ => continue,
        };
        let believed = others.believe();
        let confidence = match optional {
            // This function is one of those that do not.
            true if others.asked * 100 >= others.all().saturating_sub(1) * 70 => Confidence::Medium,
            false if believed && others.rank() >= 1.0 && miss.used.known & bits::FRESH != 0 => Confidence::Medium,
            _ => Confidence::Low,
        };
        let mut f = finding(view, RULE.id, miss, confidence);
        let counted = match others.all() {
            0..=3 => String::new(),
            all => format!("; {} of {all} functions test it", others.asked),
        };
        let why = match (optional, nulled) {
            (true, _) => "which is null where the part is absent",
            (false, true) => "which other functions test and some set to null",
            (false, false) => "which other functions test",
        };
        f.message = format!("`{field}`, {why}, {} without a test{counted}", used(miss).trim_end_matches(','));
        out.push(f);
    }
}
