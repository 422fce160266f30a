//! `uninitialized-after-parse`: a variable that a parser leaves unset on failure is read on a path on which it failed.

use rustc_hash::FxHashSet;

use super::unset::{Unset, unset_locals};
use super::{graded, unfilled};
use crate::analysis::access::{Access, Act, Place, place};
use crate::analysis::cfg::{BlockId, Edge, EdgeKind};
use crate::analysis::flow::{Flow, From, Go};
use crate::analysis::outcome::{Goes, evaluated_at, goes, outcome};
use crate::checks::{Context, Rule, View};
use crate::hir::{BinaryOp, DeclaratorForm, ExprId, ExprKind, StmtId, StmtKind, Symbol, UnaryOp};
use crate::program::catalog::model::Failure;
use crate::report::{Confidence, Finding, Related};
use crate::source::{FileId, Span};

pub const RULE: Rule = Rule {
    id: "uninitialized-after-parse",
    page: include_str!("../../../rules/uninitialized-after-parse.md"),
    yields_to: &["unchecked-parse-result", "unhandled-message-type"],
    words: &[],
    wants: |_| true,
    check,
};

/// A value that a call returns when it stored nothing, and where its function returns it.
struct Fails {
    value: i64,
    at: Option<(FileId, Span)>,
}

fn check(cx: &Context, view: &View, out: &mut Vec<Finding>) {
    let body = &view.function.body;
    for local in &unset_locals(view) {
        let calls = unset_at(cx, view, local);
        let found = calls.into_iter().find_map(|(call, arg)| {
            let (_, stmt) = evaluated_at(body, view.cfg, call).filter(|(_, s)| !body.stmt(*s).in_macro)?;
            let first = read_first(cx, view, local, call, arg);
            first.or_else(|| read_after_failure(cx, view, local, (call, stmt), arg))
        });
        out.extend(found.or_else(|| unfilled::check(cx, view, local, RULE.id).map(|unfilled| unfilled.finding)));
    }
}

/// The calls that take the variable's address while it is certainly unset.
fn unset_at(cx: &Context, view: &View, local: &Unset) -> Vec<(ExprId, usize)> {
    let body = &view.function.body;
    let mut calls: Vec<(ExprId, usize)> = Vec::new();
    let flow = view.flow(cx);
    let mut met: Vec<ExprId> = Vec::new();
    let reached = flow.forward(
        &[From::Behind(local.stmt)],
        local.name,
        &mut |_, a| {
            if let Some(call) = a.call {
                met.push(call);
            }
            if a.may_write() || a.act == Act::Declare || (a.call.is_some() && local.form == DeclaratorForm::Array) {
                return Go::Stop;
            }
            Go::On
        },
        &mut |_, _| true,
    );
    if reached.is_none() {
        return calls;
    }
    for call in met {
        let ExprKind::Call { args, .. } = &body.expr(call).kind else { continue };
        for (i, &arg) in args.iter().enumerate() {
            if gives(view, local, arg) && !calls.contains(&(call, i)) {
                calls.push((call, i));
            }
        }
    }
    calls
}

/// `&x`, or an array's name.
fn gives(view: &View, local: &Unset, arg: ExprId) -> bool {
    let body = &view.function.body;
    let is_it = |e: ExprId| matches!(body.expr(e).kind, ExprKind::Name(n) if n == local.name);
    match body.expr(arg).kind {
        ExprKind::Unary { op: UnaryOp::AddressOf, operand } => is_it(operand),
        ExprKind::Cast { operand, .. } => gives(view, local, operand),
        _ => local.form == DeclaratorForm::Array && is_it(arg),
    }
}

/// The callee reads the variable before it stores anything.
fn read_first(cx: &Context, view: &View, local: &Unset, call: ExprId, arg: usize) -> Option<Finding> {
    let body = &view.function.body;
    let name = body.callee(call)?;
    let all = cx.outputs.of(cx.program, name, view.unit.file, arg)?;
    let &(file, output) = all.first().filter(|_| all.iter().all(|(_, o)| o.read_first.is_some()))?;
    let span = body.expr(call).span;
    let variable = body.names.text(local.name);
    let mut f = view.finding(RULE.id, graded(view, Confidence::Medium), span, span);
    f.label = format!("`{variable}` has no value yet");
    f.message = format!("`{name}` reads `{variable}` before it stores anything there, and nothing else has set it");
    f.related.push(Related { file, span: output.read_first?, message: "read here".into() });
    Some(f)
}

/// The call fails, stores nothing, and a path leads from there to a read.
fn read_after_failure(
    cx: &Context,
    view: &View,
    local: &Unset,
    (call, stmt): (ExprId, StmtId),
    arg: usize,
) -> Option<Finding> {
    let body = &view.function.body;
    let name = body.callee(call)?;
    let (failures, is_told) = match failures(cx, view, call, arg) {
        Some(failures) => (failures, true),
        None => (vec![Fails { value: unknown_failure(cx, view, local, call, stmt)?, at: None }], false),
    };
    let result = match goes(body, stmt, call) {
        Goes::To(place) => Some(place),
        Goes::IntoCondition | Goes::Nowhere => None,
        Goes::Elsewhere => return None,
    };
    let flow = view.flow(cx);
    let (fails, read) = failures.into_iter().find_map(|fails| {
        let read = Way { cx, view, local, call, stmt, result: result.as_ref(), value: fails.value }.read(flow)?;
        Some((fails, read))
    })?;
    // What an unknown function does is a guess: the finding is then reported at the read.
    let (at, other) = if is_told { (call, read) } else { (read, call) };
    let span = body.expr(at).span;
    let variable = body.names.text(local.name);
    let is_parser = is_parser_name(name);
    let confidence = if is_parser { Confidence::Medium } else { Confidence::Low };
    let mut f = view.finding(RULE.id, graded(view, confidence), span, span);
    f.label = if is_told { "may store nothing".into() } else { "may have no value here".into() };
    f.message = match is_told {
        true => {
            format!("`{name}` leaves `{variable}` unset when it fails, and `{variable}` may then be read")
        }
        false => format!("`{name}` may leave `{variable}` unset when it fails, and `{variable}` may then be read"),
    };
    let what = if is_told { format!("`{variable}` is read here") } else { format!("may leave `{variable}` unset") };
    f.related.push(view.related(body.expr(other).span, what));
    if let Some((file, span)) = fails.at {
        f.related.push(Related { file, span, message: "a failure that stores nothing".into() });
    }
    Some(f)
}

/// `parse_uri`, `get_be16`, `str2ip`: fails depending on the input it reads.
fn is_parser_name(name: &str) -> bool {
    const WORDS: [&str; 20] = [
        "parse", "parser", "decode", "dec", "scan", "extract", "split", "unpack", "read", "get", "pull", "shift",
        "fetch", "lookup", "find", "to", "from", "match", "aton", "pton",
    ];
    let lower = name.to_ascii_lowercase();
    lower.split('_').any(|word| {
        WORDS.contains(&word) || word.starts_with("str2") || word.starts_with("parse") || word.ends_with("scanf")
    })
}

/// What the call returns when it leaves this argument unset.
fn failures(cx: &Context, view: &View, call: ExprId, arg: usize) -> Option<Vec<Fails>> {
    let body = &view.function.body;
    let name = body.callee(call)?;
    let known = |values: &[i64]| values.iter().map(|&value| Fails { value, at: None }).collect();
    if let Some(all) = cx.outputs.of(cx.program, name, view.unit.file, arg) {
        if all.iter().any(|(_, o)| o.unset.is_empty()) {
            return None;
        }
        let every = all.iter().flat_map(|(file, o)| o.unset.iter().map(|&(value, span)| (value, (*file, span))));
        return Some(every.map(|(value, at)| Fails { value, at: Some(at) }).collect());
    }
    let model = cx.program.catalog.model(name)?;
    let entry = model.must_check()?;
    if let Some(from) = entry.outputs_from.and_then(|a| a.index()) {
        let ExprKind::Call { args, .. } = &body.expr(call).kind else { return None };
        let ExprKind::String(format) = body.expr(*args.get(from.checked_sub(1)?)?).kind else { return None };
        return Some(known(&[stored_before(body.names.text(format), arg.checked_sub(from)?)?]));
    }
    if !entry.outputs.iter().any(|a| a.index() == Some(arg)) {
        return None;
    }
    Some(known(match entry.error {
        // A result tested for `< 0` is negative on failure.
        Failure::Negative | Failure::MinusOne | Failure::NonZero => &[-1],
        Failure::Zero | Failure::Null => &[0],
        // Negative results are mistakes in the program.
        Failure::ZeroOrNegative => &[0],
        _ => return None,
    }))
}

/// For an unknown function, the result that the `if` around the call treats as a failure: negative for `f(&x) < 0`, or
/// 0 if only the branch for other values reads the variable.
fn unknown_failure(cx: &Context, view: &View, local: &Unset, call: ExprId, stmt: StmtId) -> Option<i64> {
    let body = &view.function.body;
    let name = body.callee(call)?;
    let is_known = cx.program.is_defined(name) || cx.program.macros.is_defined(name);
    if is_known || cx.program.catalog.model(name).is_some() || local.form == DeclaratorForm::Array {
        return None;
    }
    let StmtKind::If { cond, then, otherwise } = body.stmt(stmt).kind else { return None };
    let cond = body.bare(cond);
    if let ExprKind::Binary { op: BinaryOp::Lt, left, right } = body.expr(cond).kind {
        let is_zero = matches!(body.expr(right).kind, ExprKind::Number(n) if body.names.text(n) == "0");
        return (is_zero && body.bare(left) == call).then_some(-1);
    }
    let reads = |branch: StmtId| {
        let mut found = false;
        body.walk_stmts(branch, &mut |s| body.own_exprs(s, &mut |e| found |= body.mentions(e, local.name)));
        found
    };
    let (on_success, on_failure) = match body.expr(cond).kind {
        ExprKind::Call { .. } if cond == call => (Some(then), otherwise),
        ExprKind::Unary { op: UnaryOp::Not, operand } if body.bare(operand) == call => (otherwise, Some(then)),
        _ => return None,
    };
    (on_success.is_some_and(reads) && !on_failure.is_some_and(reads)).then_some(0)
}

/// What a scan returns when it stored everything before output `number`, but not that output; none if nothing can
/// prevent it from being stored then.
fn stored_before(format: &str, number: usize) -> Option<i64> {
    let mut counted = 0;
    let mut seen = 0;
    let mut text = false;
    let mut rest = format;
    for _ in 0..64 {
        let at = rest.find('%')?;
        text |= rest[..at].replace("\\n", " ").bytes().any(|b| !b.is_ascii_whitespace() && b != b'"');
        let conversion = &rest[at + 1..];
        let end =
            conversion.find(|c: char| c.is_ascii_alphabetic() && !"hlLqjzt".contains(c) || c == '%' || c == '[')?;
        let kind = conversion.as_bytes()[end];
        rest = &conversion[end + 1..];
        if kind == b'[' {
            let first = usize::from(rest.starts_with('^'));
            rest = &rest[first + rest.get(first + 1..)?.find(']')? + 2..];
        }
        if kind == b'%' {
            text = true;
            continue;
        }
        if conversion.starts_with('*') {
            text = true;
            continue;
        }
        if seen == number {
            return (kind != b'n' || text).then_some(counted);
        }
        seen += 1;
        if kind != b'n' {
            counted += 1;
            text = false;
        }
    }
    None
}

/// The paths on from a call with a known result.
struct Way<'w, 'a> {
    cx: &'w Context<'w>,
    view: &'w View<'a>,
    local: &'w Unset,
    call: ExprId,
    stmt: StmtId,
    result: Option<&'w Place>,
    value: i64,
}

impl Way<'_, '_> {
    /// The first read of the variable on some path.
    fn read(&self, flow: &Flow) -> Option<ExprId> {
        let body = &self.view.function.body;
        let mut dirty: FxHashSet<Symbol> = FxHashSet::default();
        let mut dirty_blocks: FxHashSet<BlockId> = FxHashSet::default();
        let own = flow.accesses.block_of(self.stmt)?;
        // Whatever else the call may set also reveals whether it failed.
        for a in flow.accesses.of(self.stmt).iter().filter(|a| a.may_write()) {
            if self.result != Some(&a.place) {
                dirty.insert(a.place.base);
            }
        }
        let mut read = None;
        let mut meet = |_: BlockId, a: &Access| {
            if a.may_write() || a.act == Act::Declare {
                return match a.act {
                    Act::Update => {
                        read = read.or(a.expr);
                        Go::Stop
                    }
                    _ => Go::Stop,
                };
            }
            match (a.call, self.local.form) {
                (Some(call), _) if self.is_log(call) => Go::On,
                (Some(_), DeclaratorForm::Array) if a.place.is_variable() => Go::Stop,
                // An earlier operand of the condition may know.
                _ if !a.certain => Go::On,
                _ => {
                    read = read.or(a.expr);
                    Go::Stop
                }
            }
        };
        let mut pass = |block: BlockId, edge: &Edge| {
            if dirty_blocks.insert(block) {
                let stmts = &self.view.cfg.block(block).stmts;
                let behind =
                    if block == own { stmts.iter().position(|s| *s == self.stmt).map_or(0, |i| i + 1) } else { 0 };
                for a in stmts[behind..].iter().flat_map(|&s| flow.accesses.of(s)).filter(|a| a.may_write()) {
                    dirty.insert(a.place.base);
                }
            }
            let last = self.view.cfg.block(block).stmts.last().map(|&s| &body.stmt(s).kind);
            let Some(cond) = last.and_then(StmtKind::condition) else { return edge.kind != EdgeKind::Return };
            let (mut asks, mut stale) = (false, false);
            let call = body.expr(self.call).span;
            body.walk(cond, &mut |e| {
                asks |= self.is_result(e);
                let in_call = call.start <= body.expr(e).span.start && body.expr(e).span.end <= call.end;
                stale |= !in_call
                    && place(body, e).is_some_and(|p| dirty.contains(&p.base) || body.names.text(p.base) == "errno");
            });
            let known = outcome(body, cond, &|e| self.is_result(e).then_some(self.value));
            if stale || (asks && known.is_none()) {
                return false;
            }
            match edge.kind {
                EdgeKind::True => known != Some(0),
                EdgeKind::False => known.is_none_or(|v| v == 0),
                EdgeKind::Case | EdgeKind::NoCase => !asks,
                _ => true,
            }
        };
        flow.forward(&[From::Behind(self.stmt)], self.local.name, &mut meet, &mut pass)?;
        read
    }

    fn is_result(&self, e: ExprId) -> bool {
        e == self.call || self.result.is_some_and(|r| place(&self.view.function.body, e).as_ref() == Some(r))
    }

    fn is_log(&self, call: ExprId) -> bool {
        let name = self.view.function.body.callee(call);
        name.and_then(|n| self.cx.program.catalog.model(n)).is_some_and(|m| m.log().is_some())
    }
}
