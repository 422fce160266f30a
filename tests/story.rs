//! A team with old findings adopts Crosstalk and blocks only new ones.

mod common;

use std::fs;

use common::{Folder, Run};
use serde_json::Value;

/// Old code: this many functions per file, each with a fall-through.
const OLD: usize = 40;

fn old(n: usize) -> String {
    format!(
        "static int relay{n}(struct call *c, int kind)\n{{\n    switch (kind) {{\n    case 1:\n        c->state = {n};\n    \
         case 2:\n        c->state = {n} + 1;\n        break;\n    case 3:\n        c->state = 0;\n        break;\n    }}\n    return c->state;\n}}\n"
    )
}

/// The pattern that took a network down in 1990, in a program of ours.
const NEW: &str = include_str!("../testdata/att1990/bugs/context.c");

fn ends(run: &Run, code: i32) {
    assert_eq!(run.code, Some(code), "out: {}\nerr: {}", run.out, run.err);
}

#[test]
fn only_what_is_new_stops_the_team() {
    let folder = Folder::new(&[]);
    let functions = |order: &mut dyn Iterator<Item = usize>| order.map(old).collect::<Vec<_>>().join("\n");
    folder.write("src/relay.c", functions(&mut (0..OLD)).as_bytes());
    folder.write("src/media.c", functions(&mut (100..100 + OLD)).as_bytes());
    folder.write("crosstalk.toml", b"baseline = \"crosstalk-baseline.tsv\"\nrequire-reasons = true\n");
    folder.git(&["init", "-q", "-b", "main"]);

    // Without a baseline everything is reported.
    fs::write(folder.path().join("crosstalk-baseline.tsv"), "").expect("a file");
    let before = folder.run(&["check", "--format", "short"]);
    ends(&before, 1);
    assert_eq!(before.out.lines().count(), 2 * OLD);
    ends(&folder.run(&["baseline", "write"]), 0);
    ends(&folder.run(&["check"]), 0);
    folder.git(&["add", "-A"]);
    folder.git(&["commit", "-q", "-m", "old code, and the list of what is accepted"]);

    // A commit moves more than 200 lines within a file, renames another, and adds one bug.
    let moved = functions(&mut (20..OLD).chain(0..20));
    assert!(moved.lines().count() / 2 > 200);
    folder.write("src/relay.c", moved.as_bytes());
    folder.git(&["mv", "src/media.c", "src/stream.c"]);
    folder.write("src/switch.c", NEW.as_bytes());
    folder.git(&["add", "-A"]);
    folder.git(&["commit", "-q", "-m", "a feature"]);

    let outputs = ["--output", "sarif=out.sarif", "--output", "html=report.html", "--format", "json-lines"];
    let run = folder.run(&[&["check"], &outputs[..]].concat());
    ends(&run, 1);
    assert_eq!(run.out.lines().count(), 1, "{}", run.out);
    let finding: Value = serde_json::from_str(&run.out).expect("JSON");
    assert_eq!((&finding["rule"], &finding["path"]), (&"premature-break".into(), &"src/switch.c".into()));
    assert_eq!(
        folder
            .run(&[
                "check",
                "--since",
                "HEAD~1",
                "--isolated",
                "--format",
                "json-lines",
                "src/switch.c",
                "src/stream.c"
            ])
            .out,
        run.out
    );

    let read = |name: &str| fs::read_to_string(folder.path().join(name)).expect("a file");
    let sarif: Value = serde_json::from_str(&read("out.sarif")).expect("JSON");
    let results = sarif["runs"][0]["results"].as_array().expect("results");
    assert_eq!(results.len(), 1);
    assert_eq!(results[0]["ruleId"], "premature-break");
    assert_eq!(results[0]["partialFingerprints"]["crosstalk/v1"], finding["fingerprint"]);
    let page = read("report.html");
    assert!(page.contains("<title>Crosstalk: 1 finding</title>") && page.contains("80 findings are in the baseline"));

    // Accepting without a reason has no effect.
    let line = finding["line"].as_u64().expect("a line") as usize;
    let allow = |reason: &str| {
        let mut lines: Vec<String> = NEW.lines().map(str::to_owned).collect();
        lines[line - 1] += &format!(" /* crosstalk: allow(premature-break){reason} */");
        folder.write("src/switch.c", (lines.join("\n") + "\n").as_bytes());
    };
    allow("");
    let run = folder.run(&["check", "--format", "short"]);
    ends(&run, 1);
    assert!(run.out.contains("[invalid-allow]") && run.out.lines().count() == 1, "{}", run.out);
    allow(" -- the ring is idle here, see the design note");
    let run = folder.run(&["check", "--strict"]);
    ends(&run, 0);
    assert!(run.out.contains("1 finding is accepted by comments\n80 findings are in the baseline\n"), "{}", run.out);
}
