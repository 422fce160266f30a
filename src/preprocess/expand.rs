//! Expands, in the text of one function, the macros that a parser has to see through.
//!
//! Implements the standard's algorithm (C11 6.10.3: `#`, `##`, no macro inside its own expansion), applied only where
//! [`Traits::must_expand`](super::macros::Traits::must_expand) says that control flow or grammar depends on it: an
//! expression macro stays a call, as written. [`expand_where`] lets its caller choose what is expanded.

use std::borrow::Cow;

use super::comments::is_fallthrough_name;
use super::macros::{MacroDef, MacroTable};
use super::token::{Token, TokenKind, Tokens, is_type_word};
use crate::source::{FileId, Span};

/// A token during expansion.
#[derive(Clone, Debug)]
pub struct Expanded<'a> {
    pub token: Token<'a>,
    /// It comes from a macro: its span is that of the call.
    pub from_macro: bool,
    /// Macros that must not be expanded again here: index into the chain of names, 0 for none.
    hidden: u32,
}

impl<'a> Expanded<'a> {
    pub fn source(token: Token<'a>) -> Self {
        Expanded { token, from_macro: false, hidden: 0 }
    }

    /// A token inserted at the location of another one.
    pub fn inserted(text: &'static str, kind: TokenKind, span: Span) -> Self {
        let token = Token { kind, text: Cow::Borrowed(text), span, spaced: true };
        Expanded { token, from_macro: true, hidden: 0 }
    }
}

/// One function may grow to this many tokens; beyond that, macros stay as written.
const MAX_TOKENS: usize = 400_000;
/// Nesting depth of macros.
const MAX_DEPTH: usize = 48;

struct Expander<'t, 'w> {
    table: &'t MacroTable,
    file: FileId,
    extent: Extent<'w>,
    limit: usize,
    /// `(name, next)`: the chains of names that [`Expanded::hidden`] points into.
    chains: Vec<(&'t str, u32)>,
    produced: usize,
    /// Tokens still to be read, the next one last.
    work: Vec<Expanded<'t>>,
}

/// Which macros are expanded.
enum Extent<'w> {
    /// Those that control flow or grammar depends on, and all before the offset `head`: a macro may generate a
    /// function's head.
    Flow { head: u32 },
    /// Those for which `wanted` holds. Tokens that are not the file's own are located at offset `at`.
    Where { wanted: &'w dyn Fn(&MacroDef) -> bool, at: Option<u32> },
}

/// Expands `text[range]`, the code of one function in `file` whose head ends at `head`. The flag is set if the budget
/// ran out.
pub fn expand<'t>(
    text: &'t str,
    range: std::ops::Range<usize>,
    head: u32,
    file: FileId,
    table: &'t MacroTable,
) -> (Vec<Expanded<'t>>, bool) {
    let tokens = Tokens::new(text, range).collect();
    Expander::new(tokens, file, table, Extent::Flow { head }, MAX_TOKENS).run()
}

/// Expands, in tokens of `file`, the macros for which `wanted` holds, up to about `limit` tokens. `at` is the offset of
/// tokens that are not the file's own.
pub fn expand_where<'t>(
    tokens: Vec<Token<'t>>,
    file: FileId,
    at: Option<u32>,
    table: &'t MacroTable,
    wanted: &dyn Fn(&MacroDef) -> bool,
    limit: usize,
) -> (Vec<Expanded<'t>>, bool) {
    Expander::new(tokens, file, table, Extent::Where { wanted, at }, limit).run()
}

impl<'t, 'w> Expander<'t, 'w> {
    fn new(
        tokens: Vec<Token<'t>>,
        file: FileId,
        table: &'t MacroTable,
        extent: Extent<'w>,
        limit: usize,
    ) -> Expander<'t, 'w> {
        let work = tokens.into_iter().rev().map(Expanded::source).collect();
        Expander { table, file, extent, limit, chains: vec![("", 0)], produced: 0, work }
    }

    /// The flag is set if the budget ran out.
    fn run(mut self) -> (Vec<Expanded<'t>>, bool) {
        let mut out: Vec<Expanded<'t>> = Vec::with_capacity(self.work.len());
        while let Some(next) = self.work.pop() {
            let member = out.last().is_some_and(|p| matches!(&*p.token.text, "." | "->"));
            if next.token.kind == TokenKind::Ident
                && !member
                && self.produced < self.limit
                && let Some(def) = self.candidate(&next)
                && self.call(def, &next)
            {
                continue;
            }
            out.push(next);
        }
        (out, self.produced >= self.limit)
    }

    fn candidate(&self, name: &Expanded<'t>) -> Option<&'t MacroDef> {
        let at = match self.extent {
            Extent::Where { at: Some(at), .. } => at,
            _ => name.token.span.start,
        };
        let def = self.table.resolve(&name.token.text, self.file, at)?;
        let mut hidden = name.hidden;
        let mut depth = 0;
        while hidden != 0 {
            let (text, next) = self.chains[hidden as usize];
            if text == &*name.token.text || depth >= MAX_DEPTH {
                return None;
            }
            hidden = next;
            depth += 1;
        }
        Some(def)
    }

    /// Replaces the call of `def` at the head of the work list by its expansion, if it is a call and must be expanded.
    fn call(&mut self, def: &'t MacroDef, name: &Expanded<'t>) -> bool {
        if !self.may_expand(def, name) {
            return false;
        }
        let mut args: Vec<&[Expanded<'t>]> = Vec::new();
        let mut used = 0;
        let mut span = name.token.span;
        let work = std::mem::take(&mut self.work);
        if let Some(params) = &def.params {
            let Some((found, len)) = arguments(&work) else {
                self.work = work;
                return false;
            };
            let unasked = params.is_empty() && found.iter().any(|a| !a.is_empty());
            if unasked || !self.must_expand(def, name, &found) {
                self.work = work;
                return false;
            }
            used = len;
            if !name.from_macro {
                span = span.to(work[work.len() - len].token.span);
            }
            args = found;
        } else if !self.must_expand(def, name, &[]) {
            self.work = work;
            return false;
        }
        self.chains.push((&def.name, name.hidden));
        let hidden = (self.chains.len() - 1) as u32;
        let mut body = substitute(def, &args, span, hidden);
        self.produced += body.len();
        body.reverse();
        drop(args);
        self.work = work;
        self.work.truncate(self.work.len() - used);
        self.work.extend(body);
        true
    }

    /// Whether a call of `def` may be expanded, regardless of its arguments.
    fn may_expand(&self, def: &MacroDef, name: &Expanded<'t>) -> bool {
        let head = match self.extent {
            Extent::Flow { head } => head,
            Extent::Where { wanted, .. } => return wanted(def),
        };
        let traits = self.table.traits(def);
        // A function may have the name of a macro that renames or replaces it; macros like `DEFUN` generate heads.
        let renames = def.params.is_some() || !traits.must_expand();
        if name.token.span.start < head && renames && def.name.bytes().any(|b| b.is_ascii_lowercase()) {
            return false;
        }
        // A mark is identified by its name: what it expands to under some conditions (nothing, a comment,
        // `do {} while (0)`) does not matter.
        !traits.fallthrough || traits.labels || traits.jumps || !is_fallthrough_name(&def.name)
    }

    /// Whether this call of `def` is expanded. The tokens of each argument are in reverse order.
    fn must_expand(&self, def: &MacroDef, name: &Expanded<'t>, args: &[&[Expanded<'t>]]) -> bool {
        let Extent::Flow { head } = self.extent else { return true };
        let missing = args.len() > 1 && args.iter().any(|arg| arg.is_empty());
        let odd = missing || args.iter().any(|arg| is_jump(arg.last()) || is_type(arg.iter().rev()));
        name.token.span.start < head || self.table.traits(def).must_expand() || odd
    }
}

/// The arguments at the head of `work` (which is reversed), and the number of tokens in the list including its
/// parentheses. The tokens of each argument are in reverse order, too.
fn arguments<'w, 't>(work: &'w [Expanded<'t>]) -> Option<(Vec<&'w [Expanded<'t>]>, usize)> {
    if !work.last()?.token.is("(") {
        return None;
    }
    let mut args = Vec::new();
    let mut depth = 0usize;
    let mut end = work.len() - 1;
    for (i, item) in work.iter().enumerate().rev() {
        match &*item.token.text {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" if depth > 1 => depth -= 1,
            ")" => {
                args.push(&work[i + 1..end]);
                return Some((args, work.len() - i));
            }
            "," if depth == 1 => {
                args.push(&work[i + 1..end]);
                end = i;
            }
            _ => {}
        }
    }
    None
}

/// The argument begins with a jump: `CHECK(p, return -1)`.
pub fn is_jump(first: Option<&Expanded>) -> bool {
    first.is_some_and(|t| matches!(&*t.token.text, "break" | "continue" | "return" | "goto"))
}

/// Whether the argument, in source order, is a type: `TALLOC(ctx, struct foo)`, `va_arg(ap, char *)`.
pub fn is_type<'a, 't: 'a>(arg: impl Iterator<Item = &'a Expanded<'t>> + Clone) -> bool {
    let word = |t: &Expanded| is_type_word(&t.token.text);
    let simple = arg.clone().all(|t| t.token.is("*") || t.token.is_ident());
    // `T *`: a product needs an operand after the star; `*p` is a dereference.
    let name = arg.clone().next().is_some_and(|t| t.token.is_ident());
    let stars = arg.clone().skip(1).all(|t| t.token.is("*")) && arg.clone().nth(1).is_some();
    simple && (arg.clone().any(word) || (name && stars))
}

/// The replacement list of `def` with `args` (each reversed) substituted; every token gets the span `span`.
fn substitute<'t>(def: &'t MacroDef, args: &[&[Expanded<'t>]], span: Span, hidden: u32) -> Vec<Expanded<'t>> {
    let params = def.params.as_deref().unwrap_or(&[]);
    let index = |token: &Token| (token.is_ident()).then(|| params.iter().position(|p| **p == *token.text)).flatten();
    let argument = |i: usize| -> Vec<Expanded<'t>> {
        let rest = def.variadic && i + 1 == params.len();
        let given = if rest { args.get(i..).unwrap_or(&[]) } else { args.get(i..=i).unwrap_or(&[]) };
        let mut tokens: Vec<Expanded<'t>> = Vec::new();
        for (n, arg) in given.iter().enumerate() {
            if n > 0 {
                tokens.push(Expanded::inserted(",", TokenKind::Punct, span));
            }
            tokens.extend(arg.iter().rev().cloned());
        }
        for item in &mut tokens {
            item.token.span = span;
            item.from_macro = true;
        }
        tokens
    };
    let own = |mut token: Token<'t>| {
        token.span = span;
        Expanded { token, from_macro: true, hidden }
    };
    let body: Vec<Token<'t>> = def.tokens().collect();
    let mut out: Vec<Expanded<'t>> = Vec::with_capacity(body.len());
    let mut i = 0;
    while i < body.len() {
        let token = &body[i];
        if token.is("#") && def.params.is_some() && body.get(i + 1).is_some_and(|t| index(t).is_some()) {
            out.push(own(Token { kind: TokenKind::Literal, text: Cow::Borrowed("\"\""), span, spaced: true }));
            i += 2;
            continue;
        }
        if token.is("##") && i + 1 < body.len() && !out.is_empty() {
            let right = match index(&body[i + 1]) {
                Some(p) => argument(p),
                None => vec![own(body[i + 1].clone())],
            };
            paste(&mut out, right);
            i += 2;
            continue;
        }
        match index(token) {
            Some(p) => out.extend(argument(p)),
            None => out.push(own(token.clone())),
        }
        i += 1;
    }
    out
}

/// `left ## right`; `, ## __VA_ARGS__` drops the comma if nothing follows (GNU).
fn paste<'t>(left: &mut Vec<Expanded<'t>>, right: Vec<Expanded<'t>>) {
    if left.last().is_some_and(|l| l.token.is(",")) {
        if right.is_empty() {
            left.pop();
        } else {
            left.extend(right);
        }
        return;
    }
    let mut right = right.into_iter();
    if let (Some(last), Some(first)) = (left.last_mut(), right.next()) {
        last.token.text = Cow::Owned(format!("{}{}", last.token.text, first.token.text));
        if last.token.kind == TokenKind::Punct {
            last.token.kind = first.token.kind;
        }
    }
    left.extend(right);
}

#[cfg(test)]
mod tests {
    use super::super::scan::Scan;
    use super::*;

    fn expanded(defines: &str, code: &str) -> String {
        let text = format!("{defines}\n{code}");
        let scan = Scan::new(&text);
        let table = MacroTable::of(&[("a.c", &text)]);
        let (tokens, over) = expand(&scan.code, defines.len()..text.len(), 0, FileId(0), &table);
        assert!(!over);
        tokens.iter().map(|t| &*t.token.text).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn expands_what_control_flow_depends_on_and_nothing_else() {
        assert_eq!(
            expanded("#define RET(x) do { if (x) return x; } while (0)\n#define N 4", "RET(N);"),
            "do { if ( N ) return N ; } while ( 0 ) ;"
        );
        assert_eq!(expanded("#define LOG(x) do { put(x); } while (0)", "LOG(1);"), "LOG ( 1 ) ;");
        assert_eq!(
            expanded("#define EACH(p, h) for (p = h; p; p = p->n)", "EACH(a, b(1, 2)) x();"),
            "for ( a = b ( 1 , 2 ) ; a ; a = a -> n ) x ( ) ;"
        );
    }

    #[test]
    fn pastes_and_nests() {
        assert_eq!(expanded("#define C(x) case OP_##x: return #x", "C(ADD);"), "case OP_ADD : return \"\" ;");
        assert_eq!(expanded("#define A(x) B(x, goto out)\n#define B(x, y) if (x) y", "A(1);"), "if ( 1 ) goto out ;");
        assert_eq!(
            expanded("#define R(f, ...) return f(1, ##__VA_ARGS__)", "R(a); R(b, 2, 3);"),
            "return a ( 1 ) ; return b ( 1 , 2 , 3 ) ;"
        );
    }

    #[test]
    fn a_macro_is_not_expanded_inside_itself() {
        assert_eq!(expanded("#define R return R", "R;"), "return R ;");
        assert_eq!(expanded("#define A B return\n#define B A break", "A"), "A break return");
    }

    #[test]
    fn growth_is_bounded() {
        let mut defines = "#define M0(x) x; x; return\n".to_owned();
        for i in 1..15 {
            defines.push_str(&format!("#define M{i}(x) {}\n", format!("M{}(x) ", i - 1).repeat(8)));
        }
        let table = MacroTable::of(&[("a.c", &defines)]);
        let (tokens, over) = expand("M14(y)", 0..6, 0, FileId(0), &table);
        assert!(over && tokens.len() < 2 * MAX_TOKENS);
    }

    #[test]
    fn a_jump_or_a_type_as_argument_is_seen() {
        assert_eq!(expanded("#define ON_FAIL(x, act) if (!(x)) act", "ON_FAIL(p, goto e);"), "if ( ! ( p ) ) goto e ;");
        assert_eq!(
            expanded("#define NEW(t) ((t *)alloc(sizeof(t)))", "x = NEW(struct s);"),
            "x = ( ( struct s * ) alloc ( sizeof ( struct s ) ) ) ;"
        );
    }
}
