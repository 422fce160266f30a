//! One pass over a file's text: comments, directives, and the text with both of them blanked.

use super::allow::is_addressed;
use super::token::{Tokens, ident_end, is_ident_start, literal_end};
use crate::source::Span;

/// A preprocessing directive; a continued one spans several lines.
#[derive(Clone, Debug)]
pub struct Directive {
    /// From `#` to before the line end.
    pub span: Span,
    /// `if`, `define`, …; empty for `# 12 "file"` and a lone `#`.
    pub keyword: Span,
    /// What follows the keyword.
    pub rest: Span,
}

/// What a `#pragma pack` does to the greatest alignment that members of a structure have; 0 stands for no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pack {
    Set(u8),
    /// With a limit of its own, or the one in force.
    Push(Option<u8>),
    Pop,
}

/// A file as the preprocessor sees it.
#[derive(Default)]
pub struct Scan {
    /// The text with comments, directives and line splices blanked: same length, same line ends.
    pub code: String,
    /// But those to this program, which tell nothing of the code.
    pub comments: Vec<Span>,
    /// Comments to this program: `crosstalk: allow(…)`.
    pub addressed: Vec<Span>,
    pub directives: Vec<Directive>,
    /// Where an `#include` stands.
    pub includes: Vec<u32>,
    /// `#pragma pack`, by its place.
    pub packs: Vec<(u32, Pack)>,
    /// Written by a program (ragel, bison, flex, …), not by a person.
    pub generated: bool,
}

/// True for the bytes at which the scanner has to look.
const STOPS: [bool; 256] = {
    let mut stops = [false; 256];
    stops[b'/' as usize] = true;
    stops[b'"' as usize] = true;
    stops[b'\'' as usize] = true;
    stops[b'\\' as usize] = true;
    stops[b'#' as usize] = true;
    stops
};

impl Scan {
    pub fn new(text: &str) -> Scan {
        let bytes = text.as_bytes();
        let mut scan = Scan { generated: is_generated(text), ..Scan::default() };
        let mut blanks: Vec<Span> = Vec::new();
        let mut at = 0;
        while let Some(step) = bytes[at..].iter().position(|&b| STOPS[b as usize]) {
            at += step;
            match bytes[at] {
                b'"' => at = literal_end(bytes, at),
                // `1'000` does not occur in C; `#if 0` prose does, and ends with its line.
                b'\'' => at = literal_end(bytes, at),
                b'/' => match comment_end(bytes, at) {
                    Some(end) => {
                        scan.comment(text, Span::new(at, end));
                        blanks.push(Span::new(at, end));
                        at = end;
                    }
                    None => at += 1,
                },
                b'\\' if is_splice(bytes, at) => {
                    blanks.push(Span::new(at, at + 1));
                    at += 1;
                }
                b'#' if starts_line(bytes, at, &blanks) => {
                    let end = scan.directive(text, at);
                    blanks.push(Span::new(at, end));
                    at = end;
                }
                _ => at += 1,
            }
        }
        scan.generated |= scan.directives.iter().filter(|d| is_line_directive(bytes, d)).count() > 2;
        scan.code = blank(text, &blanks);
        scan
    }

    fn comment(&mut self, text: &str, span: Span) {
        if is_addressed(&text[span.range()]) {
            self.addressed.push(span);
        } else {
            self.comments.push(span);
        }
    }

    /// Reads the directive at `at`; gives its end.
    fn directive(&mut self, text: &str, at: usize) -> usize {
        let bytes = text.as_bytes();
        let mut i = at + 1;
        while matches!(bytes.get(i), Some(b' ' | b'\t')) {
            i += 1;
        }
        let keyword_end = if bytes.get(i).is_some_and(|&b| is_ident_start(b)) { ident_end(bytes, i) } else { i };
        let keyword = Span::new(i, keyword_end);
        let literals = !matches!(&bytes[keyword.range()], b"error" | b"warning" | b"pragma");
        i = keyword_end;
        while i < bytes.len() && bytes[i] != b'\n' {
            match bytes[i] {
                b'/' if comment_end(bytes, i).is_some() => {
                    let end = comment_end(bytes, i).unwrap_or(i + 1);
                    self.comment(text, Span::new(i, end));
                    i = end;
                }
                b'"' | b'\'' if literals => i = literal_end(bytes, i),
                b'\\' if is_splice(bytes, i) => i += if bytes[i + 1] == b'\r' { 3 } else { 2 },
                _ => i += 1,
            }
        }
        let end = i.min(bytes.len());
        let rest = Span::new(keyword_end.min(end), end);
        match &bytes[keyword.range()] {
            b"include" => self.includes.push(at as u32),
            b"pragma" => self.packs.extend(pack(&bytes[rest.range()]).map(|pack| (at as u32, pack))),
            _ => {}
        }
        self.directives.push(Directive { span: Span::new(at, end), keyword, rest });
        end
    }

    /// The text of a directive's rest, comments and splices blanked.
    pub fn rest(&self, text: &str, directive: &Directive) -> String {
        let rest = directive.rest;
        let first = self.comments.partition_point(|c| c.end <= rest.start);
        let mut blanks: Vec<Span> = self.comments[first..].iter().take_while(|c| c.start < rest.end).copied().collect();
        let bytes = text.as_bytes();
        blanks.extend(
            memchr::memchr_iter(b'\\', &bytes[rest.range()])
                .map(|i| i + rest.start as usize)
                .filter(|&i| is_splice(bytes, i))
                .map(|i| Span::new(i, i + 1)),
        );
        blanks.iter_mut().for_each(|b| *b = Span { start: b.start - rest.start, end: b.end - rest.start });
        blank(&text[rest.range()], &blanks).replace(['\n', '\r'], " ")
    }

    /// A directive begins in `within`.
    pub fn has_directive(&self, within: Span) -> bool {
        let first = self.directives.partition_point(|d| d.span.start < within.start);
        self.directives.get(first).is_some_and(|d| d.span.start < within.end)
    }

    /// Other files' text is put in somewhere in `within`.
    pub fn has_include(&self, within: Span) -> bool {
        let first = self.includes.partition_point(|&at| at < within.start);
        self.includes.get(first).is_some_and(|&at| at < within.end)
    }

    /// The comments that lie in `within`, in order.
    pub fn comments_in(&self, within: Span) -> &[Span] {
        let first = self.comments.partition_point(|c| c.start < within.start);
        let last = self.comments.partition_point(|c| c.start < within.end);
        &self.comments[first..last.max(first)]
    }
}

/// `text` with every span overwritten by spaces, line ends kept.
pub fn blank(text: &str, spans: &[Span]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for span in spans {
        for byte in &mut bytes[span.range()] {
            if !matches!(*byte, b'\n' | b'\r') {
                *byte = b' ';
            }
        }
    }
    // Spans begin and end at ASCII bytes, so no character is cut; if one were, it becomes visible, not a crash.
    String::from_utf8(bytes)
        .unwrap_or_else(|e| e.into_bytes().iter().map(|&b| if b.is_ascii() { b as char } else { '?' }).collect())
}

/// Reads what stands behind `#pragma`: `pack(1)`, `pack(push, name, 1)`, `pack(pop)`, `pack()`.
fn pack(rest: &[u8]) -> Option<Pack> {
    let rest = std::str::from_utf8(rest).ok()?.trim_start().strip_prefix("pack")?;
    let list = rest.trim_start().strip_prefix('(')?.split(')').next()?;
    let mut words = list.split(',').map(str::trim);
    let limit = list.split(',').find_map(|word| word.trim().parse().ok());
    match words.next() {
        Some("push") => Some(Pack::Push(limit)),
        Some("pop") => Some(Pack::Pop),
        Some("show") => None,
        _ => Some(Pack::Set(limit.unwrap_or(0))),
    }
}

fn is_splice(bytes: &[u8], at: usize) -> bool {
    matches!(bytes.get(at + 1), Some(b'\n')) || bytes[at + 1..].starts_with(b"\r\n")
}

/// End of the comment that starts at `at`, if one does. A `//` comment goes on over a spliced line.
fn comment_end(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at + 1)? {
        b'*' => Some(memchr::memmem::find(&bytes[at + 2..], b"*/").map_or(bytes.len(), |i| at + 2 + i + 2)),
        b'/' => {
            let mut i = at + 2;
            loop {
                i += memchr::memchr(b'\n', &bytes[i..]).unwrap_or(bytes.len() - i);
                let line_end = if i > 0 && bytes[i - 1] == b'\r' { i - 1 } else { i };
                if i >= bytes.len() || bytes[line_end - 1] != b'\\' {
                    return Some(line_end);
                }
                i += 1;
            }
        }
        _ => None,
    }
}

/// Only white space and comments stand between the line's start and `at`.
fn starts_line(bytes: &[u8], at: usize, blanks: &[Span]) -> bool {
    let mut i = at;
    let mut blanks = blanks.iter().rev().peekable();
    while i > 0 {
        if let Some(blank) = blanks.peek()
            && blank.end as usize == i
        {
            i = blank.start as usize;
            blanks.next();
            continue;
        }
        match bytes[i - 1] {
            b'\n' => return true,
            b' ' | b'\t' | b'\r' | 0x0b | 0x0c => i -= 1,
            _ => return false,
        }
    }
    true
}

fn is_line_directive(bytes: &[u8], directive: &Directive) -> bool {
    let rest = || {
        Tokens::new(std::str::from_utf8(&bytes[directive.rest.range()]).unwrap_or(""), 0..directive.rest.range().len())
            .count()
    };
    &bytes[directive.keyword.range()] == b"line" && rest() == 2
}

/// The banner of a generator in the file's head.
fn is_generated(text: &str) -> bool {
    let mut head = text.len().min(3000);
    while !text.is_char_boundary(head) {
        head -= 1;
    }
    let head = text[..head].to_ascii_lowercase();
    let any = |words: &[&str]| words.iter().any(|w| head.contains(w));
    any(&[
        "a bison parser, made",
        "a lexical scanner generated",
        "generated by re2c",
        "@generated",
        "generated by ragel",
    ]) || (any(&["generated"]) && any(&["do not edit", "do not modify", "don't edit", "do not change this file"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_directives_become_blanks_of_the_same_length() {
        let text = "a /* x\ny */ b // c\\\nd\n  #define X 1 /* m\n */ 2\n\"/*\" '\"' e";
        let scan = Scan::new(text);
        assert_eq!(scan.code.len(), text.len());
        assert_eq!(scan.code.split_whitespace().collect::<Vec<_>>(), ["a", "b", "\"/*\"", "'\"'", "e"]);
        assert_eq!(scan.comments.len(), 3);
        assert_eq!(scan.directives.len(), 1);
    }

    #[test]
    fn a_directive_goes_on_over_splices_and_its_rest_is_clean() {
        let text = "#define A(x) \\\r\n  f(x) /* why */ \\\n  + 1\nint y;";
        let scan = Scan::new(text);
        let rest = scan.rest(text, &scan.directives[0]);
        assert_eq!(rest.split_whitespace().collect::<Vec<_>>(), ["A(x)", "f(x)", "+", "1"]);
        assert_eq!(scan.code.trim(), "int y;");
    }

    #[test]
    fn prose_in_a_dead_arm_does_not_swallow_the_file() {
        let text = "#if 0\ndon't do \"this\n#endif\nint x;";
        let scan = Scan::new(text);
        assert_eq!(scan.directives.len(), 2);
        assert!(scan.code.contains("int x;"));
    }

    #[test]
    fn packing_is_noted() {
        let packs = |text: &str| Scan::new(text).packs.iter().map(|&(_, pack)| pack).collect::<Vec<_>>();
        assert_eq!(packs("#pragma pack(push, r1, 1)\n#pragma pack ( pop )"), [Pack::Push(Some(1)), Pack::Pop]);
        assert_eq!(packs("#pragma pack(push)\n#pragma pack(2)"), [Pack::Push(None), Pack::Set(2)]);
        assert_eq!(packs("#pragma pack()\n#pragma once\n#pragma packed\n#pragma pack(show)"), [Pack::Set(0)]);
    }

    #[test]
    fn a_hash_inside_a_line_is_no_directive() {
        assert_eq!(Scan::new("int a; # b\n/* c */ # define D\n").directives.len(), 1);
    }
}
