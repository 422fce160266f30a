//! Tells from tokens alone whether a function can have a fall-through at all, so that most need no tree.

use crate::preprocess::token::{Token, Tokens};

/// A block that is open, and whether control can still run to its end by position.
struct Block {
    /// Opened as a statement of its own, not by `if`, a loop or an initialiser.
    plain: bool,
    /// Control cannot run into what follows: behind a jump, or nothing but labels so far.
    ended: bool,
}

/// Some label in the function's text may be run into from above. False only where every label certainly follows
/// another label, the opening of its `switch`, or an unconditional `break`, `return`, `goto` or `continue`. `labels`
/// tells the macros that hide a `case`.
pub fn may_fall(code: &str, labels: &dyn Fn(&Token) -> bool) -> bool {
    let mut blocks = vec![Block { plain: false, ended: true }];
    let mut start = false;
    // The statement is the branch or body of an `if` or a loop without braces.
    let mut governed = false;
    let mut jumps = false;
    let mut of_switch = false;
    let mut parens = 0usize;
    let mut last_is_paren = false;
    // The parenthesis depth at which a governing head `(…)` stands.
    let mut head = false;
    let mut tokens = Tokens::new(code, 0..code.len());
    while let Some(token) = tokens.next() {
        let text = &*token.text;
        let Some(block) = blocks.last_mut() else { return true };
        match text {
            "(" => {
                parens += 1;
                last_is_paren = true;
            }
            ")" => {
                parens = parens.saturating_sub(1);
                if parens == 0 && head {
                    (head, start) = (false, true);
                }
                continue;
            }
            // A statement expression.
            "{" if parens > 0 && last_is_paren => return true,
            _ if parens > 0 => {
                last_is_paren = false;
                continue;
            }
            "{" => {
                let ended = if of_switch { true } else { start && !governed && block.ended };
                blocks.push(Block { plain: start && !governed, ended });
                (start, governed, of_switch) = (true, false, false);
                continue;
            }
            "}" => {
                let ended = blocks.pop().is_some_and(|b| b.plain && b.ended);
                if let Some(parent) = blocks.last_mut() {
                    parent.ended = ended;
                }
                (start, governed) = (true, false);
                continue;
            }
            ";" => {
                if !start {
                    block.ended = jumps && !governed;
                }
                (start, governed, jumps, of_switch) = (true, false, false, false);
                continue;
            }
            _ => {}
        }
        if !start {
            // `STOP(x) case 2:`: what ends the statement before is a macro's secret.
            if matches!(text, "case" | "default") {
                return true;
            }
            // A label of the author's own, or half a `?:`, which starts nothing that matters here.
            start = text == ":";
            continue;
        }
        start = false;
        match text {
            "case" | "default" => {
                if !block.ended {
                    return true;
                }
                let mut questions = 0usize;
                loop {
                    match tokens.next() {
                        None => return true,
                        Some(t) if t.is("?") => questions += 1,
                        Some(t) if t.is(":") && questions > 0 => questions -= 1,
                        Some(t) if t.is(":") => break,
                        Some(t) if t.is(";") || t.is("{") || t.is("}") => return true,
                        Some(_) => {}
                    }
                }
                start = true;
            }
            "break" | "continue" | "goto" | "return" => {
                // What stands before a statement without a label does not matter any more.
                block.ended = false;
                jumps = true;
            }
            "if" | "while" | "for" | "switch" => {
                block.ended = false;
                (governed, head, of_switch) = (true, true, text == "switch");
            }
            "else" | "do" => {
                block.ended = false;
                (governed, start) = (true, true);
            }
            _ if token.is_ident() && labels(&token) => return true,
            _ => block.ended = false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sections(code: &str) -> bool {
        may_fall(&format!("int f(int x) {{ switch (x) {{ {code} }} }}"), &|name| name.is("ON"))
    }

    #[test]
    fn certain_ends() {
        assert!(!sections("case 1: a(); break; case 2: return b ? 1 : 2; case 3: goto out; default: c();"));
        assert!(!sections("case A ? 1 : 2: case 2: { a(); if (b) { c(); } break; } default: ;"));
        assert!(!sections("case 1: switch (y) { case 5: a(); } break; case 2: b();"));
        assert!(!may_fall("int f(void) { char *s = \"case 1: case 2:\"; if (x) y(); z(); }", &|_| false));
    }

    #[test]
    fn all_else_may_fall() {
        assert!(sections("case 1: a(); case 2: b();"));
        assert!(sections("case 1: if (a) break; case 2: b();"));
        assert!(sections("case 1: if (a) b(); else break; case 2: b();"));
        assert!(sections("case 1: if (a) { break; } case 2: b();"));
        assert!(sections("case 1: { a(); } case 2: b();"));
        assert!(sections("case 1: for (;;) break; case 2: b();"));
        assert!(sections("case 1: do { break; } while (0); case 2: b();"));
        assert!(sections("case 1: STOP(x) case 2: b();"));
        assert!(sections("case 1: return; again: case 2: b();"));
        assert!(sections("case 1: switch (y) { case 5: break; } case 2: b();"));
        assert!(sections("ON(1) a(); ON(2) b();"));
        assert!(sections("case 1: return ({ switch (y) { case 2: a(); case 3: b(); } 1; });"));
        assert!(sections("case 0: do { a(); case 1: a(); } while (n);"));
    }
}
