//! The files for other tools use options that this program accepts, and the action's script runs.

mod common;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use clap::Parser;
use common::{FALLS, Folder};
use crosstalk::cli::args::Cli;
use regex::Regex;
use serde_json::Value;

fn file(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).expect(name)
}

#[test]
fn every_command_line_is_one() {
    let start = Regex::new(
        r#"(?m)(?:^\s*|[`'"=]|- |entry: |bin/)(crosstalk"? (?:check|baseline|init|completions|man|explain|rules)\b.*)$"#,
    );
    let start = start.expect("a pattern");
    for (name, least) in [(".pre-commit-hooks.yaml", 2), ("action.yml", 1), ("docs/integrations.md", 12)] {
        let text = file(name).replace("\\ ", " ").replace("crosstalk\" check", "crosstalk check");
        let mut found = 0;
        for line in start.captures_iter(&text) {
            // Up to what the shell, or the surrounding text, treats specially.
            let line = line[1].split(['`', '\'', '|', '>', '#', ')']).next().unwrap_or_default();
            let line = line.replace("\"${since[@]}\" $ARGS", "");
            let line = line.split("\",").next().unwrap_or_default().replace('"', "");
            let parsed = Cli::try_parse_from(line.split_whitespace());
            assert!(parsed.is_ok(), "{name}: {line}: {}", parsed.err().map(|e| e.to_string()).unwrap_or_default());
            found += 1;
        }
        assert!(found >= least, "{name}: {found} found");
    }
}

/// The checking step of the action, run as the runner would: its inputs come from the environment.
fn action(folder: &Folder, environment: &[(&str, &str)]) -> Output {
    let text = file("action.yml");
    let (_, script) = text.split_once("      run: |\n").expect("a script");
    let script: String =
        script.lines().map_while(|line| line.strip_prefix("        ")).map(|l| l.to_owned() + "\n").collect();
    let bin = folder.path().join("temp/crosstalk/bin");
    fs::create_dir_all(&bin).expect("a folder");
    let _ = fs::copy(env!("CARGO_BIN_EXE_crosstalk"), bin.join("crosstalk")).expect("a copy");
    Command::new("bash")
        .args(["--noprofile", "--norc", "-eo", "pipefail", "-c", &script])
        .current_dir(folder.path())
        .env("RUNNER_TEMP", folder.path().join("temp"))
        .envs([("PATHS", "."), ("ARGS", ""), ("SARIF", "crosstalk.sarif"), ("CHANGED_ONLY", "false"), ("BASE", "")])
        .envs(environment.iter().copied())
        .output()
        .expect("bash starts")
}

#[cfg(unix)]
#[test]
fn the_action_checks() {
    let folder = Folder::new(&[("old.c", FALLS), ("a dir/b.c", "int x;\n")]);
    folder.git(&["init", "-q"]);
    folder.git(&["add", "old.c"]);
    folder.git(&["commit", "-q", "-m", "old"]);
    folder.write("new.c", FALLS.replace("f(int", "n(int").as_bytes());
    let all = "--min-confidence low --fail-on low";
    let check = |environment: &[(&str, &str)]| {
        let run = action(&folder, environment);
        let sarif = fs::read_to_string(folder.path().join("crosstalk.sarif")).expect("a report");
        let sarif: Value = serde_json::from_str(&sarif).expect("JSON");
        let results = sarif["runs"][0]["results"].as_array().map(Vec::len);
        (run.status.code(), String::from_utf8_lossy(&run.stdout).lines().count(), results)
    };
    assert_eq!(check(&[("ARGS", all)]), (Some(1), 2, Some(2)));
    assert_eq!(check(&[("ARGS", all), ("PATHS", "old.c")]), (Some(1), 1, Some(1)));
    assert_eq!(check(&[("ARGS", all), ("CHANGED_ONLY", "true"), ("BASE", "HEAD")]), (Some(1), 1, Some(1)));
    // Input from an untrusted pull request is not executed, and not taken for an option after `--`.
    let hostile = action(&folder, &[("PATHS", "$(touch,pwned) --exit-zero"), ("ARGS", "")]);
    assert_eq!(hostile.status.code(), Some(2));
    assert!(!folder.path().join("pwned").exists());
}

/// The pattern for editors matches the output of `--format short`.
#[test]
fn the_problem_matcher_matches() {
    let matcher: Value = serde_json::from_str(&file("docs/problem-matcher.json")).expect("JSON");
    let pattern = &matcher["problemMatcher"][0]["pattern"][0];
    let regex = Regex::new(pattern["regexp"].as_str().expect("a text")).expect("a pattern");
    assert!(file("docs/integrations.md").contains(&pattern["regexp"].to_string()), "the page shows the same");
    let folder = Folder::new(&[("a b.c", FALLS)]);
    let run = folder.run(&["check", "-q", "--min-confidence", "low", "--exit-zero", "--format", "short"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    let found = regex.captures(run.out.trim_end()).expect("a line that matches");
    let part = |key: &str| &found[pattern[key].as_u64().expect("a number") as usize];
    assert_eq!((part("file"), part("line"), part("column")), ("a b.c", "5", "5"));
    assert_eq!((part("code"), part("message").is_empty()), ("implicit-fallthrough", false));
}
