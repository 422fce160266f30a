//! Linear expressions over symbols: the representation of every length, index and address.

use std::hash::{Hash, Hasher};

/// An atomic value: a parameter, a loaded byte, the result of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sym(pub u32);

impl Sym {
    /// One bit out of 64, for a Bloom filter of symbols.
    pub fn mask(self) -> u64 {
        1 << (self.0 % 64)
    }
}

/// Terms of one expression. A value that needs more is not tracked.
const MAX_TERMS: usize = 6;

/// `c + k1·s1 + k2·s2 + …`: terms sorted by symbol, no zero factors.
#[derive(Clone, Copy, Eq)]
pub struct Linear {
    pub constant: i64,
    len: u8,
    terms: [(Sym, i32); MAX_TERMS],
}

impl Linear {
    pub const ZERO: Linear = Linear::constant(0);

    pub const fn constant(constant: i64) -> Linear {
        Linear { constant, len: 0, terms: [(Sym(0), 0); MAX_TERMS] }
    }

    pub fn symbol(s: Sym) -> Linear {
        let mut linear = Linear::ZERO;
        linear.len = 1;
        linear.terms[0] = (s, 1);
        linear
    }

    pub fn terms(&self) -> &[(Sym, i32)] {
        &self.terms[..self.len as usize]
    }

    pub fn has_terms(&self) -> bool {
        !self.terms().is_empty()
    }

    pub fn as_constant(&self) -> Option<i64> {
        (self.len == 0).then_some(self.constant)
    }

    /// The symbol, if the expression is just one symbol.
    pub fn as_symbol(&self) -> Option<Sym> {
        match self.terms() {
            [(s, 1)] if self.constant == 0 => Some(*s),
            _ => None,
        }
    }

    pub fn factor(&self, s: Sym) -> i32 {
        self.terms().iter().find(|(t, _)| *t == s).map_or(0, |(_, k)| *k)
    }

    /// The union of the masks of its symbols.
    pub fn mask(&self) -> u64 {
        self.terms().iter().fold(0, |all, (s, _)| all | s.mask())
    }

    pub fn plus_constant(mut self, c: i64) -> Option<Linear> {
        self.constant = self.constant.checked_add(c)?;
        Some(self)
    }

    /// `self + factor·other`. `None` on overflow or too many terms.
    pub fn plus(&self, other: &Linear, factor: i32) -> Option<Linear> {
        let mut sum = Linear::constant(self.constant.checked_add(other.constant.checked_mul(i64::from(factor))?)?);
        let (a, b) = (self.terms(), other.terms());
        let (mut i, mut j) = (0, 0);
        while i < a.len() || j < b.len() {
            let take_a = j >= b.len() || (i < a.len() && a[i].0 <= b[j].0);
            let take_b = i >= a.len() || (j < b.len() && b[j].0 <= a[i].0);
            let s = if take_a { a[i].0 } else { b[j].0 };
            let mut k = 0i32;
            if take_a {
                k = a[i].1;
                i += 1;
            }
            if take_b {
                k = k.checked_add(b[j].1.checked_mul(factor)?)?;
                j += 1;
            }
            if k != 0 {
                if sum.len as usize == MAX_TERMS {
                    return None;
                }
                sum.terms[sum.len as usize] = (s, k);
                sum.len += 1;
            }
        }
        Some(sum)
    }

    pub fn add(&self, other: &Linear) -> Option<Linear> {
        self.plus(other, 1)
    }

    pub fn sub(&self, other: &Linear) -> Option<Linear> {
        self.plus(other, -1)
    }

    pub fn scaled(&self, factor: i64) -> Option<Linear> {
        let factor = i32::try_from(factor).ok()?;
        Linear::ZERO.plus(self, factor)
    }

    /// The weakest goal that implies `self >= 0`, given that the terms are `rest` plus a multiple of `divisor`: `4q - 1
    /// >= 0` for `4q - 4 >= 0`.
    pub fn loosened(&self, divisor: i64, rest: i64) -> Linear {
        let mut loose = *self;
        if divisor > 1 {
            let over = self.constant.saturating_add(rest).rem_euclid(divisor);
            loose.constant = self.constant.saturating_add(divisor - 1 - over);
        }
        loose
    }

    /// The strongest fact that `self >= 0` implies under the same condition: `4q - 4 >= 0` from `4q - 1 >= 0`.
    pub fn tightened(&self, divisor: i64, rest: i64) -> Linear {
        let mut tight = *self;
        if divisor > 1 {
            let over = self.constant.saturating_add(rest).rem_euclid(divisor);
            tight.constant = self.constant.saturating_sub(over);
        }
        tight
    }

    /// Replaces `s` by `by`.
    pub fn substitute(&self, s: Sym, by: &Linear) -> Option<Linear> {
        let k = self.factor(s);
        if k == 0 {
            return Some(*self);
        }
        self.plus(&Linear::symbol(s), -k)?.plus(by, k)
    }
}

/// Ignores the unused slots after the terms.
impl PartialEq for Linear {
    fn eq(&self, other: &Linear) -> bool {
        self.constant == other.constant && self.terms() == other.terms()
    }
}

impl Hash for Linear {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.constant.hash(state);
        self.terms().hash(state);
    }
}

impl std::fmt::Debug for Linear {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (s, k) in self.terms() {
            write!(f, "{k:+}·s{} ", s.0)?;
        }
        write!(f, "{:+}", self.constant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sym(i: u32) -> Linear {
        Linear::symbol(Sym(i))
    }

    #[test]
    fn sums_are_sorted_and_without_zeros() {
        let a = sym(2).add(&sym(1)).and_then(|l| l.plus_constant(4)).expect("small");
        assert_eq!(format!("{a:?}"), "+1·s1 +1·s2 +4");
        let b = a.sub(&sym(1)).expect("small");
        assert_eq!(format!("{b:?}"), "+1·s2 +4");
        assert_eq!(b.sub(&b).and_then(|l| l.as_constant()), Some(0));
    }

    #[test]
    fn whole_units_count() {
        let four = |c, rest| sym(1).scaled(4).and_then(|l| l.plus_constant(c)).map(|l| l.loosened(4, rest).constant);
        assert_eq!([-4, -2, -1, 0, 3].map(|c| four(c, 0).expect("small")), [-1, -1, -1, 3, 3]);
        assert_eq!(four(-2, 2), Some(1));
        assert_eq!(sym(1).tightened(4, 3).constant, -3);
        assert_eq!(sym(1).loosened(1, 0), sym(1));
    }

    #[test]
    fn substitution() {
        let a = sym(1).scaled(4).and_then(|l| l.add(&sym(3))).expect("small");
        let by = sym(3).plus_constant(-1).expect("small");
        assert_eq!(format!("{:?}", a.substitute(Sym(1), &by).expect("small")), "+5·s3 -4");
    }

    #[test]
    fn what_grows_too_large_is_not_followed() {
        assert!(Linear::constant(i64::MAX).add(&Linear::constant(1)).is_none());
        let many = (0..7).try_fold(Linear::ZERO, |sum, i| sum.add(&sym(i)));
        assert!(many.is_none());
    }
}
