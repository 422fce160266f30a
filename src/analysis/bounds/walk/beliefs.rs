//! Inferred buffer ends: a cursor that is compared with an end anywhere has that end everywhere. (Engler et al., "Bugs
//! as deviant behavior", SOSP 2001, within one function.)

use super::eval::{Eval, Frame};
use crate::analysis::bounds::terms::linear::Linear;
use crate::analysis::bounds::terms::names::is_end;
use crate::analysis::bounds::terms::state::Value;
use crate::analysis::bounds::terms::types::Kind;
use crate::hir::{BinaryOp, ExprId, ExprKind};

/// The variable `cursor` is compared with `end`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Belief {
    pub cursor: u32,
    pub end: Linear,
    /// Characters, or anything but plain bytes: often terminated by a NUL as well.
    pub is_text: bool,
    /// The end is that of the buffer that the cursor points into.
    pub is_own: bool,
}

/// Ends per function.
const MAX_BELIEFS: usize = 32;

impl Eval<'_> {
    /// Records what a pointer comparison implies about the end of a buffer.
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

    /// Records `end` as the cursor's end.
    pub(super) fn note_end(&mut self, f: &Frame, cursor: ExprId, end: Value) {
        let Some(cursor) = self.cursor(f, cursor) else { return };
        let is_pointer = |kind: Kind| kind.is_pointer() || kind == Kind::Unknown;
        // `(uintptr_t)end` counts, too.
        let is_end = is_pointer(end.kind) || end.kind == (Kind::Int { bits: 64, signed: false });
        let kind = self.variables[cursor as usize].kind;
        let to = kind.pointee().map(|ty| self.types.kind(ty));
        let is_struct = matches!(to, Some(Kind::Struct(_)));
        let is_text = !is_struct && to != Some(Kind::Int { bits: 8, signed: false });
        let is_own = self.is_limit(&end.linear);
        let belief = Belief { cursor, end: end.linear, is_text, is_own };
        // A pointer to a program object, such as a list tail or a heap block, gives no end. Plain addresses do: a
        // structure laid over a message is compared with the message's end.
        if is_struct && !matches!(end.kind, Kind::Int { .. }) {
            return;
        }
        let new = is_pointer(kind) && is_end && end.linear.has_terms();
        if new && self.beliefs.len() < MAX_BELIEFS && !self.beliefs.contains(&belief) {
            self.beliefs.push(belief);
        }
    }

    /// `data + len`, if that is known to be the end of the buffer at `data`.
    fn is_limit(&self, end: &Linear) -> bool {
        end.terms().len() > 1 && self.symbols.buffer(end).is_some_and(|(_, buffer)| buffer.limit == *end)
    }

    /// Whether the expression is named like an end.
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
