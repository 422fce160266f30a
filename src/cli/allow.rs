//! `--add-allow REASON`: writes comments that accept findings.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use super::fix::Plan;
use crate::preprocess::scan::Scan;
use crate::report::{Edit, Finding};
use crate::source::{FileId, SourceFile, Span};

/// Adds one comment per line with findings, after the code.
pub fn allow(files: &[SourceFile], findings: &[&Finding], reason: &str) -> Plan {
    let reason = reason.replace("*/", "* /").split_whitespace().collect::<Vec<_>>().join(" ");
    let mut lines: BTreeMap<(FileId, usize), BTreeSet<&str>> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| !finding.rule.ends_with("-allow")) {
        let line = files[finding.file.0 as usize].line_index(finding.span.start);
        lines.entry((finding.file, line)).or_default().insert(finding.rule);
    }
    let mut plan = Plan::new();
    let mut scan: Option<(FileId, Scan)> = None;
    for ((file, line), rules) in lines {
        let source = &files[file.0 as usize];
        if scan.as_ref().is_none_or(|(of, _)| *of != file) {
            scan = Some((file, Scan::new(&source.text)));
        }
        let Some((_, scan)) = &scan else { continue };
        let Some(at) = place(source, scan, line) else {
            let _ = writeln!(io::stderr(), "crosstalk: {}:{}: no comment can stand here", source.path, line + 1);
            continue;
        };
        let rules: Vec<&str> = rules.into_iter().collect();
        let replacement = format!(" /* crosstalk: allow({}) -- {reason} */", rules.join(", "));
        plan.entry(file.0 as usize).or_default().push(Edit { file, span: Span::new(at, at), replacement });
    }
    plan
}

/// The offset after the code of a line, before a trailing comment.
fn place(source: &SourceFile, scan: &Scan, line: usize) -> Option<usize> {
    let range = source.line_range(line);
    let text = source.text[range.clone()].trim_end();
    let end = range.start + text.len();
    let comments = scan.comments.iter().chain(&scan.addressed);
    let last = comments.filter(|c| c.range().contains(&range.start) || range.contains(&(c.start as usize)));
    // A comment that reaches the end of the line or continues past it.
    let at = match last.filter(|c| c.end as usize >= end).map(|c| c.start as usize).min() {
        Some(start) => range.start + source.text[range.start..start.max(range.start)].trim_end().len(),
        None => end,
    };
    (at > range.start && !text.ends_with('\\')).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Confidence;

    #[test]
    fn a_comment_stands_behind_the_code() {
        let added = |text: &str| {
            let files = [SourceFile::new("a.c", text.into())];
            let at = text.find("bad").expect("code");
            let one = Finding::new("x", Confidence::High, FileId(0), Span::new(at, at + 3));
            let other = Finding::new("b", Confidence::High, FileId(0), Span::new(at, at + 4));
            let edits = allow(&files, &[&one, &other, &one], "so\nbe */ it").remove(&0)?;
            let mut text = text.to_owned();
            edits.iter().rev().for_each(|edit| text.replace_range(edit.span.range(), &edit.replacement));
            Some(text)
        };
        let comment = "/* crosstalk: allow(b, x) -- so be * / it */";
        assert_eq!(added("a;\n  bad();  \r\nb;"), Some(format!("a;\n  bad(); {comment}  \r\nb;")));
        assert_eq!(added("bad(); // why"), Some(format!("bad(); {comment} // why")));
        assert_eq!(added("bad(); /* why\n not */ b();"), Some(format!("bad(); {comment} /* why\n not */ b();")));
        assert_eq!(added("/* why */ bad();"), Some(format!("/* why */ bad(); {comment}")));
        assert_eq!(added("bad(1 \\\n);"), None);
    }
}
