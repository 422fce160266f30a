//! The two fixes for a fall-through: end the section, or mark the fall as intended. Only a person can choose.

use super::falls::{FallSite, SwitchFalls};
use crate::checks::{Context, View};
use crate::hir::{StmtId, StmtKind};
use crate::preprocess::comments::CommentStyle;
use crate::report::{Edit, Fix};
use crate::source::{SourceFile, Span};

/// Both fixes for `site`; `mark` is the text that marks the fall as intended.
pub fn fixes(view: &View, switch: &SwitchFalls, site: &FallSite, mark: &str) -> Vec<Fix> {
    let Some(section) = site.section.map(|s| &switch.sections[s]) else { return Vec::new() };
    let Some(&last) = section.stmts.last() else { return Vec::new() };
    let body = &view.function.body;
    let file = view.unit.file;
    let source = view.source;
    // Inside the braces, if the section is one block.
    let inner = match &body.stmt(last).kind {
        StmtKind::Block(all) if section.stmts.len() == 1 => all.last().copied(),
        _ => None,
    };
    let last: StmtId = inner.unwrap_or(last);
    let span = body.stmt(last).span;
    let indent = indent_of(source, span.start);
    let mut end = span.end as usize;
    let code = view.reading.code.as_bytes();
    // A macro call ends before its `;`.
    let semicolon = code[end..].iter().position(|b| !b.is_ascii_whitespace()).filter(|&i| code[end + i] == b';');
    end += semicolon.map_or(0, |i| i + 1);
    let newline = view.unit.habits(&source.text).newline;
    let insert = |at: usize, replacement: String| vec![Edit { file, span: Span::new(at, at), replacement }];
    let label = body.stmt(site.fall.label).span.start as usize;
    let line = source.line_range(source.line_index(label as u32)).start;
    let before_label = if source.text[line..label].trim().is_empty() {
        insert(line, format!("{indent}{mark}{newline}"))
    } else {
        insert(label, format!("{mark} "))
    };
    // `case 1: f();` stays on its line.
    let start = source.line_range(source.line_index(span.start)).start;
    let end_section = if source.text[start..span.start as usize].trim().is_empty() {
        insert(behind_comments(view, end), format!("{newline}{indent}break;"))
    } else {
        insert(end, " break;".into())
    };
    vec![
        Fix { description: "end the section with `break;`".into(), safe: false, edits: end_section },
        Fix { description: format!("say that it is meant with `{mark}`"), safe: false, edits: before_label },
    ]
}

/// The end of the comments that trail the code before `end` on its line, or `end` if code follows.
fn behind_comments(view: &View, end: usize) -> usize {
    let rest = |at: usize| Span::new(at, view.source.line_range(view.source.line_index(at as u32)).end);
    let mut behind = end;
    // The last comment may continue on a later line, with another one after it.
    while let Some(last) = view.unit.scan.comments_in(rest(behind)).last() {
        behind = last.end as usize;
    }
    let code = &view.reading.code[end..rest(behind).end as usize];
    if code.trim().is_empty() { behind } else { end }
}

pub fn indent_of(source: &SourceFile, offset: u32) -> &str {
    let line = &source.text[source.line_range(source.line_index(offset))];
    &line[..line.len() - line.trim_start().len()]
}

/// How this project marks a fall-through: as the file does, else by its own macro, else in a way every tool accepts.
pub fn mark(cx: &Context, view: &View) -> String {
    let habits = view.unit.habits(&view.source.text);
    if cx.options.comment_style != CommentStyle::Attribute
        && let Some(comment) = &habits.fallthrough_comment
    {
        return comment.clone();
    }
    if habits.fallthrough_attribute {
        return "[[fallthrough]];".into();
    }
    if let Some(name) = cx.program.macros.fallthrough_macro(view.unit.file) {
        return format!("{name};");
    }
    match cx.options.comment_style {
        CommentStyle::Attribute => "__attribute__((fallthrough));".into(),
        CommentStyle::Strict => "/* FALLTHROUGH */".into(),
        _ => "/* fall through */".into(),
    }
}
