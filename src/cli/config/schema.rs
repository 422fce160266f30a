//! The schema of `crosstalk.toml`, for editors, and a template file.

use serde_json::{Value, json};

use super::form::schema_of;
use crate::checks::pages::PAGES;
use crate::cli::gate::Gate;
use crate::cli::policy::groups;
use crate::program::catalog::File;

/// A file that changes nothing, with the settings that can be changed.
pub const TEMPLATE: &str = include_str!("template.toml");

/// The JSON Schema of a configuration.
pub fn schema() -> Value {
    let text = |what: &str| json!({"type": "string", "description": what});
    let texts = |what: &str| json!({"type": "array", "items": {"type": "string"}, "description": what});
    let flag = |what: &str| json!({"type": "boolean", "description": what});
    let word = |words: &[&str], what: &str| json!({"enum": words, "description": what});
    let gates: Vec<&str> = Gate::all().filter(|gate| !matches!(gate, Gate::Rule(_))).map(Gate::name).collect();
    let rules: Vec<&str> = PAGES.iter().map(|page| page.id).collect();
    let rule = json!({"$ref": "#/definitions/rule"});
    let levels = |what: &str| {
        json!({
            "type": "object",
            "propertyNames": {"anyOf": [{"enum": groups().collect::<Vec<_>>()}, rule]},
            "additionalProperties": {"enum": ["off", "on", "note", "warning", "error"]},
            "description": what,
        })
    };
    let mut catalog = schema_of::<File>();
    catalog["description"] =
        "What library functions do, in the same tables as a catalog file: see rules/catalog/README.md".into();
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Crosstalk's configuration",
        "type": "object",
        "additionalProperties": false,
        "definitions": {"rule": {"enum": rules}},
        "properties": {
            "extend": text("Path of a configuration in the same repository that this one extends"),
            "profile": word(&["default", "strict", "misra", "cert", "pedantic", "audit"], "The set of rules to run"),
            "min-confidence": word(&["low", "medium", "high"], "Hide findings below this confidence"),
            "comment-style": word(
                &["any", "loose", "keyword", "strict", "attribute"],
                "Which comments mark a fall-through as intended: GCC's -Wimplicit-fallthrough levels 1 to 5"
            ),
            "require-reasons": flag("Require a reason in every comment that accepts a finding"),
            "fail-on": {
                "type": "array",
                "items": {"anyOf": [{"enum": gates}, rule]},
                "description": "Fail the run on findings of at least this severity or confidence, or of this rule or family",
            },
            "strict": flag("Fail if part of the input was not analysed, or if the baseline lists findings that no longer exist"),
            "min-coverage": {
                "type": "number", "minimum": 0, "maximum": 100,
                "description": "Fail if less than this percentage of files and functions was understood",
            },
            "max-findings": {"type": "integer", "minimum": 0, "description": "Number of findings that do not fail the run"},
            "baseline": text("Path of the file that lists accepted findings"),
            "generated": flag("Also report findings in generated files"),
            "extensions": texts("File extensions to check in addition to c and h"),
            "include": texts("Check only files that match one of these patterns, in .gitignore syntax"),
            "exclude": texts("Do not check files that match one of these patterns, in .gitignore syntax"),
            "catalogs": texts("Catalog files, which describe library functions"),
            "catalog": catalog,
            "macros": {
                "type": "object",
                "additionalProperties": {"type": "string"},
                "description": "Definitions of macros that the repository does not define, keyed by `NAME` or `NAME(a, b)`",
            },
            "rules": levels("Level of each rule, family or set: off, on (severity by confidence) or a fixed severity"),
            "overrides": {
                "type": "array",
                "description": "Levels for some files only; later entries take precedence",
                "items": {
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["paths", "rules"],
                    "properties": {
                        "paths": texts("Patterns of files, in .gitignore syntax"),
                        "rules": levels("Levels, as in the top-level `rules`"),
                    },
                },
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::super::{model::Config, parse};
    use super::*;
    use crate::program::catalog::Catalog;

    #[test]
    fn the_published_schema_is_this_one() {
        let published = include_str!("../../../crosstalk.schema.json");
        let now = serde_json::to_string_pretty(&schema()).expect("JSON") + "\n";
        assert!(published == now, "run `crosstalk init --schema > crosstalk.schema.json` to update it");
    }

    /// The schema lists exactly the keys and values that serde expects.
    #[test]
    fn schema_and_code_agree() {
        let listed = |error: String| {
            let (_, list) = error.split_once("expected ").unwrap_or_else(|| panic!("{error}"));
            let mut names: Vec<String> = list.split('`').skip(1).step_by(2).map(str::to_owned).collect();
            names.sort();
            names
        };
        let expected = |text: &str| listed(toml::from_str::<Config>(text).expect_err(text).message().to_owned());
        let expected_inside = |text: &str| listed(Catalog::check_inside("", text).expect_err(text).message);
        let keys = |of: &Value| {
            let mut keys: Vec<String> = of.as_object().expect("an object").keys().cloned().collect();
            keys.sort();
            keys
        };
        let words = |of: &Value| {
            let words = of.as_array().expect("words").iter();
            let mut words: Vec<String> = words.map(|w| w.as_str().expect("a word").to_owned()).collect();
            words.sort();
            words
        };
        let schema = schema();
        let properties = &schema["properties"];
        assert_eq!(expected("nonsense = 1"), keys(properties));
        assert_eq!(expected("[[overrides]]\nnonsense = 1"), keys(&properties["overrides"]["items"]["properties"]));
        let catalog = &properties["catalog"]["properties"];
        assert_eq!(expected_inside("[catalog]\nnonsense = 1"), keys(catalog));
        let kinds = &catalog["sink"]["items"]["properties"]["kind"]["enum"];
        assert_eq!(expected_inside("[[catalog.sink]]\nkind = \"nonsense\""), words(kinds));
        for (table, form) in catalog.as_object().expect("an object").iter().filter(|(_, form)| form["type"] == "array")
        {
            if form["items"]["type"] == "object" {
                let text = format!("[[catalog.{table}]]\nnonsense = 1");
                assert_eq!(expected_inside(&text), keys(&form["items"]["properties"]), "{table}");
            }
        }
        for key in ["profile", "min-confidence", "comment-style"] {
            assert_eq!(expected(&format!("{key} = \"nonsense\"")), words(&properties[key]["enum"]), "{key}");
        }
        let or_rule = |of: &Value| {
            let mut all = words(&of["anyOf"][0]["enum"]);
            all.extend(words(&schema["definitions"]["rule"]["enum"]));
            all.sort();
            all
        };
        assert_eq!(expected("fail-on = [\"nonsense\"]"), or_rule(&properties["fail-on"]["items"]));
        assert_eq!(expected("[rules]\nnonsense = \"off\""), or_rule(&properties["rules"]["propertyNames"]));
        assert_eq!(
            expected("[rules]\nswitch = \"nonsense\""),
            words(&properties["rules"]["additionalProperties"]["enum"])
        );
        for (key, value) in properties.as_object().expect("an object") {
            let example = match value["type"].as_str() {
                Some("string") => "\"x\"",
                Some("array") => "[]",
                Some("boolean") => "true",
                Some("number") => "1.5",
                Some("integer") => "1",
                Some("object") => "{}",
                _ => continue,
            };
            assert!(parse(&format!("{key} = {example}")).is_ok(), "{key} takes {example}");
        }
    }

    #[test]
    fn the_template_changes_nothing_and_its_examples_are_right() {
        assert_eq!(parse(TEMPLATE).ok(), Some(Config::default()));
        // Text has a space after its `#`; commented-out settings have none.
        let on: String = TEMPLATE
            .lines()
            .map(|line| {
                let setting = line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line);
                format!("{setting}\n")
            })
            .collect();
        let config = parse(&on).unwrap_or_else(|e| panic!("{e:?}\n{on}"));
        assert!(
            config.overrides.len() == 1
                && config.rules.len() > 1
                && config.macros.len() > 1
                && config.catalog.len() == 1
        );
    }
}
