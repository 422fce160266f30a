//! The command line.

mod run;

use std::path::PathBuf;

use clap::builder::{NonEmptyStringValueParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};

use serde::{Deserialize, Serialize};

use super::config::model::{Config, RuleName};
use super::gate::{Gate, gates};
use super::names::Names;
use super::outputs::{Output, OutputParser, formats};
use super::policy::Profile;
use crate::preprocess::comments::CommentStyle;
use crate::report::{Confidence, Format, Severity};
pub use run::{Input, InputArgs, RunArgs};

/// Finds switch fall-through, unchecked messages and cascading failures in C. Needs no build.
#[derive(Debug, Parser)]
#[command(name = "crosstalk", version)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check C files and folders
    Check(Box<CheckArgs>),
    /// List all rules, with the profiles that run them
    Rules(RulesArgs),
    /// Explain a rule, or list rules
    Explain(ExplainArgs),
    /// Write the list of accepted findings, or compare it with the current ones
    Baseline(Box<BaselineArgs>),
    /// Write a crosstalk.toml to start from
    Init(InitArgs),
    /// Print completions for a shell
    Completions(CompletionsArgs),
    /// Print the manual page
    Man,
    /// Print what the analysis knows at a line: buffers, lengths, proofs
    Trace(TraceArgs),
}

#[derive(Debug, Args)]
pub struct TraceArgs {
    /// The line to examine
    #[arg(value_name = "PATH:LINE")]
    pub place: String,
    /// Paths for callers, types and macros [default: the file alone]
    #[command(flatten)]
    pub input: InputArgs,
}

#[derive(Debug, Args)]
pub struct RulesArgs {
    /// Format of the list on stdout
    #[arg(long, value_enum, default_value_t)]
    pub format: ListFormat,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// A table
    #[default]
    Human,
    /// One JSON array with an object for each rule
    Json,
}

#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// Rule to explain, such as `implicit-fallthrough`, or family or set to list
    #[arg(value_parser = rule_names(), hide_possible_values = true)]
    pub rule: Option<String>,

    /// Print every example of the rule's page
    #[arg(long, requires = "rule")]
    pub full: bool,
}

#[derive(Debug, Args)]
pub struct BaselineArgs {
    #[command(subcommand)]
    pub action: BaselineAction,
}

#[derive(Debug, Subcommand)]
pub enum BaselineAction {
    /// Accept all current findings
    Write(RunArgs),
    /// Drop entries that are no longer found
    Prune(RunArgs),
    /// Say how many entries are found, gone, or new; change nothing
    Status(StatusArgs),
}

#[derive(Debug, Args)]
pub struct StatusArgs {
    #[command(flatten)]
    pub run: RunArgs,

    /// Exit with 0 even if entries are gone
    #[arg(long, help_heading = EXIT)]
    pub exit_zero: bool,
}

#[derive(Debug, Args)]
pub struct InitArgs {
    /// Print the configuration instead of writing it
    #[arg(long)]
    pub stdout: bool,

    /// Print the JSON Schema of crosstalk.toml
    #[arg(long, conflicts_with = "stdout")]
    pub schema: bool,
}

#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// Shell to print completions for
    pub shell: clap_complete::Shell,
}

#[derive(Clone, Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub struct CheckArgs {
    #[command(flatten)]
    pub run: RunArgs,

    /// Hide findings below this confidence [default: medium, with --fail-on note or --profile audit: low]
    #[arg(long, value_enum, value_name = "LEVEL", help_heading = SELECTION)]
    min_confidence: Option<ConfidenceLevel>,

    /// Report findings that touch lines changed since this commit; all files are analysed
    #[arg(long, value_name = "REV", help_heading = SELECTION)]
    pub since: Option<String>,

    /// Report findings that touch lines that this unified diff changes
    #[arg(long, value_name = "FILE", conflicts_with = "since", help_heading = SELECTION)]
    pub diff: Option<PathBuf>,

    /// Show accepted findings, too, in formats that can mark them: json, json-lines and sarif
    #[arg(long, help_heading = SELECTION)]
    pub include_suppressed: bool,

    /// Apply the fixes that cannot change what the program does, and report the remaining findings
    #[arg(long, help_heading = FIXES)]
    pub fix: bool,

    /// Apply every fix, including those that change what the program does; implies --fix
    #[arg(long, help_heading = FIXES)]
    pub unsafe_fixes: bool,

    /// Print what --fix would change as a unified diff, and change nothing
    #[arg(long, help_heading = FIXES)]
    pub fix_diff: bool,

    /// Write a comment with this reason that accepts it, for every finding shown
    #[arg(long, value_name = "REASON", value_parser = parse_reason, conflicts_with_all = ["fix", "unsafe_fixes"], help_heading = FIXES)]
    pub add_allow: Option<String>,

    /// Exit with 1 on a finding at or above this severity or confidence, or of this rule or family; comma-separated
    /// [default: warning, with --profile strict: note]
    #[arg(long, value_name = "WHAT", value_delimiter = ',', value_parser = gates(), hide_possible_values = true,
        help_heading = EXIT)]
    fail_on: Option<Vec<Gate>>,

    /// Exit with 1 only if there are more such findings than this [default: 0]
    #[arg(long, value_name = "N", help_heading = EXIT)]
    pub max_findings: Option<usize>,

    /// Exit with 3 if part of the input was not analysed, with 1 if the baseline lists findings that are gone
    #[arg(long, help_heading = EXIT)]
    pub strict: bool,

    /// Exit with 3 if less than this share of the files and functions was read and parsed
    #[arg(long, value_name = "PERCENT", value_parser = parse_percent, help_heading = EXIT)]
    pub min_coverage: Option<f64>,

    /// Exit with 0 whatever is found
    #[arg(long, help_heading = EXIT)]
    pub exit_zero: bool,

    /// Format of the report on stdout
    #[arg(long, value_name = "FORMAT", default_value = Format::Human.name(), value_parser = formats(),
        help_heading = OUTPUT)]
    pub format: Format,

    /// Also write the report to a file, in this format: `sarif=out.sarif` (repeatable)
    #[arg(long = "output", value_name = "FORMAT=PATH", value_parser = OutputParser, help_heading = OUTPUT)]
    pub outputs: Vec<Output>,

    /// Name of this analysis in SARIF, if one commit has several
    #[arg(long, value_name = "NAME", default_value = "crosstalk", value_parser = NonEmptyStringValueParser::new(),
        help_heading = OUTPUT)]
    pub category: String,

    /// Colour the report (auto: on a terminal; respects NO_COLOR, CLICOLOR_FORCE, FORCE_COLOR)
    #[arg(long, value_enum, value_name = "WHEN", default_value_t, help_heading = OUTPUT)]
    pub color: Color,

    /// Write what was read and what was not to FILE, as JSON
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    pub coverage_json: Option<PathBuf>,

    /// Count the findings by rule and confidence, including hidden ones: after the human report, otherwise on stderr
    #[arg(long, help_heading = OUTPUT)]
    pub statistics: bool,

    /// Print to stderr the time that each phase and each rule took
    #[arg(long, help_heading = OUTPUT)]
    pub timings: bool,

    /// Print the settings of this run as a configuration, and exit
    #[arg(long, help_heading = OUTPUT)]
    pub print_config: bool,
}

const INPUT: &str = "Input";
const SELECTION: &str = "Selection";
const FIXES: &str = "Fixes";
const EXIT: &str = "Exit code";
const OUTPUT: &str = "Output";

const EXIT_CODES: &str = "\
Exit codes: 0 nothing found, 1 findings at or above --fail-on, 2 wrong usage or an internal error, \
3 incomplete analysis with --strict or --min-coverage";

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConfidenceLevel {
    Low,
    Medium,
    High,
}

impl From<ConfidenceLevel> for Confidence {
    fn from(level: ConfidenceLevel) -> Confidence {
        match level {
            ConfidenceLevel::Low => Confidence::Low,
            ConfidenceLevel::Medium => Confidence::Medium,
            ConfidenceLevel::High => Confidence::High,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CommentLevel {
    /// Level 1: any comment
    Any,
    /// Level 2: any comment that contains `fall through`
    Loose,
    /// Level 3: `fall through` with little around it
    #[default]
    Keyword,
    /// Level 4: only FALLTHROUGH, FALLTHRU and lint's keywords
    Strict,
    /// Level 5: no comment, only an attribute
    Attribute,
}

impl From<CommentLevel> for CommentStyle {
    fn from(level: CommentLevel) -> CommentStyle {
        match level {
            CommentLevel::Any => CommentStyle::Any,
            CommentLevel::Loose => CommentStyle::Loose,
            CommentLevel::Keyword => CommentStyle::Keyword,
            CommentLevel::Strict => CommentStyle::Strict,
            CommentLevel::Attribute => CommentStyle::Attribute,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

impl CheckArgs {
    pub fn min_confidence(&self) -> ConfidenceLevel {
        // A gate on notes must see them.
        let gates = self.fail_on();
        let low = [Gate::Severity(Severity::Note), Gate::Confidence(Confidence::Low)];
        let all = self.run.profile() == Profile::Audit || low.iter().any(|gate| gates.contains(gate));
        self.min_confidence.unwrap_or(if all { ConfidenceLevel::Low } else { ConfidenceLevel::Medium })
    }

    pub fn fail_on(&self) -> Vec<Gate> {
        let severity = if self.run.profile() == Profile::Strict { Severity::Note } else { Severity::Warning };
        self.fail_on.clone().unwrap_or_else(|| vec![Gate::Severity(severity)])
    }

    /// Fills in from a configuration what the command line leaves open; `run` is already completed this way.
    pub fn completed(&self, run: &RunArgs, config: &Config) -> CheckArgs {
        CheckArgs {
            run: run.clone(),
            min_confidence: self.min_confidence.or(config.min_confidence),
            fail_on: self.fail_on.clone().or_else(|| config.fail_on.clone()),
            max_findings: self.max_findings.or(config.max_findings),
            min_coverage: self.min_coverage.or(config.min_coverage),
            strict: self.strict || config.strict.unwrap_or_default(),
            ..self.clone()
        }
    }
}

impl Color {
    /// Whether to colour a stream; `terminal` says whether it is one.
    pub fn enabled(self, terminal: bool) -> bool {
        self.decide(terminal, |name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()))
    }

    fn decide(self, terminal: bool, variable: impl Fn(&str) -> Option<String>) -> bool {
        let set = |name| variable(name).is_some_and(|value| !value.is_empty());
        let forced = |name| variable(name).is_some_and(|value| !value.is_empty() && value != "0");
        match self {
            Color::Always => true,
            Color::Never => false,
            Color::Auto if set("NO_COLOR") => false,
            Color::Auto if forced("CLICOLOR_FORCE") || forced("FORCE_COLOR") => true,
            Color::Auto => terminal && variable("TERM").is_none_or(|term| term != "dumb"),
        }
    }
}

fn rule_names() -> impl TypedValueParser<Value = String> {
    Names::new("rule or family", RuleName::all()).map(str::to_owned)
}

fn parse_reason(text: &str) -> Result<String, String> {
    if text.trim().is_empty() { Err("expected a reason".into()) } else { Ok(text.to_owned()) }
}

fn parse_percent(text: &str) -> Result<f64, String> {
    let percent: f64 = text.trim_end_matches('%').parse().map_err(|_| "expected a percentage".to_string())?;
    if (0.0..=100.0).contains(&percent) { Ok(percent) } else { Err("expected a percentage, 0 to 100".into()) }
}

#[cfg(test)]
mod tests;
