//! What the page's script draws from, as JSON.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::report::fingerprint::fingerprints;
use crate::report::{Circuit, Finding, Related, Report};
use crate::source::{FileId, SourceFile, Span};

/// Lines shown above and below a finding, and above and below a place of its evidence.
const CONTEXT: usize = 4;
const NEAR: usize = 1;
/// Lines shown of one span.
const SPAN_LINES: usize = 6;
/// Characters shown of a line.
const LINE_WIDTH: usize = 300;
/// Places of evidence, and steps, of one finding.
const EVIDENCE: usize = 40;
/// Source text on the whole page, in bytes.
const SOURCE_LIMIT: usize = 12 << 20;

#[derive(Serialize)]
pub struct Data<'a> {
    rules: Vec<Rule<'a>>,
    files: Vec<File<'a>>,
    findings: Vec<Row<'a>>,
    /// Some source lines are left out.
    #[serde(skip)]
    pub is_cut: bool,
}

#[derive(Serialize)]
struct Rule<'a> {
    id: &'a str,
    family: &'a str,
    summary: &'a str,
    /// Its Markdown.
    page: &'a str,
}

#[derive(Serialize)]
struct File<'a> {
    path: &'a str,
    /// The first line's number, and the lines.
    blocks: Vec<(usize, String)>,
}

/// Line and column of the first character and of the one behind the last.
type Region = [u32; 4];
/// A file's index, where in it, and what is there.
type Place<'a> = (usize, Region, &'a str);

#[derive(Serialize)]
struct Row<'a> {
    rule: usize,
    severity: &'a str,
    confidence: &'a str,
    file: usize,
    at: Region,
    #[serde(skip_serializing_if = "Option::is_none")]
    function: Option<&'a str>,
    message: &'a str,
    label: &'a str,
    id: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related: Vec<Place<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    flow: Vec<Place<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    notes: &'a [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<Fix<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    circuit: Option<&'a Circuit>,
}

#[derive(Serialize)]
struct Fix<'a> {
    what: &'a str,
    safe: bool,
    edits: Vec<Place<'a>>,
}

impl<'a> Data<'a> {
    pub fn new(report: &'a Report) -> Data<'a> {
        let mut lines: BTreeMap<FileId, BTreeSet<usize>> = BTreeMap::new();
        for finding in report.findings {
            show(report, &mut lines, finding.file, finding.span, CONTEXT);
            for place in evidence(&finding.related).chain(evidence(&finding.flow)) {
                show(report, &mut lines, place.file, place.span, NEAR);
            }
            for edit in finding.fixes.iter().flat_map(|fix| &fix.edits) {
                show(report, &mut lines, edit.file, edit.span, NEAR);
            }
        }
        let mut left = SOURCE_LIMIT;
        let files = lines.iter().map(|(&id, lines)| {
            let file = report.file(id);
            File { path: &file.path, blocks: blocks(file, lines, &mut left) }
        });
        let files: Vec<File> = files.collect();
        let index: BTreeMap<FileId, usize> = lines.keys().copied().zip(0..).collect();
        let used: BTreeSet<&str> = report.findings.iter().map(|finding| finding.rule).collect();
        let rules: Vec<Rule> = used.iter().map(|id| rule(report, id)).collect();
        let rule_index: BTreeMap<&str, usize> = used.into_iter().zip(0..).collect();
        let ids = fingerprints(report.files, report.findings);
        let row = |(finding, id): (&'a Finding, String)| {
            let place = |file: FileId, span: Span, text: &'a str| (index[&file], region(report, file, span), text);
            let related = |r: &'a Related| place(r.file, r.span, &r.message);
            let fixes = finding.fixes.iter().map(|fix| Fix {
                what: &fix.description,
                safe: fix.safe,
                edits: fix.edits.iter().take(EVIDENCE).map(|e| place(e.file, e.span, &e.replacement)).collect(),
            });
            Row {
                rule: rule_index[finding.rule],
                severity: finding.severity.as_str(),
                confidence: finding.confidence.as_str(),
                file: index[&finding.file],
                at: region(report, finding.file, finding.span),
                function: finding.function.as_deref(),
                message: &finding.message,
                label: &finding.label,
                id,
                related: evidence(&finding.related).map(related).collect(),
                flow: evidence(&finding.flow).map(related).collect(),
                notes: &finding.notes,
                fixes: fixes.collect(),
                circuit: finding.circuit.as_ref(),
            }
        };
        Data { rules, files, findings: report.findings.iter().zip(ids).map(row).collect(), is_cut: left == 0 }
    }
}

fn evidence(all: &[Related]) -> impl Iterator<Item = &Related> {
    all.iter().take(EVIDENCE)
}

fn rule<'a>(report: &'a Report, id: &'a str) -> Rule<'a> {
    match report.rule_index(id).map(|index| &report.rules[index]) {
        Some(rule) => Rule { id, family: rule.family, summary: &rule.summary, page: rule.page },
        None => Rule { id, family: "", summary: "", page: "" },
    }
}

fn region(report: &Report, file: FileId, span: Span) -> Region {
    let (start, end) = report.region(file, span);
    [start.line, start.column, end.line, end.column]
}

/// Notes the lines of a span, some around it, as indices.
fn show(report: &Report, lines: &mut BTreeMap<FileId, BTreeSet<usize>>, id: FileId, span: Span, around: usize) {
    let file = report.file(id);
    let first = file.line_index(span.start);
    let last = file.line_index(span.end).min(first + SPAN_LINES) + around;
    lines.entry(id).or_default().extend(first.saturating_sub(around)..=last.min(file.line_count() - 1));
}

/// The lines in runs, as long as `left` has room for them.
fn blocks(file: &SourceFile, lines: &BTreeSet<usize>, left: &mut usize) -> Vec<(usize, String)> {
    let mut blocks: Vec<(usize, String)> = Vec::new();
    let mut next = usize::MAX;
    for &line in lines {
        let text = file.text[file.line_range(line)].trim_end_matches(['\r', '\n']);
        let text = text.char_indices().nth(LINE_WIDTH).map_or(text, |(end, _)| &text[..end]);
        *left = left.saturating_sub(text.len() + 1);
        if *left == 0 {
            break;
        }
        match blocks.last_mut().filter(|_| line == next) {
            Some((_, block)) => {
                block.push('\n');
                block.push_str(text);
            }
            None => blocks.push((line + 1, text.to_owned())),
        }
        next = line + 1;
    }
    blocks
}
