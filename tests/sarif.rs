//! Checks reports twice: against the schema published by OASIS, with an independent validator, and against what SARIF
//! and its consumers require beyond any schema. The latter uses the rule numbers of Microsoft's validator.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use boon::{Compiler, Schemas, ValidationError};
use common::Folder;
use regex::Regex;
use serde_json::{Value, json};

const SCHEMA: &str = include_str!("../testdata/sarif/sarif-schema-2.1.0.json");

/// Violations of a schema in `value`, found by an independent validator.
fn mistakes_by(schema: &str, value: &Value) -> Vec<String> {
    let schema: Value = serde_json::from_str(schema).expect("JSON");
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.enable_format_assertions();
    compiler.add_resource("schema.json", schema).expect("a schema");
    let index = compiler.compile("schema.json", &mut schemas).expect("a schema");
    let result = schemas.validate(value, index);
    let mut wrong = Vec::new();
    let mut left: Vec<&ValidationError> = result.as_ref().err().into_iter().collect();
    while let Some(error) = left.pop() {
        if error.causes.is_empty() {
            wrong.push(format!("{}: {}", error.instance_location, error.kind));
        }
        left.extend(&error.causes);
    }
    wrong
}

fn mistakes(log: &Value) -> Vec<String> {
    mistakes_by(SCHEMA, log)
}

/// Faults that no schema covers, by location. `sources` are the files by path.
fn faults(log: &Value, sources: &BTreeMap<String, String>) -> Vec<String> {
    let mut judge = Judge { run: &log["runs"][0], sources, wrong: Vec::new() };
    judge.rules();
    judge.references(judge.run, "");
    judge.results();
    judge.wrong
}

struct Judge<'a> {
    run: &'a Value,
    sources: &'a BTreeMap<String, String>,
    wrong: Vec<String>,
}

impl Judge<'_> {
    fn demand(&mut self, holds: bool, at: &str, what: &str) {
        if !holds {
            self.wrong.push(format!("{at}: {what}"));
        }
    }

    fn rules(&mut self) {
        let driver = &self.run["tool"]["driver"];
        self.demand(driver["semanticVersion"].is_string(), "driver", "SARIF2005: has no version");
        self.demand(self.run["columnKind"].is_string(), "run", "columns are counted in nobody knows what");
        let mut ids = BTreeSet::new();
        for rule in list(&driver["rules"]) {
            let id = text(&rule["id"]);
            let name = text(&rule["name"]);
            self.demand(ids.insert(id), id, "is there twice");
            self.demand(!name.eq_ignore_ascii_case(id), id, "SARIF1001: the name is the id");
            let pascal =
                name.starts_with(|c: char| c.is_ascii_uppercase()) && name.bytes().all(|b| b.is_ascii_alphanumeric());
            self.demand(pascal, id, "SARIF2012: the name is not in Pascal case");
            for key in ["shortDescription", "fullDescription"] {
                let said = text(&rule[key]["text"]);
                self.demand(
                    !said.is_empty() && said.chars().count() <= 1024,
                    id,
                    "has no description that GitHub takes",
                );
            }
            self.demand(text(&rule["shortDescription"]["text"]).ends_with('.'), id, "SARIF2001: no full stop");
            self.demand(!text(&rule["help"]["text"]).is_empty(), id, "SARIF2012: has no help");
            self.demand(list(&rule["properties"]["tags"]).len() <= 10, id, "has more tags than GitHub keeps");
            if let Some(score) = rule["properties"]["security-severity"].as_str() {
                let score: f64 = score.parse().unwrap_or(-1.0);
                self.demand(score > 0.0 && score <= 10.0, id, "the severity is no score");
            }
            for target in list(&rule["relationships"]).iter().map(|r| &r["target"]) {
                let taxon = &self.run["taxonomies"][index(&target["toolComponent"])]["taxa"][index(target)];
                self.demand(taxon["id"] == target["id"], id, "SARIF1009: the index of a taxon is another one's");
            }
        }
    }

    /// Checks whatever has the same meaning everywhere.
    fn references(&mut self, value: &Value, at: &str) {
        match value {
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(n, item)| self.references(item, &format!("{at}/{n}")));
            }
            Value::Object(members) => {
                if let (Some(uri), Some(base)) = (members.get("uri"), members.get("uriBaseId")) {
                    self.artifact(text(uri), text(base), at);
                }
                if let (Some(place), Some(region)) = (members.get("artifactLocation"), members.get("region")) {
                    self.region(text(&place["uri"]), region, at);
                }
                if let Some(descriptor) = members.get("descriptor") {
                    let known = &self.run["tool"]["driver"]["notifications"][index(descriptor)];
                    self.demand(known["id"] == descriptor["id"], at, "SARIF1009: the index is another descriptor's");
                }
                for (name, member) in members.iter().filter(|(name, _)| *name != "properties") {
                    let empty =
                        member.as_array().is_some_and(Vec::is_empty) && name != "results" && name != "suppressions";
                    self.demand(!empty, &format!("{at}/{name}"), "SARIF2004: says nothing");
                    self.references(member, &format!("{at}/{name}"));
                }
            }
            _ => {}
        }
    }

    fn artifact(&mut self, uri: &str, base: &str, at: &str) {
        let is_relative =
            Regex::new(r"^([A-Za-z0-9._~-]|%[0-9A-F]{2})([A-Za-z0-9._~/-]|%[0-9A-F]{2})*$").expect("a pattern");
        self.demand(is_relative.is_match(uri), at, "SARIF1002, SARIF2016, GH1005: no relative URI");
        self.demand(!uri.split('/').any(|part| part == ".." || part.is_empty()), at, "SARIF1002: leads elsewhere");
        self.demand(self.run["originalUriBaseIds"][base].is_object(), at, "SARIF1004: a base that is not explained");
        self.demand(self.sources.contains_key(&decoded(uri)), at, "there is no such file");
    }

    /// In order and inside the file: columns count characters, and the end is past the last one.
    fn region(&mut self, uri: &str, region: &Value, at: &str) {
        let number = |key: &str| region[key].as_u64().unwrap_or(0) as usize;
        let start = (number("startLine"), number("startColumn"));
        let end = (number("endLine"), number("endColumn"));
        self.demand(start <= end && start > (0, 0), at, "SARIF1007, GH1003: ends before it begins");
        let Some(source) = self.sources.get(&decoded(uri)) else { return };
        let columns = |line: usize| source.split('\n').nth(line.wrapping_sub(1)).map(|line| line.chars().count() + 1);
        let inside = [start, end].iter().all(|&(line, column)| columns(line).is_some_and(|last| column <= last));
        self.demand(inside, at, "is not in the file");
    }

    fn results(&mut self) {
        let links = Regex::new(r"\]\((\d+)\)").expect("a pattern");
        let mut identities = BTreeSet::new();
        for (n, result) in list(&self.run["results"]).iter().enumerate() {
            let at = &format!("result {n}");
            let rule = &self.run["tool"]["driver"]["rules"][index_of(&result["ruleIndex"])];
            self.demand(rule["id"] == result["ruleId"], at, "SARIF1009, SARIF1010: the index is another rule's");
            let message = text(&result["message"]["text"]);
            let title = message.lines().next().unwrap_or_default();
            self.demand(title.ends_with('.'), at, "SARIF2001: no full stop");
            self.demand(title.matches('`').count().is_multiple_of(2), at, "SARIF2015: a quotation does not end");
            let related = list(&result["relatedLocations"]);
            let ids: Vec<u64> = related.iter().filter_map(|r| r["id"].as_u64()).collect();
            let linked = links.captures_iter(message).filter_map(|c| c[1].parse().ok()).collect::<Vec<u64>>();
            self.demand(linked == ids, at, "the message links to other places than there are");
            self.demand(ids.len() == related.len() && related.len() <= 100, at, "more places than are shown");
            self.demand(related.iter().all(|r| !text(&r["message"]["text"]).is_empty()), at, "a place says nothing");
            self.demand(list(&result["locations"]).len() == 1, at, "GH1001: has not one location");
            for flow in list(&result["codeFlows"]) {
                let steps: Vec<&Value> =
                    list(&flow["threadFlows"]).iter().flat_map(|f| list(&f["locations"])).collect();
                self.demand((1..=1000).contains(&steps.len()), at, "a path that is not shown");
                let whole = |step: &&Value| !text(&step["location"]["message"]["text"]).is_empty();
                self.demand(steps.iter().all(whole), at, "GH1002: a step says nothing");
            }
            for fix in list(&result["fixes"]) {
                self.demand(!text(&fix["description"]["text"]).is_empty(), at, "a fix says nothing");
            }
            let prints = &result["partialFingerprints"];
            let keys: Vec<&String> = prints.as_object().map(|p| p.keys().collect()).unwrap_or_default();
            self.demand(keys == ["crosstalk/v1", "primaryLocationLineHash"], at, "other fingerprints than the rest");
            self.demand(identities.insert(text(&prints["crosstalk/v1"])), at, "has another one's fingerprint");
        }
        let count = list(&self.run["results"]).iter().filter(|result| result["suppressions"].is_array()).count();
        self.demand(count == 0 || count == list(&self.run["results"]).len(), "run", "only some tell of suppression");
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], |items| items)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn index(value: &Value) -> usize {
    index_of(&value["index"])
}

fn index_of(value: &Value) -> usize {
    value.as_u64().map_or(usize::MAX, |n| n as usize)
}

fn decoded(uri: &str) -> String {
    let mut parts = uri.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2).unwrap_or((part, ""));
        bytes.push(u8::from_str_radix(digits, 16).unwrap_or(b'?'));
        bytes.extend(rest.as_bytes());
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A report on the bad blocks of every rule's page, so that everything a rule can say occurs, and the files by path.
fn log(more: &[&str]) -> (Value, BTreeMap<String, String>) {
    let folder = Folder::new(&[]);
    let mut sources = BTreeMap::new();
    let mut write = |name: String, code: &str| {
        folder.write(&name, code.as_bytes());
        sources.insert(name, code.to_owned());
    };
    for rule in crosstalk::checks::RULES {
        for (n, block) in rule.page.split("```c bad").skip(1).enumerate() {
            let code = block.split("```").next().unwrap_or_default();
            let code = code.split_once('\n').map_or("", |(_, code)| code);
            write(format!("a b/{}-{n}ä.c", rule.id), code);
        }
    }
    write(
        "allowed.c".into(),
        "/* é */ void f(int x)\n{\n    switch (x) {\n    case 1: g(); // crosstalk: allow-file(implicit-fallthrough)\n    \
         case 2: h();\n    }\n}\n",
    );
    write("binary.c".into(), "\0");
    let args = [&["check", "--profile", "audit", "--exit-zero", "--format", "sarif"], more].concat();
    let run = folder.run(&args);
    assert_eq!(run.code, Some(0), "{}", run.err);
    (serde_json::from_str(&run.out).expect("JSON"), sources)
}

#[test]
fn reports_are_valid() {
    for more in [&[][..], &["--include-suppressed"], &["--rule", "misra-16-7"]] {
        let (log, sources) = log(more);
        assert!(log["runs"][0]["results"].as_array().is_some_and(|results| !results.is_empty()));
        assert_eq!(mistakes(&log), [""; 0], "{more:?}");
        assert_eq!(faults(&log, &sources), [""; 0], "{more:?}");
    }
}

/// The test above can fail, in both checks.
#[test]
fn mistakes_are_seen() {
    let (good, sources) = log(&["--rule", "premature-break"]);
    let broken = |pointer: &str, value: Value| {
        let mut log = good.clone();
        *log.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = value;
        (mistakes(&log).len(), faults(&log, &sources).len())
    };
    assert!(broken("/version", json!("2.0")).0 > 0);
    let result = "/runs/0/results/0";
    let member = |name: &str| format!("{result}/{name}");
    assert!(broken(&member("message"), json!({})).0 > 0);
    assert!(broken(&member("locations"), json!({})).0 > 0);
    assert!(broken(result, json!({"message": {"text": "x"}, "color": 1})).0 > 0);
    let region = member("locations/0/physicalLocation/region");
    assert!(broken(&format!("{region}/startLine"), json!(0)).0 > 0);
    // What a schema cannot check.
    let uri = member("locations/0/physicalLocation/artifactLocation/uri");
    for (pointer, value) in [
        (member("ruleIndex"), json!(7)),
        (member("message/text"), json!("no stop")),
        (member("relatedLocations/0/id"), json!(9)),
        (
            member("partialFingerprints/crosstalk~1v1"),
            good["runs"][0]["results"][1]["partialFingerprints"]["crosstalk/v1"].clone(),
        ),
        (format!("{region}/endColumn"), json!(1000)),
        (format!("{region}/endLine"), json!(1)),
        (uri.clone(), json!("/etc/passwd")),
        (uri.clone(), json!("../x.c")),
        (uri.replace("uri", "uriBaseId").replace("uriBaseIdBaseId", "uriBaseId"), json!("ELSEWHERE")),
        ("/runs/0/invocations/0/toolExecutionNotifications/0/descriptor/index".into(), json!(1)),
        ("/runs/0/tool/driver/rules/0/name".into(), json!("premature-break")),
        ("/runs/0/tool/driver/rules/0/relationships/0/target/index".into(), json!(1)),
    ] {
        let (by_schema, by_meaning) = broken(&pointer, value);
        assert!(by_schema == 0 && by_meaning > 0, "{pointer}: {by_schema}, {by_meaning}");
    }
}

/// Results that GitHub would not accept are left out, and the report and the terminal say so.
#[test]
fn more_than_a_service_takes_is_told() {
    let folder = Folder::new(&[]);
    let one = |n: usize| format!("void f{n}(int x)\n{{\n    switch (x) {{ case 1: g({n}); }}\n}}\n");
    for file in 0..26 {
        folder.write(&format!("{file}.c"), (0..1000).map(|n| one(1000 * file + n)).collect::<String>().as_bytes());
    }
    let args = ["check", "--rule", "misra-16-4", "--exit-zero", "--output", "sarif=out.sarif", "--format", "short"];
    let run = folder.run(&args);
    assert_eq!((run.code, run.out.lines().count()), (Some(0), 26_000));
    let told = "1,000 of 26,000 findings are left out, the least severe ones";
    assert!(run.err.contains(told), "{}", run.err);
    let log: Value =
        serde_json::from_str(&fs::read_to_string(folder.path().join("out.sarif")).expect("a file")).expect("JSON");
    assert_eq!(log["runs"][0]["results"].as_array().map(Vec::len), Some(25_000));
    let notes = &log["runs"][0]["invocations"][0]["toolExecutionNotifications"];
    assert!(list(notes).iter().any(|note| text(&note["message"]["text"]).contains(told)), "{notes}");
}

/// The template of `crosstalk init` with everything enabled is valid by the schema for editors, and mistakes are not.
#[test]
fn configurations_are_right_by_the_published_schema() {
    let mistakes = |value: &Value| mistakes_by(include_str!("../crosstalk.schema.json"), value);
    let read = |text: &str| -> Value { toml::from_str(text).expect("TOML") };
    let template = Folder::new(&[]).run(&["init", "--stdout"]).out;
    let setting =
        |line: &str| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line).to_owned() + "\n";
    let all = read(&template.lines().map(setting).collect::<String>());
    assert_eq!(mistakes(&all), [""; 0], "{all}");
    for slip in [
        "profle = \"misra\"",
        "[rules]\nswich = \"off\"",
        "fail-on = [\"warnig\"]",
        "[[catalog.noretrun]]\nnames = [\"f\"]",
        "[[catalog.sink]]\nnames = [\"f\"]\nkind = \"copi\"",
        "[[catalog.sink]]\nnames = [\"f\"]\nkind = \"copy\"\ndst = \"first\"",
    ] {
        assert!(!mistakes(&read(slip)).is_empty(), "{slip}");
    }
}
