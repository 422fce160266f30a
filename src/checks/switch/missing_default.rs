//! `missing-default`: a `switch` over numbers or characters ignores other values.

use rustc_hash::FxHashMap;

use super::handled::{Handled, without_default};
use super::shape::{doubt, has_switch};
use crate::checks::{Context, Rule, View};
use crate::hir::StmtId;
use crate::report::Finding;

pub const RULE: Rule = Rule {
    id: "missing-default",
    page: include_str!("../../../rules/missing-default.md"),
    yields_to: &[],
    words: &["switch"],
    wants: has_switch,
    check,
};

fn check(cx: &Context, view: &View, out: &mut Vec<Finding>) {
    let mut falls: FxHashMap<StmtId, usize> = FxHashMap::default();
    for fall in view.cfg.falls.iter().filter(|fall| view.cfg.is_reachable(fall.from)) {
        *falls.entry(fall.switch).or_default() += 1;
    }
    for open in without_default(cx, view).iter().filter(|open| open.joins) {
        let falling = falls.get(&open.switch.stmt).copied().unwrap_or_default();
        let unlikely = match open.handled {
            Handled::Enumeration(_) => continue,
            Handled::Unknown => Some("its labels are not defined here and may be all that there are"),
            Handled::Values if open.switch.sections.len() < 2 => Some("a single section: it may stand for an `if`"),
            Handled::Values if falling + 1 >= open.switch.sections.len() => {
                Some("every section runs into the next: the value may count what is left to do")
            }
            Handled::Values => None,
        };
        let message = "`switch` without a `default`: other values are ignored".to_owned();
        let span = open.switch.keyword;
        let mut finding = open.switch.finding(view, RULE.id, span, "no label for other values", message);
        doubt(&mut finding, unlikely);
        out.push(finding);
    }
}
