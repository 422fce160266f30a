//! What a section of a `switch` does, in terms that distinguish an accidental fall-through from an intended one.

use rustc_hash::FxHashSet;

use crate::analysis::sections::Section;
use crate::hir::{Body, ExprId, ExprKind, StmtId, StmtKind, Symbol, UnaryOp};
use crate::preprocess::token::{TokenKind, Tokens, is_statement_word};
use crate::source::Span;

/// An assignment, `++`, `--` or copy into a variable.
pub struct Write {
    /// The lvalue as text: `p->len`.
    pub place: String,
    /// The variable at its root.
    pub base: Option<Symbol>,
    /// `+=`, `|=`, `++`, …: it also reads the place.
    pub compound: bool,
    /// Its index at the section's top level, if it is a statement of its own there.
    pub top: Option<usize>,
}

/// The last statement of a section, by kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Last {
    None,
    Assign,
    AssignCall,
    Compound,
    Call,
    If,
    /// `if (…) …; else jump;`
    IfElseJump,
    Switch,
    Loop,
    Block,
    Jump,
    Other,
}

/// A section's statements, analysed once.
pub struct Facts {
    /// At the section's top level, or those inside if the section is one braced block.
    pub stmts: Vec<StmtId>,
    pub one_block: bool,
    /// Token shapes of the text without a closing jump; identifiers share one shape, and so do literals.
    pub shape: Vec<u32>,
    pub words: FxHashSet<String>,
    pub writes: Vec<Write>,
    pub last: Last,
    /// The last statement is an `if` that contains a jump.
    pub conditional_exit: bool,
    /// It contains a jump out, at any depth.
    pub jumps: bool,
    pub has_loop: bool,
    /// Functions called by top-level statements, in order.
    pub calls: Vec<String>,
    /// Each top-level statement's text, with whitespace folded.
    pub texts: Vec<String>,
    /// Label values, if all are numbers, in order.
    pub numbers: Vec<i64>,
    /// Label values, if all are character literals.
    pub chars: Vec<char>,
    pub lines: usize,
}

impl Facts {
    pub fn new(body: &Body, code: &str, section: &Section) -> Facts {
        let (stmts, one_block) = opened(body, &section.stmts);
        let stmts: Vec<StmtId> = stmts
            .into_iter()
            .filter(|&s| !matches!(body.stmt(s).kind, StmtKind::Empty | StmtKind::FallthroughMark))
            .collect();
        let acting: Vec<StmtId> = stmts.iter().copied().filter(|&s| !is_jump(body, s)).collect();
        let span = acting.iter().map(|&s| body.stmt(s).span).reduce(Span::to);
        let mut shape = Vec::new();
        let mut words = FxHashSet::default();
        for &s in &acting {
            for token in Tokens::new(code, body.stmt(s).span.range()).take(MAX_TOKENS) {
                shape.push(shape_of(token.kind, &token.text));
                if token.kind == TokenKind::Ident {
                    words.insert(token.text.into_owned());
                }
            }
        }
        shape.truncate(MAX_TOKENS);
        let mut writes = Vec::new();
        let mut calls = Vec::new();
        let (mut jumps, mut has_loop) = (false, false);
        for (i, &top) in stmts.iter().enumerate() {
            body.walk_first(top, MAX_STMTS, &mut |s| {
                jumps |= is_jump(body, s);
                has_loop |= is_loop(body, s);
                body.own_exprs(s, &mut |e| collect_writes(body, code, e, (s == top).then_some(i), &mut writes));
            });
            if let StmtKind::Expr(e) = body.stmt(top).kind {
                calls.extend(called(body, e).map(str::to_owned));
            }
        }
        let last = acting.last().map_or(Last::None, |&s| last_kind(body, s));
        let conditional_exit = acting.last().is_some_and(|&s| {
            let mut exits = false;
            body.walk_first(s, MAX_STMTS, &mut |inner| exits |= is_jump(body, inner));
            exits && matches!(body.stmt(s).kind, StmtKind::If { .. })
        });
        Facts {
            texts: stmts.iter().map(|&s| folded(code, body.stmt(s).span)).collect(),
            lines: span
                .map_or(0, |s| 1 + code.as_bytes()[s.range()].iter().take(MAX_BYTES).filter(|&&b| b == b'\n').count()),
            numbers: labels(body, section, number),
            chars: labels(body, section, character),
            stmts,
            one_block,
            shape,
            words,
            writes,
            last,
            conditional_exit,
            jumps,
            has_loop,
            calls,
        }
    }

    pub fn first_call(&self, body: &Body) -> Option<&str> {
        match body.stmt(*self.stmts.first()?).kind {
            StmtKind::Expr(_) => self.calls.first().map(String::as_str),
            _ => None,
        }
    }

    /// The plain assignment made by the top-level statement `index`.
    pub fn assignment(&self, index: usize) -> Option<&Write> {
        self.writes.iter().find(|w| w.top == Some(index) && !w.compound)
    }

    /// The section overwrites `place` at its top level before it reads it.
    pub fn overwrites(&self, body: &Body, code: &str, place: &str) -> bool {
        for (i, &s) in self.stmts.iter().enumerate() {
            let sets = self.writes.iter().any(|w| w.top == Some(i) && !w.compound && w.place == place);
            if reads(body, code, s, place, sets) {
                return false;
            }
            if sets {
                return true;
            }
        }
        false
    }

    /// The section reads the variable before it overwrites it.
    pub fn reads_first(&self, body: &Body, base: Symbol) -> bool {
        for (i, &s) in self.stmts.iter().enumerate() {
            let sets = |w: &&Write| w.top == Some(i) && !w.compound && w.base == Some(base);
            let plain = self.writes.iter().filter(sets).any(|w| w.place == body.names.text(base));
            let mut mentions = 0;
            body.walk_first(s, MAX_STMTS, &mut |s| {
                body.own_exprs(s, &mut |e| {
                    body.walk(e, &mut |e| {
                        mentions += usize::from(matches!(body.expr(e).kind, ExprKind::Name(n) if n == base))
                    });
                });
            });
            if mentions > usize::from(plain) {
                return true;
            }
            if plain {
                return false;
            }
        }
        false
    }
}

/// Longer sections are compared by their beginnings.
const MAX_TOKENS: usize = 400;
/// Limits (statements, bytes) on the analysis of each section: without them, nested sections would take quadratic time.
pub const MAX_STMTS: usize = 2_000;
const MAX_BYTES: usize = 16 * 1024;

/// The statements inside if the section is one braced block (perhaps followed by a jump), else the section's own.
fn opened(body: &Body, stmts: &[StmtId]) -> (Vec<StmtId>, bool) {
    let acting: Vec<StmtId> = stmts.iter().copied().filter(|&s| !is_jump(body, s)).collect();
    match acting[..] {
        [only] => match &body.stmt(only).kind {
            StmtKind::Block(inner) => (inner.clone(), true),
            _ => (stmts.to_vec(), false),
        },
        _ => (stmts.to_vec(), false),
    }
}

pub fn is_jump(body: &Body, s: StmtId) -> bool {
    matches!(
        body.stmt(s).kind,
        StmtKind::Break | StmtKind::Continue | StmtKind::Goto(_) | StmtKind::ComputedGoto | StmtKind::Return(_)
    )
}

fn is_loop(body: &Body, s: StmtId) -> bool {
    matches!(body.stmt(s).kind, StmtKind::While { .. } | StmtKind::For { .. } | StmtKind::DoWhile { .. })
}

fn last_kind(body: &Body, s: StmtId) -> Last {
    match &body.stmt(s).kind {
        StmtKind::Expr(e) => match &body.expr(*e).kind {
            ExprKind::Assign { op: Some(_), .. } | ExprKind::Update { .. } => Last::Compound,
            ExprKind::Assign { right, .. } if matches!(body.expr(*right).kind, ExprKind::Call { .. }) => {
                Last::AssignCall
            }
            ExprKind::Assign { .. } => Last::Assign,
            ExprKind::Call { .. } => Last::Call,
            _ => Last::Other,
        },
        StmtKind::If { otherwise: Some(o), .. } if ends_in_jump(body, *o) => Last::IfElseJump,
        StmtKind::If { .. } => Last::If,
        StmtKind::Switch { .. } => Last::Switch,
        StmtKind::While { .. } | StmtKind::For { .. } | StmtKind::DoWhile { .. } => Last::Loop,
        StmtKind::Block(_) => Last::Block,
        _ if is_jump(body, s) => Last::Jump,
        _ => Last::Other,
    }
}

pub fn ends_in_jump(body: &Body, mut s: StmtId) -> bool {
    while let StmtKind::Block(all) = &body.stmt(s).kind {
        match all.last() {
            Some(&last) => s = last,
            None => return false,
        }
    }
    is_jump(body, s)
}

/// The function that an expression statement calls, also through an assignment or a cast.
pub fn called(body: &Body, mut e: ExprId) -> Option<&str> {
    loop {
        match body.expr(e).kind {
            ExprKind::Call { .. } => return body.callee(e),
            ExprKind::Assign { right, .. } => e = right,
            ExprKind::Cast { operand: inner, .. } => e = inner,
            _ => return None,
        }
    }
}

/// Functions that overwrite their first argument as a whole.
const COPIES: [&str; 10] = [
    "strcpy",
    "strncpy",
    "strlcpy",
    "sprintf",
    "snprintf",
    "memcpy",
    "memset",
    "g_strlcpy",
    "ast_copy_string",
    "vsnprintf",
];

fn collect_writes(body: &Body, code: &str, root: ExprId, top: Option<usize>, out: &mut Vec<Write>) {
    body.walk(root, &mut |e| {
        let (target, compound) = match &body.expr(e).kind {
            ExprKind::Assign { op, left, .. } => (*left, op.is_some()),
            ExprKind::Update { operand, .. } => (*operand, true),
            ExprKind::Call { args, .. } if body.callee(e).is_some_and(|name| COPIES.contains(&name)) => {
                match args.first() {
                    Some(&first) => (first, false),
                    None => return,
                }
            }
            _ => return,
        };
        // `*p++ = x` writes to a different place each time.
        let mut moves = false;
        body.walk(target, &mut |e| moves |= matches!(body.expr(e).kind, ExprKind::Update { .. }));
        out.push(Write {
            place: folded(code, body.expr(target).span),
            base: base_name(body, target),
            compound: compound || moves,
            top: top.filter(|_| e == root),
        });
    });
}

/// The variable at the root of an lvalue.
pub fn base_name(body: &Body, mut e: ExprId) -> Option<Symbol> {
    loop {
        match body.expr(e).kind {
            ExprKind::Name(name) => return Some(name),
            ExprKind::Member { base, .. } | ExprKind::Index { base, .. } => e = base,
            ExprKind::Unary { op: UnaryOp::Deref | UnaryOp::AddressOf, operand } | ExprKind::Cast { operand, .. } => {
                e = operand
            }
            ExprKind::Update { operand, .. } => e = operand,
            _ => return None,
        }
    }
}

/// Statement `s` reads `place`; if `sets`, its own assignment to it does not count.
fn reads(body: &Body, code: &str, s: StmtId, place: &str, sets: bool) -> bool {
    let mut count = 0usize;
    body.walk_first(s, MAX_STMTS, &mut |s| {
        body.own_exprs(s, &mut |e| {
            body.walk(e, &mut |e| {
                let lvalue = matches!(
                    body.expr(e).kind,
                    ExprKind::Name(_)
                        | ExprKind::Member { .. }
                        | ExprKind::Index { .. }
                        | ExprKind::Unary { op: UnaryOp::Deref, .. }
                );
                count += usize::from(lvalue && folded(code, body.expr(e).span) == place);
            });
        });
    });
    count > usize::from(sets)
}

/// The text of a span, folded to one line.
pub fn folded(code: &str, span: Span) -> String {
    let mut text = String::new();
    for word in code[span.range()].split_ascii_whitespace() {
        if text.len() > MAX_BYTES {
            break;
        }
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(word);
    }
    text.trim_end_matches(';').trim_end().to_owned()
}

fn shape_of(kind: TokenKind, text: &str) -> u32 {
    match kind {
        TokenKind::Ident if !is_statement_word(text) => 1,
        TokenKind::Number | TokenKind::Literal => 2,
        // FNV-1a, 32 bits: punctuators and keywords by their text.
        _ => text.bytes().fold(0x811c_9dc5, |h: u32, b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193)) | 4,
    }
}

/// The values of a section's labels, if all of them are of one kind.
fn labels<T>(body: &Body, section: &Section, read: fn(&Body, ExprId) -> Option<T>) -> Vec<T> {
    let values: Option<Vec<T>> = section
        .labels
        .iter()
        .map(|&l| match body.stmt(l).kind {
            StmtKind::Case(Some(value)) => read(body, value),
            _ => None,
        })
        .collect();
    values.unwrap_or_default()
}

fn number(body: &Body, e: ExprId) -> Option<i64> {
    let ExprKind::Number(text) = body.expr(e).kind else { return None };
    let text = body.names.text(text).trim_end_matches(['u', 'U', 'l', 'L']);
    match text.strip_prefix("0x").or(text.strip_prefix("0X")) {
        Some(hex) => i64::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}

fn character(body: &Body, e: ExprId) -> Option<char> {
    let ExprKind::Char(text) = body.expr(e).kind else { return None };
    let inner = body.names.text(text).trim_start_matches('L').trim_matches('\'');
    inner.chars().last()
}

/// Similarity of two token sequences, 0 to 1: twice the longest common subsequence over the sum of their lengths.
pub fn similarity(a: &[u32], b: &[u32]) -> f64 {
    if a.is_empty() || b.is_empty() {
        return 0.0;
    }
    let mut row = vec![0u32; b.len() + 1];
    for &x in a {
        let mut diagonal = 0;
        for (j, &y) in b.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = if x == y { diagonal + 1 } else { above.max(row[j]) };
            diagonal = above;
        }
    }
    2.0 * f64::from(row[b.len()]) / (a.len() + b.len()) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn similarity_is_symmetric_and_bounded() {
        assert_eq!(similarity(&[1, 2, 3], &[1, 2, 3]), 1.0);
        assert_eq!(similarity(&[1, 2], &[3, 4]), 0.0);
        assert_eq!(similarity(&[1, 2, 3, 4], &[2, 4]), similarity(&[2, 4], &[1, 2, 3, 4]));
    }
}
