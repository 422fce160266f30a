//! The rules: one file each, grouped by family. A rule reads the program and gives findings; it knows no output
//! format and opens no file.
//!
//! To add one: write `checks/<family>/<rule>.rs` with a `pub const RULE: Rule`, `rules/<rule-id>.md`, and name it
//! once in [`RULES`].

pub mod engine;
pub mod pages;
pub mod switch;

use std::cell::OnceCell;

use crate::analysis::access::{Accesses, Callee};
use crate::analysis::cfg::Cfg;
use crate::analysis::flow::Flow;
use crate::analysis::nesting::Nesting;
use crate::analysis::noreturn::NoReturn;
use crate::hir::{ExprId, Function};
use crate::preprocess::comments::{CommentStyle, is_fallthrough_name};
use crate::preprocess::scan::Scan;
use crate::preprocess::token::Token;
use crate::program::{Program, Reading, Unit};
use crate::report::Finding;
use crate::source::{FileId, SourceFile, Span};

/// Every rule there is.
pub const RULES: &[Rule] = &[
    switch::duplicate_section::RULE,
    switch::implicit_fallthrough::RULE,
    switch::misplaced_fallthrough_mark::RULE,
    switch::misspelled_label::RULE,
    switch::suspicious_case::RULE,
    switch::swallowed_statement::RULE,
    switch::unreachable_in_switch::RULE,
];

pub struct Rule {
    /// `implicit-fallthrough`; its page is `rules/<id>.md`.
    pub id: &'static str,
    pub page: &'static str,
    /// Only text with one of these words matters to the rule, and a file is read under every choice of arms that
    /// changes such text. Without words, every function matters to it, but no arm is read for its sake.
    pub words: &'static [&'static str],
    /// Whether a function that has one needs a tree, told from its text.
    pub wants: fn(&Candidate) -> bool,
    pub check: fn(&Context, &View, &mut Vec<Finding>),
}

/// A function before it is parsed.
pub struct Candidate<'a> {
    pub program: &'a Program,
    pub file: FileId,
    /// The file's text as written.
    pub source: &'a str,
    pub scan: &'a Scan,
    /// The function's text, masked.
    pub code: &'a str,
    pub span: Span,
}

impl<'a> Candidate<'a> {
    /// The function at `span` of a reading.
    pub fn new(program: &'a Program, unit: &'a Unit, reading: &'a Reading, source: &'a str, span: Span) -> Self {
        Candidate { program, file: unit.file, source, scan: &unit.scan, code: &reading.code[span.range()], span }
    }

    /// The token of `code`, a name, marks a fall-through: by itself, or by what the macro of that name expands to.
    pub fn is_mark(&self, name: &Token) -> bool {
        let (macros, at) = (&self.program.macros, self.span.start + name.span.start);
        let expands = || macros.resolve(&name.text, self.file, at).is_some_and(|def| macros.traits(def).fallthrough);
        is_fallthrough_name(&name.text) || expands()
    }

    /// The token of `code` names a macro whose replacement holds a `case` or `default`.
    pub fn hides_label(&self, name: &Token) -> bool {
        let (macros, at) = (&self.program.macros, self.span.start + name.span.start);
        macros.resolve(&name.text, self.file, at).is_some_and(|def| macros.traits(def).labels)
    }
}

/// What a user chose that changes what rules say.
#[derive(Clone, Debug)]
pub struct Options {
    pub comment_style: CommentStyle,
    /// Report findings in generated files, too.
    pub generated: bool,
    /// Parse each file as a whole instead of function by function: slower, for comparison.
    pub whole_files: bool,
    /// Add what the ranking is computed from to the notes of a finding.
    pub features: bool,
}

/// The program and what is known of all of it.
pub struct Context<'a> {
    pub program: &'a Program,
    pub noreturn: &'a NoReturn,
    pub options: &'a Options,
}

/// One function under one reading of its file.
pub struct View<'a> {
    pub source: &'a SourceFile,
    pub unit: &'a Unit,
    pub reading: &'a Reading,
    pub function: &'a Function,
    pub cfg: &'a Cfg,
    /// What the reading assumes beyond the base one, by place; nothing for the base reading.
    pub assumed: &'a [(Span, String)],
    facts: Facts<'a>,
}

/// What several rules ask of one function, computed when the first one asks.
#[derive(Default)]
struct Facts<'a> {
    nesting: OnceCell<Nesting>,
    flow: OnceCell<Flow<'a>>,
}

impl<'a> View<'a> {
    pub fn new(
        source: &'a SourceFile,
        unit: &'a Unit,
        reading: &'a Reading,
        function: &'a Function,
        cfg: &'a Cfg,
        assumed: &'a [(Span, String)],
    ) -> View<'a> {
        View { source, unit, reading, function, cfg, assumed, facts: Facts::default() }
    }

    pub fn nesting(&self) -> &Nesting {
        self.facts.nesting.get_or_init(|| Nesting::new(&self.function.body))
    }

    pub fn flow(&self, cx: &Context) -> &Flow<'a> {
        self.facts.flow.get_or_init(|| {
            let body = &self.function.body;
            Flow::new(self.cfg, Accesses::new(body, self.cfg, &|call| callee(cx, self, call)))
        })
    }

    /// What the reading assumes of `within`, a line each: the nearest directives only.
    pub fn assumed_in(&self, within: Span) -> Vec<String> {
        const LINES: usize = 4;
        const LOOKED_AT: usize = 64;
        let end = self.assumed.partition_point(|(span, _)| span.start < within.end);
        let near = self.assumed[..end].iter().rev().take(LOOKED_AT).filter(|(span, _)| span.overlaps(within));
        let mut lines: Vec<String> = near.take(LINES).map(|(_, line)| line.clone()).collect();
        lines.reverse();
        lines.dedup();
        lines
    }
}

/// What `call` calls by name: a macro touches also the variables that its replacement names.
fn callee(cx: &Context, view: &View, call: ExprId) -> Callee {
    let body = &view.function.body;
    let Some(name) = body.callee(call) else { return Callee::Function };
    let macros = &cx.program.macros;
    match macros.resolve(name, view.unit.file, body.expr(call).span.start) {
        Some(def) => {
            let is_parameter = |text: &str| def.params.iter().flatten().any(|p| **p == *text);
            let idents = def.tokens().filter(|t| t.is_ident() && !is_parameter(&t.text));
            Callee::Macro(idents.filter_map(|t| body.names.find(&t.text)).collect())
        }
        // Macros of headers that are not here shout.
        None if !cx.program.is_defined(name) && !name.bytes().any(|b| b.is_ascii_lowercase()) => {
            Callee::Macro(Vec::new())
        }
        None => Callee::Function,
    }
}
