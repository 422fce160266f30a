//! Finds and reads the files of a run.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use walkdir::{DirEntry, WalkDir};

use super::{Patterns, SourceFile};

/// What to search for.
#[derive(Clone, Debug)]
pub struct Selection {
    /// Files, taken as they are, and directories, which are searched.
    pub paths: Vec<PathBuf>,
    /// Without the dot, compared exactly (`.C` is C++).
    pub extensions: Vec<String>,
    /// Only matching files are taken; `None` means all.
    pub include: Option<Patterns>,
    /// Matching files are skipped.
    pub exclude: Option<Patterns>,
    /// `include` and `exclude` also apply to files named in `paths`.
    pub filter_named: bool,
    /// Honour `.gitignore`, `.ignore` and `.git/info/exclude`.
    pub use_ignore_files: bool,
    /// For `load`: a larger file is still listed, so that its rejection is reported.
    pub max_file_bytes: u64,
}

impl Default for Selection {
    fn default() -> Self {
        Selection {
            paths: vec![PathBuf::from(".")],
            extensions: vec!["c".into(), "h".into()],
            include: None,
            exclude: None,
            filter_named: false,
            use_ignore_files: true,
            max_file_bytes: 32 << 20,
        }
    }
}

impl Selection {
    /// Whether the patterns select the file.
    fn wants(&self, real: &Path) -> bool {
        self.include.as_ref().is_none_or(|include| include.matches(real))
            && !self.exclude.as_ref().is_some_and(|exclude| exclude.matches(real))
    }
}

/// What was found.
#[derive(Debug, Default)]
pub struct Discovery {
    /// Sorted; each real file once.
    pub files: Vec<PathBuf>,
    /// Displayed path and what is wrong with it; sorted.
    pub problems: Vec<(String, String)>,
}

/// Finds the files of a run. Reads only directories and ignore files.
pub fn discover(selection: &Selection) -> Discovery {
    let mut search = Search { selection, found: BTreeMap::new(), problems: Vec::new() };
    for path in &selection.paths {
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => search.walk(path),
            Ok(_) => search.add_real(path, false, selection.filter_named),
            Err(error) => search.problem(path, &error),
        }
    }
    let mut files: Vec<PathBuf> = search.found.into_values().map(|found| found.path).collect();
    files.sort();
    search.problems.sort();
    search.problems.dedup();
    Discovery { files, problems: search.problems }
}

struct Search<'a> {
    selection: &'a Selection,
    /// By canonical path.
    found: BTreeMap<PathBuf, Found>,
    problems: Vec<(String, String)>,
}

struct Found {
    path: PathBuf,
    /// Found as a symlink during a walk: the real name, if found too, is preferred for display.
    link: bool,
}

impl Search<'_> {
    fn walk(&mut self, root: &Path) {
        let base = match fs::canonicalize(root) {
            Ok(base) => base,
            Err(error) => return self.problem(root, &error),
        };
        let honour = self.selection.use_ignore_files;
        let mut rules = if honour { rules_above(&base) } else { Vec::new() };
        let rules_outside = rules.len();

        // Sorted, so that of two links to one file the same one is taken on every machine.
        let mut entries = WalkDir::new(root).sort_by_file_name().into_iter();
        while let Some(entry) = entries.next() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    let path = error.path().unwrap_or(root).to_path_buf();
                    let cause = error.into_io_error().unwrap_or_else(|| io::ErrorKind::Other.into());
                    self.problem(&path, &cause);
                    continue;
                }
            };
            let real = match entry.path().strip_prefix(root) {
                Ok(below) if entry.depth() > 0 => base.join(below),
                _ => base.clone(),
            };
            // At depth 0, a root that is a symlink has been resolved: it is a directory.
            let folder = entry.depth() == 0 || entry.file_type().is_dir();
            rules.truncate(rules_outside + entry.depth());
            let skip = entry.depth() > 0 && (folder && is_hidden(&entry) || is_ignored(&rules, &real, folder));
            if folder {
                if skip {
                    entries.skip_current_dir();
                } else if honour {
                    rules.push(Rules::of(&real));
                }
            } else if !skip && self.has_extension(entry.path()) {
                self.take(&entry, real);
            }
        }
    }

    /// Takes a file found during a walk; `real` is its canonical path unless it is a symlink.
    fn take(&mut self, entry: &DirEntry, real: PathBuf) {
        if entry.file_type().is_file() {
            self.add(entry.path(), real, false, true);
        } else if entry.path_is_symlink() {
            match fs::metadata(entry.path()) {
                Ok(metadata) if metadata.is_file() => self.add_real(entry.path(), true, true),
                Ok(_) => {}
                Err(error) => self.problem(entry.path(), &error),
            }
        }
    }

    fn add_real(&mut self, path: &Path, link: bool, filtered: bool) {
        let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        self.add(path, real, link, filtered);
    }

    fn add(&mut self, path: &Path, real: PathBuf, link: bool, filtered: bool) {
        if filtered && !self.selection.wants(&real) {
            return;
        }
        let better = self.found.get(&real).is_none_or(|found| found.link && !link);
        if better {
            self.found.insert(real, Found { path: tidy(path), link });
        }
    }

    fn has_extension(&self, path: &Path) -> bool {
        let extension = path.extension().and_then(OsStr::to_str);
        extension.is_some_and(|extension| self.selection.extensions.iter().any(|e| e == extension))
    }

    fn problem(&mut self, path: &Path, error: &io::Error) {
        self.problems.push((shown(path), describe(error)));
    }
}

fn is_hidden(entry: &DirEntry) -> bool {
    entry.file_name().as_encoded_bytes().starts_with(b".")
}

/// The ignore rules of one directory.
struct Rules {
    matcher: Gitignore,
    /// Rules of parent directories belong to another repository.
    is_git_top: bool,
}

impl Rules {
    /// Later lines win, so the files are added from weakest to strongest. An invalid pattern line is skipped, as in
    /// git.
    fn of(folder: &Path) -> Rules {
        let mut builder = GitignoreBuilder::new(folder);
        for name in [".git/info/exclude", ".gitignore", ".ignore"] {
            let path = folder.join(name);
            // Opening a named pipe would block.
            if path.is_file() {
                builder.add(path);
            }
        }
        let matcher = builder.build().unwrap_or_else(|_| Gitignore::empty());
        Rules { matcher, is_git_top: folder.join(".git").exists() }
    }
}

/// The rules of the directories above `base` that belong to its repository, outermost first.
fn rules_above(base: &Path) -> Vec<Rules> {
    let Some(depth) = base.ancestors().position(|folder| folder.join(".git").exists()) else {
        return Vec::new();
    };
    let mut rules: Vec<Rules> = base.ancestors().skip(1).take(depth).map(Rules::of).collect();
    rules.reverse();
    rules
}

/// Whether the rules, ordered from outermost to innermost directory, ignore a path: the innermost match decides.
fn is_ignored(rules: &[Rules], path: &Path, folder: bool) -> bool {
    for level in rules.iter().rev() {
        match level.matcher.matched(path, folder) {
            Match::Ignore(_) => return true,
            Match::Whitelist(_) => return false,
            Match::None if level.is_git_top => return false,
            Match::None => {}
        }
    }
    false
}

/// The path without `.` components.
fn tidy(path: &Path) -> PathBuf {
    let tidy: PathBuf = path.components().filter(|part| *part != Component::CurDir).collect();
    if tidy.as_os_str().is_empty() { PathBuf::from(".") } else { tidy }
}

/// A path as displayed: relative to the working directory if it lies below it, with `/` separators.
pub fn shown(path: &Path) -> String {
    let mut path = tidy(path);
    if path.is_absolute()
        && let Ok(here) = std::env::current_dir()
        && let Ok(below) = path.strip_prefix(here)
    {
        path = tidy(below);
    }
    let text = path.to_string_lossy();
    if std::path::MAIN_SEPARATOR == '/' { text.into_owned() } else { text.replace(std::path::MAIN_SEPARATOR, "/") }
}

/// Reads a file; `shown` is its displayed path.
///
/// The error says why it cannot be analysed: not a regular file, unreadable, over the limit, not text.
pub fn load(path: &Path, shown: &str, max_file_bytes: u64) -> Result<SourceFile, String> {
    let metadata = fs::metadata(path).map_err(|error| describe(&error))?;
    if metadata.is_dir() {
        return Err("is a folder".into());
    }
    // Checked before opening: opening a pipe blocks until it has a writer.
    if !metadata.is_file() {
        return Err("is not a regular file".into());
    }
    if metadata.len() > max_file_bytes {
        return Err(too_large(&format!("{} bytes", metadata.len()), max_file_bytes));
    }
    let file = File::open(path).map_err(|error| describe(&error))?;
    read_sized(file, metadata.len(), shown, max_file_bytes)
}

/// Reads one file's bytes from a stream, as `load` does from a path.
pub fn read(reader: impl Read, shown: &str, max_file_bytes: u64) -> Result<SourceFile, String> {
    read_sized(reader, 0, shown, max_file_bytes)
}

/// `size` is the expected number of bytes, so that one read suffices.
fn read_sized(reader: impl Read, size: u64, shown: &str, max_file_bytes: u64) -> Result<SourceFile, String> {
    // Offsets are 32 bits wide.
    let limit = max_file_bytes.min(u32::MAX.into());
    let mut bytes = Vec::with_capacity(size.min(limit) as usize + 1);
    reader.take(limit + 1).read_to_end(&mut bytes).map_err(|error| describe(&error))?;
    if bytes.len() as u64 > limit {
        return Err(too_large(&format!("more than {limit} bytes"), limit));
    }
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err("is UTF-16 text; convert it to UTF-8".into());
    }
    if memchr::memchr(0, &bytes[..bytes.len().min(8 << 10)]).is_some() {
        return Err("is binary: it holds a NUL byte".into());
    }
    Ok(SourceFile::new(shown, bytes))
}

fn too_large(size: &str, limit: u64) -> String {
    format!("has {size}, over the limit of {limit}; raise it with --max-file-size")
}

fn describe(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "does not exist".into(),
        io::ErrorKind::PermissionDenied => "cannot be read: permission denied".into(),
        _ => format!("cannot be read: {error}"),
    }
}

/// Reads a list of paths: one per line, or NUL-terminated with `nul`. Empty entries are dropped.
///
/// The error says that the list cannot be read, or that it is NUL-separated without `nul`.
pub fn read_list(mut reader: impl Read, nul: bool) -> Result<Vec<PathBuf>, String> {
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).map_err(|error| format!("the list of files cannot be read: {error}"))?;
    if !nul && memchr::memchr(0, &bytes).is_some() {
        return Err("the list of files holds NUL bytes: it needs --null".into());
    }
    let entries = bytes.split(|&byte| byte == if nul { 0 } else { b'\n' });
    let trimmed = entries.map(|entry| if nul { entry } else { entry.strip_suffix(b"\r").unwrap_or(entry) });
    Ok(trimmed.filter(|entry| !entry.is_empty()).map(path_from_bytes).collect())
}

#[cfg(unix)]
fn path_from_bytes(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(OsStr::from_bytes(bytes))
}

#[cfg(not(unix))]
fn path_from_bytes(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
}

#[cfg(test)]
mod tests;
