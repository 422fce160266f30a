//! The results of a run: findings, coverage, and one emitter per format. Knows nothing of the analysis.

use crate::source::{FileId, Position, SourceFile, Span};

pub mod baseline;
mod checkstyle;
mod circuit;
pub mod coverage;
mod excerpt;
pub mod fingerprint;
#[cfg(test)]
mod fixture;
mod format;
mod github;
mod gitlab;
mod html;
mod human;
mod json;
mod json_lines;
mod junit;
mod printable;
mod rdjsonl;
mod record;
mod sarif;
mod short;
pub mod statistics;
mod xml;

pub use circuit::{Circuit, Ending, Leak, Line};
pub use format::{Format, emit, notice};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    Note,
    Warning,
    Error,
}

impl Severity {
    /// The spelling in every format; SARIF's levels have the same names.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    Low,
    Medium,
    High,
}

impl Confidence {
    pub fn as_str(self) -> &'static str {
        match self {
            Confidence::Low => "low",
            Confidence::Medium => "medium",
            Confidence::High => "high",
        }
    }
}

/// The severity of a finding if only its confidence determines it.
impl From<Confidence> for Severity {
    fn from(confidence: Confidence) -> Severity {
        match confidence {
            Confidence::High => Severity::Error,
            Confidence::Medium => Severity::Warning,
            Confidence::Low => Severity::Note,
        }
    }
}

/// A labelled location of a finding's evidence.
#[derive(Clone, Debug)]
pub struct Related {
    pub file: FileId,
    pub span: Span,
    pub message: String,
}

/// Replaces one span by a text (an empty span inserts).
#[derive(Clone, Debug)]
pub struct Edit {
    pub file: FileId,
    pub span: Span,
    pub replacement: String,
}

#[derive(Clone, Debug)]
pub struct Fix {
    /// Imperative, without a full stop: ``end the section with `break;` ``.
    pub description: String,
    /// Applying it cannot change what the program does.
    pub safe: bool,
    pub edits: Vec<Edit>,
}

/// The set of rules that a rule belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleSet {
    /// Likely defects: always on.
    Default,
    /// What a careful team may want to know about its own code.
    Pedantic,
    /// Required by MISRA C:2012.
    Misra,
}

impl RuleSet {
    pub fn as_str(self) -> &'static str {
        match self {
            RuleSet::Default => "default",
            RuleSet::Pedantic => "pedantic",
            RuleSet::Misra => "misra",
        }
    }
}

/// The contents of a rule's page; see `rules/*.md`.
#[derive(Clone, Debug)]
pub struct RuleInfo {
    /// `implicit-fallthrough`
    pub id: &'static str,
    /// `switch`, `message`, `result` or `cascade`
    pub family: &'static str,
    pub set: RuleSet,
    /// One sentence without a full stop.
    pub summary: String,
    pub severity: Severity,
    pub cwe: Vec<u32>,
    /// Ids of MISRA C:2012, CERT C and the like, as printed.
    pub references: Vec<String>,
    pub since: String,
    /// The public part of its page, in Markdown: without front matter and further examples.
    pub page: String,
}

#[derive(Clone, Debug)]
pub struct Finding {
    pub rule: &'static str,
    pub severity: Severity,
    pub confidence: Confidence,
    pub file: FileId,
    /// The primary location: the offending token or expression, never a whole function.
    pub span: Span,
    /// A short description of the primary location, for the label under it.
    pub label: String,
    pub function: Option<String>,
    /// One sentence, lower case, without a full stop.
    pub message: String,
    /// The evidence, in reading order.
    pub related: Vec<Related>,
    /// The path of a value from its source to where it does harm, step by step; empty for most rules.
    pub flow: Vec<Related>,
    /// The switch that the finding is about, to be drawn.
    pub circuit: Option<Circuit>,
    /// Set if the finding was accepted but the user asks to see it anyway.
    pub suppression: Option<Suppression>,
    /// Reasons and conditions (`holds where X is defined`), one line each.
    pub notes: Vec<String>,
    pub fixes: Vec<Fix>,
}

impl Finding {
    /// A finding with only its location.
    pub fn new(rule: &'static str, confidence: Confidence, file: FileId, span: Span) -> Finding {
        Finding {
            rule,
            severity: confidence.into(),
            confidence,
            file,
            span,
            label: String::new(),
            function: None,
            message: String::new(),
            related: Vec::new(),
            flow: Vec::new(),
            circuit: None,
            suppression: None,
            notes: Vec::new(),
            fixes: Vec::new(),
        }
    }
}

/// Who accepted a finding, and why.
#[derive(Clone, Debug)]
pub struct Suppression {
    /// By a comment in the source; otherwise by a separate file.
    pub in_source: bool,
    pub justification: String,
}

/// What was read and what was not.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Coverage {
    pub files: usize,
    /// Files that were named or found but could not be analysed (unreadable, binary, too large).
    pub files_skipped: usize,
    pub bytes: u64,
    /// Function definitions found.
    pub functions: usize,
    /// Functions that an enabled rule needed to check.
    pub functions_analysed: usize,
    /// Of these, functions that contain code that was not understood.
    pub functions_opaque: usize,
    /// Functions given up because their budget ran out.
    pub functions_over_budget: usize,
    /// Bytes of code in conditional arms that the first reading of a file leaves out (excluding blanks), and functions
    /// entirely inside such arms. Functions that a rule needs are read under their other arms, too.
    pub bytes_masked: usize,
    pub functions_masked: usize,
    /// Generated files whose findings were left out.
    pub files_generated: usize,
    /// Conditional arms (`#if`) left unread because a file has too many of them.
    pub arms_unread: usize,
}

impl Coverage {
    /// The percentage of the input that was read and understood: the smaller of the share of files and the share of
    /// functions that a rule needed.
    pub fn percent(&self) -> f64 {
        let share = |part: usize, whole: usize| if whole == 0 { 100.0 } else { 100.0 * part as f64 / whole as f64 };
        let lost = self.functions_opaque + self.functions_over_budget;
        let functions = share(self.functions_analysed.saturating_sub(lost), self.functions_analysed);
        share(self.files, self.files + self.files_skipped).min(functions)
    }

    /// Something that should have been analysed was not.
    pub fn is_incomplete(&self) -> bool {
        self.files_skipped + self.functions_over_budget + self.arms_unread > 0
    }
}

/// Everything that an emitter prints. `findings` are sorted and final.
pub struct Report<'a> {
    pub files: &'a [SourceFile],
    pub findings: &'a [Finding],
    /// One per finding, assigned before any was hidden: what is shown does not change the ordinals.
    pub fingerprints: &'a [String],
    /// Every enabled rule, sorted by id.
    pub rules: &'a [RuleInfo],
    pub coverage: &'a Coverage,
    /// Problems encountered, in order (also printed on stderr).
    pub problems: &'a [Problem],
    pub left_out: LeftOut,
    /// Distinguishes this analysis from others of the same commit, for services that keep several.
    pub category: &'a str,
}

/// How many findings are not in the report, each counted once, by the first reason that applies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct LeftOut {
    /// Accepted by comments in the source.
    pub allowed: usize,
    /// Accepted by the baseline.
    pub baseline: usize,
    /// Below `--min-confidence`.
    pub hidden: usize,
    /// Not on changed lines.
    pub unchanged: usize,
}

impl LeftOut {
    /// A sentence for each kind of omitted finding.
    pub fn lines(&self) -> Vec<String> {
        let line = |number: usize, what: &str, behind: &str| {
            let is = if number == 1 { "is" } else { "are" };
            let them = if number == 1 { "it" } else { "them" };
            (number > 0).then(|| {
                format!("{} {what}", coverage::count(number, "finding")).replace("{is}", is)
                    + &behind.replace("{them}", them)
            })
        };
        let lines = [
            line(self.allowed, "{is} accepted by comments", ""),
            line(self.baseline, "{is} in the baseline", ""),
            line(self.hidden, "below the chosen confidence {is} not shown", "; --min-confidence low shows {them}"),
            line(self.unchanged, "{is} away from the changed lines", ""),
        ];
        lines.into_iter().flatten().collect()
    }
}

/// Something that kept part of the input from being analysed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Problem {
    /// As shown to the user.
    pub path: String,
    pub message: String,
}

impl Report<'_> {
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// The information on a finding's rule, if it is one of `rules`.
    pub fn rule(&self, finding: &Finding) -> Option<&RuleInfo> {
        self.rule_index(finding.rule).map(|index| &self.rules[index])
    }

    /// Index of a rule in `rules`.
    pub fn rule_index(&self, id: &str) -> Option<usize> {
        self.rules.binary_search_by(|rule| rule.id.cmp(id)).ok()
    }

    /// The start and (exclusive) end of a span.
    pub fn region(&self, file: FileId, span: Span) -> (Position, Position) {
        let file = self.file(file);
        (file.position(span.start), file.position(span.end))
    }

    /// `path:line:column` of the start of a span.
    fn at(&self, file: FileId, span: Span) -> String {
        let file = self.file(file);
        let start = file.position(span.start);
        format!("{}:{}:{}", file.path, start.line, start.column)
    }

    /// The details of a finding beyond its message, a line each, for formats that only take text.
    fn evidence(&self, finding: &Finding) -> Vec<String> {
        let at = |r: &Related| self.at(r.file, r.span);
        let related = finding.related.iter().map(|r| format!("{}: {}", at(r), r.message));
        let steps = finding.flow.iter().zip(1..).map(|(r, step)| format!("{step}. {}: {}", at(r), r.message));
        let notes = finding.notes.iter().cloned();
        let fixes = finding.fixes.iter().map(|fix| format!("help: {}", fix.description));
        related.chain(steps).chain(notes).chain(fixes).collect()
    }
}
