//! C integers: with a width, a sign, and a range if it is unknown which of several definitions holds.

/// A value of an LP64 integer type. If definitions differ, the range of its possible values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value {
    pub low: i128,
    pub high: i128,
    pub bits: u8,
    pub signed: bool,
}

impl Value {
    pub fn of(value: i128, bits: u8, signed: bool) -> Value {
        Value { low: value, high: value, bits, signed }.wrapped()
    }

    pub fn int(value: i128) -> Value {
        Value::of(value, 32, true)
    }

    pub fn size(value: u64) -> Value {
        Value::of(value.into(), 64, false)
    }

    /// A constant as written, with the first type that fits it: C11 6.4.4.1.
    pub fn literal(text: &str) -> Option<Value> {
        let digits = text.trim_end_matches(['u', 'U', 'l', 'L']);
        let suffix = &text[digits.len()..];
        let value = match digits.as_bytes() {
            [b'0', b'x' | b'X', ..] => u64::from_str_radix(&digits[2..], 16),
            [b'0', b'b' | b'B', ..] => u64::from_str_radix(&digits[2..], 2),
            [b'0', _, ..] => u64::from_str_radix(&digits[1..], 8),
            _ => digits.parse(),
        };
        let value = i128::from(value.ok()?);
        let is_unsigned = suffix.contains(['u', 'U']);
        let is_decimal = !digits.starts_with('0') || digits.len() == 1;
        let fits = |bits: u8, signed: bool| {
            let allowed = if signed { !is_unsigned } else { is_unsigned || !is_decimal };
            allowed && value < 1i128 << (bits - u8::from(signed))
        };
        let narrow = !suffix.contains(['l', 'L']);
        let (bits, signed) = [(32, true), (32, false), (64, true), (64, false)]
            .into_iter()
            .find(|&(bits, signed)| (bits == 64 || narrow) && fits(bits, signed))
            .unwrap_or((64, false));
        Some(Value::of(value, bits, signed))
    }

    /// The value, if it is unique.
    pub fn single(self) -> Option<i128> {
        (self.low == self.high).then_some(self.low)
    }

    /// Converts to another type, as a cast does.
    pub fn cast(self, bits: u8, signed: bool) -> Option<Value> {
        let to = Value { bits, signed, ..self };
        if self.single().is_some() || to.fits() { Some(to.wrapped()) } else { None }
    }

    /// Either of two values, when it is unknown which.
    pub fn either(self, other: Value) -> Option<Value> {
        let (a, b) = common(self, other)?;
        Some(Value { low: a.low.min(b.low), high: a.high.max(b.high), ..a })
    }

    /// Whether it is nonzero.
    pub fn truth(self) -> Option<bool> {
        match (self.low, self.high) {
            (0, 0) => Some(false),
            (low, high) if low > 0 || high < 0 => Some(true),
            _ => None,
        }
    }

    pub fn negated(self) -> Option<Value> {
        binary("-", Value::int(0), self)
    }

    pub fn complement(self) -> Option<Value> {
        let value = self.promoted();
        match value.signed {
            true => Some(Value { low: !value.high, high: !value.low, ..value }),
            false => value.single().map(|single| Value::of(!single, value.bits, false)),
        }
    }

    pub fn promoted(self) -> Value {
        if self.bits < 32 { Value { bits: 32, signed: true, ..self } } else { self }
    }

    fn fits(self) -> bool {
        let (least, most) = match self.signed {
            true => (-1i128 << (self.bits - 1), (1i128 << (self.bits - 1)) - 1),
            false => (0, (1i128 << self.bits) - 1),
        };
        least <= self.low && self.high <= most
    }

    /// The value reduced to the width of its type.
    fn wrapped(self) -> Value {
        let wrap = |value: i128| {
            let rest = value & ((1i128 << self.bits) - 1);
            if self.signed && rest >> (self.bits - 1) != 0 { rest - (1i128 << self.bits) } else { rest }
        };
        if self.fits() { self } else { Value { low: wrap(self.low), high: wrap(self.high), ..self } }
    }
}

/// Both operands after the usual arithmetic conversions.
fn common(a: Value, b: Value) -> Option<(Value, Value)> {
    let (a, b) = (a.promoted(), b.promoted());
    let bits = a.bits.max(b.bits);
    let signed = [a, b].iter().all(|v| v.signed || v.bits < bits);
    Some((a.cast(bits, signed)?, b.cast(bits, signed)?))
}

/// `a op b`; `None` if it is undefined in C, or varies between definitions in a way that is not modelled.
pub fn binary(op: &str, a: Value, b: Value) -> Option<Value> {
    if let "<<" | ">>" = op {
        let a = a.promoted();
        if b.low < 0 || b.high >= a.bits.into() || (a.low < 0 && a.single().is_none()) {
            return None;
        }
        // `1 << 31` sets the sign bit, despite the standard.
        return extremes(a, b, true, |x, y| Some(if op == "<<" { x << y } else { x >> y }));
    }
    let (a, b) = common(a, b)?;
    let truth = |holds: Option<bool>| holds.map(|holds| Value::int(holds.into()));
    let both = a.single().zip(b.single());
    let exact = |value: Option<i128>| Some(Value { low: value?, high: value?, ..a }).filter(|v| v.fits());
    match op {
        "+" => extremes(a, b, false, i128::checked_add),
        "-" => extremes(a, b, false, i128::checked_sub),
        "*" => extremes(a, b, false, i128::checked_mul),
        "/" if a.low >= 0 && b.low > 0 => extremes(a, b, false, i128::checked_div),
        "/" => exact(both.and_then(|(a, b)| a.checked_div(b))),
        "%" => exact(both.and_then(|(a, b)| a.checked_rem(b))),
        "&" => exact(both.map(|(a, b)| a & b)),
        "|" => exact(both.map(|(a, b)| a | b)),
        "^" => exact(both.map(|(a, b)| a ^ b)),
        "==" if a.high < b.low || b.high < a.low => truth(Some(false)),
        "==" => truth(both.map(|(a, b)| a == b)),
        "!=" if a.high < b.low || b.high < a.low => truth(Some(true)),
        "!=" => truth(both.map(|(a, b)| a != b)),
        "<" => truth(less(a, b)),
        ">" => truth(less(b, a)),
        ">=" => truth(less(a, b).map(|less| !less)),
        "<=" => truth(less(b, a).map(|less| !less)),
        _ => None,
    }
}

fn less(a: Value, b: Value) -> Option<bool> {
    match () {
        () if a.high < b.low => Some(true),
        () if a.low >= b.high => Some(false),
        () => None,
    }
}

/// For an operation that is monotonic in each operand: its extremes are at the ends of the ranges.
fn extremes(a: Value, b: Value, wraps: bool, op: impl Fn(i128, i128) -> Option<i128>) -> Option<Value> {
    let ends = [op(a.low, b.low)?, op(a.low, b.high)?, op(a.high, b.low)?, op(a.high, b.high)?];
    let value = Value { low: ends.into_iter().min()?, high: ends.into_iter().max()?, ..a };
    let only = value.single().is_some();
    (value.fits() || (only && (wraps || !a.signed))).then(|| value.wrapped())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literal(text: &str) -> Value {
        Value::literal(text).expect("a constant")
    }

    #[test]
    fn literals_have_the_first_type_that_fits() {
        let of = |text: &str| (literal(text).low, literal(text).bits, literal(text).signed);
        assert_eq!(of("0"), (0, 32, true));
        assert_eq!(of("2147483648"), (2147483648, 64, true));
        assert_eq!(of("0x80000000"), (2147483648, 32, false));
        assert_eq!(of("010u"), (8, 32, false));
        assert_eq!(of("1UL"), (1, 64, false));
        assert_eq!(of("0xffffffffffffffff"), (u64::MAX.into(), 64, false));
        for text in ["1.5", "0x", "1e3", "99999999999999999999", "0b2", "08"] {
            assert_eq!(Value::literal(text), None, "{text}");
        }
    }

    #[test]
    fn operators_have_the_types_of_c() {
        let op = |a: &str, op: &str, b: &str| binary(op, literal(a), literal(b)).and_then(Value::single);
        assert_eq!(op("1", "-", "2"), Some(-1));
        assert_eq!(op("1u", "-", "2"), Some(u32::MAX.into()));
        assert_eq!(op("1", "-", "2u"), Some(u32::MAX.into()));
        assert_eq!(op("1l", "-", "2u"), Some(-1));
        assert_eq!(op("0x7fffffff", "+", "1"), None);
        assert_eq!(op("0xffffffff", "+", "1"), Some(0));
        assert_eq!(op("1", "<<", "31"), Some(i32::MIN.into()));
        assert_eq!(op("1u", "<<", "31"), Some(1 << 31));
        assert_eq!(op("1", "<<", "32"), None);
        assert_eq!(op("1ul", "<<", "63"), Some(1 << 63));
        assert_eq!(op("7", "/", "0"), None);
        assert_eq!(op("7", "%", "0"), None);
        assert_eq!(op("7", "%", "4"), Some(3));
        let minus_one = literal("1").negated().expect("-1");
        assert_eq!(binary("<", minus_one, literal("1")), Some(Value::int(1)));
        assert_eq!(binary("<", minus_one, literal("1u")), Some(Value::int(0)));
        assert_eq!(literal("0").complement().and_then(Value::single), Some(-1));
        assert_eq!(literal("0u").complement().and_then(Value::single), Some(u32::MAX.into()));
        assert_eq!(literal("0x1ff").cast(8, false).and_then(Value::single), Some(255));
        assert_eq!(literal("0xff").cast(8, true).and_then(Value::single), Some(-1));
        let least = Value::of(i64::MIN.into(), 64, true);
        assert_eq!(binary("/", least, minus_one), None);
    }

    #[test]
    fn of_several_definitions_the_extremes_are_known() {
        let size = Value::int(16).either(Value::int(32)).expect("a range");
        let range = |v: Option<Value>| v.map(|v| (v.low, v.high));
        assert_eq!(range(binary("+", size, literal("2"))), Some((18, 34)));
        assert_eq!(range(binary("-", literal("2"), size)), Some((-30, -14)));
        assert_eq!(range(binary("*", size, literal("4"))), Some((64, 128)));
        assert_eq!(range(binary("/", size, literal("3"))), Some((5, 10)));
        assert_eq!(range(binary("<<", size, literal("1"))), Some((32, 64)));
        assert_eq!(range(binary("&", size, literal("1"))), None);
        assert_eq!(range(binary("<", size, literal("33"))), Some((1, 1)));
        assert_eq!(range(binary("<", size, literal("20"))), None);
        assert_eq!(range(binary("==", size, literal("8"))), Some((0, 0)));
        assert_eq!(range(size.complement()), Some((-33, -17)));
        assert_eq!(size.single(), None);
        assert_eq!(range(size.cast(8, false)), Some((16, 32)));
        assert_eq!(range(Value::int(0).either(Value::int(300)).expect("a range").cast(8, false)), None);
    }
}
