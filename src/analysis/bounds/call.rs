//! Calls: what a macro or a small function is worth where it is used, and what the catalog says of others.

use super::cond::Way;
use super::eval::{Bound, Eval, Frame, MAX_FRAMES};
use super::linear::Linear;
use super::model::Called;
use super::state::Value;
use super::symbols::{What, Wire};
use super::types::Kind;
use crate::hir::{ExprId, ExprKind, Symbol};

impl Eval<'_> {
    pub fn call(&mut self, f: &Frame, e: ExprId, callee: ExprId, args: &[ExprId]) -> Value {
        let Some(name) = f.body.callee(e) else {
            self.eval(f, callee);
            return self.unknown_call(f, e, args, Kind::Unknown);
        };
        if let "__builtin_expect" | "likely" | "unlikely" = name
            && let Some(&first) = args.first()
        {
            return self.eval(f, first);
        }
        if let Some(value) = self.look_into(f, e, name, args, &mut |eval, f, e| eval.eval(f, e)) {
            return value;
        }
        if let Some(value) = self.modelled(f, e, name, args) {
            return value;
        }
        let kind = self.cx.types.returns(name).map_or(Kind::Unknown, |ty| self.cx.types.kind(ty));
        self.unknown_call(f, e, args, kind)
    }

    /// A call as a condition.
    pub fn branch_call(&mut self, f: &Frame, e: ExprId, callee: ExprId, args: &[ExprId]) -> (Way, Way) {
        if let Some(name) = f.body.callee(e) {
            if let "__builtin_expect" | "likely" | "unlikely" = name
                && let Some(&first) = args.first()
            {
                return self.branch(f, first);
            }
            if let Some(ways) = self.look_into(f, e, name, args, &mut |eval, f, e| eval.branch(f, e)) {
                return ways;
            }
        }
        let value = self.call(f, e, callee, args);
        let span = self.span(f, e);
        self.branch_value(value, span)
    }

    /// Does `work` on the one expression that a macro or function consists of.
    fn look_into<T>(
        &mut self,
        f: &Frame,
        e: ExprId,
        name: &str,
        args: &[ExprId],
        work: &mut dyn FnMut(&mut Self, &Frame, ExprId) -> T,
    ) -> Option<T> {
        if f.depth >= MAX_FRAMES {
            return None;
        }
        let span = self.span(f, e);
        let inline = self.cx.inline(name, self.file, span.start)?;
        if inline.params.len() != args.len() {
            return None;
        }
        let mut names: Vec<(Symbol, Bound)> = Vec::with_capacity(args.len());
        for (&param, &arg) in inline.params.iter().zip(args) {
            let bound = if inline.is_macro { Bound::Expr(arg) } else { Bound::Value(self.eval(f, arg)) };
            names.push((param, bound));
        }
        let frame = Frame {
            body: &inline.function.body,
            names: &names,
            up: Some(f),
            call: Some(span),
            is_open: inline.is_macro && f.is_open,
            depth: f.depth + 1,
        };
        Some(work(self, &frame, inline.value))
    }

    /// The value of a macro without parameters that stands for an expression.
    pub fn object_macro(&mut self, f: &Frame, e: ExprId, name: &str) -> Option<Value> {
        if f.depth >= MAX_FRAMES {
            return None;
        }
        let span = self.span(f, e);
        let def = self.cx.program.macros.resolve(name, self.file, span.start).filter(|def| def.params.is_none())?;
        if let Some(n) = self.cx.types.constant(name) {
            return Some(self.int(n));
        }
        let inline = self.cx.inlines.of_macro(self.cx.program, def)?;
        let frame = Frame {
            body: &inline.function.body,
            names: &[],
            up: Some(f),
            call: Some(span),
            is_open: f.is_open,
            depth: f.depth + 1,
        };
        Some(self.eval(&frame, inline.value))
    }

    /// A function of which nothing is known: what its arguments lead to may be changed.
    fn unknown_call(&mut self, f: &Frame, e: ExprId, args: &[ExprId], kind: Kind) -> Value {
        let span = self.span(f, e);
        let values = args.iter().map(|&arg| self.eval(f, arg)).collect();
        let called = Called { e, span, name: f.body.callee(e).unwrap_or(""), args, values };
        let result = self.any_call(f, &called, kind);
        let name = f.body.callee(e);
        let by_name = name.is_some_and(|name| self.cx.program.macros.is_defined(name) || is_shouting(name));
        if by_name {
            // A macro that is more than an expression may store to what it names.
            for &arg in args {
                if let ExprKind::Name(name) = f.body.expr(arg).kind
                    && let Some(var) = self.variable(f, name)
                    && !self.variables[var as usize].in_memory
                {
                    self.state.set_var(var, None);
                }
            }
        }
        result
    }

    /// What lies behind a pointer may have become anything.
    pub fn changed_behind(&mut self, pointer: &Linear, wire: Wire) {
        let Some(root) = self.root(pointer) else { return };
        if let What::Local(var) = self.symbols.info(root).what
            && !self.variables[var as usize].in_memory
        {
            let kind = self.variables[var as usize].kind;
            let value = self.unknown(kind, wire, self.function.span);
            self.state.set_var(var, Some(value));
            return;
        }
        let event = self.event();
        self.state.change_root(root, event);
    }

    /// Which arguments a call may store to as variables; none if that is not known.
    pub fn changed_arguments(&self, e: ExprId) -> Option<u32> {
        let body = &self.function.body;
        let Some(name) = body.callee(e) else { return Some(0) };
        let at = body.expr(e).span.start;
        match self.cx.program.macros.resolve(name, self.file, at) {
            Some(def) => self.cx.inlines.of_macro(self.cx.program, def).map(|inline| inline.stores),
            None if is_shouting(name) && !self.cx.program.is_defined(name) => None,
            None => Some(0),
        }
    }

    pub fn returned(&mut self, value: Value) {
        let _ = value;
    }
}

fn is_shouting(name: &str) -> bool {
    name.len() > 2 && !name.bytes().any(|b| b.is_ascii_lowercase())
}
