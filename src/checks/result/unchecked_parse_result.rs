//! `unchecked-parse-result`: what a parser stored is used without checking whether it stored anything.

use super::{graded, is_command_line};
use crate::analysis::access::place;
use crate::checks::{Context, Rule, View};
use crate::hir::{BinaryOp, Body, ExprId, ExprKind, StmtKind, Symbol, UnaryOp};
use crate::program::catalog::Model;
use crate::report::{Confidence, Finding};
use crate::source::{FileId, Span};

pub const RULE: Rule = Rule {
    id: "unchecked-parse-result",
    page: include_str!("../../../rules/unchecked-parse-result.md"),
    yields_to: &[],
    words: &[],
    wants: |_| true,
    check,
};

/// Limit on the chain of functions followed that only return another's result.
const MAX_WRAPPERS: usize = 4;

fn check(cx: &Context, view: &View, out: &mut Vec<Finding>) {
    let body = &view.function.body;
    for stmt in &body.stmts {
        if let StmtKind::Expr(e) = stmt.kind
            && !stmt.in_macro
        {
            out.extend(ignored(cx, view, e));
        }
    }
    for i in 0..body.exprs.len() as u32 {
        out.extend(too_narrow(cx, view, ExprId(i)));
        out.extend(unasked_sentinel(cx, view, ExprId(i)));
    }
}

/// A statement that only calls a parser, whose outputs are read afterwards.
fn ignored(cx: &Context, view: &View, call: ExprId) -> Option<Finding> {
    let body = &view.function.body;
    let ExprKind::Call { args, .. } = &body.expr(call).kind else { return None };
    let name = body.callee(call)?;
    let span = body.expr(call).span;
    let Some(model) = cx.program.catalog.model(name).filter(|m| m.must_check().is_some() || m.cursor().is_some())
    else {
        return ignored_by_name(cx, view, call, name, args);
    };
    if let Some(cursor) = model.cursor().filter(|c| c.must_check) {
        let mut f = view.finding(RULE.id, graded(view, Confidence::Medium), span, span);
        f.label = "its result is ignored".into();
        f.message = format!("the result of `{name}`, which tells whether there were enough bytes, is ignored");
        let object = cursor.object.index().and_then(|i| args.get(i)).and_then(|&a| base(body, a));
        let next = object.and_then(|base| read_behind(body, base, span.end))?;
        f.related.push(view.related(body.expr(next).span, "goes on with what is left"));
        return Some(f);
    }
    if reads_literal(body, &model, args) {
        return None;
    }
    let outputs = outputs(&model, args);
    let (output, next) = outputs.into_iter().find_map(|a| {
        let base = base(body, a)?;
        let is_given = matches!(body.expr(a).kind, ExprKind::Unary { op: UnaryOp::AddressOf, .. });
        let was_set = !is_unset_before(view, base, span.start);
        (is_given && !was_set).then_some(())?;
        Some((base, read_behind(body, base, span.end)?))
    })?;
    let output = body.names.text(output);
    let confidence = match args.iter().any(|&a| is_command_line(body, a)) {
        true => Confidence::Low,
        false => Confidence::Medium,
    };
    let mut f = view.finding(RULE.id, graded(view, confidence), span, span);
    f.label = "its result is ignored".into();
    f.message =
        format!("`{name}` leaves `{output}` unset when it fails; its result is ignored, and `{output}` is read");
    f.related.push(view.related(body.expr(next).span, "read here"));
    Some(f)
}

/// A function named like a parser or decoder whose result other callers check.
fn ignored_by_name(cx: &Context, view: &View, call: ExprId, name: &str, args: &[ExprId]) -> Option<Finding> {
    const WORDS: [&str; 10] =
        ["parse", "decode", "decaps", "unpack", "unhex", "hexparse", "hex2bin", "unescape", "scan", "deserialize"];
    let lower = name.to_ascii_lowercase();
    if !WORDS.iter().any(|w| lower.contains(w))
        || !lower.bytes().any(|b| b.is_ascii_lowercase())
        || lower == name.to_ascii_uppercase()
    {
        return None;
    }
    let body = &view.function.body;
    let span = body.expr(call).span;
    let counts = cx.heeded.of(name);
    let meant = cx.program.callees(name, view.unit.file);
    // A result that is always the same carries no information.
    let is_void = meant.iter().any(|d| {
        let unit = cx.program.unit(d.file);
        let item = &unit.base.functions[d.item as usize];
        let head = unit.base.code[item.span.range()].split('(').next().unwrap_or_default();
        let words =
            |text: &str, word| text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|w| *w == word).count();
        (words(head, "void") > 0 && !head.contains('*')) || words(&unit.base.code[item.span.range()], "return") < 2
    });
    if is_void
        || (counts.heeded == 0 && meant.is_empty() && !lower.contains("decode"))
        || counts.heeded < counts.ignored.saturating_sub(1)
    {
        return None;
    }
    let (output, next) = args.iter().find_map(|&arg| {
        let base = base(body, arg)?;
        is_unset_before(view, base, span.start).then_some(())?;
        Some((base, read_behind(body, base, span.end)?))
    })?;
    let confidence = match counts.heeded > 0 && counts.heeded >= counts.ignored {
        true => Confidence::Medium,
        false => Confidence::Low,
    };
    let output = body.names.text(output);
    let mut f = view.finding(RULE.id, graded(view, confidence), span, span);
    f.label = "its result is ignored".into();
    f.message =
        format!("the result of `{name}` tells whether `{output}` is valid; it is ignored, and `{output}` is read");
    if counts.all() > 1 {
        f.notes.push(format!("{} of {} calls check the result", counts.heeded, counts.all()));
    }
    f.related.push(view.related(body.expr(next).span, "read here"));
    Some(f)
}

/// `inet_aton("127.0.0.1", &address)` cannot fail.
fn reads_literal(body: &Body, model: &Model, args: &[ExprId]) -> bool {
    let by_format = model.must_check().is_some_and(|m| m.outputs_from.is_some());
    let read = if by_format { &args[..args.len().min(1)] } else { args };
    read.iter().any(|&a| matches!(body.expr(a).kind, ExprKind::String(_)))
}

/// The arguments through which a call stores results.
fn outputs(model: &Model, args: &[ExprId]) -> Vec<ExprId> {
    let mut all = Vec::new();
    if let Some(entry) = model.must_check() {
        all.extend(entry.outputs.iter().filter_map(|a| a.index()).filter_map(|i| args.get(i)));
        if let Some(from) = entry.outputs_from.and_then(|a| a.index()) {
            all.extend(args.iter().skip(from));
        }
    }
    all
}

/// A local variable that is declared without an initializer and not set before `before`.
fn is_unset_before(view: &View, base: Symbol, before: u32) -> bool {
    let body = &view.function.body;
    let declared = body.stmts.iter().any(|s| match &s.kind {
        StmtKind::Decl(all) => all.iter().any(|d| d.name == base && d.init.is_none() && !d.is_static),
        _ => false,
    });
    let is_set = body.exprs.iter().any(|e| {
        let target = match &e.kind {
            ExprKind::Assign { left, .. } => Some(*left),
            ExprKind::Unary { op: UnaryOp::AddressOf, operand } => Some(*operand),
            // An array is passed by its name.
            ExprKind::Call { args, .. } => {
                args.iter().copied().find(|&a| matches!(body.expr(a).kind, ExprKind::Name(n) if n == base))
            }
            _ => None,
        };
        e.span.start < before && target.and_then(|t| place(body, t)).is_some_and(|p| p.base == base)
    });
    declared && !is_set
}

/// The first read of a variable after `after`, if nothing sets it in between.
fn read_behind(body: &Body, base: Symbol, after: u32) -> Option<ExprId> {
    let names = body.exprs.iter().enumerate().filter(|(_, e)| e.span.start >= after);
    let first =
        names.filter(|(_, e)| matches!(e.kind, ExprKind::Name(n) if n == base)).min_by_key(|(_, e)| e.span.start)?;
    let at = ExprId(first.0 as u32);
    let is_set = body.exprs.iter().any(|e| match e.kind {
        ExprKind::Assign { op: None, left, .. } => {
            place(body, left).is_some_and(|p| p.base == base) && {
                let span = body.expr(left).span;
                span.start <= first.1.span.start && first.1.span.end <= span.end
            }
        }
        _ => false,
    });
    (!is_set).then_some(at)
}

/// `f() == -1`, where `f` also returns other negative numbers.
fn too_narrow(cx: &Context, view: &View, e: ExprId) -> Option<Finding> {
    let body = &view.function.body;
    let ExprKind::Binary { op: BinaryOp::Eq | BinaryOp::Ne, left, right } = body.expr(e).kind else { return None };
    let is_number = |e: ExprId, text| matches!(body.expr(e).kind, ExprKind::Number(n) if body.names.text(n) == text);
    let is_minus_one = match body.expr(right).kind {
        ExprKind::Unary { op: UnaryOp::Negate, operand } => is_number(operand, "1"),
        _ => is_number(right, "-1"),
    };
    if !is_minus_one {
        return None;
    }
    let call = match body.expr(left).kind {
        ExprKind::Call { .. } => left,
        ExprKind::Assign { op: None, right, .. } => right,
        ExprKind::Name(name) => last_set(body, name, body.expr(e).span.start)?,
        _ => return None,
    };
    let name = body.callee(call)?;
    let (definition, at) = other_error(cx, name, view.unit.file)?;
    let span = body.expr(e).span;
    let mut f = view.finding(RULE.id, graded(view, Confidence::Medium), span, span);
    f.label = "only one of its errors".into();
    f.message = format!("`{name}` also returns other negative numbers when it fails, and they pass this check");
    f.related.push(crate::report::Related { file: definition, span: at, message: "another error".into() });
    Some(f)
}

/// Where a function, or one whose result it returns unchanged, returns a negative number other than -1:
/// `return -ENOMEM;`, `return -errno;`.
fn other_error(cx: &Context, name: &str, file: FileId) -> Option<(FileId, Span)> {
    let (mut name, mut file) = (name.to_owned(), file);
    for _ in 0..MAX_WRAPPERS {
        let [definition] = cx.program.callees(&name, file)[..] else { return None };
        file = definition.file;
        let unit = cx.program.unit(file);
        let function = &unit.base.functions[definition.item as usize];
        let code = &unit.base.code[function.span.range()];
        let found = code.match_indices("return -").find(|(at, text)| {
            let rest = code[at + text.len()..].trim_start();
            rest.starts_with('E') && rest.as_bytes().get(1).is_some_and(u8::is_ascii_uppercase)
                || rest.starts_with("errno")
        });
        if let Some((at, text)) = found {
            let start = function.span.start + at as u32;
            return Some((file, Span { start, end: start + text.len() as u32 }));
        }
        // It only calls another function.
        let (head, tail) = code.split_once("return ")?;
        let called = tail.split(|c: char| !c.is_alphanumeric() && c != '_').next()?;
        if head.contains(';') || !tail[called.len()..].trim_start().starts_with('(') {
            return None;
        }
        name = called.to_owned();
    }
    None
}

/// `n = f();` where `f` returns `SOME_INVALID` on failure, and `n` is used in arithmetic without a comparison.
fn unasked_sentinel(cx: &Context, view: &View, e: ExprId) -> Option<Finding> {
    let body = &view.function.body;
    let ExprKind::Assign { op: None, left, right: call } = body.expr(e).kind else { return None };
    let ExprKind::Name(variable) = body.expr(left).kind else { return None };
    let name = body.callee(call)?;
    let [definition] = cx.program.callees(name, view.unit.file)[..] else { return None };
    let unit = cx.program.unit(definition.file);
    let function = &unit.base.functions[definition.item as usize];
    let code = &unit.base.code[function.span.range()];
    let (at, sentinel) = code.match_indices("return ").find_map(|(at, text)| {
        let rest = code[at + text.len()..].trim_start_matches(['(', ' ']);
        let word = rest.split(|c: char| !c.is_alphanumeric() && c != '_').next()?;
        let shouts = !word.bytes().any(|b| b.is_ascii_lowercase());
        (shouts && word.split('_').any(|w| w == "INVALID")).then_some((at, word))
    })?;
    if body.names.find(sentinel).is_some() {
        return None;
    }
    let span = body.expr(e).span;
    let is_it = |e: ExprId| matches!(body.expr(e).kind, ExprKind::Name(n) if n == variable);
    let mut used = None;
    for (i, other) in body.exprs.iter().enumerate().filter(|(_, o)| o.span.start > span.end) {
        match other.kind {
            // Compared with a constant, which may be meant as that check.
            ExprKind::Binary { op: BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge, left, right }
                if is_it(left) || is_it(right) =>
            {
                return None;
            }
            ExprKind::Binary { op: BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul, left, right }
                if is_it(left) || is_it(right) =>
            {
                used = used.or(Some(ExprId(i as u32)));
            }
            ExprKind::Index { index, .. } if is_it(index) => used = used.or(Some(ExprId(i as u32))),
            _ => {}
        }
    }
    let used = used?;
    let mut f = view.finding(RULE.id, graded(view, Confidence::Medium), span, span);
    f.label = format!("may be `{sentinel}`");
    let text = body.names.text(variable);
    f.message =
        format!("`{name}` returns `{sentinel}` when it fails; `{text}` is used in arithmetic without a check for that");
    f.related.push(view.related(body.expr(used).span, "used in arithmetic here"));
    let start = function.span.start + at as u32;
    let span = Span { start, end: start + "return ".len() as u32 + sentinel.len() as u32 };
    f.related.push(crate::report::Related { file: definition.file, span, message: "returned here".into() });
    Some(f)
}

/// The call that last set the variable before `before`.
fn last_set(body: &Body, name: Symbol, before: u32) -> Option<ExprId> {
    let assigned = body.exprs.iter().filter_map(|e| match e.kind {
        ExprKind::Assign { left, right, .. } if matches!(body.expr(left).kind, ExprKind::Name(n) if n == name) => {
            Some((e.span.start, right))
        }
        _ => None,
    });
    let declared = body.stmts.iter().filter_map(|s| match &s.kind {
        StmtKind::Decl(all) => all.iter().find(|d| d.name == name).and_then(|d| Some((s.span.start, d.init?))),
        _ => None,
    });
    let last = assigned.chain(declared).filter(|(at, _)| *at < before).max_by_key(|(at, _)| *at)?;
    matches!(body.expr(last.1).kind, ExprKind::Call { .. }).then_some(last.1)
}

fn base(body: &Body, e: ExprId) -> Option<Symbol> {
    match body.expr(e).kind {
        ExprKind::Unary { op: UnaryOp::AddressOf, operand } => place(body, operand).map(|p| p.base),
        _ => place(body, e).map(|p| p.base),
    }
}
