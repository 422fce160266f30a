//! `unchecked-part`: a member is dereferenced that may be null, judging by the parser or by checks in other functions.

use super::{doubted, finding, used};
use crate::analysis::nullness::UseKind;
use crate::analysis::nullness::miss::Doubt;
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

/// How many functions make a habit, and in what percentage: of 31 findings reviewed above both limits, 19 were right or
/// worth a look; of 8 below either, 2.
const MANY: u32 = 6;
const MOST: u32 = 70;
/// Many exceptions need a higher percentage: of 17 findings below, 6 were right or worth a look; of 64 others, 44.
const EXCEPTIONS: u32 = 10;
const MOST_OF_MANY: u32 = 75;

fn check(_: &Context, view: &View, out: &mut Vec<Finding>) {
    for (miss, doubt) in doubted(view) {
        let (field, others, optional, nulled, settled) = match doubt {
            Doubt::Part { field, others, optional, nulled, settled } => (field, others, optional, nulled, *settled),
            Doubt::Guarded { field, others, nulled, settled } => {
                let UseKind::Given { callee, .. } = &miss.used.kind else { continue };
                // It is set and reset, and only this function does not check.
                let confidence = match *nulled && others.unasked == 1 && !settled {
                    true => Confidence::Medium,
                    false => Confidence::Low,
                };
                let mut f = finding(view, RULE.id, miss, confidence);
                f.message = format!(
                    "`{field}` is passed to `{callee}` without a check; {} of {} functions that do so check it first",
                    others.asked,
                    others.all()
                );
                out.push(f);
                continue;
            }
            _ => continue,
        };
        let most = if others.unasked >= EXCEPTIONS { MOST_OF_MANY } else { MOST };
        let confidence = match optional {
            // Callers know what a table of functions provides.
            _ if miss.used.kind == UseKind::Called => Confidence::Low,
            // The caller has checked, or a parser called before reports whether it is present.
            _ if settled => Confidence::Low,
            // This function is one of those that do not check.
            true if others.asked * 100 >= others.all().saturating_sub(1) * 70 => Confidence::Medium,
            false if others.all() >= MANY && others.asked * 100 >= others.all() * most => Confidence::Medium,
            _ => Confidence::Low,
        };
        let mut f = finding(view, RULE.id, miss, confidence);
        let counted = match others.all() {
            0..=3 => String::new(),
            all => format!("{} of {all} functions check it", others.asked),
        };
        let why = match (optional, nulled) {
            (true, _) => "it is null when the part is absent",
            (false, true) => "some functions set it to null",
            (false, false) if counted.is_empty() => "other functions check it",
            (false, false) => "",
        };
        let and = if why.is_empty() || counted.is_empty() { "" } else { ", and " };
        f.message = format!("`{field}` {} without a check; {why}{and}{counted}", used(miss));
        out.push(f);
    }
}
