//! Which of its arguments a macro stores to, determined from the tokens of its replacement.

use super::{MacroDef, MacroTable};
use crate::preprocess::token::{Token, TokenKind};

/// Nested macros are followed to this depth.
const MAX_NESTING: usize = 4;
/// A replacement with more tokens than this is assumed to do more than read.
const MAX_READING: usize = 64;

impl MacroTable {
    /// Bit `i` is set if a call of the macro may store to a variable passed as argument `i`.
    pub fn stores(&self, def: &MacroDef) -> u32 {
        *def.stores.get_or_init(|| self.stored(def, MAX_NESTING))
    }

    fn stored(&self, def: &MacroDef, depth: usize) -> u32 {
        let Some(params) = &def.params else { return 0 };
        let tokens: Vec<Token> = def.tokens().collect();
        let mut set = 0;
        for (at, token) in tokens.iter().enumerate().filter(|(_, t)| t.kind == TokenKind::Ident) {
            if let Some(i) = params.iter().position(|p| **p == *token.text)
                && (is_stored_to(&tokens, at) || self.is_handed_on(def, &tokens, at, depth))
            {
                set |= 1 << i.min(31);
            }
        }
        set
    }

    /// Whether the macro stores, tests and calls nothing, as far as its own text shows:
    /// `((struct body *) (m)->from->parsed)`.
    pub fn only_reads(&self, def: &MacroDef) -> bool {
        *def.reads_only.get_or_init(|| self.reads(def, MAX_NESTING))
    }

    fn reads(&self, def: &MacroDef, depth: usize) -> bool {
        let tokens: Vec<Token> = def.tokens().collect();
        if tokens.is_empty() || tokens.len() > MAX_READING {
            return false;
        }
        tokens.iter().enumerate().all(|(i, token)| match token.kind {
            TokenKind::Punct => !(assigns(&token.text) || does_more(&token.text)),
            TokenKind::Ident if tokens.get(i + 1).is_some_and(|next| &*next.text == "(") => match &*token.text {
                "sizeof" | "offsetof" => true,
                name => match self.resolve_nested(name, def.file) {
                    Some(nested) => depth > 0 && nested.name != def.name && self.reads(nested, depth - 1),
                    None => false,
                },
            },
            _ => true,
        })
    }

    /// Whether the parameter is a whole argument of another macro that stores to it or is unknown.
    fn is_handed_on(&self, def: &MacroDef, tokens: &[Token], at: usize, depth: usize) -> bool {
        let is =
            |i: Option<usize>, texts: &[&str]| i.and_then(|i| tokens.get(i)).is_some_and(|t| texts.contains(&&*t.text));
        if !is(at.checked_sub(1), &["(", ","]) || !is(Some(at + 1), &[")", ","]) {
            return false;
        }
        let Some((callee, index)) = call_around(tokens, at) else { return false };
        match self.resolve_nested(callee, def.file) {
            Some(nested) if nested.name == def.name => false,
            Some(nested) => depth == 0 || self.stored(nested, depth - 1) & (1 << index.min(31)) != 0,
            None => !callee.bytes().any(|b| b.is_ascii_lowercase()),
        }
    }
}

/// `p = …`, `(p) += …`, `p++`, `&p`
fn is_stored_to(tokens: &[Token], at: usize) -> bool {
    let text = |i: usize| tokens.get(i).map_or("", |t| &*t.text);
    let before = |i: usize, by: usize| i.checked_sub(by).map_or("", text);
    let is_operand =
        |i: usize| tokens.get(i).is_some_and(|t| t.kind != TokenKind::Punct || matches!(&*t.text, ")" | "]"));
    let (mut first, mut next) = (at, at + 1);
    // Parentheses of a call do not belong to the parameter.
    while before(first, 1) == "(" && text(next) == ")" && !first.checked_sub(2).is_some_and(is_operand) {
        (first, next) = (first - 1, next + 1);
    }
    let previous = before(first, 1);
    let takes_address = previous == "&" && !first.checked_sub(2).is_some_and(is_operand);
    takes_address || matches!(previous, "++" | "--") || !matches!(previous, "*" | "." | "->") && assigns(text(next))
}

fn assigns(op: &str) -> bool {
    matches!(op, "=" | "++" | "--" | "+=" | "-=" | "*=" | "/=" | "%=" | "&=" | "|=" | "^=" | "<<=" | ">>=")
}

/// A statement or a test.
fn does_more(op: &str) -> bool {
    matches!(op, "{" | ";" | "?" | "!" | "&&" | "||" | "==" | "!=" | "<" | ">" | "<=" | ">=")
}

/// The name of the call that a token is an argument of, and the index of that argument.
fn call_around<'t>(tokens: &'t [Token], at: usize) -> Option<(&'t str, usize)> {
    let mut depth = 0usize;
    let mut index = 0;
    for i in (0..at).rev() {
        match &*tokens[i].text {
            ")" => depth += 1,
            "(" if depth == 0 => {
                let callee = tokens.get(i.checked_sub(1)?)?;
                return (callee.kind == TokenKind::Ident).then_some((&*callee.text, index));
            }
            "(" => depth -= 1,
            "," if depth == 0 => index += 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::FileId;

    fn stores(define: &str, name: &str) -> u32 {
        let table = MacroTable::of(&[("a.c", define)]);
        table.stores(table.resolve(name, FileId(0), u32::MAX).expect("a macro"))
    }

    #[test]
    fn what_a_macro_stores_to() {
        assert_eq!(stores("#define M(p, n) do { (p) += n; } while (0)\n", "M"), 1);
        assert_eq!(stores("#define M(p, n) do { *p = n; q[n] = 0; p->n = n; } while (0)\n", "M"), 0);
        assert_eq!(stores("#define M(p, n) take(&n, p & n)\n", "M"), 2);
        assert_eq!(stores("#define CHECK(c) do { if (!(c)) fail(#c); } while (0)\n", "CHECK"), 0);
        assert_eq!(stores("#define M(a, b) f(++a, b == a)\n", "M"), 1);
    }

    #[test]
    fn macros_inside_macros_are_looked_into() {
        let two = "#define SET(x, y) x = y\n#define M(a, b) do { SET(b, a); } while (0)\n";
        assert_eq!(stores(two, "M"), 2);
        assert_eq!(stores("#define M(a, b) do { UNKNOWN(a); known(b); } while (0)\n", "M"), 1);
    }
}
