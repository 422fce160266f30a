//! The output formats, by name.

use std::io;

use super::{Report, checkstyle, github, gitlab, html, human, json, json_lines, junit, rdjsonl, sarif, short};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    #[default]
    Human,
    Short,
    Json,
    JsonLines,
    Sarif,
    Html,
    Github,
    Gitlab,
    Checkstyle,
    Junit,
    Rdjsonl,
}

impl Format {
    /// In the order in which they are listed to users.
    pub const ALL: [Format; 11] = [
        Format::Human,
        Format::Short,
        Format::Json,
        Format::JsonLines,
        Format::Sarif,
        Format::Html,
        Format::Github,
        Format::Gitlab,
        Format::Checkstyle,
        Format::Junit,
        Format::Rdjsonl,
    ];

    /// As a user spells it.
    pub fn name(self) -> &'static str {
        match self {
            Format::Human => "human",
            Format::Short => "short",
            Format::Json => "json",
            Format::JsonLines => "json-lines",
            Format::Sarif => "sarif",
            Format::Html => "html",
            Format::Github => "github",
            Format::Gitlab => "gitlab",
            Format::Checkstyle => "checkstyle",
            Format::Junit => "junit",
            Format::Rdjsonl => "rdjsonl",
        }
    }

    /// Its purpose, in a few words.
    pub fn purpose(self) -> &'static str {
        match self {
            Format::Human => "Source excerpts with labels",
            Format::Short => "`path:line:column: severity: message [rule]`",
            Format::Json => "One JSON document: findings, rules, coverage and problems",
            Format::JsonLines => "One line with a JSON object per finding",
            Format::Sarif => "SARIF 2.1.0, for code scanning services and viewers",
            Format::Html => "A page for people: totals, search, each finding in its source",
            Format::Github => "Workflow commands of GitHub Actions that annotate a pull request",
            Format::Gitlab => "GitLab's Code Quality report",
            Format::Checkstyle => "Checkstyle's XML",
            Format::Junit => "JUnit's XML: each finding a failed test",
            Format::Rdjsonl => "Reviewdog's diagnostics, one per line",
        }
    }

    /// The format can express that a finding is accepted.
    pub fn tells_suppression(self) -> bool {
        matches!(self, Format::Json | Format::JsonLines | Format::Sarif)
    }

    pub fn named(name: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|format| format.name() == name)
    }
}

/// Writes the whole report; only `Human` uses `color`.
pub fn emit(format: Format, report: &Report, color: bool, out: &mut dyn io::Write) -> io::Result<()> {
    match format {
        Format::Human => human::write(out, report, color),
        Format::Short => short::write(out, report),
        Format::Json => json::write(out, report),
        Format::JsonLines => json_lines::write(out, report),
        Format::Sarif => sarif::write(out, report),
        Format::Html => html::write(out, report),
        Format::Github => github::write(out, report),
        Format::Gitlab => gitlab::write(out, report),
        Format::Checkstyle => checkstyle::write(out, report),
        Format::Junit => junit::write(out, report),
        Format::Rdjsonl => rdjsonl::write(out, report),
    }
}

/// What the format leaves out of the report because services would reject it; mostly nothing.
pub fn notice(format: Format, report: &Report) -> Option<String> {
    if format == Format::Sarif { sarif::notice(report) } else { None }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::report::fixture::{self, Sample};

    /// The number of findings that a reader of the format sees.
    fn number(format: Format, text: &str) -> usize {
        let json = || -> Value { serde_json::from_str(text).expect("JSON") };
        let length = |value: &Value| value.as_array().expect("an array").len();
        match format {
            Format::Human => {
                let heads = text.lines().filter(|line| line.starts_with("error[") || line.starts_with("warning["));
                let notes = text.lines().filter(|line| line.starts_with("  ") && line.ends_with(']'));
                heads.count() + notes.count()
            }
            Format::Short | Format::JsonLines | Format::Rdjsonl => text.lines().count(),
            Format::Json => length(&json()["findings"]),
            Format::Sarif => length(&json()["runs"][0]["results"]),
            Format::Html => {
                let data = text.split_once("id=\"data\">").and_then(|(_, rest)| rest.split_once("</script>"));
                length(&serde_json::from_str::<Value>(data.expect("data").0).expect("JSON")["findings"])
            }
            Format::Github => text.lines().filter(|line| line.starts_with("::")).count(),
            Format::Gitlab => length(&json()),
            Format::Checkstyle => text.matches("<error ").count(),
            Format::Junit => text.matches("<failure ").count(),
        }
    }

    #[test]
    fn all_formats_agree_on_the_number_of_findings() {
        let mut empty = Sample::new();
        empty.findings.clear();
        for sample in [Sample::new(), empty, fixture::large(20_000)] {
            for format in Format::ALL {
                let text = sample.emit(format);
                let expected = sample.findings.len();
                let empty = expected == 0 && format == Format::Human && text == "no findings\n";
                assert!(empty || number(format, &text) == expected, "{}", format.name());
            }
        }
    }

    #[test]
    fn names_are_found_again() {
        assert!(Format::ALL.into_iter().all(|format| Format::named(format.name()) == Some(format)));
        assert_eq!(Format::named("xml"), None);
    }
}
