//! The files of `testdata/twins`: in each, a function with a defect, and others that do the same correctly.
//!
//! A line that must be reported is marked `/* found: rule-id */`. No message rule may report anything else, at any
//! confidence, even if every name that the author was free to choose is replaced.

mod common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use common::Folder;
use serde_json::Value;

/// Line and rule.
type Marked = Vec<(u64, String)>;
/// With the confidence.
type Found = Vec<((u64, String), String)>;

#[test]
fn exactly_the_marked_lines_are_reported() {
    let files = files();
    assert!(files.len() >= 30);
    let mut wrong = Vec::new();
    for (name, code) in &files {
        let expected = marked(code);
        assert_eq!(expected.len(), 1, "{name} has one defect");
        let found: Marked = found(code).into_iter().map(|(place, _)| place).collect();
        if expected != found {
            wrong.push(format!("{name}: expected {expected:?}, found {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn names_that_are_no_evidence_change_nothing() {
    let mut wrong = Vec::new();
    for (name, code) in &files() {
        let before = found(code);
        for style in [|n: usize| format!("zq{n}"), |n: usize| format!("oak{n}_fir")] {
            let (renamed, count) = renamed(code, &style);
            assert!(count >= 3, "{name}: only {count} names were changed");
            assert_eq!(code.lines().count(), renamed.lines().count());
            let after = found(&renamed);
            if before != after {
                wrong.push(format!("{name}: {before:?} became {after:?} in\n{renamed}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every message rule that has a folder has several files, and each file is named after its rule.
#[test]
fn files_stand_in_their_rules_folder() {
    let mut count: BTreeMap<String, usize> = BTreeMap::new();
    for (name, code) in &files() {
        let rule = name.split('/').next().expect("a folder");
        assert!(marked(code).iter().all(|(_, marked)| marked == rule), "{name}");
        *count.entry(rule.into()).or_default() += 1;
    }
    assert!(count.len() >= 8 && count.values().all(|n| *n >= 3), "{count:?}");
}

/// Names relative to `testdata/twins` and texts, in order.
fn files() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/twins");
    let mut all = Vec::new();
    for folder in entries(&root) {
        for path in entries(&folder) {
            let name = path.strip_prefix(&root).expect("a file below").to_string_lossy().replace('\\', "/");
            all.push((name, std::fs::read_to_string(&path).expect("a text")));
        }
    }
    all
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_dir() || path.extension().is_some_and(|end| end == "c"))
        .collect();
    all.sort();
    all
}

fn marked(code: &str) -> Marked {
    let rule = |line: &str| Some(line.split_once("/* found: ")?.1.split_once(" */")?.0.to_owned());
    (1u64..).zip(code.lines()).filter_map(|(n, line)| Some((n, rule(line)?))).collect()
}

fn found(code: &str) -> Found {
    let folder = Folder::new(&[("twins.c", code)]);
    let run = folder.run(&["check", "--min-confidence", "low", "--format", "json-lines", "twins.c"]);
    assert!(matches!(run.code, Some(0 | 1)), "{}", run.err);
    let findings = run
        .out
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("an object"))
        // Findings of other families are left to their own tests.
        .filter(|f| f["family"] == "message");
    let word = |f: &Value, name: &str| f[name].as_str().expect("a string").to_owned();
    findings.map(|f| ((f["line"].as_u64().expect("a line"), word(&f, "rule")), word(&f, "confidence"))).collect()
}

/// The code with each of its own names renamed consistently, and the number of those names.
fn renamed(code: &str, style: &dyn Fn(usize) -> String) -> (String, usize) {
    let mut names: BTreeMap<&str, String> = BTreeMap::new();
    let mut out = String::new();
    for line in code.split_inclusive('\n') {
        if line.starts_with("#include") {
            out += line;
            continue;
        }
        let mut rest = line;
        while !rest.is_empty() {
            let token = &rest[..token(rest)];
            rest = &rest[token.len()..];
            if !token.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') || is_kept(token) {
                out += token;
                continue;
            }
            let next = style(names.len() + 1);
            let next = if token.bytes().any(|b| b.is_ascii_lowercase()) { next } else { next.to_uppercase() };
            out += names.entry(token).or_insert(next);
        }
    }
    (out, names.len())
}

/// The length of the token, comment or literal at the start of a text.
fn token(text: &str) -> usize {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let until = |end: &str| text[end.len()..].find(end).map_or(text.len(), |at| at + 2 * end.len());
    match text.chars().next() {
        _ if text.starts_with("/*") => text.find("*/").map_or(text.len(), |at| at + 2),
        Some('"') => until("\""),
        Some('\'') => until("'"),
        Some(c) if is_word(c) => text.find(|c| !is_word(c)).unwrap_or(text.len()),
        Some(c) => c.len_utf8(),
        None => 0,
    }
}

/// Keywords, names declared by headers, and evidence.
fn is_kept(name: &str) -> bool {
    let keywords = "break case char const continue default define do else for if int long return sizeof static struct \
                    switch unsigned void while";
    let library = "FILE NULL UINT8_MAX abort assert atoi fgets fscanf int32_t malloc memcpy memset ntohl ntohs \
                   read recv send size_t sscanf ssize_t strlen strtol uint16_t uint32_t uint8_t";
    keywords.split_whitespace().chain(library.split_whitespace()).any(|word| word == name) || is_evidence(name)
}

/// The words that indicate lengths, ends and messages without a header (`src/analysis/bounds/terms/names.rs`).
fn is_evidence(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let length = ["len", "length", "size", "left", "remain", "remaining", "avail", "nbytes", "octets", "bytes"];
    let end = ["end", "max", "limit", "lim", "last", "stop", "tail"];
    let message = ["pkt", "packet", "pdu", "msg", "frame", "payload", "datagram", "octets", "wire", "raw", "header"];
    let ends = |words: &[&str]| words.iter().any(|word| lower.ends_with(word));
    ends(&length) || ends(&end) || message.iter().any(|word| lower.contains(word))
}
