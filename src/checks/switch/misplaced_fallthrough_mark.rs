//! `misplaced-fallthrough-mark`: a mark where nothing falls through.

use crate::checks::{Candidate, Context, Rule, View};
use crate::preprocess::comments::CommentStyle;
use crate::preprocess::token::Tokens;
use crate::report::Finding;

pub const RULE: Rule = Rule {
    id: "misplaced-fallthrough-mark",
    page: include_str!("../../../rules/misplaced-fallthrough-mark.md"),
    words: &["switch", "case"],
    wants: has_mark,
    check,
};

fn check(_cx: &Context, _view: &View, _out: &mut Vec<Finding>) {}

fn has_mark(candidate: &Candidate) -> bool {
    let comments = candidate.scan.comments_in(candidate.span);
    comments.iter().any(|c| CommentStyle::Loose.accepts(&candidate.source[c.range()]))
        || Tokens::new(candidate.code, 0..candidate.code.len()).any(|t| t.text.trim_matches('_') == "fallthrough")
}
