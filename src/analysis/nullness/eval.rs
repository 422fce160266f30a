//! What evaluating an expression does to the state, and which values it uses before they are checked.

use super::members;
use super::state::{State, Value, Values, bits, joined};
use super::walk::{Walker, is_null_literal};
use super::{Origin, Use, UseKind};
use crate::analysis::access::{Place, Step, place};
use crate::hir::{BinaryOp, DeclaratorForm, ExprId, ExprKind, StmtId, StmtKind, UnaryOp};

/// Maximum nesting of an expression; a deeper one may do anything.
pub(super) const MAX_DEPTH: u32 = 120;

impl Walker<'_> {
    /// The value of `e`; its effects are applied to `st`.
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
            // `p->a` that is an array computes an address from `p` and reads nothing.
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
                // The result may be kept and tested later: what it checks counts as tested.
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
                if self.recording
                    && op.is_none()
                    && is_null_literal(body, *right, true)
                    && matches!(body.expr(*left).kind, ExprKind::Member { .. })
                {
                    self.out.members_nulled.push(*left);
                }
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
                    // `p < end`: the other side says where it may point.
                    self.settle(a, bits::TESTED, st);
                    self.settle(b, bits::TESTED, st);
                }
                Values::UNKNOWN
            }
            ExprKind::Conditional { cond, then, otherwise } => {
                let (yes, no) = self.branch(*cond, st.clone());
                let just_null: Vec<Value> = [&yes, &no].into_iter().flatten().flat_map(|way| way.just_null()).collect();
                let mut value: Option<Values> = None;
                let mut done: Option<State> = None;
                for (way, e) in [(yes, then.as_ref()), (no, Some(otherwise))] {
                    let Some(mut way) = way else { continue };
                    way.age();
                    let one = e.map_or(Values::UNKNOWN, |&e| self.eval(e, &mut way));
                    // `p ? p : q`: a value that is not null here says nothing afterwards.
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
                // After `p ? p->a : 0`, no branch separates that check from what follows.
                st.refresh(&just_null);
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

    fn null(&mut self, e: ExprId, st: &mut State) -> Values {
        self.origins.insert(e.0, Origin::Null(e));
        st.arise(e.0, bits::NULL_HERE);
        Values::one(e.0)
    }

    /// What the lvalue `e` holds.
    pub(super) fn held(&mut self, e: ExprId, st: &State) -> Values {
        self.place_of(e).map_or(Values::UNKNOWN, |place| st.get(place))
    }

    /// What the lvalue `e` holds when it is read; a member about which nothing is known gets a value of its own.
    fn loaded(&mut self, e: ExprId, st: &mut State) -> Values {
        let is_member = matches!(self.body.expr(e).kind, ExprKind::Member { .. });
        let Some(place) = self.place_of(e) else {
            // A member of an array element: the value is read here, and no place holds it.
            if !is_member || place(self.body, e).is_none() {
                return Values::UNKNOWN;
            }
            self.origins.insert(e.0, Origin::Loaded(e));
            st.arise(e.0, bits::FRESH);
            return Values::one(e.0);
        };
        let values = st.get(place);
        if !values.is_unknown() || !is_member {
            return values;
        }
        self.origins.insert(e.0, Origin::Loaded(e));
        st.arise(e.0, bits::FRESH);
        st.set(place, Values::one(e.0));
        // Beyond the limit of places, what is learned about the value is lost.
        st.get(place)
    }

    fn eval_through(&mut self, e: ExprId, st: &mut State) -> Values {
        self.through = true;
        let value = self.eval(e, st);
        self.through = false;
        value
    }

    /// Evaluates what determines the object that `e` designates, including the dereferences on the way.
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

    /// Assigns `values` to `e`.
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

    /// Records a use of `e`, whose value is `values`.
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
        if matches!(kind, UseKind::Given { .. }) {
            for &id in values.ids() {
                if st.bits(id) & !bits::ANY_UNTESTED == 0 {
                    st.give(id);
                }
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
