//! `crosstalk trace`: what the message engine knows at a line.

use std::fmt::Write as _;
use std::path::Path;

use super::analyse::{Loaded, catalog, complain, input};
use super::args::{Input, RunArgs, TraceArgs};
use super::say;
use super::settings::Settings;
use crate::analysis::bounds::Verdict;
use crate::checks::engine::trace;
use crate::checks::{Options, RULES, Rule};
use crate::source::{FileId, Position, Span, shown};

/// Runs the command. An error is a message for stderr.
pub fn run(args: &TraceArgs) -> Result<(), String> {
    let (path, line) = args.place.rsplit_once(':').ok_or_else(|| format!("`{}` is not PATH:LINE", args.place))?;
    let line: usize = line.parse().ok().filter(|n| *n > 0).ok_or_else(|| format!("`{line}` is not a line"))?;
    let mut run = RunArgs { input: args.input.clone(), ..RunArgs::default() };
    if matches!(run.input.input(), Ok(Input::Paths(_))) && run.input.paths.is_empty() {
        run.input.paths.push(path.into());
    }
    let settings = Settings::new(&run)?;
    let Loaded { mut files, problems, .. } = input(&settings)?;
    problems.iter().for_each(complain);
    files.extend(settings.header());
    let wanted = shown(Path::new(path));
    let file =
        files.iter().position(|f| f.path == wanted).ok_or_else(|| format!("{path}: not among the files read"))?;
    let source = &files[file];
    let start: usize = source.text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let length = source.text[start..].find('\n').map_or(source.text.len() - start, |n| n + 1);
    if length == 0 {
        return Err(format!("{path}: has no line {line}"));
    }
    let options = Options { generated: true, catalog: catalog(&settings)?, ..Options::default() };
    let rules: Vec<&Rule> = RULES.iter().collect();
    let span = Span { start: start as u32, end: (start + length) as u32 };
    let all = trace(&files, &rules, &options, (FileId(file as u32), span));
    let mut out = String::new();
    let place = |span: Span| {
        let Position { line, column, .. } = source.position(span.start);
        format!("{}:{line}:{column}", source.path)
    };
    for one in &all {
        let _ = writeln!(out, "{}: {}", place(one.span), one.what);
        for (goal, verdict) in &one.goals {
            let _ = writeln!(out, "  needs `{goal} >= 0`: {}", told(verdict, &place));
        }
        for (fact, by) in &one.facts {
            let by = by.map(|span| format!("  ({})", place(span))).unwrap_or_default();
            let _ = writeln!(out, "  known `{fact} >= 0`{by}");
        }
    }
    if all.is_empty() {
        let _ = writeln!(out, "{path}:{line}: nothing that has to be proved");
    }
    say(&out)
}

fn told(verdict: &Verdict, place: &dyn Fn(Span) -> String) -> String {
    match verdict {
        Verdict::Proved => "proved".into(),
        Verdict::Unchecked => "not proved, and no test speaks of it".into(),
        Verdict::Short { lacking, .. } => format!("not proved: the checks before it are off by up to {lacking}"),
        Verdict::Late { by } => format!("not proved here; it is tested at {}", place(*by)),
        Verdict::Aside { .. } => "not proved: a check limits it only in the other direction".into(),
        Verdict::Capped => "not proved; a test speaks of it, but cannot be related to it".into(),
        Verdict::Unknown => "given up: the proof takes too long".into(),
    }
}
