//! Arithmetic and conversions. Sums stay exact; the result of any other operation is a symbol with known properties.

use super::eval::{Eval, Frame};
use crate::analysis::bounds::terms::linear::Linear;
use crate::analysis::bounds::terms::sites::SiteKind;
use crate::analysis::bounds::terms::state::Value;
use crate::analysis::bounds::terms::symbols::{Room, Source, What, Wire, lesser};
use crate::analysis::bounds::terms::types::Kind;
use crate::hir::{BinaryOp, ExprId};
use crate::source::Span;

impl Eval<'_> {
    pub fn add(&mut self, a: Value, b: Value, sign: i32, span: Span) -> Value {
        match (a.kind.is_pointer(), b.kind.is_pointer()) {
            (true, true) if sign < 0 => self.pointer_difference(a, b, span),
            (true, false) | (false, true) => {
                let (pointer, index) = if a.kind.is_pointer() { (a, b) } else { (b, a) };
                let size = self.element_size(pointer.kind);
                let step = self.valued(index.linear.scaled(i64::from(sign)), index.kind, Wire::No, span);
                self.moved(pointer, step, size, span)
            }
            _ => {
                let wire = self.symbols.wire(&a.linear).max(self.symbols.wire(&b.linear));
                let kind = a.kind.usual(b.kind);
                self.valued(a.linear.plus(&b.linear, sign), kind, wire, span)
            }
        }
    }

    fn pointer_difference(&mut self, a: Value, b: Value, span: Span) -> Value {
        let bytes = a.linear.sub(&b.linear);
        let size = self.element_size(a.kind).as_constant();
        match (bytes, size) {
            (Some(bytes), Some(1)) => Value { linear: bytes, kind: Kind::PTRDIFF },
            (Some(bytes), Some(size)) if size > 1 => self.quotient(bytes, size, Kind::PTRDIFF, span),
            _ => self.unknown(Kind::PTRDIFF, Wire::No, span),
        }
    }

    /// `n / by`, for `by >= 1`.
    fn quotient(&mut self, n: Linear, by: i64, kind: Kind, span: Span) -> Value {
        if by == 1 {
            return Value { linear: n, kind };
        }
        if let Some(exact) = divided(&n, by) {
            return Value { linear: exact, kind };
        }
        let wire = self.symbols.wire(&n);
        let (lo, hi) = (self.symbols.least(&n), self.symbols.greatest(&n));
        let id = self.paths.text("/");
        let (s, new) = self.symbols.get(What::Pure(id, n, Linear::constant(by)), None, None);
        let q = Linear::symbol(s);
        if new {
            // by*q <= n <= by*q + by - 1, for non-negative n.
            let mut axioms = Vec::new();
            if lo.is_some_and(|lo| lo >= 0) {
                axioms.extend(n.plus(&q, -(by as i32)));
                axioms.extend(q.scaled(by).and_then(|l| l.plus_constant(by - 1)).and_then(|l| l.sub(&n)));
            }
            self.symbols.has_units = true;
            let info = self.symbols.info_mut(s);
            info.lo = lo.map(|lo| lo / by);
            info.hi = hi.map(|hi| hi / by);
            info.axioms = axioms;
            info.wire = wire;
            info.span = Some(span);
        }
        Value { linear: q, kind }
    }

    pub fn binary(&mut self, f: &Frame, e: ExprId, op: BinaryOp, a: Value, b: Value) -> Value {
        let span = self.span(f, e);
        let kind = a.kind.usual(b.kind);
        let wire = self.symbols.wire(&a.linear).max(self.symbols.wire(&b.linear));
        match op {
            BinaryOp::Add => self.add(a, b, 1, span),
            BinaryOp::Sub => {
                self.note_before(f, e, &a, &b);
                let numbers = !a.kind.is_pointer() && !b.kind.is_pointer();
                // A length of unknown type is taken as unsigned.
                let unsigned = kind.is_unsigned() || (kind == Kind::Unknown && self.symbols.wire(&a.linear) > Wire::No);
                if numbers && unsigned && self.may_be_negative(&a.linear, &b.linear) {
                    self.site(f, e, SiteKind::Difference { a: a.linear, b: b.linear, unsigned: kind.is_unsigned() });
                }
                self.add(a, b, -1, span)
            }
            BinaryOp::Mul => match (a.linear.as_constant(), b.linear.as_constant()) {
                (_, Some(c)) => self.valued(a.linear.scaled(c), kind, wire, span),
                (Some(c), _) => self.valued(b.linear.scaled(c), kind, wire, span),
                _ => {
                    let linear = self.product_symbol(a.linear, b.linear);
                    let product = Value { linear, kind };
                    let floor = self.symbols.least(&a.linear).zip(self.symbols.least(&b.linear));
                    let ceiling = self.symbols.greatest(&a.linear).zip(self.symbols.greatest(&b.linear));
                    if let Some(s) = product.linear.as_symbol()
                        && floor.is_some_and(|(a, b)| a >= 0 && b >= 0)
                    {
                        let info = self.symbols.info_mut(s);
                        info.lo = floor.and_then(|(a, b)| a.checked_mul(b));
                        let hi = ceiling.and_then(|(a, b)| a.checked_mul(b));
                        info.hi = hi.or(info.hi);
                        info.wire = wire;
                        info.span.get_or_insert(span);
                    }
                    product
                }
            },
            BinaryOp::Shl => match b.linear.as_constant() {
                Some(c @ 0..=31) => self.valued(a.linear.scaled(1 << c), a.kind.promoted(), wire, span),
                // `1 << n` has a bit set.
                _ => {
                    let shifted = self.unknown(a.kind.promoted(), wire, span);
                    if let (Some(1..), Some(s)) = (a.linear.as_constant(), shifted.linear.as_symbol()) {
                        self.symbols.info_mut(s).lo = Some(1);
                    }
                    shifted
                }
            },
            BinaryOp::Shr => match b.linear.as_constant() {
                Some(c @ 0..=31) => self.quotient(a.linear, 1 << c, a.kind.promoted(), span),
                _ => self.unknown(a.kind.promoted(), wire, span),
            },
            BinaryOp::Div => match b.linear.as_constant() {
                Some(c) if c > 0 => self.quotient(a.linear, c, kind, span),
                _ => self.at_most(a, kind, wire, span),
            },
            BinaryOp::Rem => self.remainder(a, b, kind, wire, span),
            BinaryOp::BitAnd => self.masked(a, b, kind, wire, span),
            BinaryOp::BitOr => self.united(a, b, kind, wire, span),
            _ => self.unknown(kind, wire, span),
        }
    }

    /// `s + len - 4` points before `s` if `len` is less than 4.
    fn note_before(&mut self, f: &Frame, e: ExprId, a: &Value, b: &Value) {
        if !a.kind.is_pointer() || b.kind.is_pointer() {
            return;
        }
        let Some((start, buffer)) = self.symbols.buffer(&a.linear) else { return };
        let Some(offset) = a.linear.sub(&Linear::symbol(start)) else { return };
        let size = self.element_size(a.kind).as_constant();
        if buffer.room == Room::Given
            && self.symbols.wire(&offset) > Wire::No
            && let Some(back) = size.and_then(|n| b.linear.scaled(n))
            && self.may_be_negative(&offset, &back)
        {
            self.site(f, e, SiteKind::Difference { a: offset, b: back, unsigned: true });
        }
    }

    /// `a * b`: always the same symbol for the same factors.
    pub fn product_symbol(&mut self, a: Linear, b: Linear) -> Linear {
        let id = self.paths.text("*");
        let (a, b) = if a.terms().first().map(|t| t.0) <= b.terms().first().map(|t| t.0) { (a, b) } else { (b, a) };
        let wire = self.symbols.wire(&a).max(self.symbols.wire(&b));
        let (s, _) = self.symbols.get(What::Pure(id, a, b), None, None);
        self.symbols.info_mut(s).wire = wire;
        Linear::symbol(s)
    }

    pub fn may_be_negative(&self, a: &Linear, b: &Linear) -> bool {
        a.sub(b).and_then(|d| self.symbols.least(&d)).is_none_or(|least| least < 0)
    }

    /// A value between zero and `a`.
    fn at_most(&mut self, a: Value, kind: Kind, wire: Wire, span: Span) -> Value {
        let value = self.unknown(kind, wire, span);
        if let Some(s) = value.linear.as_symbol()
            && self.symbols.least(&a.linear).is_some_and(|lo| lo >= 0)
        {
            let hi = self.symbols.greatest(&a.linear);
            let info = self.symbols.info_mut(s);
            info.lo = Some(0);
            info.hi = hi.or(info.hi);
            info.axioms.extend(a.linear.sub(&value.linear));
        }
        value
    }

    fn remainder(&mut self, a: Value, b: Value, kind: Kind, wire: Wire, span: Span) -> Value {
        let not_negative = self.symbols.least(&a.linear).is_some_and(|lo| lo >= 0);
        if let Some(by @ 2..) = b.linear.as_constant()
            && not_negative
        {
            return self.rest(a.linear, by, kind, wire, span);
        }
        let value = self.at_most(a, kind, wire, span);
        if let Some(s) = value.linear.as_symbol() {
            // A remainder is less than its divisor, whatever that is.
            let less = b.linear.sub(&value.linear).and_then(|l| l.plus_constant(-1));
            let hi = self.symbols.greatest(&b.linear).map(|hi| hi - 1);
            let info = self.symbols.info_mut(s);
            info.axioms.extend(less.filter(|_| not_negative));
            info.hi = lesser(info.hi, hi);
        }
        value
    }

    /// `n % by`, for non-negative `n`: the difference from `by * (n / by)`.
    fn rest(&mut self, n: Linear, by: i64, kind: Kind, wire: Wire, span: Span) -> Value {
        let whole = self.quotient(n, by, kind, span).linear.scaled(by);
        let hi = self.symbols.greatest(&n).map_or(by - 1, |hi| hi.min(by - 1));
        let id = self.paths.text("%");
        let (s, new) = self.symbols.get(What::Pure(id, n, Linear::constant(by)), Some(0), Some(hi));
        let rest = Linear::symbol(s);
        if new {
            let missing = whole.and_then(|whole| n.sub(&whole)).and_then(|rest_of| rest_of.sub(&rest));
            let info = self.symbols.info_mut(s);
            info.axioms.extend(missing);
            info.axioms.extend(missing.and_then(|missing| missing.scaled(-1)));
            info.axioms.extend(n.sub(&rest));
            (info.wire, info.span) = (wire, Some(span));
            // The same relation is an axiom of the quotient.
            if let Some([(q, _)]) = whole.as_ref().map(|whole| whole.terms()) {
                let both = missing.into_iter().chain(missing.and_then(|missing| missing.scaled(-1)));
                self.symbols.info_mut(*q).axioms.extend(both);
            }
            self.symbols.has_units = true;
            self.symbols.rests.push((n, by, s));
        }
        Value { linear: rest, kind }
    }

    fn masked(&mut self, a: Value, b: Value, kind: Kind, wire: Wire, span: Span) -> Value {
        let (value, mask) = match (a.linear.as_constant(), b.linear.as_constant()) {
            (Some(a), Some(b)) => return Value { linear: Linear::constant(a & b), kind },
            (Some(mask), None) => (b, mask),
            (None, Some(mask)) => (a, mask),
            (None, None) => return self.at_most(a, kind, wire, span),
        };
        let not_negative = self.symbols.least(&value.linear).is_some_and(|lo| lo >= 0);
        // `x & ~7`
        let low = if mask < 0 { Some(!mask) } else { None };
        if mask >= 0 {
            let whole = self.symbols.greatest(&value.linear).is_some_and(|hi| hi <= mask);
            if not_negative && whole && (mask & (mask + 1)) == 0 {
                return Value { linear: value.linear, kind };
            }
            // `n & 3`
            if not_negative && mask > 0 && (mask & (mask + 1)) == 0 && mask < 1 << 16 {
                return self.rest(value.linear, mask + 1, kind, wire, span);
            }
            let result = self.between(kind, 0, mask, wire, span);
            if let Some(s) = result.linear.as_symbol().filter(|_| not_negative) {
                let axiom = value.linear.sub(&result.linear);
                self.symbols.info_mut(s).axioms.extend(axiom);
            }
            return result;
        }
        let result = self.at_most(value, kind, wire, span);
        if let (Some(s), Some(low)) = (result.linear.as_symbol(), low) {
            let axiom = result.linear.sub(&value.linear).and_then(|l| l.plus_constant(low));
            self.symbols.info_mut(s).axioms.extend(axiom);
        }
        result
    }

    fn united(&mut self, a: Value, b: Value, kind: Kind, wire: Wire, span: Span) -> Value {
        if let (Some(a), Some(b)) = (a.linear.as_constant(), b.linear.as_constant()) {
            return Value { linear: Linear::constant(a | b), kind };
        }
        // Bytes shifted to disjoint positions add up: `p[0] << 8 | p[1]`.
        for (high, low) in [(a, b), (b, a)] {
            let unit = high.linear.terms().iter().map(|(_, k)| k.trailing_zeros()).min().unwrap_or(0);
            let unit = if high.linear.constant == 0 { unit } else { unit.min(high.linear.constant.trailing_zeros()) };
            let fits = self.symbols.least(&low.linear).is_some_and(|lo| lo >= 0)
                && self.symbols.greatest(&low.linear).is_some_and(|hi| hi < 1i64 << unit.min(32));
            if fits && unit > 0 {
                // Assembled from several bytes: a number in an explicit byte order.
                let wire = if wire >= Wire::Faint && unit >= 8 { Wire::Strong } else { wire };
                let sum = high.linear.add(&low.linear);
                if wire == Wire::Strong {
                    self.mark_wire(&sum);
                }
                return self.valued(sum, kind, wire, span);
            }
        }
        let floor = self.symbols.least(&a.linear).zip(self.symbols.least(&b.linear)).map(|(a, b)| a.max(b));
        let result = self.unknown(kind, wire, span);
        if let (Some(s), Some(floor)) = (result.linear.as_symbol(), floor)
            && floor >= 0
        {
            let sum = a.linear.add(&b.linear).and_then(|sum| sum.sub(&result.linear));
            let above = [result.linear.sub(&a.linear), result.linear.sub(&b.linear)];
            let info = self.symbols.info_mut(s);
            info.lo = Some(floor);
            info.axioms.extend(sum.into_iter().chain(above.into_iter().flatten()));
        }
        result
    }

    fn mark_wire(&mut self, linear: &Option<Linear>) {
        for (s, _) in linear.iter().flat_map(|l| l.terms()) {
            let info = self.symbols.info_mut(*s);
            if info.wire > Wire::No {
                info.wire = Wire::Strong;
            }
        }
    }

    /// Converts `value` to `to`: unchanged if its range fits, and also if a negative value would become large: that is
    /// reported at this place, and later code is analysed with the value that the author meant.
    pub fn convert(&mut self, f: &Frame, e: ExprId, value: Value, to: Kind) -> Value {
        let span = self.span(f, e);
        match (to, value.kind) {
            (Kind::Unknown, _) => value,
            (Kind::Int { .. }, Kind::Float) => self.unknown(to, self.symbols.wire(&value.linear), span),
            // Overflow of a sum within its type is not tracked.
            (to, from) if to == from.promoted() => Value { linear: value.linear, kind: to },
            (Kind::Int { bits, signed }, from) => {
                let (lo, hi) = to.range();
                let (least, greatest) = (self.symbols.least(&value.linear), self.symbols.greatest(&value.linear));
                let above = lo.is_none_or(|lo| least.is_some_and(|least| least >= lo));
                let below = hi.is_none_or(|hi| greatest.is_some_and(|greatest| greatest <= hi));
                let as_is = Value { linear: value.linear, kind: to };
                let from_int = matches!(from, Kind::Int { .. });
                if above && below {
                    // An unsigned difference stored in a signed type is checked for being below zero.
                    if signed && from.is_unsigned() && from_int && least.is_some_and(|least| least < 0) {
                        self.site(f, e, SiteKind::Conversion { value: value.linear, to, from, is_length: false });
                    }
                    return as_is;
                }
                // No two places in one object are that far apart, and nothing received is that long.
                if from == Kind::PTRDIFF && signed && bits == 32 {
                    return as_is;
                }
                let same_width = matches!(from, Kind::Int { bits: b, .. } if b <= bits);
                // A length of undeclared type is assumed to be wider than 8 bits.
                let is_cut = from == Kind::Unknown && bits == 8 && self.stores_length;
                let from = if is_cut { Kind::INT } else { from };
                if from_int || is_cut {
                    self.site(
                        f,
                        e,
                        SiteKind::Conversion { value: value.linear, to, from, is_length: self.stores_length },
                    );
                }
                if !signed && (same_width || bits >= 64) {
                    return as_is;
                }
                // A value of unknown type is assumed to fit.
                if !from_int || bits >= 64 {
                    return as_is;
                }
                let source = Source::Converted { from: value.linear, lo: lo.unwrap_or(0), hi };
                let wire = self.symbols.wire(&value.linear);
                let result = self.unknown(to, wire, span);
                if let Some(s) = result.linear.as_symbol() {
                    self.symbols.info_mut(s).source = source;
                }
                result
            }
            (_, Kind::Float) => self.unknown(to, Wire::No, span),
            _ => Value { linear: value.linear, kind: to },
        }
    }
}

/// `linear / by` if it divides exactly.
fn divided(linear: &Linear, by: i64) -> Option<Linear> {
    let divides = linear.constant % by == 0 && linear.terms().iter().all(|(_, k)| i64::from(*k) % by == 0);
    if !divides {
        return None;
    }
    linear.terms().iter().try_fold(Linear::constant(linear.constant / by), |sum, (s, k)| {
        sum.plus(&Linear::symbol(*s), (i64::from(*k) / by) as i32)
    })
}
