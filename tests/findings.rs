//! What stays the same about a finding when the code changes, and what it says about its switch.

use crosstalk::checks::engine::run;
use crosstalk::checks::{Options, RULES, Rule};
use crosstalk::report::fingerprint::{fingerprints, fingerprints_without_path};
use crosstalk::report::{Circuit, Ending, Finding, Leak, Line};
use crosstalk::source::SourceFile;

fn findings(files: &[SourceFile]) -> Vec<Finding> {
    let options = Options::default();
    let rules: Vec<&Rule> = RULES.iter().collect();
    run(files, &rules, &options, &|| {}).findings
}

/// The fingerprints of all rules' findings in one file, with and without its path.
fn prints(path: &str, code: &str) -> [Vec<String>; 2] {
    let files = [SourceFile::new(path, code.into())];
    let found = findings(&files);
    assert!(found.len() >= 5, "little to compare: {found:?}");
    let mut prints = [fingerprints(&files, &found), fingerprints_without_path(&files, &found)];
    prints.iter_mut().for_each(|p| p.sort());
    prints
}

const CALL: &str = "\
static int route(struct call *c, int kind) {
    struct leg *leg;
    switch (kind) { /* what came in */
    case 1: leg = first(c); break;
    case 2: if (c->held) { if (c->moved) { notify(c, \"a held call has moved to another place\"); } else break; }
        leg = second(c);
        break;
    case 3: leg = third(c);
    case 4: leg = fourth(c); break;
    }
    return connect(leg);
}
";

const TONE: &str = "\
static void tone(int digit, int more) {
    switch (digit) { case 1: play(1); case 2: play(2); break; }
    switch (more) { case 1: stop(1); break; case 2: stop(2); }
}
";

fn both(first: &str, second: &str) -> String {
    format!("{first}\n{second}")
}

#[test]
fn fingerprints_outlive_lines_above_and_moves() {
    let before = prints("a.c", &both(CALL, TONE));
    assert_eq!(prints("a.c", &format!("#include <x.h>\nint added;\n\n\n{}", both(CALL, TONE))), before);
    assert_eq!(prints("a.c", &both(CALL, TONE).replace('\n', "\r\n")), before);
    assert_eq!(prints("a.c", &both(TONE, CALL)), before, "a function moved within its file");
}

#[test]
fn fingerprints_outlive_a_formatter() {
    // In clang-format's GNU style, split strings included.
    let formatted = "\
static int
route (struct call *c, int kind)
{
  struct leg *leg;
  switch (kind)
    { /* what came in */
    case 1:
      leg = first (c);
      break;
    case 2:
      if (c->held)
        {
          if (c->moved)
            {
              notify (c, \"a held call has moved \"
                         \"to another place\");
            }
          else
            break;
        }
      leg = second (c);
      break;
    case 3:
      leg = third (c);
    case 4:
      leg = fourth (c);
      break;
    }
  return connect (leg);
}

static void
tone (int digit, int more)
{
  switch (digit)
    {
    case 1:
      play (1);
    case 2:
      play (2);
      break;
    }
  switch (more)
    {
    case 1:
      stop (1);
      break;
    case 2:
      stop (2);
    }
}
";
    assert_eq!(prints("a.c", formatted), prints("a.c", &both(CALL, TONE)));
}

#[test]
fn a_renamed_file_keeps_one_of_the_two() {
    let [path, content] = prints("old/a.c", &both(CALL, TONE));
    let [other_path, other_content] = prints("new/b.c", &both(CALL, TONE));
    assert_eq!(other_content, content);
    assert!(path.iter().all(|print| !other_path.contains(print)));
}

#[test]
fn another_defect_has_another_fingerprint() {
    let file = |code: &str| [SourceFile::new("a.c", code.into())];
    let fall = |code: &str| {
        let files = file(code);
        let found = findings(&files);
        let prints = fingerprints(&files, &found);
        let at = found.iter().position(|f| f.rule == "implicit-fallthrough").expect("a fall");
        prints[at].clone()
    };
    let before = fall(TONE);
    assert_ne!(fall(&TONE.replace("case 2: play", "case 3: play")), before, "another label");
    assert_ne!(fall(&TONE.replace("tone(", "sound(")), before, "another function");
    assert_eq!(fall(&TONE.replace("stop(2)", "stop(3)")), before, "a change elsewhere");
    let without = TONE.replace("play(1);", "play(1); break;");
    let files = file(&without);
    assert!(!fingerprints(&files, &findings(&files)).contains(&before), "fixed");
}

/// The circuit of a rule's only finding in a function with this `body`.
fn circuit(rule: &str, body: &str) -> Circuit {
    let code = format!("int f(int x, struct s *p)\n{{\n{body}}}\n");
    let found = findings(&[SourceFile::new("a.c", code.into_bytes())]);
    let [finding] = &found.iter().filter(|f| f.rule == rule).collect::<Vec<_>>()[..] else {
        panic!("not one {rule}: {found:?}")
    };
    finding.circuit.clone().unwrap_or_else(|| panic!("{rule} has no circuit"))
}

#[test]
fn a_fall_leaks_into_the_next_section() {
    let body = "    switch (x + 1) {\n    case 1: return 1;\n    case 2: case 3:\n    case 4: case 5:\n        p->a = 1;\n\
                \x20   case 6: p->a = 2; break;\n    case 7: if (x) return 2; else goto out;\n    default: exit(1);\n    }\n\
                out:\n    return 0;\n";
    let circuit = circuit("implicit-fallthrough", body);
    let line = |label: &str, line, ending| Line { label: label.into(), line, ending };
    let sections = vec![
        line("case 1", 4, Ending::Return),
        line("case 2, case 3, case 4 and 1 more", 5, Ending::Falls),
        line("case 6", 8, Ending::Break),
        line("case 7", 9, Ending::Goto),
        line("default", 10, Ending::Never),
    ];
    let leak = Leak { from: Some(1), to: Some(2), early: false, line: 8 };
    assert_eq!(circuit, Circuit { operand: "x + 1".into(), line: 3, sections, left_out: (0, 0), leak });
}

#[test]
fn a_premature_break_leaks_out_of_its_section() {
    let body = "    int *r;\n    switch (x) {\n    case 1:\n        if (p->b) {\n            if (p->c) {\n                g(p);\n\
                \x20           } else\n                break;\n        }\n        r = h(p);\n        break;\n    case 2:\n        r = k(p);\n        break;\n\
                \x20   default:\n        return 0;\n    }\n    return *r;\n";
    let circuit = circuit("premature-break", body);
    assert_eq!(circuit.leak, Leak { from: Some(0), to: None, early: true, line: 10 });
    assert_eq!(circuit.sections[2].ending, Ending::Return);
}

#[test]
fn a_large_switch_is_drawn_in_part() {
    let sections: String = (0..40).map(|n| format!("    case {n}: p->a = {n}; break;\n")).collect();
    let body =
        format!("    switch (x) {{\n{}    }}\n    return 0;\n", sections.replace("p->a = 20; break;", "p->a = 20;"));
    let circuit = circuit("implicit-fallthrough", &body);
    assert_eq!(circuit.left_out, (16, 15));
    assert_eq!(circuit.sections.len(), 9);
    assert_eq!(circuit.leak, Leak { from: Some(4), to: Some(5), early: false, line: 25 });
    assert_eq!(circuit.sections[5].label, "case 21");
}

/// A constant bound that is exceeded is reported with the excess, not with a proof about constants.
#[test]
fn what_never_fits_says_by_how_much() {
    let code = "struct peer { char name[8]; };\nvoid set(struct peer *peer)\n{\n    memset(peer->name, 0, 10);\n}\n";
    let found = findings(&[SourceFile::new("a.c", code.into())]);
    let never = found.iter().find(|f| f.message.contains("past the end")).expect("a write past the end");
    assert!(never.message.ends_with("bytes; that goes 2 past the end"), "{}", never.message);
    assert!(!never.notes.iter().any(|note| note.starts_with("not proved")), "{:?}", never.notes);
}

/// Phrases that a C programmer would have to read twice.
const ODD: [&str; 11] = [
    " behind ",
    " way ",
    " ways ",
    "for ever",
    "nobody",
    "given away",
    "read through",
    "gets on",
    "where it fails",
    "asks for",
    " without a test",
];

/// Messages for the bad blocks of every page are one plain sentence, and so are the texts that go with them.
#[test]
fn messages_are_plain() {
    let plain = |text: &str| {
        // Quoted text is the user's.
        let ours: String = text.split('`').step_by(2).collect::<Vec<_>>().join("x");
        ODD.iter().find(|odd| format!(" {ours} ").contains(**odd)).copied()
    };
    let mut wrong = Vec::new();
    for rule in RULES {
        for block in rule.page.split("```c bad").skip(1).filter_map(|block| block.split("```").next()) {
            let code = block.split_once('\n').map_or("", |(_, code)| code);
            for finding in findings(&[SourceFile::new("a.c", code.into())]) {
                let related = finding.related.iter().chain(&finding.flow).map(|r| &r.message);
                let texts = [&finding.message, &finding.label].into_iter().chain(related).chain(&finding.notes);
                wrong.extend(texts.filter_map(|text| Some(format!("{}: `{}` in: {text}", finding.rule, plain(text)?))));
                if finding.message.ends_with('.') || finding.message.starts_with(|c: char| c.is_uppercase()) {
                    wrong.push(format!("{}: no sentence in lower case: {}", finding.rule, finding.message));
                }
            }
        }
    }
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "{} odd:\n{}", wrong.len(), wrong.join("\n"));
}
