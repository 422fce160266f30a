//! The changed lines, from git or from a diff.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::report::{Finding, Related};
use crate::source::{SourceFile, Span};

/// Lines of files that differ from an older state.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// Line ranges by absolute path, in order. Where lines were only removed, the lines around the gap.
    files: BTreeMap<PathBuf, Vec<RangeInclusive<u32>>>,
}

impl Changed {
    /// The differences between the merge base of `revision` and HEAD and the working tree, including untracked files. A
    /// file that was only moved is unchanged. Git runs in the current folder, with fixed arguments.
    pub fn since(revision: &str) -> Result<Changed, String> {
        let top = git(&["rev-parse", "--show-toplevel"], &[])
            .map_err(|why| format!("--since needs a git repository: {why}"))?;
        let top = PathBuf::from(top.trim_end_matches('\n'));
        let commit =
            git(&["rev-parse", "--verify", "--quiet", "--end-of-options"], &[&format!("{revision}^{{commit}}")])
                .map_err(|_| {
                    format!("--since: `{revision}` is no commit of this repository (a shallow clone may lack it)")
                })?;
        let commit = commit.trim();
        let base = git(&["merge-base"], &[commit, "HEAD"]).map_err(|_| {
            format!("--since: `{revision}` and HEAD have no common commit (a shallow clone may lack it)")
        })?;
        let arguments = [
            "diff",
            "--unified=0",
            "--no-color",
            "--no-ext-diff",
            "--no-textconv",
            "--find-renames",
            "--no-relative",
            "--ignore-submodules",
            "--src-prefix=a/",
            "--dst-prefix=b/",
        ];
        let mut changed = Changed::parse(&git(&arguments, &[base.trim()])?, &top)?;
        let new = git(&["ls-files", "--others", "--exclude-standard", "-z", "--full-name"], &[":/"])?;
        for path in new.split('\0').filter(|path| !path.is_empty()) {
            changed.files.insert(top.join(path), vec![1..=u32::MAX]);
        }
        Ok(changed)
    }

    /// Reads a unified diff from a file. Its paths are relative to `folder`.
    pub fn of_diff(path: &Path, folder: &Path) -> Result<Changed, String> {
        let bytes = std::fs::read(path).map_err(|e| format!("--diff {}: {e}", path.display()))?;
        let text = String::from_utf8_lossy(&bytes);
        let changed = Changed::parse(&text, folder).map_err(|why| format!("--diff {}: {why}", path.display()))?;
        if changed.files.is_empty()
            && !text.trim().is_empty()
            && !text.contains("\n--- ")
            && !text.starts_with("--- ")
            && !text.contains("diff ")
        {
            return Err(format!("--diff {}: is no unified diff", path.display()));
        }
        Ok(changed)
    }

    fn parse(diff: &str, folder: &Path) -> Result<Changed, String> {
        let mut changed = Changed::default();
        let mut file: Option<PathBuf> = None;
        // Remaining lines of the hunk, in the old and the new file.
        let mut left = (0u32, 0u32);
        let mut at = 0u32;
        // Lines were removed here, and nothing has replaced them so far.
        let mut gap = false;
        for (line, number) in diff.lines().zip(1..) {
            if left != (0, 0) {
                match line.as_bytes().first() {
                    Some(b'+') => {
                        left.1 = left.1.saturating_sub(1);
                        gap = false;
                        changed.add(&file, at..=at);
                        at += 1;
                    }
                    Some(b'-') => {
                        left.0 = left.0.saturating_sub(1);
                        gap = true;
                    }
                    // Some tools strip the space of an empty line.
                    Some(b' ') | None => {
                        left = (left.0.saturating_sub(1), left.1.saturating_sub(1));
                        if std::mem::take(&mut gap) {
                            changed.add(&file, at.saturating_sub(1)..=at);
                        }
                        at += 1;
                    }
                    Some(b'\\') => {}
                    Some(_) => return Err(format!("line {number}: the hunk is cut short")),
                }
                if left == (0, 0) && std::mem::take(&mut gap) {
                    changed.add(&file, at.saturating_sub(1)..=at);
                }
            } else if let Some(path) = line.strip_prefix("+++ ") {
                file = target(path).map(|path| folder.join(path));
            } else if let Some(ranges) = line.strip_prefix("@@ -") {
                let (old, new) = hunk(ranges).ok_or(format!("line {number}: is no head of a hunk"))?;
                left = (old.1, new.1);
                // For an empty range, git gives the line before it.
                at = if new.1 == 0 { new.0 + 1 } else { new.0 };
            }
        }
        for ranges in changed.files.values_mut() {
            ranges.sort_by_key(|range| *range.start());
        }
        Ok(changed)
    }

    fn add(&mut self, file: &Option<PathBuf>, lines: RangeInclusive<u32>) {
        let Some(file) = file else { return };
        let ranges = self.files.entry(file.clone()).or_default();
        match ranges.last_mut() {
            Some(last) if *lines.start() <= last.end().saturating_add(1) && lines.start() >= last.start() => {
                *last = *last.start()..=(*last.end()).max(*lines.end());
            }
            _ => ranges.push(lines),
        }
    }

    /// Whether the finding or any of its evidence touches a changed line. `paths` are the absolute paths of the files.
    pub fn touches(&self, files: &[SourceFile], paths: &[PathBuf], finding: &Finding) -> bool {
        let evidence = finding.related.iter().chain(&finding.flow).map(|r: &Related| (r.file, r.span));
        let mut places = std::iter::once((finding.file, finding.span)).chain(evidence);
        places.any(|(file, span)| self.touches_span(&files[file.0 as usize], &paths[file.0 as usize], span))
    }

    fn touches_span(&self, file: &SourceFile, path: &Path, span: Span) -> bool {
        let Some(ranges) = self.files.get(path) else { return false };
        let first = file.line_index(span.start) as u32 + 1;
        let last = file.line_index(span.end.saturating_sub(1).max(span.start)) as u32 + 1;
        ranges.iter().any(|range| *range.start() <= last && first <= *range.end())
    }
}

/// The path after `+++`, without `b/`, quotes and anything after a tab. None for a deleted file.
fn target(path: &str) -> Option<String> {
    let path = path.trim_end_matches('\r');
    let path = match path.strip_prefix('"') {
        Some(quoted) => unquoted(quoted.strip_suffix('"').unwrap_or(quoted)),
        None => path.split('\t').next().unwrap_or(path).to_owned(),
    };
    (path != "/dev/null").then(|| path.strip_prefix("b/").unwrap_or(&path).to_owned())
}

/// Undoes git's quoting: `\t`, `\"`, `\\`, and bytes in octal.
fn unquoted(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        let (byte, used) = match (first, behind) {
            (b'\\', [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', ..]) => {
                ((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'), 4)
            }
            (b'\\', [b'n', ..]) => (b'\n', 2),
            (b'\\', [b't', ..]) => (b'\t', 2),
            (b'\\', [other, ..]) => (*other, 2),
            (other, _) => (*other, 1),
        };
        bytes.push(byte);
        rest = &rest[used..];
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// `12,3 +14,0 @@ …`: first line and line count of both sides.
fn hunk(text: &str) -> Option<((u32, u32), (u32, u32))> {
    let (old, rest) = text.split_once(" +")?;
    let (new, _) = rest.split_once(" @@")?;
    let range = |text: &str| match text.split_once(',') {
        Some((start, count)) => Some((start.parse().ok()?, count.parse().ok()?)),
        None => Some((text.parse().ok()?, 1)),
    };
    Some((range(old)?, range(new)?))
}

/// The output of a git command. A repository cannot make it run programs here: pager, hooks, monitor and display
/// filters are off.
fn git(fixed: &[&str], more: &[&str]) -> Result<String, String> {
    let output = Command::new("git")
        .args(["--no-pager", "-c", "core.fsmonitor=false", "-c", "core.quotePath=true"])
        .args(fixed)
        .args(more)
        .env("GIT_OPTIONAL_LOCKS", "0")
        .output()
        .map_err(|e| format!("git cannot be started: {e}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let why = String::from_utf8_lossy(&output.stderr);
    Err(why.lines().next().unwrap_or("git failed").trim_start_matches("fatal: ").to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(diff: &str) -> Vec<(String, Vec<(u32, u32)>)> {
        let changed = Changed::parse(diff, Path::new("/r")).expect("a diff");
        let pairs = |ranges: Vec<RangeInclusive<u32>>| ranges.into_iter().map(|r| r.into_inner()).collect();
        changed.files.into_iter().map(|(path, ranges)| (path.display().to_string(), pairs(ranges))).collect()
    }

    #[test]
    fn added_changed_and_removed_lines() {
        let diff = "diff --git a/a.c b/a.c\n--- a/a.c\n+++ b/a.c\n@@ -1 +1,2 @@\n-x\n+y\n+z\n@@ -9,2 +9,0 @@ f\n-break;\n-}\n\
                    --- a/gone.c\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n";
        assert_eq!(lines(diff), [("/r/a.c".to_owned(), vec![(1, 2), (9, 10)])]);
    }

    #[test]
    fn diffs_with_context_and_odd_names() {
        let diff = "--- a/x\t2026\n+++ b/sp ace.c\t2026-01-01\n@@ -1,3 +1,4 @@\n one\n+++ plus\n two\n\n\\ No newline\n\
                    +++ \"b/\\303\\244\\t.c\"\n@@ -0,0 +1,2 @@\n+a\n+b\n";
        assert_eq!(lines(diff), [("/r/sp ace.c".to_owned(), vec![(2, 2)]), ("/r/ä\t.c".to_owned(), vec![(1, 2)])]);
        assert!(Changed::parse("@@ -1,x +1 @@\n", Path::new("/")).is_err());
        assert!(Changed::parse("+++ b/a\n@@ -1,5 +1,5 @@\n a\nrubbish\n", Path::new("/")).is_err());
    }
}
