//! What functions return when they find nothing: zero, or an empty text where their callers may expect null.

use rustc_hash::FxHashMap;

use super::messages::Input;
use crate::hir::{Body, ExprKind, StmtKind};
use crate::preprocess::token::integer;
use crate::program::{Definition, Program};
use crate::source::{FileId, Span};

#[derive(Clone, Copy, Debug, Default)]
pub struct Returned {
    /// A `return 0` beside others that return a computed value.
    pub zero: Option<Span>,
    /// The last `return` returns a string literal, and none returns null.
    pub text: Option<Span>,
}

#[derive(Default)]
pub struct Returns {
    of: FxHashMap<Definition, Returned>,
}

impl Returns {
    pub fn new(inputs: &[Input]) -> Returns {
        let of = inputs.iter().filter(|i| !i.function.body.over_budget);
        let told = of.filter_map(|i| Some((i.definition?, returned(&i.function.body))));
        Returns { of: told.filter(|(_, r)| r.zero.is_some() || r.text.is_some()).collect() }
    }

    /// What the one function that `name` refers to in `file` returns, and the file that it is in.
    pub fn of(&self, program: &Program, name: &str, file: FileId) -> Option<(FileId, Returned)> {
        if program.macros.is_defined(name) {
            return None;
        }
        let [one] = program.callees(name, file)[..] else { return None };
        Some((one.file, *self.of.get(&one)?))
    }
}

fn returned(body: &Body) -> Returned {
    let mut told = Returned::default();
    let (mut computed, mut null, mut last) = (false, false, None);
    for stmt in &body.stmts {
        let StmtKind::Return(Some(e)) = stmt.kind else { continue };
        last = None;
        match &body.expr(body.bare(e)).kind {
            ExprKind::Number(n) if integer(body.names.text(*n)) == Some(0) => {
                null = true;
                told.zero = told.zero.or(Some(stmt.span));
            }
            ExprKind::Name(n) if matches!(body.names.text(*n), "NULL" | "nullptr") => null = true,
            ExprKind::String(_) => last = Some(stmt.span),
            ExprKind::Conditional { .. } => null = true,
            ExprKind::Name(n) => computed |= body.names.text(*n).bytes().any(|b| b.is_ascii_lowercase()),
            ExprKind::Unary { .. } | ExprKind::Char(_) | ExprKind::Number(_) => {}
            _ => computed = true,
        }
    }
    told.zero = told.zero.filter(|_| computed);
    told.text = last.filter(|_| !null);
    told
}
