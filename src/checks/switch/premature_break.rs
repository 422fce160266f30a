//! `premature-break`: a `break` inside an `if` leaves the `switch`, and the code after it lacks what the rest of the
//! section would have set up. This bug took down AT&T's long-distance network on 15 January 1990.

use rustc_hash::FxHashSet;

use super::circuit;
use super::early::{Branch, Early};
use super::exits::{Exit, Leaving, Meets, Switch, Telling, after, is_test, loop_around};
use super::facts::{MAX_STMTS, folded};
use super::hints;
use super::names::{is_log_name, is_null, is_releasing_name, jump_word, writes_argument};
use super::work::works;
use crate::analysis::access::{Access, Act, Place, Step, place};
use crate::analysis::cfg::Cfg;
use crate::analysis::constant;
use crate::analysis::flow::{Flow, From, Go, Reached};
use crate::checks::{Context, Local, Rule, View};
use crate::hir::{BinaryOp, Body, ExprId, ExprKind, StmtId, StmtKind, Symbol, UnaryOp};
use crate::report::{Confidence, Finding};

pub const RULE: Rule = Rule {
    id: "premature-break",
    page: include_str!("../../../rules/premature-break.md"),
    yields_to: &[],
    words: &["switch"],
    wants: |candidate| hints::early_exit(candidate.outline()),
    check,
};

fn check(cx: &Context, view: &View, out: &mut Vec<Finding>) {
    for switch in view.switches() {
        for exit in &switch.exits {
            let Leaving::Jump(jump) = exit.how else { continue };
            let Some(early) = Early::new(view, switch, jump) else { continue };
            let flow = view.flow(cx);
            let telling = switch.telling(view, flow);
            let path = Path { view, flow, switch, exit, early: &early, telling };
            let story = path.story();
            if let Some(confidence) = story.confidence() {
                out.push(finding(&path, &story, confidence));
            }
        }
    }
}

/// One early exit and the code around it.
struct Path<'p, 'v> {
    view: &'p View<'v>,
    flow: &'p Flow<'v>,
    switch: &'p Switch,
    exit: &'p Exit,
    early: &'p Early,
    telling: &'p Telling,
}

/// What the skipped statements would have set, and the affected use.
struct Suffers {
    set: StmtId,
    used: StmtId,
    used_expr: Option<ExprId>,
    text: String,
    /// The use is after the switch, and no test in between can have ruled it out.
    plain: bool,
    /// The use is after the switch, not before it in the loop.
    behind: bool,
    /// A local variable, or a member or element of one not reached through a pointer.
    local: bool,
    /// Nothing has set it in this call: it does not hold a value from before the loop.
    fresh: bool,
    /// The number of other exits of the switch that set it.
    others: usize,
}

/// The facts about an early exit that its confidence depends on.
struct Story {
    branch: Branch,
    nested: bool,
    sibling: bool,
    in_loop: bool,
    explained: bool,
    /// It is a `break`, not a jump that names its target.
    is_break: bool,
    constant: bool,
    skips_work: bool,
    outside_works: bool,
    work_behind: bool,
    suffers: Option<Suffers>,
    /// The skipped statement that sets a flag tested right after the switch, if more than that is skipped.
    flag: Option<StmtId>,
    /// A use of what the branch knows to be null.
    null_used: Option<(StmtId, String)>,
    /// A value that the branch prepares and only the skipped statements use.
    prepared: Option<(StmtId, String)>,
    /// The same statements in another section, without the jump.
    twin: Option<StmtId>,
}

impl Story {
    /// Judges the shape first, then the affected use: nearly all conditional breaks that merely skip an assignment are
    /// intended.
    fn confidence(&self) -> Option<Confidence> {
        let bare = self.branch == Branch::Bare;
        let suffers = self.suffers.as_ref();
        let unset = suffers.filter(|s| s.plain && s.fresh);
        // A branch with nothing but the jump, next to one that continues with the rest of the section.
        let shape = bare && self.nested && self.sibling && self.outside_works && self.work_behind;
        let named = !self.is_break && suffers.is_none_or(|s| !s.plain);
        let found = match () {
            () if self.constant || named => return None,
            () if bare && self.null_used.is_some() => Confidence::Medium,
            () if !self.skips_work => return None,
            () if shape && (self.in_loop || suffers.is_some_and(|s| s.behind)) => Confidence::High,
            () if bare && self.nested && unset.is_some_and(|s| s.local) => Confidence::High,
            () if shape || self.prepared.is_some() || self.twin.is_some() => Confidence::Medium,
            () if bare && self.in_loop && self.flag.is_some() => Confidence::Medium,
            () if bare && unset.is_some_and(|s| s.local || s.others > 0) => Confidence::Medium,
            () if suffers.is_some() => Confidence::Low,
            () if bare && self.nested && self.outside_works => Confidence::Low,
            () if self.branch == Branch::Logs && self.nested && self.sibling && self.outside_works => Confidence::Low,
            () => return None,
        };
        Some(if self.explained { Confidence::Low } else { found })
    }
}

impl Path<'_, '_> {
    fn body(&self) -> &Body {
        &self.view.function.body
    }

    fn text(&self, e: ExprId) -> String {
        folded(&self.view.reading.code, self.body().expr(e).span)
    }

    fn story(&self) -> Story {
        let (view, early) = (self.view, self.early);
        let body = self.body();
        Story {
            branch: early.branch,
            nested: early.depth > 1,
            sibling: early.sibling_completes(view),
            in_loop: loop_around(view, self.switch).is_some(),
            explained: early.is_explained(view),
            is_break: matches!(body.stmt(early.jump).kind, StmtKind::Break),
            constant: early.condition(body).is_some_and(|c| constant(body, c).is_some()),
            skips_work: works(view, &early.skipped),
            outside_works: works(view, &early.outside),
            work_behind: self.switch.work_behind(view),
            suffers: self.suffers(),
            flag: self.flag(),
            null_used: self.null_used(),
            prepared: self.prepared(),
            twin: self.twin(),
        }
    }

    /// The skipped statements and those nested inside them.
    fn skipped(&self) -> FxHashSet<StmtId> {
        let mut all = FxHashSet::default();
        for &s in &self.early.skipped {
            self.body().walk_first(s, MAX_STMTS, &mut |s| {
                all.insert(s);
            });
        }
        all
    }

    /// What the skipped statements set and the code after the switch reads, if nothing has set it before in this loop
    /// iteration, or in this call.
    fn suffers(&self) -> Option<Suffers> {
        let entry = From::Head(Cfg::ENTRY);
        let start = loop_around(self.view, self.switch).map_or(entry, |around| From::Head(around.head));
        let mut best: Option<Suffers> = None;
        for (place, set, expr) in self.set_by_skipped() {
            let keeps = |a: &Access| match a.may_write() && a.place.covers(&place) {
                true => Go::Stop,
                false => Go::On,
            };
            let unset = |from| self.flow.forward(&[from], place.base, &mut |_, a| keeps(a), &mut |_, _| true);
            let round = unset(start)?;
            if !round.end(self.exit.block) {
                continue;
            }
            let fresh = unset(entry)?.end(self.exit.block);
            let suffers = self.use_of(&place, set, expr, &round).map(|s| Suffers { fresh, ..s });
            let rank = |s: &Suffers| (s.plain && s.fresh, s.plain, s.behind, s.local, s.others);
            if let Some(s) = suffers
                && best.as_ref().is_none_or(|b| rank(&s) > rank(b))
            {
                best = Some(s);
            }
        }
        best
    }

    /// The places that the skipped statements set, with the statement and the expression.
    fn set_by_skipped(&self) -> Vec<(Place, StmtId, ExprId)> {
        let body = self.body();
        let skipped = self.skipped();
        let mut operand: FxHashSet<Symbol> = FxHashSet::default();
        body.walk(self.switch.operand, &mut |e| {
            if let ExprKind::Name(name) = body.expr(e).kind {
                operand.insert(name);
            }
        });
        let is_parameter = |name: Symbol| self.view.local(name).is_some_and(|l| l.parameter);
        // A named constant passed to a macro.
        let shouts = |name: Symbol| !body.names.text(name).bytes().any(|b| b.is_ascii_lowercase());
        let inside = |name: Symbol| {
            let declares =
                |s: &StmtId| matches!(&body.stmt(*s).kind, StmtKind::Decl(all) if all.iter().any(|d| d.name == name));
            skipped.iter().any(declares)
        };
        let mut all: Vec<(Place, StmtId, ExprId)> = Vec::new();
        let mut ordered: Vec<StmtId> = skipped.iter().copied().collect();
        ordered.sort_unstable();
        for s in ordered {
            if all.len() >= MAX_PLACES {
                break;
            }
            for a in self.flow.accesses.of(s) {
                let Some(expr) = a.expr else { continue };
                let sets = match a.act {
                    Act::Write => !a.value.is_some_and(|value| mentions(body, value, &a.place)),
                    Act::Escape => a.call.is_some(),
                    Act::Read => a.call.is_some_and(|call| writes_argument(body, call, expr)),
                    _ => false,
                };
                let base = a.place.base;
                // The operand's own variable is a state; a parameter has a value from the start.
                let given = operand.contains(&base) || is_parameter(base) || shouts(base);
                let given = given && a.place.is_variable();
                if sets && !given && !inside(base) && !all.iter().any(|(p, ..)| *p == a.place) {
                    all.push((a.place.clone(), s, expr));
                }
            }
        }
        all
    }

    fn use_of(&self, place: &Place, set: StmtId, expr: ExprId, unset: &Reached) -> Option<Suffers> {
        let body = self.body();
        let meet = |a: &Access| match meets(a, place) {
            // It is tested: the code is prepared for an old value.
            Meets::Use if is_test(body, a.stmt) => Meets::End,
            other => other,
        };
        let found = after(self.view, self.flow, self.switch, self.exit, self.telling, place.base, &meet)?;
        let used = found.used()?;
        let behind = body.stmt(used.stmt).span.start >= body.stmt(self.switch.at.stmt).span.end;
        let others = self.switch.exits.iter().filter(|e| e.block != self.exit.block && !unset.end(e.block));
        Some(Suffers {
            set,
            used: used.stmt,
            used_expr: used.expr,
            text: self.text(expr),
            plain: found.plain.is_some() && behind,
            behind,
            local: !place.path.contains(&Step::Deref) && self.view.local(place.base).is_some(),
            fresh: false,
            others: others.count(),
        })
    }

    /// The skipped part assigns a constant to a variable that the first test after the switch checks in order to leave:
    /// the flag that ends the loop. If only the flag is skipped, the condition merely decides whether to set it.
    fn flag(&self) -> Option<StmtId> {
        let body = self.body();
        let &next = self.view.nesting().following(body, self.switch.at.stmt).first()?;
        let StmtKind::If { cond, then, .. } = body.stmt(next).kind else { return None };
        let skipped = &self.early.skipped;
        // At the top level of the skipped statements.
        let flag = skipped.iter().copied().find(|&s| {
            let StmtKind::Expr(e) = body.stmt(s).kind else { return false };
            let ExprKind::Assign { op: None, left, right } = body.expr(e).kind else { return false };
            let constant = matches!(body.expr(right).kind, ExprKind::Number(_) | ExprKind::Name(_));
            constant && place(body, left).is_some_and(|p| p.is_variable() && mentions(body, cond, &p))
        })?;
        let rest: Vec<StmtId> = skipped.iter().copied().filter(|&s| s != flag).collect();
        (leaves(body, then) && works(self.view, &rest)).then_some(flag)
    }

    /// The branch is taken because something is null, and the code after the switch uses it.
    fn null_used(&self) -> Option<(StmtId, String)> {
        let body = self.body();
        let tested = null_where(body, self.early.condition(body)?, !self.early.in_else)?;
        let null = place(body, tested)?;
        let depth = null.path.len();
        // Passing it to a call is a use, unless the call accepts null or the value may as well be a number.
        let is_number = null.is_variable() && matches!(self.view.local(null.base), Some(Local { pointer: false, .. }));
        let bears_null = |call| body.callee(call).is_some_and(|name| is_releasing_name(name) || is_log_name(name));
        let meet = |a: &Access| {
            let behind = a.place.path.len() > depth && a.place.path.starts_with(&null.path);
            match a.act {
                Act::Write if a.place.covers(&null) => Meets::End,
                _ if behind && matches!(a.place.path[depth], Step::Deref | Step::Index) => Meets::Use,
                Act::Read if a.place == null && a.call.is_some_and(|call| is_number || bears_null(call)) => {
                    Meets::Nothing
                }
                Act::Read if a.place == null && a.call.is_some() => Meets::Use,
                Act::Read if a.place == null => Meets::End,
                _ => Meets::Nothing,
            }
        };
        let found = after(self.view, self.flow, self.switch, self.exit, self.telling, null.base, &meet)?;
        found.plain.map(|a| (a.stmt, self.text(tested)))
    }

    /// The branch gives a local variable a value that only the skipped statements would have used.
    fn prepared(&self) -> Option<(StmtId, String)> {
        let body = self.body();
        let skipped = self.skipped();
        self.early.before.iter().find_map(|&s| {
            let StmtKind::Expr(e) = body.stmt(s).kind else { return None };
            let ExprKind::Assign { op: None, left, .. } = body.expr(e).kind else { return None };
            let set = place(body, left).filter(|p| p.is_variable() && self.view.local(p.base).is_some())?;
            let reads = |a: &Access| skipped.contains(&a.stmt) && matches!(a.act, Act::Read | Act::Escape);
            let mut read = false;
            self.flow.forward(
                &[From::Behind(s)],
                set.base,
                &mut |_, a| {
                    read |= !matches!(a.act, Act::Write | Act::Declare);
                    if a.sets() || a.act == Act::Declare { Go::Stop } else { Go::On }
                },
                &mut |_, _| true,
            )?;
            let wanted = self.flow.accesses.of_variable(set.base).any(|(_, a)| reads(a));
            (wanted && !read).then(|| (s, body.names.text(set.base).to_owned()))
        })
    }

    /// Another section contains the same `if` without the jump, followed by the same statement.
    fn twin(&self) -> Option<StmtId> {
        let body = self.body();
        let squeezed = |s: StmtId| -> String {
            self.view.reading.code[body.stmt(s).span.range()].split_ascii_whitespace().collect()
        };
        let &next = self.early.skipped.first()?;
        let is_short = |s: StmtId| body.stmt(s).span.range().len() <= MAX_BYTES;
        if self.early.depth != 1 || !is_short(self.early.innermost) || !is_short(next) {
            return None;
        }
        let own = squeezed(self.early.innermost);
        let without = own.replacen("break;", "", 1);
        if without.len() == own.len() || without.contains("break;") {
            return None;
        }
        let behind = squeezed(next);
        let others = self.switch.sections.iter().enumerate().filter(|(i, _)| *i != self.early.section);
        others.take(MAX_COMPARED).find_map(|(_, section)| {
            let same = |pair: &&[StmtId]| {
                pair.iter().all(|&s| is_short(s)) && squeezed(pair[0]) == without && squeezed(pair[1]) == behind
            };
            section.stmts.windows(2).take(MAX_COMPARED).find(same).map(|pair| pair[0])
        })
    }
}

/// Maximum number of places examined that an exit leaves unset.
const MAX_PLACES: usize = 64;
/// Maximum number of sections compared, statements of each, and bytes of a statement.
const MAX_COMPARED: usize = 64;
const MAX_BYTES: usize = 4_096;

fn mentions(body: &Body, e: ExprId, wanted: &Place) -> bool {
    let mut found = false;
    body.walk(e, &mut |e| {
        let lvalue = matches!(
            body.expr(e).kind,
            ExprKind::Name(_) | ExprKind::Member { .. } | ExprKind::Index { .. } | ExprKind::Unary { .. }
        );
        found |= lvalue && place(body, e).is_some_and(|p| p == *wanted);
    });
    found
}

/// The branch ends by leaving the loop or the function.
fn leaves(body: &Body, mut s: StmtId) -> bool {
    while let StmtKind::Block(all) = &body.stmt(s).kind {
        match all.last() {
            Some(&last) => s = last,
            None => return false,
        }
    }
    matches!(body.stmt(s).kind, StmtKind::Break | StmtKind::Return(_) | StmtKind::Goto(_))
}

/// How an access affects `place`.
fn meets(a: &Access, place: &Place) -> Meets {
    let inner = a.place.path.starts_with(&place.path);
    let outer = place.path.starts_with(&a.place.path);
    match a.act {
        Act::Read | Act::Update if inner => Meets::Use,
        // A structure read or copied as a whole.
        Act::Read if outer && a.call.is_none() && !a.place.path.is_empty() => Meets::Use,
        Act::Write if inner && !outer => Meets::Nothing,
        Act::Write if outer => Meets::End,
        Act::Escape if inner || outer => Meets::End,
        Act::Declare => Meets::End,
        _ => Meets::Nothing,
    }
}

/// What is null if `cond` evaluates to `truth`.
fn null_where(body: &Body, cond: ExprId, truth: bool) -> Option<ExprId> {
    let (mut e, mut truth) = (cond, truth);
    loop {
        match body.expr(e).kind {
            ExprKind::Unary { op: UnaryOp::Not, operand } => {
                e = operand;
                truth = !truth;
            }
            ExprKind::Binary { op: op @ (BinaryOp::Eq | BinaryOp::Ne), left, right } => {
                let other = if is_null(body, left) { right } else { left };
                let null = is_null(body, left) || is_null(body, right);
                return (null && (op == BinaryOp::Eq) == truth).then_some(other);
            }
            ExprKind::Name(_) | ExprKind::Member { .. } => return (!truth).then_some(e),
            _ => return None,
        }
    }
}

fn finding(path: &Path, story: &Story, confidence: Confidence) -> Finding {
    let view = path.view;
    let body = path.body();
    let (jump, switch) = (body.stmt(path.early.jump).span, body.stmt(path.switch.at.stmt).span);
    let mut finding = view.finding(RULE.id, confidence, jump, switch);
    let word = jump_word(body, path.early.jump);
    finding.label = format!("this `{word}` leaves the whole switch");
    finding.related.extend(path.early.skipped.first().map(|&s| view.at(s, "this part of the section is skipped")));
    finding.circuit = Some(circuit::of_exit(view, path.switch, path.exit));
    let why = if let Some(s) = &story.suffers {
        finding.related.push(view.at(s.set, format!("`{}` is set here", s.text)));
        let used = s.used_expr.map_or(body.stmt(s.used).span, |e| body.expr(e).span);
        let place = if s.behind { "and used here, after the switch" } else { "and used here, in the next round" };
        finding.related.push(view.related(used, place));
        match s.plain {
            true if s.fresh => format!(", which leaves `{}` unset", s.text),
            true => format!(", which leaves `{}` as it was", s.text),
            false => String::new(),
        }
    } else if let Some(s) = story.flag {
        finding.related.push(view.at(s, "this would have ended the loop"));
        ", so the loop goes on".into()
    } else if let Some((s, text)) = &story.null_used {
        finding.related.push(view.at(*s, format!("`{text}`, null on this path, is used here")));
        format!(" because `{text}` is null, and the code after the switch uses it")
    } else if let Some((s, text)) = &story.prepared {
        finding.related.push(view.at(*s, format!("`{text}` is given a value that only the skipped part would use")));
        format!(", which would have used `{text}`")
    } else {
        String::new()
    };
    finding.related.extend(story.twin.map(|s| view.at(s, "this section does the same without leaving")));
    finding.message = format!("this `{word}` leaves the switch before its section is done{why}");
    finding
}
