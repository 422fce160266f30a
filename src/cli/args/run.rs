//! Arguments shared by all commands that run an analysis: what to read, and which rules to run.

use std::path::PathBuf;

use clap::Args;
use clap::builder::RangedU64ValueParser;

use super::{CommentLevel, INPUT, OUTPUT, SELECTION, rule_names};
use crate::cli::config::model::Config;
use crate::cli::policy::Profile;

/// More threads than any machine has cores are a mistake, and each costs memory.
const MAX_THREADS: u64 = 1024;

/// What to read.
#[derive(Clone, Debug, Default, Args)]
pub struct InputArgs {
    /// Files and folders to check, or `-` for one buffer from stdin [default: .]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Also check files with this extension, besides c and h
    #[arg(long = "extension", value_name = "EXT", value_delimiter = ',', help_heading = INPUT)]
    pub extra_extensions: Vec<String>,

    /// Read the paths to check from FILE, one per line, or from stdin (`-`)
    #[arg(long, value_name = "FILE", conflicts_with = "paths", help_heading = INPUT)]
    files_from: Option<PathBuf>,

    /// The paths of --files-from are separated by NUL bytes
    #[arg(short = '0', long, requires = "files_from", help_heading = INPUT)]
    pub null: bool,

    /// Name to report for the buffer from stdin
    #[arg(long, value_name = "NAME", requires = "paths", help_heading = INPUT)]
    stdin_filename: Option<String>,

    /// Also check files that .gitignore, .ignore and .git/info/exclude leave out
    #[arg(long, help_heading = INPUT)]
    pub no_ignore: bool,

    /// Apply the configuration's include and exclude also to files named on the command line
    #[arg(long, help_heading = INPUT)]
    pub force_exclude: bool,

    /// Skip larger files; bytes, or with K, M or G
    #[arg(long, value_name = "SIZE", default_value = "32M", value_parser = parse_size, help_heading = INPUT)]
    pub max_file_size: u64,

    /// Read this configuration instead of the nearest crosstalk.toml above the first PATH
    #[arg(long, value_name = "FILE", help_heading = SELECTION)]
    pub config: Option<PathBuf>,

    /// Read no configuration
    #[arg(long, conflicts_with = "config", help_heading = SELECTION)]
    pub isolated: bool,

    /// Read a catalog of library functions besides the built-in one (repeatable; see rules/catalog/README.md)
    #[arg(long = "catalog", value_name = "FILE", help_heading = SELECTION)]
    pub catalogs: Vec<PathBuf>,
}

/// What to read, and which rules to run.
#[derive(Clone, Debug, Default, Args)]
pub struct RunArgs {
    #[command(flatten)]
    pub input: InputArgs,

    /// Also report findings in generated files (ragel, bison, …)
    #[arg(long, help_heading = INPUT)]
    pub generated: bool,

    /// Run only this rule, this set, or the rules of this family that the profile enables (repeatable)
    #[arg(long = "rule", value_name = "NAME", value_parser = rule_names(), value_delimiter = ',',
        hide_possible_values = true, help_heading = SELECTION)]
    pub rules: Vec<String>,

    /// Do not run this rule, or the rules of this family or set (repeatable)
    #[arg(long = "skip-rule", value_name = "NAME", value_parser = rule_names(), value_delimiter = ',',
        hide_possible_values = true, help_heading = SELECTION)]
    pub skipped_rules: Vec<String>,

    /// Which rules run, and which findings are shown and fail the run [default: default]
    #[arg(long, value_enum, help_heading = SELECTION)]
    pub profile: Option<Profile>,

    /// Comments that accept a fall-through: GCC's -Wimplicit-fallthrough levels 1 to 5
    #[arg(long, value_enum, value_name = "STYLE", help_heading = SELECTION)]
    pub comment_style: Option<CommentLevel>,

    /// Leave out the findings that this file lists (see `crosstalk baseline`)
    #[arg(long, value_name = "FILE", help_heading = SELECTION)]
    pub baseline: Option<PathBuf>,

    /// Do not show progress and coverage
    #[arg(short, long, help_heading = OUTPUT)]
    pub quiet: bool,

    /// Threads to use; 0 for one on each core
    #[arg(long, value_name = "N", default_value_t = 0,
        value_parser = RangedU64ValueParser::<usize>::new().range(..=MAX_THREADS))]
    pub threads: usize,

    /// Parse whole files, for comparison
    #[arg(long, hide = true)]
    pub no_slicing: bool,

    /// Add the ranking features to json-lines
    #[arg(long, hide = true)]
    pub features: bool,
}

/// Where the C code comes from.
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

impl InputArgs {
    /// What to read. The error is a usage error that clap cannot detect.
    pub fn input(&self) -> Result<Input, String> {
        let is_stdin = |path: &PathBuf| path.as_os_str() == "-";
        let usage = |message: &str| Err(message.to_owned());
        if let Some(list) = &self.files_from {
            return Ok(if is_stdin(list) { Input::ListOnStdin } else { Input::List(list.clone()) });
        }
        // clap's `requires` is lifted by paths, since they exclude --files-from.
        if self.null {
            return usage("-0 needs --files-from");
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
}

impl RunArgs {
    pub fn profile(&self) -> Profile {
        self.profile.unwrap_or_default()
    }

    pub fn comment_style(&self) -> CommentLevel {
        self.comment_style.unwrap_or_default()
    }

    /// Fills in from a configuration what the command line leaves open.
    pub fn complete(&mut self, config: &Config) {
        self.profile = self.profile.or(config.profile);
        self.comment_style = self.comment_style.or(config.comment_style);
        self.generated |= config.generated.unwrap_or_default();
        self.input.extra_extensions.extend(config.extensions.iter().flatten().cloned());
    }
}

/// A number of bytes, or of KiB, MiB or GiB with suffix K, M or G; below 4 GiB, as offsets have 32 bits.
pub(super) fn parse_size(text: &str) -> Result<u64, String> {
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
