//! `crosstalk check`: from arguments to findings, output and exit code.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rayon::prelude::*;

use super::args::{CheckArgs, ConfidenceLevel, FailOn, Input};
use super::outputs;
use super::policy::selected;
use super::progress::Progress;
use crate::checks::engine::{Outcome, run};
use crate::checks::{Options, Rule};
use crate::program::catalog::Catalog;
use crate::report::{self, Confidence, Coverage, Format, Problem, Report, RuleInfo, Severity};
use crate::source::{Selection, SourceFile, discover, load, read, read_list, shown};

/// Exit codes, as the help text lists them.
pub const CLEAN: u8 = 0;
pub const FINDINGS: u8 = 1;
pub const FAILURE: u8 = 2;
pub const INCOMPLETE: u8 = 3;

/// Files, and what kept others from being among them.
struct Loaded {
    files: Vec<SourceFile>,
    problems: Vec<Problem>,
}

/// Runs the command. An error is a message for stderr, and exit code 2.
pub fn check(args: &CheckArgs) -> Result<u8, String> {
    let start = Instant::now();
    outputs::check(&args.outputs, args.coverage_json.as_deref())?;
    let rules = selected(&args.rules, args.profile);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(args.threads)
        // Parsing keeps no recursion, the library's own is shallow; this is room for both.
        .stack_size(8 << 20)
        .build()
        .map_err(|e| format!("cannot start threads: {e}"))?;
    // Reading the catalog costs a few milliseconds, which nobody waits for beside reading the files.
    let (catalog, loaded) = pool.install(|| rayon::join(|| catalog(args), || input(args)));
    let (catalog, loaded) = (catalog?, loaded?);
    for problem in &loaded.problems {
        complain(problem);
    }
    if loaded.files.is_empty() {
        let why = if loaded.problems.is_empty() { "no C file found" } else { "no C file could be read" };
        return Err(why.into());
    }
    let read_in = start.elapsed();
    let options = Options {
        comment_style: args.comment_style.into(),
        generated: args.generated,
        whole_files: args.no_slicing,
        features: args.features,
        catalog,
    };
    let progress = Progress::new("checking", 2 * loaded.files.len() as u64, args.quiet);
    let rule_refs: Vec<&Rule> = rules.iter().map(|(rule, _)| *rule).collect();
    let mut outcome = pool.install(|| run(&loaded.files, &rule_refs, &options, &|| progress.inc()));
    drop(progress);
    for problem in &outcome.problems {
        complain(problem);
    }
    outcome.coverage.files_skipped += loaded.problems.len();
    let checked_in = start.elapsed() - read_in;
    let code = output(args, &rules, &loaded, outcome)?;
    if args.timings {
        timings(&loaded.files, read_in, checked_in, start.elapsed());
    }
    Ok(code)
}

/// A problem goes to stderr as it is met. Nothing more can be done where that fails.
fn complain(problem: &Problem) {
    let _ = writeln!(io::stderr(), "crosstalk: {}: {}", problem.path, problem.message);
}

/// What library functions do, with what the user's files say of them.
fn catalog(args: &CheckArgs) -> Result<Arc<Catalog>, String> {
    let read = |path: &PathBuf| match std::fs::read_to_string(path) {
        Ok(text) => Ok((shown(path), text)),
        Err(e) => Err(format!("{}: {e}", path.display())),
    };
    let extra: Vec<(String, String)> = args.catalogs.iter().map(read).collect::<Result<_, _>>()?;
    Catalog::with(&extra).map_err(|e| e.to_string())
}

fn input(args: &CheckArgs) -> Result<Loaded, String> {
    let mut problems = Vec::new();
    let paths = match args.input().map_err(|e| e.to_string())? {
        Input::Stdin(name) => {
            let file = read(io::stdin().lock(), &name, args.max_file_size).map_err(|e| format!("{name}: {e}"))?;
            return Ok(Loaded { files: vec![file], problems });
        }
        Input::Paths(paths) => paths,
        Input::ListOnStdin => read_list(io::stdin().lock(), args.null)?,
        Input::List(list) => {
            let file = File::open(&list).map_err(|e| format!("{}: {e}", list.display()))?;
            read_list(file, args.null)?
        }
    };
    let selection = Selection {
        paths,
        extensions: args.extensions(),
        use_ignore_files: !args.no_ignore,
        max_file_bytes: args.max_file_size,
    };
    let found = discover(&selection);
    problems.extend(found.problems.into_iter().map(|(path, message)| Problem { path, message }));
    let mut files: Vec<Result<SourceFile, Problem>> =
        found.files.par_iter().map(|path: &std::path::PathBuf| load_one(path, args.max_file_size)).collect();
    let mut loaded = Vec::with_capacity(files.len());
    for file in files.drain(..) {
        match file {
            Ok(file) => loaded.push(file),
            Err(problem) => problems.push(problem),
        }
    }
    // Findings are ordered by path as it is shown.
    loaded.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(Loaded { files: loaded, problems })
}

fn load_one(path: &Path, max_bytes: u64) -> Result<SourceFile, Problem> {
    let shown = shown(path);
    load(path, &shown, max_bytes).map_err(|message| Problem { path: shown, message })
}

fn output(args: &CheckArgs, rules: &[(&Rule, RuleInfo)], loaded: &Loaded, outcome: Outcome) -> Result<u8, String> {
    let Outcome { mut findings, coverage, problems } = outcome;
    let least = match args.min_confidence() {
        ConfidenceLevel::Low => Confidence::Low,
        ConfidenceLevel::Medium => Confidence::Medium,
        ConfidenceLevel::High => Confidence::High,
    };
    let statistics = args.statistics.then(|| report::statistics::table(&findings));
    let all = findings.len();
    let mut fingerprints = report::fingerprint::fingerprints(&loaded.files, &findings);
    let mut is_shown = findings.iter().map(|f| f.confidence >= least).collect::<Vec<_>>().into_iter();
    fingerprints.retain(|_| is_shown.next().unwrap_or_default());
    findings.retain(|f| f.confidence >= least);
    let infos: Vec<RuleInfo> = rules.iter().map(|(_, info)| info.clone()).collect();
    let problems: Vec<Problem> = loaded.problems.iter().cloned().chain(problems).collect();
    let report = Report {
        files: &loaded.files,
        findings: &findings,
        fingerprints: &fingerprints,
        rules: &infos,
        coverage: &coverage,
        problems: &problems,
        hidden: all - findings.len(),
        category: &args.category,
    };
    let mut failed: Vec<String> = Vec::new();
    for output in &args.outputs {
        let written = outputs::write(&output.path, &mut |out| report::emit(output.format, &report, false, out));
        failed.extend(written.err().map(|e| format!("{}: {e}", output.path.display())));
    }
    if let Some(path) = &args.coverage_json {
        let json = report::coverage::json(&coverage, &problems);
        let written = outputs::write(path, &mut |out| writeln!(out, "{json}"));
        failed.extend(written.err().map(|e| format!("{}: {e}", path.display())));
    }
    // What programs read stays as it is.
    let (behind, beside) = if args.format == Format::Human { (statistics, None) } else { (None, statistics) };
    let color = args.color.enabled(io::stdout().is_terminal());
    let mut out = BufWriter::new(io::stdout().lock());
    let written = report::emit(args.format, &report, color, &mut out)
        .and_then(|()| out.write_all(behind.unwrap_or_default().as_bytes()))
        .and_then(|()| out.flush());
    match written {
        // `crosstalk check | head` is no failure.
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => {}
        other => failed.extend(other.err().map(|e| format!("cannot write the report: {e}"))),
    }
    if !failed.is_empty() {
        return Err(failed.join("\ncrosstalk: "));
    }
    let _ = write!(io::stderr(), "{}", beside.unwrap_or_default());
    if !args.quiet {
        let _ = writeln!(io::stderr(), "{}", report::coverage::line(&coverage));
    }
    Ok(exit_code(args, &findings.iter().map(|f| f.severity).max(), &coverage))
}

fn exit_code(args: &CheckArgs, worst: &Option<Severity>, coverage: &Coverage) -> u8 {
    let gate = match args.fail_on() {
        FailOn::Note => Severity::Note,
        FailOn::Warning => Severity::Warning,
        FailOn::Error => Severity::Error,
    };
    if args.strict && coverage.is_incomplete() {
        INCOMPLETE
    } else if !args.exit_zero && worst.is_some_and(|w| w >= gate) {
        FINDINGS
    } else {
        CLEAN
    }
}

/// Where the time went, beside what parsing every byte once costs here.
fn timings(files: &[SourceFile], read: Duration, check: Duration, whole: Duration) {
    let start = Instant::now();
    for file in files {
        drop(crate::syntax::parse::parse(&file.text));
    }
    let floor = start.elapsed();
    let ms = |d: Duration| d.as_secs_f64() * 1000.0;
    let _ = writeln!(
        io::stderr(),
        "timings: read {:.0} ms, check {:.0} ms, whole run {:.0} ms; parsing every byte once on one thread {:.0} ms \
         (run ÷ parse {:.2})",
        ms(read),
        ms(check),
        ms(whole),
        ms(floor),
        whole.as_secs_f64() / floor.as_secs_f64().max(f64::EPSILON)
    );
}
