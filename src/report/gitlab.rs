//! GitLab's Code Quality report: one JSON array.
//!
//! GitLab matches the findings of two branches by fingerprint alone, and drops all but one of those that share one.

use std::io;

use serde::Serialize;

use super::{Report, Severity};

#[derive(Serialize)]
struct Issue<'a> {
    r#type: &'static str,
    check_name: &'a str,
    description: String,
    categories: [&'static str; 1],
    severity: &'static str,
    fingerprint: &'a str,
    location: Location<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<Content>,
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a str,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
    end: u32,
}

/// Further text, as Markdown.
#[derive(Serialize)]
struct Content {
    body: String,
}

pub fn write(out: &mut dyn io::Write, report: &Report) -> io::Result<()> {
    out.write_all(b"[")?;
    for (index, (finding, fingerprint)) in report.findings.iter().zip(report.fingerprints).enumerate() {
        let (start, end) = report.region(finding.file, finding.span);
        let evidence = report.evidence(finding);
        let issue = Issue {
            r#type: "issue",
            check_name: finding.rule,
            // The list of a merge request shows nothing else.
            description: format!("{}: {}", finding.rule, finding.message),
            categories: ["Bug Risk"],
            severity: match finding.severity {
                Severity::Error => "critical",
                Severity::Warning => "major",
                Severity::Note => "minor",
            },
            fingerprint,
            location: Location {
                path: &report.file(finding.file).path,
                lines: Lines { begin: start.line, end: end.line },
            },
            content: (!evidence.is_empty())
                .then(|| Content { body: evidence.iter().map(|line| format!("- {line}\n")).collect() }),
        };
        out.write_all(if index == 0 { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut *out, &issue)?;
    }
    out.write_all(b"\n]\n")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::report::fingerprint::fingerprints;
    use crate::report::{Format, fixture::Sample};

    #[test]
    fn the_whole_document() {
        let sample = Sample::new();
        let prints = fingerprints(&sample.files, &sample.findings);
        let document: Value = serde_json::from_str(&sample.emit(Format::Gitlab)).expect("JSON");
        let expected = json!([
            {
                "type": "issue", "check_name": "implicit-fallthrough",
                "description": "implicit-fallthrough: case 1 falls through into case 2",
                "categories": ["Bug Risk"], "severity": "major", "fingerprint": prints[0],
                "location": {"path": "src/ä b#1.c", "lines": {"begin": 3, "end": 3}},
                "content": {"body": "- src/ä b#1.c:4:1: into this case\n- include/size.h:1:12: declared here\n\
                                     - holds where X is defined\n- help: end the section with `break;`\n"},
            },
            {
                "type": "issue", "check_name": "unchecked-length",
                "description": "unchecked-length: the length is used unchecked",
                "categories": ["Bug Risk"], "severity": "critical", "fingerprint": prints[1],
                "location": {"path": "include/size.h", "lines": {"begin": 1, "end": 1}},
            },
        ]);
        assert_eq!(document, expected);
    }

    #[test]
    fn no_two_findings_share_a_fingerprint() {
        let mut sample = Sample::new();
        let same = sample.findings[1].clone();
        sample.findings.push(same);
        let document: Vec<Value> = serde_json::from_str(&sample.emit(Format::Gitlab)).expect("JSON");
        let mut prints: Vec<&str> = document.iter().filter_map(|issue| issue["fingerprint"].as_str()).collect();
        prints.sort();
        prints.dedup();
        assert_eq!(prints.len(), 3);
    }

    #[test]
    fn nothing_found() {
        let mut sample = Sample::new();
        sample.findings.clear();
        assert_eq!(sample.emit(Format::Gitlab), "[\n]\n");
    }
}
