//! `unchecked-result-belief`: nearly all callers of a function check its result, but these do not (Engler et al.,
//! "Bugs as Deviant Behavior", SOSP 2001).

use super::{finding, used, used_nulls};
use crate::checks::{Context, Rule, View};
use crate::report::{Confidence, Finding, Related};

pub const RULE: Rule = Rule {
    id: "unchecked-result-belief",
    page: include_str!("../../../rules/unchecked-result-belief.md"),
    yields_to: &[],
    words: &[],
    wants: |_| true,
    check,
};

/// Limit on the other places listed in a finding.
const MAX_LISTED: usize = 16;

/// Below this rank, callers check results that cannot be null about as often as those that can.
const MEDIUM: f64 = 1.0;

fn check(_: &Context, view: &View, out: &mut Vec<Finding>) {
    for miss in used_nulls(view).filter(|m| m.is_deviant()) {
        let Some(callee) = &miss.callee else { continue };
        let rank = miss.callers.rank();
        let confidence = if rank >= MEDIUM { Confidence::Medium } else { Confidence::Low };
        let mut f = finding(view, RULE.id, miss, confidence);
        let others = match miss.others.len() {
            0 => String::new(),
            n => format!(", and at {n} more places"),
        };
        f.message = format!(
            "the result of `{callee}` {} without a check here{others}; {} of {} calls are checked",
            used(miss),
            miss.callers.asked,
            miss.callers.all()
        );
        f.notes.push(format!("rank {rank:.1}: standard deviations above nine in ten"));
        for &(file, span) in miss.others.iter().take(MAX_LISTED) {
            f.related.push(Related { file, span, message: "used without a check here, too".into() });
        }
        out.push(f);
    }
}
