//! JUnit's XML, for build servers that show test results: a suite for each file, a failed test for each finding.
//!
//! A test's name contains the fingerprint but no line: servers distinguish new failures from old ones by name, and drop
//! the second of two tests with the same name.

use std::io;

use super::{Report, xml::Escaped};

pub fn write(out: &mut dyn io::Write, report: &Report) -> io::Result<()> {
    let total = report.findings.len();
    out.write_all(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")?;
    writeln!(out, "<testsuites name=\"crosstalk\" tests=\"{}\" failures=\"{total}\" errors=\"0\">", total.max(1))?;
    if total == 0 {
        // Some servers treat a report without tests as a failed run.
        out.write_all(
            b"  <testsuite name=\"crosstalk\" tests=\"1\" failures=\"0\" errors=\"0\">\n    \
              <testcase classname=\"crosstalk\" name=\"no findings\"/>\n  </testsuite>\n",
        )?;
    }
    let mut fingerprints = report.fingerprints.iter();
    for group in report.findings.chunk_by(|a, b| a.file == b.file) {
        let file = report.file(group[0].file);
        let (path, number) = (Escaped(&file.path), group.len());
        writeln!(out, "  <testsuite name=\"{path}\" tests=\"{number}\" failures=\"{number}\" errors=\"0\">")?;
        for (finding, fingerprint) in group.iter().zip(&mut fingerprints) {
            let line = file.position(finding.span.start).line;
            let function = finding.function.as_deref().map(|name| format!(" in {name}")).unwrap_or_default();
            let name = format!("{}{function} [{fingerprint}]", finding.rule);
            let mut body = format!("{}: {}", report.at(finding.file, finding.span), finding.message);
            for line in report.evidence(finding) {
                body.push('\n');
                body.push_str(&line);
            }
            writeln!(
                out,
                "    <testcase classname=\"{path}\" name=\"{}\" file=\"{path}\" line=\"{line}\">\n      \
                 <failure type=\"{}\" message=\"{}\">{}</failure>\n    </testcase>",
                Escaped(&name),
                finding.severity.as_str(),
                Escaped(&finding.message),
                Escaped(&body),
            )?;
        }
        out.write_all(b"  </testsuite>\n")?;
    }
    out.write_all(b"</testsuites>\n")
}

#[cfg(test)]
mod tests {
    use crate::report::fingerprint::fingerprints;
    use crate::report::{Format, fixture::Sample};

    #[test]
    fn the_whole_document() {
        let sample = Sample::new();
        let [first, second] = &fingerprints(&sample.files, &sample.findings)[..] else { panic!() };
        let expected = format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="crosstalk" tests="2" failures="2" errors="0">
  <testsuite name="src/ä b#1.c" tests="1" failures="1" errors="0">
    <testcase classname="src/ä b#1.c" name="implicit-fallthrough in handle [{first}]" file="src/ä b#1.c" line="3">
      <failure type="warning" message="case 1 falls through into case 2">src/ä b#1.c:3:16: case 1 falls through into case 2&#10;src/ä b#1.c:4:1: into this case&#10;include/size.h:1:12: declared here&#10;holds where X is defined&#10;help: end the section with `break;`</failure>
    </testcase>
  </testsuite>
  <testsuite name="include/size.h" tests="1" failures="1" errors="0">
    <testcase classname="include/size.h" name="unchecked-length [{second}]" file="include/size.h" line="1">
      <failure type="error" message="the length is used unchecked">include/size.h:1:8: the length is used unchecked</failure>
    </testcase>
  </testsuite>
</testsuites>
"#
        );
        assert_eq!(sample.emit(Format::Junit), expected);
    }

    #[test]
    fn nothing_found_is_a_test_that_passes() {
        let mut sample = Sample::new();
        sample.findings.clear();
        let text = sample.emit(Format::Junit);
        assert!(text.contains("tests=\"1\" failures=\"0\"") && text.contains("name=\"no findings\"/>"), "{text}");
    }
}
