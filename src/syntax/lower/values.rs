//! Extracts what the children of a node were lowered to.

use super::{Lowered, Lowering, Value, field};
use crate::hir::{DeclaratorForm, Expr, ExprId, ExprKind, StmtId, StmtKind, Symbol};
use crate::syntax::kinds::Kind;
use crate::syntax::markers::TYPE_ARGUMENT;

impl Lowering<'_> {
    /// The type that a cast or `sizeof` names.
    pub(super) fn type_text(&self, children: &[Value]) -> Option<Symbol> {
        children.iter().find_map(|c| match c.what {
            Lowered::Type(ty) => Some(ty),
            _ => None,
        })
    }

    /// Whether the expression contains a call.
    pub(super) fn calls(&self, e: ExprId) -> bool {
        const LOOKED_AT: usize = 64;
        let span = self.exprs[e.0 as usize].span;
        let inside = |x: &Expr| span.start <= x.span.start && x.span.end <= span.end;
        let last = self.exprs.iter().rev().take(LOOKED_AT);
        last.into_iter().any(|x| matches!(x.kind, ExprKind::Call { .. }) && inside(x))
    }

    /// The name that the children declare, and its form.
    pub(super) fn declared(&self, children: &[Value]) -> (Option<Symbol>, DeclaratorForm) {
        let found = children.iter().find_map(|c| match c.what {
            Lowered::Declarator { name, form, .. } => name.map(|name| (name, form)),
            Lowered::Name(name) => Some((name, DeclaratorForm::Plain)),
            Lowered::Expr(e) if c.field == 0 || c.field == *field::DECLARATOR => match self.exprs[e.0 as usize].kind {
                ExprKind::Name(name) => Some((name, DeclaratorForm::Plain)),
                _ => None,
            },
            _ => None,
        });
        found.map_or((None, DeclaratorForm::Plain), |(name, form)| (Some(name), form))
    }

    /// The values as statements, in order. Bare expressions left by an ERROR become statements.
    pub(super) fn list(&mut self, values: Vec<Value>) -> Vec<StmtId> {
        let mut all = Vec::new();
        for value in values {
            match value.what {
                Lowered::Stmt(s) => {
                    all.push(s);
                }
                Lowered::Stmts(more) => all.extend(more),
                Lowered::Expr(e) => {
                    let kind = match self.exprs[e.0 as usize].kind {
                        ExprKind::Opaque(_) => StmtKind::Opaque,
                        _ => StmtKind::Expr(e),
                    };
                    all.push(self.stmt(kind, &value.range));
                }
                Lowered::Function { body, .. } => all.push(body),
                _ => {}
            }
        }
        all
    }

    pub(super) fn statements(&mut self, values: Vec<Value>) -> Lowered {
        Lowered::Stmts(self.list(values))
    }

    /// One statement: a block for several, an empty statement for none.
    pub(super) fn single(&mut self, mut all: Vec<StmtId>, range: &std::ops::Range<usize>) -> StmtId {
        match all.len() {
            1 => all.remove(0),
            0 => self.stmt(StmtKind::Empty, range),
            _ => self.stmt(StmtKind::Block(all), range),
        }
    }

    /// `whole`, preceded by the contents of any ERROR among its children (an opaque statement for an expression).
    pub(super) fn with_islands(&mut self, children: Vec<Value>, whole: StmtId) -> Lowered {
        let mut all: Vec<StmtId> = Vec::new();
        for child in children {
            match child.what {
                Lowered::Stmts(more) if child.kind == Kind::Error => all.extend(more),
                Lowered::Expr(_) if child.kind == Kind::Error => all.push(self.stmt(StmtKind::Opaque, &child.range)),
                _ => {}
            }
        }
        if all.is_empty() {
            return Lowered::Stmt(whole);
        }
        all.push(whole);
        Lowered::Stmts(all)
    }

    pub(super) fn cond(&mut self, children: &mut Vec<Value>, range: &std::ops::Range<usize>) -> ExprId {
        match self.take_expr(children, *field::CONDITION) {
            Some(cond) => cond,
            None => self.expr(ExprKind::Opaque(Vec::new()), &(range.start..range.start)),
        }
    }

    /// The body of a loop or switch: its last statement.
    pub(super) fn body(&mut self, children: &mut Vec<Value>, range: &std::ops::Range<usize>) -> StmtId {
        match children
            .iter()
            .rposition(|c| matches!(c.what, Lowered::Stmt(_) | Lowered::Stmts(_)) && c.kind != Kind::Error)
        {
            Some(i) => {
                let value = children.remove(i);
                let all = self.list(vec![value]);
                self.single(all, range)
            }
            None => self.stmt(StmtKind::Empty, &(range.end..range.end)),
        }
    }

    pub(super) fn take_stmt(
        &mut self,
        children: &mut Vec<Value>,
        wanted: u16,
        range: &std::ops::Range<usize>,
    ) -> StmtId {
        match children.iter().position(|c| c.field == wanted) {
            Some(i) => {
                let value = children.remove(i);
                let own = value.range.clone();
                let all = self.list(vec![value]);
                self.single(all, &own)
            }
            None => self.stmt(StmtKind::Empty, &(range.end..range.end)),
        }
    }

    pub(super) fn take_expr(&mut self, children: &mut Vec<Value>, wanted: u16) -> Option<ExprId> {
        let index = children
            .iter()
            .position(|c| c.field == wanted && matches!(c.what, Lowered::Expr(_) | Lowered::Exprs(_)))?;
        let value = children.remove(index);
        self.value_expr(value)
    }

    pub(super) fn any_expr(&mut self, children: &mut Vec<Value>) -> Option<ExprId> {
        let is_expr = |c: &Value| matches!(c.what, Lowered::Expr(_) | Lowered::Exprs(_));
        let index = children
            .iter()
            .position(|c| is_expr(c) && c.kind != Kind::Error)
            .or_else(|| children.iter().position(is_expr))?;
        let value = children.remove(index);
        self.value_expr(value)
    }

    pub(super) fn value_expr(&mut self, value: Value) -> Option<ExprId> {
        match value.what {
            Lowered::Expr(e) => Some(e),
            Lowered::Exprs(all) => Some(self.expr(ExprKind::Opaque(all), &value.range)),
            _ => None,
        }
    }

    pub(super) fn exprs_of(&mut self, children: Vec<Value>) -> Vec<ExprId> {
        let mut all = Vec::new();
        for child in children {
            match child.what {
                Lowered::Expr(e) => all.push(e),
                Lowered::Exprs(more) => all.extend(more),
                // A block as an argument or in a list, as accepted by macros.
                Lowered::Stmt(s) => all.push(self.expr(ExprKind::Statement(s), &child.range)),
                Lowered::Stmts(more) => {
                    let block = self.stmt(StmtKind::Block(more), &child.range);
                    all.push(self.expr(ExprKind::Statement(block), &child.range));
                }
                _ => {}
            }
        }
        // A type passed as an argument is not a value.
        all.retain(
            |e| !matches!(self.exprs[e.0 as usize].kind, ExprKind::Name(n) if self.names.text(n) == TYPE_ARGUMENT),
        );
        all
    }
}
