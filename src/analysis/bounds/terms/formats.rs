//! Parsing of `printf` and `scanf` formats.

/// One conversion specification of a format.
#[derive(Debug, PartialEq, Eq)]
pub struct Conversion {
    pub kind: char,
    /// The field width in `scanf`, the precision in `printf`.
    pub limit: Option<i64>,
    /// The field width in `printf`: the minimal number of bytes.
    pub width: i64,
    /// The number of `*` arguments (width, precision).
    pub stars: usize,
    /// `%.*s`: the last of them is the precision.
    pub limited: bool,
    /// The width in bits of the number that is printed.
    pub bits: u32,
    /// `%#x`: the length of the `0x` prefix.
    pub prefix: i64,
    /// `%*d` in `scanf`: nothing is stored.
    pub skipped: bool,
}

/// The maximal number of bytes printed for a number of `bits` bits, including the sign.
pub fn digits(kind: char, bits: u32) -> Option<i64> {
    let decimal = |bits: u32| i64::from(bits * 3 / 10 + 1);
    match kind {
        'c' | '%' => Some(1),
        'd' | 'i' => Some(decimal(bits - 1) + 1),
        'u' => Some(decimal(bits)),
        'x' | 'X' => Some(i64::from(bits / 4)),
        'o' => Some(i64::from(bits.div_ceil(3)) + 1),
        'p' => Some(18),
        _ => None,
    }
}

/// The arguments printed as strings, counted from `first`, each with the `*` argument that limits it, if any.
pub fn texts(format: &str, first: usize) -> Vec<(usize, Option<usize>)> {
    let mut arg = first;
    let mut all = Vec::new();
    for c in conversions(format, false).1 {
        arg += c.stars;
        if c.kind == 's' && c.limit.is_none() {
            all.push((arg, c.limited.then(|| arg - 1)));
        }
        arg += usize::from(c.kind != '%');
    }
    all
}

/// The number of literal bytes of a format, and its conversions (C17 7.21.6).
pub fn conversions(format: &str, scans: bool) -> (i64, Vec<Conversion>) {
    let mut literal = -2i64;
    let mut all = Vec::new();
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            // An escape is one byte.
            if c == '\\' {
                chars.next();
            }
            literal += c.len_utf8() as i64;
            continue;
        }
        let mut found = Conversion {
            kind: '%',
            limit: None,
            width: 0,
            stars: 0,
            limited: false,
            bits: 32,
            prefix: 0,
            skipped: false,
        };
        while let Some(flag) = chars.next_if(|c| "-+ #0'".contains(*c)) {
            found.prefix += 2 * i64::from(flag == '#');
        }
        let number = |chars: &mut std::iter::Peekable<std::str::Chars>| {
            let mut n: Option<i64> = None;
            while let Some(d) = chars.peek().and_then(|c| c.to_digit(10)) {
                n = Some(n.unwrap_or(0).saturating_mul(10).saturating_add(i64::from(d)).min(1 << 30));
                chars.next();
            }
            n
        };
        if chars.next_if_eq(&'*').is_some() {
            if scans { found.skipped = true } else { found.stars += 1 }
        }
        let width = number(&mut chars);
        if scans {
            found.limit = width
        } else {
            found.width = width.unwrap_or(0)
        }
        if chars.next_if_eq(&'.').is_some() {
            match chars.next_if_eq(&'*') {
                Some(_) => (found.stars, found.limited) = (found.stars + 1, true),
                None => found.limit = Some(number(&mut chars).unwrap_or(0)),
            }
        }
        while let Some(size) = chars.next_if(|c| "hlqjzt".contains(*c)) {
            found.bits = if size == 'h' { (found.bits / 2).max(8) } else { 64 };
        }
        let Some(kind) = chars.next() else { break };
        found.kind = kind;
        if kind == '[' && scans {
            // `]` right after `[` or `[^` belongs to the set.
            chars.next_if_eq(&'^');
            chars.next_if_eq(&']');
            for c in chars.by_ref() {
                if c == ']' {
                    break;
                }
            }
        }
        if kind == '%' {
            literal += 1;
            continue;
        }
        all.push(found);
    }
    (literal.max(0), all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_taken_apart() {
        let (literal, all) = conversions("\"a=%d %.*s%%\\n\"", false);
        assert_eq!(literal, 5);
        assert_eq!(all.iter().map(|c| (c.kind, c.stars)).collect::<Vec<_>>(), [('d', 0), ('s', 1)]);
        let (_, all) = conversions("\"%d %hhX %hu %lu %llx %u\"", false);
        assert_eq!(all.iter().filter_map(|c| digits(c.kind, c.bits)).collect::<Vec<_>>(), [11, 2, 5, 20, 16, 10]);
        let limits = texts("\"%*s %.*s %*.*s %-*.4s\"", 1);
        assert_eq!(limits, [(2, None), (4, Some(3)), (7, Some(6))]);
        let (_, all) = conversions("\"%30d %[^]x] %*s %8s\"", true);
        let told: Vec<_> = all.iter().map(|c| (c.kind, c.limit, c.skipped)).collect();
        assert_eq!(told, [('d', Some(30), false), ('[', None, false), ('s', None, true), ('s', Some(8), false)]);
    }
}
