//! `misra-16-7`: the operand of a `switch` is not Boolean.

use rustc_hash::{FxHashMap, FxHashSet};

use super::shape::{has_switch, switches};
use crate::checks::{Context, Rule, View};
use crate::hir::{BinaryOp, DeclaratorForm, ExprId, ExprKind, StmtKind, Symbol, UnaryOp};
use crate::preprocess::token::{Token, Tokens};
use crate::report::Finding;
use crate::source::Span;

pub const RULE: Rule = Rule {
    id: "misra-16-7",
    page: include_str!("../../../rules/misra-16-7.md"),
    yields_to: &[],
    words: &["switch"],
    wants: has_switch,
    check,
};

/// Maximum nesting of values examined; deeper ones are taken for numbers.
const MAX_DEPTH: usize = 32;

fn check(_: &Context, view: &View, out: &mut Vec<Finding>) {
    let switches = switches(view);
    if switches.is_empty() {
        return;
    }
    let variables = boolean_variables(view);
    for switch in switches.iter().filter(|s| is_boolean(view, &variables, s.cond, MAX_DEPTH)) {
        let span = view.function.body.expr(switch.cond).span;
        let message = "`switch` on a truth value".to_owned();
        out.push(switch.finding(view, RULE.id, span, "either true or false", message));
    }
}

fn is_boolean(view: &View, variables: &FxHashSet<Symbol>, e: ExprId, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    let is_boolean = |e| is_boolean(view, variables, e, depth);
    let body = &view.function.body;
    match body.expr(e).kind {
        ExprKind::Binary { op: BinaryOp::Comma, right, .. } => is_boolean(right),
        ExprKind::Binary { op: BinaryOp::And | BinaryOp::Or, .. } => true,
        ExprKind::Binary { op: BinaryOp::Eq | BinaryOp::Ne, .. } => true,
        ExprKind::Binary { op: BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge, .. } => true,
        ExprKind::Unary { op: UnaryOp::Not, .. } => true,
        ExprKind::Conditional { then: Some(then), otherwise, .. } => is_boolean(then) && is_boolean(otherwise),
        ExprKind::Assign { op: None, left, .. } => is_boolean(left),
        ExprKind::Cast { operand: inner, .. } => {
            let (whole, inner) = (body.expr(e).span, body.expr(inner).span);
            let kind = Span { start: whole.start, end: inner.start.max(whole.start) };
            let mut words = Tokens::new(&view.reading.code, kind.range()).take_while(|t| !t.is(")"));
            words.any(|t| is_type(&t))
        }
        ExprKind::Name(name) => matches!(body.names.text(name), "true" | "false") || variables.contains(&name),
        _ => false,
    }
}

/// The variables that every declaration in the function gives a Boolean type.
fn boolean_variables(view: &View) -> FxHashSet<Symbol> {
    let (body, code) = (&view.function.body, &view.reading.code);
    let mut declared: FxHashMap<Symbol, bool> = FxHashMap::default();
    let mut declare = |name: Symbol, boolean: bool| *declared.entry(name).or_insert(true) &= boolean;
    for stmt in &body.stmts {
        let StmtKind::Decl(all) = &stmt.kind else { continue };
        let Some(first) = all.first().map(|d| body.names.text(d.name)) else { continue };
        let boolean = Tokens::new(code, stmt.span.range()).take_while(|t| !t.is(first)).any(|t| is_type(&t));
        all.iter().for_each(|d| declare(d.name, boolean && d.form == DeclaratorForm::Plain));
    }
    let head = Span { start: view.function.span.start, end: body.stmt(body.root).span.start };
    let (mut boolean, mut plain, mut name) = (false, true, None);
    for token in Tokens::new(code, head.range()) {
        match &*token.text {
            "(" | "," | ")" => {
                if let Some(name) = name.take().and_then(|name: Token| body.names.find(&name.text)) {
                    declare(name, boolean && plain);
                }
                (boolean, plain) = (false, true);
            }
            "*" | "[" => plain = false,
            _ if is_type(&token) => boolean = true,
            _ if token.is_ident() => name = Some(token),
            _ => {}
        }
    }
    declared.into_iter().filter(|(_, boolean)| *boolean).map(|(name, _)| name).collect()
}

fn is_type(token: &Token) -> bool {
    token.is("bool") || token.is("_Bool")
}
