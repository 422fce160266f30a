//! Reviewdog's diagnostic format, one object per line: findings become review comments, fixes become suggestions.

use std::io;

use serde::Serialize;

use super::{Finding, Report, Severity};
use crate::source::{FileId, Span};

#[derive(Serialize)]
struct Diagnostic<'a> {
    message: String,
    location: Location<'a>,
    severity: &'static str,
    source: Source,
    code: Code<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suggestions: Vec<Suggestion<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<RelatedLocation<'a>>,
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a str,
    range: Range,
}

#[derive(Serialize)]
struct Range {
    start: Place,
    end: Place,
}

/// Its columns count bytes of UTF-8.
#[derive(Serialize)]
struct Place {
    line: u32,
    column: u32,
}

#[derive(Serialize)]
struct Source {
    name: &'static str,
}

#[derive(Serialize)]
struct Code<'a> {
    value: &'a str,
}

#[derive(Serialize)]
struct Suggestion<'a> {
    range: Range,
    text: &'a str,
}

#[derive(Serialize)]
struct RelatedLocation<'a> {
    message: &'a str,
    location: Location<'a>,
}

pub fn write(out: &mut dyn io::Write, report: &Report) -> io::Result<()> {
    for finding in report.findings {
        let related = finding.related.iter().chain(&finding.flow);
        let diagnostic = Diagnostic {
            message: message(finding),
            location: location(report, finding.file, finding.span),
            severity: match finding.severity {
                Severity::Error => "ERROR",
                Severity::Warning => "WARNING",
                Severity::Note => "INFO",
            },
            source: Source { name: "crosstalk" },
            code: Code { value: finding.rule },
            suggestions: suggestions(report, finding),
            related_locations: related
                .map(|r| RelatedLocation { message: &r.message, location: location(report, r.file, r.span) })
                .collect(),
        };
        serde_json::to_writer(&mut *out, &diagnostic)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

fn message(finding: &Finding) -> String {
    let mut text = finding.message.clone();
    for line in &finding.notes {
        text.push('\n');
        text.push_str(line);
    }
    text
}

/// A suggestion is one replacement in the finding's own file: a fix with several edits yields none.
fn suggestions<'a>(report: &Report, finding: &'a Finding) -> Vec<Suggestion<'a>> {
    let single = finding.fixes.iter().filter_map(|fix| match &fix.edits[..] {
        [edit] if edit.file == finding.file => Some(edit),
        _ => None,
    });
    single.map(|edit| Suggestion { range: range(report, edit.file, edit.span), text: &edit.replacement }).collect()
}

fn location<'a>(report: &'a Report, file: FileId, span: Span) -> Location<'a> {
    Location { path: &report.file(file).path, range: range(report, file, span) }
}

fn range(report: &Report, file: FileId, span: Span) -> Range {
    let file = report.file(file);
    let place = |offset: u32| {
        let offset = (offset as usize).min(file.text.len());
        let line = file.line_index(offset as u32);
        Place { line: line as u32 + 1, column: (offset - file.line_range(line).start) as u32 + 1 }
    };
    Range { start: place(span.start), end: place(span.end) }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::report::{Format, fixture::Sample};

    #[test]
    fn every_line_whole() {
        let text = Sample::new().emit(Format::Rdjsonl);
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let range = |from: (u32, u32), to: (u32, u32)| json!({"start": {"line": from.0, "column": from.1}, "end": {"line": to.0, "column": to.1}});
        // One tab, the comment's 18 bytes and a blank precede the first finding.
        let expected = json!({
            "message": "case 1 falls through into case 2\nholds where X is defined",
            "location": {"path": "src/ä b#1.c", "range": range((3, 21), (3, 29))},
            "severity": "WARNING",
            "source": {"name": "crosstalk"},
            "code": {"value": "implicit-fallthrough"},
            "suggestions": [{"range": range((4, 1), (4, 1)), "text": "\tbreak;\r\n"}],
            "related_locations": [
                {"message": "into this case", "location": {"path": "src/ä b#1.c", "range": range((4, 1), (4, 8))}},
                {"message": "declared here", "location": {"path": "include/size.h", "range": range((1, 12), (1, 16))}},
            ],
        });
        assert_eq!(lines[0], expected);
        assert_eq!((lines.len(), &lines[1]["severity"]), (2, &json!("ERROR")));
        assert!(lines[1].get("suggestions").is_none() && lines[1].get("related_locations").is_none());
    }

    #[test]
    fn a_fix_of_several_edits_is_no_suggestion() {
        let mut sample = Sample::new();
        let edit = sample.findings[0].fixes[0].edits[0].clone();
        sample.findings[0].fixes[0].edits.push(edit);
        assert!(!sample.emit(Format::Rdjsonl).contains("suggestions"));
    }
}
