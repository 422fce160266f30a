//! Rewrites one function's tokens into text that the grammar parses as C means it, with a map back to the source.
//!
//! What is rewritten is what tree-sitter-c is known to get wrong in silence or at the cost of an ERROR: case ranges,
//! computed `goto`, a `switch` without braces, attributes, types as arguments, and calls of macros that nobody
//! defined in this repository (a loop head, a statement without `;`, a jump as an argument).

use rustc_hash::FxHashMap;

use crate::preprocess::comments::is_fallthrough_name;
use crate::preprocess::expand::{Expanded, expand, is_jump, is_type};
use crate::preprocess::macros::MacroTable;
use crate::preprocess::token::TokenKind;
use crate::source::{FileId, Span};

/// What a fall-through attribute or macro becomes, as a statement of its own.
pub const FALLTHROUGH_MARK: &str = "crosstalk__fallthrough";
/// The target of a computed `goto`.
pub const COMPUTED_GOTO: &str = "crosstalk__computed";
/// Stands for a type given as an argument.
pub const TYPE_ARGUMENT: &str = "crosstalk__type";
/// Stands for a test that cannot be known (inside an unknown macro).
pub const UNKNOWN: &str = "crosstalk__unknown";
/// A statement that nobody can read (MSVC `__asm`).
pub const OPAQUE: &str = "crosstalk__opaque";

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
    /// The text is the source's own, byte for byte.
    verbatim: bool,
}

impl Prepared {
    /// The source span of a range of the prepared text: whole calls where it comes out of macros.
    pub fn source(&self, range: std::ops::Range<usize>) -> Span {
        let start = self.at(range.start, false);
        let end = self.at(range.end.saturating_sub(1).max(range.start), true);
        Span { start: start.min(end), end: end.max(start) }
    }

    fn at(&self, out: usize, end: bool) -> u32 {
        let index = self.pieces.partition_point(|p| p.out as usize <= out).saturating_sub(1);
        let Some(piece) = self.pieces.get(index) else { return 0 };
        let delta = out as u32 - piece.out;
        match (piece.verbatim, end) {
            (true, end) => (piece.source.start + delta + u32::from(end)).min(piece.source.end),
            (false, true) => piece.source.end,
            (false, false) => piece.source.start,
        }
    }
}

/// Prepares the function in `code[item]` whose body begins at source offset `body`. The flag tells that macro
/// expansion ran out of its budget.
pub fn prepare(code: &str, item: Span, body: u32, file: FileId, table: &MacroTable) -> (Prepared, bool) {
    let (tokens, over_budget) = expand(code, item.range(), body, file, table);
    let mut rewriter = Rewriter {
        code,
        tokens: &tokens,
        out: Vec::with_capacity(tokens.len() + 16),
        file,
        table,
        statement: false,
        parens: Vec::new(),
        head: false,
        braces: Vec::new(),
        after_list: false,
        inserts: FxHashMap::default(),
        types: FxHashMap::default(),
    };
    rewriter.run(body);
    (render(code, &rewriter.out, body), over_budget)
}

fn render(code: &str, tokens: &[Expanded], brace: u32) -> Prepared {
    let mut body = 0;
    let mut text = String::with_capacity(tokens.len() * 6);
    let mut pieces: Vec<Piece> = Vec::new();
    let mut open: Option<u32> = None;
    for item in tokens {
        let span = item.token.span;
        if !item.from_macro {
            if let (Some(end), Some(piece)) = (open, pieces.last_mut()) {
                // Blanks between two tokens are copied as they stand, line ends included.
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

#[derive(Clone, Copy, PartialEq, Eq)]
enum Paren {
    /// Of `if (…)`, `while (…)`, …: a statement follows.
    Head,
    /// Behind a name.
    List,
    Other,
}

struct Rewriter<'a, 't> {
    code: &'a str,
    tokens: &'a [Expanded<'t>],
    out: Vec<Expanded<'t>>,
    file: FileId,
    table: &'a MacroTable,
    /// A statement begins at the next token.
    statement: bool,
    /// Open parentheses, and what their closing one will be.
    parens: Vec<Paren>,
    head: bool,
    /// Open braces: true for those of a block, false for those of an initialiser.
    braces: Vec<bool>,
    /// The last `)` closed a list behind a name, as in a nested function's head.
    after_list: bool,
    /// What goes in before a token.
    inserts: FxHashMap<usize, Vec<&'static str>>,
    /// Arguments that are types: first token and the one behind the last.
    types: FxHashMap<usize, usize>,
}

impl<'t> Rewriter<'_, 't> {
    fn run(&mut self, body: u32) {
        let mut i = 0;
        while i <= self.tokens.len() {
            for text in self.inserts.remove(&i).unwrap_or_default() {
                let kind = if text == "0" { TokenKind::Number } else { TokenKind::Punct };
                self.insert(text, kind, i.saturating_sub(1));
                self.statement |= text != "0";
                match text {
                    "{" => self.braces.push(true),
                    "}" => drop(self.braces.pop()),
                    _ => {}
                }
            }
            match self.tokens.get(i) {
                Some(item) => i = self.step(i, item.token.span.start > body),
                None => break,
            }
        }
    }

    fn text(&self, i: usize) -> &str {
        self.tokens.get(i).map_or("", |t| &t.token.text)
    }

    fn is_ident(&self, i: usize) -> bool {
        self.tokens.get(i).is_some_and(|t| t.token.is_ident())
    }

    fn insert(&mut self, text: &'static str, kind: TokenKind, at: usize) {
        let span = self.tokens[at].token.span;
        self.out.push(Expanded::inserted(text, kind, span));
    }

    fn mark(&mut self, text: &'static str, first: usize, last: usize) {
        let span = self.tokens[first].token.span.to(self.tokens[last].token.span);
        self.out.push(Expanded::inserted(text, TokenKind::Ident, span));
    }

    fn copy(&mut self, i: usize) {
        self.out.push(self.tokens[i].clone());
    }

    /// Index of the bracket that closes the one at `open`.
    fn close(&self, open: usize) -> Option<usize> {
        let mut depth = 0usize;
        for (i, item) in self.tokens.iter().enumerate().skip(open) {
            match &*item.token.text {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => {
                    depth = depth.checked_sub(1)?;
                    if depth == 0 {
                        return Some(i);
                    }
                }
                _ => {}
            }
        }
        None
    }

    fn args(&self, open: usize, close: usize) -> Vec<std::ops::Range<usize>> {
        let mut args = Vec::new();
        let (mut depth, mut start) = (0usize, open + 1);
        for i in open + 1..close {
            match self.text(i) {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth = depth.saturating_sub(1),
                "," if depth == 0 => {
                    args.push(start..i);
                    start = i + 1;
                }
                _ => {}
            }
        }
        args.push(start..close);
        args
    }

    /// Rewrites what begins at token `i`; gives the index behind it.
    fn step(&mut self, i: usize, in_body: bool) -> usize {
        let starts_statement = std::mem::take(&mut self.statement) && in_body;
        let tokens = self.tokens;
        let text = &*tokens[i].token.text;
        if let Some(end) = self.types.remove(&i) {
            self.mark(TYPE_ARGUMENT, i, end - 1);
            return end;
        }
        match text {
            "__attribute__" | "__attribute" | "__declspec" | "_Pragma" | "__pragma" if self.text(i + 1) == "(" => {
                return self.attribute(i, i + 1, starts_statement);
            }
            "[" if self.text(i + 1) == "[" && !self.after_operand() => return self.attribute(i, i, starts_statement),
            "__extension__" => {
                self.statement = starts_statement;
                return i + 1;
            }
            _ => {}
        }
        if !in_body {
            self.copy(i);
            self.statement = text == "{";
            return i + 1;
        }
        match text {
            "case" => return self.case(i),
            "default" if self.text(i + 1) == ":" => {
                self.copy(i);
                self.copy(i + 1);
                self.statement = true;
                return i + 2;
            }
            "if" | "while" | "for" | "switch" => {
                self.head = true;
                self.copy(i);
                if text == "switch" {
                    self.brace_switch(i);
                }
                return i + 1;
            }
            "(" => {
                let named = self.out.last().is_some_and(|t| t.token.is_ident() && !is_keyword(&t.token.text));
                let head = std::mem::take(&mut self.head);
                self.parens.push(match (head, named) {
                    (true, _) => Paren::Head,
                    (false, true) => Paren::List,
                    (false, false) => Paren::Other,
                });
            }
            ")" => {
                let paren = self.parens.pop();
                self.statement = paren == Some(Paren::Head);
                self.after_list = paren == Some(Paren::List);
            }
            ";" => self.statement = !self.parens.contains(&Paren::Head),
            "{" => {
                let last = self.out.last().map_or("", |t| &*t.token.text);
                let block = starts_statement || last == "(" || (last == ")" && self.after_list);
                self.braces.push(block);
                self.statement = block;
            }
            "}" => self.statement = self.braces.pop().unwrap_or(true),
            "else" | "do" => self.statement = true,
            "typeof" | "__typeof__" | "__typeof" if self.text(i + 1) == "(" => {
                if let Some(close) = self.close(i + 1) {
                    self.mark(TYPE_ARGUMENT, i, close);
                    return close + 1;
                }
            }
            "goto" if self.text(i + 1) == "*" => {
                let end = (i..self.tokens.len()).find(|&j| self.text(j) == ";").unwrap_or(self.tokens.len());
                self.copy(i);
                self.mark(COMPUTED_GOTO, i + 1, end - 1);
                return end;
            }
            "&&" if self.is_ident(i + 1) && !self.after_operand() => {
                self.insert("&", TokenKind::Punct, i);
                return i + 1;
            }
            "__asm" | "_asm" | "__asm__" | "asm" if self.text(i + 1) == "{" => {
                let end = self.close(i + 1).unwrap_or(i + 1);
                self.mark(OPAQUE, i, end);
                self.insert(";", TokenKind::Punct, end);
                self.statement = true;
                return end + 1;
            }
            _ if self.is_ident(i) && !is_keyword(text) => return self.name(i, starts_statement),
            _ => {}
        }
        self.copy(i);
        i + 1
    }

    /// The token before is the end of an operand, so that `&&` or `[` goes on with it.
    fn after_operand(&self) -> bool {
        self.out.last().is_some_and(|t| match t.token.kind {
            TokenKind::Ident => !is_keyword(&t.token.text),
            TokenKind::Number | TokenKind::Literal => true,
            TokenKind::Punct => matches!(&*t.token.text, ")" | "]" | "}"),
        })
    }

    /// Drops the attribute from `i` on, whose bracket opens at `open`; a fall-through one becomes a mark.
    fn attribute(&mut self, i: usize, open: usize, starts_statement: bool) -> usize {
        let Some(close) = self.close(open) else {
            self.copy(i);
            return i + 1;
        };
        self.statement = starts_statement;
        if (open..close).any(|j| self.text(j).trim_matches('_') == "fallthrough") {
            self.mark(FALLTHROUGH_MARK, i, close);
            self.terminate(close);
        }
        close + 1
    }

    /// Puts in the `;` that is missing behind token `last`.
    fn terminate(&mut self, last: usize) {
        if self.text(last + 1) != ";" {
            self.inserts.entry(last + 1).or_default().push(";");
        }
    }

    /// `case A ... B:` keeps its first value.
    fn case(&mut self, i: usize) -> usize {
        let (mut depth, mut questions) = (0usize, 0usize);
        let mut dots = None;
        let mut j = i + 1;
        while j < self.tokens.len() {
            match self.text(j) {
                "(" => depth += 1,
                ")" => depth = depth.saturating_sub(1),
                "?" => questions += 1,
                "..." if depth == 0 => dots = Some(j),
                ":" if depth == 0 && questions > 0 => questions -= 1,
                ":" if depth == 0 => break,
                ";" | "{" | "}" => {
                    self.copy(i);
                    return i + 1;
                }
                _ => {}
            }
            j += 1;
        }
        for k in i..dots.unwrap_or(j) {
            self.copy(k);
        }
        if j < self.tokens.len() {
            self.copy(j);
        }
        self.statement = true;
        j + 1
    }

    /// `switch (x) statement`: the grammar wants braces.
    fn brace_switch(&mut self, i: usize) {
        let Some(close) = self.close(i + 1).filter(|_| self.text(i + 1) == "(") else { return };
        if self.text(close + 1) == "{" {
            return;
        }
        if let Some(end) = self.statement_end(close + 1) {
            self.inserts.entry(close + 1).or_default().push("{");
            self.inserts.entry(end).or_default().push("}");
        }
    }

    /// Index behind the statement at `i`, found by its tokens alone.
    fn statement_end(&self, mut i: usize) -> Option<usize> {
        for _ in 0..256 {
            match self.text(i) {
                "{" => return self.after_else(self.close(i)? + 1),
                "if" | "while" | "for" | "switch" => i = self.close(i + 1)? + 1,
                "case" => i = (i..self.tokens.len()).find(|&j| self.text(j) == ":")? + 1,
                "default" | "else" | "do" => i += 1 + usize::from(self.text(i + 1) == ":"),
                _ if self.is_ident(i) && self.text(i + 1) == ":" => i += 2,
                _ => {
                    let mut depth = 0usize;
                    let end = (i..self.tokens.len()).find(|&j| {
                        match self.text(j) {
                            "(" | "[" | "{" => depth += 1,
                            ")" | "]" | "}" => depth = depth.saturating_sub(1),
                            _ => {}
                        }
                        depth == 0 && self.text(j) == ";"
                    })?;
                    return self.after_else(end + 1);
                }
            }
        }
        None
    }

    /// With an `else` behind the statement that ends before `i`, the end of that one's braces or `;`.
    fn after_else(&self, i: usize) -> Option<usize> {
        match (self.text(i), self.text(i + 1)) {
            ("else", "{") => Some(self.close(i + 1)? + 1),
            ("else", _) => (i..self.tokens.len()).find(|&j| self.text(j) == ";").map(|j| j + 1),
            _ => Some(i),
        }
    }

    /// A name that is no keyword: a label, a mark, or a call that may be an unknown macro's.
    fn name(&mut self, i: usize, starts_statement: bool) -> usize {
        let close = if self.text(i + 1) == "(" { self.close(i + 1) } else { None };
        if starts_statement {
            if self.text(i + 1) == ":" {
                self.copy(i);
                self.copy(i + 1);
                self.statement = true;
                if self.text(i + 2) == "}" {
                    self.inserts.entry(i + 2).or_default().push(";");
                }
                return i + 2;
            }
            let last = close.unwrap_or(i);
            if self.is_mark(i, last) {
                self.mark(FALLTHROUGH_MARK, i, last);
                self.terminate(last);
                return last + 1;
            }
            match close {
                Some(close) => {
                    if let Some(next) = self.unknown_macro(i, close) {
                        return next;
                    }
                }
                // `TRY {`: what the name does is unknown, the block is there.
                None if is_shouting(self.text(i)) && self.text(i + 1) == "{" => {
                    self.statement = true;
                    return i + 1;
                }
                None if is_shouting(self.text(i)) && self.ends_statement(i) => self.terminate(i),
                None => {}
            }
        } else if close.is_none() && !self.parens.is_empty() && is_shouting(self.text(i)) {
            // `strspn(s, SPACE TAB)`: strings put together by name; one stands for all.
            let mut end = i + 1;
            while self.is_string_name(end) {
                end += 1;
            }
            self.copy(i);
            return end;
        }
        if let Some(close) = close.filter(|_| !self.declares()) {
            self.note_arguments(i, close);
        }
        self.copy(i);
        i + 1
    }

    fn is_string_name(&self, i: usize) -> bool {
        let Some(item) = self.tokens.get(i) else { return false };
        let next = self.text(i + 1);
        let name = item.token.is_ident() && is_shouting(&item.token.text) && next != "(";
        (name || item.token.kind == TokenKind::Literal) && !matches!(next, "=" | "*")
    }

    /// `int f(…)`: the name about to be copied is being declared, not called.
    fn declares(&self) -> bool {
        self.out.last().is_some_and(|t| {
            t.token.is_ident() && !matches!(&*t.token.text, "return" | "else" | "do" | "case" | "goto" | "sizeof")
        })
    }

    /// Remembers which arguments of a call are types or are missing.
    fn note_arguments(&mut self, i: usize, close: usize) {
        if matches!(
            self.text(i),
            "offsetof" | "typeof" | "__typeof__" | "__typeof" | "alignof" | "__alignof__" | "__builtin_offsetof"
        ) {
            return;
        }
        let args = self.args(i + 1, close);
        let several = args.len() > 1;
        for arg in args {
            if arg.is_empty() && several {
                self.inserts.entry(arg.start).or_default().push("0");
            } else if is_type(&self.tokens[arg.clone()]) {
                self.types.insert(arg.start, arg.end);
            }
        }
    }

    fn is_mark(&self, i: usize, last: usize) -> bool {
        let name = self.text(i);
        let known = || {
            let at = self.tokens[i].token.span.start;
            self.table.resolve(name, self.file, at).is_some_and(|def| self.table.traits(def).fallthrough)
        };
        matches!(self.text(last + 1), ";" | "case" | "default" | "}")
            && last <= i + 2
            && (is_fallthrough_name(name) || known())
    }

    /// Nothing that goes on with an expression or a declaration follows token `last`, though no `;` does either.
    fn ends_statement(&self, last: usize) -> bool {
        let Some(next) = self.tokens.get(last + 1) else { return false };
        let text = &*next.token.text;
        let keyword = matches!(
            text,
            "}" | "case"
                | "default"
                | "break"
                | "return"
                | "goto"
                | "continue"
                | "if"
                | "for"
                | "while"
                | "do"
                | "switch"
        );
        keyword || (next.token.is_ident() && !matches!(text, "asm" | "__asm__") && self.on_a_new_line(last))
    }

    fn on_a_new_line(&self, last: usize) -> bool {
        let (a, b) = (&self.tokens[last], &self.tokens[last + 1]);
        // Tokens out of one macro share a place: no line stands between them.
        let gap = a.token.span.end as usize..(b.token.span.start as usize).max(a.token.span.end as usize);
        !b.from_macro && self.code[gap].contains('\n')
    }

    /// A call, at the start of a statement, that only a macro can be.
    fn unknown_macro(&mut self, i: usize, close: usize) -> Option<usize> {
        let args = self.args(i + 1, close);
        if let Some(jump) = args.iter().find(|arg| is_jump(self.tokens.get(arg.start))) {
            // `CHECK(p, return -1)`: a test nobody can see guards the jump; alone, the jump is all there is.
            if args.len() > 1 {
                let test = [
                    ("if", TokenKind::Ident),
                    ("(", TokenKind::Punct),
                    (UNKNOWN, TokenKind::Ident),
                    (")", TokenKind::Punct),
                ];
                test.into_iter().for_each(|(text, kind)| self.insert(text, kind, i));
            }
            let whole = self.tokens[i].token.span.to(self.tokens[close].token.span);
            let end = if self.text(jump.end - 1) == ";" { jump.end - 1 } else { jump.end };
            for k in jump.start..end {
                let mut item = self.tokens[k].clone();
                item.from_macro = true;
                item.token.span = whole;
                self.out.push(item);
            }
            self.terminate(close);
            return Some(close + 1);
        }
        if self.text(close + 1) == "{" {
            // `FOREACH(x) {` runs any number of times.
            self.insert("while", TokenKind::Ident, i);
            self.insert("(", TokenKind::Punct, i);
            self.inserts.entry(close + 1).or_default().push(")");
            return None;
        }
        if self.ends_statement(close) {
            self.terminate(close);
        }
        None
    }
}

/// `BEGIN_CRITICAL`: written as macros are, and long enough not to be a type variable.
pub fn is_shouting(name: &str) -> bool {
    name.len() > 2 && !name.bytes().any(|b| b.is_ascii_lowercase())
}

fn is_keyword(text: &str) -> bool {
    matches!(
        text,
        "if" | "else"
            | "for"
            | "while"
            | "do"
            | "switch"
            | "case"
            | "default"
            | "break"
            | "continue"
            | "return"
            | "goto"
            | "sizeof"
            | "struct"
            | "union"
            | "enum"
            | "typedef"
            | "static"
            | "extern"
            | "const"
            | "volatile"
            | "register"
            | "unsigned"
            | "signed"
            | "int"
            | "char"
            | "short"
            | "long"
            | "float"
            | "double"
            | "void"
            | "inline"
            | "auto"
            | "asm"
            | "__asm__"
            | "__asm"
            | "_asm"
            | "__volatile__"
            | "_Generic"
            | "_Alignof"
            | "_Static_assert"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preprocess::{macros::FileMacros, scan::Scan};

    fn prepared(defines: &str, body: &str) -> String {
        let text = format!("{defines}\nvoid f(void)\n{{{body}}}");
        let scan = Scan::new(&text);
        let table = MacroTable::new(vec![FileMacros::new(FileId(0), &text, &scan)], &["a.c"]);
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
        assert_eq!(prepared("", "void *p = &&here;"), "void *p = & here;");
        assert_eq!(prepared("", "switch (x) case 1: y(); z();"), "switch (x) { case 1: y(); } z();");
        assert_eq!(prepared("", "switch (x) { case 2: y(); l: }"), "switch (x) { case 2: y(); l: ; }");
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
            prepared("", "x = va_arg(ap, char *); y = talloc(c, struct s); z = f(a * b, ,c);"),
            "x = va_arg(ap, crosstalk__type ); y = talloc(c, crosstalk__type ); z = f(a * b, 0 ,c);"
        );
    }

    #[test]
    fn positions_lead_back_to_the_source() {
        let text = "#define R(x) return x\nvoid f(void)\n{ a(); R(5); b(); }";
        let scan = Scan::new(text);
        let table = MacroTable::new(vec![FileMacros::new(FileId(0), text, &scan)], &["a.c"]);
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
