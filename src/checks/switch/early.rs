//! A jump inside an `if` of a section that skips the rest of the section.

use super::exits::Switch;
use super::facts::ends_in_jump;
use super::work::{only_logs, works};
use crate::checks::View;
use crate::hir::{Body, ExprId, StmtId, StmtKind};
use crate::source::Span;

/// What the branch does before it jumps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Branch {
    /// Nothing.
    Bare,
    /// It only writes a message.
    Logs,
    Acts,
}

/// Maximum number of skipped statements examined per exit.
const MAX_SKIPPED: usize = 256;

/// The shape of an early exit.
pub struct Early {
    pub jump: StmtId,
    pub section: usize,
    /// The `if` that directly contains the jump.
    pub innermost: StmtId,
    /// The number of `if`s of the section around the jump; `else if` is no deeper than its `if`.
    pub depth: usize,
    pub branch: Branch,
    /// What the branch does before it jumps.
    pub before: Vec<StmtId>,
    /// The other branch of the innermost `if`, if there is one.
    pub sibling: Option<StmtId>,
    /// The jump is in the `else`.
    pub in_else: bool,
    /// The statements of the section that the jump skips, in order, without the section's closing jump.
    pub skipped: Vec<StmtId>,
    /// Those of them that are outside the outermost `if`.
    pub outside: Vec<StmtId>,
}

impl Early {
    /// The shape of `jump`, if it is the last statement of a branch of an `if` and statements of the section follow.
    pub fn new(view: &View, switch: &Switch, jump: StmtId) -> Option<Early> {
        let body = &view.function.body;
        let nesting = view.nesting();
        let section = switch.section(view, jump)?;
        let mut early = Early {
            jump,
            section,
            innermost: jump,
            depth: 0,
            branch: Branch::Bare,
            before: Vec::new(),
            sibling: None,
            in_else: false,
            skipped: Vec::new(),
            outside: Vec::new(),
        };
        let mut inner = jump;
        let mut last_if = None;
        for outer in nesting.around(jump) {
            match &body.stmt(outer).kind {
                StmtKind::Switch { .. } if outer == switch.at.stmt => break,
                StmtKind::Block(all) => {
                    let at = all.iter().position(|&s| s == inner)?;
                    let rest = following(body, &all[at + 1..], switch.has_labels)?;
                    if early.depth == 0 {
                        // Code right after the jump never runs: that is a different defect.
                        if inner == jump && !rest.is_empty() {
                            return None;
                        }
                        early.before.splice(0..0, all[..at].iter().copied());
                    } else {
                        early.skipped.extend(&rest);
                        early.outside.extend(rest);
                    }
                }
                StmtKind::If { then, otherwise, .. } => {
                    let chained = *otherwise == Some(inner) && last_if == Some(inner);
                    if early.depth == 0 {
                        early.innermost = outer;
                        early.in_else = *otherwise == Some(inner);
                        early.sibling = if early.in_else { Some(*then) } else { *otherwise };
                    } else if chained && early.sibling.is_none() {
                        early.sibling = Some(*then);
                    }
                    early.outside.clear();
                    early.depth += usize::from(!chained);
                    last_if = Some(outer);
                }
                _ => return None,
            }
            inner = outer;
        }
        if early.depth == 0 {
            return None;
        }
        early.skipped.truncate(MAX_SKIPPED);
        early.outside.truncate(MAX_SKIPPED);
        early.before.retain(|&s| !matches!(body.stmt(s).kind, StmtKind::Empty | StmtKind::FallthroughMark));
        early.branch = match early.before[..] {
            [] => Branch::Bare,
            ref all if all.iter().all(|&s| only_logs(view, s)) => Branch::Logs,
            _ => Branch::Acts,
        };
        Some(early)
    }

    /// The condition of the innermost `if`.
    pub fn condition(&self, body: &Body) -> Option<ExprId> {
        match body.stmt(self.innermost).kind {
            StmtKind::If { cond, .. } => Some(cond),
            _ => None,
        }
    }

    /// A comment at the branch explains the jump.
    pub fn is_explained(&self, view: &View) -> bool {
        let body = &view.function.body;
        let source = view.source;
        let line = |at: u32| source.line_range(source.line_index(at));
        let (start, jump) = (body.stmt(self.innermost).span.start, body.stmt(self.jump).span);
        // From the end of the branch's last action, or else from the line above the branch, to the end of the jump's
        // line.
        let from = match self.before.last() {
            Some(&last) => body.stmt(last).span.end as usize,
            None if self.in_else => self.sibling.map_or(start, |s| body.stmt(s).span.end) as usize,
            None => line(line(start).start.saturating_sub(1) as u32).start,
        };
        comment_up_to(view, from, jump.end)
    }

    /// The other branch does some work and continues into what the jump skips.
    pub fn sibling_completes(&self, view: &View) -> bool {
        let body = &view.function.body;
        self.sibling.is_some_and(|s| works(view, &[s]) && !ends_in_jump(body, s))
    }
}

/// There is a comment after a statement, between it and a following `break`, or on the line of that `break`.
pub fn is_commented(view: &View, last: StmtId) -> bool {
    let body = &view.function.body;
    let end = body.stmt(last).span.end;
    let next = view.nesting().following(body, last).first();
    let jump = next.filter(|&&s| matches!(body.stmt(s).kind, StmtKind::Break));
    comment_up_to(view, end as usize, jump.map_or(end, |&s| body.stmt(s).span.end))
}

/// There is a comment between `from` and the end of the line that holds `end`.
fn comment_up_to(view: &View, from: usize, end: u32) -> bool {
    let end = view.source.line_range(view.source.line_index(end)).end;
    !view.unit.scan.comments_in(Span::new(from, end.max(from))).is_empty()
}

/// The statements that follow, up to the next label of the switch, without a closing jump. `None` if one of them
/// contains a label that may be jumped to from elsewhere.
fn following(body: &Body, rest: &[StmtId], has_labels: bool) -> Option<Vec<StmtId>> {
    let rest = &rest[..rest.len().min(MAX_SKIPPED)];
    let end = rest.iter().position(|&s| matches!(body.stmt(s).kind, StmtKind::Case(_))).unwrap_or(rest.len());
    let mut all = rest[..end].to_vec();
    let holds_label = |&s: &StmtId| {
        let mut found = false;
        body.walk_stmts(s, &mut |s| found |= matches!(body.stmt(s).kind, StmtKind::Label(_) | StmtKind::Opaque));
        found
    };
    if has_labels && all.iter().any(holds_label) {
        return None;
    }
    while all.last().is_some_and(|&s| is_idle(body, s)) {
        all.pop();
    }
    Some(all)
}

fn is_idle(body: &Body, s: StmtId) -> bool {
    match &body.stmt(s).kind {
        StmtKind::Break
        | StmtKind::Continue
        | StmtKind::Goto(_)
        | StmtKind::ComputedGoto
        | StmtKind::Return(_)
        | StmtKind::Empty
        | StmtKind::FallthroughMark => true,
        StmtKind::Block(all) => all.iter().all(|&s| is_idle(body, s)),
        _ => false,
    }
}
