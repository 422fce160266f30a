//! The data that the page's script draws, as JSON.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::Hash;

use rustc_hash::FxHashMap;
use serde::Serialize;

use crate::report::{Ending, Finding, Leak, Line, Related, Report};
use crate::source::{FileId, SourceFile, Span};

/// Lines shown above and below a finding, and above and below a location of its evidence.
const CONTEXT: usize = 4;
const NEAR: usize = 1;
/// Maximum number of lines shown of one span.
const SPAN_LINES: usize = 6;
/// Maximum number of characters shown of a line.
const LINE_WIDTH: usize = 300;
/// Maximum number of locations of evidence, and of steps, per finding.
const EVIDENCE: usize = 40;
/// Maximum size of the source text on the whole page, in bytes.
const SOURCE_LIMIT: usize = 12 << 20;

#[derive(Serialize)]
pub struct Data<'a> {
    rules: Vec<Rule<'a>>,
    files: Vec<File<'a>>,
    /// Texts of findings, and sections of drawn switches: shared by many, which refer to them by index.
    texts: Vec<&'a str>,
    sections: Vec<Section<'a>>,
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

/// Line and column of the first character and of the one after the last.
type Region = [u32; 4];
/// A file's index, the region in it, and the index of its text.
type Place = (usize, Region, usize);
/// Label, line and how it ends.
type Section<'a> = (&'a str, u32, Ending);

#[derive(Serialize)]
struct Row<'a> {
    rule: usize,
    severity: &'a str,
    confidence: &'a str,
    file: usize,
    at: Region,
    #[serde(skip_serializing_if = "Option::is_none")]
    function: Option<usize>,
    message: usize,
    label: usize,
    id: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related: Vec<Place>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    flow: Vec<Place>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<usize>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<Fix>,
    #[serde(skip_serializing_if = "Option::is_none")]
    circuit: Option<Circuit<'a>>,
}

#[derive(Serialize)]
struct Fix {
    what: usize,
    safe: bool,
    edits: Vec<Place>,
}

#[derive(Serialize)]
struct Circuit<'a> {
    operand: &'a str,
    sections: Vec<usize>,
    left_out: (usize, usize),
    leak: &'a Leak,
}

/// Interned values.
struct Table<T> {
    all: Vec<T>,
    index: FxHashMap<T, usize>,
}

impl<T: Copy + Eq + Hash> Table<T> {
    fn new() -> Table<T> {
        Table { all: Vec::new(), index: FxHashMap::default() }
    }

    fn index(&mut self, value: T) -> usize {
        *self.index.entry(value).or_insert_with(|| {
            self.all.push(value);
            self.all.len() - 1
        })
    }
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
        let mut texts = Table::new();
        let mut sections = Table::new();
        let row = |(finding, id): (&'a Finding, &'a String)| {
            let mut place =
                |file: FileId, span: Span, text: &'a str| (index[&file], region(report, file, span), texts.index(text));
            let mut related = |r: &'a Related| place(r.file, r.span, &r.message);
            let (evidence, flow) = (
                evidence(&finding.related).map(&mut related).collect(),
                evidence(&finding.flow).map(related).collect(),
            );
            let edits: Vec<Vec<Place>> = finding
                .fixes
                .iter()
                .map(|fix| fix.edits.iter().take(EVIDENCE).map(|e| place(e.file, e.span, &e.replacement)).collect())
                .collect();
            let fixes = finding.fixes.iter().zip(edits);
            let mut section = |line: &'a Line| sections.index((line.label.as_str(), line.line, line.ending));
            Row {
                rule: rule_index[finding.rule],
                severity: finding.severity.as_str(),
                confidence: finding.confidence.as_str(),
                file: index[&finding.file],
                at: region(report, finding.file, finding.span),
                function: finding.function.as_deref().map(|name| texts.index(name)),
                message: texts.index(&finding.message),
                label: texts.index(&finding.label),
                id,
                related: evidence,
                flow,
                notes: finding.notes.iter().map(|note| texts.index(note)).collect(),
                fixes: fixes
                    .map(|(fix, edits)| Fix { what: texts.index(&fix.description), safe: fix.safe, edits })
                    .collect(),
                circuit: finding.circuit.as_ref().map(|circuit| Circuit {
                    operand: &circuit.operand,
                    sections: circuit.sections.iter().map(&mut section).collect(),
                    left_out: circuit.left_out,
                    leak: &circuit.leak,
                }),
            }
        };
        let findings = report.findings.iter().zip(report.fingerprints).map(row).collect();
        Data { rules, files, texts: texts.all, sections: sections.all, findings, is_cut: left == 0 }
    }
}

fn evidence(all: &[Related]) -> impl Iterator<Item = &Related> {
    all.iter().take(EVIDENCE)
}

fn rule<'a>(report: &'a Report, id: &'a str) -> Rule<'a> {
    match report.rule_index(id).map(|index| &report.rules[index]) {
        Some(rule) => Rule { id, family: rule.family, summary: &rule.summary, page: &rule.page },
        None => Rule { id, family: "", summary: "", page: "" },
    }
}

fn region(report: &Report, file: FileId, span: Span) -> Region {
    let (start, end) = report.region(file, span);
    [start.line, start.column, end.line, end.column]
}

/// Adds the line indices of a span and of some lines around it.
fn show(report: &Report, lines: &mut BTreeMap<FileId, BTreeSet<usize>>, id: FileId, span: Span, around: usize) {
    let file = report.file(id);
    let first = file.line_index(span.start);
    let last = file.line_index(span.end).min(first + SPAN_LINES) + around;
    lines.entry(id).or_default().extend(first.saturating_sub(around)..=last.min(file.line_count() - 1));
}

/// The lines grouped into runs, as far as `left` has room for them.
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
