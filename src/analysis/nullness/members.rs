//! Members that may be null: which of them a function checks, and what they are members of.

use rustc_hash::FxHashSet;

use super::walk::{Walker, is_null_literal};
use super::{Facts, UseKind};
use crate::analysis::access::{Place, place};
use crate::hir::{BinaryOp, Body, ExprId, ExprKind, Function, StmtKind, Symbol, UnaryOp};
use crate::program::Program;
use crate::program::types::{Scope, Type};

/// A member and its owner: the structure if its name is known; otherwise the declared type of the variable, or the
/// member that holds the object.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Part {
    pub owner: Box<str>,
    pub field: Box<str>,
}

/// Maximum number of nested members that are followed.
const MAX_CHAIN: usize = 8;

impl Part {
    /// The part for the member `e`; none if its owner is unknown.
    pub fn of(program: &Program, function: &Function, text: &str, e: ExprId) -> Option<Part> {
        let mut part = Part::written(function, text, e)?;
        let ExprKind::Member { base, .. } = function.body.expr(e).kind else { return None };
        if let Some(Type::Struct(of)) = type_of(program, function, text, base).map(pointed)
            && let Some(name) = program.types().name_of(of)
        {
            part.owner = name.into();
        }
        Some(part)
    }

    /// The same by the source text alone, as in the catalog.
    pub fn written(function: &Function, text: &str, e: ExprId) -> Option<Part> {
        let body = &function.body;
        let ExprKind::Member { base, field, .. } = body.expr(e).kind else { return None };
        let mut base = body.bare(base);
        // Elements of an array are of one kind.
        while let ExprKind::Index { base: array, .. } = body.expr(base).kind {
            base = body.bare(array);
        }
        let owner: Box<str> = match body.expr(base).kind {
            ExprKind::Name(name) => declared(function, text, name).unwrap_or_else(|| body.names.text(name)).into(),
            ExprKind::Member { field, .. } => format!(".{}", body.names.text(field)).into(),
            _ => return None,
        };
        Some(Part { owner, field: body.names.text(field).into() })
    }
}

/// What a pointer points to, or an array contains.
fn pointed(ty: Type) -> Type {
    match ty {
        Type::Pointer(to) | Type::Array(to, _) => (*to).clone(),
        other => other,
    }
}

/// Whether `e` may be a pointer: no declaration says that it is a number.
pub fn may_be_pointer(program: &Program, function: &Function, text: &str, e: ExprId) -> bool {
    !matches!(type_of(program, function, text, e), Some(Type::Int { .. } | Type::Bool | Type::Float { .. }))
}

/// The type of a variable or of what is reached from it.
fn type_of(program: &Program, function: &Function, text: &str, e: ExprId) -> Option<Type> {
    let (body, types) = (&function.body, program.types());
    let mut fields: Vec<Option<Symbol>> = Vec::new();
    let mut e = body.bare(e);
    let name = loop {
        match body.expr(e).kind {
            ExprKind::Name(name) => break name,
            ExprKind::Member { base, field, .. } if fields.len() < MAX_CHAIN => {
                fields.push(Some(field));
                e = body.bare(base);
            }
            ExprKind::Index { base, .. } if fields.len() < MAX_CHAIN => {
                fields.push(None);
                e = body.bare(base);
            }
            _ => return None,
        }
    };
    let mut ty = match declaration(function, text, name) {
        Some(declared) => types.of_declaration(declared, Scope::of(function.file)),
        None => types.global(body.names.text(name), function.file)?,
    };
    for field in fields.into_iter().rev() {
        ty = match field {
            None => pointed(ty),
            Some(field) => {
                let Type::Struct(of) = pointed(ty) else { return None };
                types.field(of, body.names.text(field))?.ty
            }
        };
    }
    Some(ty)
}

/// Whether the member `e` of an object reached from a variable or a call is an array.
pub fn is_array(walker: &Walker, e: ExprId) -> bool {
    let (body, types) = (walker.body, walker.program.types());
    let ExprKind::Member { base, field, arrow: true } = body.expr(e).kind else { return false };
    let base = match (&body.expr(base).kind, body.callee(base)) {
        (ExprKind::Name(name), _) => declaration(walker.function, walker.code, *name)
            .map(|text| types.of_declaration(text, Scope::of(walker.file))),
        (_, Some(callee)) => types.returns(callee, walker.file),
        _ => None,
    };
    let Some(Type::Pointer(to)) = base else { return false };
    let Type::Struct(of) = *to else { return false };
    types.field(of, body.names.text(field)).is_some_and(|field| matches!(field.ty, Type::Array(..)))
}

/// The declaration of a parameter, or the type of a local variable.
fn declaration<'t>(function: &'t Function, text: &'t str, name: Symbol) -> Option<&'t str> {
    let body = &function.body;
    match function.params.iter().find(|p| p.name == name) {
        Some(p) => text.get(p.span.range()),
        None => {
            let all = body.stmts.iter().filter_map(|s| match &s.kind {
                StmtKind::Decl(all) => all.iter().find(|d| d.name == name),
                _ => None,
            });
            Some(body.names.text(all.into_iter().next()?.ty))
        }
    }
}

/// The last word of a variable's declared type: `sip_msg` for `const struct sip_msg *msg`.
fn declared<'t>(function: &'t Function, text: &'t str, name: Symbol) -> Option<&'t str> {
    let ty = declaration(function, text, name)?;
    let name = function.body.names.text(name);
    let mut words = ty.split(|c: char| !c.is_alphanumeric() && c != '_').rev().filter(|w| !w.is_empty() && *w != name);
    words.find(|w| !matches!(*w, "const" | "volatile" | "struct" | "union" | "register" | "restrict"))
}

/// The members that a function checks somewhere, assigns, or takes the address of.
pub fn minded(body: &Body, facts: &Facts) -> FxHashSet<Place> {
    let mut roots: Vec<ExprId> = body.stmts.iter().filter_map(|s| s.kind.condition()).collect();
    // `if (strcmp(p->a, s))` reads it and checks nothing.
    let read = facts.uses.iter().filter(|u| u.kind == UseKind::Library);
    let mut through: FxHashSet<ExprId> = read.map(|u| body.bare(u.expr)).collect();
    let mut all: FxHashSet<Place> = FxHashSet::default();
    let mut add = |e: ExprId| {
        if let ExprKind::Member { .. } = body.expr(e).kind {
            all.extend(place(body, e));
        }
    };
    for e in &body.exprs {
        match e.kind {
            ExprKind::Conditional { cond, .. } => roots.push(cond),
            ExprKind::Binary { op: BinaryOp::And | BinaryOp::Or | BinaryOp::Eq | BinaryOp::Ne, left, right } => {
                roots.extend([left, right]);
            }
            ExprKind::Unary { op: UnaryOp::Not, operand } => roots.push(operand),
            // `free(p->a), p->a = NULL` does not give it a value.
            ExprKind::Assign { left, right, .. } if !is_null_literal(body, right, false) => add(left),
            ExprKind::Unary { op: UnaryOp::AddressOf, operand } => add(operand),
            ExprKind::Member { base, arrow: true, .. } | ExprKind::Index { base, .. } => {
                through.insert(body.bare(base));
            }
            ExprKind::Unary { op: UnaryOp::Deref, operand } => {
                through.insert(body.bare(operand));
            }
            _ => {}
        }
    }
    let mut seen = vec![false; body.exprs.len()];
    while let Some(e) = roots.pop() {
        if std::mem::replace(&mut seen[e.0 as usize], true) {
            continue;
        }
        if !through.contains(&e) {
            add(e);
        }
        body.operands(e, &mut |o| roots.push(o));
    }
    all.extend(facts.tested.iter().filter_map(|&e| place(body, e)));
    all
}
