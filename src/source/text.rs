//! One file's text: decoded without moving a byte, with a line index.

use std::borrow::Cow;

/// A position as a person counts it: both 1-based, the column in Unicode scalar values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub line: u32,
    pub column: u32,
}

/// A file's text, the same length as its bytes (after a byte order mark).
pub struct SourceFile {
    /// As shown to the user: relative to the working directory, `/` between its parts.
    pub path: String,
    pub text: String,
    /// Bytes of the byte order mark that stood before `text` (0 or 3).
    pub bom: u8,
    line_starts: Vec<u32>,
}

impl SourceFile {
    pub fn new(path: impl Into<String>, bytes: Vec<u8>) -> Self {
        let (bytes, bom) = match bytes.strip_prefix(b"\xef\xbb\xbf") {
            Some(rest) => (rest.to_vec(), 3),
            None => (bytes, 0),
        };
        let text = decode(bytes);
        let mut line_starts = vec![0];
        line_starts.extend(memchr::memchr_iter(b'\n', text.as_bytes()).map(|i| i as u32 + 1));
        SourceFile { path: path.into(), text, bom, line_starts }
    }

    /// Index of the line (from 0) that holds `offset`.
    pub fn line_index(&self, offset: u32) -> usize {
        self.line_starts.partition_point(|&start| start <= offset) - 1
    }

    pub fn line_count(&self) -> usize {
        self.line_starts.len()
    }

    /// Byte range of a line (index from 0), with its line end.
    pub fn line_range(&self, index: usize) -> std::ops::Range<usize> {
        let start = self.line_starts[index] as usize;
        let end = self.line_starts.get(index + 1).map_or(self.text.len(), |&e| e as usize);
        start..end
    }

    pub fn position(&self, offset: u32) -> Position {
        let mut offset = (offset as usize).min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.line_index(offset as u32);
        let start = self.line_starts[line] as usize;
        Position { line: line as u32 + 1, column: self.text[start..offset].chars().count() as u32 + 1 }
    }

    /// The text of a span; offsets inside a character move outwards.
    pub fn slice(&self, span: super::Span) -> &str {
        let (mut start, mut end) = (span.start as usize, (span.end as usize).min(self.text.len()));
        start = start.min(end);
        while !self.text.is_char_boundary(start) {
            start -= 1;
        }
        while !self.text.is_char_boundary(end) {
            end += 1;
        }
        &self.text[start..end]
    }
}

/// Decodes without changing the length: each byte that is not UTF-8 becomes `?`, so that a Latin-1 comment costs
/// its letters, never a position. A file with only CR line ends gets LF ones.
fn decode(bytes: Vec<u8>) -> String {
    let mut text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let mut bytes = error.into_bytes();
            let mut at = 0;
            while let Err(error) = std::str::from_utf8(&bytes[at..]) {
                let bad = at + error.valid_up_to();
                let len = error.error_len().unwrap_or(bytes.len() - bad);
                bytes[bad..bad + len].fill(b'?');
                at = bad + len;
            }
            match String::from_utf8(bytes) {
                Ok(text) => text,
                Err(error) => Cow::into_owned(String::from_utf8_lossy(error.as_bytes())),
            }
        }
    };
    if memchr::memchr(b'\n', text.as_bytes()).is_none() && memchr::memchr(b'\r', text.as_bytes()).is_some() {
        text = text.replace('\r', "\n");
    }
    text
}
