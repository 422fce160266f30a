//! What evaluating an expression does to the state, and which values it uses before anyone asked.

use super::members;
use super::state::{State, Value, Values, bits, joined};
use super::walk::{Walker, is_null_literal};
use super::{Origin, Use, UseKind};
use crate::analysis::access::{Place, Step, place};
use crate::hir::{BinaryOp, DeclaratorForm, ExprId, ExprKind, StmtId, StmtKind, UnaryOp};

/// Expressions nest this deep at most; what is deeper may do anything.
const MAX_DEPTH: u32 = 120;

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
        let through = std::mem::take(&mut self.through);
        let part = match std::mem::take(&mut self.giving) {
            true => UseKind::PartGiven,
            false => UseKind::Address,
        };
        match &body.expr(e).kind {
            // `p->a` of an array computes with `p` and reads nothing.
            ExprKind::Member { base, arrow: true, .. } if !through => {
                let value = self.eval_through(*base, st);
                let kind = match !value.is_unknown() && members::is_array(self, e) {
                    true => part,
                    false => UseKind::Dereference,
                };
                self.used(value, kind, *base, st);
                self.loaded(e, st)
            }
            ExprKind::Name(_) => match is_null_literal(body, e, self.nullable) {
                true => self.null(e, st),
                false => self.held(e, st),
            },
            ExprKind::Number(_) if self.nullable && is_null_literal(body, e, true) => self.null(e, st),
            ExprKind::Member { .. } | ExprKind::Index { .. } | ExprKind::Unary { op: UnaryOp::Deref, .. } => {
                self.select(e, st);
                self.loaded(e, st)
            }
            ExprKind::Unary { op: UnaryOp::AddressOf, operand } => {
                self.address_of(*operand, part, st);
                Values::UNKNOWN
            }
            ExprKind::Unary { op: UnaryOp::Not, .. }
            | ExprKind::Binary { op: BinaryOp::And | BinaryOp::Or | BinaryOp::Eq | BinaryOp::Ne, .. } => {
                // The answer is kept for later: whoever looks at it knows.
                let (yes, no) = self.branch(e, st.clone());
                match joined(yes, no) {
                    Some(mut both) => {
                        both.settle_since(st, Value::MAX);
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
            ExprKind::Cast { operand, .. } => {
                self.through = through;
                self.giving = part == UseKind::PartGiven;
                self.eval(*operand, st)
            }
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
            if self.recording && !self.asserting && !self.body.stmt(self.stmt).in_macro {
                self.out.members_asked.push(e);
            }
            let (mut yes, mut no) = (st.clone(), st);
            for (way, known) in [(&mut yes, bits::TESTED), (&mut no, bits::NULL_HERE)] {
                way.arise(id, known);
                way.set(place, Values::one(id));
            }
            return (Some(yes), Some(no));
        }
        self.tested(values, &st);
        self.asked(e, values, &st);
        let mut ways = [None, None];
        for (way, keep, becomes) in [
            (0, bits::ANY_UNTESTED | bits::NOT_NULL, bits::TESTED),
            (1, bits::ANY_UNTESTED | bits::ANY_NULL, bits::NULL_HERE),
        ] {
            let left = values.without(|id| st.bits(id) & keep == 0);
            // What a member holds may have been changed in a way that is not seen.
            let loaded =
                |id: &Value| matches!(self.origins.get(id), Some(Origin::Loaded(_))) && st.bits(*id) == bits::USED;
            if left.is_unknown() && !left.other && !values.ids().iter().any(loaded) {
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
    pub(super) fn settle(&mut self, values: Values, known: u8, st: &mut State) {
        self.tested(values, st);
        for &id in values.ids() {
            st.set_bits(id, known);
        }
    }

    fn tested(&mut self, values: Values, st: &State) {
        for &id in values.ids() {
            if st.bits(id) & bits::ANY_UNTESTED != 0
                && let Some(Origin::Call(at) | Origin::Loaded(at)) = self.origins.get(&id)
            {
                self.out.tested.insert(*at);
            }
        }
    }

    /// Somebody asks whether `e` is null; `values` are what it may hold.
    fn asked(&mut self, e: ExprId, values: Values, st: &State) {
        if !self.recording || self.asserting || self.body.stmt(self.stmt).in_macro {
            return;
        }
        let [id] = values.ids() else { return };
        let Some(&origin) = self.origins.get(id) else { return };
        if let Origin::Loaded(at) | Origin::Asked(at) = origin {
            self.out.members_asked.push(at);
        }
        if !values.other && st.bits(*id) == bits::USED {
            self.out.late.entry(origin).or_insert(e);
        }
    }

    fn null(&mut self, e: ExprId, st: &mut State) -> Values {
        self.origins.insert(e.0, Origin::Null(e));
        st.arise(e.0, bits::NULL_HERE);
        Values::one(e.0)
    }

    /// What the lvalue `e` holds.
    pub(super) fn held(&mut self, e: ExprId, st: &State) -> Values {
        self.place_of(e).map_or(Values::UNKNOWN, |place| st.get(place))
    }

    /// What the lvalue `e` holds when it is read: of a member that nothing is known of, a value of its own.
    fn loaded(&mut self, e: ExprId, st: &mut State) -> Values {
        let Some(place) = self.place_of(e) else { return Values::UNKNOWN };
        let values = st.get(place);
        if !values.is_unknown() || !matches!(self.body.expr(e).kind, ExprKind::Member { .. }) {
            return values;
        }
        self.origins.insert(e.0, Origin::Loaded(e));
        st.arise(e.0, bits::FRESH);
        st.set(place, Values::one(e.0));
        // More than is remembered: what is found out of it is lost.
        st.get(place)
    }

    fn eval_through(&mut self, e: ExprId, st: &mut State) -> Values {
        self.through = true;
        let value = self.eval(e, st);
        self.through = false;
        value
    }

    /// Evaluates what has to be known to find the object that `e` designates, with the dereferences on the way.
    fn select(&mut self, e: ExprId, st: &mut State) {
        match self.body.expr(e).kind {
            ExprKind::Member { base, arrow, .. } => {
                let value = match arrow {
                    true => self.eval_through(base, st),
                    false => {
                        self.select(base, st);
                        return;
                    }
                };
                self.used(value, UseKind::Dereference, base, st);
            }
            ExprKind::Index { base, index } => {
                let value = self.eval_through(base, st);
                self.eval(index, st);
                self.used(value, UseKind::Dereference, base, st);
            }
            ExprKind::Unary { op: UnaryOp::Deref, operand } => {
                let value = self.eval_through(operand, st);
                self.used(value, UseKind::Dereference, operand, st);
            }
            ExprKind::Name(_) => {}
            ExprKind::Cast { operand, .. } => self.select(operand, st),
            _ => {
                self.eval(e, st);
            }
        }
    }

    fn address_of(&mut self, operand: ExprId, part: UseKind, st: &mut State) {
        match self.body.expr(operand).kind {
            // `&p->f` and `&p[i]` compute with `p` and read nothing.
            ExprKind::Member { base, arrow: true, .. } | ExprKind::Index { base, .. } => {
                let value = self.eval(base, st);
                self.used(value, part, base, st);
            }
            ExprKind::Member { base, arrow: false, .. } => return self.address_of(base, part, st),
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
    pub(super) fn used(&mut self, values: Values, kind: UseKind, e: ExprId, st: &mut State) {
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
        // The address of a part reads nothing: only a later use would crash.
        if !matches!(kind, UseKind::Given { .. } | UseKind::Asserted | UseKind::Address | UseKind::PartGiven) {
            for &id in values.ids() {
                if st.bits(id) != bits::TESTED {
                    st.set_bits(id, bits::USED);
                }
            }
        }
    }
}
