//! `past-end-of-text`: a text is read past its terminating NUL.

use crate::analysis::texts::{Kind, Slip, slips};
use crate::checks::{Candidate, Context, Rule, View};
use crate::report::{Confidence, Finding};

pub const RULE: Rule = Rule {
    id: "past-end-of-text",
    page: include_str!("../../../rules/past-end-of-text.md"),
    yields_to: &[],
    words: &[],
    wants,
    check,
};

fn wants(candidate: &Candidate) -> bool {
    super::wants(candidate) && (candidate.code.contains("char") || candidate.code.contains("CHAR"))
}

fn check(cx: &Context, view: &View, out: &mut Vec<Finding>) {
    for slip in slips(cx.program, view.function, &view.reading.code, view.cfg) {
        out.push(finding(view, &slip));
    }
}

fn finding(view: &View, slip: &Slip) -> Finding {
    let confidence = match slip.kind {
        Kind::Seen | Kind::Tested if !view.source.is_test() => Confidence::Medium,
        _ => Confidence::Low,
    };
    let span = slip.step.unwrap_or(slip.read);
    let mut f = view.finding(RULE.id, confidence, span, span);
    let name = &slip.name;
    let does = if slip.step.is_some() { "moved" } else { "read" };
    let end = match slip.kind {
        Kind::Seen => "the NUL that may end its text here",
        Kind::Tested => "a NUL right after the bytes checked before",
        Kind::Untested => "the NUL of a text whose length nothing checks",
    };
    f.label = "the text may have ended".into();
    f.message = format!("`{name}` may be {does} past {end}");
    if slip.step.is_some() && slip.read != span {
        f.related.push(view.related(slip.read, "it is read here"));
    }
    if let Some(seen) = slip.seen.filter(|seen| *seen != span) {
        let words = if slip.kind == Kind::Seen { "the NUL may be met here" } else { "checked last here" };
        f.related.push(view.related(seen, words));
    }
    f.notes.push(format!("{} byte(s) past the end", slip.by));
    f
}
