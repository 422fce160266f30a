//! Rewrites the tokens of one function: what each construct becomes for the parser.

mod calls;

use rustc_hash::FxHashMap;

use super::markers::{COMPUTED_GOTO, FALLTHROUGH_MARK, OPAQUE, TYPE_ARGUMENT, UNKNOWN};
use crate::preprocess::expand::Expanded;
use crate::preprocess::macros::MacroTable;
use crate::preprocess::token::{TokenKind, is_statement_word, is_type_word};
use crate::source::FileId;

/// Rewrites the tokens of a function in `file`, whose body begins at source offset `body` of `code`.
pub fn rewrite<'t>(
    code: &str,
    tokens: &[Expanded<'t>],
    body: u32,
    file: FileId,
    table: &MacroTable,
) -> Vec<Expanded<'t>> {
    let mut rewriter = Rewriter {
        code,
        tokens,
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
    rewriter.out
}

/// Most functions have none, and this is called for every token.
fn taken<T>(notes: &mut FxHashMap<usize, T>, token: usize) -> Option<T> {
    if notes.is_empty() { None } else { notes.remove(&token) }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Paren {
    /// Of `if (…)`, `while (…)`, …: a statement follows.
    Head,
    /// After a name.
    List,
    Other,
}

struct Rewriter<'a, 't> {
    code: &'a str,
    tokens: &'a [Expanded<'t>],
    out: Vec<Expanded<'t>>,
    file: FileId,
    table: &'a MacroTable,
    /// Whether a statement begins at the next token.
    statement: bool,
    /// Open parentheses, and the kind of each.
    parens: Vec<Paren>,
    head: bool,
    /// Open braces: true for a block, false for an initialiser.
    braces: Vec<bool>,
    /// The last `)` closed a list after a name, as in the head of a nested function.
    after_list: bool,
    /// Text to insert before a token.
    inserts: FxHashMap<usize, Vec<&'static str>>,
    /// Arguments that are types: index of the first token, and the index past the last.
    types: FxHashMap<usize, usize>,
}

impl<'t> Rewriter<'_, 't> {
    fn run(&mut self, body: u32) {
        let mut i = 0;
        while i <= self.tokens.len() {
            for text in taken(&mut self.inserts, i).unwrap_or_default() {
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

    /// Rewrites what begins at token `i` and returns the index after it.
    fn step(&mut self, i: usize, in_body: bool) -> usize {
        let starts_statement = std::mem::take(&mut self.statement) && in_body;
        let tokens = self.tokens;
        let text = &*tokens[i].token.text;
        if let Some(end) = taken(&mut self.types, i) {
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
            // `offsetof(s, a.b[1])`: the grammar accepts only a single field name.
            "offsetof" | "__builtin_offsetof" if self.text(i + 1) == "(" => {
                if let Some(close) = self.close(i + 1).filter(|&c| (i..c).any(|j| matches!(self.text(j), "[" | "."))) {
                    self.mark(UNKNOWN, i, close);
                    return close + 1;
                }
            }
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
            "__asm" | "_asm" | "__asm__" | "asm" => return self.assembly(i),
            _ if self.is_ident(i) && !is_keyword(text) => return self.name(i, starts_statement),
            _ => {}
        }
        self.copy(i);
        i + 1
    }

    /// Whether the previous token ends an operand, so that `&&` or `[` continues it.
    fn after_operand(&self) -> bool {
        self.out.last().is_some_and(|t| match t.token.kind {
            TokenKind::Ident => !is_keyword(&t.token.text),
            TokenKind::Number | TokenKind::Literal => true,
            TokenKind::Punct => matches!(&*t.token.text, ")" | "]" | "}"),
        })
    }

    /// Drops the attribute at `i`, whose bracket opens at `open`; a fall-through attribute becomes a mark.
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

    /// Inserts the `;` missing after token `last`.
    fn terminate(&mut self, last: usize) {
        if self.text(last + 1) != ";" {
            self.inserts.entry(last + 1).or_default().push(";");
        }
    }

    /// Macros may assemble the template of an assembly statement from operands that are not C (`%[src]`): it is
    /// replaced by one empty string. Operands, clobbers and labels stay.
    fn assembly(&mut self, i: usize) -> usize {
        let open = (i..self.tokens.len()).find(|&j| !self.is_ident(j)).unwrap_or(self.tokens.len());
        let Some(close) = self.close(open).filter(|_| self.text(open) == "(") else {
            self.copy(i);
            return i + 1;
        };
        let mut depth = 0usize;
        let end = (open..close).find(|&j| {
            match self.text(j) {
                "(" | "[" => depth += 1,
                ")" | "]" => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 1 && matches!(self.text(j), ":" | "::")
        });
        (i..=open).for_each(|j| self.copy(j));
        self.parens.push(Paren::Other);
        self.insert("\"\"", TokenKind::Literal, open);
        end.unwrap_or(close)
    }

    /// `case A ... B:` keeps only its first value.
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

    /// `switch (x) statement`: the grammar requires braces.
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

    /// Index after the statement at `i`, found from its tokens alone.
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

    /// If an `else` follows the statement that ends before `i`, the end of its braces or its `;`; otherwise `i`.
    fn after_else(&self, i: usize) -> Option<usize> {
        match (self.text(i), self.text(i + 1)) {
            ("else", "{") => Some(self.close(i + 1)? + 1),
            ("else", _) => (i..self.tokens.len()).find(|&j| self.text(j) == ";").map(|j| j + 1),
            _ => Some(i),
        }
    }
}

/// `BEGIN_CRITICAL`: spelled like a macro, and too long for a type variable.
pub fn is_shouting(name: &str) -> bool {
    name.len() > 2 && !name.bytes().any(|b| b.is_ascii_lowercase())
}

fn is_keyword(text: &str) -> bool {
    const OTHERS: [&str; 15] = [
        "typedef",
        "static",
        "extern",
        "volatile",
        "register",
        "inline",
        "auto",
        "asm",
        "__asm__",
        "__asm",
        "_asm",
        "__volatile__",
        "_Generic",
        "_Alignof",
        "_Static_assert",
    ];
    is_statement_word(text) || is_type_word(text) || OTHERS.contains(&text)
}
