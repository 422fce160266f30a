//! Sets of files given by `.gitignore`-style patterns.

use std::path::{Path, PathBuf};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// Patterns relative to a directory. One with a `/` before its end matches a path from there, any other matches names
/// below; one that matches a directory covers everything in it.
#[derive(Clone, Debug)]
pub struct Patterns {
    folder: PathBuf,
    matcher: Gitignore,
}

impl Patterns {
    /// `folder` must be canonical. The error names the pattern.
    pub fn new(folder: &Path, patterns: &[String]) -> Result<Patterns, String> {
        let mut builder = GitignoreBuilder::new(folder);
        for pattern in patterns {
            builder.add_line(None, pattern).map_err(|e| format!("`{pattern}` is no pattern: {e}"))?;
        }
        let matcher = builder.build().map_err(|e| format!("the patterns are too much together: {e}"))?;
        Ok(Patterns { folder: folder.to_owned(), matcher })
    }

    /// Whether a file's canonical path is in the set.
    pub fn matches(&self, path: &Path) -> bool {
        let Ok(below) = path.strip_prefix(&self.folder) else { return false };
        matches!(self.matcher.matched_path_or_any_parents(below, false), Match::Ignore(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_paths_and_folders() {
        let matches = |patterns: &[&str], path: &str| {
            let patterns: Vec<String> = patterns.iter().map(|p| p.to_string()).collect();
            Patterns::new(Path::new("/r"), &patterns).expect("patterns").matches(Path::new(path))
        };
        assert!(matches(&["third_party/"], "/r/a/third_party/b/c.c"));
        assert!(matches(&["src/*.c"], "/r/src/a.c") && !matches(&["src/*.c"], "/r/x/src/a.c"));
        assert!(matches(&["*.gen.c"], "/r/a/b.gen.c") && matches(&["/src"], "/r/src/a.c"));
        assert!(matches(&["src/**/x.c"], "/r/src/a/b/x.c"));
        assert!(!matches(&["src", "!src/keep.c"], "/r/src/keep.c"), "a later pattern may take back");
        assert!(!matches(&["*"], "/elsewhere/a.c"), "outside of the folder nothing is meant");
        assert!(!matches(&[], "/r/a.c"));
        assert!(Patterns::new(Path::new("/r"), &["a[z-a]".into()]).is_err_and(|e| e.contains("`a[z-a]`")));
    }
}
