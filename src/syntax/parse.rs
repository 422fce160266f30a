//! One parse within a budget.

use std::cell::RefCell;
use std::ops::ControlFlow;

use tree_sitter::{ParseOptions, Parser, Tree};

thread_local! {
    static PARSER: RefCell<Option<Parser>> = const { RefCell::new(None) };
}

/// Parses C text. `None` if the budget ran out.
///
/// The budget counts parser operations, not time, so that a run gives the same result on every machine: a hundred
/// operations per byte, some fifty times what ordinary code takes.
pub fn parse(text: &str) -> Option<Tree> {
    PARSER.with_borrow_mut(|slot| {
        let parser = match slot {
            Some(parser) => parser,
            None => {
                let mut parser = Parser::new();
                parser.set_language(&tree_sitter_c::LANGUAGE.into()).ok()?;
                slot.insert(parser)
            }
        };
        let mut steps = 2_000 + text.len();
        let mut progress = |_: &tree_sitter::ParseState| {
            steps = steps.saturating_sub(1);
            if steps == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let options = ParseOptions::new().progress_callback(&mut progress);
        let bytes = text.as_bytes();
        let tree = parser.parse_with_options(&mut |at, _| bytes.get(at..).unwrap_or(&[]), None, Some(options));
        if tree.is_none() {
            // An abandoned parse would otherwise be resumed by the next one.
            parser.reset();
        }
        tree
    })
}
