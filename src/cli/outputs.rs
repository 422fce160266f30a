//! `--output FORMAT=PATH`: reports in files, each written whole or not at all.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::error::ErrorKind;

use crate::report::Format;

/// A report to write in addition to the one on stdout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    pub format: Format,
    pub path: PathBuf,
}

/// Parses a format by name; for an unknown name, the nearest one is suggested.
pub fn formats() -> impl TypedValueParser<Value = Format> {
    let values = Format::ALL.map(|format| PossibleValue::new(format.name()).help(format.purpose()));
    PossibleValuesParser::new(values).map(|name| Format::named(&name).unwrap_or_default())
}

#[derive(Clone)]
pub struct OutputParser;

impl TypedValueParser for OutputParser {
    type Value = Output;

    fn parse_ref(&self, cmd: &clap::Command, arg: Option<&clap::Arg>, value: &OsStr) -> Result<Output, clap::Error> {
        let usage = |message: String| clap::Error::raw(ErrorKind::ValueValidation, message + "\n").with_cmd(cmd);
        let Some(text) = value.to_str() else {
            return Err(clap::Error::new(ErrorKind::InvalidUtf8).with_cmd(cmd));
        };
        let (format, path) = text.split_once('=').unwrap_or((text, ""));
        let known = Format::named(format);
        // A path alone is not a misspelled format.
        if known.is_none() && !text.contains('=') && text.contains(['.', '/', '\\']) {
            return Err(usage(format!("`--output {text}` names no format: say which, as in `--output sarif={text}`")));
        }
        let format = formats().parse_ref(cmd, arg, OsStr::new(format))?;
        match path {
            "" => Err(usage(format!("`--output {text}` names no file: expected FORMAT=PATH"))),
            "-" => Err(usage(format!("stdout gets the report of --format: use `--format {}`", format.name()))),
            path => Ok(Output { format, path: path.into() }),
        }
    }
}

/// Rejects, before any work is done, outputs that could not be written or would be overwritten: two to one file, or one
/// in a folder that does not exist.
pub fn check(outputs: &[Output], coverage: Option<&Path>) -> Result<(), String> {
    let outputs = outputs.iter().map(|o| (format!("--output {}={}", o.format.name(), o.path.display()), &*o.path));
    let coverage = coverage.map(|path| (format!("--coverage-json {}", path.display()), path));
    let mut taken: Vec<(String, PathBuf)> = Vec::new();
    for (option, path) in outputs.chain(coverage) {
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let folder = fs::canonicalize(folder).map_err(|e| format!("{option}: {}: {e}", folder.display()))?;
        if path.is_dir() {
            return Err(format!("{option}: is a folder"));
        }
        let file = path.file_name().map_or_else(|| folder.clone(), |name| folder.join(name));
        let file = fs::canonicalize(&file).unwrap_or(file);
        if let Some((other, _)) = taken.iter().find(|(_, known)| *known == file) {
            return Err(format!("`{other}` and `{option}` write to the same file: give each its own"));
        }
        taken.push((option, file));
    }
    Ok(())
}

/// Writes a file through a temporary one beside it, which then replaces it: readers see either the old or the new
/// content. A pipe or device is written directly.
pub fn write(path: &Path, content: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    // A symbolic link stays one.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let old = fs::metadata(&target).ok();
    let special =
        old.as_ref().is_some_and(|old| !old.is_file()) || path.starts_with("/dev") || path.starts_with("/proc");
    if special {
        return fill(OpenOptions::new().write(true).open(path)?, content);
    }
    let (temporary, file) = Temporary::beside(&target)?;
    fill(file, content)?;
    if let Some(old) = old {
        fs::set_permissions(&temporary.path, old.permissions())?;
    }
    fs::rename(&temporary.path, &target)
}

fn fill(file: File, content: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let mut out = BufWriter::new(file);
    content(&mut out)?;
    out.flush()
}

/// A file that is removed at the end of its scope, unless it was renamed.
struct Temporary {
    path: PathBuf,
}

impl Temporary {
    fn beside(target: &Path) -> io::Result<(Temporary, File)> {
        let name = target.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let path = target.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
        let file = OpenOptions::new().write(true).create_new(true).open(&path)?;
        Ok((Temporary { path }, file))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a folder")
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder");
        entries.map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn a_file_is_replaced_as_a_whole_or_not_at_all() {
        let folder = folder();
        let path = folder.path().join("out.sarif");
        write(&path, &mut |out| out.write_all(b"first")).expect("written");
        let failed = write(&path, &mut |out| {
            out.write_all(&[b'x'; 100_000])?;
            Err(io::Error::other("no more"))
        });
        assert_eq!(failed.map_err(|e| e.to_string()), Err("no more".into()));
        assert_eq!(fs::read(&path).expect("a file"), b"first");
        assert_eq!(names(folder.path()), ["out.sarif"], "nothing is left over");
        write(&path, &mut |out| out.write_all(b"second")).expect("written");
        assert_eq!(fs::read(&path).expect("a file"), b"second");
    }

    #[cfg(unix)]
    #[test]
    fn links_permissions_and_devices_are_kept() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = folder();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "old").expect("written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("set");
        symlink(&file, &link).expect("a link");
        write(&link, &mut |out| out.write_all(b"new")).expect("written");
        assert!(fs::symlink_metadata(&link).expect("a link").is_symlink());
        assert_eq!(fs::read(&file).expect("a file"), b"new");
        assert_eq!(fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o640);
        write(Path::new("/dev/null"), &mut |out| out.write_all(b"gone")).expect("written");
        assert!(!fs::metadata("/dev/null").expect("a device").is_file());
    }

    #[test]
    fn no_two_outputs_to_one_file() {
        let folder = folder();
        let output = |name: &str| Output { format: Format::Json, path: folder.path().join(name) };
        assert_eq!(check(&[output("a"), output("b")], Some(&folder.path().join("c"))), Ok(()));
        for other in ["a", "./a", "../"] {
            let other = match other {
                "../" => folder.path().join("..").join(folder.path().file_name().unwrap_or_default()).join("a"),
                other => folder.path().join(other),
            };
            let outputs = [output("a"), Output { format: Format::Sarif, path: other.clone() }];
            let error = check(&outputs, None).expect_err("the same file");
            assert!(error.contains("--output sarif=") && error.contains("same file"), "{error}");
            assert!(check(&[output("a")], Some(&other)).is_err());
        }
        assert!(check(&[output("no/such/x")], None).is_err_and(|e| e.contains("no/such")));
        assert!(check(&[output("")], None).is_err_and(|e| e.contains("is a folder")));
    }
}
