use clap::CommandFactory;

use super::run::parse_size;
use super::*;

fn parse(arguments: &[&str]) -> Result<CheckArgs, clap::Error> {
    let line = ["crosstalk", "check"].iter().chain(arguments);
    match Cli::try_parse_from(line)?.command {
        Command::Check(check) => Ok(*check),
        _ => unreachable!(),
    }
}

fn check(arguments: &[&str]) -> CheckArgs {
    parse(arguments).unwrap()
}

fn input(arguments: &[&str]) -> Result<Input, i32> {
    parse(arguments).map_err(|error| error.exit_code())?.run.input.input().map_err(|_| 2)
}

#[test]
fn the_command_line_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn defaults() {
    let check = check(&[]);
    assert_eq!(check.run.input.input().unwrap(), Input::Paths(vec![".".into()]));
    assert_eq!(check.run.input.extensions(), ["c", "h"]);
    assert_eq!(
        (check.min_confidence(), check.fail_on()),
        (ConfidenceLevel::Medium, vec![Gate::Severity(Severity::Warning)])
    );
    assert_eq!((check.format, check.run.comment_style()), (Format::Human, CommentLevel::Keyword));
    assert_eq!((check.run.input.max_file_size, check.run.threads), (32 << 20, 0));
}

#[test]
fn inputs() {
    assert_eq!(input(&["a.c", "b"]), Ok(Input::Paths(vec!["a.c".into(), "b".into()])));
    assert_eq!(input(&["-"]), Ok(Input::Stdin("<stdin>".into())));
    assert_eq!(input(&["--stdin-filename", "a.c", "-"]), Ok(Input::Stdin("a.c".into())));
    assert_eq!(input(&["--files-from", "list", "-0"]), Ok(Input::List("list".into())));
    assert_eq!(input(&["--files-from", "-"]), Ok(Input::ListOnStdin));
}

#[test]
fn wrong_usage_exits_with_2() {
    for arguments in [
        &["-", "a.c"][..],
        &["-", "-"],
        &["--stdin-filename", "a.c"],
        &["--stdin-filename", "a.c", "b.c"],
        &["--files-from", "list", "a.c"],
        &["--null"],
        &["--format", "xml"],
        &["--max-file-size", "big"],
        &["--threads", "-1"],
        &["--threads", "999999"],
        &["-0", "a.c"],
        &["--add-allow", " "],
        &[""],
        &["--no-such-flag"],
    ] {
        assert_eq!(input(arguments), Err(2), "{arguments:?}");
    }
    assert_eq!(Cli::try_parse_from(["crosstalk"]).map_err(|error| error.exit_code()).err(), Some(2));
}

#[test]
fn the_strict_profile_yields_to_explicit_flags() {
    let strict = check(&["--profile", "strict"]);
    assert_eq!(
        (strict.min_confidence(), strict.fail_on()),
        (ConfidenceLevel::Low, vec![Gate::Severity(Severity::Note)])
    );
    let explicit = check(&["--profile", "strict", "--min-confidence", "high", "--fail-on", "error"]);
    assert_eq!(
        (explicit.min_confidence(), explicit.fail_on()),
        (ConfidenceLevel::High, vec![Gate::Severity(Severity::Error)])
    );
}

#[test]
fn extensions_add_up() {
    let check = check(&["--extension", "inc,.def", "--extension", "h", "--extension", "C,"]);
    assert_eq!(check.run.input.extensions(), ["c", "h", "inc", "def", "C"]);
}

#[test]
fn rules_repeat() {
    let (one, other) = ("implicit-fallthrough", "misplaced-fallthrough-mark");
    assert_eq!(check(&["--rule", one, "--rule", other]).run.rules, [one, other]);
    assert_eq!(check(&["--rule", "switch,misra"]).run.rules, ["switch", "misra"]);
}

#[test]
fn a_misspelled_rule_gets_the_nearest_name() {
    for line in [&["check", "--rule", "implicit-falltrough"], &["explain", "implicit-falltrough"][..]] {
        let error = Cli::try_parse_from(std::iter::once(&"crosstalk").chain(line)).expect_err("no such rule");
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains("did you mean `implicit-fallthrough`?"), "{error}");
    }
}

#[test]
fn outputs_name_a_format_and_a_file() {
    let outputs = check(&["--output", "sarif=out/a=b.sarif", "--output", "json-lines=x"]).outputs;
    let expected = [(Format::Sarif, "out/a=b.sarif"), (Format::JsonLines, "x")];
    let expected = expected.map(|(format, path)| Output { format, path: path.into() });
    assert_eq!(outputs, expected);
    for (argument, advice) in [
        ("sarf=x", "a similar value exists: 'sarif'"),
        ("out.sarif", "as in `--output sarif=out.sarif`"),
        ("sarif", "expected FORMAT=PATH"),
        ("json=", "expected FORMAT=PATH"),
        ("json=-", "use `--format json`"),
        ("=x", "possible values: human, short"),
    ] {
        let error = parse(&["--output", argument]).map(|check| check.outputs).expect_err(argument);
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains(advice), "{argument}: {error}");
    }
}

#[test]
fn the_audit_profile_hides_nothing() {
    let audit = check(&["--profile", "audit"]);
    assert_eq!(
        (audit.min_confidence(), audit.fail_on()),
        (ConfidenceLevel::Low, vec![Gate::Severity(Severity::Warning)])
    );
    assert_eq!(check(&["--profile", "misra"]).min_confidence(), ConfidenceLevel::Medium);
}

#[test]
fn explain_takes_a_rule_or_none() {
    for (line, rule) in [
        (&["crosstalk", "explain"][..], None),
        (&["crosstalk", "explain", "implicit-fallthrough"], Some("implicit-fallthrough")),
    ] {
        match Cli::try_parse_from(line).unwrap().command {
            Command::Explain(explain) => assert_eq!(explain.rule.as_deref(), rule),
            _ => unreachable!(),
        }
    }
}

#[test]
fn sizes() {
    for (text, size) in [("0", 0), ("4096", 4096), ("1k", 1024), ("32M", 32 << 20), ("3G", 3 << 30)] {
        assert_eq!(parse_size(text), Ok(size));
    }
    for text in ["", "M", "-1", "1.5M", "32MB", "4G", "99999999999999999999", "99999999999999G", "1é"] {
        assert!(parse_size(text).is_err(), "{text}");
    }
}

#[test]
fn colour_heeds_the_environment() {
    let auto = |terminal, variables: &[(&str, &str)]| {
        let variable = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_string());
        assert!(Color::Always.decide(terminal, variable));
        assert!(!Color::Never.decide(terminal, variable));
        Color::Auto.decide(terminal, variable)
    };
    assert!(auto(true, &[]));
    assert!(!auto(false, &[]));
    assert!(!auto(true, &[("TERM", "dumb")]));
    assert!(!auto(true, &[("NO_COLOR", "1")]));
    assert!(auto(true, &[("NO_COLOR", "")]));
    assert!(auto(false, &[("FORCE_COLOR", "1")]));
    assert!(auto(false, &[("CLICOLOR_FORCE", "1")]));
    assert!(!auto(false, &[("CLICOLOR_FORCE", "0"), ("FORCE_COLOR", "")]));
    assert!(!auto(false, &[("FORCE_COLOR", "1"), ("NO_COLOR", "1")]));
}
