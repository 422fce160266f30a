//! One file's text: decoded without moving a byte, with a line index.

/// A human-readable position: both 1-based, the column in Unicode scalar values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub line: u32,
    pub column: u32,
}

/// A file's text, as long as its bytes (after a byte order mark) and below 4 GiB.
pub struct SourceFile {
    /// As displayed: relative to the working directory, with `/` separators.
    pub path: String,
    pub text: String,
    /// Length of the byte order mark that preceded `text` (0 or 3).
    pub bom: u8,
    line_starts: Vec<u32>,
    /// UTF-8 continuation bytes before each block of `BLOCK` bytes; empty for ASCII text. With them, computing
    /// a column scans at most one block, however long the line: generated files have lines of megabytes.
    continuations: Vec<u32>,
}

const BLOCK: usize = 1024;

impl SourceFile {
    pub fn new(path: impl Into<String>, mut bytes: Vec<u8>) -> Self {
        let bom = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        bytes.drain(..bom);
        let text = decode(bytes);
        let mut line_starts = vec![0];
        line_starts.extend(memchr::memchr_iter(b'\n', text.as_bytes()).map(|i| i as u32 + 1));
        let continuations = count_continuations(&text);
        SourceFile { path: path.into(), text, bom: bom as u8, line_starts, continuations }
    }

    /// Whether the file belongs to the program's tests, according to its own or a directory's name.
    pub fn is_test(&self) -> bool {
        const WORDS: [&str; 6] = ["test", "tests", "tester", "testsuite", "unittest", "unittests"];
        let says = |part: &str| part == "unit" || part.split(['_', '-']).any(|w| WORDS.contains(&w));
        // `avtest.c`, but not `contest.c`.
        const OTHERS: [&str; 9] = ["at", "con", "de", "fas", "grea", "la", "pro", "shor", "smar"];
        let is_program = |name: &str| {
            let last = name.rsplit(['_', '-']).next().unwrap_or_default();
            last == "tester" || last.strip_suffix("test").is_some_and(|of| !of.is_empty() && !OTHERS.contains(&of))
        };
        let mut parts = self.path.rsplit('/');
        let name = parts.next().and_then(|name| name.split('.').next()).unwrap_or_default();
        let of_name =
            name.contains(['_', '-']) && says(name) || name.starts_with("check_") || name.starts_with("torture_");
        let of_name = of_name || is_program(name);
        // The location of the tree on the machine says nothing.
        of_name || !self.path.starts_with(['/', '.']) && parts.any(says)
    }

    /// Index (from 0) of the line that contains `offset`.
    pub fn line_index(&self, offset: u32) -> usize {
        self.line_starts.partition_point(|&start| start <= offset) - 1
    }

    /// Number of lines, including the empty one after a final line end.
    pub fn line_count(&self) -> usize {
        self.line_starts.len()
    }

    /// Byte range of a line (index from 0), including its line end.
    pub fn line_range(&self, index: usize) -> std::ops::Range<usize> {
        let start = self.line_starts[index] as usize;
        let end = self.line_starts.get(index + 1).map_or(self.text.len(), |&e| e as usize);
        start..end
    }

    /// The position of `offset`; inside a character it is the character's start, past the end it is the end.
    pub fn position(&self, offset: u32) -> Position {
        let mut offset = (offset as usize).min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.line_index(offset as u32);
        let start = self.line_starts[line] as usize;
        let bytes = offset - start;
        let column = bytes - (self.continuations_before(offset) - self.continuations_before(start)) + 1;
        Position { line: line as u32 + 1, column: column as u32 }
    }

    fn continuations_before(&self, offset: usize) -> usize {
        let block = offset / BLOCK;
        match self.continuations.get(block) {
            Some(&before) => before as usize + continuation_bytes(&self.text.as_bytes()[block * BLOCK..offset]),
            None => 0,
        }
    }

    /// The text of a span; offsets inside a character are moved outwards.
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

/// Decodes without changing the length: each byte that is not UTF-8 becomes `?`, so a Latin-1 comment loses its
/// letters, but no position changes. In a file with only CR line ends, they become LF.
fn decode(bytes: Vec<u8>) -> String {
    let text = String::from_utf8(bytes).unwrap_or_else(|error| {
        let bytes = error.as_bytes();
        let mut text = String::with_capacity(bytes.len());
        for chunk in bytes.utf8_chunks() {
            text.push_str(chunk.valid());
            text.extend(chunk.invalid().iter().map(|_| '?'));
        }
        text
    });
    let has = |byte| memchr::memchr(byte, text.as_bytes()).is_some();
    if has(b'\r') && !has(b'\n') { text.replace('\r', "\n") } else { text }
}

fn count_continuations(text: &str) -> Vec<u32> {
    if text.is_ascii() {
        return Vec::new();
    }
    let mut counts = vec![0];
    let mut total = 0;
    for block in text.as_bytes().chunks(BLOCK) {
        total += continuation_bytes(block);
        counts.push(total as u32);
    }
    counts
}

fn continuation_bytes(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| byte & 0xc0 == 0x80).count()
}

#[cfg(test)]
mod tests {
    use super::super::Span;
    use super::*;

    fn file(bytes: &[u8]) -> SourceFile {
        SourceFile::new("a.c", bytes.to_vec())
    }

    fn at(file: &SourceFile, offset: u32) -> (u32, u32) {
        let position = file.position(offset);
        (position.line, position.column)
    }

    #[test]
    fn empty_file_has_one_line() {
        let file = file(b"");
        assert_eq!(file.line_count(), 1);
        assert_eq!(file.line_range(0), 0..0);
        assert_eq!(at(&file, 0), (1, 1));
        assert_eq!(at(&file, 7), (1, 1));
        assert_eq!(file.slice(Span::new(3, 9)), "");
    }

    #[test]
    fn byte_order_mark_is_cut_and_counted() {
        let with = file(b"\xef\xbb\xbfint x;");
        assert_eq!((with.text.as_str(), with.bom), ("int x;", 3));
        assert_eq!(at(&with, 4), (1, 5));
        let only = file(b"\xef\xbb\xbf");
        assert_eq!((only.text.as_str(), only.bom), ("", 3));
        let partial = file(b"\xef\xbb");
        assert_eq!((partial.text.as_str(), partial.bom), ("??", 0));
    }

    #[test]
    fn crlf_belongs_to_its_line() {
        let file = file(b"a\r\nb\r\n");
        assert_eq!(file.line_count(), 3);
        assert_eq!(file.line_range(0), 0..3);
        assert_eq!(file.line_range(1), 3..6);
        assert_eq!(file.line_range(2), 6..6);
        assert_eq!(at(&file, 2), (1, 3));
        assert_eq!(at(&file, 3), (2, 1));
        assert_eq!(at(&file, 6), (3, 1));
    }

    #[test]
    fn lone_carriage_returns_end_lines_only_where_nothing_else_does() {
        assert_eq!(file(b"a\rb\r").text, "a\nb\n");
        assert_eq!(file(b"a\rb\n").text, "a\rb\n");
        assert_eq!(file(b"a\rb\n").line_count(), 2);
    }

    #[test]
    fn invalid_bytes_keep_the_length() {
        let cases: [(&[u8], &str); 8] = [
            (b"caf\xe9 ol\xe9", "caf? ol?"),
            (b"\xff\xfe", "??"),
            (b"a\xe2\x82", "a??"),   // cut in the last character
            (b"a\xe2\x82b", "a??b"), // cut in the middle
            (b"a\xf0\x9f\x98", "a???"),
            (b"\xed\xa0\x80", "???"), // a surrogate
            (b"\xc0\xaf\x80", "???"), // overlong, then a stray continuation
            ("é\u{10ffff}\0".as_bytes(), "é\u{10ffff}\0"),
        ];
        for (bytes, text) in cases {
            let file = file(bytes);
            assert_eq!(file.text, text);
            assert_eq!(file.text.len(), bytes.len());
        }
    }

    #[test]
    fn columns_count_characters() {
        let file = file("/* é€😀 */ x\nß".as_bytes());
        assert_eq!(at(&file, 3), (1, 4));
        assert_eq!(at(&file, 4), (1, 4)); // inside é
        assert_eq!(at(&file, 5), (1, 5));
        assert_eq!(at(&file, 8), (1, 6));
        assert_eq!(at(&file, 12), (1, 7));
        assert_eq!(at(&file, 18), (2, 1));
        assert_eq!(at(&file, 20), (2, 2));
        assert_eq!(at(&file, u32::MAX), (2, 2));
        assert_eq!(file.slice(Span::new(4, 6)), "é€");
    }

    #[test]
    fn columns_of_a_long_line_agree_with_counting() {
        let line = "é€a".repeat(3 * BLOCK);
        let text = format!("short é\n{line}\n{line}");
        let file = file(text.as_bytes());
        for (index, start) in [(1, 9), (2, 10 + line.len())] {
            for (character, (offset, _)) in line.char_indices().enumerate().step_by(97) {
                let position = file.position((start + offset) as u32);
                assert_eq!(position, Position { line: index + 1, column: character as u32 + 1 });
            }
        }
        let end = file.position(text.len() as u32);
        assert_eq!(end, Position { line: 3, column: 9 * BLOCK as u32 + 1 });
    }

    #[test]
    fn text_that_fills_its_last_block_has_an_end() {
        for length in [BLOCK - 1, BLOCK, BLOCK + 1] {
            let text = format!("é{}", "x".repeat(length - 2));
            assert_eq!(at(&file(text.as_bytes()), length as u32), (1, length as u32));
        }
    }
}
