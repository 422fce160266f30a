//! The formats there are, by name.

use std::io;

use super::{Report, checkstyle, github, gitlab, human, json, json_lines, junit, rdjsonl, sarif, short};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    #[default]
    Human,
    Short,
    Json,
    JsonLines,
    Sarif,
    Github,
    Gitlab,
    Checkstyle,
    Junit,
    Rdjsonl,
}

impl Format {
    /// In the order they are listed to a user.
    pub const ALL: [Format; 10] = [
        Format::Human,
        Format::Short,
        Format::Json,
        Format::JsonLines,
        Format::Sarif,
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
            Format::Github => "github",
            Format::Gitlab => "gitlab",
            Format::Checkstyle => "checkstyle",
            Format::Junit => "junit",
            Format::Rdjsonl => "rdjsonl",
        }
    }

    /// What it is for, in a few words.
    pub fn purpose(self) -> &'static str {
        match self {
            Format::Human => "Source excerpts with labels",
            Format::Short => "`path:line:column: severity: message [rule]`",
            Format::Json => "One JSON document: findings, rules, coverage and problems",
            Format::JsonLines => "One JSON object a line and finding",
            Format::Sarif => "SARIF 2.1.0, for code scanning services and viewers",
            Format::Github => "Workflow commands of GitHub Actions, which annotate a pull request",
            Format::Gitlab => "GitLab's Code Quality report",
            Format::Checkstyle => "Checkstyle's XML",
            Format::Junit => "JUnit's XML: each finding a failed test",
            Format::Rdjsonl => "Reviewdog's diagnostics, one a line",
        }
    }

    pub fn named(name: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|format| format.name() == name)
    }
}

/// Writes the whole report; only `Human` heeds `color`.
pub fn emit(format: Format, report: &Report, color: bool, out: &mut dyn io::Write) -> io::Result<()> {
    match format {
        Format::Human => human::write(out, report, color),
        Format::Short => short::write(out, report),
        Format::Json => json::write(out, report),
        Format::JsonLines => json_lines::write(out, report),
        Format::Sarif => sarif::write(out, report),
        Format::Github => github::write(out, report),
        Format::Gitlab => gitlab::write(out, report),
        Format::Checkstyle => checkstyle::write(out, report),
        Format::Junit => junit::write(out, report),
        Format::Rdjsonl => rdjsonl::write(out, report),
    }
}
