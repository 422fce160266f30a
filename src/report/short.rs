//! `path:line:col: severity: message [rule]`, one line per finding: the format read by grep, vim and problem matchers.

use std::io::{self, Write};

use super::{Report, printable::Printable};

pub fn write(out: &mut dyn io::Write, report: &Report) -> io::Result<()> {
    let mut out = Printable(out);
    for finding in report.findings {
        let file = report.file(finding.file);
        let at = file.position(finding.span.start);
        let (severity, message) = (finding.severity.as_str(), &finding.message);
        writeln!(out, "{}:{}:{}: {severity}: {message} [{}]", file.path, at.line, at.column, finding.rule)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::report::{Format, fixture::Sample};

    #[test]
    fn one_line_a_finding() {
        let expected = "src/ä b#1.c:3:16: warning: case 1 falls through into case 2 [implicit-fallthrough]\n\
                        include/size.h:1:8: error: the length is used unchecked [unchecked-length]\n";
        assert_eq!(Sample::new().emit(Format::Short), expected);
    }
}
