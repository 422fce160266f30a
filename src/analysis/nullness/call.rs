//! What a call does: what it reads through, what it may change, what it returns.

use super::state::{State, Values, bits};
use super::walk::{Walker, is_null_literal};
use super::{Origin, UseKind};
use crate::analysis::access::{Place, place};
use crate::analysis::constant::constant;
use crate::hir::{ExprId, ExprKind, UnaryOp};
use crate::program::catalog::Model;
use crate::program::catalog::model::{NullReason, SinkKind};

/// Arguments that a call by this model reads or writes through: null is a crash there.
fn dereferenced(model: &Model) -> Vec<usize> {
    let mut all = Vec::new();
    if let Some(sink) = model.sink() {
        use SinkKind::*;
        match sink.kind {
            Copy | StringCopy | StringCopyBounded | StringCopyUnterminated | Read | Decode | DecodeUnbounded => {
                all.extend([sink.dst, sink.src].into_iter().flatten());
            }
            Fill | Format => all.extend(sink.dst),
            Scan => all.extend(sink.src),
            FormatBounded | Send => {}
        }
    }
    all.extend(model.needs_nul().iter().filter(|n| !n.null_ok).flat_map(|n| n.args.iter().copied()));
    all.extend(model.extractor().and_then(|e| e.ptr.or(e.object)));
    all.extend(model.accessor().map(|a| a.object));
    all.extend(model.cursor().map(|c| c.object));
    all.extend(model.number_parser().map(|n| n.text));
    let mut all: Vec<usize> = all.into_iter().filter_map(|a| a.index()).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// What a call may change.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Effect {
    /// What its arguments point to.
    Library,
    /// Its arguments themselves, and anything not local.
    Macro,
    /// What its arguments point to, and anything not local.
    Any,
}

/// Whether a call by this model changes no pointer.
fn only_looks(model: &Model) -> bool {
    let writes = model.sink().is_some_and(|s| !matches!(s.kind, SinkKind::Read | SinkKind::Send));
    let known =
        model.log().is_some() || model.needs_nul().is_some() || model.sink().is_some() || model.lock().is_some();
    known && !writes && model.must_check().is_none() && model.source().is_none() && model.cursor().is_none()
}

impl Walker<'_> {
    pub(super) fn call(&mut self, e: ExprId, st: &mut State) -> Values {
        let body = self.body;
        let ExprKind::Call { callee, args } = &body.expr(e).kind else { return Values::UNKNOWN };
        let name = body.callee(e);
        if name.is_none_or(|_| self.is_pointer(*callee)) {
            self.called_through(*callee, st);
        }
        let model = name.and_then(|n| self.program.model(n, self.file));
        if let Some(assert) = model.and_then(|m| m.assert())
            && let Some(&cond) = assert.cond.index().and_then(|i| args.get(i))
        {
            // `assert(0)`, `assert(!"cannot be")`
            if constant(body, cond) == Some(false) {
                // Control does not get past it.
                st.clear();
                return Values::UNKNOWN;
            }
            let held = self.asserted_values(cond, st);
            self.asserted(cond, st);
            let before = st.clone();
            let asserting = std::mem::replace(&mut self.asserting, true);
            let (yes, _) = self.branch(cond, st.clone());
            self.asserting = asserting;
            match yes {
                Some(yes) => *st = yes,
                None => st.clear(),
            }
            for id in held.iter().flat_map(|(_, values)| values.ids().to_vec()) {
                if before.bits(id) & bits::ANY_UNTESTED != 0 && st.bits(id) == bits::TESTED {
                    st.set_bits(id, bits::ASSERTED);
                }
            }
            return Values::UNKNOWN;
        }
        let is_macro = name.is_some_and(|n| self.is_macro(n));
        // `EXIT_RTN_VALUE(NULL, …)` from a header that is not here.
        if self.recording
            && self.returns_pointer
            && is_macro
            && model.is_none()
            && name.is_some_and(|n| n.split('_').any(|w| matches!(w, "RTN" | "RETURN")))
            && args.iter().any(|&a| is_null_literal(body, a, false))
        {
            self.out.returns_null = true;
        }
        if self.recording
            && let Some(name) = name
        {
            self.freed(name, is_macro, args);
        }
        // What a function reads is known if it is defined here.
        let is_own = name.is_some_and(|n| self.program.is_defined(n));
        let through = model.as_ref().filter(|_| !is_own).map(dereferenced).unwrap_or_default();
        let mut given: Vec<Values> = Vec::with_capacity(args.len());
        for (i, &arg) in args.iter().enumerate() {
            let nullable = std::mem::replace(&mut self.nullable, false);
            self.giving = name.is_some() && !is_macro;
            let value = self.eval(arg, st);
            self.giving = false;
            self.nullable = nullable;
            given.push(value);
            if through.contains(&i) {
                self.used(value, UseKind::Library, arg, st);
                self.read_part(arg, st);
            }
        }
        for (i, &arg) in args.iter().enumerate() {
            if through.contains(&i) || given[i].is_unknown() {
                continue;
            }
            match name {
                Some(name) if !is_macro && (model.is_none() || is_own) => {
                    let callee: Box<str> = name.into();
                    if self.recording
                        && let Some(member) = self.asked_member(given[i], st)
                    {
                        self.out.members_guarded.push((member, callee.clone(), i as u8));
                    }
                    self.used(given[i], UseKind::Given { callee, arg: i as u8 }, arg, st);
                }
                Some(_) if !is_macro => {}
                // A macro may check it, and a callee without a name may be anything.
                _ if model.is_none() => self.look_at(given[i], st),
                _ => {}
            }
        }
        if self.recording && model.is_none() && !is_macro && name.is_some() {
            for (i, &arg) in args.iter().enumerate().take(usize::from(u8::MAX)) {
                if is_null_literal(body, arg, false) || self.is_all_null(given[i], st) {
                    self.out.nulls_given.push((e, i as u8));
                }
            }
        }
        for i in through {
            if let Some(values) = given.get_mut(i) {
                *values = Values::UNKNOWN;
            }
        }
        self.given = given;
        let effect = match model {
            None if is_macro && name.is_some_and(|name| self.only_reads(name, e)) => {
                return self.result(e, name, None, is_macro, st);
            }
            _ if is_macro => Effect::Macro,
            Some(model) if only_looks(&model) => {
                return self.result(e, name, model.may_null().map(|m| m.reason), is_macro, st);
            }
            Some(_) => Effect::Library,
            None => Effect::Any,
        };
        self.effects(args, effect, st);
        if is_own && effect == Effect::Any {
            self.stored(e, args, st);
        }
        self.result(e, name, model.and_then(|m| m.may_null()).map(|m| m.reason), is_macro, st)
    }

    /// `GET_FROM(m)` defined as `(m)->from`.
    fn only_reads(&self, name: &str, call: ExprId) -> bool {
        let macros = &self.program.macros;
        let def = macros.resolve(name, self.file, self.body.expr(call).span.start);
        def.is_some_and(|def| macros.only_reads(def))
    }

    /// `ops->open(x)`, `(*handler)(x)`: calling a null function pointer is a crash.
    fn called_through(&mut self, callee: ExprId, st: &mut State) {
        let pointer = match self.body.expr(callee).kind {
            ExprKind::Unary { op: UnaryOp::Deref, operand } => operand,
            _ => callee,
        };
        let value = self.eval(pointer, st);
        self.used(value, UseKind::Called, pointer, st);
    }

    /// `packet_free(&p->a)`, `SAFE_FREE(p->a)`: the member is null afterwards.
    fn freed(&mut self, name: &str, is_macro: bool, args: &[ExprId]) {
        let lower = name.to_ascii_lowercase();
        if !["free", "clear", "unref", "destroy"].iter().any(|w| lower.contains(w)) {
            return;
        }
        for &arg in args {
            let member = match self.body.expr(arg).kind {
                ExprKind::Unary { op: UnaryOp::AddressOf, operand } => operand,
                ExprKind::Member { .. } if is_macro => arg,
                _ => continue,
            };
            if matches!(self.body.expr(member).kind, ExprKind::Member { .. }) {
                self.out.members_nulled.push(member);
            }
        }
    }

    /// `&p->f` where a library function reads or writes: that is a use of `p`.
    fn read_part(&mut self, mut arg: ExprId, st: &mut State) {
        while let ExprKind::Cast { operand, .. }
        | ExprKind::Unary { op: UnaryOp::AddressOf, operand }
        | ExprKind::Member { base: operand, arrow: false, .. } = self.body.expr(arg).kind
        {
            arg = operand;
        }
        if let ExprKind::Member { base, arrow: true, .. } = self.body.expr(arg).kind {
            let value = self.held(base, st);
            self.used(value, UseKind::Dereference, base, st);
        }
    }

    /// `f(&p)` for a function defined here: it may have stored null.
    fn stored(&mut self, call: ExprId, args: &[ExprId], st: &mut State) {
        for (i, &arg) in args.iter().enumerate().take(usize::from(u8::MAX)) {
            if let ExprKind::Unary { op: UnaryOp::AddressOf, operand } = self.body.expr(arg).kind
                && self.is_pointer(operand)
                && let Some(no) = self.place_of(operand)
            {
                self.origins.insert(arg.0, Origin::Stored { call, arg: i as u8 });
                st.arise(arg.0, bits::FRESH);
                st.set(no, Values::one(arg.0));
            }
        }
    }

    /// The member that holds this value, if it was tested.
    fn asked_member(&self, values: Values, st: &State) -> Option<ExprId> {
        let [id] = values.ids() else { return None };
        match self.origins.get(id) {
            Some(Origin::Loaded(at) | Origin::Asked(at))
                if st.bits(*id) & !bits::STALE == bits::TESTED && !values.other =>
            {
                Some(*at)
            }
            _ => None,
        }
    }

    /// Whether it is null on every path.
    fn is_all_null(&self, values: Values, st: &State) -> bool {
        let is_null = |id: &u32| {
            let known = st.bits(*id);
            matches!(self.origins.get(id), Some(Origin::Null(_))) && known != 0 && known & !bits::ANY_NULL == 0
        };
        !values.is_unknown() && !values.other && values.ids().iter().all(is_null)
    }

    /// What the call `e` returns.
    fn result(
        &mut self,
        e: ExprId,
        name: Option<&str>,
        reason: Option<NullReason>,
        is_macro: bool,
        st: &mut State,
    ) -> Values {
        let body = self.body;
        let ExprKind::Call { args, .. } = &body.expr(e).kind else { return Values::UNKNOWN };
        // `strchr(s, '\0')` finds the end.
        let finds_end = args.get(1).is_some_and(|&a| match body.expr(a).kind {
            ExprKind::Char(c) => body.names.text(c) == "'\\0'",
            ExprKind::Number(n) => body.names.text(n) == "0",
            _ => false,
        });
        // A macro without a model may be anything: a member, a number.
        if name.is_none() || (finds_end && reason == Some(NullReason::NotFound)) || (is_macro && reason.is_none()) {
            return Values::UNKNOWN;
        }
        self.origins.insert(e.0, Origin::Call(e));
        st.arise(e.0, bits::FRESH);
        Values::one(e.0)
    }

    /// Forgets what a call may change.
    fn effects(&mut self, args: &[ExprId], effect: Effect, st: &mut State) {
        let touched: Vec<Place> = args.iter().filter_map(|&arg| place(self.body, arg)).collect();
        let places = &self.places;
        let (escaped, locals) = (&self.escaped, &self.locals);
        st.forget(|p| {
            let other = &places.all[p as usize];
            let is_shared = escaped.contains(&other.base) || !locals.contains(&other.base);
            (effect != Effect::Library && is_shared)
                || (effect == Effect::Macro && touched.iter().any(|t| t.base == other.base))
        });
        // A callee that gets `p->a` can reach what that points to, but no other member of `*p`.
        st.forget_changed(|p| {
            let other = &places.all[p as usize];
            touched.iter().any(|t| t != other && t.covers(other))
        });
    }

    /// Records the pointers that an assertion tests, or a macro that may be one.
    pub(super) fn asserted(&mut self, cond: ExprId, st: &mut State) {
        for (e, values) in self.asserted_values(cond, st) {
            self.used(values, UseKind::Asserted, e, st);
        }
    }

    /// The pointers that a condition mentions.
    fn asserted_values(&mut self, cond: ExprId, st: &State) -> Vec<(ExprId, Values)> {
        let mut all = Vec::new();
        let mut parts = Vec::new();
        self.body.walk(cond, &mut |e| parts.push(e));
        for e in parts.into_iter().take(64) {
            if let Some(no) = self.places.find(self.body, e) {
                all.push((e, st.get(no)));
            }
        }
        all
    }
}
