//! The binary as users and pipelines see it: exit codes, input, output.

mod common;

use std::time::Duration;

use common::{FALLS, Folder, Run};
use crosstalk::checks::pages::PAGES;
use crosstalk::report::Format;
use serde_json::Value;

const CLEAN: &str = "int f(int x)\n{\n    switch (x) {\n    case 1: return 1;\n    default: return 2;\n    }\n}\n";
const LOW: [&str; 3] = ["check", "--min-confidence", "low"];

fn low<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&LOW, more].concat()
}

fn ends(run: &Run, code: i32, message: &str) {
    assert_eq!(run.code, Some(code), "out: {}\nerr: {}", run.out, run.err);
    assert!(run.err.contains(message), "`{message}` is not in: {}", run.err);
}

fn stdin(folder: &Folder, args: &[&str], input: &[u8]) -> Run {
    folder.run_with(args, input, Duration::from_secs(60))
}

/// The paths that `--format short` reports.
fn paths(run: &Run) -> Vec<&str> {
    let mut paths: Vec<&str> = run.out.lines().filter_map(|line| line.split(':').next()).collect();
    paths.dedup();
    paths
}

fn json_lines(run: &Run) -> Vec<Value> {
    run.out.lines().map(|line| serde_json::from_str(line).expect("one object a line")).collect()
}

#[test]
fn exit_codes() {
    let folder = Folder::new(&[("clean.c", CLEAN), ("falls.c", FALLS)]);
    ends(&folder.run(&["check", "clean.c"]), 0, "coverage: 1 file, 1 function");
    ends(&folder.run(&low(&["--fail-on", "note", "."])), 1, "coverage: 2 files");
    ends(&folder.run(&["check", "--profile", "strict"]), 1, "");
    ends(&folder.run(&["check", "--profile", "strict", "--exit-zero"]), 0, "");
    ends(&folder.run(&["check", "--profile", "strict", "clean.c"]), 0, "");

    folder.write("binary.c", b"int x;\0");
    ends(&folder.run(&["check", "clean.c", "binary.c"]), 0, "binary.c: is binary");
    ends(&folder.run(&["check", "--strict", "clean.c", "binary.c"]), 3, "1 file skipped");
    ends(&folder.run(&["check", "--strict", "clean.c"]), 0, "");
}

#[test]
fn the_gate_follows_severity() {
    let folder = Folder::new(&[("falls.c", FALLS)]);
    let severity = json_lines(&folder.run(&low(&["--format", "json-lines"])))[0]["severity"].clone();
    let height = |name: &str| ["note", "warning", "error"].iter().position(|s| *s == name);
    for gate in ["note", "warning", "error"] {
        let fails = height(severity.as_str().expect("a name")) >= height(gate);
        ends(&folder.run(&low(&["--fail-on", gate])), i32::from(fails), "");
    }
}

#[test]
fn hidden_findings_do_not_fail() {
    let folder = Folder::new(&[("falls.c", FALLS)]);
    for least in ["low", "medium", "high"] {
        let args = ["check", "--min-confidence", least, "--fail-on", "note", "--format", "json-lines"];
        let run = folder.run(&args);
        ends(&run, i32::from(!run.out.is_empty()), "");
    }
}

#[test]
fn wrong_usage() {
    let folder = Folder::new(&[("a.txt", "text"), ("a.c", CLEAN)]);
    let empty = Folder::new(&[("a.txt", "text")]);
    ends(&empty.run(&["check"]), 2, "no C file found");
    ends(&folder.run(&["check", "absent.c"]), 2, "absent.c: does not exist");
    ends(&folder.run(&["check", "--no-such-option"]), 2, "--no-such-option");
    ends(&folder.run(&["check", "--format", "xml"]), 2, "xml");
    ends(&folder.run(&[]), 2, "Usage");
    ends(&folder.run(&["check", "--rule", "no-such-rule"]), 2, "no-such-rule");
    ends(&folder.run(&["explain", "no-such-rule"]), 2, "no-such-rule");
    ends(&folder.run(&["check", "--stdin-filename", "x.c", "a.c"]), 2, "--stdin-filename");
    ends(&folder.run(&["check", "-", "a.c"]), 2, "crosstalk: `-` reads one buffer from stdin");
    ends(&folder.run(&["check", "a.c", "absent"]), 2, "absent: does not exist");
    ends(&folder.run(&["check", "-0", "a.c"]), 2, "crosstalk: -0 needs --files-from");
    ends(&folder.run(&["check", "--threads", "999999"]), 2, "999999 is not in 0..=1024");
    ends(&folder.run(&["check", "--add-allow", " "]), 2, "expected a reason");
    ends(&folder.run(&["check", "--files-from", "absent.txt"]), 2, "absent.txt");
    ends(&folder.run(&["check", "-0"]), 2, "--files-from");
    ends(&folder.run(&["check", "--coverage-json", "no/such/folder.json"]), 2, "no/such/folder.json");
    for run in [folder.run(&["check", "--rule", "no-such-rule"]), empty.run(&["check"])] {
        assert_eq!(run.out, "", "nothing half-written");
    }
}

#[test]
fn one_rule() {
    let folder = Folder::new(&[("falls.c", FALLS)]);
    ends(&folder.run(&low(&["--fail-on", "note", "--rule", "implicit-fallthrough"])), 1, "");
    ends(&folder.run(&low(&["--fail-on", "note", "--rule", "misplaced-fallthrough-mark"])), 0, "");
}

#[test]
fn a_misspelled_rule_is_guessed() {
    let folder = Folder::new(&[("falls.c", FALLS)]);
    let run = folder.run(&["check", "--rule", "implicit-falltrough"]);
    ends(
        &run,
        2,
        "unknown rule or family `implicit-falltrough` for `--rule <NAME>`; did you mean `implicit-fallthrough`?",
    );
    assert_eq!(run.out, "");
}

/// An enumeration in a header, and a switch with several oddities.
fn odd() -> Folder {
    let code = "#include \"state.h\"\nvoid f(int s)\n{\n    switch (s) {\n    case A: a(); break;\n    case B: b(); break;\n    }\n}\n\
                int g(int n)\n{\n    switch (n) {\n        int i;\n    case 1: i = n; return i;\n    case 2: return 2;\n    default: return 3;\n    }\n}\n";
    Folder::new(&[("include/state.h", "enum state { A, B, C };\n"), ("f.c", code)])
}

#[test]
fn a_profile_chooses_rules() {
    let folder = odd();
    let found = |args: &[&str]| {
        let run = folder.run(&[&["check", "-q", "--format", "json-lines", "--exit-zero"], args].concat());
        assert_eq!(run.code, Some(0), "{}", run.err);
        let mut rules: Vec<String> = json_lines(&run).iter().filter_map(|f| Some(f["rule"].as_str()?.into())).collect();
        rules.sort();
        rules.dedup();
        rules.join(" ")
    };
    assert_eq!(found(&[]), "");
    assert_eq!(found(&["--profile", "strict"]), "");
    assert_eq!(found(&["--profile", "pedantic"]), "unhandled-enumerator");
    assert_eq!(found(&["--profile", "misra"]), "misra-16-1 misra-16-3 misra-16-4");
    assert_eq!(found(&["--profile", "cert"]), "misra-16-1 unhandled-enumerator");
    assert_eq!(found(&["--profile", "audit"]), "misra-16-1 misra-16-3 misra-16-4 unhandled-enumerator");
    assert_eq!(found(&["--profile", "default", "--rule", "misra-16-4"]), "misra-16-4");
    assert_eq!(found(&["--profile", "misra", "--rule", "unhandled-enumerator"]), "unhandled-enumerator");
}

/// The enumeration is found in its own file, and the missing enumerator is named.
#[test]
fn an_enumeration_of_another_file() {
    let run = odd().run(&["check", "--profile", "pedantic"]);
    ends(&run, 1, "coverage");
    assert!(run.out.contains("no label for `C` of `enum state`, and no `default`"), "{}", run.out);
    assert!(run.out.contains("f.c:4:5") && run.out.contains("include/state.h:1:1"), "{}", run.out);
}

#[test]
fn the_list_of_rules() {
    let folder = Folder::new(&[]);
    let table = folder.run(&["rules"]);
    ends(&table, 0, "");
    let row = |id: &str| table.out.lines().find(|line| line.starts_with(id)).expect("a row").to_owned();
    assert!(row("implicit-fallthrough ").contains(" default ") && row("implicit-fallthrough ").contains(" switch "));
    assert!(table.out.lines().all(|line| line.chars().count() < 180), "a row fits on a wide terminal");
    assert!(row("misra-16-2 ").contains(" misra, cert "), "{}", table.out);
    let list = folder.run(&["rules", "--format", "json"]);
    ends(&list, 0, "");
    let list: Vec<Value> = serde_json::from_str(&list.out).expect("a list");
    assert_eq!(list.len(), PAGES.len());
    for (rule, page) in list.iter().zip(PAGES.iter()) {
        assert_eq!((rule["id"].as_str(), rule["summary"].as_str()), (Some(page.id), Some(&*page.summary)));
        let profiles = rule["profiles"].as_array().expect("profiles");
        assert!(profiles.contains(&"audit".into()) && rule["cwe"].is_array() && rule["references"].is_array());
    }
    let default = |rule: &&Value| rule["profiles"].as_array().is_some_and(|p| p.contains(&"default".into()));
    assert!(list.iter().filter(default).count() >= 2);
}

#[test]
fn statistics_count_what_is_hidden_too() {
    let folder = odd();
    let args = ["check", "-q", "--profile", "misra", "--min-confidence", "high", "--statistics"];
    let human = folder.run(&args);
    ends(&human, 0, "");
    let rows: Vec<Vec<&str>> = human.out.lines().map(|line| line.split_whitespace().collect()).collect();
    let at = rows.iter().position(|r| r[..] == ["found", "high", "medium", "low", "rule"]).expect("a table");
    assert_eq!(rows[at + 1], ["3", "0", "3", "0", "misra-16-3"]);
    assert_eq!(rows[at + 2], ["1", "0", "1", "0", "misra-16-1"]);
    assert_eq!(human.err, "");
    for format in ["json-lines", "sarif", "short"] {
        let with = folder.run(&[&args[..], &["--format", format]].concat());
        let without = folder.run(&[&args[..6], &["--format", format]].concat());
        assert_eq!(with.out, without.out, "what programs read stays as it is");
        assert!(with.err.contains("misra-16-3") && without.err.is_empty(), "{}", with.err);
    }
}

#[test]
fn explain() {
    let folder = Folder::new(&[]);
    let list = folder.run(&["explain"]);
    ends(&list, 0, "");
    assert!(list.out.contains("implicit-fallthrough") && list.out.contains("misplaced-fallthrough-mark"));
    let page = folder.run(&["explain", "implicit-fallthrough"]);
    ends(&page, 0, "");
    assert!(
        page.out.contains("\n\nfamily switch, set default, CWE-484, MISRA C:2012 16.3, CERT MSC17-C\n"),
        "{}",
        page.out
    );
    assert!(page.out.contains("crosstalk: allow(implicit-fallthrough) -- REASON") && !page.out.contains("// ~ "));
    let full = folder.run(&["explain", "implicit-fallthrough", "--full"]);
    assert!(full.out.len() > 2 * page.out.len() && full.out.contains("\n## More that"));
    assert!(page.out.contains("FreeSWITCH") && !page.out.contains("---\n"), "the page without its front matter");
}

#[test]
fn one_buffer_from_stdin() {
    let folder = Folder::new(&[]);
    let args = low(&["--format", "short", "--fail-on", "note", "-"]);
    let named = stdin(&folder, &[&args[..], &["--stdin-filename", "src/x.c"]].concat(), FALLS.as_bytes());
    ends(&named, 1, "coverage: 1 file");
    assert!(named.out.starts_with("src/x.c:5:5: "), "{}", named.out);
    assert!(stdin(&folder, &args, FALLS.as_bytes()).out.starts_with("<stdin>:5:5: "));
    ends(&stdin(&folder, &args, b""), 0, "");
    ends(&stdin(&folder, &args, b"\0\0"), 2, "binary");
}

#[test]
fn files_from_a_list() {
    let folder = Folder::new(&[("a b.c", FALLS), ("b.c", FALLS), ("c.c", FALLS), ("list", "a b.c\n\nb.c\r\n")]);
    fn list<'a>(args: &[&'a str]) -> Vec<&'a str> {
        low(&[&["--format", "short", "--files-from"], args].concat())
    }
    let listed = folder.run(&list(&["list"]));
    assert_eq!(paths(&listed), ["a b.c", "b.c"], "{}", listed.err);
    assert_eq!(paths(&stdin(&folder, &list(&["-"]), b"c.c\n")), ["c.c"]);
    assert_eq!(paths(&stdin(&folder, &list(&["-", "-0"]), b"c.c\0a b.c\0")), ["a b.c", "c.c"]);
    ends(&stdin(&folder, &list(&["-"]), b"c.c\0b.c\0"), 2, "--null");
    ends(&stdin(&folder, &list(&["-"]), b""), 2, "no C file found");
}

#[test]
fn which_files() {
    let folder = Folder::new(&[
        (".gitignore", "build/\n*.gen.c\n"),
        ("a.c", FALLS),
        ("b.h", FALLS),
        ("c.cc", FALLS),
        ("lex.l", FALLS),
        ("x.gen.c", FALLS),
        ("build/d.c", FALLS),
        ("sub/.ignore", "e.c\n"),
        ("sub/e.c", FALLS),
        (".hidden/f.c", FALLS),
    ]);
    let found = |more: &[&str]| {
        let run = folder.run(&low(&[&["--format", "short"], more].concat()));
        paths(&run).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(found(&[]), ["a.c", "b.h"]);
    assert_eq!(found(&["--no-ignore"]), ["a.c", "b.h", "build/d.c", "sub/e.c", "x.gen.c"]);
    assert_eq!(found(&["--extension", "cc,.l"]), ["a.c", "b.h", "c.cc", "lex.l"]);
    assert_eq!(found(&["build/d.c", "lex.l"]), ["build/d.c", "lex.l"], "what is named is taken");
    assert_eq!(found(&["./a.c", "a.c", "."]), ["a.c", "b.h"], "each file once");
    ends(&folder.run(&["check", "--max-file-size", "10", "a.c"]), 2, "over the limit of 10");
}

#[test]
fn json_lines_keep_their_contract() {
    let folder = Folder::new(&[("src/a.c", FALLS), ("src/b.c", "/* é */ int x;\n")]);
    let run = folder.run(&low(&["--format", "json-lines"]));
    let lines = json_lines(&run);
    assert_eq!(lines.len(), 1, "{}", run.out);
    let finding = lines[0].as_object().expect("an object");
    let is_place = |of: &Value| {
        of["path"].is_string()
            && ["line", "column", "end_line", "end_column"].iter().all(|key| of[key].as_u64().is_some_and(|n| n > 0))
    };
    assert_eq!(finding["rule"], "implicit-fallthrough");
    assert_eq!(finding["family"], "switch");
    assert!(["error", "warning", "note"].contains(&finding["severity"].as_str().expect("severity")));
    assert!(["high", "medium", "low"].contains(&finding["confidence"].as_str().expect("confidence")));
    assert!(is_place(&lines[0]));
    let place = ["line", "column", "end_line"].map(|key| finding[key].as_u64());
    assert_eq!((finding["path"].as_str(), place), (Some("src/a.c"), [Some(5), Some(5), Some(5)]));
    assert!(finding["end_column"].as_u64() > Some(5), "the end is exclusive");
    assert_eq!(finding["function"], "f");
    assert!(finding["message"].as_str().is_some_and(|m| m.contains("case 2")));
    assert!(finding["fingerprint"].as_str().is_some_and(|f| !f.is_empty()));
    let related = finding["related"].as_array().expect("related");
    assert!(!related.is_empty() && related.iter().all(|r| is_place(r) && r["message"].is_string()));
    assert!(finding["notes"].as_array().is_some_and(|notes| notes.iter().all(Value::is_string)));
    for fix in finding["fixes"].as_array().expect("fixes") {
        assert!(fix["description"].is_string() && fix["safe"].is_boolean());
        let edits = fix["edits"].as_array().expect("edits");
        assert!(!edits.is_empty() && edits.iter().all(|e| is_place(e) && e["replacement"].is_string()));
    }
}

#[test]
fn fingerprints_outlive_moves_within_a_file() {
    let folder = Folder::new(&[("a.c", FALLS)]);
    let print = || json_lines(&folder.run(&low(&["--format", "json-lines"])))[0]["fingerprint"].clone();
    let before = print();
    folder.write("a.c", format!("int added;\n\n{FALLS}").as_bytes());
    assert_eq!(print(), before);
}

/// Hidden findings still count when findings with the same text are numbered.
#[test]
fn fingerprints_do_not_depend_on_what_is_shown() {
    let folder = Folder::new(&[]);
    for (name, text) in [("context.c", include_str!("../testdata/att1990/bugs/context.c")), ("falls.c", FALLS)] {
        folder.write(name, text.as_bytes());
    }
    let prints = |least: &str| -> Vec<String> {
        let run = folder.run(&["check", "--profile", "audit", "--min-confidence", least, "--format", "json-lines"]);
        json_lines(&run).iter().map(|line| line["fingerprint"].to_string()).collect()
    };
    let all = prints("low");
    let shown = prints("high");
    assert!(!shown.is_empty() && shown.iter().all(|print| all.contains(print)), "{shown:?}");
}

#[test]
fn sarif_is_sarif() {
    let folder = Folder::new(&[("a.c", FALLS), ("clean.c", CLEAN)]);
    let log: Value = serde_json::from_str(&folder.run(&low(&["--format", "sarif"])).out).expect("JSON");
    assert_eq!(log["version"], "2.1.0");
    let result = &log["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "implicit-fallthrough");
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!((&place["artifactLocation"]["uri"], &place["region"]["startLine"]), (&"a.c".into(), &5.into()));
    let clean: Value = serde_json::from_str(&folder.run(&["check", "--format", "sarif", "clean.c"]).out).expect("JSON");
    assert_eq!(clean["runs"][0]["results"], Value::Array(Vec::new()), "an empty report is a report");
}

#[test]
fn several_reports_of_one_run() {
    let folder = many();
    let outputs = ["sarif=out.sarif", "json=out/findings.json", "github=out/log", "human=human.txt"];
    std::fs::create_dir(folder.path().join("out")).expect("a folder");
    let args: Vec<&str> = outputs.iter().flat_map(|output| ["--output", output]).collect();
    let run = folder.run(&low(&[&["--format", "json-lines", "--fail-on", "note"], &args[..]].concat()));
    ends(&run, 1, "coverage: 61 files");
    for (format, path) in outputs.map(|output| output.split_once('=').expect("both")) {
        let alone = folder.run(&low(&["--format", format]));
        let written = std::fs::read_to_string(folder.path().join(path)).expect("a file");
        assert!(written == alone.out, "{format}: the file has what stdout gets");
    }
    assert_eq!(run.out, folder.run(&low(&["--format", "json-lines"])).out);
    let left: Vec<_> = std::fs::read_dir(folder.path().join("out")).expect("a folder").collect();
    assert_eq!(left.len(), 2, "no temporary file stays");
}

#[test]
fn outputs_that_cannot_be_are_refused_before_any_work() {
    let folder = Folder::new(&[("falls.c", FALLS), ("old.json", "old")]);
    let refused = |args: &[&str], message: &str| {
        let run = folder.run(&low(args));
        ends(&run, 2, message);
        assert_eq!(run.out, "");
        assert_eq!(std::fs::read(folder.path().join("old.json")).expect("a file"), b"old", "{args:?}");
    };
    refused(&["--output", "json=old.json", "--output", "sarif=./old.json"], "write to the same file");
    refused(&["--output", "json=old.json", "--coverage-json", "old.json"], "write to the same file");
    refused(&["--output", "json=old.json", "--output", "srif=x"], "a similar value exists: 'sarif'");
    refused(&["--output", "json=old.json", "--output", "sarif=no/such/folder/x"], "no/such/folder");
    refused(&["--output", "json=old.json", "absent.c"], "absent.c");
}

#[test]
fn a_category_names_the_analysis() {
    let folder = Folder::new(&[("a.c", FALLS)]);
    let id = |args: &[&str]| {
        let log: Value =
            serde_json::from_str(&folder.run(&low(&[&["--format", "sarif"], args].concat())).out).expect("JSON");
        log["runs"][0]["automationDetails"]["id"].clone()
    };
    assert_eq!(id(&[]), "crosstalk/");
    assert_eq!(id(&["--category", "pbx-core"]), "pbx-core/");
    ends(&folder.run(&low(&["--category", ""])), 2, "--category");
}

#[test]
fn coverage_as_json() {
    let folder = Folder::new(&[("a.c", FALLS)]);
    folder.write("b.c", b"\0");
    let run = folder.run(&["check", "-q", "--coverage-json", "coverage.json"]);
    assert_eq!(run.err, "crosstalk: b.c: is binary: it holds a NUL byte\n", "-q leaves problems");
    let line: Value = {
        let file = std::fs::File::open(folder.path().join("coverage.json")).expect("a file");
        serde_json::from_reader(file).expect("JSON")
    };
    let coverage = &line["coverage"];
    let numbers = ["files", "files_skipped", "functions", "functions_analysed"].map(|key| coverage[key].as_u64());
    assert_eq!(numbers, [Some(1), Some(1), Some(1), Some(1)]);
    assert_eq!(coverage["bytes"].as_u64(), Some(FALLS.len() as u64));
    assert_eq!(coverage["problems"][0]["path"], "b.c");
}

#[test]
fn colour_only_where_asked_for() {
    let folder = many();
    assert!(!folder.run(&LOW).out.contains('\x1b'));
    assert!(folder.run(&low(&["--color", "always"])).out.contains('\x1b'));
    assert!(!folder.run(&low(&["--color", "always", "--format", "short"])).out.contains('\x1b'));
}

/// A folder with many findings, of every confidence and across files.
fn many() -> Folder {
    let folder = Folder::new(&[(
        "lib/die.h",
        "#define CHECK(x) if (!(x)) return -1\n#define ON(n) case n\nvoid die(int) __attribute__((noreturn));\n",
    )]);
    for n in 0..60 {
        let text = format!(
            "#include \"die.h\"\n\
             static void stop{n}(int x) {{ log_it(x); {ends}; }}\n\
             int f{n}(int x, int y)\n{{\n    int r = 0;\n    switch (x) {{\n    case 0: r = {n};\n    case 1: r = 2; break;\n\
             #ifdef A{odd}\n    case 2: CHECK(y);\n#else\n    case 3: stop{other}(y);\n#endif\n    ON(4): use(r);\n\
             \tcase 5: switch (y) {{ case 1: r++; break; default: r--; }}\n    case 6: r += 1;\n    case 7: r += 2;\n\
             case 8: r += 4;\n    case 9: {{ if (y) {{ r = 3; }} else {{ break; }} }} /* é */ default: die(r);\n    \
             }}\n    return r;\n}}\n\
             int g{n}(int x, int y)\n{{\n    if (y);\n        x++;\n    switch (x) {{\n    case 1 || 2: y = 1; break;\n    \
             case 3:\n        break;\n        y = 2;\n    defualt:\n        y = 3;\n    }}\n    return y;\n}}\n",
            ends = if n % 2 == 0 { "die(x)" } else { "x++" },
            odd = n % 3,
            other = (n + 1) % 60,
        );
        folder.write(&format!("m{}/file{n}.c", n % 7), text.as_bytes());
    }
    folder
}

#[test]
fn the_same_bytes_for_any_number_of_threads() {
    let folder = many();
    for format in Format::ALL.map(Format::name) {
        let run = |threads| folder.run(&low(&["--profile", "audit", "--format", format, "--threads", threads]));
        let (one, many) = (run("1"), run("8"));
        assert!(one.out.len() > 10_000, "{format}: little to compare: {}", one.out);
        assert_eq!((one.code, &one.err), (many.code, &many.err));
        assert!(one.out == many.out, "{format}: the report depends on the number of threads");
    }
}

#[test]
fn the_same_findings_without_slicing() {
    let folder = many();
    let args = ["--profile", "audit", "--format", "json-lines"];
    let run = |more: &[&str]| folder.run(&low(&[&args, more].concat())).out;
    assert!(run(&[]) == run(&["--no-slicing"]), "a function parsed alone gives other findings than in its file");
}

/// A rule run alone gets the functions it needs, whatever other rules would have requested.
#[test]
fn each_rule_finds_alone_what_it_finds_among_others() {
    let folder = many();
    let run = |more: &[&str]| folder.run(&low(&[&["--format", "json-lines"], more].concat())).out;
    let all = run(&["--profile", "audit"]);
    for page in PAGES.iter() {
        let own = format!("\"rule\":\"{}\"", page.id);
        let own = |text: &str| text.lines().filter(|line| line.contains(&own)).map(str::to_owned).collect::<Vec<_>>();
        // What one of these reports in detail, the other only mentions.
        let beside = if page.id == "implicit-fallthrough" { "conditional-break-falls" } else { page.id };
        assert_eq!(own(&run(&["--rule", page.id, "--rule", beside])), own(&all));
    }
    for new in ["misspelled-label", "suspicious-case", "swallowed-statement", "unreachable-in-switch"] {
        assert!(all.contains(&format!("\"rule\":\"{new}\"")), "{new} finds nothing here");
    }
}

#[test]
fn a_rule_alone_finds_what_it_finds_among_others() {
    let code = "void f(int x)\n{\n    switch (x) {\n    case 1:\n        a();\n        break;\n        FALLTHROUGH;\n    case 2:\n        b();\n    }\n}\n";
    let folder = Folder::new(&[("a.c", code)]);
    let args = ["check", "--quiet", "--format", "short", "--rule", "misplaced-fallthrough-mark", "."];
    let run = folder.run(&args);
    assert!(run.out.contains("a.c:7:9: warning:"), "{}", run.out);
}

/// Parsing whole files, with every function, changes nothing.
#[test]
fn slicing_does_not_change_findings() {
    let folder = many();
    let check = |more: &[&str]| {
        let args = ["check", "--quiet", "--format", "json-lines", "--min-confidence", "low", "."];
        folder.run(&[&args[..], more].concat()).out
    };
    let sliced = check(&[]);
    assert!(sliced.lines().count() > 10, "{sliced}");
    assert_eq!(sliced, check(&["--no-slicing"]));
}

#[test]
fn a_catalog_adds_functions() {
    let text = "void f(int x)\n{\n    switch (x) {\n    case 1: my_reboot();\n    case 2: h();\n    }\n}\n";
    let folder = Folder::new(&[("a.c", text), ("mine.toml", "[[noreturn]]\nnames = [\"my_reboot\"]\n")]);
    assert_eq!(json_lines(&folder.run(&low(&["--format", "json-lines", "a.c"]))).len(), 1);
    let run = folder.run(&low(&["--format", "json-lines", "--catalog", "mine.toml", "a.c"]));
    ends(&run, 0, "");
    assert_eq!(run.out, "");

    folder.write("bad.toml", b"[[noreturn]]\nnames = [\"f\"]\nname = 1\n");
    let bad = ["check", "--catalog", "mine.toml", "--catalog", "bad.toml", "a.c"];
    ends(&folder.run(&bad), 2, "bad.toml:3: unknown field `name`; did you mean `names`?");
    ends(&folder.run(&["check", "--catalog", "none.toml", "a.c"]), 2, "none.toml: ");
}

#[test]
fn the_table_lists_every_rule() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(path).expect("README.md");
    for page in PAGES.iter() {
        let row = format!("| [`{0}`](rules/{0}.md) | {1} | {2} |", page.id, page.family, page.set.as_str());
        assert!(readme.contains(&row) && readme.contains(&page.summary), "no row for {}", page.id);
    }
}

#[test]
fn a_baseline_takes_no_option_that_would_do_nothing() {
    let folder = Folder::new(&[("a.c", FALLS)]);
    for option in ["--fix", "--exit-zero", "--format=json", "--since=HEAD", "--min-confidence=high"] {
        let run = folder.run(&["baseline", "write", option]);
        assert_eq!(run.code, Some(2), "{option}: {}", run.out);
        assert!(run.err.contains("unexpected argument"), "{option}: {}", run.err);
    }
    assert_eq!(folder.run(&["baseline", "write", "--rule", "switch"]).code, Some(0));
    folder.write("a.c", b"void f(int x) { g(x); }\n");
    assert_eq!(folder.run(&["baseline", "status"]).code, Some(1));
    assert_eq!(folder.run(&["baseline", "status", "--exit-zero"]).code, Some(0));
}
