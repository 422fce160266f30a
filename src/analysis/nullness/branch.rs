//! What is known on each branch of a condition.

use super::Origin;
use super::eval::MAX_DEPTH;
use super::state::{State, Value, Values, bits, joined};
use super::walk::{Walker, is_null_literal};
use crate::analysis::constant::constant;
use crate::hir::{BinaryOp, ExprId, ExprKind, UnaryOp};

impl Walker<'_> {
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
                let (mut yes, no) = self.branch(*left, st);
                let Some(no) = no else { return (yes, None) };
                let (second, neither) = self.branch(*right, no);
                if let (Some(yes), Some(second)) = (&mut yes, &second) {
                    self.not_asked(*right, yes, second);
                }
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
                    return self.compared(*op == BinaryOp::Eq, a, b, st);
                };
                let value = self.eval(tested, &mut st);
                let (not_null, null) = self.split(tested, value, st);
                if *op == BinaryOp::Eq { (null, not_null) } else { (not_null, null) }
            }
            ExprKind::Cast { operand, .. } => self.branch(*operand, st),
            // `c ? 0 : 1`, as in assertions.
            ExprKind::Number(_) => match constant(body, e) {
                Some(true) => (Some(st), None),
                Some(false) => (None, Some(st)),
                None => (Some(st.clone()), Some(st)),
            },
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
                // `if (is_empty(p))`: a predicate may have checked for null.
                for values in std::mem::take(&mut self.given) {
                    self.look_at(values, &mut st);
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

    /// `a || (p && b)`: where `a` holds, `p` may be null, or the check would be pointless.
    fn not_asked(&self, question: ExprId, yes: &mut State, second: &State) {
        let within = self.body.expr(question).span;
        for (place, values) in second.places() {
            let [id] = values.ids() else { continue };
            let is_asked = |at: &ExprId| {
                let span = self.body.expr(*at).span;
                within.start <= span.start && span.end <= within.end
            };
            if let Some(Origin::Asked(at)) = self.origins.get(id)
                && is_asked(at)
                && second.bits(*id) == bits::TESTED
                && yes.get(place).is_unknown()
            {
                yes.set(place, values);
                yes.set_bits(*id, bits::NULL);
            } else if second.bits(*id) == bits::TESTED
                && yes.get(place) == values
                && yes.bits(*id) & bits::ANY_UNTESTED != 0
                && self.is_tested_in(question, place)
            {
                yes.set_bits(*id, yes.bits(*id) | bits::NULL);
            }
        }
    }

    /// Whether `cond` being `holds` means that some parameter is null, whatever else is true: `!a || !b`.
    pub(super) fn is_blamed(&self, cond: ExprId, holds: bool) -> bool {
        let body = self.body;
        let is_parameter = |e: ExprId| {
            matches!(body.expr(body.bare(e)).kind, ExprKind::Name(name)
                if self.is_pointer(e) && self.function.params.iter().any(|p| p.name == name))
        };
        // Expressions, and the truth value that each of them has.
        let mut todo = vec![(cond, holds)];
        let mut steps = 0;
        // Every alternative of `!a || !b` has to be about a parameter.
        let mut all = true;
        while let Some((e, holds)) = todo.pop() {
            steps += 1;
            if steps > 32 {
                return false;
            }
            match body.expr(e).kind {
                ExprKind::Unary { op: UnaryOp::Not, operand } => todo.push((operand, !holds)),
                ExprKind::Cast { operand, .. } => todo.push((operand, holds)),
                ExprKind::Binary { op: BinaryOp::Or, left, right } if holds => {
                    todo.extend([(left, true), (right, true)])
                }
                ExprKind::Binary { op: BinaryOp::And, left, right } if !holds => {
                    todo.extend([(left, false), (right, false)]);
                }
                ExprKind::Binary { op: BinaryOp::Eq, left, right } if holds && is_null_literal(body, right, true) => {
                    all &= is_parameter(left);
                }
                ExprKind::Binary { op: BinaryOp::Ne, left, right } if !holds && is_null_literal(body, right, true) => {
                    all &= is_parameter(left);
                }
                _ => all &= !holds && is_parameter(e),
            }
        }
        all
    }

    /// `p && q->f` checks whether `p` is null.
    fn is_tested_in(&self, question: ExprId, place: u32) -> bool {
        let body = self.body;
        let mut todo = vec![question];
        while let Some(e) = todo.pop() {
            match body.expr(e).kind {
                ExprKind::Binary { op: BinaryOp::And | BinaryOp::Or, left, right } => todo.extend([left, right]),
                ExprKind::Binary { op: BinaryOp::Ne, left, right } if is_null_literal(body, right, true) => {
                    todo.push(left);
                }
                ExprKind::Name(_) | ExprKind::Member { .. } if self.places.known(e) == Some(place) => {
                    return true;
                }
                _ => {}
            }
        }
        false
    }

    /// The states where the comparison (`==` if `equal`, else `!=`) is true and where it is false. Comparing pointers
    /// counts as a check; but where the two differ, a value that was found to be null stays null.
    fn compared(&mut self, equal: bool, a: Values, b: Values, mut st: State) -> (Option<State>, Option<State>) {
        let mut other = st.clone();
        for values in [a, b] {
            let held: Vec<(Value, u8)> = values.ids().iter().map(|&id| (id, st.bits(id))).collect();
            self.settle(values, bits::TESTED, &mut st);
            for (id, known) in held {
                other.set_bits(
                    id,
                    match known & bits::ANY_NULL {
                        0 => bits::TESTED,
                        _ => known & !bits::NULL_HERE | bits::NULL,
                    },
                );
            }
        }
        if equal { (Some(st), Some(other)) } else { (Some(other), Some(st)) }
    }

    /// The states where the value of `e` is not null and where it is.
    fn split(&mut self, e: ExprId, values: Values, st: State) -> (Option<State>, Option<State>) {
        let place = self.place_of(e);
        if values.is_unknown() {
            // Nothing was known about it, but the check suggests that null is possible.
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
            (1, bits::ANY_UNTESTED | bits::ANY_NULL | bits::STALE, bits::NULL_HERE),
        ] {
            let left = values.without(|id| st.bits(id) & keep == 0);
            // A member may have been changed in a way that is not tracked.
            let loaded =
                |id: &Value| matches!(self.origins.get(id), Some(Origin::Loaded(_))) && st.bits(*id) == bits::USED;
            if left.is_unknown() && !left.other && !values.ids().iter().any(loaded) {
                continue;
            }
            let mut to = st.clone();
            // With several values, it is not known which of them was tested.
            let is_one = left.ids().len() == 1 && !left.other;
            for &id in left.ids() {
                let becomes = match becomes {
                    bits::NULL_HERE if !is_one => bits::NULL | st.bits(id) & bits::NOT_NULL,
                    becomes => becomes,
                };
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

    /// The values were checked, with either outcome.
    pub(super) fn settle(&mut self, values: Values, known: u8, st: &mut State) {
        self.tested(values, st);
        for &id in values.ids() {
            st.set_bits(id, known);
        }
    }

    /// Something that the value was passed to may have checked it.
    pub(super) fn look_at(&mut self, values: Values, st: &mut State) {
        for &id in values.ids() {
            if let Some(at) = self.untested(id, st) {
                self.out.looked_at.insert(at);
            }
        }
        self.settle(values, bits::TESTED, st);
    }

    fn tested(&mut self, values: Values, st: &State) {
        for &id in values.ids() {
            if let Some(at) = self.untested(id, st) {
                self.out.tested.insert(at);
            }
        }
    }

    /// The call or member that a value comes from, if the value has not been checked yet.
    fn untested(&self, id: Value, st: &State) -> Option<ExprId> {
        match self.origins.get(&id) {
            Some(Origin::Call(at) | Origin::Loaded(at)) if st.bits(id) & bits::ANY_UNTESTED != 0 => Some(*at),
            _ => None,
        }
    }

    /// Records that `e` is checked for null; `values` are what it may hold.
    fn asked(&mut self, e: ExprId, values: Values, st: &State) {
        if !self.recording || self.asserting || self.body.stmt(self.stmt).in_macro {
            return;
        }
        let [id] = values.ids() else { return };
        let Some(&origin) = self.origins.get(id) else { return };
        self.out.asked.entry(origin).or_default().push(e);
        if let Origin::Loaded(at) | Origin::Asked(at) = origin {
            self.out.members_asked.push(at);
        }
        if !values.other && st.bits(*id) == bits::USED {
            self.out.late.entry(origin).or_insert(e);
        }
        let is_unasked = st.bits(*id) & !bits::ANY_UNTESTED == 0;
        if !values.other && is_unasked && st.was_given(*id) {
            self.out.late_given.entry(origin).or_insert(e);
        }
    }
}
