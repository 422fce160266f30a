//! The rules' pages: front matter and Markdown, embedded in the binary.

use std::sync::LazyLock;

use super::{RULES, Rule};
use crate::report::{RuleInfo, RuleSet, Severity};

/// The contents of every rule's page, sorted by id.
pub static PAGES: LazyLock<Vec<RuleInfo>> = LazyLock::new(|| {
    let mut pages: Vec<RuleInfo> = RULES.iter().map(info).collect();
    pages.sort_by_key(|page| page.id);
    pages
});

impl Rule {
    /// The rule's family: `switch`, `message`, `result`, `cascade`.
    pub fn family(&self) -> &'static str {
        field(split(self.page).0, "family")
    }
}

fn field<'p>(front: &'p str, name: &str) -> &'p str {
    front.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim).unwrap_or_default()
}

/// The candidate that a misspelled name most likely means.
pub fn nearest<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    const ALIKE: f64 = 0.8;
    let scored = candidates.map(|candidate| (strsim::jaro_winkler(name, candidate), candidate));
    scored.filter(|(score, _)| *score > ALIKE).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, candidate)| candidate)
}

fn info(rule: &Rule) -> RuleInfo {
    let (front, page) = split(rule.page);
    let field = |name: &str| field(front, name);
    let list = |name: &str| field(name).split(',').map(str::trim).filter(|s| !s.is_empty()).map(str::to_owned);
    RuleInfo {
        id: rule.id,
        family: rule.family(),
        set: match field("profile") {
            "pedantic" => RuleSet::Pedantic,
            "misra" => RuleSet::Misra,
            _ => RuleSet::Default,
        },
        summary: field("summary").to_owned(),
        severity: match field("severity") {
            "error" => Severity::Error,
            "note" => Severity::Note,
            _ => Severity::Warning,
        },
        cwe: list("cwe").filter_map(|id| id.parse().ok()).collect(),
        references: list("references").collect(),
        since: field("since").to_owned(),
        page: readable(rule.id, page.split_once(MORE).map_or(page, |(told, _)| told)),
    }
}

/// The start of a page's further examples.
const MORE: &str = "\n## More that ";

/// A rule's whole page, with every example.
pub fn whole(rule: &Rule) -> String {
    readable(rule.id, split(rule.page).1)
}

/// A page without what only tests read, and with the text that applies to every rule.
fn readable(id: &str, page: &str) -> String {
    let mut text = String::with_capacity(page.len() + 512);
    for line in page.trim_end().lines() {
        let mut parts = line.split(" // ~ ");
        text.push_str(parts.next().unwrap_or_default());
        for (rule, confidence) in parts.map(|marker| marker.split_once(": ").unwrap_or((marker, ""))) {
            text.push_str(" // reported");
            let more = [("by", if rule == id { "" } else { rule }), ("at", confidence)];
            more.iter().filter(|(_, what)| !what.is_empty()).for_each(|(at, what)| text += &format!(" {at} {what}"));
        }
        text.push('\n');
    }
    text.push_str(&format!(
        "\n## How to silence it\n\n- One finding: `/* crosstalk: allow({id}) -- REASON */`, after the code on its line or on a line of \
         its own before it.\n- The rule: `{id} = \"off\"` below `[rules]` in `crosstalk.toml`, or `--skip-rule {id}`.\n- All \
         that is found today: `crosstalk baseline write`.\n"
    ));
    text
}

/// The front matter (between two `---` lines) and what follows it.
fn split(page: &str) -> (&str, &str) {
    page.strip_prefix("---\n")
        .and_then(|rest| rest.split_once("\n---\n"))
        .map_or(("", page), |(front, page)| (front, page.trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_for_readers() {
        let text = "# x\n\n```c bad\na(); // ~ x: high // ~ y\nb(); // ~ x\n```\n\n## More that it finds\n\nMuch.\n";
        let told = readable("x", text);
        assert!(told.contains("a(); // reported at high // reported by y\nb(); // reported\n"), "{told}");
        assert!(told.contains("Much.") && told.contains("crosstalk: allow(x) -- REASON"), "{told}");
        for rule in RULES {
            let (told, all) = (info(rule).page, whole(rule));
            assert!(!told.contains("// ~ ") && !told.contains("## More that"), "{}: {told}", rule.id);
            assert_eq!(all.contains("## More that"), rule.page.contains(MORE), "{}", rule.id);
            assert!(told.contains("## Limits") || !all.contains("## Limits"), "{}: limits stand before", rule.id);
        }
    }

    #[test]
    fn every_page_says_what_it_has_to() {
        for (rule, page) in RULES.iter().map(|r| (r, info(r))) {
            let (front, text) = split(rule.page);
            assert!(front.contains(&format!("id: {}\n", rule.id)), "{}: the front matter names the rule", rule.id);
            assert!(
                !page.summary.is_empty() && !page.summary.ends_with('.'),
                "{}: one sentence, no full stop",
                rule.id
            );
            let set = format!("profile: {}\n", page.set.as_str());
            assert!(front.contains(&set), "{}: profile is default, pedantic or misra", rule.id);
            assert!(!page.since.is_empty(), "{}: since which version", rule.id);
            assert!(text.contains("```c bad") && text.contains("```c good"), "{}: shows both sides", rule.id);
        }
    }
}
