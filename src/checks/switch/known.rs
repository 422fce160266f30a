//! What the label that control came through implies about the switch's operand.

use super::facts::folded;
use crate::analysis::cfg::{BlockId, Edge, EdgeKind};
use crate::checks::View;
use crate::hir::{BinaryOp, Body, ExprId, ExprKind, StmtKind, UnaryOp};

/// The operand, as written, equals one of some constants, or none of others.
#[derive(Default)]
pub struct Known {
    pub operand: String,
    pub is: Vec<String>,
    pub is_not: Vec<String>,
}

/// Maximum number of a switch's labels that are compared with those of another.
pub const MAX_LABELS: usize = 256;

/// Maximum depth of the conditions examined.
const MAX_DEPTH: usize = 16;

impl Known {
    /// Whether control may take `edge` when it leaves `block` by a branch on `cond`; `None` if unknown.
    pub fn decides(&self, view: &View, cond: ExprId, block: BlockId, edge: &Edge) -> Option<bool> {
        if self.operand.is_empty() {
            return None;
        }
        let truth = |wanted| self.value(view, cond, MAX_DEPTH).map(|v| v == wanted);
        match edge.kind {
            EdgeKind::True => truth(true),
            EdgeKind::False => truth(false),
            // A table has too many labels to be worth it.
            EdgeKind::Case | EdgeKind::NoCase if view.cfg.block(block).edges.len() > MAX_LABELS => None,
            EdgeKind::Case | EdgeKind::NoCase if folded(&view.reading.code, span(view, cond)) == self.operand => {
                Some(self.takes(view, block, edge))
            }
            _ => None,
        }
    }

    /// For a second switch on the same operand: whether it may go to the label at `edge`.
    fn takes(&self, view: &View, block: BlockId, edge: &Edge) -> bool {
        let (own, has_default) = self.labels(view, edge.to);
        let fits =
            |label: &String| if self.is.is_empty() { !self.is_not.contains(label) } else { self.is.contains(label) };
        if own.iter().any(fits) {
            return true;
        }
        let default = has_default || edge.kind == EdgeKind::NoCase;
        // Every possible value has its own label in that switch.
        let all: Vec<String> = view.cfg.block(block).edges.iter().flat_map(|e| self.labels(view, e.to).0).collect();
        let named = !self.is.is_empty() && self.is.iter().all(|label| all.contains(label));
        default && !named
    }

    /// The labels at the head of a block, and whether a `default` is among them.
    fn labels(&self, view: &View, block: BlockId) -> (Vec<String>, bool) {
        let body = &view.function.body;
        let mut all = Vec::new();
        let mut default = false;
        for &label in &view.cfg.block(block).labels {
            match body.stmt(label).kind {
                StmtKind::Case(Some(value)) => all.push(folded(&view.reading.code, span(view, value))),
                _ => default = true,
            }
        }
        (all, default)
    }

    fn value(&self, view: &View, cond: ExprId, depth: usize) -> Option<bool> {
        let depth = depth.checked_sub(1)?;
        let body = &view.function.body;
        match body.expr(cond).kind {
            ExprKind::Unary { op: UnaryOp::Not, operand } => self.value(view, operand, depth).map(|v| !v),
            ExprKind::Binary { op: op @ (BinaryOp::And | BinaryOp::Or), left, right } => {
                let (a, b) = (self.value(view, left, depth), self.value(view, right, depth));
                let decisive = op == BinaryOp::Or;
                match (a, b) {
                    _ if a == Some(decisive) || b == Some(decisive) => Some(decisive),
                    (Some(_), Some(_)) => Some(!decisive),
                    _ => None,
                }
            }
            ExprKind::Binary { op: op @ (BinaryOp::Eq | BinaryOp::Ne), left, right } => {
                let text = |e| folded(&view.reading.code, span(view, e));
                let constant = match () {
                    () if is_constant(body, right) && text(left) == self.operand => text(right),
                    () if is_constant(body, left) && text(right) == self.operand => text(left),
                    () => return None,
                };
                let equal = match &self.is[..] {
                    [only] if *only == constant => true,
                    [_, ..] if !self.is.contains(&constant) => false,
                    [] if self.is_not.contains(&constant) => false,
                    _ => return None,
                };
                Some(equal == (op == BinaryOp::Eq))
            }
            _ => None,
        }
    }
}

fn span(view: &View, e: ExprId) -> crate::source::Span {
    view.function.body.expr(e).span
}

fn is_constant(body: &Body, e: ExprId) -> bool {
    matches!(body.expr(e).kind, ExprKind::Name(_) | ExprKind::Number(_) | ExprKind::Char(_))
}
