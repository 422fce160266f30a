//! The paths out of a `switch` to the code after it, and what that code does with a variable.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use rustc_hash::FxHashSet;

use super::facts::folded;
use super::known::{Known, MAX_LABELS};
use super::work::works;
use crate::analysis::access::{Access, Act, place};
use crate::analysis::cfg::{BlockId, Cfg, Construct, EdgeKind};
use crate::analysis::flow::{Flow, From, Go};
use crate::analysis::nesting::is_loop;
use crate::analysis::sections::{Section, sections};
use crate::checks::View;
use crate::hir::{Body, ExprId, ExprKind, StmtId, StmtKind, Symbol};
use crate::source::Span;

/// How control leaves a `switch` for the code after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaving {
    /// A `break`, or a `continue` or `goto` that leads to the same place.
    Jump(StmtId),
    /// Past the end of the last section.
    End,
    /// No label matches, and there is no `default`.
    NoCase,
}

#[derive(Clone, Copy, Debug)]
pub struct Exit {
    pub how: Leaving,
    /// The basic block that ends there.
    pub block: BlockId,
    /// Index into the sections; none for `NoCase`.
    pub section: Option<usize>,
}

/// A `switch` with its sections and its exits.
pub struct Switch {
    pub at: Construct,
    pub operand: ExprId,
    pub sections: Vec<Section>,
    pub exits: Vec<Exit>,
    /// It contains a user label, or code that was not understood.
    pub has_labels: bool,
    /// The labels and statements of the sections in number order, with the section's index.
    tops: Vec<(StmtId, usize)>,
    telling: OnceCell<Telling>,
    work_behind: OnceCell<bool>,
    /// Per block: control may reach it from the code after the switch without passing the switch's head.
    behind: OnceCell<Vec<bool>>,
}

/// A larger switch is a table; analysing each of its exits would not pay off.
const MAX_EXITS: usize = 1_000;

/// The reachable switches of a function, in source order.
pub fn switches(view: &View) -> Vec<Switch> {
    let cfg = view.cfg;
    let into = cfg.predecessors();
    let all = cfg.switches.iter().filter(|s| cfg.is_reachable(s.head)).filter_map(|&at| Switch::new(view, at, &into));
    all.filter(|s| s.exits.len() <= MAX_EXITS).collect()
}

impl Switch {
    /// `into` is the graph's [`Cfg::predecessors`].
    fn new(view: &View, at: Construct, into: &[Vec<BlockId>]) -> Option<Switch> {
        let (body, cfg) = (&view.function.body, view.cfg);
        let StmtKind::Switch { cond: operand, .. } = body.stmt(at.stmt).kind else { return None };
        let sections = sections(body, at.stmt);
        let number = |s: &StmtId| view.nesting().number(*s);
        let tops = sections.iter().enumerate().flat_map(|(i, s)| s.labels.iter().chain(&s.stmts).map(move |&s| (s, i)));
        let mut tops: Vec<(StmtId, usize)> = tops.collect();
        tops.sort_by_key(|(s, _)| number(s));
        let mut has_labels = false;
        body.walk_stmts(at.stmt, &mut |s| {
            has_labels |= matches!(body.stmt(s).kind, StmtKind::Label(_) | StmtKind::Opaque);
        });
        let (telling, work_behind, behind) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        let exits = Vec::new();
        let mut switch = Switch { at, operand, sections, exits, has_labels, tops, telling, work_behind, behind };
        let landing = landing(cfg, at.after);
        let from: BTreeSet<BlockId> = landing.iter().flat_map(|to| &into[to.0 as usize]).copied().collect();
        for b in from {
            let block = cfg.block(b);
            for edge in block.edges.iter().filter(|e| landing.contains(&e.to)) {
                let jump = block.stmts.last().copied();
                let (how, section) = match (edge.kind, jump) {
                    (EdgeKind::NoCase, _) if edge.to == at.after => (Leaving::NoCase, None),
                    (EdgeKind::Break | EdgeKind::Goto | EdgeKind::Continue, Some(s)) => match switch.section(view, s) {
                        Some(section) => (Leaving::Jump(s), Some(section)),
                        None => continue,
                    },
                    _ if edge.to == at.after => (Leaving::End, switch.sections.len().checked_sub(1)),
                    _ => continue,
                };
                switch.exits.push(Exit { how, block: b, section });
            }
        }
        Some(switch)
    }

    /// The section that contains a statement, at any depth.
    pub fn section(&self, view: &View, s: StmtId) -> Option<usize> {
        let nesting = view.nesting();
        let behind = self.tops.partition_point(|(top, _)| nesting.number(*top) <= nesting.number(s));
        let (top, section) = *self.tops.get(behind.checked_sub(1)?)?;
        nesting.is_inside(s, top).then_some(section)
    }

    /// What is known about the operand on the path through an exit.
    pub fn known(&self, view: &View, exit: &Exit, telling: &Telling) -> Known {
        let body = &view.function.body;
        let mut changes = false;
        body.walk(self.operand, &mut |e| {
            changes |= match body.expr(e).kind {
                ExprKind::Name(name) => telling.names.contains(&name),
                ExprKind::Call { .. } | ExprKind::Assign { .. } | ExprKind::Update { .. } => true,
                _ => false,
            };
        });
        if changes {
            return Known::default();
        }
        let code = &view.reading.code;
        let text = |e: ExprId| folded(code, body.expr(e).span);
        let labels = |section: &Section| -> Vec<String> {
            let value = |l: &StmtId| match body.stmt(*l).kind {
                StmtKind::Case(Some(value)) => Some(text(value)),
                _ => None,
            };
            section.labels.iter().filter_map(value).collect()
        };
        let own = exit.section.map(|i| &self.sections[i]);
        if self.sections.iter().map(|s| s.labels.len()).sum::<usize>() > MAX_LABELS {
            return Known::default();
        }
        let (is, is_not) = match own {
            Some(section) if !section.is_default(body) => (labels(section), Vec::new()),
            _ => {
                let others = self.sections.iter().enumerate().filter(|(i, _)| Some(*i) != exit.section);
                (Vec::new(), others.flat_map(|(_, s)| labels(s)).collect())
            }
        };
        Known { operand: text(self.operand), is, is_not }
    }

    /// What a test after the switch may use to distinguish the paths through it.
    pub fn telling(&self, view: &View, flow: &Flow) -> &Telling {
        self.telling.get_or_init(|| self.tell(view, flow))
    }

    /// The code after the switch, up to the end of the enclosing loop or function, does some work.
    pub fn work_behind(&self, view: &View) -> bool {
        *self.work_behind.get_or_init(|| {
            let body = &view.function.body;
            let nesting = view.nesting();
            let mut inner = self.at.stmt;
            loop {
                if works(view, nesting.following(body, inner)) {
                    return true;
                }
                match nesting.parent(inner) {
                    Some(outer) if !is_loop(body, outer) => inner = outer,
                    _ => return false,
                }
            }
        })
    }

    fn is_behind(&self, cfg: &Cfg, block: BlockId) -> bool {
        let behind = self.behind.get_or_init(|| {
            let mut behind = vec![false; cfg.blocks.len()];
            let mut todo = vec![self.at.after];
            while let Some(block) = todo.pop() {
                if block != self.at.head && !std::mem::replace(&mut behind[block.0 as usize], true) {
                    todo.extend(cfg.block(block).edges.iter().map(|e| e.to));
                }
            }
            behind
        });
        behind[block.0 as usize]
    }

    fn tell(&self, view: &View, flow: &Flow) -> Telling {
        let body = &view.function.body;
        let mut telling = Telling::default();
        body.walk_stmts(self.at.stmt, &mut |s| {
            telling.inside.insert(s);
        });
        let names = &mut telling.tested;
        body.walk(self.operand, &mut |e| {
            names.extend(variable(body, e));
        });
        for &s in &telling.inside {
            if let (true, Some(cond)) = (s != self.at.stmt, body.stmt(s).kind.condition()) {
                body.walk(cond, &mut |e| {
                    names.extend(variable(body, e));
                });
            }
            for access in flow.accesses.of(s) {
                match access.act {
                    Act::Write | Act::Update | Act::Escape => {
                        telling.names.insert(access.place.base);
                    }
                    Act::Read if access.call.is_some() => {
                        telling.handed.insert(access.place.base);
                    }
                    _ => {}
                }
            }
        }
        telling
    }
}

/// The variable that an expression names; all-uppercase names are taken for constants.
fn variable(body: &Body, e: ExprId) -> Option<Symbol> {
    match body.expr(e).kind {
        ExprKind::Name(name) => body.names.text(name).bytes().any(|b| b.is_ascii_lowercase()).then_some(name),
        _ => None,
    }
}

/// The blocks control passes after leaving the switch before anything is done.
fn landing(cfg: &Cfg, after: BlockId) -> FxHashSet<BlockId> {
    let mut all: FxHashSet<BlockId> = FxHashSet::default();
    let mut next = Some(after);
    while let Some(block) = next.filter(|b| all.insert(*b)) {
        let here = cfg.block(block);
        let idle = here.stmts.is_empty() && here.step_of.is_none();
        next = match here.edges[..] {
            [edge] if idle && edge.to != cfg.exit => Some(edge.to),
            _ => None,
        };
    }
    all
}

/// See [`Switch::telling`].
#[derive(Default)]
pub struct Telling {
    /// Variables that the switch may change.
    pub names: FxHashSet<Symbol>,
    /// Variables that the switch and the tests inside it read.
    tested: FxHashSet<Symbol>,
    /// Variables passed to calls, which may change what they point to.
    handed: FxHashSet<Symbol>,
    /// The statements of the switch, including itself.
    pub inside: FxHashSet<StmtId>,
}

impl Telling {
    /// The outcome of a branch on `cond` may depend on the path taken through the switch. Tests of `base` itself do not
    /// count: it is tracked anyway.
    fn depends(&self, body: &Body, cond: ExprId, base: Symbol) -> bool {
        let mut depends = false;
        body.walk(cond, &mut |e| {
            depends |= match body.expr(e).kind {
                ExprKind::Name(name) if name == base => false,
                ExprKind::Name(name) => self.names.contains(&name) || self.tested.contains(&name),
                ExprKind::Member { .. } | ExprKind::Index { .. } => {
                    place(body, e).is_some_and(|p| self.handed.contains(&p.base))
                }
                _ => false,
            };
        });
        depends
    }
}

/// The condition or operand that the block's last statement branches on.
fn branches_on(body: &Body, cfg: &Cfg, block: BlockId) -> Option<ExprId> {
    body.stmt(*cfg.block(block).stmts.last()?).kind.condition()
}

/// What the code after an exit does with a variable.
#[derive(Default)]
pub struct After<'f> {
    /// The first use, in source order, that no test in between can have ruled out.
    pub plain: Option<&'f Access>,
    /// The first use on any path.
    pub any: Option<&'f Access>,
    /// Control may loop back to the switch: without passing such a test, and at all.
    pub round: [bool; 2],
}

impl<'f> After<'f> {
    pub fn used(&self) -> Option<&'f Access> {
        self.plain.or(self.any)
    }
}

/// What an access to a variable means to a search for its uses.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Meets {
    Use,
    End,
    Nothing,
}

/// Follows `base` from an exit of a switch. `meet` classifies an access: a use, the end of the search, or neither.
///
/// `None` if the function's budget is used up.
pub fn after<'f>(
    view: &View,
    flow: &'f Flow,
    switch: &Switch,
    exit: &Exit,
    telling: &Telling,
    base: Symbol,
    meet: &dyn Fn(&Access) -> Meets,
) -> Option<After<'f>> {
    let mut after = After::default();
    let (body, cfg) = (&view.function.body, view.cfg);
    let known = switch.known(view, exit, telling);
    for through_tests in [false, true] {
        let mut hindered = false;
        let mut uses: Vec<(BlockId, StmtId)> = Vec::new();
        flow.forward(
            &[From::Head(switch.at.after)],
            base,
            &mut |block, access| match meet(access) {
                Meets::Use => {
                    uses.push((block, access.stmt));
                    Go::Stop
                }
                Meets::End => Go::Stop,
                Meets::Nothing => Go::On,
            },
            &mut |block, edge| {
                // In the next loop iteration the switch decides anew.
                let round = edge.to == switch.at.head;
                let goes = branches_on(body, cfg, block).is_none_or(|cond| {
                    let known = known.decides(view, cond, block, edge);
                    known.unwrap_or_else(|| {
                        let depends = !through_tests && telling.depends(body, cond, base);
                        hindered |= depends;
                        !depends
                    })
                });
                after.round[usize::from(through_tests)] |= round && goes;
                goes && !round
            },
        )?;
        // Prefer uses after the switch to those before it, reached through a loop.
        let end = body.stmt(switch.at.stmt).span.end;
        let first = uses.into_iter().min_by_key(|(_, s)| {
            let start = body.stmt(*s).span.start;
            (start < end, start)
        });
        let access = first.and_then(|(block, stmt)| {
            flow.accesses.in_block(base, block).find(|a| a.stmt == stmt && meet(a) == Meets::Use)
        });
        match through_tests {
            false => after.plain = access,
            true => after.any = access,
        }
        // Walking through tests would find nothing new, or its result is not needed.
        if !hindered || after.plain.is_some() {
            after.round[1] = after.round[0];
            break;
        }
    }
    Some(after)
}

/// Whether `after` may find a use after some exit: most variables are overwritten first, or never used again.
pub fn may_be_used(flow: &Flow, switch: &Switch, base: Symbol, meet: &dyn Fn(&Access) -> Meets) -> bool {
    let named = |(block, a): (BlockId, &Access)| meet(a) == Meets::Use && switch.is_behind(flow.cfg, block);
    if !flow.accesses.of_variable(base).any(named) {
        return false;
    }
    let mut used = false;
    let mut meets = |_, access: &Access| {
        let meets = meet(access);
        used |= meets == Meets::Use;
        if meets == Meets::Nothing { Go::On } else { Go::Stop }
    };
    flow.forward(&[From::Head(switch.at.after)], base, &mut meets, &mut |_, edge| edge.to != switch.at.head);
    used
}

/// The loop around the switch, if there is one.
pub fn loop_around(view: &View, switch: &Switch) -> Option<Construct> {
    let stmt = view.nesting().loop_around(&view.function.body, switch.at.stmt)?;
    view.cfg.loops.iter().copied().find(|l| l.stmt == stmt)
}

/// Control branches on what the statement evaluates.
pub fn is_test(body: &Body, s: StmtId) -> bool {
    body.stmt(s).kind.condition().is_some()
}

/// The location of an exit: the jump, the last section's label, or the `switch` keyword.
pub fn exit_span(view: &View, switch: &Switch, exit: &Exit) -> Span {
    let body = &view.function.body;
    let word = || {
        let whole = body.stmt(switch.at.stmt).span;
        Span { end: (whole.start + "switch".len() as u32).min(whole.end), ..whole }
    };
    match exit.how {
        Leaving::Jump(s) => body.stmt(s).span,
        Leaving::End => {
            let label = switch.sections.last().and_then(|s| s.labels.first());
            label.map_or_else(word, |&l| body.stmt(l).span)
        }
        Leaving::NoCase => word(),
    }
}
