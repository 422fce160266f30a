//! One JSON object a line and finding: made to be streamed, concatenated and grepped.

use std::io;

use serde::Serialize;

use super::{Report, fingerprint::fingerprints};
use crate::source::{FileId, Span};

/// The order of the fields is part of the contract.
#[derive(Serialize)]
struct Line<'a> {
    rule: &'a str,
    family: &'a str,
    severity: &'a str,
    confidence: &'a str,
    #[serde(flatten)]
    place: Place<'a>,
    function: Option<&'a str>,
    message: &'a str,
    fingerprint: String,
    related: Vec<Related<'a>>,
    notes: &'a [String],
    fixes: Vec<Fix<'a>>,
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
struct Related<'a> {
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

pub fn write(out: &mut dyn io::Write, report: &Report) -> io::Result<()> {
    let place = |file: FileId, span: Span| {
        let (start, end) = report.region(file, span);
        Place {
            path: &report.file(file).path,
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
        }
    };
    for (finding, fingerprint) in report.findings.iter().zip(fingerprints(report.files, report.findings)) {
        let related = finding.related.iter();
        let fixes = finding.fixes.iter();
        let line = Line {
            rule: finding.rule,
            family: report.rule_index(finding.rule).map_or("", |index| report.rules[index].family),
            severity: finding.severity.as_str(),
            confidence: finding.confidence.as_str(),
            place: place(finding.file, finding.span),
            function: finding.function.as_deref(),
            message: &finding.message,
            fingerprint,
            related: related.map(|r| Related { place: place(r.file, r.span), message: &r.message }).collect(),
            notes: &finding.notes,
            fixes: fixes
                .map(|fix| Fix {
                    description: &fix.description,
                    safe: fix.safe,
                    edits: fix
                        .edits
                        .iter()
                        .map(|e| Edit { place: place(e.file, e.span), replacement: &e.replacement })
                        .collect(),
                })
                .collect(),
        };
        serde_json::to_writer(&mut *out, &line)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::report::{Format, fixture::Sample};

    #[test]
    fn every_field_in_its_order() {
        let text = Sample::new().emit(Format::JsonLines);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2);
        let at = |name: &str| lines[0].find(&format!("{name}\":")).unwrap_or_else(|| panic!("no {name}"));
        let order = [
            "{\"rule",
            "family",
            "severity",
            "confidence",
            "path",
            "\"line",
            "\"column",
            "end_line",
            "end_column",
            "function",
            "message",
            "fingerprint",
            "related",
            "notes",
            "fixes",
        ];
        assert!(order.windows(2).all(|pair| at(pair[0]) < at(pair[1])), "{}", lines[0]);
        let bare = r#"{"rule":"unchecked-length","family":"message","severity":"error","confidence":"high","path":"include/size.h","line":1,"column":8,"end_line":1,"end_column":11,"function":null,"#;
        assert!(lines[1].starts_with(bare), "{}", lines[1]);
        assert!(lines[1].ends_with(r#""related":[],"notes":[],"fixes":[]}"#), "{}", lines[1]);
    }

    #[test]
    fn columns_count_characters_and_carriage_returns_none() {
        let text = Sample::new().emit(Format::JsonLines);
        let line: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        // One tab and the comment's 13 characters (18 bytes) and a blank stand before.
        let place = serde_json::json!([line["line"], line["column"], line["end_line"], line["end_column"]]);
        assert_eq!(place, serde_json::json!([3, 16, 3, 24]));
        assert_eq!(line["path"], "src/ä b#1.c");
        assert_eq!(line["related"][1]["path"], "include/size.h");
        assert_eq!(line["related"][0]["message"], "into this case");
        let edit = &line["fixes"][0]["edits"][0];
        assert_eq!((&edit["line"], &edit["column"]), (&4.into(), &1.into()));
        assert_eq!(edit["replacement"], "\tbreak;\r\n");
        assert_eq!(line["fixes"][0]["safe"], false);
    }
}
