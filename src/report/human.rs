//! Findings drawn with their sources, for people.

use std::io;

use codespan_reporting::diagnostic::{self, Diagnostic, Label, LabelStyle};
use codespan_reporting::files;
use codespan_reporting::term::termcolor::{Ansi, NoColor, WriteColor};
use codespan_reporting::term::{self, Styles, StylesWriter};

use super::{Finding, Report, Severity, coverage::count, excerpt::Excerpt, printable::Printable};
use crate::source::FileId;

/// Errors and warnings in full, then one line per note, then the summary.
pub fn write(out: &mut dyn io::Write, report: &Report, color: bool) -> io::Result<()> {
    if color { write_all(Printable(Ansi::new(out)), report) } else { write_all(Printable(NoColor::new(out)), report) }
}

fn write_all(mut out: impl WriteColor, report: &Report) -> io::Result<()> {
    let config = term::Config { tab_width: 4, ..term::Config::default() };
    let styles = Styles::default();
    let mut writer = StylesWriter::new(&mut out, &styles);
    for finding in report.findings.iter().filter(|finding| finding.severity > Severity::Note) {
        let (diagnostic, excerpt) = diagnostic(report, finding);
        term::emit_to_write_style(&mut writer, &config, &excerpt, &diagnostic).map_err(|error| match error {
            files::Error::Io(error) => error,
            other => io::Error::other(other),
        })?;
    }
    write_notes(&mut out, report)?;
    write_summary(&mut out, report)
}

fn diagnostic<'a>(report: &Report<'a>, finding: &Finding) -> (Diagnostic<FileId>, Excerpt<'a>) {
    let severity = match finding.severity {
        Severity::Note => diagnostic::Severity::Note,
        Severity::Warning => diagnostic::Severity::Warning,
        Severity::Error => diagnostic::Severity::Error,
    };
    let mut drawn = Diagnostic::new(severity).with_code(finding.rule).with_message(&finding.message);
    let mut excerpt = Excerpt::new(report.files);
    let primary = (LabelStyle::Primary, finding.file, finding.span, finding.label.clone());
    let related = finding.related.iter().map(|r| (LabelStyle::Secondary, r.file, r.span, r.message.clone()));
    // The excerpt is ordered by line, so only a number shows a step's position in the path.
    let steps = finding.flow.iter().zip(1..);
    let steps = steps.map(|(r, step)| (LabelStyle::Secondary, r.file, r.span, format!("{step}. {}", r.message)));
    for (style, file, span, message) in std::iter::once(primary).chain(related).chain(steps) {
        if let Some(range) = excerpt.visible(file, span) {
            drawn.labels.push(Label::new(style, file, range).with_message(message));
        } else {
            let at = report.file(file).position(span.start);
            drawn.notes.push(format!("{}:{}:{}: {message}", report.file(file).path, at.line, at.column));
        }
    }
    if excerpt.is_clipped() {
        drawn.notes.push("long lines are shown in part".into());
    }
    drawn.notes.extend(finding.notes.iter().cloned());
    drawn.notes.extend(finding.fixes.iter().map(|fix| format!("help: {}", fix.description)));
    drawn.notes.push(format!("confidence: {}", finding.confidence.as_str()));
    (drawn, excerpt)
}

fn write_notes(out: &mut dyn io::Write, report: &Report) -> io::Result<()> {
    let mut notes: Vec<&Finding> = report.findings.iter().filter(|f| f.severity == Severity::Note).collect();
    notes.sort_by_key(|finding| finding.file);
    for group in notes.chunk_by(|a, b| a.file == b.file) {
        let file = report.file(group[0].file);
        writeln!(out, "{}", file.path)?;
        for finding in group {
            let at = file.position(finding.span.start);
            writeln!(out, "  {}:{}  {}  [{}]", at.line, at.column, finding.message, finding.rule)?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn write_summary(out: &mut dyn io::Write, report: &Report) -> io::Result<()> {
    let number = |severity| {
        let number = report.findings.iter().filter(|finding| finding.severity == severity).count();
        count(number, severity.as_str())
    };
    if report.findings.is_empty() {
        writeln!(out, "no findings")?;
    } else {
        let [errors, warnings, notes] = [Severity::Error, Severity::Warning, Severity::Note].map(number);
        writeln!(out, "{errors}, {warnings}, {notes}")?;
    }
    for line in report.left_out.lines() {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::report::fixture::{self, Sample};
    use crate::report::{Format, Related};
    use crate::source::{SourceFile, Span};

    #[test]
    fn a_finding_is_drawn_with_all_its_evidence() {
        let expected = "\
warning[implicit-fallthrough]: case 1 falls through into case 2
  ┌─ src/ä b#1.c:3:16
  │
3 │     /* Größe 😀 */ size = 1;
  │                    ^^^^^^^^ falls into the next case
4 │ case 2:
  │ ------- into this case
  │
  ┌─ include/size.h:1:12
  │
1 │ extern int size;
  │            ---- declared here
  │
  = holds where X is defined
  = help: end the section with `break;`
  = confidence: medium

error[unchecked-length]: the length is used unchecked
  ┌─ include/size.h:1:8
  │
1 │ extern int size;
  │        ^^^ falls into the next case
  │
  = confidence: high

1 error, 1 warning, 0 notes
";
        assert_eq!(Sample::new().emit(Format::Human), expected);
    }

    #[test]
    fn a_flow_is_drawn_in_numbered_steps() {
        let mut sample = Sample::new();
        let step = |file: usize, token: &str, message: &str| Related {
            file: FileId(file as u32),
            span: fixture::span(&sample.files[file], token),
            message: message.into(),
        };
        let flow = vec![step(0, "x", "`x` comes from the message"), step(0, "case 2", "it is compared")];
        let flow = flow.into_iter().chain([step(1, "size", "and used here")]).collect();
        sample.findings.truncate(1);
        let finding = &mut sample.findings[0];
        (finding.flow, finding.notes, finding.fixes) = (flow, Vec::new(), Vec::new());
        finding.related.clear();
        let expected = "\
warning[implicit-fallthrough]: case 1 falls through into case 2
  ┌─ src/ä b#1.c:3:16
  │
1 │ switch (x) {
  │         - 1. `x` comes from the message
2 │ case 1:
3 │     /* Größe 😀 */ size = 1;
  │                    ^^^^^^^^ falls into the next case
4 │ case 2:
  │ ------ 2. it is compared
  │
  ┌─ include/size.h:1:12
  │
1 │ extern int size;
  │            ---- 3. and used here
  │
  = confidence: medium

0 errors, 1 warning, 0 notes
";
        assert_eq!(sample.emit(Format::Human), expected);
    }

    #[test]
    fn notes_take_a_line_each_below_their_file() {
        let mut sample = Sample::new();
        let mut second = sample.findings[0].clone();
        second.span = fixture::span(&sample.files[0], "break");
        sample.findings.push(second);
        sample.findings.iter_mut().for_each(|finding| finding.severity = Severity::Note);
        sample.hidden = 3;
        let expected = "\
src/ä b#1.c
  3:16  case 1 falls through into case 2  [implicit-fallthrough]
  5:2  case 1 falls through into case 2  [implicit-fallthrough]

include/size.h
  1:8  the length is used unchecked  [unchecked-length]

0 errors, 0 warnings, 3 notes
3 findings below the chosen confidence are not shown; --min-confidence low shows them
";
        assert_eq!(sample.emit(Format::Human), expected);
    }

    #[test]
    fn nothing_found() {
        let mut sample = Sample::new();
        sample.findings.clear();
        assert_eq!(sample.emit(Format::Human), "no findings\n");
        sample.hidden = 1;
        let expected =
            "no findings\n1 finding below the chosen confidence is not shown; --min-confidence low shows it\n";
        assert_eq!(sample.emit(Format::Human), expected);
    }

    #[test]
    fn colour_only_when_asked_and_never_from_the_source() {
        let mut sample = Sample::new();
        sample.files[1] = SourceFile::new("a.h", b"extern \x1b[31mint\x1b[m size;\n".to_vec());
        assert!(!sample.emit(Format::Human).contains('\x1b'));
        let mut out = Vec::new();
        sample.with(|report| write(&mut out, report, true)).unwrap();
        let out = String::from_utf8(out).unwrap();
        assert!(out.contains("\x1b[0m\x1b[1m\x1b[38;5;11mwarning[implicit-fallthrough]"), "{out:?}");
        assert!(out.contains("extern [31mint[m size"), "{out:?}");
    }

    #[test]
    fn a_line_of_megabytes_costs_little() {
        let text = format!("{}target{}", "int a;".repeat(250_000), " f();".repeat(300_000));
        let mut sample = Sample::new();
        sample.files = vec![SourceFile::new("big.c", text.into_bytes())];
        let mut finding = fixture::finding("implicit-fallthrough", fixture::span(&sample.files[0], "target"));
        finding.related = vec![Related { file: FileId(0), span: Span::new(4, 5), message: "declared here".into() }];
        sample.findings = vec![finding];
        let start = Instant::now();
        let out = sample.emit(Format::Human);
        assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
        assert!(out.len() < 2_000, "{} bytes", out.len());
        assert!(out.contains("big.c:1:1500001") && out.contains("int a;target f();"), "{out}");
        assert!(out.contains("= big.c:1:5: declared here\n  = long lines are shown in part\n"), "{out}");
    }

    #[test]
    fn spans_at_odd_places_are_drawn() {
        let mut sample = Sample::new();
        let end = sample.files[0].text.len();
        for span in [Span::new(end, end), Span::new(0, end), Span::new(11, 13), Span::new(29, 30)] {
            sample.findings[0].span = span;
            assert!(sample.emit(Format::Human).contains("falls into the next case"), "{span:?}");
        }
        sample.files[0] = SourceFile::new("empty.c", Vec::new());
        assert!(sample.emit(Format::Human).contains("empty.c:1:1"));
    }
}
