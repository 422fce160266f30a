//! The enumerators of the repository.

use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::unit::{Unit, has_word};
use crate::preprocess::token::Tokens;

/// The names that the units' `enum`s at the top level define.
pub fn enumerators(units: &[Unit]) -> FxHashSet<Box<str>> {
    let found: Vec<Vec<Box<str>>> = units.par_iter().map(in_unit).collect();
    found.into_iter().flatten().collect()
}

fn in_unit(unit: &Unit) -> Vec<Box<str>> {
    let code = &unit.base.code;
    let mut names = Vec::new();
    for span in unit.base.declarations.iter().filter(|span| has_word(&code[span.range()], "enum")) {
        let mut tokens = Tokens::new(code, span.range());
        while let Some(token) = tokens.next() {
            if token.is("enum") && tokens.by_ref().take(3).any(|t| t.is("{")) {
                in_braces(&mut tokens, &mut names);
            }
        }
    }
    names
}

/// `A, B = 1, C }`: the names that stand where an enumerator begins.
fn in_braces(tokens: &mut Tokens, names: &mut Vec<Box<str>>) {
    let mut depth = 0usize;
    let mut begins = true;
    for token in tokens {
        match &*token.text {
            "(" | "{" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            "}" if depth > 0 => depth -= 1,
            "}" => return,
            "," if depth == 0 => {
                begins = true;
                continue;
            }
            _ if begins && token.is_ident() => names.push(token.text.into()),
            _ => {}
        }
        begins = false;
    }
}

#[cfg(test)]
mod tests {
    use crate::program::Program;
    use crate::source::SourceFile;

    #[test]
    fn every_enumerator_and_nothing_else() {
        let text = "enum e { A, B = F(X, 2), C = sizeof(int), };\ntypedef enum __packed { D } d;\nenum e x = Y, z[2];\n\
                    struct s { enum { E = 1 } e; int f; };\n";
        let files = [SourceFile::new("a.h", text.into())];
        let program = Program::new(&files, &|| {});
        let known: Vec<&str> = ["A", "B", "C", "D", "E", "X", "Y", "d", "e", "f", "z"]
            .into_iter()
            .filter(|n| program.is_enumerator(n))
            .collect();
        assert_eq!(known, ["A", "B", "C", "D", "E"]);
    }
}
