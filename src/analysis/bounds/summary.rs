//! What callers have to know of a function: what it needs of its arguments, what it changes, what it returns.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use super::Walked;
use super::eval::Eval;
use super::linear::{Linear, Sym};
use super::sites::{SiteKind, Use};
use super::state::{Key, Path, Value};
use super::symbols::{Room, What, Wire};
use super::types::Kind;
use crate::program::Definition;
use crate::source::{FileId, Span};

/// A defect, by the function that it stands in and its number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DefectId {
    pub function: u32,
    pub number: u32,
}

/// A linear expression over what a function is given.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    constant: i64,
    terms: Vec<(Term, i32)>,
}

#[derive(Clone, Debug, PartialEq)]
enum Term {
    Parameter(u32),
    /// What stands at a place when the function is entered.
    Load {
        base: Box<Template>,
        path: Vec<Box<str>>,
        bits: Option<(u8, bool)>,
    },
    Size(Box<str>),
}

/// `goal >= 0` is what the caller has to see to.
#[derive(Clone, Debug)]
pub struct Need {
    pub goal: Template,
    /// The address behind the bytes that it is about.
    pub end: Option<Template>,
    pub defect: DefectId,
    /// Calls that lie between here and the defect.
    pub depth: u32,
}

#[derive(Clone, Debug, Default)]
pub struct Summary {
    pub needs: Vec<Need>,
    /// Bit `i`: what parameter `i` leads to may be changed.
    pub writes: u32,
    /// By parameter: how many bytes of what it leads to are read in any case.
    pub reads: Vec<(u32, i64)>,
    /// By parameter: how many bytes of what it leads to the function takes for its own, and what it does to them.
    pub given: Vec<(u32, Template, Use)>,
    /// Parameters that are lengths by their names, and of fewer than 32 bits.
    pub narrow: Vec<(u32, Kind)>,
    pub returns: Option<Returned>,
}

/// What is known of functions already analysed.
#[derive(Clone, Copy)]
pub struct Summaries<'a> {
    pub numbers: &'a FxHashMap<Definition, u32>,
    pub all: &'a [OnceLock<Summary>],
}

impl<'a> Summaries<'a> {
    pub fn get(&self, definition: Definition) -> Option<&'a Summary> {
        self.all[*self.numbers.get(&definition)? as usize].get()
    }
}

#[derive(Clone, Debug)]
pub struct Returned {
    pub value: Option<Template>,
    /// Parameters of which it is never more, but where it is zero or less.
    pub at_most: Vec<u32>,
    pub lo: Option<i64>,
    pub hi: Option<i64>,
    pub wire: Wire,
}

/// A call that has to see to something, and where it stands.
#[derive(Clone, Debug)]
pub struct CallSite {
    pub file: FileId,
    pub span: Span,
    pub function: String,
}

/// What a place is the content of is followed this deep.
const MAX_DEPTH: usize = 4;

impl Walked {
    /// By parameter: the bytes of what it leads to that are read whatever the function tests.
    pub(super) fn reads(&self) -> Vec<(u32, i64)> {
        let mut all: Vec<(u32, i64)> = Vec::new();
        for site in &self.sites {
            let SiteKind::Access { does: Use::Read, address, size, buffer: None, .. } = &site.kind else { continue };
            let end = address.add(size);
            if let ([(s, 1)], Some(bytes)) = (address.terms(), end.map(|end| end.constant))
                && let What::Parameter(i) = self.symbols.info(*s).what
                && bytes > 0
                && self
                    .facts
                    .conditions(site.at)
                    .all(|(_, own, apart)| own.iter().chain(apart).all(|c| asks_only_of(c, *s)))
            {
                match all.iter_mut().find(|(p, _)| *p == i) {
                    Some((_, most)) => *most = bytes.max(*most),
                    None => all.push((i, bytes)),
                }
            }
        }
        all
    }

    /// `linear` in terms of what the function was given; none if anything else is in it.
    pub(super) fn exported(&self, linear: &Linear) -> Option<Template> {
        self.exported_within(linear, MAX_DEPTH)
    }

    fn exported_within(&self, linear: &Linear, depth: usize) -> Option<Template> {
        let depth = depth.checked_sub(1)?;
        let terms = linear.terms().iter().map(|&(s, k)| Some((self.exported_symbol(s, depth)?, k)));
        Some(Template { constant: linear.constant, terms: terms.collect::<Option<_>>()? })
    }

    fn exported_symbol(&self, s: Sym, depth: usize) -> Option<Term> {
        let info = self.symbols.info(s);
        match info.what {
            What::Parameter(i) => Some(Term::Parameter(i)),
            What::Load { base, path, since: 0 } => {
                let fields = self.paths.fields(path);
                let bits = match (info.lo, info.hi) {
                    (Some(0), Some(hi)) => Some(((64 - hi.leading_zeros()) as u8, false)),
                    _ => None,
                };
                Some(Term::Load {
                    base: Box::new(self.exported_within(&base, depth)?),
                    path: fields.into_iter().map(|f| self.paths.name(f).into()).collect(),
                    bits,
                })
            }
            What::Size(text) => Some(Term::Size(self.paths.name(text).into())),
            _ => None,
        }
    }
}

impl Walked {
    /// The parameters that are handed over with a length, and are read or written by it.
    pub(super) fn given(&self) -> Vec<(u32, Template, Use)> {
        let mut all = Vec::new();
        for (s, info) in self.symbols.iter() {
            let (What::Parameter(i), Some(buffer)) = (info.what, info.buffer) else { continue };
            let does = |wanted: Use| {
                self.sites.iter().any(|site| match &site.kind {
                    SiteKind::Access { does, address, .. } | SiteKind::Block { does, address, .. } => {
                        *does == wanted && address.factor(s) != 0
                    }
                    _ => false,
                })
            };
            // Of elements it is not known whether they are counted from one object.
            if buffer.room == Room::Given
                && let Some(size) = buffer.limit.sub(&Linear::symbol(s))
                && size.terms().iter().all(|(_, k)| *k == 1)
                && let Some(size) = self.exported(&size)
                && size.has_terms()
            {
                let kind = [Use::Write, Use::Read].into_iter().find(|kind| does(*kind));
                all.extend(kind.map(|kind| (i, size, kind)));
            }
        }
        all
    }
}

/// Only whether a pointer is null is asked: with null nobody reads.
fn asks_only_of(condition: &Linear, pointer: Sym) -> bool {
    matches!(condition.terms(), [(s, _)] if *s == pointer)
}

impl Template {
    /// Something is said of a parameter.
    pub fn has_terms(&self) -> bool {
        !self.terms.is_empty()
    }
}

impl Eval<'_> {
    /// A callee's expression, over the arguments of a call of it.
    pub(super) fn imported(&mut self, template: &Template, args: &[Value], span: Span) -> Option<Linear> {
        let mut sum = Linear::constant(template.constant);
        for (term, k) in &template.terms {
            let value = match term {
                Term::Parameter(i) => args.get(*i as usize)?.linear,
                Term::Load { base, path, bits } => {
                    let base = self.imported(base, args, span)?;
                    let key = self.key_of(base, path);
                    let kind = match bits {
                        Some((bits @ (8 | 16 | 32), signed)) => Kind::Int { bits: *bits, signed: *signed },
                        _ => Kind::Unknown,
                    };
                    if path.is_empty()
                        && let Some(s) = base.as_symbol()
                        && let What::Local(var) = self.symbols.info(s).what
                        && !self.variables[var as usize].in_memory
                    {
                        self.state.var(var)?.linear
                    } else {
                        self.recall(key, kind, None, span).linear
                    }
                }
                Term::Size(text) => {
                    let id = self.paths.text(text);
                    Linear::symbol(self.symbols.get(What::Size(id), Some(1), Some(1 << 20)).0)
                }
            };
            sum = sum.plus(&value, *k)?;
        }
        Some(sum)
    }

    /// A field of what an address leads to.
    fn key_of(&mut self, address: Linear, fields: &[Box<str>]) -> Key {
        let Key { base, path } = match fields {
            [] => Key { base: address, path: Path::ITSELF },
            _ => self.led_to(address, Kind::Unknown).key,
        };
        Key { base, path: fields.iter().fold(path, |path, field| self.paths.field(path, field)) }
    }
}
