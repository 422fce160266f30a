//! Rewrites one function's tokens into text that the grammar parses correctly, with a map back to the source.
//!
//! It rewrites what tree-sitter-c is known to misparse, silently or with an ERROR: case ranges, computed `goto`, a
//! `switch` without braces, attributes, types as arguments, and calls of macros not defined in this repository (a loop
//! head, a statement without `;`, a jump as an argument).

use super::rewrite::rewrite;
use crate::preprocess::expand::{Expanded, expand};
use crate::preprocess::macros::MacroTable;
use crate::source::{FileId, Span};

/// A function's text for the parser.
pub struct Prepared {
    pub text: String,
    /// Offset in `text` of the body's opening brace.
    pub body: usize,
    pieces: Vec<Piece>,
}

struct Piece {
    out: u32,
    source: Span,
    /// The text equals the source, byte for byte.
    verbatim: bool,
}

impl Prepared {
    /// The source span of a range of the prepared text: the whole call for text that comes from a macro.
    pub fn source(&self, range: std::ops::Range<usize>) -> Span {
        let start = self.at(range.start, false);
        let end = self.at(range.end.saturating_sub(1).max(range.start), true);
        Span { start: start.min(end), end: end.max(start) }
    }

    /// Whether the text at `out` comes from a macro or was inserted.
    pub fn is_from_macro(&self, out: usize) -> bool {
        self.piece(out).is_some_and(|piece| !piece.verbatim)
    }

    fn piece(&self, out: usize) -> Option<&Piece> {
        self.pieces.get(self.pieces.partition_point(|p| p.out as usize <= out).saturating_sub(1))
    }

    fn at(&self, out: usize, end: bool) -> u32 {
        let Some(piece) = self.piece(out) else { return 0 };
        let delta = out as u32 - piece.out;
        match (piece.verbatim, end) {
            (true, end) => (piece.source.start + delta + u32::from(end)).min(piece.source.end),
            (false, true) => piece.source.end,
            (false, false) => piece.source.start,
        }
    }
}

/// Prepares the function in `code[item]` whose body begins at source offset `body`. The flag is set if macro expansion
/// exceeded its budget.
pub fn prepare(code: &str, item: Span, body: u32, file: FileId, table: &MacroTable) -> (Prepared, bool) {
    let (tokens, over_budget) = expand(code, item.range(), body, file, table);
    (render(code, &rewrite(code, &tokens, body, file, table), body), over_budget)
}

fn render(code: &str, tokens: &[Expanded], brace: u32) -> Prepared {
    let mut body = 0;
    let mut text = String::with_capacity(tokens.len() * 6);
    let mut pieces: Vec<Piece> = Vec::new();
    let mut open: Option<u32> = None;
    for item in tokens {
        let span = item.token.span;
        if !item.from_macro
            && let (Some(end), Some(piece)) = (open, pieces.last_mut())
        {
            // White space between two tokens is copied unchanged, including line ends.
            let gap = &code[end as usize..(span.start as usize).max(end as usize)];
            if span.start >= end && gap.trim().is_empty() {
                text.push_str(gap);
                if span.start == brace {
                    body = text.len();
                }
                text.push_str(&item.token.text);
                piece.source.end = span.end;
                open = Some(span.end);
                continue;
            }
        }
        text.push(' ');
        if span.start == brace {
            body = text.len();
        }
        pieces.push(Piece { out: text.len() as u32, source: span, verbatim: !item.from_macro });
        text.push_str(&item.token.text);
        open = (!item.from_macro).then_some(span.end);
    }
    Prepared { text, body, pieces }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preprocess::scan::Scan;

    fn prepared(defines: &str, body: &str) -> String {
        let text = format!("{defines}\nvoid f(void)\n{{{body}}}");
        let scan = Scan::new(&text);
        let table = MacroTable::of(&[("a.c", &text)]);
        let item = Span::new(defines.len() + 1, text.len());
        let open = text[item.range()].find('{').unwrap_or(0) as u32 + item.start;
        let (prepared, _) = prepare(&scan.code, item, open, FileId(0), &table);
        let words: Vec<&str> = prepared.text.split_whitespace().collect();
        let all = words.join(" ");
        all.split_once('{').and_then(|(_, b)| b.trim().strip_suffix('}')).unwrap_or("").trim().to_owned()
    }

    #[test]
    fn plain_code_is_left_alone() {
        assert_eq!(
            prepared("", "int a = b ? c : d; f(a, b * c); l: x = y && z;"),
            "int a = b ? c : d; f(a, b * c); l: x = y && z;"
        );
    }

    #[test]
    fn what_the_grammar_cannot_read() {
        assert_eq!(prepared("", "switch (x) { case 1 ... 5: y(); }"), "switch (x) { case 1 : y(); }");
        assert_eq!(prepared("", "goto *p[i];"), "goto crosstalk__computed ;");
        assert_eq!(prepared("", "x = offsetof(struct s, a[n - 1]);"), "x = crosstalk__unknown ;");
        assert_eq!(prepared("", "void *p = &&here;"), "void *p = & here;");
        assert_eq!(prepared("", "switch (x) case 1: y(); z();"), "switch (x) { case 1: y(); } z();");
        assert_eq!(prepared("", "switch (x) { case 2: y(); l: }"), "switch (x) { case 2: y(); l: ; }");
    }

    #[test]
    fn assembly_keeps_its_operands_only() {
        assert_eq!(
            prepared("", "asm volatile(\"a\" ADD(%[x], %[y]) \"b\" : [x] \"=r\"(x) : \"r\"(y)); z();"),
            "asm volatile( \"\" : [x] \"=r\"(x) : \"r\"(y)); z();"
        );
        assert_eq!(prepared("", "asm(\"nop\"); z();"), "asm( \"\" ); z();");
    }

    #[test]
    fn attributes_go_and_fall_through_stays() {
        assert_eq!(
            prepared("", "case 1: y(); __attribute__((fallthrough)); case 2: [[fallthrough]]; case 3:"),
            "case 1: y(); crosstalk__fallthrough ; case 2: crosstalk__fallthrough ; case 3:"
        );
        assert_eq!(prepared("", "int a __attribute__((unused)) = 1;"), "int a = 1;");
        assert_eq!(prepared("", "typeof(f(x)) y = 1;"), "crosstalk__type y = 1;");
        assert_eq!(
            prepared("#define FALL __attribute__((fallthrough));", "y(); FALL case 2: z(); FALLTHROUGH case 3:"),
            "y(); crosstalk__fallthrough ; case 2: z(); crosstalk__fallthrough ; case 3:"
        );
        assert_eq!(prepared("", "set_fallthrough(x); y();"), "set_fallthrough(x); y();");
        assert_eq!(prepared("", "y(); fallthrough; default:"), "y(); crosstalk__fallthrough ; default:");
    }

    #[test]
    fn macros_that_nobody_defined() {
        assert_eq!(prepared("", "CHECK(x)\n y();"), "CHECK(x) ; y();");
        assert_eq!(prepared("", "LIST_EACH(a, b) { y(); }"), "while ( LIST_EACH(a, b) ) { y(); }");
        assert_eq!(prepared("", "FAIL_ON(x, goto end); y();"), "if ( crosstalk__unknown ) goto end ; y();");
        assert_eq!(prepared("", "UNREACHED(return 1;) y();"), "return 1 ; y();");
        assert_eq!(prepared("", "BEGIN\n x = 1;"), "BEGIN ; x = 1;");
        assert_eq!(prepared("", "TRY { x = f(SPACE TAB, 1); }"), "{ x = f(SPACE , 1); }");
        assert_eq!(prepared("", "int a[] = { FLAG }; s x = (s){ ONE };"), "int a[] = { FLAG }; s x = (s){ ONE };");
    }

    #[test]
    fn types_as_arguments() {
        assert_eq!(
            prepared("", "x = va_arg(ap, char *); y = talloc(c, struct s, T **); z = f(a * b, ,c, *p, **q);"),
            "x = va_arg(ap, crosstalk__type ); y = talloc(c, crosstalk__type , crosstalk__type ); \
             z = f(a * b, 0 ,c, *p, **q);"
        );
    }

    #[test]
    fn positions_lead_back_to_the_source() {
        let text = "#define R(x) return x\nvoid f(void)\n{ a(); R(5); b(); }";
        let scan = Scan::new(text);
        let table = MacroTable::of(&[("a.c", text)]);
        let open = text.rfind("{ a").unwrap_or(0);
        let (prepared, _) = prepare(&scan.code, Span::new(22, text.len()), open as u32, FileId(0), &table);
        let back = |word: &str| {
            let at = prepared.text.find(word).unwrap_or(0);
            &text[prepared.source(at..at + word.len()).range()]
        };
        assert_eq!(back("a"), "a");
        assert_eq!(back("return 5"), "R(5)");
        assert_eq!(back("b();"), "b();");
    }
}
