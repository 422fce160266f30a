//! Names and calls: labels, fall-through marks, and macros not defined in this repository.

use super::{Rewriter, is_shouting};
use crate::preprocess::comments::is_fallthrough_name;
use crate::preprocess::expand::{is_jump, is_type};
use crate::preprocess::token::TokenKind;
use crate::syntax::markers::{FALLTHROUGH_MARK, UNKNOWN};

impl Rewriter<'_, '_> {
    /// Rewrites a name that is not a keyword: a label, a mark, or a call that may be an unknown macro's.
    pub(super) fn name(&mut self, i: usize, starts_statement: bool) -> usize {
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
                // `TRY {`: what the name does is unknown, but the block is kept.
                None if is_shouting(self.text(i)) && self.text(i + 1) == "{" => {
                    self.statement = true;
                    return i + 1;
                }
                None if is_shouting(self.text(i)) && self.ends_statement(i) => self.terminate(i),
                None => {}
            }
        } else if close.is_none() && !self.parens.is_empty() && is_shouting(self.text(i)) {
            // `strspn(s, SPACE TAB)`: concatenated string macros; the first one stands for all.
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

    /// Records which arguments of a call are types or missing.
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
            } else if is_type(self.tokens[arg.clone()].iter()) {
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

    /// Whether the token after `last` starts a new statement, although no `;` precedes it.
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
        // Tokens from one macro share a location: there is no line between them.
        let gap = a.token.span.end as usize..(b.token.span.start as usize).max(a.token.span.end as usize);
        !b.from_macro && self.code[gap].contains('\n')
    }

    /// A call at the start of a statement that can only be a macro's.
    fn unknown_macro(&mut self, i: usize, close: usize) -> Option<usize> {
        let args = self.args(i + 1, close);
        if let Some(jump) = args.iter().find(|arg| is_jump(self.tokens.get(arg.start))) {
            // `CHECK(p, return -1)`: an unknown test guards the jump; a jump that is the only argument is
            // unconditional.
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
            // `FOREACH(x) {` may run any number of times.
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
