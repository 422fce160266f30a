//! The parameters of a function, read from its head.

use super::slice::FunctionItem;
use crate::hir::{Names, Parameter};
use crate::preprocess::token::{Token, Tokens, is_type_word};

/// Names and declarations of the parameters of `item`, in order; unnamed ones are omitted.
pub fn parameters(code: &str, item: &FunctionItem, names: &mut Names) -> Vec<Parameter> {
    let head = item.name.end as usize..(item.body as usize).max(item.name.end as usize);
    let mut all = Vec::new();
    let mut own: Vec<Token> = Vec::new();
    let mut depth = 0usize;
    for token in Tokens::new(code, head) {
        match &*token.text {
            "(" | "[" => depth += 1,
            ")" | "]" => depth = depth.saturating_sub(1),
            _ => {}
        }
        let ends = depth == 0 || (depth == 1 && token.is(","));
        let opens = depth == 1 && own.is_empty() && token.is("(");
        if ends {
            all.extend(parameter(&own, names));
            own.clear();
            if depth == 0 {
                break;
            }
        } else if !opens {
            own.push(token);
        }
    }
    all
}

fn parameter(tokens: &[Token], names: &mut Names) -> Option<Parameter> {
    let span = tokens.first()?.span.to(tokens.last()?.span);
    // `int (*handler)(int)`: the name follows the first star; otherwise it is the last word outside brackets.
    let pointer = tokens.windows(2).position(|w| w[0].is("(") && w[1].is("*"));
    let name = match pointer {
        Some(at) => tokens[at + 2..].iter().find(|t| t.is_ident()),
        None => {
            let end = tokens.iter().position(|t| t.is("[")).unwrap_or(tokens.len());
            tokens[..end].iter().rfind(|t| t.is_ident())
        }
    }?;
    (!is_type_word(&name.text)).then(|| Parameter { name: names.intern(&name.text), span })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preprocess::scan::Scan;
    use crate::syntax::slice::slice;

    fn read(code: &str) -> Vec<String> {
        let scan = Scan::new(code);
        let mut names = Names::default();
        let all = parameters(&scan.code, &slice(&scan.code).functions[0], &mut names);
        all.iter().map(|p| format!("{}: {}", names.text(p.name), &code[p.span.range()])).collect()
    }

    #[test]
    fn names_and_declarations() {
        assert_eq!(read("int f(const char *s, size_t len) {}"), ["s: const char *s", "len: size_t len"]);
        assert_eq!(read("void f(int (*cb)(int, void *), char b[static 10]) {}").len(), 2);
        assert_eq!(read("void f(int (*cb)(int, void *), char b[10]) {}")[0], "cb: int (*cb)(int, void *)");
        assert_eq!(read("void f(int (*cb)(int, void *), char b[10]) {}")[1], "b: char b[10]");
        assert_eq!(read("void f(void) {}"), [""; 0]);
        assert_eq!(read("void f() {}"), [""; 0]);
        assert_eq!(read("int f(a, b) int a; char *b; { return a; }"), ["a: a", "b: b"]);
    }
}
