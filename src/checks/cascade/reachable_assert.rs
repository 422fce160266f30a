//! `reachable-assert`: an assertion whose condition depends on a message.

use super::asserted::{asked_status, asks_about_length, is_given_field, is_search};
use super::control;
use crate::analysis::access::place;
use crate::analysis::noreturn::sounds_final;
use crate::analysis::nullness::miss::Miss;
use crate::analysis::nullness::why::Why;
use crate::analysis::nullness::{Origin, UseKind};
use crate::analysis::received::Received;
use crate::checks::{Context, Rule, View};
use crate::hir::{BinaryOp, Body, DeclaratorForm, ExprId, ExprKind, StmtId, StmtKind};
use crate::preprocess::macros::MacroDef;
use crate::preprocess::token::{Token, integer};
use crate::program::catalog::model::{AssertMode, NullReason};
use crate::report::{Confidence, Finding};
use crate::source::Span;

pub const RULE: Rule = Rule {
    id: "reachable-assert",
    page: include_str!("../../../rules/reachable-assert.md"),
    yields_to: &[],
    words: &[],
    wants: |_| true,
    check,
};

/// What an assertion tests.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asks {
    /// The length of a message that is read here.
    Length,
    /// Bytes of a message, or values computed from them.
    Data,
    /// The length of other input, or room for output.
    Room,
    /// The result of a search or of decoding.
    Result,
    /// The status of a function that is passed part of a message.
    Status,
    /// Nothing: a value of the message leads to it.
    Place,
}

struct Assertion {
    stmt: StmtId,
    asks: Asks,
    mode: AssertMode,
    /// The function that returned the result.
    callee: Option<Box<str>>,
    /// The result is null for some content of the message.
    is_for_message: bool,
}

fn check(cx: &Context, view: &View, out: &mut Vec<Finding>) {
    if is_test(&view.source.path) {
        return;
    }
    let body = &view.function.body;
    let mut received: Option<Received> = None;
    let mut found: Vec<Assertion> = Vec::new();
    for i in 0..body.stmts.len() {
        let Some((cond, mode)) = asserted(cx, view, StmtId(i as u32)) else { continue };
        let stmt = StmtId(i as u32);
        let received = received.get_or_insert_with(|| Received::new(cx.program, view.function, &view.source.text));
        let mut result = None;
        let mut status = None;
        let asks = match () {
            () if is_false(body, cond) => in_section_of_message(view, received, stmt).then_some(Asks::Place),
            () if is_encoder(view) => None,
            () if guards_a_read(view, received, cond) => Some(Asks::Length),
            () if asks_about_data(body, received, cond) || asks_about_field(cx, view, cond) => Some(Asks::Data),
            () => None,
        };
        let asks = asks.or_else(|| {
            result = asserted_result(view, cond);
            status = result.is_none().then(|| asked_status(view, received, cond)).flatten();
            match () {
                () if result.is_some() => Some(Asks::Result),
                () if status.is_some() => Some(Asks::Status),
                () => (!is_encoder(view) && asks_about_length(view, cond)).then_some(Asks::Room),
            }
        });
        if let Some(asks) = asks {
            let is_for_message = result.is_some_and(|m| depends_on_message(view, received, m));
            let callee = result.and_then(|m| m.callee.clone()).or_else(|| status.map(Into::into));
            found.push(Assertion { stmt, asks, mode, callee, is_for_message });
        }
    }
    let certain = |a: &&Assertion| a.is_for_message && a.mode == AssertMode::AlwaysAbort;
    out.extend(found.iter().filter(certain).map(|a| finding(view, a, &[])));
    found.retain(|a| !certain(&a));
    for asks in [Asks::Length, Asks::Data, Asks::Room, Asks::Result, Asks::Status, Asks::Place] {
        let same: Vec<&Assertion> = found.iter().filter(|a| a.asks == asks).collect();
        if let Some((first, others)) = same.split_first() {
            out.push(finding(view, first, others));
        }
    }
}

/// The condition of an assertion that may abort the program, as a call or macro expansion.
fn asserted(cx: &Context, view: &View, stmt: StmtId) -> Option<(ExprId, AssertMode)> {
    let body = &view.function.body;
    let stmt = body.stmt(stmt);
    let (cond, assert) = match stmt.kind {
        StmtKind::Expr(e) => {
            let ExprKind::Call { args, .. } = &body.expr(e).kind else { return None };
            let name = body.callee(e)?;
            let Some(model) = cx.program.model(name, view.unit.file) else {
                return Some((*args.first()?, by_definition(cx, view, name)?));
            };
            let assert = model.assert()?;
            (*args.get(assert.cond.index()?)?, assert)
        }
        StmtKind::If { cond, .. } if stmt.in_macro => {
            let text = view.source.text.get(stmt.span.range())?;
            let name = text.split(|c: char| !c.is_alphanumeric() && c != '_').next()?;
            (cond, cx.program.catalog.assert(name)?)
        }
        _ => return None,
    };
    if stmt.in_macro && gives_up(cx, view, stmt.span) {
        return None;
    }
    use AssertMode::{AlwaysAbort, DebugAbort, DebugAbortReleaseNoop, Infer};
    let mode = match assert.mode {
        // Known by its name only: it may abort the program.
        Infer if is_assert(view, stmt.span) => DebugAbort,
        mode => mode,
    };
    matches!(mode, AlwaysAbort | DebugAbort | DebugAbortReleaseNoop).then_some((cond, mode))
}

/// A macro named like an assertion that calls an aborting function in every build.
fn by_definition(cx: &Context, view: &View, name: &str) -> Option<AssertMode> {
    let assert = cx.program.catalog.assert(name)?;
    if !is_called_assert(name) || assert.cond.index() != Some(0) {
        return None;
    }
    if assert.mode != AssertMode::Infer {
        return Some(assert.mode);
    }
    let all = cx.program.macros.in_force(name, view.unit.file, u32::MAX);
    let ends = |def: &&MacroDef| {
        let calls = |t: &Token| t.is_ident() && (t.text.contains("assert_") || sounds_final(&t.text));
        def.tokens().any(|t| calls(&t)) && !def.tokens().any(|t| t.is("return"))
    };
    (!all.is_empty() && all.iter().all(ends)).then_some(AssertMode::AlwaysAbort)
}

/// `ASSERT`, `LIB_ASSERT`: without a suffix that says what it does instead.
fn is_assert(view: &View, span: Span) -> bool {
    let text = view.source.text.get(span.range()).unwrap_or_default();
    let name = text.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
    is_called_assert(name)
}

fn is_called_assert(name: &str) -> bool {
    name.rsplit('_').next().is_some_and(|last| last.eq_ignore_ascii_case("assert"))
}

/// The macro as written returns when the condition does not hold: it is a check, and its assertion is for debugging.
fn gives_up(cx: &Context, view: &View, span: Span) -> bool {
    let text = view.source.text.get(span.range()).unwrap_or_default();
    let name = text.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
    let assert = cx.program.catalog.assert(name);
    assert.is_some_and(|a| matches!(a.mode, AssertMode::AlwaysReturn | AssertMode::DebugAbortReleaseReturn))
}

/// Tests consist of assertions.
fn is_test(path: &str) -> bool {
    let mut parts = path.rsplit('/');
    let file = parts.next().unwrap_or_default();
    let word = |part: &str| matches!(part, "test" | "tests" | "testing" | "testsuite" | "unittest" | "unittests");
    parts.any(word) || file.starts_with("test_") || file.trim_end_matches(".c").ends_with("_test")
}

fn finding(view: &View, first: &Assertion, others: &[&Assertion]) -> Finding {
    let span = view.function.body.stmt(first.stmt).span;
    let always = first.mode == AssertMode::AlwaysAbort;
    let confidence = match first.asks {
        Asks::Result if always && first.is_for_message => Confidence::Medium,
        Asks::Length | Asks::Place if always => Confidence::Medium,
        _ => Confidence::Low,
    };
    let mut f = view.finding(RULE.id, confidence, span, span);
    f.label = "a message decides whether this holds".into();
    let what = match (&first.callee, first.asks) {
        (Some(callee), Asks::Status) => format!("the status of `{callee}`, which is given part of a message"),
        (Some(callee), _) => format!("the result of `{callee}`, which may be null for some input"),
        (None, Asks::Length) => "the length of a message".into(),
        (None, Asks::Room) => "how much came or how much fits".into(),
        (None, Asks::Place) => "a value of a message that no other case handles".into(),
        (None, _) => "the content of a message".into(),
    };
    let then = match always {
        true => "the program ends, also in a release build",
        false => "a debug build ends and a release build goes on",
    };
    f.message = format!("this assertion depends on {what}; if it fails, {then}");
    f.notes.push("outage: one message ends the whole process, with every call it carries".into());
    for other in others.iter().take(8) {
        f.related.push(view.at(other.stmt, "the same is asserted here"));
    }
    f
}

/// `assert(0)`, `assert(!"reached")`.
fn is_false(body: &Body, cond: ExprId) -> bool {
    crate::analysis::constant(body, cond) == Some(false)
        || matches!(body.expr(cond).kind, ExprKind::Name(n) if matches!(body.names.text(n), "PJ_FALSE" | "SWITCH_FALSE"))
}

/// It compares message data or tests part of it: the buffer itself, or a pointer to it, is the caller's contract.
fn asks_about_data(body: &Body, received: &Received, cond: ExprId) -> bool {
    let mut todo = vec![cond];
    while let Some(e) = todo.pop() {
        match body.expr(e).kind {
            ExprKind::Binary { op: BinaryOp::And | BinaryOp::Or, left, right } => todo.extend([left, right]),
            ExprKind::Unary { operand, .. } | ExprKind::Cast { operand, .. } => todo.push(operand),
            ExprKind::Call { ref args, .. } if args.len() <= 2 => todo.extend(args.first()),
            ExprKind::Binary { op: BinaryOp::Ne | BinaryOp::Eq, left, right }
                if is_null(body, left) || is_null(body, right) => {}
            ExprKind::Binary { op, left, right } => {
                let compares = matches!(
                    op,
                    BinaryOp::Eq
                        | BinaryOp::Ne
                        | BinaryOp::Lt
                        | BinaryOp::Le
                        | BinaryOp::Gt
                        | BinaryOp::Ge
                        | BinaryOp::BitAnd
                );
                if compares && (received.mentions(body, left) || received.mentions(body, right)) {
                    return true;
                }
            }
            _ => {}
        }
    }
    false
}

/// `len >= sizeof(struct header)`, where the buffer beside `len` is read here: the check can only be meant for it.
fn guards_a_read(view: &View, received: &Received, cond: ExprId) -> bool {
    let body = &view.function.body;
    let ExprKind::Binary { op, left, right } = body.expr(cond).kind else { return false };
    let (length, least) = match op {
        BinaryOp::Ge | BinaryOp::Gt => (left, right),
        BinaryOp::Le | BinaryOp::Lt => (right, left),
        _ => return false,
    };
    let is_least = match body.expr(least).kind {
        ExprKind::Sizeof { .. } => true,
        ExprKind::Number(n) => integer(body.names.text(n)).is_some_and(|v| v > 1),
        ExprKind::Name(n) => !body.names.text(n).bytes().any(|b| b.is_ascii_lowercase()),
        _ => false,
    };
    let length = place(body, length).map(|p| p.base);
    let pair = view.function.params.windows(2).find(|pair| Some(pair[1].name) == length);
    let Some(buffer) = pair.map(|pair| pair[0].name).filter(|b| received.buffers.contains(b)) else { return false };
    let reads = body.exprs.iter().any(|e| match e.kind {
        ExprKind::Index { base, .. } => place(body, base).is_some_and(|p| p.base == buffer),
        ExprKind::Cast { operand, ty } => {
            body.names.text(ty).contains('*') && place(body, operand).is_some_and(|p| p.base == buffer)
        }
        ExprKind::Assign { op: None, left, right } => {
            let is_pointer =
                matches!(body.expr(left).kind, ExprKind::Name(n) if view.local(n).is_some_and(|l| l.pointer));
            is_pointer && place(body, right).is_some_and(|p| p.is_variable() && p.base == buffer)
        }
        _ => false,
    }) || body.stmts.iter().any(|s| match &s.kind {
        StmtKind::Decl(all) => all.iter().any(|d| {
            let from = d.init.and_then(|i| place(body, i));
            d.form == DeclaratorForm::Pointer && from.is_some_and(|p| p.is_variable() && p.base == buffer)
        }),
        _ => false,
    });
    is_least && reads && !is_maker(&view.function.name)
}

/// It compares a field that is set from a number of the message somewhere in the file.
fn asks_about_field(cx: &Context, view: &View, cond: ExprId) -> bool {
    let body = &view.function.body;
    let ExprKind::Binary { op, left, right } = body.expr(cond).kind else { return false };
    let compares =
        matches!(op, BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge);
    compares
        && [left, right].iter().any(|&e| match body.expr(e).kind {
            ExprKind::Member { field, .. } => cx.fields.is_filled(view.unit.file, body.names.text(field)),
            _ => false,
        })
}

fn is_null(body: &Body, e: ExprId) -> bool {
    match body.expr(e).kind {
        ExprKind::Name(name) => matches!(body.names.text(name), "NULL" | "nullptr"),
        ExprKind::Cast { operand, .. } => is_null(body, operand),
        _ => false,
    }
}

/// The call whose result the condition tests, if it may be null depending on a message.
fn asserted_result<'v>(view: &'v View, cond: ExprId) -> Option<&'v Miss> {
    let body = &view.function.body;
    let within = body.expr(cond).span;
    if !asks_for_null(body, cond) {
        return None;
    }
    view.known.nulls.iter().find(|m| {
        let span = body.expr(m.used.expr).span;
        let for_input = match m.why {
            Some(Why::Known(reason)) => !matches!(reason, NullReason::Alloc | NullReason::Exhausted),
            Some(Why::Returns | Why::Name | Why::Getter | Why::Few) | None => {
                m.callee.as_deref().is_some_and(|name| !is_maker(name))
            }
            _ => false,
        };
        for_input && matches!(m.used.kind, UseKind::Asserted) && within.start <= span.start && span.end <= within.end
    })
}

/// `p`, `!p`, `p != NULL`, several of these: no comparison of magnitudes.
fn asks_for_null(body: &Body, cond: ExprId) -> bool {
    let mut todo = vec![cond];
    while let Some(e) = todo.pop() {
        match body.expr(e).kind {
            ExprKind::Binary { op: BinaryOp::And | BinaryOp::Or, left, right } => todo.extend([left, right]),
            ExprKind::Binary { op: BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge, .. } => return false,
            ExprKind::Binary { op: BinaryOp::Eq | BinaryOp::Ne, left, right } => {
                let null = |e| is_null(body, e) || control::is_zero(body, e);
                if !null(left) && !null(right) {
                    return false;
                }
            }
            _ => {}
        }
    }
    true
}

/// The function fails when it finds nothing or cannot parse its input, and that input is from a message.
fn depends_on_message(view: &View, received: &Received, miss: &Miss) -> bool {
    let Origin::Call(call) = miss.used.origin else { return false };
    let fails =
        matches!(miss.why, Some(Why::Known(NullReason::NotFound | NullReason::NoToken | NullReason::ParseFailure)))
            || miss.callee.as_deref().is_some_and(is_search);
    fails && is_given_field(view, received, call)
}

/// `msgb_alloc`, `new_call`: null only when out of memory.
fn is_maker(name: &str) -> bool {
    const WORDS: [&str; 4] = ["new", "create", "init", "copy"];
    const ENDS: [&str; 3] = ["alloc", "dup", "printf"];
    name.to_ascii_lowercase().split('_').any(|w| WORDS.contains(&w) || ENDS.iter().any(|end| w.ends_with(end)))
}

/// Assertions in a function that builds a message are about its own work.
fn is_encoder(view: &View) -> bool {
    const WORDS: [&str; 12] =
        ["encode", "enc", "build", "write", "put", "pack", "print", "format", "tx", "send", "generate", "make"];
    view.function.name.split('_').any(|word| WORDS.contains(&word.to_ascii_lowercase().as_str()))
}

/// It is in the `default` section of a `switch` over message data.
fn in_section_of_message(view: &View, received: &Received, stmt: StmtId) -> bool {
    let body = &view.function.body;
    let around = view.nesting().around(stmt).find_map(|s| match body.stmt(s).kind {
        StmtKind::Switch { cond, body: inner } => Some((s, cond, inner)),
        _ => None,
    });
    let Some((switch, cond, _)) = around else { return false };
    if !received.mentions(body, cond) {
        return false;
    }
    crate::analysis::sections::sections(body, switch).iter().any(|section| {
        let has_default = section.labels.iter().any(|&l| matches!(body.stmt(l).kind, StmtKind::Case(None)));
        has_default && section.stmts.iter().any(|&s| s == stmt || view.nesting().is_inside(stmt, s))
    })
}
