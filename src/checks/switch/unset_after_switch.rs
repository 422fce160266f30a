//! `unset-after-switch`: some exit of a `switch` leaves a variable without a value that others give it, and the code
//! after the switch uses it.

use std::collections::BTreeSet;

use super::circuit;
use super::destroyed::destroyed;
use super::early::Early;
use super::exits::{Exit, Leaving, Meets, Switch, Telling, after, exit_span, is_test, loop_around, may_be_used};
use super::handled::{Handled, without_default};
use super::hints;
use super::names::{is_null, jump_word, reads_behind_pointers, written_name};
use crate::analysis::access::{Access, Act, Step};
use crate::analysis::flow::{Flow, From, Go, Reached};
use crate::analysis::noreturn::is_failed_assertion;
use crate::checks::{Context, Rule, View};
use crate::hir::{Body, Declarator, DeclaratorForm, ExprKind, StmtId, StmtKind, Symbol};
use crate::report::{Confidence, Finding};

pub const RULE: Rule = Rule {
    id: "unset-after-switch",
    page: include_str!("../../../rules/unset-after-switch.md"),
    yields_to: &["premature-break"],
    words: &["switch"],
    wants: |candidate| hints::left_alone(candidate.outline()),
    check,
};

/// What a variable holds if an exit does not set it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    Nothing,
    Null,
    /// A value from an earlier iteration of the loop around the switch.
    Stale,
    /// The constant it was initialised with.
    Constant,
}

/// A variable that one exit leaves without a value.
struct Left<'f> {
    exit: usize,
    variable: Symbol,
    before: Before,
    /// The statement responsible for that.
    origin: StmtId,
    /// The statement that sets it in another section.
    set: StmtId,
    used: &'f Access,
    confidence: Confidence,
}

/// Approximate number of passes over all accesses to a variable for one switch.
const PASSES: usize = 16;

/// If more exits than this leave a variable unset, that is not an oversight but how the switch works.
const MAX_EXITS: usize = 3;

fn check(cx: &Context, view: &View, out: &mut Vec<Finding>) {
    let flow = view.flow(cx);
    for switch in view.switches() {
        let telling = switch.telling(view, flow);
        let mut left: Vec<Left> = Vec::new();
        for name in set_inside(view, flow, switch, telling) {
            if !flow.affords(PASSES * flow.accesses.count(name)) {
                break;
            }
            let all = [Before::Nothing, Before::Null, Before::Stale, Before::Constant];
            let found = all.iter().map(|&before| left_as(cx, view, switch, name, before));
            let found = found.into_iter().find(|found| !found.is_empty()).unwrap_or_default();
            if found.len() <= MAX_EXITS {
                left.extend(found);
            }
        }
        let mut freed: Vec<Finding> = Vec::new();
        for (i, exit) in switch.exits.iter().enumerate() {
            let here: Vec<&Left> = left.iter().filter(|l| l.exit == i).collect();
            if !here.is_empty() {
                out.push(finding(view, switch, exit, &here));
            } else if loop_around(view, switch).is_none() {
                freed.extend(used_after_free(view, flow, switch, exit, telling));
            }
        }
        // If many sections do it, the function's name is misleading.
        if freed.len() <= MAX_EXITS {
            out.append(&mut freed);
        }
    }
}

/// Local variables that the switch sets by assignment and whose address is only passed to calls.
fn set_inside(view: &View, flow: &Flow, switch: &Switch, telling: &Telling) -> BTreeSet<Symbol> {
    let body = &view.function.body;
    let mut names = BTreeSet::new();
    for &name in &telling.names {
        if !flow.affords(flow.accesses.count(name)) {
            break;
        }
        let mut set = false;
        let mut declared = false;
        let mut aliased = false;
        for (_, a) in flow.accesses.of_variable(name) {
            let inside = telling.inside.contains(&a.stmt);
            let declares = declarator(body, a.stmt, name).is_some();
            set |= inside && a.act == Act::Write && a.place.is_variable() && !declares;
            aliased |= a.act == Act::Escape && a.call.is_none() && a.expr.is_some();
            let scope = view.nesting().parent(a.stmt);
            declared |= declares && scope.is_some_and(|scope| view.nesting().is_inside(switch.at.stmt, scope));
        }
        if set && declared && !aliased {
            names.insert(name);
        }
    }
    names
}

fn declarator(body: &Body, s: StmtId, name: Symbol) -> Option<&Declarator> {
    match &body.stmt(s).kind {
        StmtKind::Decl(all) => all.iter().find(|d| d.name == name && !d.is_static),
        _ => None,
    }
}

/// The points from which the variable holds what `before` says, and the statements responsible.
fn origins(view: &View, flow: &Flow, switch: &Switch, name: Symbol, before: Before) -> Vec<(From, StmtId)> {
    let body = &view.function.body;
    let accesses = || flow.accesses.of_variable(name).map(|(_, a)| a);
    let declared = |a: &Access| declarator(body, a.stmt, name);
    if before == Before::Stale {
        let Some(around) = loop_around(view, switch) else { return Vec::new() };
        let outside = accesses().any(|a| declared(a).is_some() && !view.nesting().is_inside(a.stmt, around.stmt));
        let from = (From::Head(around.head), around.stmt);
        return if outside { vec![from] } else { Vec::new() };
    }
    let pointer = accesses().any(|a| declared(a).is_some_and(|d| d.form == DeclaratorForm::Pointer));
    let holds = |a: &Access| match (before, a.act) {
        (Before::Nothing, Act::Declare) => {
            declared(a).is_some_and(|d| matches!(d.form, DeclaratorForm::Plain | DeclaratorForm::Pointer))
        }
        (Before::Null, Act::Write) => {
            pointer && a.place.is_variable() && a.value.is_some_and(|value| is_null(body, value))
        }
        (Before::Constant, Act::Write) => {
            let constant = |value| matches!(body.expr(value).kind, ExprKind::Number(_));
            !pointer && declared(a).is_some() && a.value.is_some_and(constant)
        }
        _ => false,
    };
    accesses().filter(|a| holds(a)).map(|a| (From::Behind(a.stmt), a.stmt)).collect()
}

/// The exits that leave the variable as `before` says, if the code after them uses it.
fn left_as<'f>(cx: &Context, view: &'f View, switch: &Switch, name: Symbol, before: Before) -> Vec<Left<'f>> {
    let body = &view.function.body;
    let flow = view.flow(cx);
    let telling = switch.telling(view, flow);
    let origins = origins(view, flow, switch, name, before);
    let Some(&(_, origin)) = origins.first() else { return Vec::new() };
    // The author may rely on an old value: only a single exit among many that overwrite it stands out.
    let old = matches!(before, Before::Constant | Before::Stale);
    let reads = |a: &Access| telling.inside.contains(&a.stmt) && a.act != Act::Write;
    if old && flow.accesses.of_variable(name).any(|(_, a)| reads(a)) {
        return Vec::new();
    }
    let meet = |a: &Access| match before {
        Before::Nothing => use_of_unset(a),
        Before::Null => use_of_null(body, a),
        Before::Stale | Before::Constant => use_of_old(body, a),
    };
    if !may_be_used(flow, switch, name, &meet) {
        return Vec::new();
    }
    let starts: Vec<From> = origins.iter().map(|(from, _)| *from).collect();
    let keeps = |a: &Access| if a.may_write() || a.act == Act::Declare { Go::Stop } else { Go::On };
    let Some(reached) = flow.forward(&starts, name, &mut |_, a| keeps(a), &mut |_, _| true) else {
        return Vec::new();
    };
    let left: Vec<usize> = (0..switch.exits.len()).filter(|&i| reached.end(switch.exits[i].block)).collect();
    let Some((set, sections)) = setting(view, flow, switch, telling, name, &reached).filter(|_| !left.is_empty())
    else {
        return Vec::new();
    };
    if old && (left.len() > 1 || sections < 2) {
        return Vec::new();
    }
    let mut all = Vec::new();
    for i in left {
        if all.len() > MAX_EXITS {
            break;
        }
        let exit = &switch.exits[i];
        let Some(found) = after(view, flow, switch, exit, telling, name, &meet) else { return Vec::new() };
        let Some(used) = found.used() else { continue };
        let asserts = exit.section.is_some_and(|s| switch.sections[s].stmts.iter().any(|&s| asserts_never(view, s)));
        let no_case = exit.how == Leaving::NoCase;
        if asserts || (no_case && old) {
            continue;
        }
        let missed = if no_case { missed_values(cx, view, switch) } else { Missed::Named };
        let sets_too = section_sets(view, flow, switch, telling, name, before, exit);
        let confidence = match before {
            _ if missed == Missed::None => continue,
            _ if found.plain.is_none() || missed == Missed::Perhaps => Confidence::Low,
            _ if no_case => Confidence::Medium,
            // A conditional exit of a section that sets the variable on another path: low confidence if a comment
            // explains it.
            Before::Nothing | Before::Null if sets_too && !explained(view, switch, exit) => Confidence::Medium,
            _ if sets_too => Confidence::Low,
            Before::Nothing | Before::Null => Confidence::High,
            Before::Stale => Confidence::Medium,
            Before::Constant => Confidence::Low,
        };
        all.push(Left { exit: i, variable: name, before, origin, set, used, confidence });
    }
    all
}

/// A statement of the switch that sets the variable on a path to the code after it, and the number of sections that
/// contain one.
fn setting(
    view: &View,
    flow: &Flow,
    switch: &Switch,
    telling: &Telling,
    name: Symbol,
    reached: &Reached,
) -> Option<(StmtId, usize)> {
    let sets = |a: &Access| a.act == Act::Write && a.place.is_variable() && telling.inside.contains(&a.stmt);
    let all: Vec<StmtId> = flow.accesses.of_variable(name).filter(|(_, a)| sets(a)).map(|(_, a)| a.stmt).collect();
    let sections: BTreeSet<usize> = all.iter().filter_map(|&s| switch.section(view, s)).collect();
    let gives = |e: &Exit| !reached.end(e.block) && e.section.is_some_and(|s| sections.contains(&s));
    let first = all.into_iter().min_by_key(|&s| view.function.body.stmt(s).span.start)?;
    switch.exits.iter().any(gives).then_some((first, sections.len()))
}

/// The exit's own section sets the variable on another path.
fn section_sets(
    view: &View,
    flow: &Flow,
    switch: &Switch,
    telling: &Telling,
    name: Symbol,
    before: Before,
    exit: &Exit,
) -> bool {
    let body = &view.function.body;
    let gives = |a: &Access| {
        let null = before == Before::Null && a.value.is_some_and(|value| is_null(body, value));
        a.may_write() && !null && telling.inside.contains(&a.stmt)
    };
    let mut all = flow.accesses.of_variable(name);
    exit.section.is_some_and(|i| all.any(|(_, a)| gives(a) && switch.section(view, a.stmt) == Some(i)))
}

/// `assert(0)` and similar, including project-specific ones.
fn asserts_never(view: &View, s: StmtId) -> bool {
    let body = &view.function.body;
    let stmt = body.stmt(s);
    match stmt.kind {
        StmtKind::Expr(e) if is_failed_assertion(body, e) => true,
        _ if stmt.in_macro => {
            let text = &view.reading.code[stmt.span.range()];
            let Some((name, rest)) = text.split_once('(') else { return false };
            let never = ["0", "false", "FALSE", "!\""].iter().any(|p| rest.trim_start().starts_with(p));
            name.to_ascii_lowercase().contains("assert") && never
        }
        _ => false,
    }
}

/// Whether values exist that no label of a switch without `default` matches.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missed {
    None,
    /// There may be some.
    Perhaps,
    /// An enumeration names them.
    Named,
}

fn missed_values(cx: &Context, view: &View, switch: &Switch) -> Missed {
    match without_default(cx, view).iter().find(|open| open.switch.stmt == switch.at.stmt).map(|open| &open.handled) {
        None => Missed::None,
        Some(Handled::Enumeration(_)) => Missed::Named,
        Some(_) => Missed::Perhaps,
    }
}

/// A comment at the branch that leaves explains it.
fn explained(view: &View, switch: &Switch, exit: &Exit) -> bool {
    match exit.how {
        Leaving::Jump(jump) => Early::new(view, switch, jump).is_some_and(|early| early.is_explained(view)),
        _ => false,
    }
}

fn use_of_unset(a: &Access) -> Meets {
    match a.act {
        Act::Read | Act::Update => Meets::Use,
        Act::Write if a.place.is_behind_pointer() => Meets::Use,
        // The variable is set by assignment elsewhere, so its address is passed to be read.
        Act::Escape if a.call.is_some() && a.expr.is_some() => Meets::Use,
        _ => Meets::End,
    }
}

fn use_of_null(body: &Body, a: &Access) -> Meets {
    match (a.place.path.first(), a.act) {
        (Some(Step::Deref | Step::Index), _) => Meets::Use,
        (None, Act::Read) => match a.call.and_then(|call| body.callee(call)) {
            Some(name) if reads_behind_pointers(name) => Meets::Use,
            Some(_) => Meets::Nothing,
            // Tested, or copied to another name.
            None => Meets::End,
        },
        _ => Meets::End,
    }
}

/// Testing what may be an old value is not a use: the code is prepared for it.
fn use_of_old(body: &Body, a: &Access) -> Meets {
    match a.act {
        Act::Read if !is_test(body, a.stmt) && !matches!(body.stmt(a.stmt).kind, StmtKind::Return(_)) => Meets::Use,
        _ => Meets::End,
    }
}

fn finding(view: &View, switch: &Switch, exit: &Exit, left: &[&Left]) -> Finding {
    let body = &view.function.body;
    let name = |l: &Left| body.names.text(l.variable).to_owned();
    let confidence = left.iter().map(|l| l.confidence).max().unwrap_or(Confidence::Low);
    let span = exit_span(view, switch, exit);
    let mut finding = view.finding(RULE.id, confidence, span, body.stmt(switch.at.stmt).span);
    let Some(l) = left.iter().find(|l| l.confidence == confidence) else { return finding };
    let (state, origin) = match l.before {
        Before::Nothing => ("without a value", "is declared without a value"),
        Before::Null => ("null", "is null from here"),
        Before::Stale => ("as an earlier round of the loop left it", "keeps what an earlier round of this loop left"),
        Before::Constant => ("as it was declared", "has its first value from here"),
    };
    let same: Vec<String> = left.iter().filter(|o| o.before == l.before).map(|l| format!("`{}`", name(l))).collect();
    let what = match exit.how {
        Leaving::Jump(s) => format!("this `{}` leaves", jump_word(body, s)),
        Leaving::End => "the last section leaves".into(),
        Leaving::NoCase => "a value without a label leaves".into(),
    };
    let used = l.used.expr.map_or(body.stmt(l.used.stmt).span, |e| body.expr(e).span);
    finding.label = "control leaves the switch here".into();
    finding.circuit = Some(circuit::of_exit(view, switch, exit));
    finding.message = format!("{what} {} {state}, and the code after the switch uses it", same.join(", "));
    finding.related = vec![
        view.related(head_of(view, l.origin), format!("`{}` {origin}", name(l))),
        view.at(l.set, "another section gives it one"),
        view.related(used, format!("`{}` is used here", name(l))),
    ];
    finding
}

/// The span of the statement, or only of a loop's first word.
fn head_of(view: &View, s: StmtId) -> crate::source::Span {
    let body = &view.function.body;
    let span = body.stmt(s).span;
    match is_test(body, s) {
        true => crate::source::Span { end: (span.start + written_name(view, s).len() as u32).max(span.start), ..span },
        false => span,
    }
}

fn used_after_free(view: &View, flow: &Flow, switch: &Switch, exit: &Exit, telling: &Telling) -> Option<Finding> {
    let body = &view.function.body;
    let dead = destroyed(view, flow, switch, exit, telling)?;
    let confidence = if dead.plain { Confidence::High } else { Confidence::Low };
    let mut finding = view.finding(RULE.id, confidence, exit_span(view, switch, exit), body.stmt(switch.at.stmt).span);
    let used = dead.used.expr.map_or(body.stmt(dead.used.stmt).span, |e| body.expr(e).span);
    finding.label = "control leaves the switch here".into();
    finding.circuit = Some(circuit::of_exit(view, switch, exit));
    finding.message = format!("`{}` is destroyed before this exit, but the code after the switch uses it", dead.text);
    finding.related = vec![
        view.at(dead.by, format!("`{}` is destroyed here", dead.text)),
        view.related(used, format!("`{}` is used here", dead.text)),
    ];
    Some(finding)
}
