//! `implicit-fallthrough`: control runs from one `case` into the next, and nothing says that it should.

use super::falls::{FallSite, SwitchFalls, switch_falls};
use super::outline::may_fall;
use crate::checks::{Context, Rule, View};
use crate::hir::StmtKind;
use crate::report::{Confidence, Finding, Related, Severity};

pub const RULE: Rule = Rule {
    id: "implicit-fallthrough",
    page: include_str!("../../../rules/implicit-fallthrough.md"),
    words: &["switch", "case"],
    wants: |candidate| may_fall(candidate.code),
    check,
};

fn check(cx: &Context, view: &View, out: &mut Vec<Finding>) {
    for switch in switch_falls(cx, view) {
        for site in &switch.unmarked {
            out.push(finding(cx, view, &switch, site));
        }
    }
}

fn finding(cx: &Context, view: &View, switch: &SwitchFalls, site: &FallSite) -> Finding {
    let body = &view.function.body;
    let file = view.unit.file;
    let label = body.stmt(site.fall.label);
    let source = &cx.files[file.0 as usize];
    let what = match label.kind {
        StmtKind::Case(None) => "default".to_owned(),
        _ => source.slice(label.span).trim_end_matches(':').trim_end().to_owned(),
    };
    let mut related = Vec::new();
    if let Some(section) = site.section.map(|s| &switch.sections[s]) {
        if let Some(&last) = section.stmts.last() {
            related.push(Related { file, span: body.stmt(last).span, message: "this statement runs into it".into() });
        }
        if let Some(&first) = section.labels.last() {
            related.push(Related {
                file,
                span: body.stmt(first).span,
                message: "the section that falls begins here".into(),
            });
        }
    }
    let confidence = Confidence::Low;
    Finding {
        rule: RULE.id,
        severity: severity(confidence),
        confidence,
        file,
        span: label.span,
        label: "falls into this label".into(),
        function: Some(view.function.name.clone()),
        message: format!("control falls through into `{what}`"),
        related,
        notes: view.assumed.to_vec(),
        fixes: Vec::new(),
    }
}

fn severity(confidence: Confidence) -> Severity {
    match confidence {
        Confidence::High => Severity::Error,
        Confidence::Medium => Severity::Warning,
        Confidence::Low => Severity::Note,
    }
}
