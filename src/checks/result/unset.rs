//! What an access does to a variable that was declared without a value.

use rustc_hash::FxHashMap;

use crate::analysis::access::{Access, Act, Step};
use crate::checks::{Context, View};
use crate::hir::{BinaryOp, Body, DeclaratorForm, ExprId, ExprKind, StmtId, StmtKind, Symbol, UnaryOp};
use crate::program::catalog::model::SinkKind;

/// Limit on the declarations without an initializer examined per function.
const MAX_LOCALS: usize = 64;

/// A local variable that is declared without an initializer.
pub struct Unset {
    pub name: Symbol,
    pub stmt: StmtId,
    pub form: DeclaratorForm,
}

/// The variables of a function that are declared without an initializer.
pub fn unset_locals(view: &View) -> Vec<Unset> {
    let body = &view.function.body;
    let mut unset: Vec<Unset> = Vec::new();
    for (i, stmt) in body.stmts.iter().enumerate().filter(|(_, s)| !s.in_macro) {
        let StmtKind::Decl(all) = &stmt.kind else { continue };
        for d in all.iter().filter(|d| d.init.is_none() && !d.is_static) {
            if d.form != DeclaratorForm::Function && !body.names.text(d.ty).starts_with("extern") {
                unset.push(Unset { name: d.name, stmt: StmtId(i as u32), form: d.form });
            }
        }
    }
    // Names have no scope here: with two declarations, it is unknown which one a use refers to.
    let mut declared: FxHashMap<Symbol, usize> = FxHashMap::default();
    for stmt in &body.stmts {
        if let StmtKind::Decl(all) = &stmt.kind {
            all.iter().for_each(|d| *declared.entry(d.name).or_default() += 1);
        }
    }
    unset.retain(|local| declared.get(&local.name) == Some(&1));
    unset.truncate(MAX_LOCALS);
    unset
}

/// What an access does to an unset variable.
pub enum Does {
    Reads,
    Fills,
    Nothing,
}

/// Reads it, sets it, or neither.
pub fn does(cx: &Context, view: &View, local: &Unset, a: &Access) -> Does {
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
pub fn may_be_macro(cx: &Context, view: &View, a: &Access) -> bool {
    a.act == Act::Read && a.place.is_variable() && a.call.is_some_and(|call| is_undeclared(cx, view, call))
}

/// `lock_irqsave()`, `list_for_each_entry()`: named like macros that set a variable passed by name.
pub fn is_called_like_a_macro(view: &View, a: &Access) -> bool {
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

/// `SOME_CAST &x` parses as a bitwise and.
fn is_behind_unknown_macro(view: &View, e: ExprId) -> bool {
    let body = &view.function.body;
    let shouts = |e: ExprId| matches!(body.expr(e).kind, ExprKind::Name(n) if !body.names.text(n).bytes().any(|b| b.is_ascii_lowercase()));
    let is_and = |kind: &ExprKind| matches!(*kind, ExprKind::Binary { op: BinaryOp::BitAnd, left, right } if right == e && shouts(left));
    body.exprs.iter().any(|other| is_and(&other.kind))
}

/// It is declared with a type that is certainly not an array.
pub fn is_number(view: &View, local: &Unset) -> bool {
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
