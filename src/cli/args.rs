//! The command line.

use std::path::PathBuf;

use clap::builder::{NonEmptyStringValueParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use serde::{Deserialize, Serialize};

use super::config::model::{Config, RuleName};
use super::gate::{Gate, gates};
use super::names::Names;
use super::outputs::{Output, OutputParser, formats};
use super::policy::Profile;
use crate::preprocess::comments::CommentStyle;
use crate::report::{Confidence, Format, Severity};

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
    /// Write the list of accepted findings, or compare it with what is found
    Baseline(Box<BaselineArgs>),
    /// Write a crosstalk.toml to begin with
    Init(InitArgs),
    /// Print completions for a shell
    Completions(CompletionsArgs),
    /// Print the manual page
    Man,
    /// Tell what is known and missing at a line: buffers, lengths, proofs
    Trace(TraceArgs),
}

#[derive(Debug, Args)]
pub struct TraceArgs {
    /// The line asked about
    #[arg(value_name = "PATH:LINE")]
    pub place: String,
    /// Files and folders to take callers, types and macros from [default: the file alone]
    pub paths: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub struct RulesArgs {
    /// Form of the list on stdout
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
}

#[derive(Debug, Args)]
pub struct BaselineArgs {
    #[command(subcommand)]
    pub action: BaselineAction,
}

#[derive(Debug, Subcommand)]
pub enum BaselineAction {
    /// Accept all that is found now
    Write(CheckArgs),
    /// Drop entries that are found no more
    Prune(CheckArgs),
    /// Say how many entries are found, gone, or new; change nothing
    Status(CheckArgs),
}

#[derive(Debug, Args)]
pub struct InitArgs {
    /// Print it instead of writing it
    #[arg(long)]
    pub stdout: bool,

    /// Print the JSON Schema of crosstalk.toml
    #[arg(long, conflicts_with = "stdout")]
    pub schema: bool,
}

#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// Shell to complete in
    pub shell: clap_complete::Shell,
}

#[derive(Clone, Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub struct CheckArgs {
    /// Files and folders to check, or `-` for one buffer from stdin [default: .]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Check files of this extension too, besides c and h
    #[arg(long = "extension", value_name = "EXT", value_delimiter = ',', help_heading = INPUT)]
    pub extra_extensions: Vec<String>,

    /// Read the files to check from FILE, one a line, or from stdin (`-`)
    #[arg(long, value_name = "FILE", conflicts_with = "paths", help_heading = INPUT)]
    files_from: Option<PathBuf>,

    /// The list of --files-from is separated by NUL bytes
    #[arg(short = '0', long, requires = "files_from", help_heading = INPUT)]
    pub null: bool,

    /// Name to report for the buffer from stdin
    #[arg(long, value_name = "NAME", requires = "paths", help_heading = INPUT)]
    stdin_filename: Option<String>,

    /// Check files that .gitignore, .ignore and .git/info/exclude leave out
    #[arg(long, help_heading = INPUT)]
    pub no_ignore: bool,

    /// Report findings in generated files (ragel, bison, …), too
    #[arg(long, help_heading = INPUT)]
    pub generated: bool,

    /// Apply the configuration's include and exclude to files named on the command line, too
    #[arg(long, help_heading = INPUT)]
    pub force_exclude: bool,

    /// Skip larger files; bytes, or with K, M or G
    #[arg(long, value_name = "SIZE", default_value = "32M", value_parser = parse_size, help_heading = INPUT)]
    pub max_file_size: u64,

    /// Read this configuration, not the nearest crosstalk.toml above the first PATH
    #[arg(long, value_name = "FILE", help_heading = SELECTION)]
    pub config: Option<PathBuf>,

    /// Read no configuration
    #[arg(long, conflicts_with = "config", help_heading = SELECTION)]
    pub isolated: bool,

    /// Run only this rule, or the rules of this family or set, whatever the profile (repeatable)
    #[arg(long = "rule", value_name = "NAME", value_parser = rule_names(), value_delimiter = ',',
        hide_possible_values = true, help_heading = SELECTION)]
    pub rules: Vec<String>,

    /// Do not run this rule, or the rules of this family or set (repeatable)
    #[arg(long = "skip-rule", value_name = "NAME", value_parser = rule_names(), value_delimiter = ',',
        hide_possible_values = true, help_heading = SELECTION)]
    pub skipped_rules: Vec<String>,

    /// Which rules run, and how much of what they find counts [default: default]
    #[arg(long, value_enum, help_heading = SELECTION)]
    profile: Option<Profile>,

    /// Hide findings below this confidence [default: medium, with --fail-on note or --profile audit: low]
    #[arg(long, value_enum, value_name = "LEVEL", help_heading = SELECTION)]
    min_confidence: Option<ConfidenceLevel>,

    /// Comments that accept a fall-through: GCC's -Wimplicit-fallthrough levels 1 to 5
    #[arg(long, value_enum, value_name = "STYLE", help_heading = SELECTION)]
    comment_style: Option<CommentLevel>,

    /// Leave out the findings that this file lists (see `crosstalk baseline`)
    #[arg(long, value_name = "FILE", help_heading = SELECTION)]
    pub baseline: Option<PathBuf>,

    /// Report findings that touch lines changed since this commit; all files are analysed
    #[arg(long, value_name = "REV", help_heading = SELECTION)]
    pub since: Option<String>,

    /// Report findings that touch lines that this unified diff changes
    #[arg(long, value_name = "FILE", conflicts_with = "since", help_heading = SELECTION)]
    pub diff: Option<PathBuf>,

    /// Show accepted findings, too, where the form can say so: json, json-lines and sarif
    #[arg(long, help_heading = SELECTION)]
    pub include_suppressed: bool,

    /// Apply the fixes that cannot change what the program does, and report what is left
    #[arg(long, help_heading = FIXES)]
    pub fix: bool,

    /// Apply every fix there is; implies --fix
    #[arg(long, help_heading = FIXES)]
    pub unsafe_fixes: bool,

    /// Print what --fix would change as a unified diff, and change nothing
    #[arg(long, help_heading = FIXES)]
    pub fix_diff: bool,

    /// Accept every finding that is shown by a comment on its line, with this reason
    #[arg(long, value_name = "REASON", conflicts_with_all = ["fix", "unsafe_fixes"], help_heading = FIXES)]
    pub add_allow: Option<String>,

    /// Exit with 1 on a finding of this severity or confidence or above, or of this rule or family; several with commas
    /// [default: warning, with --profile strict: note]
    #[arg(long, value_name = "WHAT", value_delimiter = ',', value_parser = gates(), hide_possible_values = true,
        help_heading = EXIT)]
    fail_on: Option<Vec<Gate>>,

    /// Exit with 1 only on more such findings than this [default: 0]
    #[arg(long, value_name = "N", help_heading = EXIT)]
    pub max_findings: Option<usize>,

    /// Exit with 3 when a part of the input was not analysed, with 1 when the baseline lists what is gone
    #[arg(long, help_heading = EXIT)]
    pub strict: bool,

    /// Exit with 3 when less than this share of the files and functions was read and understood
    #[arg(long, value_name = "PERCENT", value_parser = parse_percent, help_heading = EXIT)]
    pub min_coverage: Option<f64>,

    /// Exit with 0 whatever is found
    #[arg(long, help_heading = EXIT)]
    pub exit_zero: bool,

    /// Form of the report on stdout
    #[arg(long, value_name = "FORMAT", default_value = Format::Human.name(), value_parser = formats(),
        help_heading = OUTPUT)]
    pub format: Format,

    /// Write the report to a file, too, in a form of its own: `sarif=out.sarif` (repeatable)
    #[arg(long = "output", value_name = "FORMAT=PATH", value_parser = OutputParser, help_heading = OUTPUT)]
    pub outputs: Vec<Output>,

    /// Name of this analysis in SARIF, where one commit gets several
    #[arg(long, value_name = "NAME", default_value = "crosstalk", value_parser = NonEmptyStringValueParser::new(),
        help_heading = OUTPUT)]
    pub category: String,

    /// Colour the report (auto: on a terminal; heeds NO_COLOR, CLICOLOR_FORCE, FORCE_COLOR)
    #[arg(long, value_enum, value_name = "WHEN", default_value_t, help_heading = OUTPUT)]
    pub color: Color,

    /// Write what was read and what was not to FILE, as JSON
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    pub coverage_json: Option<PathBuf>,

    /// Count the findings of each rule by confidence, hidden ones too: behind the human report, else on stderr
    #[arg(long, help_heading = OUTPUT)]
    pub statistics: bool,

    /// Show neither progress nor coverage
    #[arg(short, long, help_heading = OUTPUT)]
    pub quiet: bool,

    /// Print the time that each phase and each rule took to stderr
    #[arg(long, help_heading = OUTPUT)]
    pub timings: bool,

    /// Print the settings of this run as a configuration, and end
    #[arg(long, help_heading = OUTPUT)]
    pub print_config: bool,

    /// Threads to use; 0 for one on each core
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub threads: usize,

    /// Read a catalog of library functions besides the one built in (repeatable; see rules/catalog/README.md)
    #[arg(long = "catalog", value_name = "FILE", help_heading = SELECTION)]
    pub catalogs: Vec<PathBuf>,

    /// Parse whole files, for comparison
    #[arg(long, hide = true)]
    pub no_slicing: bool,

    /// Add the ranking features to json-lines
    #[arg(long, hide = true)]
    pub features: bool,
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
    /// Level 2: any comment that holds `fall through`
    Loose,
    /// Level 3: `fall through` with little around it
    #[default]
    Keyword,
    /// Level 4: FALLTHROUGH, FALLTHRU and lint's keywords alone
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

/// Where the C comes from.
#[derive(Debug, PartialEq, Eq)]
pub enum Input {
    /// One buffer on stdin, under this name.
    Stdin(String),
    /// Files and folders.
    Paths(Vec<PathBuf>),
    /// A list of files in a file, or on stdin.
    List(PathBuf),
    ListOnStdin,
}

impl CheckArgs {
    /// What to read. The error is one of usage: its `exit` prints it and ends with 2.
    pub fn input(&self) -> Result<Input, clap::Error> {
        let is_stdin = |path: &PathBuf| path.as_os_str() == "-";
        let usage = |message: &str| Err(Cli::command().error(ErrorKind::ArgumentConflict, message));
        if let Some(list) = &self.files_from {
            return Ok(if is_stdin(list) { Input::ListOnStdin } else { Input::List(list.clone()) });
        }
        let stdin = self.paths.iter().any(is_stdin);
        if stdin && self.paths.len() > 1 {
            return usage("`-` reads one buffer from stdin and cannot be used with other paths");
        }
        match &self.stdin_filename {
            Some(_) if !stdin => usage("--stdin-filename needs the path `-`"),
            Some(name) => Ok(Input::Stdin(name.clone())),
            None if stdin => Ok(Input::Stdin("<stdin>".into())),
            None if self.paths.is_empty() => Ok(Input::Paths(vec![".".into()])),
            None => Ok(Input::Paths(self.paths.clone())),
        }
    }

    /// `c`, `h` and those of --extension, without dots.
    pub fn extensions(&self) -> Vec<String> {
        let extra = self.extra_extensions.iter().map(|extension| extension.trim().trim_start_matches('.'));
        let mut all = vec!["c".to_string(), "h".to_string()];
        for extension in extra.filter(|extension| !extension.is_empty()) {
            if !all.iter().any(|known| known == extension) {
                all.push(extension.to_string());
            }
        }
        all
    }

    pub fn profile(&self) -> Profile {
        self.profile.unwrap_or_default()
    }

    pub fn comment_style(&self) -> CommentLevel {
        self.comment_style.unwrap_or_default()
    }

    pub fn min_confidence(&self) -> ConfidenceLevel {
        // A gate on notes has to see them.
        let gates = self.fail_on();
        let low = [Gate::Severity(Severity::Note), Gate::Confidence(Confidence::Low)];
        let all = self.profile() == Profile::Audit || low.iter().any(|gate| gates.contains(gate));
        self.min_confidence.unwrap_or(if all { ConfidenceLevel::Low } else { ConfidenceLevel::Medium })
    }

    pub fn fail_on(&self) -> Vec<Gate> {
        let severity = if self.profile() == Profile::Strict { Severity::Note } else { Severity::Warning };
        self.fail_on.clone().unwrap_or_else(|| vec![Gate::Severity(severity)])
    }

    /// Takes from a configuration what the command line leaves open.
    pub fn complete(&mut self, config: &Config) {
        self.profile = self.profile.or(config.profile);
        self.min_confidence = self.min_confidence.or(config.min_confidence);
        self.comment_style = self.comment_style.or(config.comment_style);
        self.fail_on = self.fail_on.take().or_else(|| config.fail_on.clone());
        self.max_findings = self.max_findings.or(config.max_findings);
        self.min_coverage = self.min_coverage.or(config.min_coverage);
        self.strict |= config.strict.unwrap_or_default();
        self.generated |= config.generated.unwrap_or_default();
        self.extra_extensions.extend(config.extensions.iter().flatten().cloned());
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

fn parse_percent(text: &str) -> Result<f64, String> {
    let percent: f64 = text.trim_end_matches('%').parse().map_err(|_| "expected a percentage".to_string())?;
    if (0.0..=100.0).contains(&percent) { Ok(percent) } else { Err("expected a percentage, 0 to 100".into()) }
}

/// A number of bytes, or of KiB, MiB or GiB with a suffix K, M or G; below 4 GiB, for offsets are 32 bits wide.
fn parse_size(text: &str) -> Result<u64, String> {
    let (digits, unit) = match text.char_indices().last() {
        Some((at, 'k' | 'K')) => (&text[..at], 1 << 10),
        Some((at, 'm' | 'M')) => (&text[..at], 1 << 20),
        Some((at, 'g' | 'G')) => (&text[..at], 1 << 30),
        _ => (text, 1),
    };
    let number: u64 = digits.parse().map_err(|_| "expected a number with an optional K, M or G".to_string())?;
    match number.checked_mul(unit) {
        Some(size) if size <= u32::MAX.into() => Ok(size),
        _ => Err("the limit must be below 4G".into()),
    }
}

#[cfg(test)]
mod tests;
