//! Which rules run, and at which severity in which files: decided here and nowhere else.

use std::collections::BTreeMap;
use std::path::Path;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::config::model::{Level, RuleName};
use crate::checks::pages::PAGES;
use crate::checks::{RULES, Rule};
use crate::report::{Finding, RuleInfo, RuleSet, Severity};
use crate::source::Patterns;

pub const FAMILIES: [&str; 5] = ["switch", "message", "result", "cascade", "suppression"];
const SETS: [RuleSet; 3] = [RuleSet::Default, RuleSet::Pedantic, RuleSet::Misra];

/// What `[rules]` may contain besides rules: families and sets.
pub fn groups() -> impl Iterator<Item = &'static str> {
    FAMILIES.into_iter().chain(SETS.map(RuleSet::as_str))
}

/// The purpose of a run. A rule's page gives its set; a profile selects sets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// Likely defects
    #[default]
    Default,
    /// The same rules with --fail-on note --min-confidence low
    Strict,
    /// Likely defects, and the rules of MISRA C:2012
    Misra,
    /// Likely defects, and every rule that corresponds to a CERT C rule or recommendation
    Cert,
    /// Likely defects, and code that is often intended
    Pedantic,
    /// Every rule with --min-confidence low
    Audit,
}

impl Profile {
    pub fn runs(self, rule: &RuleInfo) -> bool {
        rule.set == RuleSet::Default
            || match self {
                Profile::Default | Profile::Strict => false,
                Profile::Misra => rule.set == RuleSet::Misra,
                Profile::Cert => rule.references.iter().any(|r| r.starts_with("CERT ")),
                Profile::Pedantic => rule.set == RuleSet::Pedantic,
                Profile::Audit => true,
            }
    }

    /// As spelled on the command line.
    pub fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

/// Levels by rule, family or set.
pub type Levels = BTreeMap<RuleName, Level>;

/// The rules of a run, sorted by id, and the levels of their findings.
pub struct Policy {
    pub rules: Vec<(&'static Rule, RuleInfo)>,
    base: Levels,
    /// Later ones take precedence.
    overrides: Vec<(Patterns, Levels)>,
    profile: Profile,
    named: bool,
}

impl Policy {
    /// The rules given by `names` only or, if it is empty, those of the profile and the levels.
    pub fn new(names: &[String], profile: Profile, base: Levels, overrides: Vec<(Patterns, Levels)>) -> Policy {
        let mut policy = Policy { rules: Vec::new(), base, overrides, profile, named: !names.is_empty() };
        let is_on = |page: &&RuleInfo| match names {
            [] => policy.runs_somewhere(page),
            // A family means the rules of it that the profile runs: naming `switch` does not enable MISRA.
            _ => is_named(page, names, profile.runs(page)),
        };
        let rule = |page: &RuleInfo| Some((RULES.iter().find(|r| r.id == page.id)?, page.clone()));
        policy.rules = PAGES.iter().filter(is_on).filter_map(rule).collect();
        policy
    }

    /// The same policy without the rules given by `names`.
    pub fn without(mut self, names: &[String]) -> Policy {
        self.rules.retain(|(_, info)| !is_named(info, names, true));
        self
    }

    /// The level of a rule's findings in a file; `path` is canonical.
    pub fn level(&self, rule: &RuleInfo, path: &Path) -> Level {
        if self.named {
            return Level::On;
        }
        let overrides = self.overrides.iter().rev().filter(|(paths, _)| paths.matches(path));
        let told = overrides
            .map(|(_, levels)| levels)
            .chain([&self.base])
            .find_map(|levels| level(levels, rule, self.profile));
        told.unwrap_or(if self.profile.runs(rule) { Level::On } else { Level::Off })
    }

    /// Sets the severity of the finding to its level. Returns false if its level is `Off`.
    pub fn admit(&self, finding: &mut Finding, path: &Path) -> bool {
        let info = self.rules.iter().find(|(rule, _)| rule.id == finding.rule);
        match info.map_or(Level::On, |(_, info)| self.level(info, path)) {
            Level::Off => return false,
            Level::On => {}
            Level::Note => finding.severity = Severity::Note,
            Level::Warning => finding.severity = Severity::Warning,
            Level::Error => finding.severity = Severity::Error,
        }
        true
    }

    fn runs_somewhere(&self, rule: &RuleInfo) -> bool {
        let told = |levels| level(levels, rule, self.profile).map(|level| level != Level::Off);
        told(&self.base).unwrap_or(self.profile.runs(rule))
            || self.overrides.iter().any(|(_, levels)| told(levels) == Some(true))
    }
}

/// Named by its id, by its set or, if `by_family`, by its family.
fn is_named(rule: &RuleInfo, names: &[String], by_family: bool) -> bool {
    let is_it = |name: &str| name == rule.id || name == rule.set.as_str() || by_family && name == rule.family;
    names.iter().any(|name| is_it(name))
}

/// A rule's id takes precedence over its family, and the family over its set. A family's level enables no rule that the
/// profile leaves out.
fn level(levels: &Levels, rule: &RuleInfo, profile: Profile) -> Option<Level> {
    let family = Some(rule.family).filter(|_| profile.runs(rule));
    let names = [Some(rule.id), family, Some(rule.set.as_str())];
    names.into_iter().flatten().find_map(|name| levels.get(&RuleName(name.into())).copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(set: RuleSet, references: &[&str]) -> RuleInfo {
        let references = references.iter().map(|r| r.to_string()).collect();
        RuleInfo { set, references, ..PAGES[0].clone() }
    }

    fn runners(rule: &RuleInfo) -> Vec<String> {
        Profile::value_variants().iter().filter(|p| p.runs(rule)).map(|p| p.name()).collect()
    }

    #[test]
    fn a_rule_belongs_to_its_set_and_to_what_it_refers_to() {
        assert_eq!(runners(&rule(RuleSet::Default, &[])).len(), Profile::value_variants().len());
        assert_eq!(runners(&rule(RuleSet::Misra, &["MISRA C:2012 16.4"])), ["misra", "audit"]);
        assert_eq!(runners(&rule(RuleSet::Misra, &["MISRA C:2012 16.2", "CERT MSC20-C"])), ["misra", "cert", "audit"]);
        assert_eq!(runners(&rule(RuleSet::Pedantic, &[])), ["pedantic", "audit"]);
    }

    #[test]
    fn every_family_can_be_named() {
        let of = |family: &str| PAGES.iter().any(|page| page.family == family);
        assert!(FAMILIES.iter().all(|family| of(family)), "a family without a rule");
        assert!(PAGES.iter().all(|page| FAMILIES.contains(&page.family)), "a rule of a family that nobody can name");
    }

    #[test]
    fn named_rules_run_alone() {
        let ids = |names: &[&str], profile| -> Vec<&str> {
            let names: Vec<String> = names.iter().map(|n| n.to_string()).collect();
            let policy = Policy::new(&names, profile, Levels::new(), Vec::new());
            policy.rules.iter().map(|(rule, _)| rule.id).collect()
        };
        let name = RULES[RULES.len() - 1].id;
        assert_eq!(ids(&[name], Profile::Default), [name]);
        assert!(ids(&["misra", "cascade"], Profile::Default).len() > 7 && ids(&["misra"], Profile::Default).len() == 7);
        let of_family = |profile| ids(&["switch"], profile).contains(&"misra-16-4");
        assert!(!of_family(Profile::Default) && of_family(Profile::Misra), "a family brings no set along");
        assert_eq!(ids(&[], Profile::Audit).len(), RULES.len());
        assert!(ids(&[], Profile::Default).iter().all(|id| ids(&[], Profile::Misra).contains(id)));
    }

    #[test]
    fn the_level_of_a_family_turns_no_set_on() {
        let levels = |names: &[&str]| names.iter().map(|n| (RuleName((*n).into()), Level::Error)).collect::<Levels>();
        let has = |names: &[&str]| {
            let policy = Policy::new(&[], Profile::Default, levels(names), Vec::new());
            policy.rules.iter().any(|(rule, _)| rule.id == "misra-16-4")
        };
        assert!(!has(&["switch"]) && has(&["switch", "misra"]) && has(&["misra-16-4"]));
    }

    #[test]
    fn the_nearer_name_and_the_later_override_win() {
        let levels =
            |pairs: &[(&str, Level)]| pairs.iter().map(|(n, l)| (RuleName((*n).into()), *l)).collect::<Levels>();
        let base = levels(&[("switch", Level::Note), ("implicit-fallthrough", Level::Error), ("misra", Level::Off)]);
        let paths = |glob: &str| Patterns::new(Path::new("/r"), &[glob.into()]).expect("a pattern");
        let overrides = vec![
            (paths("tests/"), levels(&[("switch", Level::Off), ("misra-16-4", Level::On)])),
            (paths("tests/keep.c"), levels(&[("implicit-fallthrough", Level::Warning)])),
        ];
        let policy = Policy::new(&[], Profile::Misra, base, overrides);
        let level = |id: &str, path: &str| {
            let info = PAGES.iter().find(|page| page.id == id).expect("a rule");
            policy.level(info, Path::new(path))
        };
        assert_eq!(level("implicit-fallthrough", "/r/a.c"), Level::Error);
        assert_eq!(level("implicit-fallthrough", "/r/tests/a.c"), Level::Off);
        assert_eq!(level("implicit-fallthrough", "/r/tests/keep.c"), Level::Warning);
        assert_eq!(level("premature-break", "/r/a.c"), Level::Note);
        assert_eq!(level("misra-16-4", "/r/a.c"), Level::Note, "its family says more than its set");
        assert_eq!(level("misra-16-4", "/r/tests/a.c"), Level::On);
        assert_eq!(level("unused-allow", "/r/a.c"), Level::On);
        assert!(policy.rules.iter().any(|(rule, _)| rule.id == "misra-16-4"));
    }
}
