use serde_json::{Value, json};

use super::*;
use crate::report::Format;
use crate::report::fixture::Sample;

fn run(sample: &Sample) -> Value {
    let log: Value = serde_json::from_str(&sample.emit(Format::Sarif)).unwrap();
    assert_eq!(log["version"], "2.1.0");
    assert_eq!(log["$schema"], SCHEMA);
    assert_eq!(log["runs"].as_array().map(Vec::len), Some(1));
    log["runs"][0].clone()
}

/// Every value of a member with this name, at any depth.
fn members<'a>(value: &'a Value, name: &str, found: &mut Vec<&'a Value>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| members(item, name, found)),
        Value::Object(map) => {
            found.extend(map.get(name));
            map.values().for_each(|item| members(item, name, found));
        }
        _ => {}
    }
}

#[test]
fn every_result_has_what_consumers_require() {
    let sample = Sample::new();
    let run = run(&sample);
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    assert_eq!(run["automationDetails"]["id"], "crosstalk/");
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 2);
    for result in results {
        let index = result["ruleIndex"].as_u64().unwrap() as usize;
        assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
        assert_eq!(result["locations"].as_array().map(Vec::len), Some(1));
        let region = &result["locations"][0]["physicalLocation"]["region"];
        for member in ["startLine", "startColumn", "endLine", "endColumn"] {
            assert!(region[member].as_u64() > Some(0), "{region}");
        }
        for member in ["primaryLocationLineHash", "crosstalk/v1"] {
            assert!(result["partialFingerprints"][member].is_string(), "{result}");
        }
        assert!(result["message"]["text"].as_str().is_some_and(|text| text.contains('.')), "{result}");
    }
    for (result, (file, line)) in results.iter().zip([(0, 2), (1, 0)]) {
        let expected = &primary_location_line_hash(&sample.files[file])[line];
        assert_eq!(result["partialFingerprints"]["primaryLocationLineHash"], *expected);
    }
    assert_eq!((&results[0]["level"], &results[1]["level"]), (&json!("warning"), &json!("error")));
    assert_eq!((&results[0]["rank"], &results[1]["rank"]), (&json!(60.0), &json!(90.0)));
}

#[test]
fn evidence_notes_and_fixes_are_kept() {
    let run = run(&Sample::new());
    let result = &run["results"][0];
    let text = "case 1 falls through into case 2.\ninto this case: [src/ä b#1.c:4](1)\n\
                declared here: [include/size.h:1](2)";
    assert_eq!(result["message"]["text"], text);
    let region = json!({"startLine": 3, "startColumn": 16, "endLine": 3, "endColumn": 24});
    assert_eq!(result["locations"][0]["physicalLocation"]["region"], region);
    assert_eq!(result["locations"][0]["logicalLocations"], json!([{"name": "handle", "kind": "function"}]));
    let related = &result["relatedLocations"];
    assert_eq!((&related[0]["id"], &related[1]["id"]), (&json!(1), &json!(2)));
    assert_eq!(related[1]["message"]["text"], "declared here");
    assert_eq!(result["properties"], json!({"confidence": "medium", "notes": ["holds where X is defined"]}));
    let fixes = json!([{
        "description": {"text": "end the section with `break;`"},
        "artifactChanges": [{
            "artifactLocation": {"uri": "src/%C3%A4%20b%231.c", "uriBaseId": "%SRCROOT%"},
            "replacements": [{
                "deletedRegion": {"startLine": 4, "startColumn": 1, "endLine": 4, "endColumn": 1},
                "insertedContent": {"text": "\tbreak;\r\n"},
            }],
        }],
        "properties": {"safe": false},
    }]);
    assert_eq!(result["fixes"], fixes);
    assert!(run["results"][1].get("fixes").is_none() && run["results"][1].get("relatedLocations").is_none());
}

#[test]
fn a_path_is_a_code_flow() {
    let mut sample = Sample::new();
    sample.findings[0].flow = sample.findings[0].related.clone();
    let run = run(&sample);
    let flows = &run["results"][0]["codeFlows"];
    let steps = flows[0]["threadFlows"][0]["locations"].as_array().unwrap();
    assert_eq!(steps.len(), 2);
    assert_eq!(steps[1]["location"]["message"]["text"], "declared here");
    assert_eq!(steps[1]["location"]["physicalLocation"]["artifactLocation"]["uri"], "include/size.h");
    assert!(steps[1]["location"].get("id").is_none() && run["results"][1].get("codeFlows").is_none());
}

#[test]
fn suppressions_are_told_of_all_results_or_none() {
    let mut sample = Sample::new();
    assert!(run(&sample)["results"][0].get("suppressions").is_none());
    let justification = "the caller checks".to_owned();
    sample.findings[1].suppression = Some(crate::report::Suppression { in_source: true, justification });
    let results = &run(&sample)["results"];
    assert_eq!(results[0]["suppressions"], json!([]));
    assert_eq!(results[1]["suppressions"], json!([{"kind": "inSource", "justification": "the caller checks"}]));
}

#[test]
fn limits_are_kept_and_told() {
    let mut sample = Sample::new();
    let place = sample.findings[0].related[0].clone();
    sample.findings[0].related = vec![place.clone(); 300];
    sample.findings[0].flow = vec![place; 2000];
    let run = run(&sample);
    let result = &run["results"][0];
    assert_eq!(result["relatedLocations"].as_array().map(Vec::len), Some(RELATED));
    assert_eq!(result["codeFlows"][0]["threadFlows"][0]["locations"].as_array().map(Vec::len), Some(STEPS));
    assert!(result["message"]["text"].as_str().is_some_and(|text| text.ends_with("(100)")), "no link leads nowhere");
    let notice = &run["invocations"][0]["toolExecutionNotifications"][1];
    assert_eq!((&notice["descriptor"]["id"], &notice["level"]), (&json!("left-out"), &json!("warning")));
    assert_eq!(notice["message"]["text"], "of 1 finding not all evidence is in this report");
}

#[test]
fn paths_are_relative_to_a_named_root() {
    let run = run(&Sample::new());
    let mut bases = Vec::new();
    members(&run, "uriBaseId", &mut bases);
    assert!(bases.len() > 4 && bases.iter().all(|base| *base == "%SRCROOT%"), "{bases:?}");
    assert!(run["originalUriBaseIds"]["%SRCROOT%"].get("uri").is_none(), "nothing tells of this machine");
}

#[test]
fn rules_are_described_and_tied_to_weaknesses() {
    let run = run(&Sample::new());
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["semanticVersion"], env!("CARGO_PKG_VERSION"));
    let rule = &driver["rules"][1];
    assert_eq!(rule["name"], "UncheckedLength");
    assert_eq!(rule["shortDescription"]["text"], "unchecked-length in one sentence.");
    assert_eq!(rule["fullDescription"]["text"], "What it is, in prose.");
    assert_eq!(rule["help"]["markdown"], Sample::new().rules[1].page);
    assert_eq!(rule["defaultConfiguration"]["level"], "error");
    let properties = json!({
        "tags": ["security", "message", "external/cwe/cwe-020", "external/cwe/cwe-125"],
        "precision": "medium",
        "problem.severity": "error",
        "security-severity": "7.5",
        "references": ["MISRA C:2012 16.3"],
    });
    assert_eq!(rule["properties"], properties);
    let other = &driver["rules"][0]["properties"];
    assert_eq!(other["tags"], json!(["switch", "external/cwe/cwe-484"]), "no defect that an attacker chooses");
    assert!(other.get("security-severity").is_none());
    let taxonomy = &run["taxonomies"][0];
    for relation in rule["relationships"].as_array().unwrap() {
        let target = &relation["target"];
        assert_eq!(target["toolComponent"], driver["supportedTaxonomies"][0]);
        assert_eq!(taxonomy["taxa"][target["index"].as_u64().unwrap() as usize]["id"], target["id"]);
    }
    assert_eq!(rule["relationships"].as_array().map(Vec::len), Some(2));
    assert_eq!(taxonomy["taxa"].as_array().map(Vec::len), Some(3));
}

#[test]
fn what_was_not_analysed_is_told() {
    let run = run(&Sample::new());
    let notifications = run["invocations"][0]["toolExecutionNotifications"].as_array().unwrap();
    assert_eq!(run["invocations"][0]["executionSuccessful"], true);
    assert_eq!(notifications.len(), 2);
    assert_eq!(notifications[0]["message"]["text"], "coverage: 2 files, 1 function (1 analysed)");
    assert_eq!(notifications[0]["properties"]["files"], 2);
    assert_eq!(notifications[1]["message"]["text"], "larger than 16 MB");
    for notification in notifications {
        let index = notification["descriptor"]["index"].as_u64().unwrap() as usize;
        assert_eq!(run["tool"]["driver"]["notifications"][index]["id"], notification["descriptor"]["id"]);
    }
}

#[test]
fn no_absolute_path_and_no_time() {
    let mut sample = Sample::new();
    sample.files[1].path = "/home/me/size.h".into();
    sample.problems[0].path = "/home/me/big.c".into();
    let log: Value = serde_json::from_str(&sample.emit(Format::Sarif)).unwrap();
    let mut uris = Vec::new();
    members(&log, "uri", &mut uris);
    assert_eq!(uris.len(), 6, "three of the first finding, its fix's, the second's and the problem's");
    for uri in uris.iter().filter_map(|uri| uri.as_str()) {
        assert!(!uri.starts_with('/') && !uri.contains(':'), "{uri}");
        assert!(uri.bytes().all(|byte| byte.is_ascii_graphic() && !b"#?".contains(&byte)), "{uri}");
    }
    for member in ["startTimeUtc", "endTimeUtc", "timeUtc", "guid"] {
        let mut found = Vec::new();
        members(&log, member, &mut found);
        assert!(found.is_empty(), "{member}");
    }
    assert_eq!(sample.emit(Format::Sarif), sample.emit(Format::Sarif));
}

#[test]
fn uris_are_encoded() {
    assert_eq!(uri("a b/100%?#[ü].c"), "a%20b/100%25%3F%23%5B%C3%BC%5D.c");
    assert_eq!(uri("../include/x-1_y~.h"), "../include/x-1_y~.h");
    assert_eq!(uri("c:/x.c"), "c%3A/x.c");
}

#[test]
fn without_rules_or_findings_it_is_still_a_log() {
    let mut sample = Sample::new();
    sample.findings.clear();
    sample.rules.clear();
    sample.problems.clear();
    let run = run(&sample);
    assert_eq!(run["results"], json!([]));
    assert!(run.get("taxonomies").is_none());
}

#[test]
fn descriptions_keep_to_the_limit() {
    let page = format!("# Title\n\n{}\n", "wörd ".repeat(1000));
    assert_eq!(first_paragraph(&page).map(|text| text.chars().count()), Some(DESCRIPTION - 1));
    assert_eq!(first_paragraph("# Title\n\n```c\nx;\n```\n"), None);
}
