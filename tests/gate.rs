//! Daily use: configuration, accepted findings, changed lines, fixes and the gate.

mod common;

use std::fs;
use std::process::Command;

use common::{FALLS, Folder, Run};
use serde_json::Value;

const FALL: &str = "implicit-fallthrough";

/// A fall-through that is found whatever its confidence.
fn check<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["check", "--min-confidence", "low", "--fail-on", "note"], more].concat()
}

fn ends(run: &Run, code: i32, message: &str) {
    assert_eq!(run.code, Some(code), "out: {}\nerr: {}", run.out, run.err);
    assert!(run.err.contains(message), "`{message}` is not in: {}", run.err);
}

/// `path rule`, sorted.
fn found(folder: &Folder, more: &[&str]) -> Vec<String> {
    let run = folder.run(&check(&[&["-q", "--exit-zero", "--format", "json-lines"], more].concat()));
    assert_eq!(run.code, Some(0), "{}", run.err);
    let line = |line: &str| {
        let finding: Value = serde_json::from_str(line).expect("JSON");
        let text = |key: &str| finding[key].as_str().expect("text").to_owned();
        format!("{} {}", text("path"), text("rule"))
    };
    run.out.lines().map(line).collect()
}

fn read(folder: &Folder, name: &str) -> String {
    fs::read_to_string(folder.path().join(name)).expect("a file")
}

fn commit(folder: &Folder) {
    folder.git(&["add", "-A"]);
    folder.git(&["commit", "-q", "-m", "a state"]);
}

#[test]
fn a_comment_accepts_and_is_told_of_where_asked() {
    let allowed = FALLS.replace("h();", "h(); // crosstalk: allow(implicit-fallthrough) -- as the manual says");
    let folder = Folder::new(&[("a.c", &allowed)]);
    let run = folder.run(&check(&[]));
    ends(&run, 0, "");
    assert!(run.out.contains("no findings\n1 finding is accepted by comments\n"), "{}", run.out);
    let lines = folder.run(&check(&["--include-suppressed", "--format", "json-lines"]));
    ends(&lines, 0, "");
    let finding: Value = serde_json::from_str(&lines.out).expect("one object");
    assert_eq!(finding["suppressed"], "as the manual says");
    let sarif = |more: &[&str]| -> Value {
        serde_json::from_str(&folder.run(&check(&[&["--format", "sarif"], more].concat())).out).expect("JSON")
    };
    assert_eq!(sarif(&[])["runs"][0]["results"], Value::Array(Vec::new()));
    let suppression = &sarif(&["--include-suppressed"])["runs"][0]["results"][0]["suppressions"][0];
    assert_eq!(
        (&suppression["kind"], &suppression["justification"]),
        (&"inSource".into(), &"as the manual says".into())
    );
    let short = folder.run(&check(&["--include-suppressed", "--format", "short"]));
    assert_eq!(short.out, "", "a form that cannot say so does not show it");
}

#[test]
fn comments_are_written_for_what_is_shown() {
    let folder = Folder::new(&[("a.c", FALLS)]);
    let run = folder.run(&check(&["--add-allow", "reviewed"]));
    ends(&run, 0, "1 comment written");
    assert!(read(&folder, "a.c").contains("case 2: h(); /* crosstalk: allow(implicit-fallthrough) -- reviewed */\n"));
    let before = read(&folder, "a.c");
    ends(&folder.run(&check(&["--add-allow", "reviewed"])), 0, "0 comments written");
    assert_eq!(read(&folder, "a.c"), before);
}

#[test]
fn a_configuration_is_read_from_above() {
    let folder = Folder::new(&[
        (
            "crosstalk.toml",
            "exclude = [\"old/\"]\n[rules]\nimplicit-fallthrough = \"note\"\n\
            [[overrides]]\npaths = [\"tests/\"]\nrules = { switch = \"off\" }\n",
        ),
        ("src/a.c", FALLS),
        ("old/b.c", FALLS),
        ("tests/c.c", FALLS),
    ]);
    let all = [format!("src/a.c {FALL}")];
    assert_eq!(found(&folder, &[]), all);
    assert_eq!(found(&folder, &["src"]), all);
    assert_eq!(found(&folder, &["old/b.c"]), [format!("old/b.c {FALL}")], "what is named is taken");
    ends(&folder.run(&check(&["--force-exclude", "old/b.c"])), 2, "no C file found");
    assert_eq!(found(&folder, &["--isolated"]).len(), 3);
    let severity = folder.run(&check(&["--format", "short"]));
    assert!(severity.out.contains(": note: "), "{}", severity.out);
    ends(&folder.run(&["check", "--min-confidence", "low"]), 0, "");
    assert_eq!(found(&folder, &["--rule", FALL, "tests"]), [format!("tests/c.c {FALL}")], "--rule is all that counts");

    folder.write("crosstalk.toml", b"\nprofle = 'misra'\n");
    ends(&folder.run(&["check"]), 2, "crosstalk.toml:2: unknown field `profle`; did you mean `profile`?");
    folder.write("other.toml", b"profile = 'misra'");
    let printed =
        folder.run(&["check", "--config", "other.toml", "--fail-on", "error,premature-break", "--print-config"]);
    ends(&printed, 0, "");
    assert!(
        printed.out.contains("profile = \"misra\"\n") && printed.out.contains("\"premature-break\""),
        "{}",
        printed.out
    );
    folder.write("crosstalk.toml", printed.out.as_bytes());
    assert_eq!(folder.run(&["check", "--print-config"]).out, printed.out, "what is printed is a configuration");
}

#[test]
fn a_configuration_adds_macros_and_catalogs() {
    let leaves = "void f(int x)\n{\n    switch (x) {\n    case 1: LEAVE(1);\n    case 2: my_reboot();\n    case 3: h();\n    }\n}\n";
    let folder = Folder::new(&[("a.c", leaves)]);
    assert_eq!(found(&folder, &[]).len(), 2);
    folder.write("mine.toml", b"[[noreturn]]\nnames = [\"my_reboot\"]\n");
    folder.write(
        "crosstalk.toml",
        b"catalogs = [\"mine.toml\"]\n[macros]\n\"LEAVE(x)\" = \"do { log(x); return; } while (0)\"\n",
    );
    let run = folder.run(&check(&[]));
    ends(&run, 0, "coverage: 1 file, 1 function");
    folder.write("crosstalk.toml", b"catalogs = [\"/etc/passwd\"]\n");
    ends(&folder.run(&check(&[])), 2, "catalogs: `/etc/passwd` is outside of");
}

#[test]
fn init_writes_one_to_begin_with() {
    let folder = Folder::new(&[("a.c", FALLS)]);
    let before = found(&folder, &[]);
    let run = folder.run(&["init"]);
    assert!(run.code == Some(0) && run.out.contains("uncomment `baseline`"), "{}", run.out);
    ends(&folder.run(&["init"]), 2, "crosstalk.toml is there already");
    assert_eq!(found(&folder, &[]), before);
    assert_eq!(folder.run(&["init", "--stdout"]).out, read(&folder, "crosstalk.toml"));
    let schema: Value = serde_json::from_str(&folder.run(&["init", "--schema"]).out).expect("JSON");
    assert_eq!(schema["additionalProperties"], false);
}

#[test]
fn a_baseline_hides_what_is_old() {
    let folder = Folder::new(&[("a.c", FALLS), ("b.c", &FALLS.replace("f(int", "b(int"))]);
    ends(&folder.run(&check(&["--baseline", "none.tsv"])), 2, "`crosstalk baseline write` makes a baseline");
    let written = folder.run(&["baseline", "write"]);
    assert_eq!((written.code, &*written.out), (Some(0), "crosstalk-baseline.tsv: 2 findings\n"));
    ends(&written, 0, "write `baseline = \"crosstalk-baseline.tsv\"` into crosstalk.toml");
    let file = read(&folder, "crosstalk-baseline.tsv");
    let with = ["--baseline", "crosstalk-baseline.tsv"];
    let run = folder.run(&check(&with));
    ends(&run, 0, "");
    assert!(run.out.contains("2 findings are in the baseline"), "{}", run.out);

    // Lines move, a file is renamed, a new finding appears.
    folder.write("a.c", format!("int more;\n\n{}", FALLS.replace("    ", "\t")).as_bytes());
    fs::rename(folder.path().join("b.c"), folder.path().join("renamed.c")).expect("renamed");
    assert_eq!(found(&folder, &with), [""; 0]);
    folder.write("new.c", FALLS.replace("f(int", "n(int").as_bytes());
    assert_eq!(found(&folder, &with), [format!("new.c {FALL}")]);
    let sarif = folder.run(&check(&[&with[..], &["--include-suppressed", "--format", "sarif"]].concat()));
    assert_eq!(sarif.out.matches("\"kind\":\"external\"").count(), 2);
    let status = folder.run(&["baseline", "status"]);
    assert_eq!(
        (status.code, &*status.out),
        (Some(0), "crosstalk-baseline.tsv: 2 found, 0 gone, 0 not looked for; 1 finding not in it\n")
    );

    // One is fixed.
    folder.write("a.c", b"int more;\n");
    ends(&folder.run(&check(&with)), 1, "1 line of the baseline no longer found");
    fs::remove_file(folder.path().join("new.c")).expect("removed");
    ends(&folder.run(&check(&with)), 0, "1 line of the baseline no longer found");
    ends(&folder.run(&check(&[&with[..], &["--strict"]].concat())), 1, "baseline prune");
    ends(&folder.run(&check(&[&with[..], &["renamed.c"]].concat())), 0, "coverage: 1 file");
    ends(&folder.run(&["baseline", "status"]), 1, "");
    let pruned = folder.run(&["baseline", "prune"]);
    assert_eq!(pruned.out, "crosstalk-baseline.tsv: 1 dropped, 1 left\n");
    assert!(read(&folder, "crosstalk-baseline.tsv").contains("\nrenamed.c\t") && file.contains("\nb.c\t"));
    ends(&folder.run(&check(&[&with[..], &["--strict"]].concat())), 0, "");
}

#[test]
fn only_what_touches_changed_lines() {
    let folder = Folder::new(&[("src/a.c", FALLS), ("src/b.c", &FALLS.replace("case 1: g();", "case 1: g(); break;"))]);
    ends(&folder.run(&check(&["--since", "HEAD"])), 2, "--since needs a git repository: ");
    folder.git(&["init", "-q", "-b", "main"]);
    commit(&folder);
    assert_eq!(found(&folder, &["--since", "HEAD"]), [""; 0]);
    ends(&folder.run(&check(&["--since", "no-such"])), 2, "`no-such` is no commit");
    ends(&folder.run(&check(&["--since", "--output=x"])), 2, "--since");
    ends(&folder.run(&check(&["--since=--output=x"])), 2, "is no commit");
    // A `break` is removed: its line is gone, and the label of the finding is on another line.
    folder.write("src/b.c", FALLS.replace("case 1: g();", "case 1:\n        g();").as_bytes());
    folder.write("src/new.c", FALLS.as_bytes());
    assert_eq!(found(&folder, &["--since", "HEAD"]), [format!("src/b.c {FALL}"), format!("src/new.c {FALL}")]);
    let run = folder.run(&check(&["--since", "HEAD"]));
    assert!(run.out.contains("1 finding is away from the changed lines"), "{}", run.out);
    // From a subfolder, too.
    let below = Command::new(env!("CARGO_BIN_EXE_crosstalk"))
        .args(check(&["--since", "HEAD", "--format", "short"]))
        .current_dir(folder.path().join("src"))
        .output()
        .expect("it starts");
    assert!(String::from_utf8_lossy(&below.stdout).starts_with("b.c:6:"), "{below:?}");

    // A moved file brings nothing new, except what changes in it.
    folder.git(&["stash", "-q", "-u"]);
    folder.git(&["mv", "src/a.c", "src/moved.c"]);
    assert_eq!(found(&folder, &["--since", "HEAD"]), [""; 0]);
    folder.write("src/moved.c", FALLS.replace("case 2: h();", "case 2: k();").as_bytes());
    assert_eq!(found(&folder, &["--since", "HEAD"]), [format!("src/moved.c {FALL}")]);
    folder.git(&["reset", "-q", "--hard"]);
    folder.git(&["stash", "pop", "-q"]);

    let diff = Command::new("git").args(["diff"]).current_dir(folder.path()).output().expect("git starts");
    folder.write("../changes.diff", &diff.stdout);
    fs::rename(folder.path().join("../changes.diff"), folder.path().join("changes.diff")).expect("renamed");
    assert_eq!(found(&folder, &["--diff", "changes.diff"]), [format!("src/b.c {FALL}")]);
    folder.write("no.diff", b"nothing of that kind\n");
    ends(&folder.run(&check(&["--diff", "no.diff"])), 2, "is no unified diff");
    folder.write("empty.diff", b"");
    assert_eq!(found(&folder, &["--diff", "empty.diff"]), [""; 0]);
}

/// A marker where nothing falls through, and a comment that accepts nothing.
const FIXABLE: &str = "void f(int x)\n{\n    switch (x) {\n    case 1:\n        a();\n        break;\n        /* fall through */\n    \
    case 2:\n        b();\n    }\n}\n\n/* crosstalk: allow(implicit-fallthrough) -- gone */\nint y;\n";

#[test]
fn safe_fixes_are_applied_once() {
    let folder = Folder::new(&[("a.c", FIXABLE), ("falls.c", FALLS)]);
    let preview = folder.run(&check(&["--fix-diff"]));
    ends(&preview, 1, "2 changes to apply");
    assert_eq!(read(&folder, "a.c"), FIXABLE);
    let run = folder.run(&check(&["--fix", "--format", "short"]));
    ends(&run, 1, "2 fixes written");
    assert!(run.out.starts_with("falls.c:5:") && run.out.lines().count() == 1, "what is left is reported: {}", run.out);
    let fixed = read(&folder, "a.c");
    let expected = FIXABLE
        .replace("        /* fall through */\n", "")
        .replace("/* crosstalk: allow(implicit-fallthrough) -- gone */\n", "");
    assert_eq!(fixed, expected);
    assert_eq!(read(&folder, "falls.c"), FALLS, "a fix that changes what the program does waits to be asked for");
    ends(&folder.run(&check(&["--fix"])), 1, "0 fixes written");
    ends(&folder.run(&check(&["--fix-diff"])), 0, "0 changes to apply");
    assert_eq!(read(&folder, "a.c"), fixed);
    ends(&folder.run(&check(&["--unsafe-fixes"])), 0, "1 fix written");
    assert!(read(&folder, "falls.c").contains("break;"));
}

/// `break;` is inserted after whatever belongs to the last statement, and a one-line section stays on one line.
#[test]
fn a_section_is_ended_where_a_person_would() {
    for (before, after) in [
        (
            "        g(); /* the first\n              of two */ // and more\n",
            "        g(); /* the first\n              of two */ // and more\n        break;\n",
        ),
        ("        g(); // why\n", "        g(); // why\n        break;\n"),
        (
            "        g();\n        // of the next label\n",
            "        g();\n        break;\n        // of the next label\n",
        ),
        ("        g(); /* of the label */ ", "        g();\n        break; /* of the label */ "),
        (
            "        {\n            g(); /* why */\n        }\n",
            "        {\n            g(); /* why */\n            break;\n        }\n",
        ),
    ] {
        let code = |section: &str| {
            format!(
                "void f(int x)\n{{\n    switch (x) {{\n    case 1:\n{section}    case 2:\n        h();\n    }}\n}}\n"
            )
        };
        let folder = Folder::new(&[("a.c", &code(before))]);
        ends(&folder.run(&check(&["--unsafe-fixes"])), 0, "1 fix written");
        assert_eq!(read(&folder, "a.c"), code(after));
    }
    let folder = Folder::new(&[("a.c", &FALLS.replace("g();", "g(); /* why */"))]);
    ends(&folder.run(&check(&["--unsafe-fixes"])), 0, "1 fix written");
    assert!(read(&folder, "a.c").contains("\n    case 1: g(); break; /* why */\n"));
}

#[test]
fn the_preview_is_what_git_applies() {
    let folder = Folder::new(&[("a.c", &FIXABLE.replace('\n', "\r\n"))]);
    folder.git(&["init", "-q"]);
    folder.write("fix.diff", folder.run(&check(&["--fix-diff"])).out.as_bytes());
    folder.git(&["apply", "fix.diff"]);
    let applied = read(&folder, "a.c");
    folder.write("a.c", FIXABLE.replace('\n', "\r\n").as_bytes());
    ends(&folder.run(&check(&["--fix"])), 0, "");
    assert_eq!(read(&folder, "a.c"), applied);
    assert!(!applied.replace("\r\n", "").contains('\n'));
}

#[test]
fn the_gate() {
    let folder = Folder::new(&[("a.c", FALLS), ("b.c", &FALLS.replace("f(int", "b(int"))]);
    let code = |more: &[&str]| folder.run(&[&["check", "-q", "--min-confidence", "low"], more].concat()).code;
    assert_eq!(code(&["--fail-on", FALL]), Some(1));
    assert_eq!(code(&["--fail-on", "switch"]), Some(1));
    assert_eq!(code(&["--fail-on", "premature-break,message"]), Some(0));
    assert_eq!(code(&["--fail-on", "low"]), Some(1));
    assert_eq!(code(&["--fail-on", "low", "--max-findings", "1"]), Some(1));
    assert_eq!(code(&["--fail-on", "low", "--max-findings", "2"]), Some(0));
    assert_eq!(code(&["--fail-on", "low", "--exit-zero"]), Some(0));
    assert_eq!(code(&["--fail-on", "low", "--rule", "switch"]), Some(1));
    assert_eq!(code(&["--fail-on", "low", "--rule", "message,misplaced-fallthrough-mark"]), Some(0));
    assert_eq!(code(&["--fail-on", "low", "--skip-rule", FALL]), Some(0));
    assert_eq!(code(&["--fail-on", "low", "--rule", "switch", "--skip-rule", "switch"]), Some(2));
    ends(&folder.run(&["check", "--fail-on", "premature-brake"]), 2, "did you mean `premature-break`?");
    ends(&folder.run(&["check", "--fail-on", "quux"]), 2, "`crosstalk rules` lists all rules and families");
    ends(&folder.run(&["check", "--fial-on", "low"]), 2, "a similar argument exists: '--fail-on'");
    ends(&folder.run(&["chek"]), 2, "a similar subcommand exists: 'check'");
    assert_eq!(code(&["--min-coverage", "100", "--exit-zero"]), Some(0));
    folder.write("c.c", b"int x;\0");
    let run = folder.run(&["check", "--min-coverage", "70"]);
    ends(&run, 3, "66.6 % was read and understood, less than --min-coverage 70");
}

#[test]
fn completions_and_a_manual() {
    let folder = Folder::new(&[]);
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = folder.run(&["completions", shell]);
        ends(&run, 0, "");
        assert!(run.out.contains("min-confidence"), "{shell}");
    }
    let man = folder.run(&["man"]);
    ends(&man, 0, "");
    assert!(man.out.contains(".TH crosstalk") && man.out.contains("fail\\-on"));
    for command in ["CHECK", "RULES", "EXPLAIN", "BASELINE", "BASELINE WRITE", "INIT", "COMPLETIONS", "MAN", "TRACE"] {
        assert!(man.out.contains(&format!("\n.SH \"CROSSTALK {command}\"\n")), "{command}");
    }
    assert!(
        man.out.contains("\ncrosstalk baseline\n") && !man.out.contains("crosstalk\\-baseline(1)"),
        "no pages of their own"
    );
    for option in ["schema", "format", "timings", "skip\\-rule", "baseline"] {
        assert!(man.out.contains(&format!("\\-\\-{option}\\f")), "{option}");
    }
}
