//! Which rules run: no other place decides that.

use clap::ValueEnum;

use crate::checks::pages::PAGES;
use crate::checks::{RULES, Rule};
use crate::report::{RuleInfo, RuleSet};

/// What a run is for. A rule's page says which set it belongs to; a profile says which sets it wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Profile {
    /// Likely defects
    #[default]
    Default,
    /// The same rules with --fail-on note --min-confidence low
    Strict,
    /// Likely defects, and the rules of MISRA C:2012
    Misra,
    /// Likely defects, and every rule that serves a CERT C rule or recommendation
    Cert,
    /// Likely defects, and what is no defect by itself
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

    /// As the command line spells it.
    pub fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

/// The rules that `names` names, or, where it is empty, those of the profile; sorted by id.
pub fn selected(names: &[String], profile: Profile) -> Vec<(&'static Rule, RuleInfo)> {
    let is_on = |page: &&RuleInfo| match names {
        [] => profile.runs(page),
        _ => names.iter().any(|name| name == page.id),
    };
    PAGES
        .iter()
        .filter(is_on)
        .filter_map(|page| Some((RULES.iter().find(|r| r.id == page.id)?, page.clone())))
        .collect()
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
    fn named_rules_run_alone() {
        let ids = |names: &[&str], profile| -> Vec<&str> {
            let names: Vec<String> = names.iter().map(|n| n.to_string()).collect();
            selected(&names, profile).iter().map(|(rule, _)| rule.id).collect()
        };
        let name = RULES[RULES.len() - 1].id;
        assert_eq!(ids(&[name], Profile::Default), [name]);
        assert_eq!(ids(&[], Profile::Audit).len(), RULES.len());
        assert!(ids(&[], Profile::Default).iter().all(|id| ids(&[], Profile::Misra).contains(id)));
    }
}
