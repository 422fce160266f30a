//! Which findings fail a run.

use std::fmt;

use clap::builder::TypedValueParser;
use serde::de::Deserializer;
use serde::{Deserialize, Serialize, Serializer};

use super::config::model::unknown;
use super::names::Names;
use super::policy::FAMILIES;
use crate::checks::pages::PAGES;
use crate::report::{Confidence, Finding, RuleInfo, Severity};

/// A finding fails the run if it has this severity or confidence or above, or is of this rule or family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    Severity(Severity),
    Confidence(Confidence),
    Rule(&'static str),
    Family(&'static str),
}

const SEVERITIES: [Severity; 3] = [Severity::Note, Severity::Warning, Severity::Error];
const CONFIDENCES: [Confidence; 3] = [Confidence::Low, Confidence::Medium, Confidence::High];

impl Gate {
    pub fn all() -> impl Iterator<Item = Gate> {
        let severities = SEVERITIES.into_iter().map(Gate::Severity);
        let confidences = CONFIDENCES.into_iter().map(Gate::Confidence);
        let rules = PAGES.iter().map(|page| Gate::Rule(page.id));
        severities.chain(confidences).chain(FAMILIES.into_iter().map(Gate::Family)).chain(rules)
    }

    pub fn name(self) -> &'static str {
        match self {
            Gate::Severity(severity) => severity.as_str(),
            Gate::Confidence(confidence) => confidence.as_str(),
            Gate::Rule(name) | Gate::Family(name) => name,
        }
    }

    pub fn named(name: &str) -> Option<Gate> {
        Gate::all().find(|gate| gate.name() == name)
    }

    /// `info` describes the finding's rule.
    pub fn stops(self, finding: &Finding, info: Option<&RuleInfo>) -> bool {
        match self {
            Gate::Severity(severity) => finding.severity >= severity,
            Gate::Confidence(confidence) => finding.confidence >= confidence,
            Gate::Rule(rule) => finding.rule == rule,
            Gate::Family(family) => info.is_some_and(|info| info.family == family),
        }
    }
}

/// Parses a gate by name; for an unknown name, the nearest one is suggested.
pub fn gates() -> impl TypedValueParser<Value = Gate> {
    let names = Names::new("severity, confidence, rule or family", Gate::all().map(Gate::name));
    names.try_map(|name| Gate::named(name).ok_or("no such gate"))
}

impl fmt::Display for Gate {
    fn fmt(&self, to: &mut fmt::Formatter) -> fmt::Result {
        to.write_str(self.name())
    }
}

impl Serialize for Gate {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Gate {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Gate, D::Error> {
        let name = String::deserialize(from)?;
        Gate::named(&name).ok_or_else(|| unknown("gate", &name, Gate::all().map(Gate::name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_again() {
        assert!(Gate::all().all(|gate| Gate::named(gate.name()) == Some(gate)));
        assert_eq!(Gate::named("loud"), None);
    }
}
