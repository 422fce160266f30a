//! Where control runs from one section of a `switch` into the next, and whether the author marked it.

use rustc_hash::FxHashMap;

use crate::analysis::cfg::{BlockId, Cfg, Fall};
use crate::analysis::noreturn::is_failed_assertion;
use crate::analysis::sections::{Section, sections};
use crate::checks::{Context, View};
use crate::hir::{Body, Declarator, ExprKind, StmtId, StmtKind};
use crate::preprocess::comments::{states_intent, states_unreachable};
use crate::source::Span;

/// A fall-through that a compiler would see.
pub struct FallSite {
    pub fall: Fall,
    /// Between the last token before the label and the label: where a mark goes.
    pub gap: Span,
    /// From the first label of the falling section to just after the label it falls into.
    pub extent: Span,
    /// Index of the falling section in the switch, if its label is at the switch's top level.
    pub section: Option<usize>,
    /// The next section does nothing but leave, and this one loses nothing by it: GCC accepts that, Clang and MISRA do
    /// not.
    pub harmless: bool,
    /// The section ends in `assert(0)` or similar.
    pub after_assertion: bool,
    /// A comment near the label that states the intent in words the chosen style does not accept.
    pub intent: Option<Span>,
}

/// A `switch` with its sections and its unmarked falls.
pub struct SwitchFalls {
    pub stmt: StmtId,
    pub sections: Vec<Section>,
    /// In source order.
    pub unmarked: Vec<FallSite>,
    /// Sections whose fall is marked by an attribute, a macro or a comment.
    pub marked: Vec<usize>,
}

/// Every switch of a function that has a fall.
pub fn switch_falls(cx: &Context, view: &View) -> Vec<SwitchFalls> {
    let (body, cfg) = (&view.function.body, view.cfg);
    let predecessors = cfg.predecessors();
    let mut all: Vec<SwitchFalls> = Vec::new();
    let mut opened: FxHashMap<StmtId, usize> = FxHashMap::default();
    let mut section_of: FxHashMap<StmtId, usize> = FxHashMap::default();
    for &fall in cfg.falls.iter().filter(|fall| cfg.is_reachable(fall.from)) {
        let index = *opened.entry(fall.switch).or_insert_with(|| {
            let sections = sections(body, fall.switch);
            let labels = sections.iter().enumerate().flat_map(|(i, s)| s.labels.iter().map(move |&l| (l, i)));
            section_of.extend(labels);
            all.push(SwitchFalls { stmt: fall.switch, sections, unmarked: Vec::new(), marked: Vec::new() });
            all.len() - 1
        });
        let switch = &mut all[index];
        let into = section_of.get(&fall.label).copied();
        let only_leaves = into.is_some_and(|n| only_leaves(body, &switch.sections[n]));
        let section = into.and_then(|n| n.checked_sub(1));
        let loses = || section.is_some_and(|p| loses_its_work(body, &switch.sections, p));
        let harmless = only_leaves && !loses();
        if ends_opaque(body, cfg, fall.from) {
            continue;
        }
        let gap = gap_before(&view.reading.code, body.stmt(fall.label).span.start);
        let comments = view.unit.scan.comments_in(gap);
        let text = |c: &Span| view.source.slice(*c);
        let accepted = comments.iter().any(|c| cx.options.comment_style.accepts(text(c)))
            || comments.iter().any(|c| states_unreachable(text(c)))
            || !unmarked_end(body, cfg, &predecessors, fall.from);
        if accepted {
            switch.marked.extend(section);
            continue;
        }
        let own = body.stmt(fall.label).span;
        let first = section.and_then(|p| switch.sections[p].labels.first()).map_or(own, |&l| body.stmt(l).span);
        let extent = first.to(own);
        let behind = behind_label(&view.reading.code, body.stmt(fall.label).span.end);
        let inside = Span { start: extent.start, end: gap.start.max(extent.start) };
        let near = comments.iter().chain(view.unit.scan.comments_in(behind)).chain(view.unit.scan.comments_in(inside));
        let intent = near.copied().find(|c| states_intent(text(c)));
        let after_assertion = section.is_some_and(|p| ends_in_assertion(body, &switch.sections[p]));
        switch.unmarked.push(FallSite { fall, gap, extent, section, harmless, after_assertion, intent });
    }
    all
}

/// The section does nothing but leave, as GCC defines it: falling into `break;`, `goto`, `continue` or `return;` is the
/// same as writing it.
fn only_leaves(body: &Body, section: &Section) -> bool {
    let mut first = section.stmts.first().copied();
    while let Some(id) = first {
        match &body.stmt(id).kind {
            StmtKind::Block(inner) => {
                first = inner.iter().copied().find(|&s| !matches!(body.stmt(s).kind, StmtKind::Empty));
                if first.is_none() {
                    return section.stmts.len() == 1;
                }
            }
            StmtKind::Break
            | StmtKind::Continue
            | StmtKind::Goto(_)
            | StmtKind::ComputedGoto
            | StmtKind::Return(None) => return true,
            _ => return false,
        }
    }
    true
}

fn ends_in_assertion(body: &Body, section: &Section) -> bool {
    section.stmts.last().is_some_and(|&s| match body.stmt(s).kind {
        StmtKind::Expr(e) => is_failed_assertion(body, e),
        _ => false,
    })
}

/// Switches with more sections are treated as tables and not compared pairwise.
const MAX_COMPARED: usize = 512;

/// Leaving with the next section cannot be intended: this section assigns a local variable, or does work while every
/// other section breaks out to the code after the switch, which is then skipped.
fn loses_its_work(body: &Body, sections: &[Section], p: usize) -> bool {
    let mut leaving = sections[p + 1].stmts.first().copied();
    while let Some(StmtKind::Block(inner)) = leaving.map(|s| &body.stmt(s).kind) {
        leaving = inner.first().copied();
    }
    let leaves = leaving.is_some_and(|s| matches!(body.stmt(s).kind, StmtKind::Return(None) | StmtKind::Goto(_)));
    let Some(StmtKind::Expr(e)) = sections[p].stmts.last().map(|&s| &body.stmt(s).kind) else { return false };
    let local = match body.expr(*e).kind {
        ExprKind::Assign { op: None, left, .. } => match body.expr(left).kind {
            ExprKind::Name(name) => {
                let declares = |d: &Declarator| d.name == name && !d.is_static;
                body.stmts.iter().any(|s| matches!(&s.kind, StmtKind::Decl(all) if all.iter().any(declares)))
            }
            _ => false,
        },
        _ => false,
    };
    let breaks = |s: &Section| s.stmts.last().is_some_and(|&s| matches!(body.stmt(s).kind, StmtKind::Break));
    let others = || sections.iter().enumerate().filter(|&(i, _)| i != p && i != p + 1).map(|(_, s)| s);
    leaves && (local || (sections.len() <= MAX_COMPARED && others().count() >= 3 && others().all(breaks)))
}

/// What runs into the label ends in code that was not understood: no basis for a finding.
fn ends_opaque(body: &Body, cfg: &Cfg, from: BlockId) -> bool {
    cfg.block(from).stmts.last().is_some_and(|&s| matches!(body.stmt(s).kind, StmtKind::Opaque))
}

/// Some path into the label does not end in a mark. Empty blocks (where branches join) are looked through.
fn unmarked_end(body: &Body, cfg: &Cfg, predecessors: &[Vec<BlockId>], from: BlockId) -> bool {
    let mut seen = vec![from];
    let mut todo = vec![from];
    while let Some(block) = todo.pop() {
        match cfg.block(block).stmts.last() {
            Some(&last) => {
                if !matches!(body.stmt(last).kind, StmtKind::FallthroughMark) {
                    return true;
                }
            }
            None if !cfg.block(block).labels.is_empty() || predecessors[block.0 as usize].is_empty() => return true,
            None => {
                for &before in &predecessors[block.0 as usize] {
                    if !seen.contains(&before) {
                        seen.push(before);
                        todo.push(before);
                    }
                }
            }
        }
    }
    false
}

/// From the end of the last token before `label` that is neither a closing brace nor part of a user label.
pub fn gap_before(code: &str, label: u32) -> Span {
    let bytes = code.as_bytes();
    let label = label as usize;
    let mut at = label;
    loop {
        while at > 0 && (bytes[at - 1].is_ascii_whitespace() || bytes[at - 1] == b'}') {
            at -= 1;
        }
        // `again: case 2:`: the mark may precede `again`.
        match user_label_before(bytes, at) {
            Some(start) => at = start,
            None => return Span::new(at, label),
        }
    }
}

/// The start of the identifier of a user label that ends at `at`, if a statement ends just before it.
fn user_label_before(bytes: &[u8], at: usize) -> Option<usize> {
    use crate::preprocess::token::is_ident_part;
    let colon = at.checked_sub(1).filter(|&i| bytes[i] == b':')?;
    let end = bytes[..colon].iter().rposition(|b| !b.is_ascii_whitespace())? + 1;
    let start = bytes[..end].iter().rposition(|&b| !is_ident_part(b)).map_or(0, |i| i + 1);
    let before = bytes[..start].iter().rev().find(|b| !b.is_ascii_whitespace())?;
    (start < end && &bytes[start..end] != b"default" && matches!(before, b';' | b'}')).then_some(start)
}

/// From the end of a label to the next token.
fn behind_label(code: &str, end: u32) -> Span {
    let end = end as usize;
    let blank = code.as_bytes()[end..].iter().take_while(|b| b.is_ascii_whitespace() || **b == b':').count();
    Span::new(end, end + blank)
}
