//! `crosstalk explain`: the page of a rule, or one line for each of several rules.

use super::say;
use crate::checks::RULES;
use crate::checks::pages::{PAGES, whole};
use crate::report::RuleInfo;

/// Prints the page of a rule, or one line per rule of a family, of a set, or of all. An error is a message for stderr.
pub fn explain(name: Option<&str>, full: bool) -> Result<(), String> {
    if let Some(info) = PAGES.iter().find(|page| name == Some(page.id)) {
        let rule = RULES.iter().find(|rule| full && rule.id == info.id);
        return say(&with_facts(info, &rule.map_or_else(|| info.page.clone(), whole)));
    }
    let width = PAGES.iter().map(|p| p.id.len()).max().unwrap_or(0);
    let asked = PAGES.iter().filter(|page| name.is_none_or(|name| [page.family, page.set.as_str()].contains(&name)));
    say(&asked.map(|page| format!("{:width$}  {}\n", page.id, page.summary)).collect::<String>())
}

/// The page, with facts from the front matter under its title.
fn with_facts(info: &RuleInfo, page: &str) -> String {
    let groups = [format!("family {}", info.family), format!("set {}", info.set.as_str())];
    let cwe = info.cwe.iter().map(|cwe| format!("CWE-{cwe}"));
    let facts: Vec<String> = groups.into_iter().chain(cwe).chain(info.references.iter().cloned()).collect();
    let (title, rest) = page.split_once('\n').unwrap_or((page, ""));
    format!("{title}\n\n{}\n{rest}", facts.join(", "))
}
