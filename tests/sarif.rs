//! Reports against the schema that OASIS publishes with SARIF 2.1.0.

mod common;

use common::Folder;
use regex::Regex;
use serde_json::{Value, json};

const SCHEMA: &str = include_str!("../testdata/sarif/sarif-schema-2.1.0.json");

/// What the schema's keywords demand of a value: those of draft 4 that this schema has.
fn validate(root: &Value, schema: &Value, value: &Value, at: &str, wrong: &mut Vec<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        let schema = root.pointer(reference.trim_start_matches('#')).expect("the reference leads somewhere");
        return validate(root, schema, value, at, wrong);
    }
    let mut demand = |holds: bool, what: &str| {
        if !holds {
            wrong.push(format!("{at}: {what}"));
        }
    };
    if let Some(kind) = schema["type"].as_str() {
        let holds = match kind {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            other => panic!("the schema has the type {other}"),
        };
        demand(holds, &format!("is no {kind}"));
    }
    if let Some(allowed) = schema["enum"].as_array() {
        demand(allowed.contains(value), "is none of the words allowed");
    }
    if let (Some(least), Some(number)) = (schema["minimum"].as_f64(), value.as_f64()) {
        demand(number >= least, &format!("is less than {least}"));
    }
    if let (Some(most), Some(number)) = (schema["maximum"].as_f64(), value.as_f64()) {
        demand(number <= most, &format!("is more than {most}"));
    }
    if let (Some(pattern), Some(text)) = (schema["pattern"].as_str(), value.as_str()) {
        demand(Regex::new(pattern).expect("a pattern").is_match(text), &format!("does not match {pattern}"));
    }
    if let (Some("uri"), Some(text)) = (schema["format"].as_str(), value.as_str()) {
        demand(text.contains(':') && !text.contains(' '), "is no URI");
    }
    if let Some(choices) = schema["anyOf"].as_array().or(schema["oneOf"].as_array()) {
        let fits = |choice: &&Value| {
            let mut wrong = Vec::new();
            validate(root, choice, value, at, &mut wrong);
            wrong.is_empty()
        };
        let number = choices.iter().filter(fits).count();
        demand(if schema["oneOf"].is_array() { number == 1 } else { number > 0 }, "is none of the forms allowed");
    }
    if let Some(items) = value.as_array() {
        let least = schema["minItems"].as_u64().unwrap_or(0);
        demand(items.len() as u64 >= least, &format!("has fewer than {least} items"));
        if schema["uniqueItems"] == true {
            let mut texts: Vec<String> = items.iter().map(Value::to_string).collect();
            texts.sort();
            texts.dedup();
            demand(texts.len() == items.len(), "has an item twice");
        }
        for (n, item) in items.iter().enumerate().filter(|_| !schema["items"].is_null()) {
            validate(root, &schema["items"], item, &format!("{at}/{n}"), wrong);
        }
    }
    if let Some(members) = value.as_object() {
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !members.contains_key(name) {
                wrong.push(format!("{at}: lacks {name}"));
            }
        }
        for (name, member) in members {
            let at = format!("{at}/{name}");
            match (&schema["properties"][name], &schema["additionalProperties"]) {
                (Value::Null, Value::Bool(false)) => wrong.push(format!("{at}: is not allowed")),
                (Value::Null, more @ Value::Object(_)) => validate(root, more, member, &at, wrong),
                (Value::Null, _) => {}
                (schema, _) => validate(root, schema, member, &at, wrong),
            }
        }
    }
}

fn mistakes(log: &Value) -> Vec<String> {
    let schema: Value = serde_json::from_str(SCHEMA).expect("JSON");
    let mut wrong = Vec::new();
    validate(&schema, &schema, log, "", &mut wrong);
    wrong
}

/// Bugs of every rule's page: whatever a rule can say is in it.
fn log(more: &[&str]) -> Value {
    let folder = Folder::new(&[]);
    for page in crosstalk::checks::pages::PAGES.iter() {
        for (n, block) in page.page.split("```c bad").skip(1).enumerate() {
            let code = block.split("```").next().unwrap_or_default();
            let code = code.split_once('\n').map_or("", |(_, code)| code);
            folder.write(&format!("a b/{}-{n}ä.c", page.id), code.as_bytes());
        }
    }
    folder.write("allowed.c", b"void f(int x)\n{\n    switch (x) {\n    case 1: g(); // crosstalk: allow-file(implicit-fallthrough)\n    case 2: h();\n    }\n}\n");
    folder.write("binary.c", b"\0");
    let args = [&["check", "--profile", "audit", "--exit-zero", "--format", "sarif"], more].concat();
    let run = folder.run(&args);
    assert_eq!(run.code, Some(0), "{}", run.err);
    serde_json::from_str(&run.out).expect("JSON")
}

#[test]
fn reports_are_valid() {
    for more in [&[][..], &["--include-suppressed"], &["--rule", "misra-16-7"]] {
        let log = log(more);
        assert!(log["runs"][0]["results"].as_array().is_some_and(|results| !results.is_empty()));
        assert_eq!(mistakes(&log), [""; 0], "{more:?}");
    }
}

/// The test above can fail.
#[test]
fn mistakes_are_seen() {
    let good = log(&["--rule", "misra-16-7"]);
    let broken = |pointer: &str, value: Value| {
        let mut log = good.clone();
        *log.pointer_mut(pointer).expect("a member") = value;
        mistakes(&log)
    };
    assert_eq!(broken("/version", json!("2.0")), ["/version: is none of the words allowed"]);
    assert_eq!(broken("/runs/0/results/0/message", json!({})).len(), 1);
    assert_eq!(broken("/runs/0/results/0/locations", json!({})).len(), 1);
    assert_eq!(broken("/runs/0/results/0", json!({"message": {"text": "x"}, "color": 1})).len(), 1);
    let region = "/runs/0/results/0/locations/0/physicalLocation/region/startLine";
    assert_eq!(broken(region, json!(0)), [format!("{region}: is less than 1")]);
}
