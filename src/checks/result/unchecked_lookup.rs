//! `unchecked-lookup`: the result of a search that may find nothing is used without a check.

use super::{asks_how_many, counted, finding, used, used_nulls};
use crate::analysis::access::place;
use crate::analysis::nullness::miss::Miss;
use crate::analysis::nullness::why::Why;
use crate::analysis::nullness::{Origin, UseKind, bits};
use crate::checks::{Context, Rule, View};
use crate::hir::{BinaryOp, Body, ExprId, ExprKind, StmtKind, Symbol, UnaryOp};
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

/// Up to this many calls, most of them unchecked, are too few to conclude that the function cannot fail here.
const MAX_CONTRARY: u32 = 3;
/// From this many callers on, their behaviour says more than the body of the function.
const MIN_TOLD: u32 = 12;

fn check(_: &Context, view: &View, out: &mut Vec<Finding>) {
    for miss in used_nulls(view) {
        let (Some(callee), Some(why)) = (&miss.callee, miss.why) else { continue };
        if miss.used.known & bits::ANY_NULL != 0 || miss.is_deviant() {
            continue;
        }
        // `strchr(s, '/') + 1`, where the result for null is tested for.
        if miss.used.kind == UseKind::Arithmetic && compares_with_one(&view.function.body) {
            continue;
        }
        let Some(mut confidence) = confidence(miss, why) else { continue };
        if is_counted(view, miss, matches!(why, Why::Known(_))) {
            confidence = Confidence::Low;
        }
        if reports_its_error(view, miss) {
            confidence = Confidence::Low;
        }
        // Every caller has made the same search.
        if miss.seen_to {
            confidence = if confidence == Confidence::High { Confidence::Medium } else { Confidence::Low };
        }
        if matches!(why, Why::Stores | Why::StoresIgnored) {
            let when = match why {
                Why::Stores => "null on some path on which the call succeeds",
                _ => "null when the call fails, which nothing checks",
            };
            let mut f = finding(view, RULE.id, miss, confidence);
            f.message = format!("the pointer that `{callee}` stores {} without a check; it is {when}", used(miss));
            out.push(f);
            continue;
        }
        let when = match why {
            Why::Known(NullReason::NotFound) => "is null when nothing is found",
            Why::Known(NullReason::NoToken) => "is null when no token is left",
            Why::Known(NullReason::ParseFailure) => "is null when the input is malformed",
            Why::Known(NullReason::Alloc | NullReason::Exhausted) => "is null when nothing is left to give",
            Why::Returns | Why::Stores | Why::StoresIgnored => "is null on some path through that function",
            Why::Asserted => "is null where an assertion in it fails",
            Why::Belief | Why::Name | Why::Getter => "may be null when nothing is found",
            Why::Few => "is checked by other callers",
        };
        let mut f = finding(view, RULE.id, miss, confidence);
        let asked = match miss.used.known & bits::ASSERTED {
            0 => "without a check",
            _ => "with only an assertion before",
        };
        let counted = counted(miss.callers);
        // The count of callers that check it already says why.
        let why = if why == Why::Few && !counted.is_empty() { String::new() } else { format!("; it {when}") };
        f.message = format!("the result of `{callee}` {} {asked}{why}{counted}", used(miss));
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
    let contrary = callers.are_contrary();
    let share = callers.asked * 100 / callers.all().max(1);
    // What was dereferenced before this, its first use, was dereferenced in an earlier iteration of a loop.
    let is_open = miss.used.known & (bits::TESTED | bits::ASSERTED) == 0;
    // Without a branch since the call, paths on which it holds another value are no counterevidence.
    let is_fresh = miss.used.known == bits::FRESH;
    let is_clean = is_open && (!miss.used.one_of || is_fresh);
    let is_direct = matches!(miss.used.kind, UseKind::Dereference | UseKind::Called | UseKind::Library);
    let is_used = is_direct || miss.used.kind == UseKind::PartGiven;
    let name = miss.callee.as_deref().unwrap_or_default();
    if miss.sometimes {
        let known = matches!(why, Why::Known(_)) && is_clean;
        return (!contrary).then_some(if known { Confidence::Medium } else { Confidence::Low });
    }
    match why {
        _ if matches!(miss.used.kind, UseKind::Given { .. }) && miss.inside.is_none() => {
            let known = matches!(why, Why::Known(_)) && !miss.used.one_of;
            (!contrary && is_clean).then_some(if known { Confidence::Medium } else { Confidence::Low })
        }
        Why::Stores | Why::StoresIgnored => match is_clean && miss.used.kind != UseKind::Address {
            true => Some(Confidence::Medium),
            false => Some(Confidence::Low),
        },
        Why::Returns | Why::Asserted if contrary && callers.all() > MAX_CONTRARY => None,
        // The author states that this cannot happen.
        Why::Asserted => Some(Confidence::Low),
        Why::Returns if contrary => Some(Confidence::Low),
        Why::Name if contrary && (callers.all() > MAX_CONTRARY || !is_clean) => None,
        Why::Getter if contrary => None,
        Why::Name | Why::Getter | Why::Few if !is_used => None,
        Why::Name if contrary => Some(Confidence::Low),
        // `sccp_to_xua` may just be another view of the same object.
        Why::Name if is_clean && !name.split('_').any(|w| w.eq_ignore_ascii_case("to")) => Some(Confidence::Medium),
        // A call that is checked on some paths counts as checked.
        Why::Getter if callers.asked == 0 || (!is_open && callers.asked == 1) => None,
        Why::Getter if callers.asked > 0 && callers.all() <= MAX_CONTRARY && is_clean => Some(Confidence::Medium),
        Why::Few if callers.unasked == 1 && callers.asked >= 3 && is_clean => Some(Confidence::Medium),
        Why::Known(_) if callers.believe() && is_clean && is_direct => Some(Confidence::High),
        Why::Known(_) if !contrary && is_clean && miss.used.kind != UseKind::Address => Some(Confidence::Medium),
        Why::Returns if callers.believe() && is_clean && is_direct => Some(Confidence::High),
        Why::Returns if is_clean && miss.used.kind != UseKind::Address && !is_text_name(name) => {
            let told = callers.all() < MIN_TOLD || share >= 75;
            Some(if told { Confidence::Medium } else { Confidence::Low })
        }
        _ => Some(Confidence::Low),
    }
}

/// `for (i = 0; i < n; i++) get(list, i)`: there are that many elements.
fn is_counted(view: &View, miss: &Miss, is_known: bool) -> bool {
    let body = &view.function.body;
    let Origin::Call(call) = miss.used.origin else { return false };
    let ExprKind::Call { args, .. } = &body.expr(call).kind else { return false };
    let is_name = |e: ExprId, name: Symbol| matches!(body.expr(body.bare(e)).kind, ExprKind::Name(n) if n == name);
    let steps = |cond: ExprId| match body.expr(cond).kind {
        ExprKind::Binary { op: BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge, left, .. } => {
            matches!(body.expr(left).kind, ExprKind::Name(n) if args.iter().any(|&a| is_name(a, n)))
        }
        _ => false,
    };
    // `while (queue.length) pop(&queue)`
    let of = |arg: ExprId| match body.expr(body.bare(arg)).kind {
        ExprKind::Unary { op: UnaryOp::AddressOf, operand } => place(body, operand),
        _ => place(body, arg),
    };
    let at = body.expr(call).span;
    if takes_one_out(miss)
        && args.first().and_then(|&arg| of(arg)).is_some_and(|object| asks_how_many(body, &object, at))
    {
        return true;
    }
    let mut around = view.nesting().around(miss.used.stmt);
    !is_known && around.any(|s| matches!(body.stmt(s).kind, StmtKind::For { cond: Some(cond), .. } if steps(cond)))
}

/// `p = find(k, &error); if (error) return;`: null only on error, and the error was checked.
fn reports_its_error(view: &View, miss: &Miss) -> bool {
    let body = &view.function.body;
    let Origin::Call(call) = miss.used.origin else { return false };
    let ExprKind::Call { args, .. } = &body.expr(call).kind else { return false };
    let errors = args.iter().filter_map(|&arg| match body.expr(arg).kind {
        ExprKind::Unary { op: UnaryOp::AddressOf, operand } => match body.expr(operand).kind {
            ExprKind::Name(name) if body.names.text(name).to_ascii_lowercase().contains("err") => Some(name),
            _ => None,
        },
        _ => None,
    });
    let (from, to) = (body.expr(call).span.start, body.expr(miss.used.expr).span.start);
    let mut asked = body.stmts.iter().filter_map(|s| s.kind.condition());
    let errors: Vec<Symbol> = errors.collect();
    !errors.is_empty()
        && asked.any(|cond| {
            (from..to).contains(&body.expr(cond).span.start) && errors.iter().any(|&name| body.mentions(cond, name))
        })
}

/// `queue_pop`, `array_get_idx`
fn takes_one_out(miss: &Miss) -> bool {
    const WORDS: [&str; 12] =
        ["pop", "peek", "pull", "head", "tail", "first", "last", "nth", "idx", "index", "dequeue", "at"];
    let name = miss.callee.as_deref().unwrap_or_default().to_ascii_lowercase();
    name.split('_').any(|word| WORDS.contains(&word))
}

/// `codec_name`, `cause2str`: a known number always has a text.
fn is_text_name(name: &str) -> bool {
    let last = name.rsplit('_').next().unwrap_or_default().to_ascii_lowercase();
    ["name", "str", "string", "text", "desc", "descr", "eyecatcher"].iter().any(|w| last.ends_with(w))
}
