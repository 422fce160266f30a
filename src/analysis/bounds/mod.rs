//! Proofs about lengths: for every read and write through a pointer, whether what the function tests before it
//! keeps it inside its buffer.
//!
//! One symbolic walk gives each value as a linear expression over symbols ([`linear`], [`symbols`]) and each place the
//! facts that hold there ([`facts`]); what has to hold is noted on the way ([`sites`]) and proved on demand.

mod accesses;
mod arith;
mod arrays;
mod beliefs;
mod boundless;
mod call;
mod capacity;
mod cond;
mod copies;
pub mod counted;
pub mod defects;
mod differences;
mod effects;
mod elements;
mod eval;
mod evidence;
pub mod facts;
mod foreign;
pub mod granted;
mod incoming;
mod inline;
mod join;
mod judge;
mod late;
pub mod linear;
mod literals;
mod loops;
mod model;
mod names;
mod numbers;
mod objects;
mod pairs;
mod place;
mod show;
pub mod siblings;
pub mod sites;
mod sizes;
pub mod state;
mod stores;
mod strings;
pub mod summary;
pub mod symbols;
mod together;
pub mod trace;
pub mod types;
mod walk;

use std::cell::OnceCell;
use std::sync::Arc;

use rustc_hash::FxHashSet;

use beliefs::Belief;
use eval::{Eval, Variable};
use facts::{FactId, Facts};
use inline::{Inline, Inlines};
pub use judge::Verdict;
use linear::{Linear, Sym};
use sites::Site;
use state::{Paths, State, Value};
use summary::Returned;
pub use summary::{Summaries, Summary};
use symbols::{Room, Symbols, What, Wire};
use types::Kind;

use crate::analysis::cfg::Cfg;
use crate::hir::{DeclaratorForm, ExprKind, Function, StmtKind, UnaryOp};
use crate::program::Program;
use crate::source::{FileId, Span};

/// Expressions of a function that is still walked.
const MAX_EXPRS: usize = 20_000;
/// Basic blocks times variables of a function that is still walked.
const MAX_JOINS: usize = 600_000;

/// Lengths that a function was given and that are held against what it returns.
const MAX_LENGTHS: usize = 4;

/// What the analysis of every function draws on.
pub struct Bounds<'a> {
    pub program: &'a Program,
    pub summaries: Summaries<'a>,
    inlines: Inlines,
}

/// One function, walked.
pub struct Walked {
    pub symbols: Symbols,
    pub facts: Facts,
    pub paths: Paths,
    pub sites: Vec<Site>,
    /// Bit `i`: what parameter `i` leads to may be changed.
    writes: u32,
    returns: Vec<(Linear, FactId)>,
    narrow: Vec<(u32, Kind)>,
    beliefs: Vec<Belief>,
    /// Buffers of characters that are searched for a NUL.
    texts: FxHashSet<Sym>,
    /// Where variables begin that are arrays.
    arrays: FxHashSet<Sym>,
    /// Decimal numbers that are printed where their types do not tell that there is room, and how long they may be.
    printed: Vec<(Span, Linear, i64)>,
    stepped: FxHashSet<Sym>,
    lengths: OnceCell<Lengths>,
}

/// The symbols that say where buffers end.
struct Lengths {
    /// Those of all limits.
    any: FxHashSet<Sym>,
    /// How long buffers are that were handed over or received.
    given: FxHashSet<Sym>,
}

impl Walked {
    fn lengths(&self) -> &Lengths {
        self.lengths.get_or_init(|| {
            let added =
                |linear: Linear| linear.terms().iter().filter(|(_, k)| *k > 0).map(|(s, _)| *s).collect::<Vec<_>>();
            let buffers = || self.symbols.iter().filter_map(|(s, info)| Some((s, info.buffer?)));
            let given = buffers().filter(|(_, b)| matches!(b.room, Room::Given | Room::Received));
            Lengths {
                any: buffers().flat_map(|(_, b)| added(b.limit)).collect(),
                given: given.filter_map(|(s, b)| b.limit.sub(&Linear::symbol(s))).flat_map(added).collect(),
            }
        })
    }

    fn returned(&self) -> Option<Returned> {
        let values = || self.returns.iter().map(|(value, _)| value);
        let least = values().map(|v| self.symbols.least(v));
        let greatest: Option<Vec<i64>> = values().map(|v| self.symbols.greatest(v)).collect();
        let value = match &self.returns[..] {
            [] => return None,
            [(only, _)] => self.exported(only),
            _ => None,
        };
        Some(Returned {
            at_most: if value.is_none() { self.at_most() } else { Vec::new() },
            value,
            lo: least.min().flatten(),
            hi: greatest.and_then(|all| all.into_iter().max()),
            wire: values().map(|v| self.symbols.wire(v)).max().unwrap_or_default(),
        })
    }

    /// The lengths that it was given of which it never returns more: how much of them it used. What it returns where it
    /// fails, zero or less, is no number of bytes.
    fn at_most(&self) -> Vec<u32> {
        let used: Vec<&(Linear, FactId)> =
            self.returns.iter().filter(|(value, _)| value.as_constant().is_none_or(|n| n > 0)).collect();
        if used.is_empty() {
            return Vec::new();
        }
        let lengths = self.symbols.iter().filter_map(|(s, info)| match info.what {
            What::Parameter(i) if info.wire > Wire::No => Some((i, s)),
            _ => None,
        });
        let is_most = |s: Sym| {
            used.iter().all(|(value, at)| {
                Linear::symbol(s).sub(value).is_some_and(|left| self.prove(*at, &left)) && !self.facts.is_exhausted()
            })
        };
        lengths.take(MAX_LENGTHS).filter(|(_, s)| is_most(*s)).map(|(i, _)| i).collect()
    }
}

impl<'a> Bounds<'a> {
    pub fn new(program: &'a Program, summaries: Summaries<'a>) -> Bounds<'a> {
        Bounds { program, summaries, inlines: Inlines::default() }
    }

    /// The body to look into for a macro of that name at that place, or for a function.
    fn inline(&self, name: &str, file: FileId, at: u32) -> Option<Arc<Inline>> {
        if let Some(def) = self.program.macros.resolve(name, file, at) {
            // What another part of the tree makes of a library function's name is none of this file's.
            let own = def.file == file || self.program.macros.includes(file, def.file);
            if !own && self.program.model(name, file).is_some() {
                return None;
            }
            return self.inlines.of_macro(self.program, def).filter(|_| def.params.is_some());
        }
        match self.program.callees(name, file)[..] {
            [only] => self.inlines.of_function(self.program, only),
            _ => None,
        }
    }

    /// Walks a function; none that is too large for it.
    pub fn walk(&self, function: &Function, cfg: &Cfg) -> Option<Walked> {
        let mut eval = Eval::new(self, function);
        eval.declare();
        let joins = cfg.blocks.len() * (eval.variables.len() + 8);
        if function.body.exprs.len() > MAX_EXPRS || joins > MAX_JOINS {
            return None;
        }
        eval.seed();
        let narrow = eval.narrow_lengths();
        let heads = eval.walk(cfg);
        eval.invariants(&heads);
        eval.facts.renew();
        let arrays = eval.plain_arrays();
        let Eval { symbols, facts, paths, sites, writes, returns, beliefs, texts, printed, stepped, .. } = eval;
        Some(Walked {
            symbols,
            facts,
            paths,
            sites,
            writes,
            returns,
            narrow,
            beliefs,
            texts,
            arrays,
            printed,
            stepped,
            lengths: OnceCell::new(),
        })
    }
}

/// Something stands between the brackets of an array's type.
fn has_length(declared: &str) -> bool {
    let inner = declared.split_once('[').and_then(|(_, rest)| rest.split_once(']'));
    inner.is_some_and(|(inner, _)| !inner.trim().is_empty())
}

impl Eval<'_> {
    /// Gives every parameter and local variable a number and a type.
    fn declare(&mut self) {
        let function = self.function;
        let body = &function.body;
        let code_of = |text: &str| self.types.declared(text);
        let unit = self.cx.program.unit(function.file);
        for param in &function.params {
            let text = unit.base.code.get(param.span.range()).unwrap_or("");
            let kind = match code_of(text) {
                // An array as a parameter is a pointer.
                Kind::Array(ty, _) => Kind::Pointer(ty),
                other => other,
            };
            let number = self.variables.len() as u32;
            let in_memory = matches!(kind, Kind::Struct(_));
            let object = self.cx.program.message_object(text);
            self.variables.push(Variable {
                name: param.name,
                declared: text,
                kind,
                in_memory,
                address_taken: false,
                object,
            });
            self.by_name.insert(param.name, number);
        }
        for stmt in &body.stmts {
            let StmtKind::Decl(all) = &stmt.kind else { continue };
            for declarator in all.iter().filter(|d| d.form != DeclaratorForm::Function) {
                let mut kind = code_of(body.names.text(declarator.ty));
                // `char s[] = "…"`
                if let (Kind::Array(ty, None), Some(init)) = (kind, declarator.init)
                    && let ExprKind::String(text) = body.expr(init).kind
                    && !has_length(body.names.text(declarator.ty))
                {
                    kind = Kind::Array(ty, (body.names.text(text).len() as u64).checked_sub(1));
                }
                let in_memory =
                    matches!(kind, Kind::Array(..) | Kind::Struct(_)) || declarator.form == DeclaratorForm::Array;
                let number = self.variables.len() as u32;
                let object = self.cx.program.message_object(body.names.text(declarator.ty));
                self.variables.push(Variable {
                    name: declarator.name,
                    declared: body.names.text(declarator.ty),
                    kind,
                    in_memory,
                    address_taken: false,
                    object,
                });
                self.by_name.entry(declarator.name).or_insert(number);
            }
        }
        for expr in &body.exprs {
            // A structure whose type is declared nowhere in sight.
            if let ExprKind::Member { base, arrow: false, .. } = expr.kind
                && let ExprKind::Name(name) = body.expr(base).kind
                && let Some(&var) = self.by_name.get(&name)
                && self.variables[var as usize].kind == Kind::Unknown
            {
                self.variables[var as usize].in_memory = true;
            }
            if let ExprKind::Unary { op: UnaryOp::AddressOf, operand } = expr.kind
                && let ExprKind::Name(name) = body.expr(operand).kind
                && let Some(&var) = self.by_name.get(&name)
            {
                self.variables[var as usize].address_taken = true;
            }
        }
        let alone = |kind: &StmtKind| match *kind {
            StmtKind::Expr(e) => Some(body.bare(e)),
            _ => None,
        };
        self.alone = body.stmts.iter().filter_map(|stmt| alone(&stmt.kind)).collect();
        self.lengths = self.find_lengths();
        self.sized = arrays::sized_fields(body);
        self.state = State::new(self.variables.len());
    }

    /// Gives parameters their values at the entry.
    fn seed(&mut self) {
        for i in 0..self.function.params.len() as u32 {
            let variable = &self.variables[i as usize];
            if variable.in_memory {
                continue;
            }
            let kind = variable.kind;
            let (lo, hi) = kind.range();
            let (s, _) = self.symbols.get(What::Parameter(i), lo, hi);
            let name = self.function.body.names.text(self.function.params[i as usize].name);
            let wire = if matches!(kind, Kind::Int { .. }) && names::is_length(name) { Wire::Faint } else { Wire::No };
            let name = self.paths.text(name);
            let info = self.symbols.info_mut(s);
            info.span = Some(self.function.params[i as usize].span);
            (info.name, info.wire) = (Some(name), wire);
            self.state.set_var(i, Some(Value { linear: Linear::symbol(s), kind }));
        }
        self.pair_parameters();
    }
}
