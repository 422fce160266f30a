//! What a fix removes to delete a comment.

use crate::source::{SourceFile, Span};

/// The comment with its line if it stands alone, else with the blanks before it; and the text that replaces it.
pub fn without_comment(source: &SourceFile, comment: Span) -> (Span, &'static str) {
    let text = &source.text;
    let blank = |c: char| c == ' ' || c == '\t';
    let before = text[..comment.start as usize].trim_end_matches(blank);
    let behind = text[comment.end as usize..].trim_start_matches(blank);
    let line_end = ["\r\n", "\n"].into_iter().find(|end| behind.starts_with(end));
    match line_end {
        Some(end) if before.is_empty() || before.ends_with('\n') => {
            (Span::new(before.len(), text.len() - behind.len() + end.len()), "")
        }
        Some(_) => (Span::new(before.len(), comment.end as usize), ""),
        None if behind.is_empty() => (Span::new(before.len(), text.len()), ""),
        // Code follows on the line: `a/**/b` must not become `ab`.
        None => (comment, " "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_goes_with_its_line_where_it_stands_alone() {
        let left = |text: &str| {
            let start = text.find("/*").expect("a comment");
            let comment = Span::new(start, text.find("*/").expect("its end") + 2);
            let mut left = text.to_owned();
            let (span, replacement) = without_comment(&SourceFile::new("a.c", text.into()), comment);
            left.replace_range(span.range(), replacement);
            left
        };
        assert_eq!(left("a;\n    /* x */  \n  b;\n"), "a;\n  b;\n");
        assert_eq!(left("/* x */\r\nb;\r\n"), "b;\r\n");
        assert_eq!(left("a;  /* x */\r\nb;\r\n"), "a;\r\nb;\r\n");
        assert_eq!(left("a/* x */b"), "a b");
        assert_eq!(left("a; /* x */ b;\n"), "a;   b;\n");
        assert_eq!(left("a; /* x */"), "a;");
    }
}
