//! What a `switch` without `default` handles: all of an enumeration, some of it, or other values.
//!
//! [`without_default`] is the starting point for rules on values that no label handles. A rule that reports only some
//! of them (where the value is read from a message, say, and the code after the switch relies on what every section
//! sets) takes its switches from here and adds its own check.

use rustc_hash::FxHashSet;

use super::shape::{Switch, switches};
use crate::analysis::cfg::{BlockId, Cfg, Construct, EdgeKind};
use crate::checks::{Context, View};
use crate::hir::{BinaryOp, ExprKind, StmtId, StmtKind};
use crate::preprocess::token::has_word;
use crate::preprocess::token::integer;
use crate::program::enums::Cover;

/// A `switch` with labels but no `default` that may receive a value no label handles.
pub struct Open<'p> {
    pub switch: Switch,
    pub handled: Handled<'p>,
    /// Control reaches the code after the switch from one of its sections. If not, that code handles the other values.
    pub joins: bool,
}

pub enum Handled<'p> {
    /// Some enumerators of one enumeration.
    Enumeration(Cover<'p>),
    /// Numbers, characters, constants of several kinds.
    Values,
    /// Names, some of which the repository does not define. They may be all there are.
    Unknown,
}

pub fn without_default<'p>(cx: &Context<'p>, view: &View) -> Vec<Open<'p>> {
    let body = &view.function.body;
    let mut all = Vec::new();
    let mut joined = None;
    for switch in switches(view) {
        if switch.labels.is_empty() || switch.default(body).is_some() || takes_every_value(view, &switch) {
            continue;
        }
        let mut handled = handled(cx, view, &switch);
        let elsewhere = |word: &str| is_in_some_arm(view, &switch, word);
        if let Handled::Enumeration(cover) = &mut handled
            && cover.missing.len() <= MAX_LOOKED_FOR
        {
            cover.missing.retain(|e| !elsewhere(&e.name));
        }
        if elsewhere("default") || matches!(&handled, Handled::Enumeration(cover) if cover.missing.is_empty()) {
            continue;
        }
        let joins = joined.get_or_insert_with(|| self::joined(view.cfg)).contains(&switch.stmt);
        all.push(Open { switch, handled, joins });
    }
    all
}

/// With more missing enumerators, the arms of conditionals are not searched.
const MAX_LOOKED_FOR: usize = 64;

/// The label may be in another arm of a preprocessor conditional in the switch.
fn is_in_some_arm(view: &View, switch: &Switch, word: &str) -> bool {
    let span = view.function.body.stmt(switch.stmt).span;
    view.unit.scan.has_directive(span) && has_word(&view.unit.all_arms()[span.range()], word)
}

/// The switches that control leaves from a section for the code after them.
fn joined(cfg: &Cfg) -> FxHashSet<StmtId> {
    let predecessors = cfg.predecessors();
    let joins = |switch: &&Construct| {
        let from_section = |from: &BlockId| {
            let mut edges = cfg.block(*from).edges.iter().filter(|e| e.to == switch.after);
            edges.any(|e| *from != switch.head || e.kind != EdgeKind::NoCase)
        };
        predecessors[switch.after.0 as usize].iter().any(from_section)
    };
    cfg.switches.iter().filter(joins).map(|switch| switch.stmt).collect()
}

/// `switch (n % 3)` with three labels, `switch (n & 3)` with four.
fn takes_every_value(view: &View, switch: &Switch) -> bool {
    let body = &view.function.body;
    let ExprKind::Binary { op, right, .. } = body.expr(switch.cond).kind else { return false };
    let ExprKind::Number(number) = body.expr(right).kind else { return false };
    let values = match (op, integer(body.names.text(number))) {
        (BinaryOp::Rem, Some(n)) => n,
        (BinaryOp::BitAnd, Some(mask)) => 1i64.checked_shl(mask.count_ones()).unwrap_or(i64::MAX),
        _ => return false,
    };
    values <= switch.labels.len() as i64
}

fn handled<'p>(cx: &Context<'p>, view: &View, switch: &Switch) -> Handled<'p> {
    let mut names: Vec<&str> = Vec::with_capacity(switch.labels.len());
    for &label in &switch.labels {
        match name(cx, view, label) {
            Some(name) => names.push(name),
            None => return Handled::Values,
        }
    }
    let (enums, macros) = (&cx.program.enums, &cx.program.macros);
    let file = view.unit.file;
    if let Some(cover) = enums.cover(&names, file, &|other| macros.includes(file, other)) {
        return Handled::Enumeration(cover);
    }
    let is_known = |name: &&str| enums.is_enumerator(name) || macros.is_defined(name);
    if names.iter().all(is_known) { Handled::Values } else { Handled::Unknown }
}

/// The name that is a label's whole value, resolved through macros that merely rename it.
fn name<'n>(cx: &'n Context, view: &'n View, label: StmtId) -> Option<&'n str> {
    const RENAMED: usize = 4;
    let body = &view.function.body;
    let StmtKind::Case(Some(value)) = body.stmt(label).kind else { return None };
    // For `case A ... B` only the first value is kept.
    if view.source.slice(body.stmt(label).span).contains("...") {
        return None;
    }
    let ExprKind::Name(name) = body.expr(body.bare(value)).kind else { return None };
    let mut name = body.names.text(name);
    for _ in 0..RENAMED {
        let def = match cx.program.enums.is_enumerator(name) {
            true => None,
            false => cx.program.macros.resolve(name, view.unit.file, body.stmt(label).span.start),
        };
        let Some(def) = def.filter(|def| def.params.is_none()) else { break };
        let mut tokens = def.tokens();
        match (tokens.next(), tokens.next()) {
            (Some(only), None) if only.is_ident() => name = &def.text[only.span.range()],
            _ => break,
        }
    }
    Some(name)
}
