//! The contents of a configuration file.

use std::collections::BTreeMap;

use serde::de::{self, Deserializer};
use serde::{Deserialize, Serialize};
use toml::Table;

use super::tables;
use crate::checks::pages::PAGES;
use crate::cli::args::{CommentLevel, ConfidenceLevel};
use crate::cli::gate::Gate;
use crate::cli::policy::{Profile, groups};

/// One file, or several merged. The field order is that of `--print-config`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extend: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<Profile>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_confidence: Option<ConfidenceLevel>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment_style: Option<CommentLevel>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_reasons: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fail_on: Option<Vec<Gate>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strict: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_coverage: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_findings: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generated: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extensions: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exclude: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub catalogs: Vec<String>,
    /// Tables as a catalog file has them; read by [`Catalog`](crate::program::catalog::Catalog).
    #[serde(skip_serializing_if = "Table::is_empty", default)]
    pub catalog: Table,
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub macros: BTreeMap<MacroHead, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub rules: BTreeMap<RuleName, Level>,
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub overrides: Vec<Override>,
}

/// Different levels for some files.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Override {
    pub paths: Vec<String>,
    pub rules: BTreeMap<RuleName, Level>,
}

/// The level of a rule's findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    Off,
    /// With the severity they already have.
    On,
    Note,
    Warning,
    Error,
}

/// A rule, a family of rules or a set of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RuleName(pub String);

impl RuleName {
    /// All valid names.
    pub fn all() -> impl Iterator<Item = &'static str> {
        groups().chain(PAGES.iter().map(|page| page.id))
    }
}

impl<'de> Deserialize<'de> for RuleName {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<RuleName, D::Error> {
        let name = String::deserialize(from)?;
        if RuleName::all().any(|known| known == name) {
            return Ok(RuleName(name));
        }
        Err(unknown("rule", &name, RuleName::all()))
    }
}

/// An error in serde's format, for [`super::explain`] to shorten.
pub fn unknown<'a, E: de::Error>(what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> E {
    let known: Vec<String> = known.map(|name| format!("`{name}`")).collect();
    E::custom(format!("unknown {what} `{name}`, expected one of {}", known.join(", ")))
}

/// What follows `#define`: `NAME` or `NAME(a, b)`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct MacroHead(pub String);

impl<'de> Deserialize<'de> for MacroHead {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<MacroHead, D::Error> {
        let head = String::deserialize(from)?;
        let is_name = |name: &str| {
            let part = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
            !name.is_empty() && !name.as_bytes()[0].is_ascii_digit() && name.bytes().all(part)
        };
        let well_formed = match head.split_once('(') {
            None => is_name(&head),
            Some((name, params)) => {
                let params = params.strip_suffix(')');
                let param = |p: &str| is_name(p.trim()) || p.trim() == "...";
                is_name(name) && params.is_some_and(|all| all.trim().is_empty() || all.split(',').all(param))
            }
        };
        if well_formed {
            Ok(MacroHead(head))
        } else {
            Err(de::Error::custom(format!("`{head}` is no macro: expected `NAME` or `NAME(a, b)`")))
        }
    }
}

impl Config {
    /// This configuration, completed by `base`.
    pub fn over(self, base: Config) -> Config {
        let mut rules = base.rules;
        rules.extend(self.rules);
        let mut macros = base.macros;
        macros.extend(self.macros);
        Config {
            extend: None,
            profile: self.profile.or(base.profile),
            min_confidence: self.min_confidence.or(base.min_confidence),
            comment_style: self.comment_style.or(base.comment_style),
            require_reasons: self.require_reasons.or(base.require_reasons),
            fail_on: self.fail_on.or(base.fail_on),
            strict: self.strict.or(base.strict),
            min_coverage: self.min_coverage.or(base.min_coverage),
            max_findings: self.max_findings.or(base.max_findings),
            baseline: self.baseline.or(base.baseline),
            generated: self.generated.or(base.generated),
            extensions: self.extensions.or(base.extensions),
            include: self.include.or(base.include),
            exclude: self.exclude.or(base.exclude),
            catalogs: base.catalogs.into_iter().chain(self.catalogs).collect(),
            catalog: tables::joined(base.catalog, self.catalog),
            macros,
            rules,
            overrides: base.overrides.into_iter().chain(self.overrides).collect(),
        }
    }
}
