//! `crosstalk rules`: lists the rules, for people and programs.

use clap::ValueEnum;
use serde::Serialize;

use super::args::ListFormat;
use super::policy::Profile;
use super::say;
use crate::checks::pages::PAGES;
use crate::report::{RuleInfo, RuleSet};

#[derive(Serialize)]
struct Entry<'a> {
    id: &'a str,
    family: &'a str,
    /// Every profile that runs the rule.
    profiles: Vec<String>,
    severity: &'a str,
    cwe: &'a [u32],
    references: &'a [String],
    since: &'a str,
    summary: &'a str,
}

/// Prints the list. An error is a message for stderr.
pub fn rules(format: ListFormat) -> Result<(), String> {
    match format {
        ListFormat::Human => say(&table()),
        ListFormat::Json => {
            let entries: Vec<Entry> = PAGES.iter().map(entry).collect();
            let list = serde_json::to_string_pretty(&entries).map_err(|e| e.to_string())?;
            say(&format!("{list}\n"))
        }
    }
}

fn entry(page: &RuleInfo) -> Entry<'_> {
    Entry {
        id: page.id,
        family: page.family,
        profiles: Profile::value_variants().iter().filter(|p| p.runs(page)).map(|p| p.name()).collect(),
        severity: page.severity.as_str(),
        cwe: &page.cwe,
        references: &page.references,
        since: &page.since,
        summary: &page.summary,
    }
}

fn table() -> String {
    let head = ["rule", "family", "profile", "summary"].map(str::to_owned);
    let rows: Vec<[String; 4]> = std::iter::once(head).chain(PAGES.iter().map(row)).collect();
    let mut widths = [0; 4];
    for row in &rows {
        widths.iter_mut().zip(row).for_each(|(width, cell)| *width = cell.len().max(*width));
    }
    let line = |row: &[String; 4]| -> String {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}  "));
        format!("{}\n", cells.collect::<String>().trim_end())
    };
    let list: String = rows.iter().map(line).collect();
    format!(
        "{list}\nRules of the default profile run in every profile, and every rule runs in the profile audit.\n\
         `crosstalk explain RULE` tells more; --format json adds severity, CWE and references.\n"
    )
}

fn row(page: &RuleInfo) -> [String; 4] {
    let profiles = match page.set {
        RuleSet::Default => page.set.as_str().to_owned(),
        _ => entry(page).profiles.into_iter().filter(|p| *p != Profile::Audit.name()).collect::<Vec<_>>().join(", "),
    };
    [page.id.to_owned(), page.family.to_owned(), profiles, page.summary.clone()]
}
