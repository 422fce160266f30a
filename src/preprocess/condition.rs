//! The conditions of `#if` and related directives.

use super::token::{Token, TokenKind, Tokens};

/// A condition nested deeper than this is read as a single atom.
const MAX_DEPTH: usize = 64;

/// A condition, reduced to what can be decided without a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    Const(bool),
    Atom(Box<str>),
    Not(Box<Condition>),
    And(Vec<Condition>),
    Or(Vec<Condition>),
}

pub(super) fn atom(name: &str) -> Condition {
    match name {
        "__cplusplus" => Condition::Const(false),
        _ => Condition::Atom(name.into()),
    }
}

pub(super) fn parse(rest: &str) -> Condition {
    let tokens: Vec<Token> = Tokens::new(rest, 0..rest.len()).collect();
    Parser { tokens: &tokens, at: 0, depth: 0 }.whole()
}

/// `||`, `&&`, `!`, `defined`, parentheses, names and integers; any comparison is a separate atom.
struct Parser<'t> {
    tokens: &'t [Token<'t>],
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn whole(&mut self) -> Condition {
        match self.either() {
            Some(condition) if self.at == self.tokens.len() => condition,
            _ => text_atom(self.tokens),
        }
    }

    fn peek(&self) -> &str {
        self.tokens.get(self.at).map_or("", |t| &t.text)
    }

    fn eat(&mut self, text: &str) -> bool {
        let found = self.peek() == text;
        self.at += usize::from(found);
        found
    }

    fn either(&mut self) -> Option<Condition> {
        let mut parts = vec![self.both()?];
        while self.eat("||") {
            parts.push(self.both()?);
        }
        Some(if parts.len() == 1 { parts.remove(0) } else { Condition::Or(parts) })
    }

    fn both(&mut self) -> Option<Condition> {
        let mut parts = vec![self.one()?];
        while self.eat("&&") {
            parts.push(self.one()?);
        }
        Some(if parts.len() == 1 { parts.remove(0) } else { Condition::And(parts) })
    }

    fn one(&mut self) -> Option<Condition> {
        self.depth += 1;
        let start = self.at;
        let condition = if self.depth > MAX_DEPTH { None } else { self.primary() };
        self.depth -= 1;
        // `A > 2`, `A + B`, `f(x)`: not understood, one atom up to the next connective.
        if condition.is_some() && matches!(self.peek(), "" | "&&" | "||" | ")") {
            return condition;
        }
        self.at = start;
        let mut depth = 0usize;
        while self.at < self.tokens.len() {
            match self.peek() {
                "&&" | "||" if depth == 0 => break,
                ")" if depth == 0 => break,
                "(" => depth += 1,
                ")" => depth -= 1,
                _ => {}
            }
            self.at += 1;
        }
        (self.at > start).then(|| text_atom(&self.tokens[start..self.at]))
    }

    fn primary(&mut self) -> Option<Condition> {
        if self.eat("!") {
            return Some(Condition::Not(Box::new(self.primary_bounded()?)));
        }
        if self.eat("(") {
            let inner = self.either()?;
            return self.eat(")").then_some(inner);
        }
        let token = self.tokens.get(self.at)?;
        self.at += 1;
        if token.is("defined") {
            let parenthesised = self.eat("(");
            let name = self.tokens.get(self.at)?;
            self.at += 1;
            if parenthesised && !self.eat(")") {
                return None;
            }
            return Some(atom(&name.text));
        }
        match token.kind {
            TokenKind::Number => {
                let digits = token.text.trim_end_matches(['u', 'U', 'l', 'L']);
                let zero = digits.trim_start_matches(['0', 'x', 'X']).is_empty();
                Some(Condition::Const(!zero))
            }
            TokenKind::Ident if token.is("true") => Some(Condition::Const(true)),
            TokenKind::Ident if token.is("false") => Some(Condition::Const(false)),
            TokenKind::Ident => Some(atom(&token.text)),
            _ => None,
        }
    }

    fn primary_bounded(&mut self) -> Option<Condition> {
        self.depth += 1;
        let inner = if self.depth > MAX_DEPTH { None } else { self.primary() };
        self.depth -= 1;
        inner
    }
}

fn text_atom(tokens: &[Token]) -> Condition {
    let words: Vec<&str> = tokens.iter().map(|t| &*t.text).collect();
    Condition::Atom(words.join(" ").into())
}
