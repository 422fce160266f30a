//! `unchecked-lookup`: the result of a search that may have found nothing is used as if it had.

use super::{counted, finding, used, used_nulls};
use crate::analysis::nullness::link::{Miss, Why};
use crate::analysis::nullness::{UseKind, bits};
use crate::checks::{Context, Rule, View};
use crate::hir::{Body, ExprId, ExprKind};
use crate::program::catalog::model::NullReason;
use crate::report::{Confidence, Finding};

pub const RULE: Rule = Rule {
    id: "unchecked-lookup",
    page: include_str!("../../../rules/unchecked-lookup.md"),
    yields_to: &[],
    words: &[],
    wants: |_| true,
    check,
};

fn check(_: &Context, view: &View, out: &mut Vec<Finding>) {
    for miss in used_nulls(view) {
        let (Some(callee), Some(why)) = (&miss.callee, miss.why) else { continue };
        if miss.used.known & bits::ANY_NULL != 0 || miss.is_deviant() {
            continue;
        }
        // `strchr(s, '/') + 1`, and what comes of null is asked for.
        if miss.used.kind == UseKind::Arithmetic && compares_with_one(&view.function.body) {
            continue;
        }
        let Some(confidence) = confidence(miss, why) else { continue };
        let when = match why {
            Why::Known(NullReason::NotFound) => "null where nothing is found",
            Why::Known(NullReason::NoToken) => "null where no token is left",
            Why::Known(NullReason::ParseFailure) => "null where the input is malformed",
            Why::Known(NullReason::Alloc | NullReason::Exhausted) => "null where nothing is left to give",
            Why::Returns => "null on some path through it",
            Why::Belief | Why::Name => "perhaps null where nothing is found",
        };
        let mut f = finding(view, RULE.id, miss, confidence);
        let asked = match miss.used.known & bits::ASSERTED {
            0 => "without a test",
            _ => "with only an assertion before",
        };
        f.message = format!("the result of `{callee}`, {when}, {} {asked}{}", used(miss), counted(miss.callers));
        out.push(f);
    }
}

/// `p == (char *) 1`
fn compares_with_one(body: &Body) -> bool {
    let is_one = |e: ExprId| match body.expr(e).kind {
        ExprKind::Cast { operand, .. } => {
            matches!(body.expr(operand).kind, ExprKind::Number(n) if body.names.text(n) == "1")
        }
        _ => false,
    };
    body.exprs.iter().any(|e| matches!(e.kind, ExprKind::Binary { left, right, .. } if is_one(left) || is_one(right)))
}

fn confidence(miss: &Miss, why: Why) -> Option<Confidence> {
    let callers = miss.callers;
    // Most others do not ask either: the function does not fail here as it is used.
    let contrary = callers.all() >= 2 && callers.asked * 2 < callers.all();
    let share = callers.asked * 100 / callers.all().max(1);
    let is_open = miss.used.known & (bits::TESTED | bits::USED | bits::ASSERTED) == 0;
    let is_clean = is_open && !miss.used.one_of;
    let is_direct = matches!(miss.used.kind, UseKind::Dereference | UseKind::Library);
    // `sccp_to_xua` may just look at the same thing in another way.
    let searches = miss.callee.as_deref().is_some_and(|name| !name.split('_').any(|w| w.eq_ignore_ascii_case("to")));
    match why {
        Why::Returns | Why::Name if contrary => None,
        Why::Name if !is_direct => None,
        Why::Name if is_clean && searches => Some(Confidence::Medium),
        Why::Known(_) if callers.believe() && is_clean && is_direct => Some(Confidence::High),
        Why::Known(_) if !contrary && is_clean && miss.used.kind != UseKind::Address => Some(Confidence::Medium),
        Why::Returns if callers.believe() && is_clean && is_direct => Some(Confidence::High),
        Why::Returns if callers.all() >= 4 && share >= 75 && is_open && miss.used.kind != UseKind::Address => {
            Some(Confidence::Medium)
        }
        _ => Some(Confidence::Low),
    }
}
