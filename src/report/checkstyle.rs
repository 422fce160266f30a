//! Checkstyle's XML: a `file` for each file, an `error` for each finding.

use std::io;

use super::{Report, Severity, xml::Escaped};

pub fn write(out: &mut dyn io::Write, report: &Report) -> io::Result<()> {
    // This is the version of the format, not ours: readers look for one.
    out.write_all(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<checkstyle version=\"4.3\">\n")?;
    for group in report.findings.chunk_by(|a, b| a.file == b.file) {
        let file = report.file(group[0].file);
        writeln!(out, "  <file name=\"{}\">", Escaped(&file.path))?;
        for finding in group {
            let at = file.position(finding.span.start);
            let severity = match finding.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Note => "info",
            };
            writeln!(
                out,
                "    <error line=\"{}\" column=\"{}\" severity=\"{severity}\" message=\"{}\" source=\"crosstalk.{}\"/>",
                at.line,
                at.column,
                Escaped(&finding.message),
                Escaped(finding.rule),
            )?;
        }
        out.write_all(b"  </file>\n")?;
    }
    out.write_all(b"</checkstyle>\n")
}

#[cfg(test)]
mod tests {
    use crate::report::{Format, fixture::Sample};

    #[test]
    fn the_whole_document() {
        let mut sample = Sample::new();
        sample.findings[1].message = "a <length> & \"more\"".into();
        let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<checkstyle version="4.3">
  <file name="src/ä b#1.c">
    <error line="3" column="16" severity="warning" message="case 1 falls through into case 2" source="crosstalk.implicit-fallthrough"/>
  </file>
  <file name="include/size.h">
    <error line="1" column="8" severity="error" message="a &lt;length&gt; &amp; &quot;more&quot;" source="crosstalk.unchecked-length"/>
  </file>
</checkstyle>
"#;
        assert_eq!(sample.emit(Format::Checkstyle), expected);
    }

    #[test]
    fn nothing_found() {
        let mut sample = Sample::new();
        sample.findings.clear();
        let empty = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<checkstyle version=\"4.3\">\n</checkstyle>\n";
        assert_eq!(sample.emit(Format::Checkstyle), empty);
    }
}
