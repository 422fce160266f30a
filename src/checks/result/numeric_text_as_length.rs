//! `numeric-text-as-length`: a number parsed from text is used as a size without a check.

use super::{graded, is_command_line};
use crate::checks::{Context, Rule, View};
use crate::hir::{BinaryOp, Body, ExprId, ExprKind, StmtKind, Symbol};
use crate::program::catalog::model::SinkKind;
use crate::report::{Confidence, Finding};

pub const RULE: Rule = Rule {
    id: "numeric-text-as-length",
    page: include_str!("../../../rules/numeric-text-as-length.md"),
    yields_to: &["signed-length", "unchecked-message-length"],
    words: &[],
    wants: |_| true,
    check,
};

fn check(cx: &Context, view: &View, out: &mut Vec<Finding>) {
    let body = &view.function.body;
    for (name, call, set) in parsed(cx, view) {
        let at = body.expr(call).span;
        let uses = (0..body.exprs.len() as u32).map(ExprId).filter(|&e| body.expr(e).span.start >= at.end);
        let Some((used, what)) = uses.into_iter().find_map(|e| as_size(cx, view, e, name)) else { continue };
        let to = body.expr(used).span;
        if is_asked(body, name, at.start, to.start) || is_set_between(body, name, set, to.start) {
            continue;
        }
        let ExprKind::Call { args, .. } = &body.expr(call).kind else { continue };
        let confidence = match args.iter().any(|&a| is_command_line(body, a)) {
            true => Confidence::Low,
            false => Confidence::Medium,
        };
        let mut f = view.finding(RULE.id, graded(view, confidence), at, at);
        let (variable, parser) = (body.names.text(name), body.callee(call).unwrap_or_default());
        f.label = "any number, negative ones too".into();
        f.message = format!("`{parser}` accepts any number, and `{variable}` is {what} without a check");
        f.related.push(view.related(to, format!("`{variable}` is {what} here")));
        out.push(f);
    }
}

/// Variables that are set to the result of a number parser, the call, and the offset of the assignment.
fn parsed(cx: &Context, view: &View) -> Vec<(Symbol, ExprId, u32)> {
    let body = &view.function.body;
    let parser = |e: ExprId| {
        let e = body.bare(e);
        let ExprKind::Call { .. } = body.expr(e).kind else { return None };
        let model = cx.program.model(body.callee(e)?, view.unit.file)?;
        model.number_parser().filter(|n| n.out.is_none() && !n.float)?;
        Some(e)
    };
    let mut all = Vec::new();
    for e in &body.exprs {
        if let ExprKind::Assign { op: None, left, right } = e.kind
            && let ExprKind::Name(name) = body.expr(left).kind
            && let Some(call) = parser(right)
        {
            all.push((name, call, e.span.start));
        }
    }
    for stmt in body.stmts.iter().filter(|s| !s.in_macro) {
        let StmtKind::Decl(declared) = &stmt.kind else { continue };
        for d in declared {
            if let Some(call) = d.init.and_then(parser) {
                all.push((d.name, call, stmt.span.start));
            }
        }
    }
    all
}

/// The variable is a size in this call, or an index.
fn as_size(cx: &Context, view: &View, e: ExprId, name: Symbol) -> Option<(ExprId, &'static str)> {
    let body = &view.function.body;
    let is_it = |e: ExprId| size_of(body, e) == Some(name);
    match &body.expr(e).kind {
        ExprKind::Call { args, .. } => {
            let model = cx.program.model(body.callee(e)?, view.unit.file)?;
            let at =
                |a: Option<crate::program::catalog::model::Arg>| a.and_then(|a| a.index()).and_then(|i| args.get(i));
            if let Some(allocator) = model.allocator()
                && at(allocator.size).is_some_and(|&a| is_it(a))
            {
                return Some((e, "the size of an allocation"));
            }
            let sink = model.sink()?;
            let copies = matches!(sink.kind, SinkKind::Copy | SinkKind::Fill | SinkKind::Read | SinkKind::Send);
            (copies && at(sink.size).is_some_and(|&a| is_it(a))).then_some((e, "a number of bytes"))
        }
        ExprKind::Index { index, .. } => is_it(*index).then_some((e, "an index")),
        _ => None,
    }
}

/// `n`, `n + 1`, `(size_t) n`, `n * sizeof(x)`.
fn size_of(body: &Body, mut e: ExprId) -> Option<Symbol> {
    loop {
        match body.expr(e).kind {
            ExprKind::Name(name) => return Some(name),
            ExprKind::Cast { operand, .. } => e = operand,
            ExprKind::Binary { op: BinaryOp::Add | BinaryOp::Mul | BinaryOp::Sub, left, right } => {
                let fixed = |e: ExprId| matches!(body.expr(e).kind, ExprKind::Number(_) | ExprKind::Sizeof { .. });
                match (fixed(left), fixed(right)) {
                    (false, true) => e = left,
                    (true, false) => e = right,
                    _ => return None,
                }
            }
            _ => return None,
        }
    }
}

/// The variable is compared, limited or tested in between.
fn is_asked(body: &Body, name: Symbol, from: u32, to: u32) -> bool {
    let in_test = body.stmts.iter().any(|s| match s.kind {
        StmtKind::If { cond, .. } | StmtKind::While { cond, .. } | StmtKind::Switch { cond, .. } => {
            s.span.start >= from && body.expr(cond).span.start < to && body.mentions(cond, name)
        }
        _ => false,
    });
    in_test
        || body.exprs.iter().filter(|e| e.span.start >= from.saturating_sub(200) && e.span.start < to).any(|e| match e
            .kind
        {
            ExprKind::Binary {
                op:
                    BinaryOp::Lt
                    | BinaryOp::Le
                    | BinaryOp::Gt
                    | BinaryOp::Ge
                    | BinaryOp::Eq
                    | BinaryOp::Ne
                    | BinaryOp::Rem
                    | BinaryOp::BitAnd,
                left,
                right,
            } => body.mentions(left, name) || body.mentions(right, name),
            ExprKind::Conditional { cond, .. } => body.mentions(cond, name),
            _ => false,
        })
}

fn is_set_between(body: &Body, name: Symbol, from: u32, to: u32) -> bool {
    body.exprs.iter().any(|e| match e.kind {
        ExprKind::Assign { left, .. } => {
            e.span.start > from && e.span.start < to && matches!(body.expr(left).kind, ExprKind::Name(n) if n == name)
        }
        _ => false,
    })
}
