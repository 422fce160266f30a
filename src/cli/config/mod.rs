//! `crosstalk.toml`: finding it, reading it, and what it adds to the command line.
//!
//! A configuration may be part of an untrusted checkout. It can only name files inside its own tree, and nothing in it
//! is ever executed.

mod form;
pub mod model;
pub mod schema;
mod tables;

use std::fs;
use std::path::{Path, PathBuf};

use crate::checks::pages::nearest;
use crate::program::catalog::Catalog;
use crate::source::shown;
use model::Config;

pub const NAMES: [&str; 2] = ["crosstalk.toml", ".crosstalk.toml"];

/// Limit on the chain of files that extend one another.
const MAX_DEPTH: usize = 8;
const MAX_BYTES: u64 = 1 << 20;

/// A configuration and its location.
#[derive(Clone, Debug)]
pub struct Found {
    pub config: Config,
    /// The file itself.
    pub path: PathBuf,
    /// Its canonical folder: its paths and patterns are relative to this.
    pub folder: PathBuf,
    /// The repository, or else the folder; no file outside is read.
    tree: PathBuf,
}

impl Found {
    /// A file named by the configuration, if it lies in the tree. It need not exist.
    pub fn inside(&self, path: &str, what: &str) -> Result<PathBuf, String> {
        inside(&self.folder, path, &self.tree).map_err(|why| format!("{}: {what}: {why}", shown(&self.path)))
    }
}

/// The nearest configuration in `start` or a folder above it, up to the root of the repository.
pub fn find(start: &Path) -> Result<Option<Found>, String> {
    let Ok(start) = fs::canonicalize(start) else { return Ok(None) };
    for folder in start.ancestors() {
        let here: Vec<PathBuf> = NAMES.iter().map(|name| folder.join(name)).filter(|path| path.is_file()).collect();
        match &here[..] {
            [] if folder.join(".git").exists() => return Ok(None),
            [] => {}
            [path] => return load(path).map(Some),
            _ => return Err(format!("{}: both {} and {} are here: keep one", shown(folder), NAMES[0], NAMES[1])),
        }
    }
    Ok(None)
}

/// Reads a configuration and everything it extends.
pub fn load(path: &Path) -> Result<Found, String> {
    let real = fs::canonicalize(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let folder = real.parent().unwrap_or(Path::new("/")).to_owned();
    let tree = folder.ancestors().find(|folder| folder.join(".git").exists()).unwrap_or(&folder).to_owned();
    let mut config = read(&real)?;
    let mut last = real.clone();
    let mut depth = 0;
    while let Some(base) = config.extend.take() {
        let near = last.parent().unwrap_or(&tree);
        let base = inside(near, &base, &tree).map_err(|why| format!("{}: extend: {why}", shown(&last)))?;
        depth += 1;
        if depth > MAX_DEPTH {
            return Err(format!("{}: extend: more than {MAX_DEPTH} files, or a circle", shown(&real)));
        }
        let mut below = read(&base)?;
        let next = below.extend.take();
        config = config.over(below);
        config.extend = next;
        last = base;
    }
    Ok(Found { config, path: real, folder, tree })
}

/// `path`, relative to `folder`, unless it leads outside `tree`, even by symbolic links.
fn inside(folder: &Path, path: &str, tree: &Path) -> Result<PathBuf, String> {
    let joined = folder.join(path);
    let real = match fs::canonicalize(&joined) {
        Ok(real) => real,
        // A file to be written need not exist.
        Err(_) => {
            let parent = joined.parent().unwrap_or(folder);
            let parent = fs::canonicalize(parent).map_err(|e| format!("`{path}`: {e}"))?;
            parent.join(joined.file_name().ok_or(format!("`{path}` is no file"))?)
        }
    };
    if real.starts_with(tree) { Ok(real) } else { Err(format!("`{path}` is outside of {}", tree.display())) }
}

fn read(path: &Path) -> Result<Config, String> {
    let name = shown(path);
    let metadata = fs::metadata(path).map_err(|e| format!("{name}: {e}"))?;
    if !metadata.is_file() || metadata.len() > MAX_BYTES {
        return Err(format!("{name}: is no file of at most 1 MiB"));
    }
    let text = fs::read_to_string(path).map_err(|e| format!("{name}: {e}"))?;
    parse(&text).map_err(|(line, why)| format!("{name}:{line}: {why}"))
}

/// Parses a configuration; an error has its line.
fn parse(text: &str) -> Result<Config, (usize, String)> {
    let config: Config = toml::from_str(text).map_err(|e| {
        let start = e.span().unwrap_or_default().start.min(text.len());
        let line = text.as_bytes()[..start].iter().filter(|b| **b == b'\n').count() + 1;
        (line, explain(&of_its_key(text, start, e.message())))
    })?;
    Catalog::check_inside("", text).map_err(|e| (e.line, explain(&e.message)))?;
    if config.min_coverage.is_some_and(|percent| !(0.0..=100.0).contains(&percent)) {
        let line = text.lines().position(|line| line.trim_start().starts_with("min-coverage")).unwrap_or(0) + 1;
        return Err((line, "min-coverage is a percentage, 0 to 100".into()));
    }
    Ok(config)
}

/// Adds the key to an error about a value: `strict` is more helpful than "an integer is not a boolean" alone.
fn of_its_key(text: &str, start: usize, message: &str) -> String {
    let line = &text[text[..start].rfind('\n').map_or(0, |at| at + 1)..];
    let key = line.lines().next().and_then(|line| line.split_once('=')).map(|(key, _)| key.trim());
    match key.filter(|_| message.starts_with("invalid type: ") || message.starts_with("wanted ")) {
        Some(key) => format!("`{}`: {message}", key.trim_matches('"')),
        None => message.to_owned(),
    }
}

/// Types as serde names them, and as TOML or a reader does.
const TYPES: [(&str, &str); 6] = [
    ("wanted string or table", "expected a string"),
    ("expected a sequence", "expected a list: [\"...\"]"),
    ("expected a map", "expected a table"),
    ("expected usize", "expected a whole number"),
    ("expected f64", "expected a number"),
    ("expected a boolean", "expected true or false"),
];

/// An error from serde in plain words, with a suggestion instead of a long list.
pub fn explain(message: &str) -> String {
    if let Some((theirs, ours)) = TYPES.iter().find(|(theirs, _)| message.contains(theirs)) {
        return message.replace(theirs, ours).replace("invalid type: ", "this is ");
    }
    let (wrong, expected) = message.split_once(", expected ").unwrap_or((message, ""));
    let quoted = |text: &str| text.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let (names, known) = (quoted(wrong), quoted(expected));
    let guess = names.last().and_then(|name| nearest(name, known.iter().map(String::as_str)));
    match guess {
        Some(guess) => format!("{wrong}; did you mean `{guess}`?"),
        None => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::config::model::{Level, RuleName};

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
        folder
    }

    #[test]
    fn mistakes_have_a_line_and_a_guess() {
        for (text, line, why) in [
            ("\nprofle = \"misra\"", 2, "unknown field `profle`; did you mean `profile`?"),
            ("profile = \"mirsa\"", 1, "did you mean `misra`?"),
            (
                "[rules]\nimplicit-falltrough = \"off\"",
                2,
                "unknown rule `implicit-falltrough`; did you mean `implicit-fallthrough`?",
            ),
            ("[rules]\n\nswitch = \"wanring\"", 3, "did you mean `warning`?"),
            ("fail-on = [\"warnig\"]", 1, "did you mean `warning`?"),
            ("[[overrides]]\npaths = []\nrule = {}", 3, "did you mean `rules`?"),
            ("[macros]\n\"A(x\" = \"\"", 2, "is no macro"),
            ("strict = 1", 1, "`strict`: this is integer `1`, expected true or false"),
            ("\nexclude = \"a\"", 2, "`exclude`: this is string \"a\", expected a list"),
            ("min-confidence = 3", 1, "`min-confidence`: expected a string"),
            ("max-findings = \"3\"", 1, "expected a whole number"),
            ("rules = 3", 1, "expected a table"),
            ("[[catalog.noretrun]]\nnames = []", 1, "unknown field `noretrun`; did you mean `noreturn`?"),
            ("[[catalog.sink]]\nnames = [\"f\"]\nkind = \"copi\"", 3, "did you mean `copy`?"),
            ("[[catalog.sink]]\nnames = [\"f\"]\nkind = \"copy\"\nsizes = 1", 4, "did you mean `size`?"),
            ("[[catalog.sink]]\nnames = [\"f\"]\nkind = \"copy\"", 2, "needs `dst`, `src` and `size`"),
            ("\n[[catalog.noreturn]]\nnames = [\"a b\"]", 3, "is no name of C"),
            ("\nmin-coverage = 101", 2, "a percentage"),
            ("exclude = [\"a\"", 1, ""),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.0 == line && error.1.contains(why), "{text}: {error:?}");
        }
    }

    #[test]
    fn the_nearest_one_counts_and_a_repository_is_a_border() {
        let folder = folder(&[
            ("crosstalk.toml", "strict = true"),
            ("a/.crosstalk.toml", "strict = false"),
            ("a/b/x.c", ""),
            ("repo/.git/config", ""),
            ("repo/c/x.c", ""),
        ]);
        let strict = |path: &str| find(&folder.path().join(path)).expect("no error").map(|f| f.config.strict);
        assert_eq!(strict("a/b"), Some(Some(false)));
        assert_eq!(strict("a/b/x.c"), Some(Some(false)));
        assert_eq!(strict("."), Some(Some(true)));
        assert_eq!(strict("repo/c"), None);
        fs::write(folder.path().join("a/crosstalk.toml"), "").expect("a file");
        assert!(find(&folder.path().join("a")).is_err_and(|e| e.contains("keep one")));
    }

    #[test]
    fn what_extends_wins_and_stays_in_the_tree() {
        let folder = folder(&[
            ("repo/.git/config", ""),
            (
                "repo/base/all.toml",
                "extend = \"../deep.toml\"\nstrict = true\n[rules]\nswitch = \"off\"\nmisra = \"on\"",
            ),
            ("repo/deep.toml", "max-findings = 7\ncatalogs = [\"deep.toml\"]"),
            ("repo/sub/crosstalk.toml", "extend = \"../base/all.toml\"\n[rules]\nswitch = \"note\""),
            ("outside.toml", "strict = true"),
            ("repo/bad.toml", "extend = \"../outside.toml\""),
            ("repo/circle.toml", "extend = \"circle.toml\""),
        ]);
        let load = |path: &str| load(&folder.path().join("repo").join(path));
        let found = load("sub/crosstalk.toml").expect("a configuration");
        assert_eq!((found.config.strict, found.config.max_findings), (Some(true), Some(7)));
        assert_eq!(found.config.rules[&RuleName("switch".into())], Level::Note);
        assert_eq!(found.config.rules[&RuleName("misra".into())], Level::On);
        assert!(found.inside("../base/all.toml", "catalogs").is_ok() && found.inside("new.txt", "baseline").is_ok());
        assert!(found.inside("../../outside.toml", "catalogs").is_err());
        assert!(found.inside("/etc/passwd", "baseline").is_err());
        assert!(load("bad.toml").is_err_and(|e| e.contains("extend: `../outside.toml` is outside of")));
        assert!(load("circle.toml").is_err_and(|e| e.contains("circle")));
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("../outside.toml", folder.path().join("repo/link.toml")).expect("a link");
            fs::write(folder.path().join("repo/linked.toml"), "extend = \"link.toml\"").expect("a file");
            assert!(load("linked.toml").is_err_and(|e| e.contains("outside of")));
        }
    }
}
