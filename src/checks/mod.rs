//! The rules: one file each, grouped by family. A rule reads the program and returns findings; it knows no output
//! format and opens no file.
//!
//! To add a rule: write `checks/<family>/<rule>.rs` with a `pub const RULE: Rule`, `rules/<rule-id>.md`, and list it
//! once in [`RULES`].

pub mod cascade;
mod deletion;
pub mod engine;
pub mod message;
pub mod pages;
mod repeated;
pub mod result;
pub mod suppression;
pub mod switch;
pub mod timings;

use std::cell::OnceCell;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::analysis::access::{Accesses, callee};
use crate::analysis::bounds::defects::Defect;
use crate::analysis::cfg::Cfg;
use crate::analysis::flow::Flow;
use crate::analysis::heeded::Heeded;
use crate::analysis::limits::Limits;
use crate::analysis::nesting::Nesting;
use crate::analysis::noreturn::NoReturn;
use crate::analysis::nullness::miss::Miss;
use crate::analysis::outputs::Outputs;
use crate::analysis::received::Fields;
use crate::analysis::recursion::Cycles;
use crate::analysis::returns::Returns;
use crate::analysis::siblings::Siblings;
use crate::hir::{DeclaratorForm, Function, StmtId, StmtKind, Symbol};
use crate::preprocess::comments::{CommentStyle, is_fallthrough_name};
use crate::preprocess::macros::Traits;
use crate::preprocess::scan::Scan;
use crate::preprocess::token::Token;
use crate::program::catalog::Catalog;
use crate::program::{Program, Reading, Unit};
use crate::report::{Confidence, Finding, Related};
use crate::source::{FileId, SourceFile, Span};
use switch::exits::Switch;
use switch::outline::{Hidden, Outline};

/// Every rule.
pub const RULES: &[Rule] = &[
    switch::implicit_fallthrough::RULE,
    switch::misplaced_fallthrough_mark::RULE,
    switch::premature_break::RULE,
    switch::unset_after_switch::RULE,
    switch::break_leaves_switch_not_loop::RULE,
    switch::lost_at_switch_exit::RULE,
    switch::conditional_break_falls::RULE,
    switch::break_among_returns::RULE,
    switch::continue_skips_release::RULE,
    switch::error_goes_on::RULE,
    switch::missing_default::RULE,
    switch::misra_16_1::RULE,
    switch::misra_16_2::RULE,
    switch::misra_16_3::RULE,
    switch::misra_16_4::RULE,
    switch::misra_16_5::RULE,
    switch::misra_16_6::RULE,
    switch::misra_16_7::RULE,
    switch::unhandled_enumerator::RULE,
    switch::duplicate_section::RULE,
    switch::misspelled_label::RULE,
    switch::suspicious_case::RULE,
    switch::swallowed_statement::RULE,
    switch::unreachable_in_switch::RULE,
    message::unchecked_message_read::RULE,
    message::unchecked_message_length::RULE,
    message::append_past_end::RULE,
    message::unbounded_scan::RULE,
    message::unterminated_message_string::RULE,
    message::past_end_of_text::RULE,
    message::wrapping_length_check::RULE,
    message::would_be_length::RULE,
    message::length_underflow::RULE,
    message::length_truncation::RULE,
    message::signed_length::RULE,
    message::receive_result_as_length::RULE,
    result::unchecked_lookup::RULE,
    result::unchecked_part::RULE,
    result::null_on_some_path::RULE,
    result::unchecked_result_belief::RULE,
    result::unchecked_parse_result::RULE,
    result::uninitialized_after_parse::RULE,
    result::numeric_text_as_length::RULE,
    result::sibling_without_length_check::RULE,
    cascade::reachable_assert::RULE,
    cascade::no_progress_loop::RULE,
    cascade::unbounded_recursion::RULE,
    cascade::retry_without_backoff::RULE,
    cascade::spin_on_eof::RULE,
    cascade::message_driven_resend::RULE,
    cascade::unhandled_message_type::RULE,
    cascade::fd_set_overflow::RULE,
    suppression::invalid_allow::RULE,
    suppression::unused_allow::RULE,
];

pub struct Rule {
    /// `implicit-fallthrough`; its page is `rules/<id>.md`.
    pub id: &'static str,
    pub page: &'static str,
    /// Of these rules and this one, only one reports at a given location: the most confident, and on a tie theirs.
    pub yields_to: &'static [&'static str],
    /// Only text with one of these words matters to the rule, and a file is read under every choice of arms that
    /// changes such text. Without words, every function matters to it, but no arm is read for its sake.
    pub words: &'static [&'static str],
    /// Whether a function with one of the words must be parsed, judging by its text.
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
    outline: OnceCell<Outline<'a>>,
}

impl<'a> Candidate<'a> {
    /// The function at `span` of a reading.
    pub fn new(program: &'a Program, unit: &'a Unit, reading: &'a Reading, source: &'a str, span: Span) -> Self {
        let code = &reading.code[span.range()];
        Candidate { program, file: unit.file, source, scan: &unit.scan, code, span, outline: OnceCell::new() }
    }

    /// Its statements, read from tokens when a rule first needs them.
    pub fn outline(&self) -> &Outline<'a> {
        self.outline.get_or_init(|| Outline::new(self.code, &|name| self.hidden(name)))
    }

    /// The token of `code`, a name, marks a fall-through, either itself or through the expansion of the macro of that
    /// name.
    pub fn is_mark(&self, name: &Token) -> bool {
        is_fallthrough_name(&name.text) || self.traits(name).fallthrough
    }

    /// The token of `code` names a macro whose replacement contains a `case` or `default`.
    pub fn hides_label(&self, name: &Token) -> bool {
        self.traits(name).labels
    }

    /// What the macro named by a token of `code` hides, if it is one.
    fn hidden(&self, name: &Token) -> Hidden {
        let traits = self.traits(name);
        Hidden { labels: traits.labels, jumps: traits.jumps }
    }

    fn traits(&self, name: &Token) -> Traits {
        let macros = &self.program.macros;
        let def = macros.resolve(&name.text, self.file, self.span.start + name.span.start);
        def.map(|def| macros.traits(def)).unwrap_or_default()
    }
}

/// The user's choices that affect what rules report.
#[derive(Clone, Debug)]
pub struct Options {
    pub comment_style: CommentStyle,
    /// Report findings in generated files, too.
    pub generated: bool,
    /// Parse each file as a whole instead of function by function: slower, for comparison.
    pub whole_files: bool,
    /// Add the features that the ranking is computed from to the notes of a finding.
    pub features: bool,
    /// A comment that accepts a finding has to give a reason.
    pub allow_reasons: bool,
    /// Measure the time of each rule.
    pub timings: bool,
    /// What library functions do.
    pub catalog: Arc<Catalog>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            comment_style: CommentStyle::Keyword,
            generated: false,
            whole_files: false,
            features: false,
            allow_reasons: false,
            timings: false,
            catalog: Catalog::embedded(),
        }
    }
}

/// The program and what is known about it as a whole.
pub struct Context<'a> {
    pub program: &'a Program,
    pub noreturn: &'a NoReturn,
    pub outputs: &'a Outputs,
    pub heeded: &'a Heeded,
    pub cycles: &'a Cycles,
    pub returns: &'a Returns,
    pub fields: &'a Fields,
    pub siblings: &'a Siblings,
    pub limits: &'a Limits,
    pub options: &'a Options,
    /// The rules of this run.
    pub rules: &'a [&'a Rule],
}

impl Context<'_> {
    pub fn runs(&self, id: &str) -> bool {
        self.rules.iter().any(|rule| rule.id == id)
    }
}

/// One function under one reading of its file.
pub struct View<'a> {
    pub source: &'a SourceFile,
    pub unit: &'a Unit,
    pub reading: &'a Reading,
    pub function: &'a Function,
    pub cfg: &'a Cfg,
    /// What the reading assumes beyond the base one, by location; empty for the base reading.
    pub assumed: &'a [(Span, String)],
    pub known: Known<'a>,
    facts: Facts<'a>,
}

/// What the whole-program analyses found in one function.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known<'a> {
    pub defects: &'a [Defect],
    /// Uses of pointers that may be null.
    pub nulls: &'a [Miss],
}

/// What several rules need of one function, computed on first use.
#[derive(Default)]
struct Facts<'a> {
    nesting: OnceCell<Nesting>,
    flow: OnceCell<Flow<'a>>,
    switches: OnceCell<Vec<Switch>>,
    locals: OnceCell<FxHashMap<Symbol, Local>>,
}

/// What is known from the declarations of a name inside a function, except static ones.
#[derive(Clone, Copy, Debug, Default)]
pub struct Local {
    pub parameter: bool,
    /// Some declaration of the name has a `*`.
    pub pointer: bool,
}

impl<'a> View<'a> {
    pub fn new(
        source: &'a SourceFile,
        unit: &'a Unit,
        reading: &'a Reading,
        function: &'a Function,
        cfg: &'a Cfg,
        assumed: &'a [(Span, String)],
        known: Known<'a>,
    ) -> View<'a> {
        View { source, unit, reading, function, cfg, assumed, known, facts: Facts::default() }
    }

    pub fn nesting(&self) -> &Nesting {
        self.facts.nesting.get_or_init(|| Nesting::new(&self.function.body))
    }

    /// The reachable switches, with their exits.
    pub fn switches(&self) -> &[Switch] {
        self.facts.switches.get_or_init(|| switch::exits::switches(self))
    }

    /// How a variable or parameter of the function is declared.
    pub fn local(&self, name: Symbol) -> Option<Local> {
        let locals = self.facts.locals.get_or_init(|| {
            let mut all: FxHashMap<Symbol, Local> = FxHashMap::default();
            for p in &self.function.params {
                let pointer = self.reading.code[p.span.range()].contains('*');
                all.insert(p.name, Local { parameter: true, pointer });
            }
            for stmt in &self.function.body.stmts {
                let StmtKind::Decl(declarators) = &stmt.kind else { continue };
                for d in declarators.iter().filter(|d| !d.is_static) {
                    all.entry(d.name).or_default().pointer |= d.form == DeclaratorForm::Pointer;
                }
            }
            all
        });
        locals.get(&name).copied()
    }

    pub fn flow(&self, cx: &Context) -> &Flow<'a> {
        self.facts.flow.get_or_init(|| {
            let body = &self.function.body;
            Flow::new(self.cfg, Accesses::new(body, self.cfg, &|call| callee(cx.program, self.unit.file, body, call)))
        })
    }

    /// Tracking values through the function exceeded its budget: some query was not answered.
    fn is_given_up(&self) -> bool {
        self.facts.flow.get().is_some_and(Flow::is_exhausted)
    }

    /// A finding at `span`, for a rule to add its evidence to; `within` is the code that it concerns.
    pub fn finding(&self, rule: &'static str, confidence: Confidence, span: Span, within: Span) -> Finding {
        Finding {
            function: Some(self.function.name.clone()),
            notes: self.assumed_in(within),
            ..Finding::new(rule, confidence, self.unit.file, span)
        }
    }

    pub fn related(&self, span: Span, message: impl Into<String>) -> Related {
        Related { file: self.unit.file, span, message: message.into() }
    }

    /// The location of a statement as evidence.
    pub fn at(&self, stmt: StmtId, message: impl Into<String>) -> Related {
        self.related(self.function.body.stmt(stmt).span, message)
    }

    /// What the reading assumes about `within`, a line each: the nearest directives only.
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
