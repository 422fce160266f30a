//! Keeps control characters of the analysed source from reaching a terminal.

use std::io;

use codespan_reporting::term::termcolor::{ColorSpec, WriteColor};

/// Drops control characters except line feed and tab. They have no width, so carets stay in their columns; colours
/// bypass it through `WriteColor`.
pub struct Printable<W>(pub W);

impl<W: io::Write> io::Write for Printable<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for part in bytes.split(|byte| byte.is_ascii_control() && !matches!(byte, b'\n' | b'\t')) {
            self.0.write_all(part)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl<W: WriteColor> WriteColor for Printable<W> {
    fn supports_color(&self) -> bool {
        self.0.supports_color()
    }

    fn set_color(&mut self, spec: &ColorSpec) -> io::Result<()> {
        self.0.set_color(spec)
    }

    fn reset(&mut self) -> io::Result<()> {
        self.0.reset()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn drops_what_a_terminal_would_obey() {
        let mut out = Vec::new();
        Printable(&mut out).write_all("\x1b[2Jü\ta\x0c\r\n\x7f".as_bytes()).unwrap();
        assert_eq!(out, "[2Jü\ta\n".as_bytes());
    }
}
