//! Sizes of types and expressions, and structures laid over bytes.

use super::arrays::field_name;
use super::eval::{Bound, Eval, Frame};
use super::place::Memory;
use crate::analysis::bounds::terms::linear::Linear;
use crate::analysis::bounds::terms::literals::number;
use crate::analysis::bounds::terms::sites::{SiteKind, Use};
use crate::analysis::bounds::terms::state::Value;
use crate::analysis::bounds::terms::symbols::{Room, What};
use crate::analysis::bounds::terms::types::Kind;
use crate::hir::{ExprId, ExprKind, Symbol, UnaryOp};
use crate::source::Span;

impl Eval<'_> {
    /// `offsetof(struct header, data)` in the function's own text.
    pub(super) fn offset_of_member(&self, f: &Frame, span: Span) -> Option<i64> {
        let code = &self.cx.program.unit(self.file).base.code;
        let text = code.get(span.range()).filter(|text| f.depth == 0 && text.starts_with("offsetof"))?;
        self.types.constant(text)
    }

    pub(super) fn sizeof(&mut self, f: &Frame, e: ExprId, ty: Option<Symbol>, operand: Option<ExprId>) -> Value {
        let span = self.span(f, e);
        let body = f.body;
        let of_type = |eval: &Self| {
            let kind = eval.types.declared(body.names.text(ty?));
            eval.size_of_kind(kind)
        };
        let known = match operand {
            Some(operand) => {
                let kind = self.kind_of(f, operand, 0);
                self.size_of_kind(kind).or_else(|| match body.expr(operand).kind {
                    // `sizeof(name)` may name a type.
                    ExprKind::Name(name) => self.size_of_kind(self.declared(body.names.text(name))),
                    _ => None,
                })
            }
            None => of_type(self),
        };
        match known.and_then(|n| i64::try_from(n).ok()) {
            Some(n) => Value { linear: Linear::constant(n), kind: Kind::SIZE },
            None if let Some(size) = operand.and_then(|operand| self.size_of_place(f, operand)) => {
                Value { linear: size, kind: Kind::SIZE }
            }
            None => {
                let text = match (ty, operand.map(|operand| (operand, &body.expr(operand).kind))) {
                    (Some(ty), _) => base_name(body.names.text(ty)).to_owned(),
                    (None, Some((_, ExprKind::Name(name)))) => body.names.text(*name).to_owned(),
                    (None, Some((_, ExprKind::Unary { op: UnaryOp::Deref, operand })))
                        if let Some(var) = self.cursor(f, *operand) =>
                    {
                        base_name(self.variables[var as usize].declared).to_owned()
                    }
                    (None, Some((operand, _))) => {
                        field_name(body, operand).unwrap_or_else(|| format!("{:?}", self.span(f, operand)))
                    }
                    (None, None) => format!("{span:?}"),
                };
                let id = self.paths.text(&text);
                let (s, new) = self.symbols.get(What::Size(id), Some(1), Some(1 << 20));
                if new {
                    self.symbols.info_mut(s).span = Some(span);
                }
                Value { linear: Linear::symbol(s), kind: Kind::SIZE }
            }
        }
    }

    /// The size in bytes of a local array whose type does not give its length.
    fn size_of_place(&mut self, f: &Frame, operand: ExprId) -> Option<Linear> {
        let ExprKind::Name(name) = f.body.expr(operand).kind else { return None };
        if let Some((up, Bound::Expr(arg))) = self.bound(f, name) {
            return self.size_of_place(&up, arg);
        }
        let var = self.variable(f, name).filter(|var| self.variables[*var as usize].in_memory)?;
        let address = self.local_address(var);
        let (start, buffer) = self.symbols.buffer(&address)?;
        buffer.limit.sub(&Linear::symbol(start))
    }

    /// Bytes from elsewhere are cast to a structure.
    pub(super) fn overlay(&mut self, f: &Frame, e: ExprId, value: &Value, ty: &str) {
        if let ExprKind::Cast { operand, .. } = f.body.expr(e).kind {
            let cursor = self.cursor(f, operand);
            self.pair_up(cursor, &value.linear);
        }
        let to = self.declared(ty).pointee().map_or(Kind::Unknown, |to| self.types.kind(to));
        self.is_object(&value.linear, to);
        let Some((_, buffer)) = self.buffer_for(&value.linear, Use::Read) else { return };
        if !matches!(buffer.room, Room::Given | Room::Received) || ty.matches('*').count() != 1 {
            return;
        }
        let size = match self.declared(ty).pointee().and_then(|to| self.types.size(to)) {
            Some(n) => i64::try_from(n).ok().map(Linear::constant),
            None => {
                let id = self.paths.text(base_name(ty));
                Some(Linear::symbol(self.symbols.get(What::Size(id), Some(1), Some(1 << 20)).0))
            }
        };
        if let Some(size) = size {
            self.site(f, e, SiteKind::Overlay { address: value.linear, size, buffer });
        }
    }

    /// The size of a structure laid over bytes received here, if only the structure's name is known.
    pub(super) fn received_structure(&mut self, memory: &Memory) -> Option<Linear> {
        let (root, _) = self.symbols.buffer(&memory.key.base)?;
        self.symbols.info(root).filled?;
        let declared = self.variables[memory.cursor? as usize].declared;
        if declared.matches('*').count() != 1 {
            return None;
        }
        let id = self.paths.text(base_name(declared));
        Some(Linear::symbol(self.symbols.get(What::Size(id), Some(1), Some(1 << 20)).0))
    }

    pub fn size_of_kind(&self, kind: Kind) -> Option<u64> {
        match kind {
            Kind::Int { bits, .. } => Some(u64::from(bits / 8)),
            Kind::Pointer(_) => Some(8),
            Kind::Array(ty, n) => self.types.size(ty)?.checked_mul(n?),
            Kind::Struct(ty) => self.types.size(ty),
            Kind::Unknown | Kind::Void | Kind::Float | Kind::Function => None,
        }
    }

    /// The type of an expression, without evaluating it.
    pub fn kind_of(&mut self, f: &Frame, e: ExprId, depth: usize) -> Kind {
        if depth > 32 {
            return Kind::Unknown;
        }
        match &f.body.expr(e).kind {
            ExprKind::Name(name) => match self.bound(f, *name) {
                Some((up, Bound::Expr(arg))) => self.kind_of(&up, arg, depth + 1),
                Some((_, Bound::Value(value))) => value.kind,
                None => match self.variable(f, *name) {
                    Some(var) => self.variables[var as usize].kind,
                    None => self.types.global(f.body.names.text(*name)).unwrap_or_default(),
                },
            },
            ExprKind::Member { base, field, .. } => {
                let base = self.kind_of(f, *base, depth + 1);
                let ty = match base {
                    Kind::Struct(ty) => Some(ty),
                    other => other.pointee(),
                };
                let field = ty.and_then(|ty| self.types.field(ty, f.body.names.text(*field)));
                field.map_or(Kind::Unknown, |field| field.kind)
            }
            ExprKind::Index { base, index } => {
                // `0[a]` is `a[0]`.
                let (base, index) = (self.kind_of(f, *base, depth + 1), self.kind_of(f, *index, depth + 1));
                let pointee = base.pointee().or(index.pointee());
                pointee.map_or(Kind::Unknown, |ty| self.types.kind(ty))
            }
            ExprKind::Unary { op: UnaryOp::Deref, operand: base } => {
                let pointee = self.kind_of(f, *base, depth + 1).pointee();
                pointee.map_or(Kind::Unknown, |ty| self.types.kind(ty))
            }
            ExprKind::Cast { ty, .. } => self.declared(f.body.names.text(*ty)),
            ExprKind::String(text) => {
                let length = f.body.names.text(*text).len() as u64;
                match self.types.declared("char *") {
                    Kind::Pointer(ty) => Kind::Array(ty, length.checked_sub(1)),
                    _ => Kind::Unknown,
                }
            }
            ExprKind::Number(text) => number(f.body.names.text(*text)).map_or(Kind::Float, |(_, kind)| kind),
            _ => Kind::Unknown,
        }
    }
}

/// The name of a type, without qualifiers and pointers.
fn base_name(ty: &str) -> &str {
    let before = ty.split(['*', '[']).next().unwrap_or(ty);
    before.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').rfind(|word| !word.is_empty()).unwrap_or("")
}
