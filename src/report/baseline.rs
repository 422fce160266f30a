//! The findings that a team has accepted as they are, in a merge-friendly file.
//!
//! There is one finding per line, sorted by path, so that two branches seldom touch the same place. A line identifies a
//! finding by its fingerprint, and by the one without its path, which survives renaming the file.

use std::collections::HashMap;

use super::Finding;
use super::fingerprint::{fingerprints, fingerprints_without_path};
use crate::source::SourceFile;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    pub path: String,
    pub rule: String,
    /// Empty if the finding is in no function.
    pub function: String,
    pub fingerprint: String,
    /// The fingerprint without the path.
    pub content: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    /// Sorted.
    pub entries: Vec<Entry>,
}

/// How a baseline matches a run.
pub struct Matched {
    /// Per finding: whether it is in the baseline.
    pub known: Vec<bool>,
    /// Per entry: whether some finding matches it.
    pub found: Vec<bool>,
}

const HEAD: &str = "\
# Findings that Crosstalk does not report: made by `crosstalk baseline write`, shortened by `crosstalk baseline prune`.
# Where a merge leaves both sides' lines, keep both. The order does not matter, nor does a line that is there twice.
# path\trule\tfunction\tfingerprint\tfingerprint without the path
";

impl Baseline {
    /// All findings except those that comments accept.
    pub fn new(files: &[SourceFile], findings: &[Finding]) -> Baseline {
        let open = entries(files, findings).zip(findings).filter(|(_, finding)| finding.suppression.is_none());
        Baseline::of(open.map(|(entry, _)| entry).collect())
    }

    pub fn of(mut entries: Vec<Entry>) -> Baseline {
        entries.sort();
        entries.dedup();
        Baseline { entries }
    }

    /// Parses a file; an error carries its line.
    pub fn parse(text: &str) -> Result<Baseline, (usize, String)> {
        let mut entries = Vec::new();
        for (line, number) in text.lines().zip(1..) {
            if ["<<<<<<< ", "=======", ">>>>>>> "].iter().any(|mark| line.starts_with(mark)) {
                return Err((number, "a merge conflict: delete the marks and keep both sides' lines".into()));
            }
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let fields: Vec<&str> = line.split('\t').collect();
            let [path, rule, function, fingerprint, content] = fields[..] else {
                return Err((number, format!("expected 5 fields with tabs between them, found {}", fields.len())));
            };
            let (path, rule, function) = (unescaped(path), rule.to_owned(), unescaped(function));
            let (fingerprint, content) = (fingerprint.to_owned(), content.to_owned());
            entries.push(Entry { path, rule, function, fingerprint, content });
        }
        Ok(Baseline::of(entries))
    }

    pub fn text(&self) -> String {
        let mut text = HEAD.to_owned();
        for Entry { path, rule, function, fingerprint, content } in &self.entries {
            let (path, function) = (escaped(path), escaped(function));
            text.push_str(&format!("{path}\t{rule}\t{function}\t{fingerprint}\t{content}\n"));
        }
        text
    }

    /// Matches the findings of a run: by their fingerprints, then, for the remaining entries, by those without the
    /// path. An entry matches one finding: a copy of accepted code is not accepted.
    pub fn matched(&self, files: &[SourceFile], findings: &[Finding]) -> Matched {
        let mut matched = Matched { known: vec![false; findings.len()], found: vec![false; self.entries.len()] };
        for with_path in [true, false] {
            let of = if with_path { fingerprints } else { fingerprints_without_path };
            let prints = of(files, findings);
            let mut left: HashMap<&str, Vec<usize>> = HashMap::new();
            // The last one is taken first.
            for (at, entry) in self.entries.iter().enumerate().rev().filter(|(at, _)| !matched.found[*at]) {
                let print = if with_path { &entry.fingerprint } else { &entry.content };
                left.entry(print).or_default().push(at);
            }
            let open = findings.iter().zip(&prints).enumerate();
            for (n, (finding, print)) in open {
                if matched.known[n] || finding.suppression.is_some() {
                    continue;
                }
                if let Some(at) = left.get_mut(print.as_str()).and_then(Vec::pop) {
                    matched.known[n] = true;
                    matched.found[at] = true;
                }
            }
        }
        matched
    }
}

/// The entry of every finding, in order.
pub fn entries(files: &[SourceFile], findings: &[Finding]) -> impl Iterator<Item = Entry> {
    let prints = fingerprints(files, findings).into_iter().zip(fingerprints_without_path(files, findings));
    findings.iter().zip(prints).map(|(finding, (fingerprint, content))| Entry {
        path: files[finding.file.0 as usize].path.clone(),
        rule: finding.rule.to_owned(),
        function: finding.function.clone().unwrap_or_default(),
        fingerprint,
        content,
    })
}

/// A field with its separator characters escaped.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r")
}

fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        plain.push(match c {
            '\\' => match characters.next() {
                Some('t') => '\t',
                Some('n') => '\n',
                Some('r') => '\r',
                other => other.unwrap_or('\\'),
            },
            c => c,
        });
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::{Sample, finding, span};

    /// Two falls in one file, with the same text.
    fn sample(path: &str) -> Sample {
        let mut sample = Sample::new();
        sample.files = vec![SourceFile::new(path, b"case 1: a();\ncase 2: b();\ncase 2: c();\n".to_vec())];
        let first = finding("implicit-fallthrough", span(&sample.files[0], "case 2: b"));
        let mut second = finding("implicit-fallthrough", span(&sample.files[0], "case 2: c"));
        second.span.end -= 3;
        let mut first = first;
        first.span.end -= 3;
        sample.findings = vec![first, second];
        sample
    }

    #[test]
    fn what_is_written_is_read_and_found_again() {
        let sample = sample("a\tb\\n.c");
        let baseline = Baseline::new(&sample.files, &sample.findings);
        assert_eq!(baseline.entries.len(), 2);
        let read = Baseline::parse(&baseline.text());
        assert_eq!(read, Ok(baseline.clone()));
        let matched = baseline.matched(&sample.files, &sample.findings);
        assert_eq!((matched.known, matched.found), (vec![true; 2], vec![true; 2]));
    }

    #[test]
    fn a_renamed_file_is_found_and_a_copy_is_not() {
        let old = sample("old.c");
        let baseline = Baseline::new(&old.files, &old.findings);
        let new = sample("new/name.c");
        assert_eq!(baseline.matched(&new.files, &new.findings).known, [true; 2]);
        let mut both = sample("a_copy.c");
        both.files.extend(sample("old.c").files);
        let mut more = sample("old.c").findings;
        more.iter_mut().for_each(|finding| finding.file = crate::source::FileId(1));
        both.findings.extend(more);
        assert_eq!(baseline.matched(&both.files, &both.findings).known, [false, false, true, true]);
    }

    #[test]
    fn one_that_is_gone_is_left_over() {
        let mut sample = sample("a.c");
        let baseline = Baseline::new(&sample.files, &sample.findings);
        sample.findings.remove(0);
        let matched = baseline.matched(&sample.files, &sample.findings);
        assert_eq!((matched.known, matched.found), (vec![true], vec![true, false]));
        sample.findings[0].suppression =
            Some(crate::report::Suppression { in_source: true, justification: String::new() });
        assert_eq!(baseline.matched(&sample.files, &sample.findings).known, [false]);
        assert!(Baseline::new(&sample.files, &sample.findings).entries.is_empty());
    }

    #[test]
    fn mistakes_have_a_line() {
        assert!(
            Baseline::parse("# x\na\tb\n").is_err_and(
                |(line, why)| line == 2 && why.contains("expected 5 fields with tabs between them, found 2")
            )
        );
        assert!(Baseline::parse("<<<<<<< HEAD\n").is_err_and(|(line, why)| line == 1 && why.contains("conflict")));
    }
}
