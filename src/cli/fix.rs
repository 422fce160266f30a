//! `--fix`, `--fix-diff` and `--add-allow`: changes to the sources, one whole file at a time.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use super::allow::allow;
use super::analyse::{Analysis, analyse};
use super::args::CheckArgs;
use super::check::replace;
use super::say;
use super::settings::Settings;
use super::unified::unified;
use crate::report::coverage::count;
use crate::report::{Edit, Finding, Fix};
use crate::source::{SourceFile, Span};
use crate::syntax::parse::parse;

/// Overlapping fixes wait for the next pass.
const PASSES: usize = 5;

pub fn is_asked(args: &CheckArgs) -> bool {
    args.fix || args.unsafe_fixes || args.fix_diff || args.add_allow.is_some()
}

/// Changes the files and analyses them again. `shown` selects the findings that are reported; others are left alone.
/// Returns the number of fixes.
pub fn run(
    settings: &Settings,
    args: &CheckArgs,
    analysis: &mut Analysis,
    shown: &mut dyn FnMut(&Analysis) -> Vec<bool>,
) -> Result<usize, String> {
    let mut all = 0;
    for _ in 0..PASSES {
        let is_shown = shown(analysis);
        let findings: Vec<&Finding> =
            analysis.findings.iter().zip(&is_shown).filter(|(_, shown)| **shown).map(|(finding, _)| finding).collect();
        let plan = match &args.add_allow {
            Some(reason) => allow(&analysis.files, &findings, reason),
            None => plan(&findings, args.unsafe_fixes),
        };
        let mut done = 0;
        for (file, edits) in plan {
            let (file, path) = (&analysis.files[file], &analysis.paths[file]);
            match changed(file, path, &edits) {
                Ok((_, new)) if !args.fix_diff => {
                    replace(path, &new)?;
                    done += edits.len();
                }
                Ok((old, new)) => {
                    done += edits.len();
                    say_bytes(&unified(&file.path, &old, &new))?;
                }
                Err(why) => {
                    let _ = writeln!(io::stderr(), "crosstalk: {}: {why}; nothing changed there", file.path);
                }
            }
        }
        all += done;
        if done == 0 || args.fix_diff {
            break;
        }
        *analysis = analyse(settings, args.timings)?;
        shown(analysis);
        if args.add_allow.is_some() {
            break;
        }
    }
    let what = match (args.add_allow.is_some(), args.fix_diff) {
        (true, _) => "comment",
        (_, true) => "change",
        (_, false) => "fix",
    };
    let plural = if what == "fix" && all != 1 {
        "fixes".into()
    } else {
        count(all, what).split_once(' ').unwrap_or_default().1.to_owned()
    };
    let verb = if args.fix_diff { "to apply" } else { "written" };
    let _ = writeln!(io::stderr(), "crosstalk: {all} {plural} {verb}");
    Ok(all)
}

fn say_bytes(bytes: &[u8]) -> Result<(), String> {
    match std::str::from_utf8(bytes) {
        Ok(text) => say(text),
        Err(_) => io::stdout().write_all(bytes).map_err(|e| format!("cannot write: {e}")),
    }
}

/// Edits by file, in order; those of one file are applied together or not at all.
pub type Plan = BTreeMap<usize, Vec<Edit>>;

/// One fix per finding, in order; a fix that overlaps with an earlier one is left out.
fn plan(findings: &[&Finding], risky: bool) -> Plan {
    let mut plan = Plan::new();
    for finding in findings {
        let fix: Option<&Fix> =
            finding.fixes.iter().find(|fix| fix.safe).or_else(|| finding.fixes.iter().find(|_| risky));
        let Some(fix) = fix else { continue };
        let apart = |edit: &Edit| {
            let planned = plan.get(&(edit.file.0 as usize)).into_iter().flatten();
            // Two insertions at one offset have no order.
            planned.into_iter().all(|other| edit.span.end < other.span.start || other.span.end < edit.span.start)
        };
        if fix.edits.iter().all(apart) {
            for edit in &fix.edits {
                plan.entry(edit.file.0 as usize).or_default().push(edit.clone());
            }
        }
    }
    plan.values_mut().for_each(|edits| edits.sort_by_key(|edit| edit.span));
    plan
}

/// The file's bytes before and after the edits. Fails if the file changed since the analysis, or if the result has more
/// parse errors.
fn changed(file: &SourceFile, path: &Path, edits: &[Edit]) -> Result<(Vec<u8>, Vec<u8>), String> {
    let old = fs::read(path).map_err(|e| e.to_string())?;
    let now = SourceFile::new(file.path.as_str(), old.clone());
    if now.text != file.text || now.bom != file.bom {
        return Err("the file has changed since it was read".into());
    }
    // In a file with lone CRs, the text has LFs instead.
    let line_end = if old.contains(&b'\r') && !old.contains(&b'\n') { "\r" } else { "\n" };
    let mut new = Vec::with_capacity(old.len() + 64 * edits.len());
    let mut at = 0;
    for Edit { span, replacement, .. } in edits {
        let Span { start, end } = *span;
        let (start, end) = (start as usize + file.bom as usize, end as usize + file.bom as usize);
        if start < at || end > old.len() {
            return Err("its fixes do not fit together".into());
        }
        new.extend(&old[at..start]);
        new.extend(replacement.replace('\n', line_end).bytes());
        at = end;
    }
    new.extend(&old[at..]);
    let after = SourceFile::new(file.path.as_str(), new.clone());
    if errors(&after.text) > errors(&file.text) {
        return Err("with its fixes the file is no longer understood; please report this".into());
    }
    Ok((old, new))
}

/// The number of parse errors in the text, macros included.
fn errors(text: &str) -> usize {
    let Some(tree) = parse(text) else { return usize::MAX };
    let mut cursor = tree.walk();
    let mut number = 0;
    loop {
        let node = cursor.node();
        number += usize::from(node.is_error() || node.is_missing());
        if node.has_error() && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return number;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::FileId;

    fn edit(start: usize, end: usize, replacement: &str) -> Edit {
        Edit { file: FileId(0), span: Span::new(start, end), replacement: replacement.into() }
    }

    fn fixed(bytes: &[u8], edits: &[Edit]) -> Result<Vec<u8>, String> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.c");
        fs::write(&path, bytes).expect("a file");
        let file = SourceFile::new("a.c", bytes.to_vec());
        changed(&file, &path, edits).map(|(_, new)| new)
    }

    #[test]
    fn encoding_mark_and_line_ends_are_kept() {
        let both = [edit(4, 5, "y"), edit(6, 6, "\nint b;")];
        assert_eq!(
            fixed(b"\xef\xbb\xbfint x; /* \xe9 */\r\n", &both).as_deref(),
            Ok(&b"\xef\xbb\xbfint y;\nint b; /* \xe9 */\r\n"[..])
        );
        assert_eq!(fixed(b"int x;\rint z;\r", &both).as_deref(), Ok(&b"int y;\rint b;\rint z;\r"[..]));
    }

    #[test]
    fn no_file_is_broken_or_overwritten() {
        assert!(fixed(b"int x;", &[edit(5, 6, "{")]).is_err_and(|e| e.contains("no longer understood")));
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.c");
        fs::write(&path, "int new;").expect("a file");
        let file = SourceFile::new("a.c", b"int old;".to_vec());
        assert!(changed(&file, &path, &[edit(0, 0, " ")]).is_err_and(|e| e.contains("has changed")));
    }

    #[test]
    fn of_fixes_that_touch_one_waits() {
        let finding = |edits: Vec<Edit>, safe| {
            let fix = Fix { description: "mend it".into(), safe, edits };
            Finding {
                fixes: vec![fix],
                ..Finding::new("x", crate::report::Confidence::High, FileId(0), Span::new(0, 1))
            }
        };
        let (a, b, c) = (
            finding(vec![edit(0, 2, "")], true),
            finding(vec![edit(9, 9, ""), edit(2, 3, "")], true),
            finding(vec![edit(5, 6, "")], false),
        );
        let spans =
            |risky| plan(&[&a, &b, &c], risky).remove(&0).map(|e| e.iter().map(|e| e.span.start).collect::<Vec<_>>());
        assert_eq!(spans(false), Some(vec![0]));
        assert_eq!(spans(true), Some(vec![0, 5]));
    }
}
