//! Function entry: variables and the values of parameters.

use super::arrays;
use super::eval::{Eval, Variable};
use crate::analysis::bounds::terms::linear::Linear;
use crate::analysis::bounds::terms::names;
use crate::analysis::bounds::terms::state::{State, Value};
use crate::analysis::bounds::terms::symbols::{What, Wire};
use crate::analysis::bounds::terms::types::Kind;
use crate::hir::{DeclaratorForm, ExprKind, StmtKind, UnaryOp};

/// Whether the brackets of an array type are non-empty.
fn has_length(declared: &str) -> bool {
    let inner = declared.split_once('[').and_then(|(_, rest)| rest.split_once(']'));
    inner.is_some_and(|(inner, _)| !inner.trim().is_empty())
}

impl Eval<'_> {
    /// Assigns a number and a type to every parameter and local variable.
    pub(super) fn declare(&mut self) {
        let function = self.function;
        let body = &function.body;
        let code_of = |text: &str| self.types.declared(text);
        let unit = self.cx.program.unit(function.file);
        for param in &function.params {
            let text = unit.base.code.get(param.span.range()).unwrap_or("");
            let kind = match code_of(text) {
                // An array parameter is a pointer.
                Kind::Array(ty, _) => Kind::Pointer(ty),
                other => other,
            };
            let number = self.variables.len() as u32;
            let in_memory = matches!(kind, Kind::Struct(_));
            let object = self.cx.program.message_object(text);
            self.variables.push(Variable {
                name: param.name,
                declared: text,
                kind,
                in_memory,
                address_taken: false,
                object,
            });
            self.by_name.insert(param.name, number);
        }
        for stmt in &body.stmts {
            let StmtKind::Decl(all) = &stmt.kind else { continue };
            for declarator in all.iter().filter(|d| d.form != DeclaratorForm::Function) {
                let mut kind = code_of(body.names.text(declarator.ty));
                // `char s[] = "…"`
                if let (Kind::Array(ty, None), Some(init)) = (kind, declarator.init)
                    && let ExprKind::String(text) = body.expr(init).kind
                    && !has_length(body.names.text(declarator.ty))
                {
                    kind = Kind::Array(ty, (body.names.text(text).len() as u64).checked_sub(1));
                }
                let in_memory =
                    matches!(kind, Kind::Array(..) | Kind::Struct(_)) || declarator.form == DeclaratorForm::Array;
                let number = self.variables.len() as u32;
                let object = self.cx.program.message_object(body.names.text(declarator.ty));
                self.variables.push(Variable {
                    name: declarator.name,
                    declared: body.names.text(declarator.ty),
                    kind,
                    in_memory,
                    address_taken: false,
                    object,
                });
                self.by_name.entry(declarator.name).or_insert(number);
            }
        }
        for expr in &body.exprs {
            // A structure of undeclared type.
            if let ExprKind::Member { base, arrow: false, .. } = expr.kind
                && let ExprKind::Name(name) = body.expr(base).kind
                && let Some(&var) = self.by_name.get(&name)
                && self.variables[var as usize].kind == Kind::Unknown
            {
                self.variables[var as usize].in_memory = true;
            }
            if let ExprKind::Unary { op: UnaryOp::AddressOf, operand } = expr.kind
                && let ExprKind::Name(name) = body.expr(operand).kind
                && let Some(&var) = self.by_name.get(&name)
            {
                self.variables[var as usize].address_taken = true;
            }
        }
        let alone = |kind: &StmtKind| match *kind {
            StmtKind::Expr(e) => Some(body.bare(e)),
            _ => None,
        };
        self.alone = body.stmts.iter().filter_map(|stmt| alone(&stmt.kind)).collect();
        self.lengths = self.find_lengths();
        self.sized = arrays::sized_fields(body);
        self.state = State::new(self.variables.len());
    }

    /// Sets parameters to their values on entry.
    pub(super) fn seed(&mut self) {
        for i in 0..self.function.params.len() as u32 {
            let variable = &self.variables[i as usize];
            if variable.in_memory {
                continue;
            }
            let kind = variable.kind;
            let (lo, hi) = kind.range();
            let (s, _) = self.symbols.get(What::Parameter(i), lo, hi);
            let name = self.function.body.names.text(self.function.params[i as usize].name);
            let wire = if matches!(kind, Kind::Int { .. }) && names::is_length(name) { Wire::Faint } else { Wire::No };
            let name = self.paths.text(name);
            let info = self.symbols.info_mut(s);
            info.span = Some(self.function.params[i as usize].span);
            (info.name, info.wire) = (Some(name), wire);
            self.state.set_var(i, Some(Value { linear: Linear::symbol(s), kind }));
        }
        self.pair_parameters();
    }
}
