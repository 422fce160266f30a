//! Calls: macros and small functions evaluated inline, catalog models and summaries for others.

use super::cond::Way;
use super::eval::{Bound, Eval, Frame, MAX_FRAMES, Variable};
use super::model::{COMPARISONS, Called};
use crate::analysis::bounds::terms::facts::FactId;
use crate::analysis::bounds::terms::linear::{Linear, Sym};
use crate::analysis::bounds::terms::names::{self, is_length, is_shouting};
use crate::analysis::bounds::terms::sites::{Hint, SiteKind, Use};
use crate::analysis::bounds::terms::state::{Key, Value};
use crate::analysis::bounds::terms::summary::Summary;
use crate::analysis::bounds::terms::symbols::{Room, What, Wire, lesser};
use crate::analysis::bounds::terms::types::Kind;
use crate::hir::{ExprId, ExprKind, Symbol, UnaryOp};

impl Eval<'_> {
    pub fn call(&mut self, f: &Frame, e: ExprId, callee: ExprId, args: &[ExprId]) -> Value {
        let Some(name) = f.body.callee(e) else {
            self.eval(f, callee);
            return self.unknown_call(f, e, args, Kind::Unknown);
        };
        if is_expectation(name)
            && let Some(&first) = args.first()
        {
            return self.eval(f, first);
        }
        if name == "offsetof"
            && let Some(n) = self.offset_of_member(f, self.span(f, e))
        {
            return Value { linear: Linear::constant(n), kind: Kind::SIZE };
        }
        if !self.is_object_call(name)
            && let Some(value) = self.look_into(f, e, name, args, &mut |eval, f, e| eval.eval(f, e))
        {
            let value = self.of_result_type(f, e, name, value);
            // A macro's name says more about an allocation than its expansion.
            if let Some(s) = value.linear.as_symbol().filter(|s| self.symbols.info(*s).what == What::Fresh)
                && self.cx.program.model(name, self.file).is_some_and(|model| model.allocator().is_some())
            {
                self.fresh.insert(s);
            }
            return value;
        }
        if let Some((yes, no)) = self.tests_length(f, e, name, args) {
            let at = self.at;
            self.join(vec![yes, no], at);
            return self.between(Kind::INT, 0, 1, Wire::No, self.span(f, e));
        }
        if let Some(value) = self.modelled(f, e, name, args) {
            return value;
        }
        if let Some(value) = self.counted(f, e, name, args) {
            return value;
        }
        let kind = self.types.returns(name).unwrap_or_default();
        if let Some(value) = self.summarised(f, e, name, args, kind) {
            return value;
        }
        self.unknown_call(f, e, args, kind)
    }

    /// A length is passed to a parameter of fewer bits.
    fn cut_lengths(&mut self, f: &Frame, args: &[ExprId], values: &[Value], narrow: &[(u32, Kind)]) {
        for &(param, kind) in narrow {
            if let (Some(&value), Some(&arg)) = (values.get(param as usize), args.get(param as usize)) {
                self.stores_length = true;
                self.convert(f, arg, value, kind);
                self.stores_length = false;
            }
        }
    }

    /// Parameters named as lengths, of fewer bits than a memory length.
    pub(super) fn narrow_lengths(&self) -> Vec<(u32, Kind)> {
        let names = &self.function.body.names;
        let params = (0u32..).zip(&self.variables).take(self.function.params.len());
        let is_narrow = |kind: Kind| matches!(kind, Kind::Int { bits: 8 | 16, .. });
        let lengths = params.filter(|(_, v)| is_narrow(v.kind) && is_length(names.text(v.name)));
        lengths.map(|(i, v)| (i, v.kind)).collect()
    }

    /// A call of functions that have summaries.
    fn summarised(&mut self, f: &Frame, e: ExprId, name: &str, args: &[ExprId], kind: Kind) -> Option<Value> {
        let definitions = self.cx.program.callees(name, self.file);
        let summaries: Vec<&Summary> = definitions.iter().map(|d| self.cx.summaries.get(*d)).collect::<Option<_>>()?;
        if summaries.is_empty() || summaries.len() > 4 {
            return None;
        }
        let span = self.span(f, e);
        let values: Vec<Value> = args.iter().map(|&arg| self.eval(f, arg)).collect();
        for summary in &summaries {
            for need in &summary.needs {
                if let Some(goal) = self.imported(&need.goal, &values, span) {
                    let end = need.end.as_ref().and_then(|end| self.imported(end, &values, span));
                    self.site(f, e, SiteKind::Need { goal, end, defect: need.defect, depth: need.depth });
                }
            }
        }
        if let [only] = &summaries[..] {
            for &(param, bytes) in &only.reads {
                if let (Some(value), Some(&arg)) = (values.get(param as usize), args.get(param as usize)) {
                    let cursor = self.cursor(f, arg);
                    self.access(f, e, Use::Read, value.linear, Linear::constant(bytes), cursor);
                }
            }
        }
        if let [only] = &summaries[..] {
            for (param, size, does) in &only.given {
                let own = values.get(*param as usize).and_then(|v| Some((v.linear, self.symbols.buffer(&v.linear)?.1)));
                if let Some((address, buffer)) = own.filter(|(_, b)| matches!(b.room, Room::Array | Room::Allocated))
                    && let Some(size) = self.imported(size, &values, span)
                {
                    let kind = SiteKind::Block {
                        does: *does,
                        address,
                        size,
                        buffer: Some(buffer),
                        beside: Vec::new(),
                        callee: name.into(),
                        inner: true,
                        cursor: None,
                        hint: Hint::Nothing,
                    };
                    self.site(f, e, kind);
                }
            }
        }
        if let [only] = &summaries[..] {
            self.cut_lengths(f, args, &values, &only.narrow);
        }
        let writes = summaries.iter().fold(0, |all, s| all | s.writes);
        for (i, value) in values.iter().enumerate() {
            if writes & (1 << i.min(31)) != 0 {
                self.handed(f, e, &value.linear);
                self.changed_behind(&value.linear, Wire::No);
            }
        }
        let result = match &summaries[..] {
            [Summary { returns: Some(returned), .. }] => {
                let exact = returned.value.as_ref().and_then(|value| self.imported(value, &values, span));
                match exact {
                    Some(linear) => return Some(Value { linear, kind }),
                    None => {
                        let result = self.unknown(kind, returned.wire, span);
                        if let Some(s) = result.linear.as_symbol() {
                            let info = self.symbols.info_mut(s);
                            info.lo = info.lo.max(returned.lo);
                            info.hi = lesser(info.hi, returned.hi);
                            let given = returned.at_most.iter().filter_map(|i| values.get(*i as usize));
                            let given: Vec<Linear> = given.map(|v| v.linear).collect();
                            for most in given {
                                let hi = self.symbols.greatest(&most);
                                let info = self.symbols.info_mut(s);
                                info.hi = lesser(info.hi, hi);
                                info.axioms.extend(most.sub(&result.linear).filter(|_| most.has_terms()));
                            }
                        }
                        result
                    }
                }
            }
            _ => self.unknown(kind, Wire::No, span),
        };
        let called = Called { e, span, name, args, values };
        self.numbers_read(f, &called);
        self.depends(&result, &called);
        Some(result)
    }

    /// A call used as a condition.
    pub fn branch_call(&mut self, f: &Frame, e: ExprId, callee: ExprId, args: &[ExprId]) -> (Way, Way) {
        if let Some(name) = f.body.callee(e) {
            if is_expectation(name)
                && let Some(&first) = args.first()
            {
                return self.branch(f, first);
            }
            if let Some(ways) = self.tests_length(f, e, name, args) {
                return ways;
            }
            if !self.is_object_call(name)
                && let Some(ways) = self.look_into(f, e, name, args, &mut |eval, f, e| eval.branch(f, e))
            {
                return ways;
            }
        }
        let value = self.call(f, e, callee, args);
        let span = self.span(f, e);
        let ways = self.branch_value(value, span);
        if let ([text, ..], Some(name)) = (args, f.body.callee(e))
            && names::asks_for_empty(name)
        {
            self.not_empty(f, *text, ways.1.at);
        }
        ways
    }

    /// The string is non-empty where `at` holds.
    fn not_empty(&mut self, f: &Frame, text: ExprId, at: FactId) {
        let noted = self.sites.len();
        let (text, span) = (self.eval(f, text), self.span(f, text));
        self.sites.truncate(noted);
        if text.kind.is_pointer() || text.kind == Kind::Unknown {
            let length = self.length_of_string(text.linear, span);
            length.plus_constant(-1).into_iter().for_each(|fact| self.facts.add(at, fact));
        }
    }

    /// A function's result has its declared type, a macro's the type of its expression.
    fn of_result_type(&mut self, f: &Frame, e: ExprId, name: &str, value: Value) -> Value {
        match self.types.returns(name) {
            Some(kind @ Kind::Int { bits: ..32, .. }) if !self.cx.program.macros.is_defined(name) => {
                // That it fits is checked in the function itself.
                let noted = self.sites.len();
                let value = self.convert(f, e, value, kind);
                self.sites.truncate(noted);
                // A value of unknown type is assumed to fit.
                if let Some(s) = value.linear.as_symbol() {
                    let info = self.symbols.info_mut(s);
                    if info.what == What::Fresh && info.lo.is_none() && info.hi.is_none() {
                        (info.lo, info.hi) = kind.range();
                    }
                }
                value
            }
            _ => value,
        }
    }

    /// Applies `work` to the single expression of a macro or function.
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
            args,
            up: Some(f),
            call: Some(span),
            is_open: inline.is_macro && f.is_open,
            depth: f.depth + 1,
        };
        Some(work(self, &frame, inline.value))
    }

    /// The value of an object-like macro that stands for an expression.
    pub fn object_macro(&mut self, f: &Frame, e: ExprId, name: &str) -> Option<Value> {
        if f.depth >= MAX_FRAMES {
            return None;
        }
        let span = self.span(f, e);
        let def = self.cx.program.macros.resolve(name, self.file, span.start).filter(|def| def.params.is_none())?;
        if let Some(n) = self.types.constant(name) {
            return Some(self.int(n));
        }
        let inline = self.cx.inlines.of_macro(self.cx.program, def)?;
        let frame = Frame {
            body: &inline.function.body,
            names: &[],
            args: &[],
            up: Some(f),
            call: Some(span),
            is_open: f.is_open,
            depth: f.depth + 1,
        };
        Some(self.eval(&frame, inline.value))
    }

    /// A call of an unknown function: the memory that its arguments point to may be modified.
    fn unknown_call(&mut self, f: &Frame, e: ExprId, args: &[ExprId], kind: Kind) -> Value {
        let span = self.span(f, e);
        let values = args.iter().map(|&arg| self.eval(f, arg)).collect();
        let called = Called { e, span, name: f.body.callee(e).unwrap_or(""), args, values };
        if COMPARISONS.contains(&called.name) {
            self.compared(f, &called);
        }
        for i in 0..called.values.len() {
            self.handed(f, e, &called.values[i].linear);
        }
        let result = self.any_call(&called, kind);
        self.numbers_read(f, &called);
        // A macro may assign to its arguments.
        let stored = self.stored_arguments(f, e);
        for (i, &arg) in args.iter().enumerate() {
            if stored & (1 << i.min(31)) != 0
                && let ExprKind::Name(name) = f.body.expr(arg).kind
                && let Some(var) = self.variable(f, name)
                && !self.variables[var as usize].in_memory
            {
                self.state.set_var(var, None);
            }
        }
        result
    }

    /// A call that reads numbers, by its name: what it stores to a variable is controlled by an outside party.
    fn numbers_read(&mut self, f: &Frame, call: &Called) {
        let method = || match f.body.expr(call.e).kind {
            ExprKind::Call { callee, .. } => match f.body.expr(callee).kind {
                ExprKind::Member { field, .. } => Some(f.body.names.text(field)),
                _ => None,
            },
            _ => None,
        };
        let name = if call.name.is_empty() { method().unwrap_or("") } else { call.name };
        let fixed = call.values.last().is_some_and(|v| v.linear.as_constant().is_some_and(|n| (1..=8).contains(&n)));
        let is_reader = names::reads_number(name) || fixed && names::reads(name);
        if !is_reader {
            return;
        }
        for &arg in call.args {
            let ExprKind::Unary { op: UnaryOp::AddressOf, operand } = f.body.expr(arg).kind else { continue };
            if let ExprKind::Name(name) = f.body.expr(operand).kind
                && let Some(var) = self.variable(f, name)
                && let kind @ Kind::Int { .. } = self.variables[var as usize].kind
            {
                let value = self.unknown(kind, Wire::Strong, call.span);
                if let Some(s) = value.linear.as_symbol() {
                    self.symbols.info_mut(s).name = Some(self.paths.text(f.body.names.text(name)));
                }
                self.state.set_var(var, Some(value));
            }
        }
    }

    /// A pointer into an array is passed to a call that may write through it: it has to lie inside the array.
    fn handed(&mut self, f: &Frame, e: ExprId, address: &Linear) {
        let Some((root, buffer)) = self.symbols.buffer(address) else { return };
        let chosen = address.sub(&Linear::symbol(root)).is_some_and(|offset| self.symbols.wire(&offset) > Wire::No);
        if buffer.room == Room::Array && chosen {
            self.access(f, e, Use::Write, *address, Linear::ZERO, None);
        }
    }

    /// The memory behind a pointer may have changed.
    pub fn changed_behind(&mut self, pointer: &Linear, wire: Wire) {
        let Some(root) = self.root(pointer) else { return };
        self.written(root);
        if let What::Local(var) = self.symbols.info(root).what
            && !self.variables[var as usize].in_memory
        {
            let Variable { kind, name, .. } = self.variables[var as usize];
            let name = self.function.body.names.text(name);
            let is_length = matches!(kind, Kind::Int { .. } | Kind::Unknown) && names::is_length(name);
            let wire = if is_length { wire.max(Wire::Faint) } else { wire };
            let value = self.unknown(kind, wire, self.function.span);
            if let Some(s) = value.linear.as_symbol() {
                self.symbols.info_mut(s).name = Some(self.paths.text(name));
            }
            self.state.set_var(var, Some(value));
            return;
        }
        let event = self.event();
        self.state.change_root(root, event);
        if let What::Inside { base, path } = self.symbols.info(root).what {
            self.state.change_part(Key { base, path }, event, &self.paths);
        }
    }

    pub fn written(&mut self, root: Sym) {
        // The contents are no longer just what was received.
        self.symbols.info_mut(root).filled = None;
        if let What::Parameter(i) = self.symbols.info(root).what {
            self.writes |= 1 << i.min(31);
        }
    }

    /// Bit `i`: the call may assign to a variable that is its argument `i`.
    pub fn stored_arguments(&self, f: &Frame, e: ExprId) -> u32 {
        let ExprKind::Call { args, .. } = &f.body.expr(e).kind else { return 0 };
        let Some(name) = f.body.callee(e) else { return 0 };
        let is_format = |arg: &ExprId| match f.body.expr(*arg).kind {
            ExprKind::String(text) => f.body.names.text(text).contains('%'),
            _ => false,
        };
        match self.cx.program.macros.resolve(name, self.file, self.span(f, e).start) {
            Some(def) => self.cx.program.macros.stores(def),
            // A macro whose value is used is unlikely to have other effects, and one that prints has none.
            None if is_shouting(name)
                && (f.depth > 0 || self.alone.contains(&e))
                && !self.cx.program.is_defined(name)
                && !args.iter().any(is_format) =>
            {
                u32::MAX
            }
            None => 0,
        }
    }

    pub fn returned(&mut self, value: Value) {
        self.returns.push((value.linear, self.at));
    }
}

/// `__builtin_expect` and its wrappers: the first argument, with a hint to the compiler.
fn is_expectation(name: &str) -> bool {
    name == "__builtin_expect" || name.to_ascii_lowercase().ends_with("likely")
}
