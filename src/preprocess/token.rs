//! C tokens of text whose comments and directives are blanked.

use std::borrow::Cow;

use memchr::memmem;

use crate::source::Span;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    Ident,
    Number,
    /// String and character literals, with their prefix.
    Literal,
    Punct,
}

/// A token and its location in the source. A token from a macro body is located at the macro call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token<'a> {
    pub kind: TokenKind,
    pub text: Cow<'a, str>,
    pub span: Span,
    /// White space precedes it (matters only to `#` and printing).
    pub spaced: bool,
}

impl Token<'_> {
    pub fn is(&self, text: &str) -> bool {
        self.text == text
    }

    pub fn is_ident(&self) -> bool {
        self.kind == TokenKind::Ident
    }
}

/// Keywords that begin or structure a statement, and `sizeof`.
const STATEMENT_WORDS: [&str; 13] =
    ["if", "else", "for", "while", "do", "switch", "case", "default", "break", "continue", "return", "goto", "sizeof"];

/// Keywords that occur only in types.
const TYPE_WORDS: [&str; 13] = [
    "struct", "union", "enum", "const", "unsigned", "signed", "int", "char", "short", "long", "float", "double", "void",
];

pub fn is_statement_word(text: &str) -> bool {
    STATEMENT_WORDS.contains(&text)
}

pub fn is_type_word(text: &str) -> bool {
    TYPE_WORDS.contains(&text)
}

/// Three- and two-byte punctuators, longest first.
const PUNCTUATORS: [&str; 24] = [
    "...", "<<=", ">>=", "->", "++", "--", "<<", ">>", "<=", ">=", "==", "!=", "&&", "||", "*=", "/=", "%=", "+=",
    "-=", "&=", "^=", "|=", "##", "::",
];

pub const fn is_ident_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte == b'$' || byte >= 0x80
}

/// A lookup table, because every byte of the text is tested at least once.
const IDENT_PARTS: [bool; 256] = {
    let mut parts = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        parts[byte] = is_ident_start(byte as u8) || (byte as u8).is_ascii_digit();
        byte += 1;
    }
    parts
};

pub const fn is_ident_part(byte: u8) -> bool {
    IDENT_PARTS[byte as usize]
}

/// End of the identifier that starts at `at`.
pub fn ident_end(bytes: &[u8], at: usize) -> usize {
    at + bytes[at..].iter().take_while(|&&b| is_ident_part(b)).count()
}

/// Offsets where `word` occurs in `text` as a whole identifier, including in comments and literals.
pub fn occurrences<'t>(text: &'t str, word: &'t str) -> impl Iterator<Item = usize> + 't {
    memmem::find_iter(text.as_bytes(), word).filter(move |&at| is_whole(text, at, word.len()))
}

/// Whether `word` occurs in `text` as a whole identifier.
pub fn has_word(text: &str, word: &str) -> bool {
    occurrences(text, word).next().is_some()
}

/// A word to search for in many texts.
pub struct Word {
    finder: memmem::Finder<'static>,
}

impl Word {
    pub fn new(word: &'static str) -> Word {
        Word { finder: memmem::Finder::new(word) }
    }

    /// Whether the word occurs in `text` as a whole identifier.
    pub fn is_in(&self, text: &str) -> bool {
        let len = self.finder.needle().len();
        self.finder.find_iter(text.as_bytes()).any(|at| is_whole(text, at, len))
    }
}

/// Whether no identifier extends beyond `text[at..at + len]`.
fn is_whole(text: &str, at: usize, len: usize) -> bool {
    let bytes = text.as_bytes();
    let before = at.checked_sub(1).is_some_and(|i| is_ident_part(bytes[i]));
    let after = bytes.get(at + len).is_some_and(|&b| is_ident_part(b));
    !before && !after
}

/// End of the string or character literal whose quote is at `at`; an unterminated one ends before its line end.
pub fn literal_end(bytes: &[u8], at: usize) -> usize {
    let quote = bytes[at];
    let mut i = at + 1;
    while i < bytes.len() {
        match bytes[i] {
            b'\\' => i += 1 + usize::from(bytes.get(i + 1) == Some(&b'\r')),
            b'\n' => return i,
            b if b == quote => return i + 1,
            _ => {}
        }
        i += 1;
    }
    bytes.len()
}

/// The value of an integer constant.
pub fn integer(text: &str) -> Option<i64> {
    let digits = text.trim_end_matches(['u', 'U', 'l', 'L']);
    match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => i64::from_str_radix(&digits[2..], 16).ok(),
        [b'0', b'b' | b'B', ..] => i64::from_str_radix(&digits[2..], 2).ok(),
        [b'0', _, ..] => i64::from_str_radix(&digits[1..], 8).ok(),
        _ => digits.parse().ok(),
    }
}

/// How far a statement or list is followed to find its end: an unterminated one must not cost its whole length for
/// each place where a search begins.
const MAX_LOOK: usize = 2048;

/// Offset after the parenthesis that closes the one `text` begins with, ignoring leading blanks.
pub fn closing_paren(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    find_outside_literals(text, |byte| match byte {
        b'(' => {
            depth += 1;
            Some(false)
        }
        b')' if depth <= 1 => (depth == 1).then_some(true),
        b')' => {
            depth -= 1;
            Some(false)
        }
        b'{' | b'}' => None,
        _ => (depth > 0 || byte.is_ascii_whitespace()).then_some(false),
    })
}

/// Offset after the `;` of the statement that `text` begins with; `None` if it contains braces.
pub fn statement_end(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    find_outside_literals(text, |byte| {
        match byte {
            b'(' => depth += 1,
            b')' => depth = depth.checked_sub(1)?,
            b'{' | b'}' => return None,
            _ => {}
        }
        Some(byte == b';' && depth == 0)
    })
}

/// Offset after the first byte for which `is_end` returns true; `None` if it returns `None` first.
fn find_outside_literals(text: &str, mut is_end: impl FnMut(u8) -> Option<bool>) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len().min(MAX_LOOK) {
        match bytes[at] {
            b'"' | b'\'' => at = literal_end(bytes, at),
            byte => {
                at += 1;
                if is_end(byte)? {
                    return Some(at);
                }
            }
        }
    }
    None
}

/// The tokens of `text[range]`; their spans are offsets into `text`.
pub struct Tokens<'a> {
    text: &'a str,
    at: usize,
    end: usize,
}

impl<'a> Tokens<'a> {
    pub fn new(text: &'a str, range: std::ops::Range<usize>) -> Self {
        Tokens { text, at: range.start, end: range.end }
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        let bytes = &self.text.as_bytes()[..self.end];
        let before = self.at;
        while self.at < self.end && (bytes[self.at].is_ascii_whitespace() || matches!(bytes[self.at], b'\\' | 0x0b | 0))
        {
            self.at += 1;
        }
        let start = self.at;
        let first = *bytes.get(start)?;
        let (kind, end) = if is_ident_start(first) {
            let end = ident_end(bytes, start);
            // `L"…"`, `u8'…'`: the prefix is part of the literal.
            match bytes.get(end) {
                Some(&(b'"' | b'\'')) if matches!(&bytes[start..end], b"L" | b"u" | b"U" | b"u8") => {
                    (TokenKind::Literal, literal_end(bytes, end))
                }
                _ => (TokenKind::Ident, end),
            }
        } else if first.is_ascii_digit() || (first == b'.' && bytes.get(start + 1).is_some_and(u8::is_ascii_digit)) {
            (TokenKind::Number, number_end(bytes, start))
        } else if matches!(first, b'"' | b'\'') {
            (TokenKind::Literal, literal_end(bytes, start))
        } else {
            let rest = &bytes[start..];
            (TokenKind::Punct, start + punctuator_len(rest))
        };
        self.at = end;
        Some(Token {
            kind,
            text: Cow::Borrowed(&self.text[start..end]),
            span: Span::new(start, end),
            spaced: start > before,
        })
    }
}

/// Most punctuators are one byte long, which that byte or the next one shows.
#[inline]
fn punctuator_len(bytes: &[u8]) -> usize {
    match bytes {
        [b'(' | b')' | b'{' | b'}' | b'[' | b']' | b';' | b',', ..] => 1,
        [_, b'.' | b'=' | b'<' | b'>' | b'+' | b'-' | b'&' | b'|' | b'#' | b':', ..] => {
            PUNCTUATORS.iter().find(|p| bytes.starts_with(p.as_bytes())).map_or(1, |p| p.len())
        }
        _ => 1,
    }
}

/// End of a preprocessing number (C11 6.4.8), which is more general than any constant.
fn number_end(bytes: &[u8], start: usize) -> usize {
    let mut i = start + 1;
    while i < bytes.len() {
        let sign = matches!(bytes[i], b'+' | b'-') && matches!(bytes[i - 1], b'e' | b'E' | b'p' | b'P');
        let hex = bytes[start..].starts_with(b"0x") || bytes[start..].starts_with(b"0X");
        let exponent = sign && (!hex || matches!(bytes[i - 1], b'p' | b'P'));
        // `1...5` is a case range, not a number with dots.
        let dots = bytes[i..].starts_with(b"..");
        if !exponent && (dots || !(is_ident_part(bytes[i]) || bytes[i] == b'.')) {
            break;
        }
        i += 1;
    }
    i
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        Tokens::new(text, 0..text.len()).map(|t| t.text.into_owned()).collect()
    }

    #[test]
    fn splits_as_c_does() {
        assert_eq!(texts("a->b+++c <<= 0x1e-2"), ["a", "->", "b", "++", "+", "c", "<<=", "0x1e", "-", "2"]);
        assert_eq!(texts("case 1...5: L\"a\\\"b\" 'x'"), ["case", "1", "...", "5", ":", "L\"a\\\"b\"", "'x'"]);
        assert_eq!(texts("1.5e-3f .5 a##b"), ["1.5e-3f", ".5", "a", "##", "b"]);
    }

    #[test]
    fn an_unclosed_literal_ends_with_its_line() {
        assert_eq!(texts("don't\nx"), ["don", "'t", "x"]);
    }

    #[test]
    fn ends_of_lists_and_statements() {
        assert_eq!(closing_paren(" (a(b), \")\") c)"), Some(12));
        assert_eq!(closing_paren("x (a)"), None);
        assert_eq!(closing_paren("(a; { b; })"), None);
        assert_eq!(statement_end("for (;;) a(\";\"); b;"), Some(16));
        assert_eq!(statement_end("do { a; } while (b);"), None);
    }

    #[test]
    fn multibyte_text_stays_whole() {
        assert_eq!(texts("é = \"ü\"; ‘x’"), ["é", "=", "\"ü\"", ";", "‘x’"]);
    }
}
