//! SARIF 2.1.0, as code scanning services and viewers read it.
//!
//! Nothing in it depends on the time, the machine or the directory: equal inputs yield equal bytes. Every result has
//! exactly one location, because some importers turn each location into a finding.

mod limits;
mod model;

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use self::limits::{DESCRIPTION, Kept, RELATED, STEPS, TAGS, keep};
use self::model::*;
use super::fingerprint::primary_location_line_hash;
use super::{Confidence, Finding, Related, Report, RuleInfo, Severity, coverage};
use crate::source::{FileId, Span};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
const INFORMATION_URI: &str = "https://crates.io/crates/crosstalk-lint";
const ROOT: &str = "The folder that the analysis ran in.";
const CWE: ComponentReference = ComponentReference { name: "CWE", index: 0 };
/// Paths are relative to the folder of the run, which should be the root of the sources.
const SOURCE_ROOT: &str = "%SRCROOT%";
/// Families whose defects an attacker can reach.
const SECURITY: [&str; 3] = ["message", "result", "cascade"];

pub fn write(out: &mut dyn io::Write, report: &Report) -> io::Result<()> {
    let taxa: BTreeSet<u32> = report.rules.iter().flat_map(|rule| rule.cwe.iter().copied()).collect();
    let taxa: Vec<u32> = taxa.into_iter().collect();
    let kept = keep(report);
    let log = Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs: [Run {
            tool: Tool { driver: driver(report, &taxa) },
            automation_details: AutomationDetails { id: format!("{}/", report.category) },
            original_uri_base_ids: BTreeMap::from([(SOURCE_ROOT, Root { description: ROOT.into() })]),
            column_kind: "unicodeCodePoints",
            invocations: [invocation(report, &kept)],
            taxonomies: taxonomies(&taxa),
            results: results(report, &kept),
        }],
    };
    serde_json::to_writer(&mut *out, &log)?;
    out.write_all(b"\n")
}

/// What is left out of the report, and why.
pub fn notice(report: &Report) -> Option<String> {
    keep(report).notice
}

fn driver<'a>(report: &Report<'a>, taxa: &[u32]) -> Component<'a> {
    // GitHub requires all three for a notification, too.
    let notification = |kind: DescriptorReference, name: &str, text: &'static str| Descriptor {
        id: kind.id.into(),
        name: Some(name.into()),
        short_description: Some(text.into()),
        full_description: Some(text.into()),
        help: Some(text.into()),
        ..Descriptor::default()
    };
    Component {
        name: "Crosstalk",
        semantic_version: Some(env!("CARGO_PKG_VERSION")),
        information_uri: INFORMATION_URI,
        short_description: env!("CARGO_PKG_DESCRIPTION").into(),
        rules: report.rules.iter().map(|info| rule(info, taxa)).collect(),
        notifications: vec![
            notification(COVERAGE, "RunCoverage", "What the run read and what it did not."),
            notification(PROBLEM, "NotAnalysed", "Part of the input was not analysed."),
            notification(LEFT_OUT, "LeftOut", "Part of what was found is not in this report."),
        ],
        supported_taxonomies: if taxa.is_empty() { Vec::new() } else { vec![CWE] },
        ..Component::default()
    }
}

fn rule<'a>(info: &'a RuleInfo, taxa: &[u32]) -> Descriptor<'a> {
    let (problem_severity, score) = match info.severity {
        Severity::Error => ("error", "7.5"),
        Severity::Warning => ("warning", "5.5"),
        Severity::Note => ("recommendation", "3.0"),
    };
    let is_security = SECURITY.contains(&info.family) && !info.cwe.is_empty();
    let security = is_security.then(|| "security".to_owned());
    let cwe = info.cwe.iter().map(|cwe| format!("external/cwe/cwe-{cwe:03}"));
    let related = info.cwe.iter().filter_map(|cwe| {
        let target = TaxonReference { id: cwe.to_string(), index: taxa.binary_search(cwe).ok()?, tool_component: CWE };
        Some(Relationship { target, kinds: ["relevant"] })
    });
    let summary = format!("{}.", clipped(&info.summary));
    Descriptor {
        id: info.id.into(),
        name: Some(pascal_case(info.id)),
        full_description: Some(first_paragraph(&info.page).unwrap_or_else(|| summary.clone()).into()),
        short_description: Some(summary.into()),
        help: Some(Text { text: info.page.as_str().into(), markdown: Some(&info.page) }),
        default_configuration: Some(Configuration { level: info.severity.as_str() }),
        properties: Some(RuleProperties {
            tags: security.into_iter().chain([info.family.to_owned()]).chain(cwe).take(TAGS).collect(),
            precision: "medium",
            problem_severity,
            security_severity: is_security.then_some(score),
            references: &info.references,
        }),
        relationships: related.collect(),
        ..Descriptor::default()
    }
}

fn taxonomies(taxa: &[u32]) -> Vec<Component<'static>> {
    if taxa.is_empty() {
        return Vec::new();
    }
    let taxon = |cwe: &u32| Descriptor {
        id: cwe.to_string().into(),
        help_uri: Some(format!("https://cwe.mitre.org/data/definitions/{cwe}.html")),
        ..Descriptor::default()
    };
    vec![Component {
        name: CWE.name,
        organization: Some("MITRE"),
        information_uri: "https://cwe.mitre.org/",
        short_description: "The MITRE Common Weakness Enumeration".into(),
        taxa: taxa.iter().map(taxon).collect(),
        ..Component::default()
    }]
}

const COVERAGE: DescriptorReference = DescriptorReference { id: "coverage", index: 0 };
const PROBLEM: DescriptorReference = DescriptorReference { id: "not-analysed", index: 1 };
const LEFT_OUT: DescriptorReference = DescriptorReference { id: "left-out", index: 2 };

fn invocation<'a>(report: &Report<'a>, kept: &Kept) -> Invocation<'a> {
    let coverage = Notification {
        descriptor: COVERAGE,
        level: "note",
        message: coverage::line(report.coverage).into(),
        locations: Vec::new(),
        properties: Some(report.coverage),
    };
    let left_out = kept.notice.iter().map(|notice| Notification {
        descriptor: LEFT_OUT,
        level: "warning",
        message: notice.clone().into(),
        locations: Vec::new(),
        properties: None,
    });
    let problems = report.problems.iter().map(|problem| Notification {
        descriptor: PROBLEM,
        level: "warning",
        message: problem.message.as_str().into(),
        locations: vec![location(uri(&problem.path), None)],
        properties: None,
    });
    Invocation {
        execution_successful: true,
        tool_execution_notifications: std::iter::once(coverage).chain(left_out).chain(problems).collect(),
    }
}

fn results<'a>(report: &Report<'a>, kept: &Kept) -> Vec<Result<'a>> {
    // According to the standard, either all results state their suppressions or none does.
    let told = report.findings.iter().any(|finding| finding.suppression.is_some());
    let identities = report
        .fingerprints
        .iter()
        .zip(line_hashes(report))
        .map(|(own, primary_location_line_hash)| PartialFingerprints { primary_location_line_hash, own });
    let result = |(finding, partial_fingerprints): (&'a Finding, _)| {
        let function = finding.function.iter().map(|name| LogicalLocation { name, kind: "function" });
        let mut primary = place(report, finding.file, finding.span);
        primary.logical_locations = function.collect();
        let related = finding.related.iter().take(RELATED).zip(1..);
        let related = related.map(|(related, id)| Location { id: Some(id), ..evidence(report, related) });
        let suppression = finding.suppression.iter().map(|suppression| Suppression {
            kind: if suppression.in_source { "inSource" } else { "external" },
            justification: &suppression.justification,
        });
        Result {
            rule_id: finding.rule,
            rule_index: report.rule_index(finding.rule),
            level: finding.severity.as_str(),
            rank: match finding.confidence {
                Confidence::High => 90.0,
                Confidence::Medium => 60.0,
                Confidence::Low => 30.0,
            },
            message: message(report, finding).into(),
            locations: [primary],
            related_locations: related.collect(),
            code_flows: code_flow(report, finding).into_iter().collect(),
            partial_fingerprints,
            fixes: fixes(report, finding),
            suppressions: told.then(|| suppression.collect()),
            properties: ResultProperties { confidence: finding.confidence.as_str(), notes: &finding.notes },
        }
    };
    let all = report.findings.iter().zip(identities).zip(&kept.is_kept);
    all.filter(|(_, kept)| **kept).map(|(found, _)| result(found)).collect()
}

/// The path of a finding, if it has one.
fn code_flow<'a>(report: &Report<'a>, finding: &'a Finding) -> Option<CodeFlow<'a>> {
    let steps = finding.flow.iter().take(STEPS);
    let locations: Vec<_> = steps.map(|step| ThreadFlowLocation { location: evidence(report, step) }).collect();
    (!locations.is_empty()).then_some(CodeFlow { thread_flows: [ThreadFlow { locations }] })
}

fn evidence<'a>(report: &Report, related: &'a Related) -> Location<'a> {
    Location { message: Some(related.message.as_str().into()), ..place(report, related.file, related.span) }
}

/// One hash per finding. Computed file by file, as the hashes of all lines of all files would fill the memory.
fn line_hashes(report: &Report) -> Vec<Option<String>> {
    let mut by_file = BTreeMap::<FileId, Vec<usize>>::new();
    for (index, finding) in report.findings.iter().enumerate() {
        by_file.entry(finding.file).or_default().push(index);
    }
    let mut found = vec![None; report.findings.len()];
    for (id, indices) in by_file {
        let file = report.file(id);
        let hashes = primary_location_line_hash(file);
        for index in indices {
            found[index] = hashes.get(file.line_index(report.findings[index].span.start)).cloned();
        }
    }
    found
}

/// The message followed by the evidence with links: GitHub shows no related location without one.
fn message(report: &Report, finding: &Finding) -> String {
    let mut text = format!("{}.", finding.message);
    for (related, id) in finding.related.iter().take(RELATED).zip(1..) {
        let file = report.file(related.file);
        let path = file.path.replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]");
        let line = file.position(related.span.start).line;
        text.push_str(&format!("\n{}: [{path}:{line}]({id})", related.message));
    }
    text
}

fn fixes<'a>(report: &Report, finding: &'a Finding) -> Vec<Fix<'a>> {
    let fix = |fix: &'a super::Fix| {
        let mut changes = BTreeMap::<FileId, Vec<Replacement>>::new();
        for edit in &fix.edits {
            changes.entry(edit.file).or_default().push(Replacement {
                deleted_region: region(report, edit.file, edit.span),
                inserted_content: edit.replacement.as_str().into(),
            });
        }
        let change = |(file, replacements)| ArtifactChange {
            artifact_location: artifact(uri(&report.file(file).path)),
            replacements,
        };
        Fix {
            description: fix.description.as_str().into(),
            artifact_changes: changes.into_iter().map(change).collect(),
            properties: FixProperties { safe: fix.safe },
        }
    };
    finding.fixes.iter().filter(|fix| !fix.edits.is_empty()).map(fix).collect()
}

fn place<'a>(report: &Report, file: FileId, span: Span) -> Location<'a> {
    location(uri(&report.file(file).path), Some(region(report, file, span)))
}

fn location<'a>(uri: String, region: Option<Region>) -> Location<'a> {
    let physical_location = PhysicalLocation { artifact_location: artifact(uri), region };
    Location { id: None, physical_location, logical_locations: Vec::new(), message: None }
}

fn artifact(uri: String) -> ArtifactLocation {
    ArtifactLocation { uri, uri_base_id: SOURCE_ROOT }
}

fn region(report: &Report, file: FileId, span: Span) -> Region {
    let (start, end) = report.region(file, span);
    Region { start_line: start.line, start_column: start.column, end_line: end.line, end_column: end.column }
}

/// A relative URI. An absolute path would reveal the machine's layout and match no repository, so it loses its root.
fn uri(path: &str) -> String {
    let mut uri = String::new();
    for &byte in path.trim_start_matches('/').as_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(byte.into()),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

fn pascal_case(id: &str) -> String {
    let capitalised = |word: &str| word[..1].to_uppercase() + &word[1..];
    id.split('-').filter(|word| !word.is_empty()).map(capitalised).collect()
}

/// The first prose block of a page.
fn first_paragraph(page: &str) -> Option<String> {
    let lines = page.lines().map(str::trim).skip_while(|line| line.is_empty() || line.starts_with('#'));
    let paragraph: Vec<&str> = lines.take_while(|line| !line.is_empty() && !line.starts_with("```")).collect();
    (!paragraph.is_empty()).then(|| clipped(&paragraph.join(" ")))
}

fn clipped(text: &str) -> String {
    text.chars().take(DESCRIPTION - 1).collect()
}

#[cfg(test)]
mod tests;
