//! From settings to findings: reads the input, runs the rules, applies the policy.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use rayon::prelude::*;

use super::args::Input;
use super::config::explain;
use super::progress::Progress;
use super::settings::Settings;
use crate::checks::engine::{Outcome, run};
use crate::checks::timings::Timings;
use crate::checks::{Options, Rule};
use crate::program::catalog::Catalog;
use crate::report::{Coverage, Finding, Problem};
use crate::source::{Selection, SourceFile, discover, load, read, read_list, shown};

pub struct Analysis {
    /// Sorted by displayed path.
    pub files: Vec<SourceFile>,
    /// Their canonical paths.
    pub paths: Vec<PathBuf>,
    /// All findings, in order, except those that the policy turns off.
    pub findings: Vec<Finding>,
    pub coverage: Coverage,
    pub problems: Vec<Problem>,
    pub timings: Timings,
}

/// The files read, and the problems that prevented reading others.
pub(super) struct Loaded {
    pub files: Vec<SourceFile>,
    paths: Vec<PathBuf>,
    pub problems: Vec<Problem>,
}

/// Runs the analysis. An error is a message for stderr; the exit code is then 2.
pub fn analyse(settings: &Settings, timings: bool) -> Result<Analysis, String> {
    let start = Instant::now();
    let args = &settings.run;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(args.threads)
        // Parsing does not recurse, and the parser library only to a shallow depth; this is enough for both.
        .stack_size(8 << 20)
        .build()
        .map_err(|e| format!("cannot start threads: {e}"))?;
    // The catalog takes a few milliseconds to read, hidden behind reading the files.
    let (catalog, loaded) = pool.install(|| rayon::join(|| catalog(settings), || input(settings)));
    let (catalog, mut loaded) = (catalog?, loaded?);
    for problem in &loaded.problems {
        complain(problem);
    }
    if loaded.files.is_empty() {
        let none =
            "no C file found: names end in .c or .h unless --extension says more, and ignored files are left out";
        let why = if loaded.problems.is_empty() { none } else { "no C file could be read" };
        return Err(why.into());
    }
    let read_in = start.elapsed();
    let options = Options {
        comment_style: args.comment_style().into(),
        generated: args.generated,
        whole_files: args.no_slicing,
        features: args.features,
        allow_reasons: settings.reasons,
        timings,
        catalog,
    };
    let progress = Progress::new("checking", 2 * loaded.files.len() as u64, args.quiet);
    let rules: Vec<&Rule> = settings.policy.rules.iter().map(|(rule, _)| *rule).collect();
    let macros = settings.header();
    let extra = macros.as_ref().map_or(0, |file| file.text.len() as u64);
    loaded.files.extend(macros);
    let Outcome { mut findings, mut coverage, problems, mut timings } =
        pool.install(|| run(&loaded.files, &rules, &options, &|| progress.inc()));
    drop(progress);
    timings.phases.insert(0, ("read", read_in));
    for problem in &problems {
        complain(problem);
    }
    let here = std::env::current_dir().unwrap_or_default();
    let name = |path: &PathBuf| fs::canonicalize(path).unwrap_or_else(|_| here.join(path));
    let mut paths: Vec<PathBuf> = loaded.paths.iter().map(name).collect();
    paths.resize(loaded.files.len(), PathBuf::new());
    coverage.files -= usize::from(extra > 0);
    coverage.bytes -= extra;
    coverage.files_skipped += loaded.problems.len();
    findings.retain_mut(|finding| {
        let path = &paths[finding.file.0 as usize];
        settings.policy.admit(finding, path)
    });
    Ok(Analysis {
        files: loaded.files,
        paths,
        findings,
        coverage,
        problems: loaded.problems.into_iter().chain(problems).collect(),
        timings,
    })
}

/// Reports a problem on stderr at once. If that fails, nothing more can be done.
pub(super) fn complain(problem: &Problem) {
    let _ = writeln!(io::stderr(), "crosstalk: {}: {}", problem.path, problem.message);
}

/// The catalog of library functions, extended by the user's catalog files.
pub(super) fn catalog(settings: &Settings) -> Result<Arc<Catalog>, String> {
    let read = |path: &PathBuf| match fs::read_to_string(path) {
        Ok(text) => Ok((shown(path), text)),
        Err(e) => Err(format!("{}: {e}", path.display())),
    };
    let mut extra: Vec<(String, String)> = settings.catalogs.iter().map(read).collect::<Result<_, _>>()?;
    extra.extend(settings.catalog.clone());
    Catalog::with(&extra).map_err(|e| format!("{}:{}: {}", e.path, e.line, explain(&e.message)))
}

pub(super) fn input(settings: &Settings) -> Result<Loaded, String> {
    let args = &settings.run.input;
    let paths = match args.input()? {
        Input::Stdin(name) => {
            let file = read(io::stdin().lock(), &name, args.max_file_size).map_err(|e| format!("{name}: {e}"))?;
            return Ok(Loaded { files: vec![file], paths: vec![name.into()], problems: Vec::new() });
        }
        // A misspelled folder must not pass for a clean one.
        Input::Paths(paths) => {
            let absent = paths.iter().filter(|path| !path.exists());
            let absent: Vec<String> = absent.map(|path| format!("{}: does not exist", shown(path))).collect();
            if !absent.is_empty() {
                return Err(absent.join("\ncrosstalk: "));
            }
            paths
        }
        Input::ListOnStdin => read_list(io::stdin().lock(), args.null)?,
        Input::List(list) => {
            let file = File::open(&list).map_err(|e| format!("{}: {e}", list.display()))?;
            read_list(file, args.null)?
        }
    };
    let selection = Selection {
        paths,
        extensions: args.extensions(),
        include: settings.include.clone(),
        exclude: settings.exclude.clone(),
        filter_named: args.force_exclude,
        use_ignore_files: !args.no_ignore,
        max_file_bytes: args.max_file_size,
    };
    Ok(load_all(&selection))
}

/// Loads the selected files, ordered by displayed path.
fn load_all(selection: &Selection) -> Loaded {
    let found = discover(selection);
    let mut problems: Vec<Problem> =
        found.problems.into_iter().map(|(path, message)| Problem { path, message }).collect();
    let read: Vec<Result<SourceFile, Problem>> =
        found.files.par_iter().map(|path| load_one(path, selection.max_file_bytes)).collect();
    let mut loaded = Vec::with_capacity(read.len());
    for (file, path) in read.into_iter().zip(found.files) {
        match file {
            Ok(file) => loaded.push((file, path)),
            Err(problem) => problems.push(problem),
        }
    }
    loaded.sort_by(|a, b| a.0.path.cmp(&b.0.path));
    let (files, paths) = loaded.into_iter().unzip();
    Loaded { files, paths, problems }
}

fn load_one(path: &Path, max_bytes: u64) -> Result<SourceFile, Problem> {
    let shown = shown(path);
    load(path, &shown, max_bytes).map_err(|message| Problem { path: shown, message })
}
