//! What evaluating an expression does to the state, and which values it uses before anyone asked.

use super::state::{State, Values, bits, joined};
use super::walk::{Walker, is_null_literal};
use super::{Origin, Use, UseKind};
use crate::analysis::access::{Place, Step, place};
use crate::hir::{BinaryOp, DeclaratorForm, ExprId, ExprKind, StmtId, StmtKind, Symbol, UnaryOp};
use crate::program::catalog::Model;
use crate::program::catalog::model::{NullReason, SinkKind};

/// Expressions nest this deep at most; what is deeper may do anything.
const MAX_DEPTH: u32 = 120;

/// Arguments that a call by this model reads or writes through: null there is a crash.
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

/// What calling something may change.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Effect {
    /// What its arguments point to.
    Library,
    /// Its arguments themselves, and what is not local.
    Macro,
    /// What its arguments point to, and what is not local.
    Any,
}

/// A call by this model changes no pointer.
fn only_looks(model: &Model) -> bool {
    let writes = model.sink().is_some_and(|s| !matches!(s.kind, SinkKind::Read | SinkKind::Send));
    let known =
        model.log().is_some() || model.needs_nul().is_some() || model.sink().is_some() || model.lock().is_some();
    known && !writes && model.must_check().is_none() && model.source().is_none() && model.cursor().is_none()
}

impl Walker<'_> {
    /// The value of `e`; what it does is done to `st`.
    pub(super) fn eval(&mut self, e: ExprId, st: &mut State) -> Values {
        if self.depth >= MAX_DEPTH {
            st.clear();
            return Values::UNKNOWN;
        }
        self.depth += 1;
        let value = self.eval_kind(e, st);
        self.depth -= 1;
        value
    }

    fn eval_kind(&mut self, e: ExprId, st: &mut State) -> Values {
        let body = self.body;
        match &body.expr(e).kind {
            ExprKind::Name(_) => match is_null_literal(body, e, self.nullable) {
                true => self.null(e, st),
                false => self.held(e, st),
            },
            ExprKind::Number(_) if self.nullable && is_null_literal(body, e, true) => self.null(e, st),
            ExprKind::Member { .. } | ExprKind::Index { .. } | ExprKind::Unary { op: UnaryOp::Deref, .. } => {
                self.select(e, st);
                self.held(e, st)
            }
            ExprKind::Unary { op: UnaryOp::AddressOf, operand } => {
                self.address_of(*operand, st);
                Values::UNKNOWN
            }
            ExprKind::Unary { op: UnaryOp::Not, .. }
            | ExprKind::Binary { op: BinaryOp::And | BinaryOp::Or | BinaryOp::Eq | BinaryOp::Ne, .. } => {
                // The answer is kept for later: whoever looks at it knows.
                let (yes, no) = self.branch(e, st.clone());
                match joined(yes, no) {
                    Some(mut both) => {
                        both.settle_since(st);
                        *st = both;
                    }
                    None => st.clear(),
                }
                Values::UNKNOWN
            }
            ExprKind::Unary { operand, .. } => {
                self.eval(*operand, st);
                Values::UNKNOWN
            }
            ExprKind::Cast { operand, .. } => self.eval(*operand, st),
            ExprKind::Update { operand, .. } => {
                let value = self.eval(*operand, st);
                self.used(value, UseKind::Arithmetic, *operand, st);
                self.store(*operand, Values::UNKNOWN, st);
                Values::UNKNOWN
            }
            ExprKind::Assign { op, left, right } => {
                let to_pointer = self.is_pointer(*left);
                let nullable = std::mem::replace(&mut self.nullable, to_pointer);
                let value = self.eval(*right, st);
                self.nullable = nullable;
                self.select(*left, st);
                if op.is_some() {
                    let old = self.held(*left, st);
                    self.used(old, UseKind::Arithmetic, *left, st);
                    self.used(value, UseKind::Arithmetic, *right, st);
                }
                let value = if op.is_some() { Values::UNKNOWN } else { value };
                self.store(*left, value, st);
                value
            }
            ExprKind::Binary { op: BinaryOp::Comma, left, right } => {
                self.eval(*left, st);
                self.eval(*right, st)
            }
            ExprKind::Binary { op, left, right } => {
                let a = self.eval(*left, st);
                let b = self.eval(*right, st);
                if matches!(op, BinaryOp::Add | BinaryOp::Sub) {
                    self.used(a, UseKind::Arithmetic, *left, st);
                    self.used(b, UseKind::Arithmetic, *right, st);
                } else {
                    // `p < end`: compared with something that says where it may point.
                    self.settle(a, bits::TESTED, st);
                    self.settle(b, bits::TESTED, st);
                }
                Values::UNKNOWN
            }
            ExprKind::Conditional { cond, then, otherwise } => {
                let (yes, no) = self.branch(*cond, st.clone());
                let mut value: Option<Values> = None;
                let mut done = None;
                for (way, e) in [(yes, then.as_ref()), (no, Some(otherwise))] {
                    let Some(mut way) = way else { continue };
                    way.age();
                    let one = e.map_or(Values::UNKNOWN, |&e| self.eval(e, &mut way));
                    // `p ? p : q`: what is no null here says nothing behind.
                    let one = match one.ids().iter().any(|&id| way.bits(id) & !bits::NOT_NULL != 0) {
                        true => one,
                        false => Values::UNKNOWN,
                    };
                    value = Some(value.map_or(one, |v| v.union(one)));
                    done = joined(done, Some(way));
                }
                match done {
                    Some(done) => *st = done,
                    None => st.clear(),
                }
                value.unwrap_or(Values::UNKNOWN)
            }
            ExprKind::Call { .. } => self.call(e, st),
            ExprKind::Braced(all) => {
                for &e in all {
                    self.eval(e, st);
                }
                Values::UNKNOWN
            }
            ExprKind::Asm { operands, .. } => {
                for &e in operands {
                    self.eval(e, st);
                    self.store(e, Values::UNKNOWN, st);
                }
                Values::UNKNOWN
            }
            ExprKind::Opaque(_) => {
                st.clear();
                Values::UNKNOWN
            }
            ExprKind::Number(_)
            | ExprKind::Char(_)
            | ExprKind::String(_)
            | ExprKind::Sizeof { .. }
            | ExprKind::Unevaluated(_)
            | ExprKind::Statement(_) => Values::UNKNOWN,
        }
    }

    /// The states where `e` is true and where it is false.
    pub(super) fn branch(&mut self, e: ExprId, mut st: State) -> (Option<State>, Option<State>) {
        if self.depth >= MAX_DEPTH {
            st.clear();
            return (Some(st.clone()), Some(st));
        }
        self.depth += 1;
        let ways = self.branch_kind(e, st);
        self.depth -= 1;
        ways
    }

    fn branch_kind(&mut self, e: ExprId, mut st: State) -> (Option<State>, Option<State>) {
        let body = self.body;
        match &body.expr(e).kind {
            ExprKind::Unary { op: UnaryOp::Not, operand } => {
                let (yes, no) = self.branch(*operand, st);
                (no, yes)
            }
            ExprKind::Binary { op: BinaryOp::And, left, right } => {
                let (yes, no) = self.branch(*left, st);
                let Some(yes) = yes else { return (None, no) };
                let (both, second) = self.branch(*right, yes);
                (both, joined(no, second))
            }
            ExprKind::Binary { op: BinaryOp::Or, left, right } => {
                let (yes, no) = self.branch(*left, st);
                let Some(no) = no else { return (yes, None) };
                let (second, neither) = self.branch(*right, no);
                (joined(yes, second), neither)
            }
            ExprKind::Binary { op: BinaryOp::Comma, left, right } => {
                self.eval(*left, &mut st);
                self.branch(*right, st)
            }
            ExprKind::Binary { op: op @ (BinaryOp::Eq | BinaryOp::Ne), left, right } => {
                let tested = match () {
                    () if is_null_literal(body, *right, true) => Some(*left),
                    () if is_null_literal(body, *left, true) => Some(*right),
                    () => None,
                };
                let Some(tested) = tested else {
                    let a = self.eval(*left, &mut st);
                    let b = self.eval(*right, &mut st);
                    self.settle(a, bits::TESTED, &mut st);
                    self.settle(b, bits::TESTED, &mut st);
                    return (Some(st.clone()), Some(st));
                };
                let value = self.eval(tested, &mut st);
                let (not_null, null) = self.split(tested, value, st);
                if *op == BinaryOp::Eq { (null, not_null) } else { (not_null, null) }
            }
            ExprKind::Cast { operand, .. } => self.branch(*operand, st),
            ExprKind::Conditional { cond, then: Some(then), otherwise } => {
                let (yes, no) = self.branch(*cond, st);
                let (a, b) = yes.map_or((None, None), |st| self.branch(*then, st));
                let (c, d) = no.map_or((None, None), |st| self.branch(*otherwise, st));
                (joined(a, c), joined(b, d))
            }
            ExprKind::Call { args, .. } => {
                if let (Some("likely" | "unlikely" | "__builtin_expect" | "G_LIKELY" | "G_UNLIKELY"), Some(&first)) =
                    (body.callee(e), args.first())
                {
                    return self.branch(first, st);
                }
                let value = self.eval(e, &mut st);
                // `if (is_empty(p))`: a predicate may have looked.
                for values in std::mem::take(&mut self.given) {
                    self.settle(values, bits::TESTED, &mut st);
                }
                self.split(e, value, st)
            }
            ExprKind::Assign { op: None, left, .. } => {
                let value = self.eval(e, &mut st);
                self.split(*left, value, st)
            }
            _ => {
                let value = self.eval(e, &mut st);
                self.split(e, value, st)
            }
        }
    }

    /// The states where the value of `e` is not null and where it is.
    fn split(&mut self, e: ExprId, values: Values, st: State) -> (Option<State>, Option<State>) {
        let place = self.place_of(e);
        if values.is_unknown() {
            // Nothing was known of it, but whoever asks holds null possible.
            let Some(place) = place.filter(|_| self.is_pointer_like(e)) else { return (Some(st.clone()), Some(st)) };
            let id = e.0;
            self.origins.insert(id, Origin::Asked(e));
            let (mut yes, mut no) = (st.clone(), st);
            for (way, known) in [(&mut yes, bits::TESTED), (&mut no, bits::NULL_HERE)] {
                way.arise(id, known);
                way.set(place, Values::one(id));
            }
            return (Some(yes), Some(no));
        }
        self.tested(values, &st);
        let mut ways = [None, None];
        for (way, keep, becomes) in [
            (0, bits::ANY_UNTESTED | bits::NOT_NULL, bits::TESTED),
            (1, bits::ANY_UNTESTED | bits::ANY_NULL, bits::NULL_HERE),
        ] {
            let left = values.without(|id| st.bits(id) & keep == 0);
            if left.is_unknown() && !left.other {
                continue;
            }
            let mut to = st.clone();
            for &id in left.ids() {
                to.set_bits(id, becomes);
            }
            if let Some(place) = place {
                to.set(place, left);
            }
            ways[way] = Some(to);
        }
        let [yes, no] = ways;
        (yes, no)
    }

    /// Somebody asked, one way or another.
    fn settle(&mut self, values: Values, known: u8, st: &mut State) {
        self.tested(values, st);
        for &id in values.ids() {
            st.set_bits(id, known);
        }
    }

    fn tested(&mut self, values: Values, st: &State) {
        for &id in values.ids() {
            if st.bits(id) & bits::ANY_UNTESTED != 0
                && let Some(Origin::Call(call)) = self.origins.get(&id)
            {
                self.out.tested.insert(*call);
            }
        }
    }

    fn null(&mut self, e: ExprId, st: &mut State) -> Values {
        self.origins.insert(e.0, Origin::Null(e));
        st.arise(e.0, bits::NULL_HERE);
        Values::one(e.0)
    }

    /// What the lvalue `e` holds.
    fn held(&mut self, e: ExprId, st: &State) -> Values {
        self.place_of(e).map_or(Values::UNKNOWN, |place| st.get(place))
    }

    /// Evaluates what has to be known to find the object that `e` designates, with the dereferences on the way.
    fn select(&mut self, e: ExprId, st: &mut State) {
        match self.body.expr(e).kind {
            ExprKind::Member { base, arrow, .. } => {
                let value = match arrow {
                    true => self.eval(base, st),
                    false => {
                        self.select(base, st);
                        return;
                    }
                };
                self.used(value, UseKind::Dereference, base, st);
            }
            ExprKind::Index { base, index } => {
                let value = self.eval(base, st);
                self.eval(index, st);
                self.used(value, UseKind::Dereference, base, st);
            }
            ExprKind::Unary { op: UnaryOp::Deref, operand } => {
                let value = self.eval(operand, st);
                self.used(value, UseKind::Dereference, operand, st);
            }
            ExprKind::Name(_) => {}
            ExprKind::Cast { operand, .. } => self.select(operand, st),
            _ => {
                self.eval(e, st);
            }
        }
    }

    fn address_of(&mut self, operand: ExprId, st: &mut State) {
        match self.body.expr(operand).kind {
            // `&p->f` and `&p[i]` compute with `p` and read nothing.
            ExprKind::Member { base, arrow: true, .. } | ExprKind::Index { base, .. } => {
                let value = self.eval(base, st);
                self.used(value, UseKind::Address, base, st);
            }
            ExprKind::Member { base, arrow: false, .. } => return self.address_of(base, st),
            ExprKind::Unary { op: UnaryOp::Deref, operand } => {
                self.eval(operand, st);
            }
            _ => self.select(operand, st),
        }
        self.store(operand, Values::UNKNOWN, st);
    }

    /// `e` is given a value.
    pub(super) fn store(&mut self, e: ExprId, values: Values, st: &mut State) {
        let Some(to) = place(self.body, e) else { return };
        let places = &self.places;
        let last = to.path.last().copied();
        let points = to.path.contains(&Step::Deref) || to.path.contains(&Step::Index);
        st.forget(|p| {
            let other = &places.all[p as usize];
            to.covers(other)
                || (points && other.path.last() == last.as_ref())
                || (points && matches!(last, Some(Step::Deref | Step::Index)) && self.escaped.contains(&other.base))
        });
        if let Some(no) = self.place_of(e) {
            st.set(no, values);
        }
    }

    pub(super) fn declare(&mut self, stmt: StmtId, st: &mut State) {
        let StmtKind::Decl(all) = &self.body.stmt(stmt).kind else { return };
        for d in all {
            if d.is_static || d.form == DeclaratorForm::Function {
                continue;
            }
            let nullable = std::mem::replace(&mut self.nullable, d.form == DeclaratorForm::Pointer);
            let value = d.init.map_or(Values::UNKNOWN, |e| self.eval(e, st));
            self.nullable = nullable;
            let base = d.name;
            let places = &self.places;
            st.forget(|p| places.all[p as usize].base == base);
            if d.form != DeclaratorForm::Array {
                let no = self.places.number(Place { base, path: Vec::new() });
                st.set(no, value);
            }
        }
    }

    /// A use of `e`, whose value is this.
    fn used(&mut self, values: Values, kind: UseKind, e: ExprId, st: &mut State) {
        if values.is_unknown() {
            return;
        }
        for &id in values.ids() {
            let known = st.bits(id);
            if known & (bits::ANY_UNTESTED | bits::ANY_NULL | bits::ASSERTED) != 0
                && let Some(&origin) = self.origins.get(&id)
                && self.recording
            {
                let one_of = values.ids().len() > 1 || values.other;
                self.out.uses.push(Use { origin, kind: kind.clone(), expr: e, stmt: self.stmt, known, one_of });
            }
        }
        if !matches!(kind, UseKind::Given { .. }) {
            for &id in values.ids() {
                if st.bits(id) != bits::TESTED {
                    st.set_bits(id, bits::USED);
                }
            }
        }
    }

    fn call(&mut self, e: ExprId, st: &mut State) -> Values {
        let body = self.body;
        let ExprKind::Call { callee, args } = &body.expr(e).kind else { return Values::UNKNOWN };
        let name = body.callee(e);
        if name.is_none() {
            self.eval(*callee, st);
        }
        let model = name.and_then(|n| self.program.model(n, self.file));
        if let Some(assert) = model.and_then(|m| m.assert())
            && let Some(&cond) = assert.cond.index().and_then(|i| args.get(i))
        {
            let held = self.asserted_values(cond, st);
            let (yes, _) = self.branch(cond, st.clone());
            match yes {
                Some(yes) => *st = yes,
                None => st.clear(),
            }
            for (id, known) in held {
                if known & bits::ANY_UNTESTED != 0 && st.bits(id) == bits::TESTED {
                    st.set_bits(id, bits::ASSERTED);
                }
            }
            return Values::UNKNOWN;
        }
        let is_macro = name.is_some_and(|n| self.is_macro(n));
        let through = model.as_ref().map(dereferenced).unwrap_or_default();
        let mut given: Vec<Values> = Vec::with_capacity(args.len());
        for (i, &arg) in args.iter().enumerate() {
            let nullable = std::mem::replace(&mut self.nullable, false);
            let value = self.eval(arg, st);
            self.nullable = nullable;
            given.push(value);
            if through.contains(&i) {
                self.used(value, UseKind::Library, arg, st);
            }
        }
        for (i, &arg) in args.iter().enumerate() {
            if through.contains(&i) || given[i].is_unknown() {
                continue;
            }
            match name {
                Some(name) if !is_macro => {
                    if model.is_none() {
                        let callee = name.into();
                        self.used(given[i], UseKind::Given { callee, arg: i as u8 }, arg, st);
                    }
                }
                // A macro may look at it, and a function that is not known by name may be anything.
                _ if model.is_none() => self.settle(given[i], bits::TESTED, st),
                _ => {}
            }
        }
        for i in through {
            if let Some(values) = given.get_mut(i) {
                *values = Values::UNKNOWN;
            }
        }
        self.given = given;
        let effect = match model {
            _ if is_macro => Effect::Macro,
            Some(model) if only_looks(&model) => {
                return self.result(e, name, model.may_null().map(|m| m.reason), is_macro, st);
            }
            Some(_) => Effect::Library,
            None => Effect::Any,
        };
        self.effects(args, effect, st);
        self.result(e, name, model.and_then(|m| m.may_null()).map(|m| m.reason), is_macro, st)
    }

    /// What the call `e` gives back.
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
        // A macro that nobody described may be anything: a member, a number.
        if name.is_none() || (finds_end && reason == Some(NullReason::NotFound)) || (is_macro && reason.is_none()) {
            return Values::UNKNOWN;
        }
        self.origins.insert(e.0, Origin::Call(e));
        st.arise(e.0, bits::FRESH);
        Values::one(e.0)
    }

    /// What a call may change.
    fn effects(&mut self, args: &[ExprId], effect: Effect, st: &mut State) {
        let touched: Vec<Symbol> = args.iter().filter_map(|&arg| place(self.body, arg)).map(|p| p.base).collect();
        let places = &self.places;
        let (escaped, locals) = (&self.escaped, &self.locals);
        st.forget(|p| {
            let other = &places.all[p as usize];
            let hit = touched.contains(&other.base) && (effect == Effect::Macro || !other.path.is_empty());
            hit || (effect != Effect::Library && (escaped.contains(&other.base) || !locals.contains(&other.base)))
        });
    }

    /// The values that a condition speaks of, with what was known before.
    fn asserted_values(&mut self, cond: ExprId, st: &State) -> Vec<(u32, u8)> {
        let mut all = Vec::new();
        let mut names = Vec::new();
        self.body.walk(cond, &mut |e| names.push(e));
        for e in names.into_iter().take(64) {
            if let Some(no) = self.places.find(self.body, e) {
                all.extend(st.get(no).ids().iter().map(|&id| (id, st.bits(id))));
            }
        }
        all
    }
}
