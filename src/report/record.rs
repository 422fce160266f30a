//! A finding as the JSON formats write it.

use serde::Serialize;

use super::{Finding, Related, Report};
use crate::source::{FileId, Span};

/// The order of the fields is part of the contract.
#[derive(Serialize)]
pub struct Record<'a> {
    rule: &'a str,
    family: &'a str,
    severity: &'a str,
    confidence: &'a str,
    #[serde(flatten)]
    place: Place<'a>,
    function: Option<&'a str>,
    message: &'a str,
    fingerprint: &'a str,
    related: Vec<Evidence<'a>>,
    notes: &'a [String],
    fixes: Vec<Fix<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    flow: Vec<Evidence<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suppressed: Option<&'a str>,
}

#[derive(Serialize)]
struct Place<'a> {
    path: &'a str,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
}

#[derive(Serialize)]
struct Evidence<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    message: &'a str,
}

#[derive(Serialize)]
struct Fix<'a> {
    description: &'a str,
    safe: bool,
    edits: Vec<Edit<'a>>,
}

#[derive(Serialize)]
struct Edit<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    replacement: &'a str,
}

/// One record per finding, in order.
pub fn records<'a>(report: &'a Report) -> impl Iterator<Item = Record<'a>> {
    report.findings.iter().zip(report.fingerprints).map(|(finding, fingerprint)| record(report, finding, fingerprint))
}

fn record<'a>(report: &'a Report, finding: &'a Finding, fingerprint: &'a str) -> Record<'a> {
    let evidence =
        |related: &'a Related| Evidence { place: place(report, related.file, related.span), message: &related.message };
    let fixes = finding.fixes.iter().map(|fix| {
        let edits = fix.edits.iter();
        let edit = |e: &'a super::Edit| Edit { place: place(report, e.file, e.span), replacement: &e.replacement };
        Fix { description: &fix.description, safe: fix.safe, edits: edits.map(edit).collect() }
    });
    Record {
        rule: finding.rule,
        family: report.rule(finding).map_or("", |rule| rule.family),
        severity: finding.severity.as_str(),
        confidence: finding.confidence.as_str(),
        place: place(report, finding.file, finding.span),
        function: finding.function.as_deref(),
        message: &finding.message,
        fingerprint,
        related: finding.related.iter().map(evidence).collect(),
        notes: &finding.notes,
        fixes: fixes.collect(),
        flow: finding.flow.iter().map(evidence).collect(),
        suppressed: finding.suppression.as_ref().map(|s| s.justification.as_str()),
    }
}

fn place<'a>(report: &'a Report, file: FileId, span: Span) -> Place<'a> {
    let (start, end) = report.region(file, span);
    Place {
        path: &report.file(file).path,
        line: start.line,
        column: start.column,
        end_line: end.line,
        end_column: end.column,
    }
}
