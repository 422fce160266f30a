//! Classifies a macro's shape from the tokens of its replacement.

use super::{MAX_NESTING, MacroDef, MacroTable, Traits};
use crate::preprocess::comments::is_fallthrough_name;
use crate::preprocess::token::Tokens;
use crate::source::FileId;

impl MacroTable {
    /// Reads the replacement with nested macros expanded in place (bounded, each name once).
    pub(super) fn judge(&self, def: &MacroDef) -> Traits {
        let mut traits = Traits::default();
        let mut decoration = true;
        let mut depth = 0i32;
        let mut lowest = 0i32;
        let mut statements = 0usize;
        let mut words_since_semicolon = 0usize;
        let mut heads: Vec<(i32, bool)> = Vec::new();
        let mut last_is_head = false;
        let mut pending_head = false;
        let mut in_do = false;
        let mut takes_list = false;
        let mut in_type = false;
        let mut seen: Vec<&str> = vec![&def.name];
        let mut stack = vec![(def, def.tokens())];
        while let Some((current, tokens)) = stack.last_mut() {
            let Some(token) = tokens.next() else {
                stack.pop();
                continue;
            };
            let parameter = current.params.as_ref().is_some_and(|p| p.iter().any(|p| **p == *token.text));
            if token.is_ident()
                && !parameter
                && stack.len() < MAX_NESTING
                && let Some(nested) = self.resolve_nested(&token.text, current_file(&stack))
                && !seen.contains(&&*nested.name)
            {
                seen.push(&nested.name);
                stack.push((nested, nested.tokens()));
                continue;
            }
            let text = &*token.text;
            last_is_head = false;
            match text {
                "break" | "continue" | "return" | "goto" => traits.jumps = true,
                "case" | "default" => traits.labels = true,
                "for" | "while" | "if" | "switch" => pending_head = true,
                "struct" | "union" | "enum" if depth == 0 => in_type = true,
                "else" | "do" => {
                    last_is_head = true;
                    in_do |= text == "do";
                }
                "(" | "[" | "{" => {
                    traits.several |= in_type && text == "{" && depth == 0;
                    depth += 1;
                    if text == "(" {
                        heads.push((depth, pending_head));
                        pending_head = false;
                    }
                }
                ")" | "]" | "}" => {
                    if text == ")" && heads.last().is_some_and(|&(d, _)| d == depth) {
                        last_is_head = heads.pop().is_some_and(|(_, head)| head);
                    }
                    depth -= 1;
                    lowest = lowest.min(depth);
                    if text == "}" && depth == 0 {
                        statements += 1;
                        words_since_semicolon = 0;
                    }
                }
                ";" if depth == 0 => {
                    statements += usize::from(words_since_semicolon > 0);
                    words_since_semicolon = 0;
                }
                _ if token.is_ident() => {
                    traits.noreturn |= self.noreturn.contains(text);
                    let plain = text.trim_matches('_');
                    traits.fallthrough |= plain == "fallthrough";
                    traits.says_noreturn |=
                        matches!(text, "_Noreturn" | "noreturn" | "__noreturn__" | "__dead2" | "__dead");
                }
                _ => {}
            }
            if !matches!(text, ";" | "}") && depth == 0 {
                words_since_semicolon += 1;
            }
            // `(` belongs to an attribute only after one that takes a list.
            decoration &= if text == "(" { depth > 1 || takes_list } else { depth > 0 || is_decoration(text) };
            takes_list = is_list_attribute(text);
        }
        traits.decoration = (decoration && !traits.fallthrough && lowest >= 0) || def.text.is_empty();
        traits.unbalanced = depth != 0 || lowest < 0;
        // `do { … } while (0)` ends in a head that closes it.
        traits.head = last_is_head && !(in_do && statements > 0);
        traits.several |= statements > 1 || (statements == 1 && words_since_semicolon > 0 && !in_do);
        traits.fallthrough |= def.params.as_ref().is_none_or(Vec::is_empty)
            && is_fallthrough_name(&def.name)
            && !traits.jumps
            && !traits.labels
            && statements <= 1;
        traits.says_noreturn &= !traits.jumps;
        traits
    }
}

fn current_file(stack: &[(&MacroDef, Tokens<'_>)]) -> FileId {
    stack.last().map_or(FileId(0), |(def, _)| def.file)
}

fn is_list_attribute(text: &str) -> bool {
    matches!(text, "__attribute__" | "__attribute" | "__declspec" | "_Alignas" | "alignas" | "_Pragma" | "__pragma")
}

fn is_decoration(text: &str) -> bool {
    is_list_attribute(text)
        || matches!(
            text,
            "static"
                | "inline"
                | "extern"
                | "const"
                | "volatile"
                | "register"
                | "restrict"
                | "__inline"
                | "__inline__"
                | "__restrict"
                | "__restrict__"
                | "__const"
                | "__volatile__"
                | "__extension__"
                | "__signed__"
                | "_Noreturn"
                | "noreturn"
                | "__cdecl"
                | "__stdcall"
                | "__fastcall"
                | "_cdecl"
                | "_stdcall"
                | "WINAPI"
                | "_Thread_local"
                | "__thread"
                | "__dead2"
                | "__dead"
                | "__forceinline"
                | "always_inline"
                | "near"
                | "far"
                | ")"
                | "["
                | "]"
                | "\"C\""
        )
}
