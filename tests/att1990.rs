//! The bug of 15 January 1990 and its variants in `testdata/att1990`: each is found, and lookalikes are not reported.

mod common;

use std::path::Path;
use std::time::Duration;

use common::{Folder, Run};
use serde_json::Value;

/// File, rule, line, confidence: everything reported by default.
const BUGS: &[(&str, &str, u64, &str)] = &[
    ("4ess.c", "premature-break", 25, "high"),
    ("context.c", "premature-break", 11, "high"),
    ("else-break.c", "premature-break", 17, "high"),
    ("field.c", "premature-break", 13, "high"),
    ("goto.c", "premature-break", 15, "high"),
    ("ifdef.c", "premature-break", 16, "high"),
    ("loop-outside.c", "premature-break", 15, "medium"),
    ("macro.c", "premature-break", 16, "high"),
    ("nested.c", "premature-break", 17, "high"),
    ("no-loop.c", "unset-after-switch", 17, "medium"),
    ("null.c", "premature-break", 7, "medium"),
    ("out-parameter.c", "premature-break", 13, "high"),
    ("pointer.c", "premature-break", 14, "high"),
    ("then-break.c", "premature-break", 11, "high"),
];

#[test]
fn each_variant_is_found() {
    let (run, files) = check("bugs");
    let found: Vec<Value> = run.out.lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
    let found: Vec<(String, &str, u64, &str)> = found.iter().map(finding).collect();
    let expected: Vec<(String, &str, u64, &str)> =
        BUGS.iter().map(|&(file, rule, line, confidence)| (file.into(), rule, line, confidence)).collect();
    assert_eq!(found, expected);
    assert_eq!(files, expected.iter().map(|(file, ..)| file.clone()).collect::<Vec<_>>());
    assert_eq!(run.code, Some(1));
}

#[test]
fn no_lookalike_is_reported() {
    let (run, files) = check("lookalikes");
    assert_eq!((run.out.as_str(), run.code), ("", Some(0)));
    assert!(files.len() >= 12);
    let count = files.len();
    assert!(run.err.contains(&format!("{count} functions ({count} analysed)")), "{}", run.err);
}

/// The README shows the program of 1990 and the output of Crosstalk for it.
#[test]
fn the_readme_shows_the_program() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).expect("the README");
    let program = std::fs::read_to_string(root.join("testdata/att1990/bugs/4ess.c")).expect("the program");
    let code = program.split_once("\n\n").expect("an include behind the comment").1;
    assert!(readme.contains(code), "the README shows other code");

    let path = "testdata/att1990/bugs/4ess.c";
    let run = Folder::new(&[(path, &program)]).run(&["check", path]);
    let shown = readme.split_once("```text\n").and_then(|(_, rest)| rest.split_once("```")).expect("a report").0;
    assert_eq!(format!("{}{}", run.out, run.err), shown);
}

/// A run with defaults over a folder of `testdata/att1990`, and the names of its `.c` files in order.
fn check(kind: &str) -> (Run, Vec<String>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/att1990").join(kind);
    let names = std::fs::read_dir(&path).expect("the folder").map(|entry| entry.expect("an entry").file_name());
    let mut files: Vec<String> = names.map(|name| name.to_string_lossy().into_owned()).collect();
    files.retain(|name| name.ends_with(".c"));
    files.sort();
    let args = ["check", "--format", "json-lines", path.to_str().expect("a path in UTF-8")];
    (Folder::new(&[]).run_with(&args, b"", Duration::from_secs(120)), files)
}

fn finding(value: &Value) -> (String, &str, u64, &str) {
    let word = |name: &str| value[name].as_str().expect("a string");
    let file = word("path").rsplit('/').next().unwrap_or_default();
    (file.to_owned(), word("rule"), value["line"].as_u64().expect("a line"), word("confidence"))
}
