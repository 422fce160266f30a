//! `unbounded-recursion`: decoders that call themselves or each other, once per nesting level of the message.

use crate::checks::{Context, Rule, View};
use crate::report::{Confidence, Finding};

pub const RULE: Rule = Rule {
    id: "unbounded-recursion",
    page: include_str!("../../../rules/unbounded-recursion.md"),
    yields_to: &[],
    words: &[],
    wants: |_| true,
    check,
};

fn check(cx: &Context, view: &View, out: &mut Vec<Finding>) {
    let Some(cycle) = cx.cycles.of(view.function) else { return };
    let span = view.function.body.expr(cycle.call).span;
    let confidence = if cycle.by_cursor { Confidence::Medium } else { Confidence::Low };
    let mut f = view.finding(RULE.id, confidence, span, span);
    f.label = "once more for each level of nesting".into();
    let name = &view.function.name;
    let calls = match &cycle.through[..] {
        [] => format!("`{name}` calls itself"),
        others => format!("`{name}` calls itself through `{}`", others.join("`, `")),
    };
    f.message = format!("{calls} for each level of nesting in the message, and nothing limits the depth");
    f.notes.push("outage: one deeply nested message uses up the stack, and the process ends".into());
    out.push(f);
}
