//! Which functions count attempts, or recognize an answer that they have already been given.

use rustc_hash::FxHashSet;

use super::messages::Input;
use crate::hir::{BinaryOp, Body, ExprId, ExprKind};
use crate::program::{Definition, Program};
use crate::source::FileId;

/// Parts of the names of what counts or remembers attempts.
const WORDS: [&str; 13] = [
    "attempt", "tries", "retry", "retries", "tried", "nonce", "stale", "loop", "failc", "fail_c", "fails", "fail_n",
    "authsent",
];

#[derive(Default)]
pub struct Limits {
    of: FxHashSet<Definition>,
}

impl Limits {
    pub fn new(inputs: &[Input]) -> Limits {
        let counts = inputs.iter().filter(|i| counts(&i.function.body));
        Limits { of: counts.filter_map(|i| i.definition).collect() }
    }

    /// Whether a function that `name` may refer to counts attempts.
    pub fn of(&self, program: &Program, name: &str, file: FileId) -> bool {
        program.callees(name, file).iter().any(|d| self.of.contains(d))
    }
}

/// Whether a name in the body suggests attempts, or a field is counted up or down.
pub fn counts(body: &Body) -> bool {
    let is_field = |e: ExprId| matches!(body.expr(e).kind, ExprKind::Member { .. });
    let speaks = |text: &str| {
        let lower = text.to_ascii_lowercase();
        WORDS.iter().any(|word| lower.contains(word))
    };
    body.names.iter().any(speaks)
        || body.exprs.iter().any(|e| match e.kind {
            ExprKind::Update { operand, .. } => is_field(operand),
            ExprKind::Assign { op: Some(BinaryOp::Add | BinaryOp::Sub), left, .. } => is_field(left),
            _ => false,
        })
}
