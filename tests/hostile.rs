//! Input that breaks C parsers: each ends in time, with correct positions or a clear message, never in a crash.

mod common;

use std::fmt::Write;
use std::time::Duration;

use common::{FALLS, Folder, Run};

/// For a debug build on a slow machine; none should need a tenth of it.
const LIMIT: Duration = Duration::from_secs(20);

fn survives(folder: &Folder, args: &[&str]) -> Run {
    let args = [&["check", "--format", "short", "--min-confidence", "low", "--fail-on", "note"], args].concat();
    let run = folder.run_with(&args, b"", LIMIT);
    let out: String = run.out.chars().take(400).collect();
    assert!(run.code.is_some(), "killed after {LIMIT:?}, or crashed: {out}\n{}", run.err);
    assert!(!run.err.contains("panicked") && !run.err.contains("internal error"), "{}", run.err);
    assert!(matches!(run.code, Some(0 | 1)), "exit code {:?}: {out}\n{}", run.code, run.err);
    run
}

/// Checks `text` before a function that falls through on its line 5; returns the lines with a reported fall-through.
fn falls_behind(text: &str) -> Vec<usize> {
    let folder = Folder::new(&[]);
    folder.write("a.c", format!("{text}\n{FALLS}").as_bytes());
    lines(&survives(&folder, &["a.c"]))
}

fn lines(run: &Run) -> Vec<usize> {
    let falls = run.out.lines().filter(|line| line.contains("implicit-fallthrough"));
    falls.map(|line| line.split(':').nth(1).and_then(|n| n.parse().ok()).expect("a line")).collect()
}

/// The damage from `text` is contained: the function after it is analysed as if it stood alone.
fn is_contained(text: &str) {
    let line = text.lines().count() + 5;
    assert_eq!(falls_behind(text.trim_end_matches('\n')).last(), Some(&line));
}

fn positions(bytes: &[u8]) -> Vec<(usize, usize)> {
    let folder = Folder::new(&[]);
    folder.write("a.c", bytes);
    let run = survives(&folder, &["a.c"]);
    let number = |part: Option<&str>| part.and_then(|n| n.parse().ok()).expect("a number");
    run.out.lines().map(|line| line.split(':').skip(1)).map(|mut at| (number(at.next()), number(at.next()))).collect()
}

#[test]
fn bytes_that_are_no_utf_8_keep_their_columns() {
    let function = |head: &[u8], gap: &[u8]| {
        [head, b"void f(int x) { switch (x) { case 1: g(); ", gap, b"case 2: h(); } }\n"].concat()
    };
    let at = |head: &[u8], gap: &[u8]| positions(&function(head, gap));
    assert_eq!(at(b"", b""), [(1, 43)]);
    assert_eq!(at(b"", b"/* caf\xe9 */ "), [(1, 54)], "Latin-1: one byte, one column");
    assert_eq!(at(b"", "/* café */ ".as_bytes()), [(1, 54)], "UTF-8: one letter, one column");
    assert_eq!(at(b"\xef\xbb\xbf", b""), [(1, 43)], "a byte order mark has no column");
    assert_eq!(at(b"\x0c\n", b"\x0c\x0b"), [(2, 45)], "form feeds and vertical tabs");
    assert_eq!(at(b"#define X 1 \\\n  + 2\n", b"\\\n  "), [(4, 3)], "continued lines");
    assert_eq!(at(b"int a;\r\nint b;\r\n", b"\r\n\t"), [(4, 2)], "CRLF");
    let old_mac: Vec<u8> =
        function(b"int a;\nint b;\n", b"\n").iter().map(|&b| if b == b'\n' { b'\r' } else { b }).collect();
    assert_eq!(positions(&old_mac), [(4, 1)], "CR alone");
}

#[test]
fn marks_in_files_with_crlf() {
    let text =
        FALLS.replace("    case 2", "    /* fall through */\n    // FALLTHROUGH\n    case 2").replace('\n', "\r\n");
    assert!(positions(text.as_bytes()).is_empty());
    let line = FALLS.replace("    case 2", "    // FALLTHROUGH\n    case 2").replace('\n', "\r\n");
    assert!(positions(line.as_bytes()).is_empty());
}

#[test]
fn files_that_hold_no_text_are_named() {
    let folder = Folder::new(&[("a.c", FALLS), ("empty.c", "")]);
    folder.write("binary.c", b"\x7fELF\0\0\0int x;");
    folder.write("utf16.c", b"\xff\xfei\0n\0t\0");
    let run = survives(&folder, &["."]);
    assert_eq!(lines(&run), [5]);
    assert!(run.err.contains("binary.c: is binary") && run.err.contains("utf16.c: is UTF-16"), "{}", run.err);
    assert!(run.err.contains("2 files") && run.err.contains("2 files skipped"), "{}", run.err);
}

#[test]
fn absent_paths_are_named() {
    let folder = Folder::new(&[("a.c", FALLS)]);
    let run = folder.run(&["check", "a.c", "absent.c", "absent/folder"]);
    let named = "crosstalk: absent.c: does not exist\ncrosstalk: absent/folder: does not exist\n";
    assert_eq!((run.code, &*run.out, &*run.err), (Some(2), "", named));
    // A list may be older than its files.
    folder.write("list", b"a.c\nabsent.c\n");
    let run = survives(&folder, &["--files-from", "list"]);
    assert!(run.err.contains("absent.c: does not exist") && lines(&run) == [5], "{}", run.err);
}

#[cfg(unix)]
#[test]
fn links_that_lead_nowhere_or_back() {
    use std::os::unix::fs::symlink;
    let folder = Folder::new(&[("sub/a.c", FALLS)]);
    let link = |to: &str, name: &str| symlink(to, folder.path().join(name)).expect("a link");
    link("..", "sub/up");
    link("self.c", "self.c");
    link("absent.c", "dangling.c");
    link("sub/a.c", "again.c");
    let run = survives(&folder, &["."]);
    assert_eq!(run.out.lines().count(), 1, "one file, one finding: {}", run.out);
    assert!(run.out.starts_with("sub/a.c:5:"), "under its real name: {}", run.out);
    assert!(run.err.contains("self.c: ") && run.err.contains("dangling.c: "), "{}", run.err);
}

#[cfg(unix)]
#[test]
fn unreadable_files_are_named() {
    use std::fs::{File, Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new(&[("a.c", FALLS), ("locked.c", FALLS)]);
    let locked = folder.path().join("locked.c");
    set_permissions(&locked, Permissions::from_mode(0o000)).expect("permissions");
    let run = survives(&folder, &["."]);
    // Root can read everything.
    if File::open(&locked).is_err() {
        assert!(run.err.contains("locked.c: cannot be read: permission denied"), "{}", run.err);
        assert_eq!(run.out.lines().count(), 1);
    }
}

#[cfg(unix)]
#[test]
fn pipes_are_not_waited_for() {
    let folder = Folder::new(&[("a.c", FALLS)]);
    let made = std::process::Command::new("mkfifo").arg(folder.path().join("pipe.c")).status();
    assert!(made.is_ok_and(|status| status.success()), "mkfifo");
    assert_eq!(lines(&survives(&folder, &["."])), [5]);
    assert!(survives(&folder, &["a.c", "pipe.c"]).err.contains("pipe.c: is not a regular file"));
}

#[test]
fn ten_thousand_else_ifs() {
    let mut text = "void g(int x)\n{\n    switch (x) {\n    case 0:\n    if (x == 0) a();\n".to_owned();
    (1..10_000).for_each(|n| writeln!(text, "    else if (x == {n}) a();").expect("a string"));
    text.push_str("    case 1: b();\n    }\n}\n");
    let found = falls_behind(text.trim_end());
    assert_eq!(found, [10_005, 10_012]);
}

#[test]
fn a_hundred_thousand_parentheses() {
    let (open, close) = ("(".repeat(100_000), ")".repeat(100_000));
    is_contained(&format!(
        "int g(int x)\n{{\n    switch (x) {{\n    case 1: x = {open}x{close};\n    }}\n    return x;\n}}"
    ));
}

#[test]
fn a_hundred_thousand_parentheses_that_stay_open() {
    let open = "(".repeat(100_000);
    is_contained(&format!("int g(int x)\n{{\n    switch (x) {{\n    case 1: x = {open}x;\n    }}\n    return x;\n}}"));
}

#[test]
fn two_hundred_thousand_labels() {
    let mut text = "void g(int x)\n{\n    switch (x) {\n".to_owned();
    (0..200_000).for_each(|n| writeln!(text, "    case {n}:").expect("a string"));
    text.push_str("        a();\n    default: b();\n    }\n}");
    assert_eq!(falls_behind(&text), [200_005, 200_012]);
}

#[test]
fn twenty_thousand_sections_that_fall() {
    let mut text = "void g(int x)\n{\n    switch (x) {\n".to_owned();
    (0..20_000).for_each(|n| writeln!(text, "    case {n}: a({n});").expect("a string"));
    text.push_str("    }\n}");
    let folder = Folder::new(&[("a.c", &text)]);
    assert_eq!(survives(&folder, &["a.c"]).code, Some(1));
}

#[test]
fn twenty_thousand_sections_with_dead_code() {
    let mut text = String::from("void g(int x) {\nswitch (x) {\n");
    (0..20_000).for_each(|n| _ = writeln!(text, "case {n}: break; a = {n}; h(b, {n}); break;"));
    is_contained(&format!("{text}}}\n}}\n"));
}

#[test]
fn fifteen_thousand_labels_that_nothing_uses() {
    let mut text = String::from("void g(int x) {\nswitch (x) {\n");
    (0..15_000).for_each(|n| _ = writeln!(text, "case ST_A{n}: a(); break;\nST_B{n}: b(); break;"));
    is_contained(&format!("{text}}}\n}}\n"));
}

#[test]
fn twenty_thousand_sections_of_one_shape() {
    let mut text = String::from("void g(int x) {\nswitch (x) {\n");
    (0..20_000).for_each(|n| _ = writeln!(text, "case ST_A{n}: set(st_a{}, \"ST_A{n}\"); break;", n / 3));
    is_contained(&format!("{text}}}\n}}\n"));
}

#[test]
fn twenty_thousand_semicolons_behind_conditions() {
    is_contained(&format!("void g(int x) {{\n{}}}\n", "if (x);\n  while (x);\n    a();\n".repeat(10_000)));
    is_contained(&format!("void g(int x) {{\n{}}}\n", "if (x)\n".repeat(9_000) + "a();\n"));
    // Never closed: nobody can say where the function ends.
    falls_behind(&format!("void g(int x) {{ switch (x) {{\n{}}} }}\n", "switch (x) { break (x ".repeat(20_000)));
}

#[test]
fn blocks_five_thousand_deep() {
    let (open, close) = ("{\n".repeat(5_000), "}\n".repeat(5_000));
    is_contained(&format!(
        "void g(int x)\n{{\n    switch (x) {{\n    case 1:\n{open}a();\n{close}    break;\n    }}\n}}"
    ));
}

#[test]
fn switches_a_thousand_deep() {
    let (open, close) = ("switch (x) { case 1: a();\ncase 2:\n".repeat(1_000), "}\n".repeat(1_000));
    is_contained(&format!("void g(int x)\n{{\n{open}b();\n{close}}}"));
}

#[test]
fn loops_without_braces_nine_thousand_deep() {
    let heads = "for (;;) if (x) while (y)\n".repeat(3_000);
    is_contained(&format!("void g(int x)\n{{\n    switch (x) {{\n    case 1:\n{heads}a();\n    }}\n}}"));
}

/// The rules on the form of a `switch`, with many instances of each form.
#[test]
fn thousands_of_switches_of_all_forms() {
    let many = |n: usize, text: &dyn Fn(usize) -> String| (0..n).map(text).collect::<String>();
    let function = |body: String| format!("void g(int x)\n{{\n{body}\n}}\n");
    let flat = function(many(2_000, &|_| "switch (x) { case A: return; }\n".into()));
    let sections = many(2_000, &|n| format!("case {n}: a(); int d{n}; break;\n"));
    let enumerators = many(20_000, &|n| format!("E{n},"));
    let files = [
        ("enums.h", many(2_000, &|n| format!("enum e{n} {{ A, B, C{n} }};\n"))),
        ("flat.c", flat),
        ("deep.c", function(format!("{}{}", "switch (x) { int a; case 1: ".repeat(500), "}".repeat(500)))),
        ("bools.c", function(many(2_000, &|n| format!("bool b{n}; switch (b{n}) {{ case 1: a(); break; }}\n")))),
        ("sections.c", function(format!("switch (x) {{\n{sections}}}"))),
        ("long.h", format!("enum long_one {{ {enumerators} }};\n")),
        ("long.c", function(many(300, &|n| format!("switch (x) {{ case E{n}: a(); break; }}\n")))),
        ("includes.c", function(many(1_000, &|_| "switch (x) {\n#include \"x\"\n}\n".into()))),
    ];
    let folder = Folder::new(&[]);
    files.iter().for_each(|(name, text)| folder.write(name, text.as_bytes()));
    let run = survives(&folder, &["--profile", "audit"]);
    assert!(run.out.lines().count() > 5_000, "{}", run.err);
}

/// The results of `text` for the numbers below `n`.
fn many(n: usize, text: impl Fn(usize) -> String) -> String {
    (0..n).map(text).collect()
}

/// Checks a function with this body, followed by one that falls through.
fn body_is_contained(body: &str) {
    is_contained(&format!("void g(struct p *p, int x)\n{{\n{}\n}}", body.trim_end()));
}

#[test]
fn twenty_thousand_sections_with_breaks_in_ifs() {
    let names = ["a", "b", "p->c", "c"];
    let section = |n: usize| {
        let early = "if (p->a) {\nif (p->b) d();\nelse break;\n}\n";
        format!("case {n}:\n{early}{} = e({n});\nbreak;\n", names[n % names.len()])
    };
    // With 900 sections the rules examine the switch; with 20,000 it counts as a table.
    for count in [20_000, 900] {
        let sections = many(count, section);
        body_is_contained(&format!(
            "int a, b;\nchar *c;\nwhile (more(p)) {{\nswitch (x) {{\n{sections}default:\nbreak;\n}}\nuse(a, b, p->c, c[0]);\n}}"
        ));
    }
}

#[test]
fn switches_with_early_exits_five_hundred_deep() {
    let open = many(500, |n| format!("switch (x) {{\ncase {n}:\nif (p->a) break;\ny = {n};\nbreak;\ncase 1{n}:\n"));
    let close = "break;\ndefault:\nbreak;\n}\nuse(y);\n".repeat(500);
    // An infinite loop would be different: `g` would never return, and nothing after it would fall through.
    body_is_contained(&format!("int y;\nwhile (more(p)) {{\n{open}y = 1;\n{close}}}"));
}

#[test]
fn loops_with_switches_five_hundred_deep() {
    let head =
        "while (more(p)) {\nq = get(p);\nswitch (x) {\ncase 1:\nif (p->a) continue;\nfree(q);\nbreak;\ncase 2:\n";
    let (open, close) = (head.repeat(500), "break;\n}\nfree(q);\n}\n".repeat(500));
    body_is_contained(&format!("struct q *q;\n{open}use(q);\n{close}"));
}

#[test]
fn five_thousand_switches_in_a_row() {
    let switch = "switch (x) { case 1: if (p->a) break; y = 1; break; case 2: log_error(x); break; \
                  case 3: free(p); break; default: y = 3; } use(y);\n";
    body_is_contained(&format!("int y;\n{}", switch.repeat(5_000)));
}

#[test]
fn five_thousand_variables() {
    const COUNT: usize = 5_000;
    let declared = many(COUNT, |n| format!("int v{n};\n"));
    let together = format!("int {}v;\n", many(COUNT, |n| format!("v{n}, ")));
    let (set, used) = (many(COUNT, |n| format!("v{n} = {n};\n")), many(COUNT, |n| format!("use(v{n});\n")));
    let early = many(900, |n| format!("if (p->a{n}) break;\n"));
    let own = many(COUNT, |n| format!("case {n}:\nif (p->a) break;\nv{n} = get({n});\nbreak;\n"));
    // All in one section, one in each, and each left unset in many places.
    body_is_contained(&format!(
        "{declared}switch (x) {{\ncase 1:\n{set}break;\ncase 2:\n{set}break;\ndefault:\nbreak;\n}}\n{used}"
    ));
    body_is_contained(&format!("{declared}while (more(p)) {{\nswitch (x) {{\n{own}}}\n{used}}}"));
    body_is_contained(&format!(
        "{together}switch (x) {{\ncase 1:\n{early}{set}break;\ncase 2:\n{set}break;\ndefault:\nbreak;\n}}\n{used}"
    ));
}

#[test]
fn loops_of_tens_of_thousands_of_statements() {
    let straight = many(20_000, |n| format!("x = a[{n}] + y; y = h(x, &z);\n"));
    let branches = "if (p->a) { b(p); } else { c(p, y); }\n".repeat(10_000);
    let early = "if (p->a) { if (p->b) c(p); else break; }\n".repeat(900);
    let logs = "log_line(p);\n".repeat(10_000);
    let switch = |section: &str| {
        format!("switch (x) {{\ncase 1:\n{section}y = 1;\nbreak;\ndefault:\nif (!a) break;\na = get(p);\n}}\n")
    };
    for section in [&straight, &branches, &format!("{early}{logs}")] {
        body_is_contained(
            &format!(
                "int y, z;\nint *a = NULL;\nwhile (more(p)) {{\n{section}{}{logs}use(a[1], y, z);\n}}",
                switch(section)
            )
            .replace("else break; }\nif", "else break; } if"),
        );
    }
}

#[test]
fn tens_of_thousands_of_prints_whose_length_is_kept() {
    let prints =
        "v.iov_len = snprintf(line, 8, \"%s\", p->name);\nn = snprintf(line, 8, \"%s\", p->name);\n".repeat(20_000);
    body_is_contained(&format!("struct iovec v;\nint n;\nchar line[8];\nv.iov_base = line;\n{prints}"));
}

#[test]
fn tens_of_thousands_of_results_releases_and_labels() {
    let resources = many(1_000, |n| format!("struct q *q{n} = get(p);\n"));
    let continues = many(900, |n| format!("case {n}:\nif (p->a) continue;\nb(p);\nbreak;\n"));
    let releases = many(1_000, |n| format!("q_free(q{n});\n"));
    body_is_contained(&format!("while (more(p)) {{\n{resources}switch (x) {{\n{continues}}}\n{releases}}}"));

    let results = many(900, |n| format!("case {n}:\nr = -1; r = -2; r = -{n};\nbreak;\n"));
    let tests = "if (p->a) b(p);\n".repeat(10_000);
    body_is_contained(&format!("int r;\nswitch (x) {{\n{results}}}\n{tests}r = send(p);\nkeep(p, r);"));

    let first = many(250, |n| format!("case {n}:\nif (p) break;\ny = {n};\nbreak;\n"));
    let second = many(20_000, |n| format!("case {n}:\nuse(y);\nbreak;\n"));
    body_is_contained(&format!("int y;\nswitch (x) {{\n{first}default:\nbreak;\n}}\nswitch (x) {{\n{second}}}"));

    let work = "a(x + 1, y, z); ".repeat(60);
    let alike = many(250, |n| format!("case {n}:\n{work}{};\n", if n % 5 == 4 { "break" } else { "return" }));
    body_is_contained(&format!("switch (x) {{\n{alike}}}\nb(p);\n").repeat(4));
}

#[test]
fn what_is_never_closed() {
    for open in ["/* never closed", "char *s = \"never closed", "#if never_closed", "int g(int x) { {{{{ switch (x) {"]
    {
        let folder = Folder::new(&[("a.c", &format!("{FALLS}\n{open}"))]);
        assert_eq!(lines(&survives(&folder, &["a.c"])), [5], "{open}");
        falls_behind(open);
    }
    is_contained("int g(int x)\n{\n    char c = 'never closed;\n    char *s = \"never closed;\n    return *s + c;\n}");
    is_contained(
        "#endif\n#else\n#elif X\n#define\n#define F(\n#define G(a,\n#if\n#endif\n#ifdef\n#endif\n#include\n#\n##",
    );
}

#[test]
fn three_megabytes_on_one_line() {
    let mut text = "int table[] = {".to_owned();
    (0..500_000).for_each(|n| write!(text, "{},", n % 100_000).expect("a string"));
    text.push_str("}; void g(int x) { switch (x) { case 1: a(); case 2: b(); } }");
    let line = falls_behind(&text);
    assert_eq!(line, [1, 6]);
    let folder = Folder::new(&[("a.c", &text)]);
    let run = folder.run_with(&["check", "--profile", "strict", "--color", "always"], b"", LIMIT);
    assert_eq!(run.code, Some(1), "{}", run.err);
    assert!(run.out.len() < 10_000, "the line is clipped: {} bytes", run.out.len());
}

#[test]
fn a_macro_bomb() {
    let mut text = "#define M0(x) if (x) break; x\n".to_owned();
    (1..64).for_each(|n| writeln!(text, "#define M{n}(x) M{}(M{}(x))", n - 1, n - 1).expect("a string"));
    text.push_str("void g(int x)\n{\n    switch (x) {\n    case 1: M63(x);\n    case 2: M20(M20(M20(x)));\n    }\n}");
    is_contained(&text);
}

#[test]
fn a_macro_bomb_without_arguments() {
    let mut text = "#define M0 break;\n".to_owned();
    (1..64).for_each(|n| writeln!(text, "#define M{n} M{} M{}", n - 1, n - 1).expect("a string"));
    text.push_str("void g(int x)\n{\n    switch (x) {\n    case 1: M63\n    case 2: M40 M40\n    }\n}");
    is_contained(&text);
}

#[test]
fn macros_that_name_themselves() {
    is_contained(
        "#define A B\n#define B A\n#define F(x) F(x) G(x)\n#define G(x) F(x); return\n\
         int g(int x)\n{\n    switch (x) {\n    case 1: A; F(G(F(1)));\n    case 2: G(x);\n    }\n}",
    );
}

#[test]
fn ten_thousand_definitions_of_one_name() {
    let mut text = String::new();
    (0..10_000).for_each(|n| writeln!(text, "#undef STOP\n#define STOP(x) f{n}(x)").expect("a string"));
    text.push_str("void g(int x)\n{\n    switch (x) {\n    case 1: STOP(1);\n    case 2: STOP(2);\n    }\n}");
    is_contained(&text);
}

#[test]
fn twenty_thousand_conditionals_in_a_row() {
    let mut text = "void g(int x)\n{\n    switch (x) {\n".to_owned();
    (0..20_000)
        .for_each(|n| writeln!(text, "#if X{n}\n    case {n}: a();\n#else\n    case {n}: b();\n#endif").unwrap());
    text.push_str("    }\n}");
    let folder = Folder::new(&[("a.c", &text)]);
    survives(&folder, &["a.c"]);
}

#[test]
fn ten_thousand_functions_with_a_conditional_each() {
    let mut text = String::new();
    for n in 0..10_000 {
        let arms = format!("#if X{n}\n    case 1: a();\n#else\n    case 1: return;\n#endif\n");
        writeln!(text, "void f{n}(int x)\n{{\n    switch (x) {{\n{arms}    case 2: b();\n    }}\n}}")
            .expect("a string");
    }
    is_contained(text.trim_end());
}

#[test]
fn twenty_thousand_conditionals_around_definitions() {
    let mut text = String::new();
    (0..20_000).for_each(|n| writeln!(text, "#ifdef X{n}\n#define Y{n} 1\n#else\n#define Y{n} 0\n#endif").unwrap());
    is_contained(text.trim_end());
}

#[test]
fn twenty_thousand_conditionals_inside_each_other() {
    let (open, close) = ("#if X\n".repeat(20_000), "#endif\n".repeat(20_000));
    is_contained(&format!("{open}int y;\n{}", close.trim_end()));
}

#[test]
fn a_chain_of_calls() {
    let mut text = "void f0(int x) { exit(x); }\n".to_owned();
    (1..20_000).for_each(|n| writeln!(text, "void f{n}(int x) {{ f{}(x); }}", n - 1).expect("a string"));
    text.push_str("void g(int x)\n{\n    switch (x) {\n    case 1: f19999(1);\n    case 2: f3(2);\n    }\n}");
    is_contained(&text);
}

#[test]
fn a_function_of_fifty_thousand_statements() {
    let statements = "    if (a(x)) { b(x); } else { c[x] = d->e + 1; }\n".repeat(50_000);
    is_contained(&format!("void g(int x)\n{{\n    switch (x) {{\n    case 1:\n{statements}    break;\n    }}\n}}"));
}

#[test]
fn a_hundred_thousand_functions() {
    let mut text = String::new();
    (0..100_000).for_each(|n| writeln!(text, "int f{n}(int x) {{ return x + {n}; }}").expect("a string"));
    is_contained(text.trim_end());
}

#[test]
fn a_hundred_thousand_comments_before_a_label() {
    let comments = "/* no fall through here */\n".repeat(100_000);
    let text = FALLS.replace("    case 2", &format!("{comments}    case 2"));
    let folder = Folder::new(&[("a.c", &text)]);
    assert_eq!(lines(&survives(&folder, &["a.c"])), [100_005]);
}

#[test]
fn a_hundred_thousand_continued_lines() {
    is_contained(&format!("#define M {}1\nint y;", "1 + \\\n".repeat(100_000)));
}

#[test]
fn noise() {
    // A small generator of its own makes failures reproducible.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let words = [
        "case",
        "default",
        ":",
        "switch",
        "(",
        ")",
        "{",
        "}",
        ";",
        "if",
        "else",
        "do",
        "while",
        "for",
        "break",
        "goto",
        "x",
        "1",
        "\"",
        "'",
        "\\\n",
        "\n#if X\n",
        "\n#else\n",
        "\n#endif\n",
        "\n#define X",
        "/*",
        "*/",
        "//",
        "...",
        "?",
        "[[",
        "]]",
        "__attribute__",
        "=",
        ",",
        "return",
        "int",
        "f",
        "é",
        "\n",
    ];
    let folder = Folder::new(&[]);
    for n in 0..40 {
        let mut text = String::new();
        for _ in 0..3_000 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            text.push_str(words[(state % words.len() as u64) as usize]);
            text.push(' ');
        }
        folder.write(&format!("noise{n}.c"), text.as_bytes());
    }
    survives(&folder, &["."]);
}
