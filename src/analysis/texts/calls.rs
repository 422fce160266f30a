//! What calls tell about the texts that they are passed, and do to them.

use super::state::{Address, Known, Mark, Marks, State};
use super::walk::{Value, Walker};
use crate::hir::{ExprId, ExprKind, UnaryOp};
use crate::preprocess::token::integer;

/// Functions that read texts and modify none.
const READERS: [&str; 34] = [
    "strlen",
    "strchr",
    "strrchr",
    "strchrnul",
    "index",
    "rindex",
    "strstr",
    "strcasestr",
    "strcmp",
    "strncmp",
    "strcasecmp",
    "strncasecmp",
    "stricmp",
    "strnicmp",
    "strspn",
    "strcspn",
    "strpbrk",
    "atoi",
    "atol",
    "atoll",
    "atof",
    "strtol",
    "strtoul",
    "strtoll",
    "strtoull",
    "strtod",
    "strtoimax",
    "strdup",
    "puts",
    "fputs",
    "inet_addr",
    "inet_aton",
    "inet_pton",
    "sscanf",
];
/// Functions that compare the beginnings of texts.
const COMPARERS: [&str; 7] = ["memcmp", "strcmp", "strcasecmp", "stricmp", "strncmp", "strncasecmp", "strnicmp"];

/// The length of a string literal in bytes, without quotes; none if it has escapes.
fn length(literal: &str) -> Option<u16> {
    let inner = literal.strip_prefix('"')?.strip_suffix('"')?;
    u16::try_from(inner.len()).ok().filter(|_| !inner.contains(['\\', '"']))
}

/// The value of a character literal, exact enough to distinguish the NUL from all others.
fn character(literal: &str) -> Option<i64> {
    let inner = literal.split('\'').nth(1)?;
    match inner.as_bytes() {
        [b'\\', digits @ ..] if digits.iter().all(|b| *b == b'0') && !digits.is_empty() => Some(0),
        [b'\\', b'x', digits @ ..] if digits.iter().all(|b| *b == b'0') => Some(0),
        // Some control character, or a quote.
        [b'\\', ..] => Some(7),
        [byte, ..] => Some(i64::from(*byte)),
        // A quote.
        [] => Some(39),
    }
}

/// Whether it prints or logs: texts are read and not modified.
fn is_printer(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower.contains("log") || lower.contains("print") && !lower.contains("snprint") && !lower.contains("sprint")
}

/// Character classes: `Some(true)` if the NUL belongs to it, `Some(false)` if not.
fn class_has_nul(name: &str) -> Option<bool> {
    let lower = name.trim_start_matches("__").to_ascii_lowercase();
    let class = lower.rsplit("is").next().filter(|class| class.len() < lower.len())?;
    match class.trim_matches('_') {
        "cntrl" | "ascii" => Some(true),
        "alpha" | "digit" | "alnum" | "space" | "xdigit" | "upper" | "lower" | "punct" | "print" | "graph"
        | "blank" | "hex" | "lws" | "ws" | "token" | "alphanum" => Some(false),
        _ => None,
    }
}

impl Walker<'_> {
    /// The number that an expression is, as far as it matters: zero, or which one.
    pub fn constant(&self, e: ExprId) -> Option<i64> {
        let body = self.body;
        match body.expr(body.bare(e)).kind {
            ExprKind::Number(text) => integer(body.names.text(text)),
            ExprKind::Char(text) => character(body.names.text(text)),
            ExprKind::Name(name) => match body.names.text(name) {
                "NUL" | "EOS" | "NULL" | "nullptr" => Some(0),
                "EOF" => Some(-1),
                name => self.named(name, body.expr(e).span.start),
            },
            _ => None,
        }
    }

    /// The value of a macro that is one character or number; any other name in upper case is some character.
    fn named(&self, name: &str, at: u32) -> Option<i64> {
        let shouts = name.len() > 1 && !name.bytes().any(|b| b.is_ascii_lowercase());
        let Some(def) = self.program.macros.resolve(name, self.file, at).filter(|def| def.params.is_none()) else {
            return shouts.then_some(32);
        };
        let mut tokens = def.tokens().filter(|token| !token.is("(") && !token.is(")"));
        match (tokens.next(), tokens.next()) {
            (Some(token), None) => character(&token.text).or_else(|| integer(&token.text)),
            _ => shouts.then_some(32),
        }
    }

    /// The address of a text is passed on: the text is read, and maybe modified.
    pub fn given(&mut self, arg: ExprId, kept: bool, st: &mut State) -> Value {
        let body = self.body;
        if !self.shapes.is_sum(body, arg) {
            // `CHECK(*p != 0)`
            if self.is_question(arg) {
                let among = std::mem::replace(&mut self.among, true);
                let (yes, _) = self.cond(arg, st.clone());
                self.among = among;
                *st = yes;
                return Value::Other;
            }
            return self.eval(arg, st);
        }
        let held = match body.expr(body.bare(arg)).kind {
            ExprKind::Name(name) => st.byte(name),
            _ => None,
        };
        let sum = self.sum(arg, st);
        if let Some(at) = sum.as_ref().and_then(|sum| self.find(sum)) {
            self.read(at, arg, st);
            if kept {
                return Value::Other;
            }
        }
        if let Some(base) = sum.and_then(|sum| sum.base).filter(|_| !kept) {
            for key in self.shapes.of_family(self.shapes.family(base)) {
                st.forget(key);
            }
        }
        held.map_or(Value::Other, Value::Byte)
    }

    pub fn call(&mut self, call: ExprId, args: &[ExprId], st: &mut State) -> Value {
        let body = self.body;
        let ExprKind::Call { callee, .. } = body.expr(call).kind else { return Value::Other };
        let Some(name) = body.callee(call) else {
            self.eval(callee, st);
            args.iter().for_each(|&arg| {
                self.given(arg, false, st);
            });
            return Value::Other;
        };
        let reads = READERS.contains(&name);
        let at = args.first().filter(|_| reads).and_then(|&first| self.peek(first, st));
        let values: Vec<Value> = args.iter().map(|&arg| self.given(arg, reads || is_printer(name), st)).collect();
        if reads && let Some(at) = at {
            self.is_text(at);
        }
        if COMPARERS.contains(&name) {
            return self.comparison(args, st);
        }
        if matches!(name, "strchr" | "index") && args.len() == 2 {
            let (Value::Byte(at), None) = (values[1], at) else { return Value::Other };
            return Value::Test { at, yes: Known::Passes, no: Known::NonZero };
        }
        match (name, &values[..]) {
            ("tolower" | "toupper" | "TOLOWER" | "TOUPPER", [value]) => return *value,
            (_, [Value::Byte(at)]) => {
                let (yes, no) = match class_has_nul(name) {
                    Some(true) => (Known::Nothing, Known::NonZero),
                    Some(false) => (Known::NonZero, Known::Nothing),
                    None => (Known::NonZero, Known::NonZero),
                };
                return Value::Test { at: *at, yes, no };
            }
            _ => {}
        }
        self.mixed(&values, st)
    }

    /// The address that an argument evaluates to, if it is one and has no side effects.
    fn peek(&mut self, arg: ExprId, st: &State) -> Option<Address> {
        let body = self.body;
        if !self.shapes.is_sum(body, arg) {
            return None;
        }
        let mut changes = false;
        body.walk(arg, &mut |e| {
            changes |= !matches!(
                body.expr(e).kind,
                ExprKind::Name(_) | ExprKind::Number(_) | ExprKind::Binary { .. } | ExprKind::Cast { .. }
            )
        });
        let sum = (!changes).then(|| self.sum(arg, &mut st.clone())).flatten()?;
        self.find(&sum)
    }

    /// `strncmp(p, "literal", 7)`
    fn comparison(&mut self, args: &[ExprId], st: &mut State) -> Value {
        let body = self.body;
        let &[a, b, ..] = args else { return Value::Other };
        let limit = args.get(2);
        let literal = |e: ExprId| match body.expr(e).kind {
            ExprKind::String(text) => length(body.names.text(text)),
            _ => None,
        };
        let (at, long) = match (self.peek(a, st), self.peek(b, st)) {
            (Some(at), None) => (at, literal(b)),
            (None, Some(at)) => (at, literal(a)),
            _ => return Value::Other,
        };
        self.is_text(at);
        let limit = limit.map(|&limit| {
            self.constant(limit).filter(|_| !matches!(body.expr(body.bare(limit)).kind, ExprKind::Name(_)))
        });
        let no = match (args.len() > 2, long, limit.flatten()) {
            (false, Some(long), _) => Known::Whole(long),
            (true, Some(long), Some(most)) if most > i64::from(long) => Known::Whole(long),
            (true, Some(_), Some(most)) => u16::try_from(most).map_or(Known::Lost, Known::Prefix),
            (true, None, Some(most)) => u16::try_from(most).map_or(Known::Lost, Known::Prefix),
            _ => Known::Lost,
        };
        Value::Test { at, yes: Known::Nothing, no }
    }

    /// What is known about the text that a call returns.
    pub fn result(&self, value: ExprId) -> Marks {
        let body = self.body;
        let value = body.bare(value);
        let ahead = |n: i32| [Mark::FREE, Mark::new(n, Some(value)), Mark::FREE];
        let unknown = [Mark::FREE, Mark::FREE, Mark::new(0, None)];
        match &body.expr(value).kind {
            ExprKind::Call { args, .. } => match (body.callee(value), &args[..]) {
                (Some("strchr" | "strrchr" | "index" | "rindex"), [_, c]) => match self.constant(*c) {
                    Some(0) => [Mark::new(0, Some(value)), Mark::FREE, Mark::FREE],
                    _ => ahead(1),
                },
                (Some("strpbrk" | "strtok" | "strtok_r"), _) => ahead(1),
                (Some("strchrnul"), _) => [Mark::new(0, Some(value)), Mark::new(1, Some(value)), Mark::FREE],
                (Some("strstr" | "strcasestr"), [_, text]) => match body.expr(*text).kind {
                    ExprKind::String(text) => length(body.names.text(text)).map_or(unknown, |n| ahead(i32::from(n))),
                    _ => unknown,
                },
                (Some("malloc" | "calloc" | "realloc" | "alloca" | "memchr" | "memmem"), _) => [Mark::FREE; 3],
                _ => unknown,
            },
            ExprKind::Member { .. } | ExprKind::Index { .. } | ExprKind::Unary { op: UnaryOp::Deref, .. } => unknown,
            _ => [Mark::FREE; 3],
        }
    }
}
