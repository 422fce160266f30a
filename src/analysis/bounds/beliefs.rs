//! What a function takes for the end of a buffer: a cursor that it compares with an end somewhere has that end
//! everywhere. (Engler et al., "Bugs as deviant behavior", SOSP 2001, within one function.)

use super::Walked;
use super::defects::{Class, Defect};
use super::eval::{Eval, Frame};
use super::judge::Verdict;
use super::linear::{Linear, Sym};
use super::names::is_end;
use super::sites::{Site, SiteKind, Use};
use super::state::Value;
use super::symbols::{What, Wire};
use super::types::Kind;
use crate::hir::{BinaryOp, ExprId, ExprKind};

/// The variable `cursor` is compared with `end`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Belief {
    pub cursor: u32,
    pub end: Linear,
    /// Characters, or something else than plain bytes: often a NUL ends them, too.
    pub is_text: bool,
    /// It is where the buffer ends that the cursor leads into.
    pub is_own: bool,
}

/// Ends of one function.
const MAX_BELIEFS: usize = 32;

impl Eval<'_> {
    /// Notes what a comparison of pointers says of where a buffer ends.
    pub fn believe(&mut self, f: &Frame, left: (ExprId, &Value), right: (ExprId, &Value)) {
        for ((a, _), (b, end)) in [(left, right), (right, left)] {
            // `end - p < 4`, `p + 4 > end`, `p < end`
            if let ExprKind::Binary { op: BinaryOp::Sub, left: end, right: cursor } = f.body.expr(a).kind
                && self.names_end(f, end)
            {
                let noted = self.sites.len();
                let value = self.eval(f, end);
                self.sites.truncate(noted);
                self.note_end(f, cursor, value);
            }
            match f.body.expr(b).kind {
                // `p <= end - 4`
                ExprKind::Binary { op: BinaryOp::Sub, left: end, .. } if self.names_end(f, end) => {
                    let noted = self.sites.len();
                    let value = self.eval(f, end);
                    self.sites.truncate(noted);
                    self.note_end(f, a, value);
                }
                _ if self.names_end(f, b) => self.note_end(f, a, *end),
                _ if self.is_limit(&end.linear) && self.beliefs.is_empty() => self.note_end(f, a, *end),
                _ => {}
            }
        }
    }

    /// Notes that the cursor has that end.
    pub(super) fn note_end(&mut self, f: &Frame, cursor: ExprId, end: Value) {
        let Some(cursor) = self.cursor(f, cursor) else { return };
        let is_pointer = |kind: Kind| kind.is_pointer() || kind == Kind::Unknown;
        // `(uintptr_t)end` is as good.
        let is_end = is_pointer(end.kind) || end.kind == (Kind::Int { bits: 64, signed: false });
        let kind = self.variables[cursor as usize].kind;
        let to = kind.pointee().map(|ty| self.types.kind(ty));
        let is_struct = matches!(to, Some(Kind::Struct(_)));
        let is_text = !is_struct && to != Some(Kind::Int { bits: 8, signed: false });
        let is_own = self.is_limit(&end.linear);
        let belief = Belief { cursor, end: end.linear, is_text, is_own };
        // An object of the program's own, the last of a list or a block of its heap; but not where plain addresses are
        // compared, as a structure laid over a message is with where that ends.
        if is_struct && !matches!(end.kind, Kind::Int { .. }) {
            return;
        }
        let new = is_pointer(kind) && is_end && end.linear.has_terms();
        if new && self.beliefs.len() < MAX_BELIEFS && !self.beliefs.contains(&belief) {
            self.beliefs.push(belief);
        }
    }

    /// `data + len`, where that is known to be the end of what `data` leads to.
    fn is_limit(&self, end: &Linear) -> bool {
        end.terms().len() > 1 && self.symbols.buffer(end).is_some_and(|(_, buffer)| buffer.limit == *end)
    }

    /// The expression is called an end.
    fn names_end(&self, f: &Frame, e: ExprId) -> bool {
        match f.body.expr(e).kind {
            ExprKind::Name(name) | ExprKind::Member { field: name, .. } => is_end(f.body.names.text(name)),
            ExprKind::Cast { operand, .. } => {
                matches!(f.body.expr(operand).kind, ExprKind::Name(_) | ExprKind::Member { .. })
                    && self.names_end(f, operand)
            }
            _ => false,
        }
    }
}

impl Walked {
    /// An access through a cursor that the function compares with an end elsewhere.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn believed(
        &self,
        site: &Site,
        does: Use,
        address: &Linear,
        size: &Linear,
        cursor: Option<u32>,
        text: &str,
        defects: &mut Vec<Defect>,
    ) {
        let Some(cursor) = cursor else { return };
        let mut missing = None;
        // Where the buffer ends was asked already, and now.
        let is_other = |b: &&Belief| !b.is_own || !matches!(site.kind, SiteKind::Access { buffer: Some(_), .. });
        let own = self.beliefs.iter().filter(|b| b.cursor == cursor && !self.is_rounded(&b.end, address));
        for belief in own.filter(is_other) {
            let Some(goal) = address.add(size).and_then(|end| belief.end.sub(&end)) else { continue };
            // Something else than the end that the cursor is compared with.
            if goal.terms().len() > 4 || !goal.has_terms() {
                continue;
            }
            let about: Vec<Sym> = belief.end.terms().iter().map(|(s, _)| *s).collect();
            match self.judge(site, &goal, &about) {
                Verdict::Proved | Verdict::Unknown => return,
                verdict => missing = missing.or(Some((verdict, goal, belief))),
            }
        }
        let Some((verdict, goal, &Belief { end, is_text, .. })) = missing else {
            if does == Use::Write {
                self.copied(site, address, size, text, defects);
            }
            return;
        };
        let class = if does == Use::Read { Class::Read } else { Class::Append };
        let mut defect = self.defect(site, class, verdict, &goal, text);
        defect.wire = Wire::Faint;
        defect.is_text = is_text;
        defect.what = self.shown(address, text);
        defect.limit = self.shown(&end, text);
        defects.push(defect);
    }

    /// Whole units of the buffer end there, not all of it: `data + len / 3 * 3`.
    fn is_rounded(&self, end: &Linear, address: &Linear) -> bool {
        let Some((_, buffer)) = self.symbols.buffer(address) else { return false };
        let of_buffer = |s: Sym| match self.symbols.info(s).what {
            What::Pure(id, of, _) => {
                self.paths.name(id) == "/" && of.terms().iter().any(|(s, _)| buffer.limit.factor(*s) != 0)
            }
            _ => false,
        };
        end.sub(&buffer.limit).is_some_and(|rest| {
            let terms = || rest.terms().iter().map(|(s, _)| *s);
            terms().any(of_buffer) && terms().all(|s| of_buffer(s) || buffer.limit.factor(s) != 0)
        })
    }
}
