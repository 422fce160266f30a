//! GitHub's limits for a report. The other services accept more; none accepts less.

use std::cmp::Reverse;

use crate::report::coverage::{count, grouped};
use crate::report::{Finding, Report};

/// Results of one run. Of these, GitHub shows the worst 5,000.
pub const RESULTS: usize = 25_000;
/// Related locations shown per result.
pub const RELATED: usize = 100;
/// Steps shown per path.
pub const STEPS: usize = 1_000;
/// Tags kept per rule.
pub const TAGS: usize = 10;
/// Length of a description that GitHub accepts, in characters.
pub const DESCRIPTION: usize = 1024;
/// A compressed report may have 10 MB. Ours shrink to a tenth or less; this leaves room for worse ones.
const BYTES: usize = 64 << 20;

/// The findings that are written.
pub struct Kept {
    /// Per finding.
    pub is_kept: Vec<bool>,
    /// What had to be left out, for the reader of the report; usually nothing.
    pub notice: Option<String>,
}

/// Keeps the worst findings, as many as a service accepts.
pub fn keep(report: &Report) -> Kept {
    let findings = report.findings;
    let mut worst_first: Vec<usize> = (0..findings.len()).collect();
    worst_first.sort_by_key(|&i| Reverse((findings[i].severity, findings[i].confidence)));
    let mut is_kept = vec![false; findings.len()];
    let mut bytes = 0;
    for i in worst_first.into_iter().take(RESULTS) {
        bytes += size(report, &findings[i]);
        if bytes > BYTES {
            break;
        }
        is_kept[i] = true;
    }
    let left_out = is_kept.iter().filter(|kept| !**kept).count();
    let cut = |finding: &&Finding| finding.related.len() > RELATED || finding.flow.len() > STEPS;
    let shortened = findings.iter().filter(cut).count();
    let mut parts = Vec::new();
    if left_out > 0 {
        parts.push(format!(
            "{} of {} are left out, the least severe ones: code scanning services take no larger report",
            grouped(left_out),
            count(findings.len(), "finding")
        ));
    }
    if shortened > 0 {
        parts.push(format!("of {} not all evidence is in this report", count(shortened, "finding")));
    }
    Kept { is_kept, notice: (!parts.is_empty()).then(|| parts.join("; ")) }
}

/// The approximate number of bytes that a result takes.
fn size(report: &Report, finding: &Finding) -> usize {
    const RESULT: usize = 700;
    const PLACE: usize = 260;
    let places = finding.related.iter().take(RELATED).chain(finding.flow.iter().take(STEPS));
    let places = places.map(|r| PLACE + 2 * (r.message.len() + report.file(r.file).path.len()));
    let edits = finding.fixes.iter().flat_map(|fix| &fix.edits).map(|edit| PLACE + edit.replacement.len());
    let notes = finding.notes.iter().map(String::len);
    RESULT + finding.message.len() + places.chain(edits).chain(notes).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::{self, Sample};
    use crate::report::{Confidence, Severity};

    #[test]
    fn an_ordinary_report_is_whole() {
        let kept = Sample::new().with(keep);
        assert!(kept.is_kept.iter().all(|kept| *kept) && kept.notice.is_none());
    }

    #[test]
    fn the_least_severe_go_first() {
        let mut sample = fixture::large(RESULTS + 10);
        sample.findings.iter_mut().for_each(|f| (f.severity, f.confidence) = (Severity::Error, Confidence::High));
        for finding in &mut sample.findings[100..110] {
            finding.severity = Severity::Note;
        }
        let kept = sample.with(keep);
        let left_out: Vec<usize> = (0..kept.is_kept.len()).filter(|&i| !kept.is_kept[i]).collect();
        assert_eq!(left_out, (100..110).collect::<Vec<_>>());
        assert!(kept.notice.is_some_and(|notice| notice.starts_with("10 of 25,010 findings are left out")));
    }

    #[test]
    fn a_report_has_a_size() {
        let mut sample = Sample::new();
        let step = sample.findings[0].related[0].clone();
        sample.findings[0].flow = vec![step; 5000];
        sample.findings = vec![sample.findings[0].clone(); 1000];
        let kept = sample.with(keep);
        let number = kept.is_kept.iter().filter(|kept| **kept).count();
        assert!((100..500).contains(&number), "{number}");
        let notice = kept.notice.expect("a notice");
        assert!(notice.contains("; of 1,000 findings not all evidence"), "{notice}");
    }
}
