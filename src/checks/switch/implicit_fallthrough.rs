//! `implicit-fallthrough`: control runs from one `case` into the next, and nothing says that it should.

use super::evidence::{Evidence, Sections, evidence};
use super::falls::{FallSite, SwitchFalls, switch_falls};
use super::fixes::{fixes, mark};
use super::outline::may_fall;
use super::ranking::Score;
use crate::checks::{Context, Rule, View};
use crate::hir::{StmtId, StmtKind};
use crate::report::{Confidence, Finding, Related, Severity};

pub const RULE: Rule = Rule {
    id: "implicit-fallthrough",
    page: include_str!("../../../rules/implicit-fallthrough.md"),
    words: &["switch", "case"],
    wants: |candidate| may_fall(candidate.code, &|name| candidate.hides_label(name)),
    check,
};

/// So many unlikely falls in a row are a cascade: one finding, with their number.
const CASCADE: usize = 3;

fn check(cx: &Context, view: &View, out: &mut Vec<Finding>) {
    for switch in switch_falls(cx, view) {
        if switch.unmarked.is_empty() {
            continue;
        }
        let sections = Sections::new(cx, view, &switch);
        let mark = mark(cx, view);
        let mut run: Vec<Finding> = Vec::new();
        let mut last_section = None;
        for site in &switch.unmarked {
            let evidence = site.section.map(|p| evidence(cx, view, &switch, &sections, site, p));
            let finding = finding(cx, view, &switch, &mark, site, evidence);
            let follows = matches!((last_section, site.section), (Some(a), Some(b)) if b == a + 1);
            if finding.confidence > Confidence::Low || !follows {
                out.extend(joined(std::mem::take(&mut run)));
            }
            last_section = site.section;
            match finding.confidence {
                // With features, each site is a row to learn from.
                Confidence::Low if !cx.options.features => run.push(finding),
                _ => out.push(finding),
            }
        }
        out.extend(joined(run));
    }
}

/// A run of unlikely falls, each into the next section: one finding where it is long enough.
fn joined(mut run: Vec<Finding>) -> Vec<Finding> {
    if run.len() < CASCADE {
        return run;
    }
    let rest = run.split_off(1);
    let more = rest.len();
    if let Some(first) = run.first_mut() {
        first.message.push_str(&format!(" and on into {more} more labels of this switch"));
        first.related.extend(rest.into_iter().map(|f| Related {
            file: f.file,
            span: f.span,
            message: "and falls into this one".into(),
        }));
        first.fixes.clear();
    }
    run
}

fn finding(
    cx: &Context,
    view: &View,
    switch: &SwitchFalls,
    mark: &str,
    site: &FallSite,
    evidence: Option<Evidence>,
) -> Finding {
    let body = &view.function.body;
    let file = view.unit.file;
    let label = body.stmt(site.fall.label);
    let at = |stmt: StmtId, message: String| Related { file, span: body.stmt(stmt).span, message };
    let mut related = Vec::new();
    if let Some(section) = site.section.map(|s| &switch.sections[s]) {
        related.extend(section.stmts.last().map(|&last| at(last, "this runs into it".into())));
        related.extend(section.labels.last().map(|&first| at(first, "the section that falls".into())));
    }
    let score = evidence.as_ref().map(Score::new);
    let confidence = match &score {
        Some(score) if site.intent.is_none() && !site.after_assertion && !site.harmless => score.confidence(),
        _ => Confidence::Low,
    };
    if let Some((place, set, anew)) = evidence.as_ref().and_then(|e| e.overwritten.as_ref()) {
        if confidence > Confidence::Low {
            related.retain(|r| r.span != body.stmt(*set).span);
            related.insert(0, at(*set, format!("`{place}` is set here, and control runs on")));
            related.push(at(*anew, format!("`{place}` is set anew before anything reads it")));
        }
    }
    let mut notes = view.assumed_in(site.extent);
    if let Some(intent) = site.intent {
        let source = &cx.files[file.0 as usize];
        let said = source.slice(intent).split_whitespace().collect::<Vec<_>>().join(" ");
        notes.push(format!(
            "`{said}` may say that it is meant, but not in a form that the chosen comment style accepts"
        ));
    } else if site.harmless {
        notes.push("harmless as it stands: GCC accepts it, Clang and MISRA C do not".into());
    } else if site.after_assertion {
        notes.push(
            "the section ends in an assertion that always fails: only builds that leave it out fall through".into(),
        );
    } else if let Some(score) = &score {
        notes.extend(score.explain(confidence));
    }
    if let (true, Some(evidence), Some(score)) = (cx.options.features, &evidence, &score) {
        notes.push(format!("features: {:.4} {}", score.probability, evidence.holds.join(" ")));
    }
    let what = match label.kind {
        StmtKind::Case(None) => "default".to_owned(),
        _ => cx.files[file.0 as usize].slice(label.span).trim_end_matches(':').trim_end().to_owned(),
    };
    let only_leaves = if site.harmless { ", which only leaves" } else { "" };
    Finding {
        rule: RULE.id,
        severity: match confidence {
            Confidence::High => Severity::Error,
            Confidence::Medium => Severity::Warning,
            Confidence::Low => Severity::Note,
        },
        confidence,
        file,
        span: label.span,
        label: "control falls into this label".into(),
        function: Some(view.function.name.clone()),
        message: format!("control falls through into `{}`{only_leaves}", one_line(&what)),
        related,
        notes,
        fixes: fixes(cx, view, switch, site, mark),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
