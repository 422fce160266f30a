//! Marks the findings of one file that its comments accept.

use super::{invalid_allow, unused_allow};
use crate::checks::Rule;
use crate::preprocess::allow::{Allow, Allows, allows};
use crate::program::Unit;
use crate::report::{Finding, Suppression};
use crate::source::{SourceFile, Span};

/// One file whose comments are honoured.
pub struct Accepting<'a> {
    pub source: &'a SourceFile,
    pub unit: &'a Unit,
    /// The rules of the run.
    pub rules: &'a [&'a Rule],
    /// Every comment has to give a reason.
    pub reasons: bool,
    /// All arms of the file were read: what was not found is not there.
    pub complete: bool,
}

/// Marks the findings that comments accept, and adds findings about the comments themselves.
pub fn accept(file: &Accepting, findings: &mut Vec<Finding>) {
    let (unit, text) = (file.unit, &file.source.text);
    if unit.scan.addressed.is_empty() {
        return;
    }
    let allows = allows(text, &unit.scan.addressed, unit.all_arms(), &unit.base.code);
    let mut used: Vec<Vec<bool>> = allows.comments.iter().map(|c| vec![false; c.rules.len()]).collect();
    mark(text, &allows, findings, &mut used);
    let mut more = invalid_allow::findings(file, &allows);
    more.extend(unused_allow::findings(file, &allows, &used));
    // A comment may accept findings about other comments, and is never unused then.
    mark(text, &allows, &mut more, &mut used);
    findings.extend(more);
    findings.sort_by(|a, b| (a.span, a.rule).cmp(&(b.span, b.rule)));
}

fn mark(text: &str, allows: &Allows, findings: &mut [Finding], used: &mut [Vec<bool>]) {
    for finding in findings {
        let span = finding.span;
        for (allow, used) in allows.comments.iter().zip(used.iter_mut()).filter(|(a, _)| covers(a, span)) {
            let named = allow.rules.iter().zip(used).filter(|(rule, _)| text[rule.range()] == *finding.rule);
            for (_, used) in named {
                *used = true;
                let justification = allow.reason.clone();
                finding.suppression.get_or_insert(Suppression { in_source: true, justification });
            }
        }
    }
}

fn covers(allow: &Allow, span: Span) -> bool {
    allow.scope.contains(span.start) || allow.scope.contains(span.end.saturating_sub(1).max(span.start))
}

#[cfg(test)]
mod tests {
    use crate::checks::engine::run;
    use crate::checks::{Options, RULES, Rule};
    use crate::report::Finding;
    use crate::source::SourceFile;

    fn check(code: &str, options: &Options) -> Vec<Finding> {
        let rules: Vec<&Rule> =
            RULES.iter().filter(|r| r.id.contains("allow") || r.id == "implicit-fallthrough").collect();
        run(&[SourceFile::new("a.c", code.into())], &rules, options, &|| {}).findings
    }

    /// Line, rule and the reason for accepting it.
    fn told(code: &str) -> Vec<(u32, &'static str, Option<String>)> {
        let file = SourceFile::new("a.c", code.into());
        let line = |f: &Finding| file.position(f.span.start).line;
        let found = check(code, &Options::default());
        found.into_iter().map(|f| (line(&f), f.rule, f.suppression.map(|s| s.justification))).collect()
    }

    const FALL: &str = "implicit-fallthrough";

    fn code(behind: &str, before: &str) -> String {
        format!(
            "void f(int x)\n{{\n    switch (x) {{\n    case 1: g();{behind}\n{before}\n    case 2: h();\n    }}\n}}\n"
        )
    }

    #[test]
    fn a_finding_is_accepted_with_its_reason() {
        let accepted = |code: String| told(&code) == [(6, FALL, Some("meant".to_owned()))];
        assert!(accepted(code("", "    // crosstalk: allow(implicit-fallthrough) -- meant")));
        assert!(accepted(code("", "    /* crosstalk: allow(implicit-fallthrough) -- meant */")));
        assert!(accepted(code("", "").replace("h();", "h(); // crosstalk: allow(implicit-fallthrough) -- meant")));
        assert!(accepted(code("", "") + "// crosstalk: allow-file(implicit-fallthrough) -- meant"));
        assert!(accepted(
            format!("// crosstalk: allow(implicit-fallthrough) -- meant\n{}", code("", "")).replacen("\n\n", "\n", 1)
        ));
    }

    #[test]
    fn a_comment_to_this_program_changes_no_finding() {
        let place = |found: &[Finding]| found.iter().map(|f| (f.rule, f.confidence)).collect::<Vec<_>>();
        let plain = check(&code("", ""), &Options::default());
        let accepted =
            check(&code("", "// crosstalk: allow(implicit-fallthrough) -- falls through"), &Options::default());
        assert_eq!(place(&plain), place(&accepted), "it is no mark");
    }

    #[test]
    fn what_accepts_nothing_is_told() {
        let behind = " // crosstalk: allow(implicit-fallthrough) -- of the other line";
        assert_eq!(told(&code(behind, "")), [(4, "unused-allow", None), (6, FALL, None)]);
        let both = "// crosstalk: allow(implicit-fallthrough, premature-break) -- the second did not run";
        assert_eq!(told(&code("", both)), [(6, FALL, Some("the second did not run".to_owned()))]);
        let about = format!("// crosstalk: allow-file(unused-allow) -- later\n{}", code(behind, ""));
        assert_eq!(told(&about)[0], (5, "unused-allow", Some("later".to_owned())));
    }

    #[test]
    fn mistakes_are_told() {
        let found = check(&code("", "// crosstalk: allow(implicit-falltrough)"), &Options::default());
        assert_eq!((found[0].rule, found[1].rule), ("invalid-allow", FALL));
        assert!(found[0].message.contains("did you mean `implicit-fallthrough`?"), "{}", found[0].message);
        let reasons = Options { allow_reasons: true, ..Options::default() };
        let found = check(&code("", "// crosstalk: allow(implicit-fallthrough)"), &reasons);
        assert_eq!((found[0].rule, found[1].suppression.is_some()), ("invalid-allow", true));
    }
}
