//! Defects of one macro, repeated wherever it is used, are merged into one finding.

use std::collections::BTreeMap;

use crate::preprocess::macros::MacroTable;
use crate::preprocess::token::ident_end;
use crate::report::{Finding, Related};
use crate::source::SourceFile;

/// Number of uses in one file from which the macro is to blame, not the code that uses it. Below it, each is reported.
const MANY: usize = 8;
/// Number of further uses shown.
const SHOWN: usize = 2;

/// Keeps one of the findings of one file that come from the same macro and have the same message; those that a comment
/// accepts are left as they are.
pub fn one_for_a_macro(source: &SourceFile, macros: &MacroTable, findings: &mut Vec<Finding>) {
    let mut alike: BTreeMap<(&str, &str, String), Vec<usize>> = BTreeMap::new();
    for (n, finding) in findings.iter().enumerate().filter(|(_, f)| f.suppression.is_none()) {
        if let Some(name) = called(&source.text[finding.span.range()])
            && macros.resolve(name, finding.file, finding.span.start).is_some()
        {
            alike.entry((finding.rule, name, said(&finding.message))).or_default().push(n);
        }
    }
    let mut dropped: Vec<bool> = vec![false; findings.len()];
    for ((_, name, _), all) in alike.iter().filter(|(_, all)| all.len() >= MANY) {
        // The most confident one represents all; on a tie, the first.
        let speaker = all.iter().copied().max_by_key(|&n| (findings[n].confidence, usize::MAX - n));
        let Some(speaker) = speaker else { continue };
        let others: Vec<usize> = all.iter().copied().filter(|&n| n != speaker).collect();
        others.iter().for_each(|&n| dropped[n] = true);
        let shown = others.iter().take(SHOWN).map(|&n| Related {
            file: findings[n].file,
            span: findings[n].span,
            message: format!("`{name}` is used here, too"),
        });
        let shown: Vec<Related> = shown.collect();
        findings[speaker].related.extend(shown);
        findings[speaker].notes.push(format!("the same holds at {} more uses of `{name}` in this file", others.len()));
    }
    let mut dropped = dropped.into_iter();
    findings.retain(|_| !dropped.next().unwrap_or(false));
}

/// The name before the parenthesis if the text begins with a call.
fn called(text: &str) -> Option<&str> {
    let (name, rest) = text.split_at(ident_end(text.as_bytes(), 0));
    (!name.is_empty() && rest.trim_start().starts_with('(')).then_some(name)
}

/// A message with its quoted parts removed, except the first, which is what is used: the rest differs between uses.
fn said(message: &str) -> String {
    let parts = message.split('`').enumerate();
    parts.filter(|(n, _)| n % 2 == 0 || *n == 1).map(|(_, part)| part).collect()
}

#[cfg(test)]
mod tests {
    use crate::checks::engine::run;
    use crate::checks::{Options, RULES, Rule};
    use crate::report::Finding;
    use crate::source::SourceFile;

    /// `uses` reads through a macro, and one written by hand.
    fn check(uses: usize) -> Vec<Finding> {
        let decoder = |n: usize| format!("int d{n}(struct in *in)\n{{\n\treturn PEEK(in);\n}}\n");
        let code = format!(
            "#define PEEK(in) ((in)->data[(in)->len])\nstruct in {{ const unsigned char *data; unsigned len; }};\n{}\
             int by_hand(struct in *in)\n{{\n\treturn in->data[in->len];\n}}\n",
            (0..uses).map(decoder).collect::<String>()
        );
        let rules: Vec<&Rule> = RULES.iter().filter(|r| r.id == "unchecked-message-read").collect();
        run(&[SourceFile::new("a.c", code.into())], &rules, &Options::default(), &|| {}).findings
    }

    #[test]
    fn a_few_uses_are_told_one_by_one() {
        assert_eq!(check(7).len(), 8);
    }

    #[test]
    fn many_uses_are_one_finding() {
        let found = check(20);
        assert_eq!(found.len(), 2, "{found:#?}");
        assert!(found[0].notes.iter().any(|note| note.contains("at 19 more uses of `PEEK`")), "{:?}", found[0].notes);
        assert_eq!((found[0].function.as_deref(), found[1].function.as_deref()), (Some("d0"), Some("by_hand")));
    }
}
