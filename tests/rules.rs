//! Every fenced C block of every rule's page is a test of that rule.
//!
//! A block that opens with `c bad` must raise its page's rule on each line that ends in `// ~ rule-id`, and nothing
//! else; one that opens with `c good` must not raise it. The markers are removed before the block is checked, so that
//! no rule reads them as comments. A marker may give the confidence: `// ~ rule-id: high`; a line may have several.
//! Options follow on the opening line: `c bad comment-style=attribute`, `c good confidence=medium`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use clap::ValueEnum;
use crosstalk::checks::engine::run;
use crosstalk::checks::{Options, RULES, Rule};
use crosstalk::cli::args::CommentLevel;
use crosstalk::cli::policy::{Levels, Policy, Profile};
use crosstalk::preprocess::comments::CommentStyle;
use crosstalk::report::Confidence;
use crosstalk::source::SourceFile;

const MARKER: &str = "// ~ ";

struct Block {
    /// From 1, counting both kinds.
    number: usize,
    /// The line of the opening fence on its page.
    page_line: usize,
    bad: bool,
    comment_style: CommentStyle,
    /// Findings below this do not count, as in a run without `--min-confidence low`.
    least: Confidence,
    code: String,
    expected: Marked,
}

/// Line in the block and rule, with the confidence if the marker gives one.
type Marked = BTreeMap<(usize, String), Option<String>>;

/// The page's blocks; a fence that opens neither kind is for readers only.
fn blocks(page: &str) -> Result<Vec<Block>, String> {
    let mut blocks = Vec::new();
    let mut lines = page.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        let Some(info) = line.strip_prefix("```").filter(|info| !info.is_empty()) else { continue };
        let body: Vec<&str> = lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```").collect();
        let words: Vec<&str> = info.split_whitespace().collect();
        let bad = match words[..] {
            ["c", "bad", ..] => true,
            ["c", "good", ..] => false,
            ["c", ..] => return Err(format!("line {}: a C block is neither good nor bad", at + 1)),
            _ => continue,
        };
        let mut comment_style = CommentStyle::Keyword;
        let mut least = Confidence::Low;
        for option in &words[2..] {
            if *option == "confidence=medium" {
                least = Confidence::Medium;
                continue;
            }
            let value = option.strip_prefix("comment-style=").and_then(|v| CommentLevel::from_str(v, false).ok());
            comment_style = value.ok_or_else(|| format!("line {}: unknown option `{option}`", at + 1))?.into();
        }
        let (code, expected) = cut_markers(&body);
        blocks.push(Block { number: blocks.len() + 1, page_line: at + 1, bad, comment_style, least, code, expected });
    }
    Ok(blocks)
}

fn cut_markers(lines: &[&str]) -> (String, Marked) {
    let mut code = String::new();
    let mut expected = Marked::new();
    for (index, line) in lines.iter().enumerate() {
        let mut parts = line.split(MARKER);
        let kept = parts.next().unwrap_or_default();
        let mut marked = false;
        for marker in parts {
            let (rule, confidence) =
                marker.split_once(": ").map_or((marker, None), |(r, c)| (r, Some(c.trim().into())));
            expected.insert((index + 1, rule.trim().to_owned()), confidence);
            marked = true;
        }
        let kept = if marked { kept.trim_end() } else { kept };
        code.push_str(kept);
        code.push('\n');
    }
    (code, expected)
}

/// What is wrong with a block, in words; empty if it does what its page says.
fn judge(rule: &Rule, block: &Block) -> Vec<String> {
    let files = [SourceFile::new("block.c", block.code.clone().into_bytes())];
    let policy = Policy::new(&[], Profile::Default, Levels::new(), Vec::new());
    let mut rules: Vec<&Rule> = policy.rules.iter().map(|(rule, _)| *rule).collect();
    if !rules.iter().any(|r| r.id == rule.id) {
        rules.push(rule);
    }
    let options = Options { comment_style: block.comment_style, ..Options::default() };
    let outcome = run(&files, &rules, &options, &|| {});
    let mut wrong: Vec<String> = outcome.problems.iter().map(|p| p.message.clone()).collect();
    if outcome.coverage.functions == 0 || outcome.coverage.functions_opaque > 0 {
        wrong.push("its code was not understood, so it proves nothing".into());
    }
    let open = outcome.findings.iter().filter(|f| f.suppression.is_none());
    let shown = open.filter(|f| f.confidence >= block.least && (block.bad || f.rule == rule.id));
    let found: Vec<((usize, String), &str)> = shown
        .map(|f| ((files[0].position(f.span.start).line as usize, f.rule.to_owned()), f.confidence.as_str()))
        .collect();
    let got: BTreeSet<(usize, String)> = found.iter().map(|(place, _)| place.clone()).collect();
    let expected: BTreeSet<(usize, String)> = block.expected.keys().cloned().collect();
    if got.len() < found.len() {
        wrong.push(format!("a line is reported twice: {found:?}"));
    }
    let line = |(line, id): &(usize, String)| format!("{id} at page line {}", block.page_line + line);
    wrong.extend(expected.difference(&got).map(|f| format!("expected {}, got nothing", line(f))));
    wrong.extend(got.difference(&expected).map(|f| format!("expected nothing, got {}", line(f))));
    for (place, confidence) in &found {
        if let Some(Some(named)) = block.expected.get(place).filter(|c| c.as_deref().is_some_and(|c| c != *confidence))
        {
            wrong.push(format!("expected {} at {named} confidence, got {confidence}", line(place)));
        }
    }
    if block.bad != expected.iter().any(|(_, id)| id == rule.id) {
        wrong.push("a bad block marks a line with its page's rule, a good one none".into());
    }
    wrong
}

#[test]
fn blocks_do_what_their_pages_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let mut failures = Vec::new();
    for rule in RULES {
        let name = format!("rules/{}.md", rule.id);
        let page = std::fs::read_to_string(folder.join(format!("{}.md", rule.id))).expect(&name);
        let blocks = blocks(&page).unwrap_or_else(|wrong| panic!("{name}: {wrong}"));
        for kind in [true, false] {
            assert!(blocks.iter().any(|b| b.bad == kind), "{name}: no block where bad is {kind}");
        }
        for block in &blocks {
            let kind = if block.bad { "bad" } else { "good" };
            let place = format!("{name}:{}: block {} ({kind})", block.page_line, block.number);
            failures.extend(judge(rule, block).into_iter().map(|wrong| format!("{place}: {wrong}")));
        }
    }
    assert!(failures.is_empty(), "{} wrong:\n{}", failures.len(), failures.join("\n"));
}

/// The test above can fail: each kind of mistake in a page is reported.
#[test]
fn mistakes_are_told() {
    let rule = RULES.iter().find(|r| r.id == "implicit-fallthrough").expect("the rule");
    let falls = "void f(int x) {\n  switch (x) {\n  case 1: g();\n  case 2: h();MARK\n  }\n}\n";
    let judged = |kind: &str, mark: &str| {
        let page = format!("text\n\n```c {kind}\n{}```\n", falls.replace("MARK", mark));
        judge(rule, &blocks(&page).expect("a page")[0])
    };
    assert_eq!(judged("bad", " // ~ implicit-fallthrough"), [""; 0]);
    assert_eq!(
        judged("bad", ""),
        [
            "expected nothing, got implicit-fallthrough at page line 7",
            "a bad block marks a line with its page's rule, a good one none"
        ]
    );
    assert_eq!(judged("good", ""), ["expected nothing, got implicit-fallthrough at page line 7"]);
    assert_eq!(
        judged("bad", " // ~ other-rule")[..2],
        [
            "expected other-rule at page line 7, got nothing",
            "expected nothing, got implicit-fallthrough at page line 7"
        ]
    );
    // Which of them it is depends on the ranking.
    let named = |confidence: &&str| judged("bad", &format!(" // ~ implicit-fallthrough: {confidence}")).is_empty();
    assert_eq!(["low", "medium", "high", "sure"].iter().filter(|c| named(c)).count(), 1);
    assert_eq!(
        judged("good comment-style=any", " // ~ implicit-fallthrough"),
        ["a bad block marks a line with its page's rule, a good one none"]
    );
    assert!(blocks("```c\n```\n").is_err() && blocks("```c bad style=x\n```\n").is_err());
}
