//! One file, read under its base choice of arms and, if control flow depends on other arms, under those too.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::preprocess::comments::CommentStyle;
use crate::preprocess::conditionals::{Arm, Choice, Conditionals};
use crate::preprocess::macros::MacroTable;
use crate::preprocess::scan::Scan;
use crate::preprocess::token::has_word;
use crate::source::{FileId, Span, merged};
use crate::syntax::slice::{FunctionItem, Items, slice};

/// Limit of further readings per file: beyond it, the remaining arms stay unread, and the run reports it.
const MAX_READINGS: usize = 8;

/// Limit of further readings from which declarations are taken.
const MAX_DECLARATION_READINGS: usize = 3;

/// A file under one choice of arms.
pub struct Reading {
    pub choice: Choice,
    /// The file's text with everything that this choice leaves out blanked.
    pub code: String,
    pub functions: Vec<FunctionItem>,
    pub declarations: Vec<Span>,
}

pub struct Unit {
    pub file: FileId,
    pub scan: Scan,
    pub conditionals: Conditionals,
    pub base: Reading,
    pub masked: Masked,
    habits: OnceLock<Habits>,
}

/// What the base reading leaves out of a file.
#[derive(Clone, Copy, Debug, Default)]
pub struct Masked {
    /// Bytes of code in arms not read, without white space.
    pub bytes: usize,
    /// Function definitions entirely inside such arms.
    pub functions: usize,
}

impl Masked {
    fn new(code: &str, conditionals: &Conditionals, choice: &Choice) -> Masked {
        let mut masked = Masked::default();
        for span in merged(conditionals.dead(choice)) {
            let arm = &code[span.range()];
            masked.bytes += arm.bytes().filter(|b| !b.is_ascii_whitespace()).count();
            if arm.contains('{') {
                masked.functions += slice(arm).functions.len();
            }
        }
        masked
    }
}

/// The conventions used in a file.
pub struct Habits {
    pub newline: &'static str,
    /// The most frequent fall-through comment here, among those that GCC accepts by default.
    pub fallthrough_comment: Option<String>,
    /// `[[fallthrough]]` is used.
    pub fallthrough_attribute: bool,
    /// Some comment mentions fall-through.
    pub mentions_fallthrough: bool,
}

impl Habits {
    fn new(text: &str, scan: &Scan) -> Habits {
        let mut spellings: BTreeMap<&str, usize> = BTreeMap::new();
        let mut mentions_fallthrough = false;
        for comment in &scan.comments {
            let comment = &text[comment.range()];
            mentions_fallthrough |= CommentStyle::Loose.accepts(comment);
            if CommentStyle::Keyword.accepts(comment) {
                *spellings.entry(comment).or_default() += 1;
            }
        }
        let most = spellings.into_iter().max_by_key(|&(text, n)| (n, std::cmp::Reverse(text)));
        Habits {
            newline: if text.contains("\r\n") { "\r\n" } else { "\n" },
            fallthrough_comment: most.map(|(text, _)| text.to_owned()),
            fallthrough_attribute: text.contains("[[fallthrough]]"),
            mentions_fallthrough,
        }
    }
}

impl Unit {
    pub fn new(file: FileId, mut scan: Scan, conditionals: Conditionals, macros: &MacroTable) -> Unit {
        let choice = conditionals.base(&|name| macros.settled(name, file));
        let masked = Masked::new(&scan.code, &conditionals, &choice);
        let base = if conditionals.groups.is_empty() {
            // Nothing to mask: the scanned text is the base reading.
            Reading::of(std::mem::take(&mut scan.code), choice)
        } else {
            Reading::new(&conditionals, &scan.code, choice)
        };
        Unit { file, scan, conditionals, base, masked, habits: OnceLock::new() }
    }

    /// The text with comments and directives blanked and all arms of all conditionals kept.
    pub fn all_arms(&self) -> &str {
        if self.conditionals.groups.is_empty() { &self.base.code } else { &self.scan.code }
    }

    /// `text` is the file's text.
    pub fn habits(&self, text: &str) -> &Habits {
        self.habits.get_or_init(|| Habits::new(text, &self.scan))
    }

    /// The further readings that contain other declarations. Arms for another platform and arms inside functions do not
    /// count.
    pub fn other_declarations(&self, macros: &MacroTable) -> Vec<Reading> {
        if self.conditionals.groups.is_empty() {
            return Vec::new();
        }
        let code = self.all_arms();
        let settled = |name: &str| macros.settled(name, self.file);
        // Spans are ordered and disjoint: only the first that does not end before the arm can contain it.
        let holds = |next: Option<Span>, arm: &Arm| {
            next.is_some_and(|span| span.start <= arm.body.start && arm.body.end <= span.end)
        };
        let in_function = |arm: &Arm| {
            let functions = &self.base.functions;
            holds(functions.get(functions.partition_point(|f| f.span.end <= arm.body.start)).map(|f| f.span), arm)
        };
        let in_declaration = |arm: &Arm| {
            let declarations = &self.base.declarations;
            holds(declarations.get(declarations.partition_point(|d| d.end <= arm.body.start)).copied(), arm)
        };
        let is_wanted = |arm: &Arm| !in_function(arm) && !code[arm.body.range()].trim().is_empty();
        let choices = self.conditionals.contrary(
            &self.base.choice,
            &settled,
            &is_wanted,
            &in_declaration,
            MAX_DECLARATION_READINGS,
        );
        choices.into_iter().map(|choice| Reading::new(&self.conditionals, code, choice)).collect()
    }

    /// The further readings that change the control flow of a function for which `wanted` holds, and the number of arms
    /// left unread. Each lists only the functions that it changes.
    pub fn others(&self, macros: &MacroTable, wanted: &dyn Fn(&str) -> bool) -> (Vec<Reading>, usize) {
        if self.conditionals.groups.is_empty() {
            return (Vec::new(), 0);
        }
        let code = self.all_arms();
        let touched: Vec<Span> =
            self.base.functions.iter().map(|f| f.span).filter(|s| wanted(&code[s.range()])).collect();
        let is_wanted = |arm: &Arm| {
            let text = &code[arm.body.range()];
            // Functions are ordered and disjoint.
            let next = touched.partition_point(|f| f.end <= arm.body.start);
            let inside = touched.get(next).is_some_and(|f| f.overlaps(arm.body));
            if inside { has_control(text) } else { wanted(text) }
        };
        let settled = |name: &str| macros.settled(name, self.file);
        let (choices, unread) = self.conditionals.alternates(&self.base.choice, &settled, &is_wanted, MAX_READINGS);
        let mut readings: Vec<Reading> = Vec::new();
        for choice in choices {
            let mut reading = Reading::new(&self.conditionals, code, choice);
            let new = |item: &FunctionItem| {
                let same = |seen: &Reading| self.conditionals.same_within(&seen.choice, &reading.choice, item.span);
                wanted(&reading.code[item.span.range()]) && !same(&self.base) && !readings.iter().any(same)
            };
            let functions = reading.functions.iter().filter(|item| new(item)).cloned().collect();
            reading.functions = functions;
            readings.push(reading);
        }
        readings.retain(|r| !r.functions.is_empty());
        (readings, unread)
    }
}

impl Reading {
    fn new(conditionals: &Conditionals, code: &str, choice: Choice) -> Reading {
        Reading::of(conditionals.mask(code, &choice), choice)
    }

    fn of(code: String, choice: Choice) -> Reading {
        let Items { functions, declarations } = slice(&code);
        Reading { choice, code, functions, declarations }
    }
}

/// Whether the text contains a token that may affect control flow.
fn has_control(text: &str) -> bool {
    const WORDS: [&str; 9] = ["break", "return", "goto", "continue", "case", "default", "else", "if", "switch"];
    text.contains(['{', '}']) || WORDS.iter().any(|word| has_word(text, word))
}
