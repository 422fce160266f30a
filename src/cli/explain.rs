//! `crosstalk explain`: the rules' pages, or a line for each of several rules.

use super::say;
use crate::checks::pages::PAGES;

/// Prints the page of a rule, or a line for each rule of a family or set, or of all. An error is a message for stderr.
pub fn explain(name: Option<&str>) -> Result<(), String> {
    if let Some(page) = PAGES.iter().find(|page| name == Some(page.id)) {
        return say(page.page);
    }
    let width = PAGES.iter().map(|p| p.id.len()).max().unwrap_or(0);
    let asked = PAGES.iter().filter(|page| name.is_none_or(|name| [page.family, page.set.as_str()].contains(&name)));
    say(&asked.map(|page| format!("{:width$}  {}\n", page.id, page.summary)).collect::<String>())
}
