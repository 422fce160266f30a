//! Values of literals.

use super::types::Kind;

/// An integer constant and its type (C17 6.4.4.1, for 32-bit `int` and 64-bit `long`).
pub fn number(text: &str) -> Option<(i64, Kind)> {
    // The grammar parses a sign as part of the number.
    if let Some(rest) = text.strip_prefix('-') {
        return number(rest.trim_start()).map(|(n, kind)| (n.wrapping_neg(), kind));
    }
    let text = text.strip_prefix('+').unwrap_or(text);
    let digits = text.trim_end_matches(['u', 'U', 'l', 'L']);
    let suffix = &text[digits.len()..];
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    let n = u64::from_str_radix(&digits.replace('\'', ""), radix).ok()?;
    let unsigned = suffix.contains(['u', 'U']);
    let long = suffix.contains(['l', 'L']);
    let kind = match () {
        () if !unsigned && !long && n <= i32::MAX as u64 => Kind::INT,
        () if !long && n <= u64::from(u32::MAX) && (unsigned || radix != 10) => Kind::Int { bits: 32, signed: false },
        () if unsigned || n > i64::MAX as u64 => Kind::SIZE,
        () => Kind::PTRDIFF,
    };
    Some((i64::try_from(n).unwrap_or(i64::MAX), kind))
}

/// The value of a character constant.
pub fn character(text: &str) -> Option<i64> {
    let inner = text.trim_start_matches(['L', 'u', 'U', '8']).strip_prefix('\'')?.strip_suffix('\'')?;
    let mut chars = inner.chars();
    match chars.next()? {
        '\\' => {
            let rest = chars.as_str();
            match rest.chars().next()? {
                'n' => Some(10),
                'r' => Some(13),
                't' => Some(9),
                'a' => Some(7),
                'b' => Some(8),
                'f' => Some(12),
                'v' => Some(11),
                'e' => Some(27),
                'x' => i64::from_str_radix(&rest[1..], 16).ok(),
                '0'..='7' => i64::from_str_radix(rest, 8).ok(),
                other => Some(i64::from(u32::from(other))),
            }
        }
        c => chars.next().is_none().then_some(i64::from(u32::from(c))),
    }
}

/// The size of a string literal: quotes included, an escape counted once.
pub fn written_length(text: &str) -> i64 {
    let mut length = 0;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        length += c.len_utf8() as i64;
        if c != '\\' {
            continue;
        }
        match chars.next() {
            Some('x') => while chars.next_if(|c| c.is_ascii_hexdigit()).is_some() {},
            Some('0'..='7') => {
                let _ = chars.next_if(|c| c.is_digit(8)).and_then(|_| chars.next_if(|c| c.is_digit(8)));
            }
            _ => {}
        }
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_a_sign_and_a_type() {
        assert_eq!(number("-1"), Some((-1, Kind::INT)));
        assert_eq!(number("0x10u"), Some((16, Kind::Int { bits: 32, signed: false })));
        assert_eq!(number("1.5"), None);
        assert_eq!(character("'\\r'"), Some(13));
    }

    #[test]
    fn an_escape_is_one_byte() {
        assert_eq!(["\"ab\"", r#""a\n""#, r#""\x41\101b""#].map(written_length), [4, 4, 5]);
    }
}
