//! Variables that are read although nothing can have set them, or where the only branch that sets them was not taken.

use super::graded;
use super::passed_over::passed_over;
use super::uninitialized_after_parse::{RULE, Unset};
use crate::analysis::access::{Access, Act, Step};
use crate::analysis::cfg::BlockId;
use crate::analysis::flow::{From, Go};
use crate::checks::{Context, View};
use crate::hir::{BinaryOp, Body, DeclaratorForm, ExprId, ExprKind, StmtId, StmtKind, UnaryOp};
use crate::program::catalog::model::SinkKind;
use crate::report::{Confidence, Finding};

/// A variable used more often than this is set somewhere.
const MAX_ACCESSES: usize = 256;

/// What an access does to an unset variable.
pub(super) enum Does {
    Reads,
    Fills,
    Nothing,
}

pub fn check(cx: &Context, view: &View, local: &Unset) -> Option<Finding> {
    let body = &view.function.body;
    let flow = view.flow(cx);
    if flow.accesses.of_variable(local.name).nth(MAX_ACCESSES).is_some() {
        return None;
    }
    let mut fills: Vec<(BlockId, StmtId)> = Vec::new();
    for (block, a) in flow.accesses.of_variable(local.name) {
        match does(cx, view, local, a) {
            Does::Fills if a.act != Act::Havoc => fills.push((block, a.stmt)),
            Does::Fills => return None,
            _ => {}
        }
    }
    // If nothing else sets it, the macro may.
    if fills.is_empty() && flow.accesses.of_variable(local.name).any(|(_, a)| may_be_macro(cx, view, a)) {
        return None;
    }
    let mut reads: Vec<&Access> = Vec::new();
    let mut meet = |_: BlockId, a: &Access| match does(cx, view, local, a) {
        Does::Fills => Go::Stop,
        Does::Nothing => Go::On,
        Does::Reads if may_be_macro(cx, view, a) && is_called_like_a_macro(view, a) => Go::Stop,
        Does::Reads => {
            if let Some((_, own)) = flow.accesses.of_variable(local.name).find(|(_, own)| std::ptr::eq(*own, a)) {
                reads.push(own);
            }
            Go::Stop
        }
    };
    flow.forward(&[From::Behind(local.stmt)], local.name, &mut meet, &mut |_, _| true)?;
    reads.sort_by_key(|a| a.expr.map(|e| body.expr(e).span.start));
    let name = body.names.text(local.name);
    if reads.is_empty() || has_more_in_other_arms(view, name) {
        return None;
    }
    let found = reads.into_iter().find_map(|read| {
        let e = read.expr?;
        if body.stmt(read.stmt).in_macro || means_nothing(view, read) {
            return None;
        }
        if fills.iter().all(|&(block, stmt)| !reaches(view, (block, stmt), read.stmt)) {
            let message = format!("`{name}` is read here, but nothing has set it");
            let certain = read.certain && local.form != DeclaratorForm::Array;
            let confidence = if certain { Confidence::High } else { Confidence::Medium };
            return Some((e, confidence, message, None));
        }
        let whole = read.call.is_some() && local.form != DeclaratorForm::Pointer && !is_number(view, local);
        let [(_, fill)] = fills[..] else { return None };
        let branch = whole.then(|| skipped(view, local, fill, read.stmt))??;
        let message = format!("`{name}` is filled in one branch only, but read after it in any case");
        Some((e, Confidence::Medium, message, Some((fill, branch))))
    });
    let Some((read, confidence, message, at)) = found else { return jumped(cx, view, local, &fills) };
    let span = body.expr(read).span;
    let mut f = view.finding(RULE.id, graded(view, confidence), span, span);
    f.label = "has no value here".into();
    f.message = message;
    if let Some((fill, branch)) = at {
        f.related.push(view.at(fill, "filled here"));
        if let Some(cond) = body.stmt(branch).kind.condition() {
            f.related.push(view.related(body.expr(cond).span, "only if this holds"));
        }
    }
    Some(f)
}

/// A path bypasses every assignment to the variable.
fn jumped(cx: &Context, view: &View, local: &Unset, fills: &[(BlockId, StmtId)]) -> Option<Finding> {
    let body = &view.function.body;
    let fills: Vec<StmtId> = fills.iter().map(|&(_, s)| s).collect();
    let found = passed_over(cx, view, local, &fills)?;
    let name = body.names.text(local.name);
    let span = body.expr(found.read).span;
    let mut f = view.finding(RULE.id, graded(view, Confidence::Medium), span, span);
    f.label = "may have no value here".into();
    let is_switch = matches!(body.stmt(found.by).kind, StmtKind::Switch { .. });
    let by = if is_switch { "a value that the `switch` has no label for" } else { "a jump" };
    f.message = format!("`{name}` is read here, but {by} skips all that sets it");
    f.related.push(view.at(found.by, if is_switch { "no label for some value" } else { "skips it" }));
    f.related.push(view.at(found.fill, "set here"));
    Some(f)
}

pub(super) fn does(cx: &Context, view: &View, local: &Unset, a: &Access) -> Does {
    let body = &view.function.body;
    if a.act == Act::Declare {
        return Does::Nothing;
    }
    if let (Some(call), Some(e)) = (a.call, a.expr) {
        let name = body.callee(call);
        let model = name.and_then(|n| cx.program.model(n, view.unit.file));
        if model.is_some_and(|m| m.log().is_some()) {
            return Does::Nothing;
        }
        // An array by its name or as a member, or one hidden behind a typedef.
        let by_address = a.act == Act::Escape
            || !(local.form == DeclaratorForm::Pointer || a.place.is_variable() && is_number(view, local));
        if by_address {
            return if is_read_by(cx, view, call, e) { Does::Reads } else { Does::Fills };
        }
    }
    match a.act {
        Act::Update | Act::Read if !a.certain && local.form != DeclaratorForm::Array => Does::Nothing,
        Act::Update => Does::Reads,
        // The name of an array is its address: the callee may fill it.
        Act::Read if local.form == DeclaratorForm::Array && a.place.is_variable() => Does::Fills,
        // A member may be an array, too, with rows as elements.
        Act::Read if !a.place.is_variable() && a.place.path[..] != [Step::Index] && !a.place.is_behind_pointer() => {
            match a.expr.is_some_and(|e| is_given_from_on(body, e)) {
                true => Does::Fills,
                false => Does::Nothing,
            }
        }
        // So is a row of an array of arrays.
        Act::Read if local.form == DeclaratorForm::Array && has_rows(view, local) => Does::Fills,
        Act::Read if a.expr.is_some_and(|e| is_behind_unknown_macro(view, e)) => Does::Fills,
        Act::Read => Does::Reads,
        _ => Does::Fills,
    }
}

/// A name that no visible header declares may be a macro that sets its argument: `lock_irqsave(&lock, flags)`.
pub(super) fn may_be_macro(cx: &Context, view: &View, a: &Access) -> bool {
    a.act == Act::Read && a.place.is_variable() && a.call.is_some_and(|call| is_undeclared(cx, view, call))
}

/// `lock_irqsave()`, `list_for_each_entry()`: named like macros that set a variable passed by name.
pub(super) fn is_called_like_a_macro(view: &View, a: &Access) -> bool {
    let name = a.call.and_then(|call| view.function.body.callee(call)).unwrap_or_default();
    name.ends_with("save") || ["for_each", "foreach", "FOREACH", "FOR_EACH"].iter().any(|word| name.contains(word))
}

fn is_undeclared(cx: &Context, view: &View, call: ExprId) -> bool {
    let (program, file) = (cx.program, view.unit.file);
    view.function.body.callee(call).is_some_and(|name| {
        let known = program.is_defined(name) || program.model(name, file).is_some();
        !known && program.types().returns(name, file).is_none()
    })
}

/// `f(x.bytes + 3)`
fn is_given_from_on(body: &Body, e: ExprId) -> bool {
    let is_it = |&arg: &ExprId| matches!(body.expr(body.bare(arg)).kind, ExprKind::Binary { op: BinaryOp::Add, left, .. } if left == e);
    body.calls().any(|(_, _, args)| args.iter().any(is_it))
}

fn has_rows(view: &View, local: &Unset) -> bool {
    let body = &view.function.body;
    let StmtKind::Decl(all) = &body.stmt(local.stmt).kind else { return false };
    all.iter().any(|d| d.name == local.name && body.names.text(d.ty).matches('[').count() > 1)
}

/// Conditional arms that are not analysed mention the variable, too, and may set it.
fn has_more_in_other_arms(view: &View, name: &str) -> bool {
    let range = view.function.span.range();
    let count = |code: &str| {
        let text = code.get(range.clone()).unwrap_or_default();
        text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| *word == name).count()
    };
    count(view.unit.all_arms()) != count(&view.reading.code)
}

/// `SOME_CAST &x` parses as a bitwise and.
fn is_behind_unknown_macro(view: &View, e: ExprId) -> bool {
    let body = &view.function.body;
    let shouts = |e: ExprId| matches!(body.expr(e).kind, ExprKind::Name(n) if !body.names.text(n).bytes().any(|b| b.is_ascii_lowercase()));
    let is_and = |kind: &ExprKind| matches!(*kind, ExprKind::Binary { op: BinaryOp::BitAnd, left, right } if right == e && shouts(left));
    body.exprs.iter().any(|other| is_and(&other.kind))
}

/// It is declared with a type that is certainly not an array.
fn is_number(view: &View, local: &Unset) -> bool {
    let body = &view.function.body;
    let StmtKind::Decl(all) = &body.stmt(local.stmt).kind else { return false };
    let Some(d) = all.iter().find(|d| d.name == local.name) else { return false };
    let text = body.names.text(d.ty);
    d.form == DeclaratorForm::Plain
        && text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| {
            matches!(
                word,
                "int" | "unsigned" | "char" | "short" | "long" | "float" | "double" | "size_t" | "ssize_t" | "bool"
            ) || word.trim_start_matches("pj_").trim_start_matches('u').starts_with("int") && word.ends_with("_t")
        })
}

/// The call takes the address of the variable and only reads through it.
fn is_read_by(cx: &Context, view: &View, call: ExprId, e: ExprId) -> bool {
    let body = &view.function.body;
    let ExprKind::Call { args, .. } = &body.expr(call).kind else { return false };
    let is_it = |mut arg: ExprId| {
        while let ExprKind::Cast { operand, .. } | ExprKind::Unary { op: UnaryOp::AddressOf, operand } =
            body.expr(arg).kind
        {
            if arg == e {
                return true;
            }
            arg = operand;
        }
        arg == e
    };
    let (Some(name), Some(i)) = (body.callee(call), args.iter().position(|&arg| is_it(arg))) else { return false };
    if let Some(model) = cx.program.model(name, view.unit.file) {
        let reads = model.sink().is_some_and(|s| {
            matches!(s.kind, SinkKind::Copy | SinkKind::StringCopy | SinkKind::StringCopyBounded | SinkKind::Send)
                && s.src.and_then(|a| a.index()) == Some(i)
                && s.dst.and_then(|a| a.index()) != Some(i)
        });
        let writes = model.sink().is_some_and(|s| s.dst.and_then(|a| a.index()) == Some(i));
        return reads || (!writes && model.needs_nul().is_some_and(|n| n.args.iter().any(|a| a.index() == Some(i))));
    }
    let [definition] = cx.program.callees(name, view.unit.file)[..] else { return false };
    let unit = cx.program.unit(definition.file);
    let item = &unit.base.functions[definition.item as usize];
    let code = &unit.base.code[item.span.range()];
    let is_const = |p: &str| p.split(|c: char| !c.is_alphanumeric() && c != '_').any(|w| w == "const");
    // `T *const p` promises nothing about the pointee.
    let pointed = |p: &str| p.split(['*', '[']).next().is_some_and(is_const);
    parameter(code, i).is_some_and(|p| p.matches(['*', '[']).count() == 1 && pointed(p))
}

/// The text of a parameter in a function's header.
fn parameter(code: &str, number: usize) -> Option<&str> {
    let open = code.find('(')?;
    let close = open + code[open..].find('{')?;
    let head = code[open + 1..close].trim_end().strip_suffix(')')?;
    if head.contains('(') {
        return None;
    }
    head.split(',').nth(number)
}

/// `(void) x;`, `x = x;`
fn means_nothing(view: &View, read: &Access) -> bool {
    let body = &view.function.body;
    let StmtKind::Expr(e) = body.stmt(read.stmt).kind else { return false };
    match body.expr(e).kind {
        ExprKind::Cast { .. } | ExprKind::Name(_) => true,
        ExprKind::Assign { op: None, left, right } => {
            matches!((&body.expr(left).kind, &body.expr(right).kind), (ExprKind::Name(a), ExprKind::Name(b)) if a == b)
        }
        _ => false,
    }
}

/// A path leads from after `from` to `to`.
fn reaches(view: &View, (block, from): (BlockId, StmtId), to: StmtId) -> bool {
    let place = |b: BlockId, s: StmtId| view.cfg.block(b).stmts.iter().position(|x| *x == s);
    if let (Some(i), Some(k)) = (place(block, from), place(block, to))
        && i <= k
    {
        return true;
    }
    let mut seen = vec![false; view.cfg.blocks.len()];
    let mut todo: Vec<BlockId> = view.cfg.block(block).edges.iter().map(|e| e.to).collect();
    while let Some(b) = todo.pop() {
        if std::mem::replace(&mut seen[b.0 as usize], true) {
            continue;
        }
        if place(b, to).is_some() {
            return true;
        }
        todo.extend(view.cfg.block(b).edges.iter().map(|e| e.to));
    }
    false
}

/// The `if` that contains `fill` but not `read`, if no condition between them or around the read can know whether it
/// was taken.
fn skipped(view: &View, local: &Unset, fill: StmtId, read: StmtId) -> Option<StmtId> {
    let body = &view.function.body;
    let nesting = view.nesting();
    let around = nesting.around(fill).take_while(|&s| !nesting.is_inside(read, s));
    let branching: Vec<StmtId> = around.filter(|&s| !matches!(body.stmt(s).kind, StmtKind::Block(_))).collect();
    let outermost = *branching.last()?;
    if branching.iter().any(|&s| !matches!(body.stmt(s).kind, StmtKind::If { otherwise: None, .. })) {
        return None;
    }
    let outer = body.stmt(outermost).span;
    // What is set or tested inside may be tested again.
    let mut telling: Vec<crate::hir::Symbol> = Vec::new();
    let mut in_branch: Vec<StmtId> = Vec::new();
    body.walk_stmts(outermost, &mut |s| in_branch.push(s));
    let flow_of = |s: StmtId| body.stmt(s).kind.condition();
    for &s in &in_branch {
        body.own_exprs(s, &mut |e| {
            body.walk(e, &mut |e| match body.expr(e).kind {
                ExprKind::Assign { left, .. } | ExprKind::Update { operand: left, .. } => {
                    if let Some(p) = crate::analysis::access::place(body, left) {
                        telling.push(p.base);
                    }
                }
                ExprKind::Unary { op: UnaryOp::AddressOf, operand } => {
                    if let Some(p) = crate::analysis::access::place(body, operand) {
                        telling.push(p.base);
                    }
                }
                _ => {}
            });
        });
        if let Some(cond) = flow_of(s) {
            body.walk(cond, &mut |e| {
                if let ExprKind::Name(name) = body.expr(e).kind {
                    telling.push(name);
                }
            });
        }
    }
    telling.retain(|name| *name != local.name);
    let to = body.stmt(read).span;
    let asks = |s: StmtId| {
        let stmt = body.stmt(s);
        let between = stmt.span.start >= outer.end && stmt.span.start < to.end;
        let over_read = nesting.is_inside(read, s) && !nesting.is_inside(fill, s);
        let Some(cond) = flow_of(s) else { return false };
        (between || over_read || s == read) && telling.iter().any(|name| body.mentions(cond, *name))
    };
    // A read on a conditional path may be guarded by something else.
    let apart = nesting.around(read).take_while(|&s| !nesting.is_inside(fill, s));
    let is_apart = apart.into_iter().any(|s| !matches!(body.stmt(s).kind, StmtKind::Block(_)));
    let asked = (0..body.stmts.len() as u32).map(StmtId).any(asks);
    (!asked && !is_apart && outer.end <= to.start).then_some(outermost)
}
