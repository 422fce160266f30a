//! What a function assigns, calls and compares, by places as written.

use rustc_hash::{FxHashMap, FxHashSet};

use super::places;
use crate::hir::{BinaryOp, Body, ExprId, ExprKind, Function, StmtId, StmtKind, UnaryOp};
use crate::source::Span;

/// Comparisons and calls considered per function.
const MAX_TESTS: usize = 400;
/// Statements of a branch that are searched for one that leaves.
const MAX_STMTS: usize = 60;

/// What a function assigns, calls and compares.
#[derive(Default)]
pub(super) struct Index {
    /// By place: what it is set to, or incremented by.
    pub set: FxHashMap<String, Vec<Set>>,
    /// The declarations of variables, without their names.
    pub types: FxHashMap<String, String>,
    pub tests: Vec<Test>,
    pub calls: Vec<ExprId>,
}

pub(super) struct Set {
    pub value: ExprId,
    pub at: u32,
    pub adds: bool,
}

/// `less < more`, or with `<=`.
pub(super) struct Test {
    pub less: ExprId,
    pub more: ExprId,
    pub at: u32,
    /// The statement that it guards.
    pub then: Option<Guarded>,
}

#[derive(Clone, Copy)]
pub(super) struct Guarded {
    pub stmt: StmtId,
    pub span: Span,
    /// Control does not simply continue after it: a loop, or a branch that leaves.
    pub leaves: bool,
}

impl Index {
    /// `code` is the text of the function's file.
    pub fn new(function: &Function, code: &str) -> Index {
        let body = &function.body;
        let mut index = Index::default();
        let mut set = |left: String, value, at, adds| index.set.entry(left).or_default().push(Set { value, at, adds });
        for (i, e) in body.exprs.iter().enumerate() {
            match e.kind {
                ExprKind::Assign { op: op @ (None | Some(BinaryOp::Add)), left, right } => {
                    if let Some(left) = places::key(body, left) {
                        set(left, right, e.span.start, op.is_some());
                    }
                }
                ExprKind::Call { .. } if index.calls.len() < MAX_TESTS => index.calls.push(ExprId(i as u32)),
                _ => {}
            }
        }
        for stmt in &body.stmts {
            let StmtKind::Decl(all) = &stmt.kind else { continue };
            for declarator in all {
                let name = body.names.text(declarator.name);
                if let Some(init) = declarator.init {
                    set(name.to_owned(), init, stmt.span.start, false);
                }
                index.types.insert(name.to_owned(), type_of(body.names.text(declarator.ty), name));
            }
        }
        for param in &function.params {
            let name = body.names.text(param.name);
            let declared = code.get(param.span.range()).unwrap_or("");
            index.types.insert(name.to_owned(), type_of(declared, name));
        }
        index.tests = tests(body);
        index
    }
}

/// A declaration without the name and without words that do not distinguish types.
fn type_of(declared: &str, name: &str) -> String {
    let words = declared.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '*');
    let kept = words.map(|word| word.trim_start_matches('*')).filter(|word| {
        !word.is_empty() && *word != name && !matches!(*word, "const" | "struct" | "static" | "register" | "volatile")
    });
    let mut ty = kept.collect::<Vec<_>>().join(" ");
    ty.extend(declared.bytes().filter(|b| *b == b'*').map(char::from));
    ty
}

/// The type cannot hold every length.
pub(super) fn is_narrow(ty: &str) -> bool {
    let ty = ty.to_ascii_lowercase();
    !ty.contains('*')
        && (ty.contains("short")
            || ty.contains("char")
            || ["u8", "u16", "uint8_t", "uint16_t", "int8_t", "int16_t", "pj_uint16_t", "pj_uint8_t"].contains(&&*ty))
}

/// The size comparisons of a body.
fn tests(body: &Body) -> Vec<Test> {
    // By expression: what it guards, and whether it is negated.
    let mut decides: FxHashMap<ExprId, (Option<Guarded>, bool)> = FxHashMap::default();
    for stmt in &body.stmts {
        let (cond, does, is_loop) = match stmt.kind {
            StmtKind::If { cond, then, .. } => (cond, then, false),
            StmtKind::While { cond, body } | StmtKind::For { cond: Some(cond), body, .. } => (cond, body, true),
            _ => continue,
        };
        let guarded = Guarded { stmt: does, span: body.stmt(does).span, leaves: is_loop || leaves(body, does) };
        let mut todo = vec![(cond, false)];
        while let Some((e, negated)) = todo.pop() {
            decides.insert(e, (Some(guarded), negated));
            let negated = negated != matches!(body.expr(e).kind, ExprKind::Unary { op: UnaryOp::Not, .. });
            body.operands(e, &mut |e| todo.push((e, negated)));
        }
    }
    // The condition of `?:` guards no statement.
    let mut chooses: FxHashSet<ExprId> = FxHashSet::default();
    for e in &body.exprs {
        if let ExprKind::Conditional { cond, .. } = e.kind {
            body.walk(cond, &mut |e| {
                chooses.insert(e);
            });
        }
    }
    let mut all = Vec::new();
    for (i, e) in body.exprs.iter().enumerate() {
        let ExprKind::Binary { op, left, right } = e.kind else { continue };
        let (less, more) = match op {
            BinaryOp::Lt | BinaryOp::Le => (left, right),
            BinaryOp::Gt | BinaryOp::Ge => (right, left),
            _ => continue,
        };
        let id = ExprId(i as u32);
        if all.len() >= MAX_TESTS || chooses.contains(&id) {
            continue;
        }
        let (then, negated) = decides.get(&id).copied().unwrap_or_default();
        let (less, more) = if negated { (more, less) } else { (less, more) };
        all.push(Test { less, more, at: e.span.start, then });
    }
    all
}

/// Control leaves somewhere inside, instead of falling through.
fn leaves(body: &Body, stmt: StmtId) -> bool {
    let mut found = false;
    body.walk_first(stmt, MAX_STMTS, &mut |s| {
        found |= matches!(
            body.stmt(s).kind,
            StmtKind::Return(_) | StmtKind::Goto(_) | StmtKind::Break | StmtKind::Continue | StmtKind::Opaque
        );
    });
    found
}
