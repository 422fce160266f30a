//! `crosstalk baseline`, and what `--baseline` hides.

use std::collections::HashSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::analyse::{Analysis, analyse};
use super::args::{BaselineAction, RunArgs, StatusArgs};
use super::check::{CLEAN, FINDINGS, replace};
use super::say;
use super::settings::Settings;
use crate::report::baseline::{Baseline, Entry, entries};
use crate::report::coverage::count;
use crate::source::shown;

/// The default path of the baseline.
pub const FILE: &str = "crosstalk-baseline.tsv";

/// A baseline matched against the findings of a run.
pub struct Known<'a> {
    /// For each finding, whether the baseline contains it.
    pub findings: Vec<bool>,
    /// Entries that this run would have found if they still existed.
    pub stale: Vec<&'a Entry>,
    /// Entries of files or rules that this run did not cover.
    pub unseen: Vec<&'a Entry>,
}

impl<'a> Known<'a> {
    pub fn new(baseline: &'a Baseline, settings: &Settings, analysis: &Analysis) -> Known<'a> {
        let matched = baseline.matched(&analysis.files, &analysis.findings);
        let read: HashSet<&str> = analysis.files.iter().map(|file| &*file.path).collect();
        let runs: HashSet<&str> = settings.policy.rules.iter().map(|(rule, _)| rule.id).collect();
        let left = baseline.entries.iter().zip(&matched.found).filter(|(_, found)| !**found).map(|(entry, _)| entry);
        let is_stale = |entry: &&Entry| {
            let path = &*entry.path;
            runs.contains(&*entry.rule) && (read.contains(path) || !Path::new(path).exists())
        };
        let (stale, unseen) = left.partition(is_stale);
        Known { findings: matched.known, stale, unseen }
    }
}

pub fn read(path: &Path) -> Result<Baseline, String> {
    let name = shown(path);
    let text =
        fs::read_to_string(path).map_err(|e| format!("{name}: {e}; `crosstalk baseline write` makes a baseline"))?;
    Baseline::parse(&text).map_err(|(line, why)| format!("{name}:{line}: {why}"))
}

/// Runs the command. An error is a message for stderr; the exit code is then 2.
pub fn baseline(action: &BaselineAction) -> Result<u8, String> {
    match action {
        BaselineAction::Write(run) => write(run),
        BaselineAction::Prune(run) => prune(run),
        BaselineAction::Status(args) => status(args),
    }
}

fn open(run: &RunArgs) -> Result<(Settings, PathBuf, Analysis), String> {
    let settings = Settings::new(run)?;
    let path = settings.baseline.clone().unwrap_or_else(|| FILE.into());
    let analysis = analyse(&settings, false)?;
    Ok((settings, path, analysis))
}

/// Writes all findings, whatever their confidence: a better ranking must not bring any of them back.
fn write(run: &RunArgs) -> Result<u8, String> {
    let (settings, path, analysis) = open(run)?;
    let baseline = Baseline::new(&analysis.files, &analysis.findings);
    replace(&path, baseline.text().as_bytes())?;
    say(&format!("{}: {}\n", shown(&path), count(baseline.entries.len(), "finding")))?;
    if settings.baseline.is_none() {
        let _ = writeln!(
            io::stderr(),
            "crosstalk: to leave them out, write `baseline = \"{FILE}\"` into crosstalk.toml, or give --baseline {FILE}"
        );
    }
    Ok(CLEAN)
}

/// Keeps entries that are still found, updated to current names.
fn prune(run: &RunArgs) -> Result<u8, String> {
    let (settings, path, analysis) = open(run)?;
    let old = read(&path)?;
    let known = Known::new(&old, &settings, &analysis);
    let found = entries(&analysis.files, &analysis.findings).zip(&known.findings).filter(|(_, known)| **known);
    let unseen = known.unseen.iter().map(|entry| (*entry).clone());
    let new = Baseline::of(found.map(|(entry, _)| entry).chain(unseen).collect());
    if new != old {
        replace(&path, new.text().as_bytes())?;
    }
    say(&format!("{}: {} dropped, {} left\n", shown(&path), known.stale.len(), new.entries.len()))?;
    Ok(CLEAN)
}

fn status(args: &StatusArgs) -> Result<u8, String> {
    let (settings, path, analysis) = open(&args.run)?;
    let old = read(&path)?;
    let known = Known::new(&old, &settings, &analysis);
    let found = known.findings.iter().filter(|known| **known).count();
    let open = analysis.findings.iter().filter(|finding| finding.suppression.is_none()).count();
    let mut text = format!(
        "{}: {} found, {} gone, {} not looked for; {} not in it\n",
        shown(&path),
        found,
        known.stale.len(),
        known.unseen.len(),
        count(open - found, "finding"),
    );
    for entry in &known.stale {
        let function = if entry.function.is_empty() { String::new() } else { format!(" in {}", entry.function) };
        text.push_str(&format!("gone: {}{function} [{}]\n", entry.path, entry.rule));
    }
    say(&text)?;
    Ok(if known.stale.is_empty() || args.exit_zero { CLEAN } else { FINDINGS })
}
