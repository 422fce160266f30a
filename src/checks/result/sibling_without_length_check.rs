//! `sibling-without-length-check`: a decoder that reads at once where its siblings check a length first.

use crate::checks::{Context, Rule, View};
use crate::report::{Confidence, Finding, Related};

pub const RULE: Rule = Rule {
    id: "sibling-without-length-check",
    page: include_str!("../../../rules/sibling-without-length-check.md"),
    yields_to: &["unchecked-message-read"],
    words: &[],
    wants: |_| true,
    check,
};

fn check(cx: &Context, view: &View, out: &mut Vec<Finding>) {
    let Some(outlier) = cx.siblings.of(view.function) else { return };
    let most = outlier.checked >= 3 && outlier.checked * 4 >= outlier.of * 3;
    let confidence = match outlier.late {
        Some(_) if most => Confidence::High,
        Some(_) => Confidence::Medium,
        None if most => Confidence::Medium,
        None => Confidence::Low,
    };
    let mut f = view.finding(RULE.id, confidence, outlier.read, outlier.read);
    f.label = "read before any length is looked at".into();
    let (name, checked, of) = (&view.function.name, outlier.checked, outlier.of);
    let beside = if outlier.is_table { "of its table" } else { "called with the same message" };
    f.message =
        format!("{checked} of the {of} decoders {beside} check the length before they read; `{name}` reads first");
    if let Some(late) = outlier.late {
        f.related.push(view.related(late, "tested only here"));
    }
    for (name, file, span) in &outlier.examples {
        f.related.push(Related { file: *file, span: *span, message: format!("`{name}` checks here") });
    }
    let (file, span) = outlier.group;
    f.related.push(Related { file, span, message: "named together here".into() });
    out.push(f);
}
