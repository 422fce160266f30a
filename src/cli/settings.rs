//! The settings of a run: the command line, completed by the configuration.

use std::path::{Path, PathBuf};

use super::args::{CheckArgs, Input, InputArgs, RunArgs};
use super::config::{self, Found, model::Config};
use super::policy::{Levels, Policy};
use crate::source::{Patterns, SourceFile, shown};

pub struct Settings {
    pub run: RunArgs,
    pub policy: Policy,
    pub include: Option<Patterns>,
    pub exclude: Option<Patterns>,
    pub catalogs: Vec<PathBuf>,
    /// The catalog in the configuration itself: its file and its text.
    pub catalog: Option<(String, String)>,
    /// The name of the file that defines macros, and the `#define` lines.
    macros: Option<(String, String)>,
    pub baseline: Option<PathBuf>,
    /// Comments that accept findings must give a reason.
    pub reasons: bool,
    pub config: Config,
}

impl Settings {
    pub fn new(run: &RunArgs) -> Result<Settings, String> {
        let mut run = run.clone();
        let found = found(&run.input)?;
        let folder = found.as_ref().map(|found| found.folder.clone()).unwrap_or_default();
        let config = found.as_ref().map(|found| found.config.clone()).unwrap_or_default();
        run.complete(&config);
        let name = found.as_ref().map(|found| shown(&found.path)).unwrap_or_default();
        let patterns = |key: &str, patterns: &[String]| {
            Patterns::new(&folder, patterns).map_err(|why| format!("{name}: {key}: {why}"))
        };
        let optional = |key, list: &Option<Vec<String>>| list.as_deref().map(|list| patterns(key, list)).transpose();
        let mut overrides: Vec<(Patterns, Levels)> = Vec::new();
        for other in &config.overrides {
            overrides.push((patterns("overrides", &other.paths)?, other.rules.clone()));
        }
        let inside = |path: &str, what: &str| match &found {
            Some(found) => found.inside(path, what),
            None => Ok(PathBuf::from(path)),
        };
        let mut catalogs = run.input.catalogs.clone();
        for catalog in &config.catalogs {
            catalogs.push(inside(catalog, "catalogs")?);
        }
        let catalog = toml::to_string(&config.catalog).map_err(|e| format!("{name}: catalog: {e}"))?;
        let baseline = config.baseline.as_deref().map(|path| inside(path, "baseline")).transpose()?;
        let define = |(head, body): (&config::model::MacroHead, &String)| {
            format!("#define {} {}\n", head.0, body.replace(['\n', '\r'], " "))
        };
        let macros: String = config.macros.iter().map(define).collect();
        let policy = Policy::new(&run.rules, run.profile(), config.rules.clone(), overrides);
        let policy = policy.without(&run.skipped_rules);
        if policy.rules.is_empty() {
            return Err("no rule is left to run: see --rule, --skip-rule and `[rules]`".into());
        }
        Ok(Settings {
            policy,
            include: optional("include", &config.include)?,
            exclude: optional("exclude", &config.exclude)?,
            catalogs,
            catalog: (!catalog.is_empty()).then(|| (name.clone(), catalog)),
            macros: (!macros.is_empty()).then_some((name, macros)),
            baseline: run.baseline.clone().or(baseline),
            reasons: config.require_reasons.unwrap_or_default(),
            config,
            run,
        })
    }

    /// The macros of the configuration, as an additional header.
    pub fn header(&self) -> Option<SourceFile> {
        self.macros.as_ref().map(|(name, text)| SourceFile::new(name, text.clone().into_bytes()))
    }

    /// The settings as a configuration, with those of `args` that a configuration can hold.
    pub fn print(&self, args: &CheckArgs) -> Result<String, String> {
        let Settings { run, config, .. } = self;
        let extensions = run.input.extensions();
        let config = Config {
            profile: Some(run.profile()),
            min_confidence: Some(args.min_confidence()),
            comment_style: Some(run.comment_style()),
            require_reasons: Some(self.reasons),
            fail_on: Some(args.fail_on()),
            strict: Some(args.strict),
            min_coverage: args.min_coverage,
            max_findings: Some(args.max_findings.unwrap_or_default()),
            baseline: self.baseline.as_deref().map(shown),
            generated: Some(run.generated),
            extensions: Some(extensions.into_iter().filter(|e| e != "c" && e != "h").collect()),
            catalogs: self.catalogs.iter().map(|path| shown(path)).collect(),
            ..config.clone()
        };
        toml::to_string(&config).map_err(|e| e.to_string())
    }
}

fn found(args: &InputArgs) -> Result<Option<Found>, String> {
    if args.isolated {
        return Ok(None);
    }
    if let Some(path) = &args.config {
        return config::load(path).map(Some);
    }
    let input = args.input()?;
    let start = match &input {
        Input::Paths(paths) => paths.first().map(PathBuf::as_path).filter(|path| path.exists()),
        _ => None,
    };
    config::find(start.unwrap_or(Path::new(".")))
}
