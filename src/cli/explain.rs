//! `crosstalk explain`: the rules' pages.

use super::say;
use crate::checks::pages::PAGES;

/// Prints one rule's page, or a line for each rule. An error is a message for stderr.
pub fn explain(rule: Option<&str>) -> Result<(), String> {
    let width = PAGES.iter().map(|p| p.id.len()).max().unwrap_or(0);
    let asked = PAGES.iter().filter(|page| rule.is_none_or(|name| name == page.id));
    say(&asked
        .map(|page| match rule {
            Some(_) => page.page.to_owned(),
            None => format!("{:width$}  {}\n", page.id, page.summary),
        })
        .collect::<String>())
}
