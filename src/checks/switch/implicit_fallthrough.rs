//! `implicit-fallthrough`: control falls from one `case` into the next, and nothing says that it should.

use super::circuit;
use super::conditional_break_falls;
use super::evidence::{Evidence, Sections, evidence};
use super::falls::{FallSite, SwitchFalls, switch_falls};
use super::fixes::{fixes, mark};
use super::outline::may_fall;
use super::ranking::Score;
use crate::checks::{Context, Rule, View};
use crate::hir::{Body, ExprId, ExprKind, StmtId, StmtKind};
use crate::preprocess::token::ident_end;
use crate::report::{Confidence, Finding, Related};

pub const RULE: Rule = Rule {
    id: "implicit-fallthrough",
    page: include_str!("../../../rules/implicit-fallthrough.md"),
    yields_to: &[],
    words: &["switch", "case"],
    wants: |candidate| may_fall(candidate.outline()),
    check,
};

/// This many unlikely falls in a row are a cascade: one finding, with their number.
const CASCADE: usize = 3;

fn check(cx: &Context, view: &View, out: &mut Vec<Finding>) {
    for switch in switch_falls(cx, view) {
        if switch.unmarked.is_empty() {
            continue;
        }
        let sections = Sections::new(view, &switch);
        let mark = mark(cx, view);
        let mut run: Vec<Finding> = Vec::new();
        let mut last_section = None;
        for site in &switch.unmarked {
            let evidence = site.section.map(|p| evidence(view, &switch, &sections, site, p));
            let finding = finding(cx, view, &switch, &mark, site, evidence);
            let follows = matches!((last_section, site.section), (Some(a), Some(b)) if b == a + 1);
            if finding.confidence > Confidence::Low || !follows {
                joined(std::mem::take(&mut run)).into_iter().for_each(|f| add(f, out));
            }
            last_section = site.section;
            match finding.confidence {
                // With features, each site is a training sample.
                Confidence::Low if !cx.options.features => run.push(finding),
                _ => add(finding, out),
            }
        }
        joined(run).into_iter().for_each(|f| add(f, out));
    }
}

/// Joins a run of unlikely falls, each into the next section, into one finding if it is long enough.
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
    let in_macro = macro_around(view, switch, site);
    // One finding, not two: the dedicated rule says more about this shape.
    let told = score.as_ref().and_then(|score| told_elsewhere(cx, view, switch, site, score));
    let confidence = match &score {
        Some(_) if told.is_some() => Confidence::Low,
        // The macro causes the fall, whatever the section that it expands to looks like.
        Some(score) if in_macro.is_some() => score.confidence().min(Confidence::Medium),
        Some(score) if site.intent.is_none() && !site.after_assertion && !site.harmless => score.confidence(),
        _ => Confidence::Low,
    };
    if confidence > Confidence::Low
        && let Some((place, set, anew)) = evidence.as_ref().and_then(|e| e.overwritten.as_ref())
    {
        related.retain(|r| r.span != body.stmt(*set).span);
        related.insert(0, at(*set, format!("`{place}` is set here, and control runs on")));
        related.push(at(*anew, format!("`{place}` is set anew here")));
    }
    let mut notes = view.assumed_in(site.extent);
    if let Some(other) = told {
        notes.push(format!("told as `{other}`, at the `break`"));
    } else if let Some(intent) = site.intent {
        let said = one_line(view.source.slice(intent));
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
        StmtKind::Case(Some(value)) if in_macro.is_some() => format!("case {}", value_text(body, value)),
        _ => view.source.slice(label.span).trim_end_matches(':').trim_end().to_owned(),
    };
    let place = in_macro.map(|name| format!("inside the macro `{name}`, ")).unwrap_or_default();
    let only_leaves = if site.harmless { ", which only leaves" } else { "" };
    Finding {
        rule: RULE.id,
        severity: confidence.into(),
        confidence,
        file,
        span: label.span,
        label: "control falls into this label".into(),
        function: Some(view.function.name.clone()),
        message: format!("{place}control falls through into `{}`{only_leaves}", one_line(&what)),
        related,
        flow: Vec::new(),
        circuit: circuit::of_fall(view, switch, site, label.span),
        suppression: None,
        notes,
        fixes: fixes(view, switch, site, mark),
    }
}

/// The rule that reports this fall in more detail at a confidence that is shown by default.
fn told_elsewhere(
    cx: &Context,
    view: &View,
    switch: &SwitchFalls,
    site: &FallSite,
    score: &Score,
) -> Option<&'static str> {
    let other = conditional_break_falls::RULE.id;
    let shape = cx.runs(other).then(|| conditional_break_falls::shape(view, switch, site)).flatten()?;
    (conditional_break_falls::confidence(view, &shape, site, score) > Confidence::Low).then_some(other)
}

/// The macro whose single call produces both the label and what runs into it.
fn macro_around<'v>(view: &'v View, switch: &SwitchFalls, site: &FallSite) -> Option<&'v str> {
    let body = &view.function.body;
    let label = body.stmt(site.fall.label).span;
    let last = site.section.and_then(|p| switch.sections[p].stmts.last()).map(|&s| body.stmt(s).span)?;
    let call = &view.reading.code[label.range()];
    let name = &call[..ident_end(call.as_bytes(), 0)];
    (last.end > label.start && !matches!(name, "case" | "default")).then_some(name)
}

fn value_text(body: &Body, value: ExprId) -> &str {
    match body.expr(value).kind {
        ExprKind::Name(text) | ExprKind::Number(text) | ExprKind::Char(text) => body.names.text(text),
        _ => "…",
    }
}

/// Adds `finding`, or only another use if it is a macro's fall that is already reported.
fn add(finding: Finding, out: &mut Vec<Finding>) {
    const USES: usize = 8;
    let same = |f: &&mut Finding| f.rule == finding.rule && f.message == finding.message;
    let first = match finding.message.starts_with("inside the macro") {
        true => out.iter_mut().find(same),
        false => None,
    };
    match first {
        Some(first) if first.span == finding.span || first.related.len() >= USES => {}
        Some(first) => {
            first.related.push(Related { file: finding.file, span: finding.span, message: "and here".into() });
        }
        None => out.push(finding),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
