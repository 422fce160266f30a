//! One JSON document with all the results of a run.

use std::io;

use serde::Serialize;
use serde_json::to_writer;

use super::{Coverage, LeftOut, Problem, Report, RuleInfo, record::records};

/// Incremented when a member changes its meaning or is removed, but not when one is added.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Rule<'a> {
    id: &'a str,
    family: &'a str,
    set: &'a str,
    summary: &'a str,
    severity: &'a str,
    cwe: &'a [u32],
    references: &'a [String],
    since: &'a str,
}

impl<'a> From<&'a RuleInfo> for Rule<'a> {
    fn from(rule: &'a RuleInfo) -> Self {
        Rule {
            id: rule.id,
            family: rule.family,
            set: rule.set.as_str(),
            summary: &rule.summary,
            severity: rule.severity.as_str(),
            cwe: &rule.cwe,
            references: &rule.references,
            since: &rule.since,
        }
    }
}

/// What is known once the findings are written.
#[derive(Serialize)]
struct Rest<'a> {
    #[serde(flatten)]
    left_out: &'a LeftOut,
    coverage: &'a Coverage,
    problems: &'a [Problem],
}

/// The document, one finding per line: it is a single JSON value, and can still be grepped and compared by lines.
pub fn write(out: &mut dyn io::Write, report: &Report) -> io::Result<()> {
    let tool = Tool { name: "crosstalk", version: env!("CARGO_PKG_VERSION") };
    write!(out, "{{\"version\":{VERSION},\"tool\":")?;
    to_writer(&mut *out, &tool)?;
    out.write_all(b",\"rules\":")?;
    to_writer(&mut *out, &report.rules.iter().map(Rule::from).collect::<Vec<_>>())?;
    out.write_all(b",\"findings\":[")?;
    for (index, record) in records(report).enumerate() {
        out.write_all(if index == 0 { b"\n" } else { b",\n" })?;
        to_writer(&mut *out, &record)?;
    }
    out.write_all(b"\n],")?;
    let rest = Rest { left_out: &report.left_out, coverage: report.coverage, problems: report.problems };
    // The members of `rest` continue the same object.
    let rest = serde_json::to_string(&rest)?;
    out.write_all(rest.trim_start_matches('{').as_bytes())?;
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::report::{Format, fixture::Sample};

    #[test]
    fn one_document_with_everything() {
        let mut sample = Sample::new();
        sample.hidden = 3;
        let document: Value = serde_json::from_str(&sample.emit(Format::Json)).expect("JSON");
        assert_eq!(document["version"], 1);
        assert_eq!(document["tool"], json!({"name": "crosstalk", "version": env!("CARGO_PKG_VERSION")}));
        let rule = json!({
            "id": "unchecked-length", "family": "message", "set": "default",
            "summary": "unchecked-length in one sentence", "severity": "error", "cwe": [20, 125],
            "references": ["MISRA C:2012 16.3"], "since": "0.1.0",
        });
        assert_eq!(document["rules"][1], rule);
        assert_eq!(document["hidden"], 3);
        assert_eq!(document["coverage"]["files"], 2);
        assert_eq!(document["problems"], json!([{"path": "src/big.c", "message": "larger than 16 MB"}]));
    }

    #[test]
    fn its_findings_are_those_of_json_lines() {
        let sample = Sample::new();
        let document: Value = serde_json::from_str(&sample.emit(Format::Json)).expect("JSON");
        let lines = sample.emit(Format::JsonLines);
        let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(document["findings"], Value::Array(lines));
    }

    #[test]
    fn nothing_found_is_a_document_too() {
        let mut sample = Sample::new();
        sample.findings.clear();
        let document: Value = serde_json::from_str(&sample.emit(Format::Json)).expect("JSON");
        assert_eq!(document["findings"], json!([]));
    }
}
