//! `crosstalk check`: from arguments to findings, output and exit code.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;
use std::time::Instant;

use super::analyse::{Analysis, analyse};
use super::args::CheckArgs;
use super::baseline::{self, Known};
use super::changed::Changed;
use super::settings::Settings;
use super::{fix, outputs, say, timings};
use crate::report::fingerprint::fingerprints;
use crate::report::{self, Confidence, Finding, Format, LeftOut, Report, RuleInfo, Suppression};

/// Exit codes, as the help text lists them.
pub const CLEAN: u8 = 0;
pub const FINDINGS: u8 = 1;
pub const FAILURE: u8 = 2;
pub const INCOMPLETE: u8 = 3;

/// Runs the command. An error is a message for stderr; the exit code is then 2.
pub fn check(args: &CheckArgs) -> Result<u8, String> {
    let start = Instant::now();
    outputs::check(&args.outputs, args.coverage_json.as_deref())?;
    let settings = Settings::new(&args.run)?;
    let args = &args.completed(&settings.run, &settings.config);
    if args.print_config {
        return say(&settings.print(args)?).map(|()| CLEAN);
    }
    let known = settings.baseline.as_deref().map(baseline::read).transpose()?;
    let changed = match (&args.since, &args.diff) {
        (Some(revision), _) => Some(Changed::since(revision)?),
        (None, Some(diff)) => Some(Changed::of_diff(diff, &std::env::current_dir().unwrap_or_default())?),
        (None, None) => None,
    };
    let judge = |analysis: &Analysis| {
        judge(&settings, args.min_confidence().into(), analysis, known.as_ref(), changed.as_ref())
    };
    let mut analysis = analyse(&settings, args.timings)?;
    let mut judged = judge(&analysis);
    if fix::is_asked(args) {
        let done = fix::run(&settings, args, &mut analysis, &mut |analysis| {
            judged = judge(analysis);
            judged.fates.iter().map(|fate| *fate == Fate::Shown).collect()
        })?;
        if args.fix_diff {
            return Ok(if done == 0 || args.exit_zero { CLEAN } else { FINDINGS });
        }
    }
    let code = output(&settings, args, analysis, judged, start)?;
    Ok(code)
}

/// How a finding is treated: the first variant that applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Allowed,
    Baseline,
    Hidden,
    Unchanged,
    Shown,
}

struct Judged {
    /// One per finding.
    fates: Vec<Fate>,
    /// Number of baseline entries that no longer match a finding.
    stale: usize,
}

fn judge(
    settings: &Settings,
    least: Confidence,
    analysis: &Analysis,
    known: Option<&report::baseline::Baseline>,
    changed: Option<&Changed>,
) -> Judged {
    let known = known.map(|known| Known::new(known, settings, analysis));
    let fate = |(n, finding): (usize, &Finding)| {
        if finding.suppression.is_some() {
            Fate::Allowed
        } else if known.as_ref().is_some_and(|known| known.findings[n]) {
            Fate::Baseline
        } else if finding.confidence < least {
            Fate::Hidden
        } else if changed.is_some_and(|c| !c.touches(&analysis.files, &analysis.paths, finding)) {
            Fate::Unchanged
        } else {
            Fate::Shown
        }
    };
    Judged {
        fates: analysis.findings.iter().enumerate().map(fate).collect(),
        stale: known.as_ref().map_or(0, |known| known.stale.len()),
    }
}

fn output(
    settings: &Settings,
    args: &CheckArgs,
    mut analysis: Analysis,
    judged: Judged,
    start: Instant,
) -> Result<u8, String> {
    let begun = Instant::now();
    let Analysis { files, findings, coverage, problems, .. } = &analysis;
    let prints = fingerprints(files, findings);
    let number = |fate| judged.fates.iter().filter(|f| **f == fate).count();
    let left_out = LeftOut {
        allowed: number(Fate::Allowed),
        baseline: number(Fate::Baseline),
        hidden: number(Fate::Hidden),
        unchanged: number(Fate::Unchanged),
    };
    let pick = |fates: &[Fate]| -> (Vec<Finding>, Vec<String>) {
        let all = findings.iter().zip(&prints).zip(&judged.fates).filter(|(_, fate)| fates.contains(fate));
        all.map(|((finding, print), fate)| (accepted(finding, *fate), print.clone())).unzip()
    };
    let (shown, shown_prints) = pick(&[Fate::Shown]);
    let rules: Vec<RuleInfo> = settings.policy.rules.iter().map(|(_, info)| info.clone()).collect();
    let plain = Report {
        files,
        findings: &shown,
        fingerprints: &shown_prints,
        rules: &rules,
        coverage,
        problems,
        left_out,
        category: &args.category,
    };
    let with = args.include_suppressed.then(|| pick(&[Fate::Shown, Fate::Allowed, Fate::Baseline]));
    let with = with.as_ref().map(|(findings, fingerprints)| {
        let left_out = LeftOut { allowed: 0, baseline: 0, ..left_out };
        Report { findings, fingerprints, left_out, ..plain }
    });
    let report = |format: Format| with.as_ref().filter(|_| format.tells_suppression()).unwrap_or(&plain);

    let statistics = args.statistics.then(|| {
        let open =
            findings.iter().zip(&judged.fates).filter(|(_, fate)| !matches!(fate, Fate::Allowed | Fate::Baseline));
        report::statistics::table(open.map(|(finding, _)| finding))
    });
    let mut failed: Vec<String> = Vec::new();
    for output in &args.outputs {
        let report = report(output.format);
        let written = outputs::write(&output.path, &mut |out| report::emit(output.format, report, false, out));
        failed.extend(written.err().map(|e| format!("{}: {e}", output.path.display())));
    }
    if let Some(path) = &args.coverage_json {
        let json = report::coverage::json(coverage, problems);
        let written = outputs::write(path, &mut |out| writeln!(out, "{json}"));
        failed.extend(written.err().map(|e| format!("{}: {e}", path.display())));
    }
    // Machine-readable output stays unchanged.
    let (behind, beside) = if args.format == Format::Human { (statistics, None) } else { (None, statistics) };
    let color = args.color.enabled(io::stdout().is_terminal());
    let mut out = BufWriter::new(io::stdout().lock());
    let written = report::emit(args.format, report(args.format), color, &mut out)
        .and_then(|()| out.write_all(behind.unwrap_or_default().as_bytes()))
        .and_then(|()| out.flush());
    match written {
        // `crosstalk check | head` is not a failure.
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => {}
        other => failed.extend(other.err().map(|e| format!("cannot write the report: {e}"))),
    }
    if !failed.is_empty() {
        return Err(failed.join("\ncrosstalk: "));
    }
    let mut said = beside.unwrap_or_default();
    let written = args.outputs.iter().map(|output| (output.format, output.path.display().to_string()));
    for (format, name) in written.chain([(args.format, "stdout".into())]) {
        let notice = report::notice(format, report(format));
        said.extend(notice.map(|notice| format!("crosstalk: {name}: {notice}\n")));
    }
    if !args.run.quiet {
        // The human report has printed it on stdout.
        for line in left_out.lines().iter().filter(|_| args.format != Format::Human) {
            said.push_str(&format!("{line}\n"));
        }
        said.push_str(&format!("{}\n", report::coverage::line(coverage)));
    }
    let code = exit_code(args, &plain, judged.stale, &mut said);
    if args.timings {
        analysis.timings.phases.push(("report", begun.elapsed()));
        said.push_str(&timings::tables(&analysis.timings, start.elapsed()));
    }
    let _ = io::stderr().write_all(said.as_bytes());
    Ok(code)
}

/// The finding as reported: one from the baseline is marked as such.
fn accepted(finding: &Finding, fate: Fate) -> Finding {
    let mut finding = finding.clone();
    if fate == Fate::Baseline {
        finding.suppression = Some(Suppression { in_source: false, justification: "in the baseline".into() });
    }
    finding
}

fn exit_code(args: &CheckArgs, report: &Report, stale: usize, said: &mut String) -> u8 {
    let gates = args.fail_on();
    let stops = |finding: &&Finding| gates.iter().any(|gate| gate.stops(finding, report.rule(finding)));
    let stopped = report.findings.iter().filter(stops).count();
    let percent = report.coverage.percent();
    let low = args.min_coverage.filter(|least| percent < *least);
    if let Some(least) = low {
        // Rounded down: 94.96 is less than 95.
        let percent = (percent * 10.0).floor() / 10.0;
        said.push_str(&format!(
            "crosstalk: {percent:.1} % was read and understood, less than --min-coverage {least}\n"
        ));
    }
    if stale > 0 {
        let entries = report::coverage::count(stale, "line");
        said.push_str(&format!(
            "crosstalk: {entries} of the baseline no longer found; `crosstalk baseline prune` drops such lines\n"
        ));
    }
    if low.is_some() || args.strict && report.coverage.is_incomplete() {
        INCOMPLETE
    } else if !args.exit_zero && (stopped > args.max_findings.unwrap_or_default() || args.strict && stale > 0) {
        FINDINGS
    } else {
        CLEAN
    }
}

/// Writes a file that may be replaced; an error names it.
pub fn replace(path: &Path, text: &[u8]) -> Result<(), String> {
    outputs::write(path, &mut |out| out.write_all(text)).map_err(|e| format!("{}: {e}", path.display()))
}
