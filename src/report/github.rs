//! Workflow commands of GitHub Actions: printed in a job, they become annotations of the commit or pull request.

use std::cmp::Reverse;
use std::io;

use super::{Finding, Report, Severity};

/// Number of annotations of one kind that GitHub keeps per step.
const PER_STEP: usize = 10;
/// GitHub truncates longer titles (in characters).
const TITLE_LIMIT: usize = 255;
/// GitHub accepts messages of 64 KiB; nobody reads that much anyway.
const MESSAGE_LIMIT: usize = 8 * 1024;

/// One command per finding, the worst first: GitHub shows only the first ten of each kind.
pub fn write(out: &mut dyn io::Write, report: &Report) -> io::Result<()> {
    let mut worst_first: Vec<&Finding> = report.findings.iter().collect();
    worst_first.sort_by_key(|finding| Reverse((finding.severity, finding.confidence)));
    for finding in &worst_first {
        let (start, end) = report.region(finding.file, finding.span);
        let kind = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "notice",
        };
        let path = property(&report.file(finding.file).path);
        write!(out, "::{kind} file={path},line={},endLine={}", start.line, end.line)?;
        // GitHub rejects columns in a region of several lines.
        if start.line == end.line {
            write!(out, ",col={},endColumn={}", start.column, end.column)?;
        }
        let title = clipped(finding.rule, TITLE_LIMIT);
        let mut text = finding.message.clone();
        for line in report.evidence(finding) {
            text.push('\n');
            text.push_str(&line);
        }
        writeln!(out, ",title={}::{}", property(title), message(clipped(&text, MESSAGE_LIMIT)))?;
    }
    let of = |severity| report.findings.iter().filter(|finding| finding.severity == severity).count();
    if [Severity::Error, Severity::Warning, Severity::Note].into_iter().any(|severity| of(severity) > PER_STEP) {
        writeln!(
            out,
            "GitHub shows the first {PER_STEP} errors, warnings and notices of a step; these were the worst. All {} \
             findings are in the log above, and in code scanning if --output sarif=FILE is uploaded",
            report.findings.len()
        )?;
    }
    Ok(())
}

fn clipped(text: &str, limit: usize) -> &str {
    text.char_indices().nth(limit).map_or(text, |(end, _)| &text[..end])
}

fn message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use crate::report::{Confidence, Format, fixture::Sample};
    use crate::source::SourceFile;

    #[test]
    fn the_whole_report() {
        let expected = "\
::error file=include/size.h,line=1,endLine=1,col=8,endColumn=11,title=unchecked-length::the length is used unchecked
::warning file=src/ä b#1.c,line=3,endLine=3,col=16,endColumn=24,title=implicit-fallthrough::\
case 1 falls through into case 2%0Asrc/ä b#1.c:4:1: into this case%0Ainclude/size.h:1:12: declared here%0A\
holds where X is defined%0Ahelp: end the section with `break;`
";
        assert_eq!(Sample::new().emit(Format::Github), expected);
    }

    #[test]
    fn no_text_of_the_source_ends_a_command() {
        let mut sample = Sample::new();
        let text = sample.files[1].text.clone();
        sample.files[1] = SourceFile::new("a,b:100%\n::error::x.h", text.into_bytes());
        sample.findings.remove(0);
        sample.findings[0].message = "50% of\r\n::stop-commands::x".into();
        let expected = "::error file=a%2Cb%3A100%25%0A%3A%3Aerror%3A%3Ax.h,line=1,endLine=1,col=8,endColumn=11,\
                        title=unchecked-length::50%25 of%0D%0A::stop-commands::x\n";
        assert_eq!(sample.emit(Format::Github), expected);
    }

    #[test]
    fn several_lines_have_no_columns() {
        let mut sample = Sample::new();
        sample.findings[0].span.end = sample.files[0].text.len() as u32;
        let text = sample.emit(Format::Github);
        assert!(text.contains("::warning file=src/ä b#1.c,line=3,endLine=7,title="), "{text}");
    }

    #[test]
    fn the_worst_come_first_and_a_limit_is_told() {
        let mut sample = Sample::new();
        let mut doubtful = sample.findings[1].clone();
        doubtful.confidence = Confidence::Medium;
        sample.findings.extend(vec![doubtful; 9]);
        assert!(!sample.emit(Format::Github).contains("GitHub shows"));
        let sure = sample.findings[1].clone();
        sample.findings.push(sure);
        let text = sample.emit(Format::Github);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 13);
        assert!(lines[11].starts_with("::warning") && lines[..11].iter().all(|line| line.starts_with("::error")));
        assert!(lines[12].starts_with("GitHub shows the first 10") && lines[12].contains("All 12 findings"));
    }
}
