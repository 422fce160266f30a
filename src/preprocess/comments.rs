//! Classifies comments and names that mention fall-through.

use std::sync::LazyLock;

use regex::bytes::Regex;

/// Which comments accept a fall-through: levels 1 to 5 of GCC's `-Wimplicit-fallthrough`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommentStyle {
    /// Any comment.
    Any,
    /// A comment that contains `falls?[ \t-]*thr(ough|u)`, in any case.
    Loose,
    /// A comment that is only a lint keyword, or `fall through` with little around it.
    Keyword,
    /// A comment that is only a lint keyword, or `FALLTHROUGH` or `FALLTHRU`.
    Strict,
    /// No comment: only an attribute accepts.
    Attribute,
}

impl CommentStyle {
    /// Whether `comment` (with delimiters) accepts a fall-through.
    pub fn accepts(self, comment: &str) -> bool {
        let pattern = match self {
            CommentStyle::Any => return true,
            CommentStyle::Loose => &LOOSE,
            CommentStyle::Keyword => &KEYWORD,
            CommentStyle::Strict => &STRICT,
            CommentStyle::Attribute => return false,
        };
        mentions(comment, &[b"fal"]) && pattern.is_match(content(comment))
    }
}

/// Whether a comment (with delimiters) says that control falls into the next label on purpose. Wider than every GCC
/// level but the first, because real code says so in many ways and with misspellings.
pub fn states_intent(comment: &str) -> bool {
    if !mentions(comment, &[b"fal", b"fai", b"dro", b"pas", b"flo", b"run", b"car", b"bre"]) {
        return false;
    }
    let content = content(comment);
    let stated = INTENT.find_iter(content).any(|found| {
        // The look-back is bounded, because a comment may repeat itself indefinitely.
        let before = &content[found.start().saturating_sub(100)..found.start()];
        let negated = NEGATION_BEFORE.is_match(before) || QUESTION_AFTER.is_match(&content[found.end()..]);
        // `break;` at the end of a commented-out section refers to that section.
        let elsewhere = found.as_bytes().contains(&b';') && LABEL.is_match(content);
        !negated && !elsewhere
    });
    stated && !DOUBT.is_match(content)
}

/// Whether a comment (with delimiters) says that control never gets there or never returns.
pub fn states_unreachable(comment: &str) -> bool {
    mentions(comment, &[b"ret", b"rea"]) && UNREACHABLE.is_match(content(comment))
}

/// Whether a macro or function of this name, called as a statement, marks a fall-through.
pub fn is_fallthrough_name(identifier: &str) -> bool {
    mentions(identifier, &[b"fal", b"bre"]) && NAME.is_match(identifier.as_bytes())
}

static LOOSE: LazyLock<Regex> = LazyLock::new(|| compile(r"(?i)falls?[ \t-]*thr(ough|u)"));

/// Three lint and Splint spellings, then GCC's documented level 3: upper, title and lower case.
static KEYWORD: LazyLock<Regex> = LazyLock::new(|| {
    compile(concat!(
        r"^(?:-fallthrough|@fallthrough@|lint -fallthrough[ \t]*|[ \t.!]*(?:",
        r"(?:(?:ELSE,?|INTENTIONAL(?:LY)?) )?FALL(?:S | |-)?THR(?:OUGH|U)",
        r"|(?:(?:Else,?|Intentional(?:ly)?) )?Fall(?:(?:s | |-)[Tt]|t)hr(?:ough|u)",
        r"|(?:(?:[Ee]lse,?|[Ii]ntentional(?:ly)?) )?fall(?:s | |-)?thr(?:ough|u)",
        r")[ \t.!]*(?:-[^\n\r]*)?)$",
    ))
});

static STRICT: LazyLock<Regex> = LazyLock::new(|| {
    compile(r"^(?:-fallthrough|@fallthrough@|lint -fallthrough[ \t]*|[ \t]*FALLTHR(?:OUGH|U)[ \t]*)$")
});

/// Spellings such as `thr?` and `trhu` occur in released code.
static INTENT: LazyLock<Regex> = LazyLock::new(|| {
    compile(
        r"(?xi) (?:^|[^a-z]) (?:
            fa[il]l(?:s|en|ing|ling)? [\s_*-]* (?:right|straight|directly|on|down|back)? [\s_*-]*
            (?: t(?:h[hr]{0,2}|rh)(?:ough|u) | into | (?:to|in)\b )
          | (?:dropp?(?:s|ed|ing)? | pass(?:es|ing)? | flow(?:s|ing)? | run(?:s|ning)? | carr(?:y(?:ing)?|ies))
            [\s_*-]* (?:it\s+)? (?: through | thru | into | on\b )
          | no[\s_*-]*break\b
          | without\s+break\b
          | break\s+(?:is\s+)?(?:omitted|missing|intentional)
          | break\s*;\s*$
        )",
    )
});

/// Words that negate what follows: `must not`, `shouldn't we`, `to avoid`.
static NEGATION_BEFORE: LazyLock<Regex> = LazyLock::new(|| {
    compile(
        r"(?xi) \b (?:
            not | never | no | cannot | without | missing | avoid(?:s|ing)? | prevent(?:s|ing)? | instead\s+of
          | (?: are | ca | could | did | do(?:es)? | is | may | might | must | need | should | was | were | wo | would)
            n (?: ['\x60?] | \xe2\x80\x99 )? t
        )
        (?: \s+ (?:a|an|any|be|ever|have|intended|it|just|let|meant|need|really|supposed|the|this|to|try|want|we) )*
        [\s*]* $",
    )
});

static LABEL: LazyLock<Regex> = LazyLock::new(|| compile(r"\bcase\b[^;]*:|\bdefault\s*:"));

static QUESTION_AFTER: LazyLock<Regex> = LazyLock::new(|| compile(r"(?i)^[a-z \t]{0,20}\?"));

static DOUBT: LazyLock<Regex> = LazyLock::new(|| compile(r"(?i)\bno idea\b|\bnot (?:really )?sure\b|\bunsure\b"));

/// A statement about a value (`does not return NULL`) must not match, so a full stop, an end or a place has to follow.
static UNREACHABLE: LazyLock<Regex> = LazyLock::new(|| {
    compile(
        r"(?xi)
            (?:^|[^a-z]) not?[\s_]*reached\b | \bnever[\s_]*reached\b | \bnoreturn\b
          | \b(?: do(?:es)?(?:\s+not|n['\x60]?t) | never ) \s+ returns?
            (?: \s+(?:here|to|from|at|back)\b | \s*(?:[.,;:!()*]|$) )",
    )
});

static NAME: LazyLock<Regex> = LazyLock::new(|| compile(r"(?i)^\w*(?:fall_?thr(?:ough|u)\w*|(?:^|_)no_?break_*)$"));

/// The patterns are constant and ASCII-only: no Unicode case folding, no Unicode tables.
fn compile(pattern: &str) -> Regex {
    regex::bytes::RegexBuilder::new(pattern).unicode(false).build().expect("the pattern is a constant")
}

/// The bytes between a comment's delimiters. An unclosed comment ends with its text.
fn content(comment: &str) -> &[u8] {
    let text = match comment.strip_prefix("/*") {
        Some(block) => block.strip_suffix("*/").unwrap_or(block),
        None => comment.strip_prefix("//").unwrap_or(comment).trim_end_matches(['\r', '\n']),
    };
    text.as_bytes()
}

/// Whether one of the stems occurs, in any case: most comments contain none, and this is far cheaper than a regex.
fn mentions(text: &str, stems: &[&[u8; 3]]) -> bool {
    text.as_bytes().windows(3).any(|w| stems.contains(&&[w[0] | 0x20, w[1] | 0x20, w[2] | 0x20]))
}

#[cfg(test)]
mod tests;
