//! Counted lengths: a write whose length is part of the sum that its destination was allocated for, or that was
//! compared with the available room.
//!
//! Messages are assembled in two passes: one adds up the lengths of the parts, the other copies them. The sum has more
//! terms than a linear expression, and loops, so nothing can be proved. But whoever counted a part did not forget to
//! check it. This is inferred from the code as written, not from values.

mod index;
mod places;

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

use index::{Guarded, Index, is_narrow};
use places::Part;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::analysis::bounds::Bounds;
use crate::analysis::bounds::terms::names;
use crate::analysis::bounds::terms::sites::{Code, Site, SiteKind};
use crate::analysis::bounds::terms::symbols::Room;
use crate::hir::{Body, ExprId, ExprKind, Function};
use crate::program::catalog::model::{Arg, Sink, SinkKind};
use crate::source::Span;

/// Places through which one sum or pointer is followed.
const MAX_PLACES: usize = 200;
/// Definitions through which a length is followed.
const MAX_DEPTH: usize = 4;
/// Size in bytes of an array at the end of a structure that stands for one of any length.
const MAX_OPEN: i64 = 8;

/// What a function counts; computed on demand.
pub struct Counted<'a> {
    cx: &'a Bounds<'a>,
    function: &'a Function,
    index: OnceCell<Index>,
    sums: RefCell<FxHashMap<ExprId, Rc<Sum>>>,
}

/// The parts of a sum, followed through variables.
#[derive(Default)]
struct Sum {
    keys: FxHashSet<String>,
    /// What was passed to a call that counts.
    covers: Vec<String>,
}

impl Sum {
    /// The place or string length is a part, or belongs to something counted as a whole.
    fn has(&self, key: &str) -> bool {
        if self.keys.contains(key) {
            return true;
        }
        let place = key.strip_prefix("strlen(").and_then(|rest| rest.strip_suffix(')'));
        // A string with a length field beside it.
        if let Some(text) = place
            && let Some((object, field)) = text.rsplit_once('.')
            && names::lengths_of(field).iter().any(|length| self.keys.contains(&format!("{object}.{length}")))
        {
            return true;
        }
        let place = place.unwrap_or(key);
        self.covers
            .iter()
            .any(|of| place.strip_prefix(&**of).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '['])))
    }
}

/// One write: its source, its destination and its length.
struct Write {
    dst: ExprId,
    /// Where the bytes come from: an address, or the object that holds them.
    sources: Vec<ExprId>,
    /// An array, which was not allocated for the sum.
    in_array: bool,
    /// Each with what else it may be counted as; empty: a constant.
    lengths: Vec<Vec<String>>,
    at: u32,
    span: Span,
}

impl<'a> Counted<'a> {
    pub fn new(cx: &'a Bounds<'a>, function: &'a Function) -> Counted<'a> {
        Counted { cx, function, index: OnceCell::new(), sums: RefCell::default() }
    }

    fn body(&self) -> &'a Body {
        &self.function.body
    }

    fn index(&self) -> &Index {
        let code = || &self.cx.program.unit(self.function.file).base.code;
        self.index.get_or_init(|| Index::new(self.function, code()))
    }

    /// The length that the site writes was counted. `is_short`: the checks are known to be insufficient.
    pub(super) fn is_counted(&self, site: &Site, is_short: bool) -> bool {
        self.write(site)
            .is_some_and(|write| !write.in_array && self.is_allocated(&write) || !is_short && self.is_tested(&write))
    }

    fn write(&self, site: &Site) -> Option<Write> {
        let body = self.body();
        let buffer = match &site.kind {
            SiteKind::Access { buffer, .. } | SiteKind::Block { buffer, .. } => buffer.as_ref(),
            _ => None,
        };
        let in_array = buffer.is_some_and(|b| {
            b.room == Room::Array && (b.limit.terms().len() != 1 || !(0..=MAX_OPEN).contains(&b.limit.constant))
        });
        let (at, span) = (site.span.start, site.span);
        let write = |dst, sources, lengths| Write { dst, sources, in_array, lengths, at, span };
        if matches!(site.kind, SiteKind::Access { .. }) {
            return match site.code {
                Code::Own(e) => Some(write(e, Vec::new(), Vec::new())),
                _ => None,
            };
        }
        let (callee, args): (&str, Vec<Option<ExprId>>) = match (&site.code, &site.kind) {
            (Code::Own(e), _) => match &body.expr(*e).kind {
                ExprKind::Call { args, .. } => (body.callee(*e)?, args.iter().map(|arg| Some(*arg)).collect()),
                _ => return None,
            },
            (Code::Inlined(args), SiteKind::Block { callee, .. }) => (callee, args.to_vec()),
            _ => return None,
        };
        let model = self.cx.program.model(callee, self.function.file)?;
        let sink = model.sink()?;
        let arg = |at: Option<Arg>| at.and_then(|at| args.get(at.index()?).copied()?);
        let lengths = match sink.kind {
            SinkKind::StringCopy => {
                let text = places::key(body, arg(sink.src)?);
                let is_literal = matches!(body.expr(body.bare(arg(sink.src)?)).kind, ExprKind::String(_));
                let counted = |e| places::key(body, e);
                let most = arg(sink.src_size).and_then(counted);
                match text {
                    _ if is_literal => Vec::new(),
                    Some(text) => vec![std::iter::once(format!("strlen({text})")).chain(most).collect()],
                    None => return None,
                }
            }
            SinkKind::Format => self.printed(sink, &args)?,
            _ => places::lengths(body, arg(sink.size)?)?,
        };
        let (dst, size) = (arg(sink.dst)?, arg(sink.size));
        let others = || args.iter().flatten().copied().filter(|arg| *arg != dst && Some(*arg) != size).collect();
        Some(write(dst, arg(sink.src).map_or_else(others, |src| vec![src]), lengths))
    }

    /// The lengths of the printed strings.
    fn printed(&self, sink: &Sink, args: &[Option<ExprId>]) -> Option<Vec<Vec<String>>> {
        let body = self.body();
        let at = sink.fmt?.index()?;
        let ExprKind::String(format) = body.expr((*args.get(at)?)?).kind else { return None };
        let texts = crate::analysis::bounds::terms::formats::texts(body.names.text(format), at + 1);
        let length = |(arg, by): (usize, Option<usize>)| {
            let text = places::key(body, (*args.get(arg)?)?);
            let most = by.and_then(|by| places::key(body, (*args.get(by)?)?));
            let all: Vec<String> = most.into_iter().chain(text.map(|text| format!("strlen({text})"))).collect();
            (!all.is_empty()).then_some(all)
        };
        texts.into_iter().map(length).collect()
    }

    /// The destination was allocated or grown by a call that was passed the sum.
    fn is_allocated(&self, write: &Write) -> bool {
        let body = self.body();
        let (keys, calls) = self.holders(write.dst, write.at);
        let made = calls.into_iter().filter(|call| self.may_make(*call)).map(|call| (call, true));
        let grown = self.index().calls.iter().filter(|call| self.grows(**call, &keys)).map(|call| (*call, false));
        made.chain(grown).filter(|(call, _)| body.expr(*call).span.start <= write.at).any(|(call, _)| {
            let ExprKind::Call { args, .. } = &body.expr(call).kind else { return false };
            args.iter().any(|arg| {
                let sum = self.sum(*arg, body.expr(call).span.start);
                self.has_all(&sum, write) && (!write.lengths.is_empty() || self.has_moves(&sum, write, &keys, true))
            })
        })
    }

    /// An earlier condition compares the sum with something other than the source's length.
    fn is_tested(&self, write: &Write) -> bool {
        let mut holders = None;
        self.index().tests.iter().filter(|test| test.at <= write.at).any(|test| {
            // In a macro, everything is at the call's position: the test comes before the copy. `sum > room` leads
            // elsewhere, `sum <= room` to the write, also if it is merely asserted.
            let (sum, other, elsewhere) = match test.then {
                None => (test.less, test.more, None),
                Some(then)
                    if then.span != write.span
                        && then.span.start <= write.span.start
                        && write.span.end <= then.span.end =>
                {
                    (test.less, test.more, None)
                }
                Some(then) => (test.more, test.less, Some(then)),
            };
            let sum = self.sum(sum, test.at);
            elsewhere.is_none_or(|then| then.leaves || self.makes_up(&sum, write, then))
                && self.has_all(&sum, write)
                && self.may_be_room(other, test.at, write)
                && {
                    let (keys, _) = holders.get_or_insert_with(|| self.holders(write.dst, write.at));
                    self.has_moves(&sum, write, keys, write.lengths.is_empty())
                }
        })
    }

    /// The code for too little room makes as much as the sum, or reduces the sum.
    fn makes_up(&self, sum: &Sum, write: &Write, then: Guarded) -> bool {
        let body = self.body();
        let mut found = false;
        body.walk_stmts(then.stmt, &mut |stmt| {
            body.own_exprs(stmt, &mut |e| {
                body.walk(e, &mut |e| {
                    found |= match &body.expr(e).kind {
                        ExprKind::Assign { left, right, .. } => {
                            places::key(body, *left).is_some_and(|left| sum.keys.contains(&left))
                                || self.has_all(&self.sum(*right, write.at), write)
                        }
                        ExprKind::Call { args, .. } => {
                            args.iter().any(|arg| self.has_all(&self.sum(*arg, write.at), write))
                                && body.callee(e).is_some_and(names::makes_room)
                        }
                        _ => false,
                    }
                });
            });
        });
        found
    }

    /// Every written length is a part of the sum.
    fn has_all(&self, sum: &Sum, write: &Write) -> bool {
        !sum.keys.is_empty() && write.lengths.iter().all(|length| self.has(sum, length, write.at, MAX_DEPTH))
    }

    fn has(&self, sum: &Sum, length: &[String], at: u32, depth: usize) -> bool {
        if length.iter().any(|key| sum.has(key) || self.has_like(sum, key)) {
            return true;
        }
        let Some(depth) = depth.checked_sub(1) else { return false };
        if length
            .iter()
            .any(|key| self.others(key, at).iter().any(|other| self.has(sum, std::slice::from_ref(other), at, depth)))
        {
            return true;
        }
        let body = self.body();
        length.iter().any(|key| {
            let Some(all) = self.index().set.get(key) else { return false };
            let all: Vec<_> =
                all.iter().filter(|set| set.at <= at).map(|set| places::lengths(body, set.value)).collect();
            all.iter().flatten().any(|parts| !parts.is_empty())
                && all.iter().all(|parts| {
                    parts.as_ref().is_some_and(|parts| {
                        parts.iter().all(|part| part.contains(key) || self.has(sum, part, at, depth))
                    })
                })
        })
    }

    /// The same place, by what its object was set to: for `x.len` after `x = list->first`, the `len` of `list->first`.
    fn others(&self, key: &str, at: u32) -> Vec<String> {
        let (before, place) = match key.strip_prefix("strlen(") {
            Some(place) => ("strlen(", place),
            None => ("", key),
        };
        let mut all = Vec::new();
        let mut outer = places::outer(place.trim_end_matches(')'));
        while let Some(object) = outer {
            for set in self.index().set.get(object).into_iter().flatten().filter(|set| set.at <= at && !set.adds) {
                let other = places::key(self.body(), set.value);
                let other = other.filter(|other| places::root(other) != places::root(object));
                all.extend(other.map(|other| format!("{before}{other}{}", &place[object.len()..])));
            }
            outer = places::outer(object);
        }
        all
    }

    /// The same part of another element: one loop counts `a->s.len`, another copies `b->s.len`.
    fn has_like(&self, sum: &Sum, key: &str) -> bool {
        let own = places::root(key);
        let rest = &key[own.len()..];
        let types = &self.index().types;
        let Some(ty) = types.get(own).filter(|_| rest.starts_with('.') && self.walks(own)) else { return false };
        sum.keys.iter().any(|other| {
            let root = places::root(other);
            root != own && &other[root.len()..] == rest && types.get(root) == Some(ty) && self.walks(root)
        })
    }

    /// The variable is set to a part of what it points to: it walks a list.
    fn walks(&self, variable: &str) -> bool {
        let mut sets = self.index().set.get(variable).into_iter().flatten();
        sets.any(|set| places::key(self.body(), set.value).is_some_and(|key| places::root(&key) == variable))
    }

    /// What is added to the start address is part of the sum, too. `wanted`: something has to be.
    fn has_moves(&self, sum: &Sum, write: &Write, keys: &[String], wanted: bool) -> bool {
        let body = self.body();
        let mut offsets = Vec::new();
        places::offsets(body, write.dst, &mut offsets);
        let is_own = |part: &[String]| part.iter().any(|key| keys.contains(key));
        let mut moves: Vec<Vec<String>> = Vec::new();
        for offset in offsets {
            match places::lengths(body, offset) {
                Some(parts) => moves.extend(parts),
                None => return false,
            }
        }
        for key in keys {
            for set in self.index().set.get(key).into_iter().flatten().filter(|set| set.at < write.at) {
                let Some(parts) = places::lengths(body, set.value) else {
                    if set.adds {
                        return false;
                    }
                    continue;
                };
                if set.adds || parts.len() > 1 && parts.iter().any(|part| part.contains(key)) {
                    moves.extend(parts.into_iter().filter(|part| !is_own(part)));
                }
            }
        }
        (!wanted || !moves.is_empty())
            && moves.iter().all(|part| is_own(part) || self.has(sum, part, write.at, MAX_DEPTH))
    }

    /// The parts of a sum, through the variables that hold it.
    fn sum(&self, e: ExprId, at: u32) -> Rc<Sum> {
        if let Some(known) = self.sums.borrow().get(&e) {
            return known.clone();
        }
        let body = self.body();
        let mut sum = Sum::default();
        let mut todo = places::parts(body, e);
        while let Some(part) = todo.pop() {
            if part.covers && !sum.covers.contains(&part.key) {
                sum.covers.push(part.key.clone());
            }
            if sum.keys.len() >= MAX_PLACES || sum.keys.contains(&part.key) {
                continue;
            }
            // A sum truncated to fewer bits is no longer the sum.
            if !self.index().types.get(&part.key).is_some_and(|ty| is_narrow(ty)) {
                let sets = self.index().set.get(&part.key).into_iter().flatten();
                todo.extend(sets.filter(|set| set.at <= at).flat_map(|set| places::parts(body, set.value)));
                let others = self.others(&part.key, at).into_iter();
                todo.extend(others.map(|key| Part { key, covers: part.covers }));
            }
            sum.keys.insert(part.key);
        }
        let sum = Rc::new(sum);
        self.sums.borrow_mut().insert(e, sum.clone());
        sum
    }

    /// The places that hold the pointer, or what it points into, and the calls that returned it.
    fn holders(&self, dst: ExprId, at: u32) -> (Vec<String>, Vec<ExprId>) {
        let body = self.body();
        let (mut keys, mut calls) = (Vec::new(), Vec::new());
        places::pointers(body, dst, &mut keys, &mut calls);
        let mut i = 0;
        while i < keys.len() && keys.len() < MAX_PLACES {
            let mut more: Vec<String> = places::outer(&keys[i]).map(String::from).into_iter().collect();
            for set in self.index().set.get(&keys[i]).into_iter().flatten().filter(|set| set.at <= at) {
                places::pointers(body, set.value, &mut more, &mut calls);
            }
            more.retain(|key| !keys.contains(key) && (!key.ends_with(')') || self.index().set.contains_key(key)));
            keys.extend(more);
            i += 1;
        }
        (keys, calls)
    }

    /// A call that may return new memory: not a copy, not a lookup.
    fn may_make(&self, call: ExprId) -> bool {
        let Some(name) = self.body().callee(call) else { return true };
        if let Some(model) = self.cx.program.model(name, self.function.file) {
            return model.allocator().is_some() || model.sink().is_none() && model.source().is_none();
        }
        !names::hands_back(name)
    }

    /// A call that makes room in its argument, by its name.
    fn grows(&self, call: ExprId, keys: &[String]) -> bool {
        let body = self.body();
        let ExprKind::Call { args, .. } = &body.expr(call).kind else { return false };
        let Some(name) = body.callee(call) else { return false };
        names::makes_room(name) && args.iter().any(|arg| places::key(body, *arg).is_some_and(|key| keys.contains(&key)))
    }

    /// The other side of a comparison may be the room: not a tiny constant, and not the source's length.
    fn may_be_room(&self, other: ExprId, at: u32, write: &Write) -> bool {
        let body = self.body();
        if let ExprKind::Number(n) = body.expr(body.bare(other)).kind
            && let Some((n, _)) = crate::analysis::bounds::terms::literals::number(body.names.text(n))
        {
            return n > 4;
        }
        let (keys, _) = self.holders(write.dst, write.at);
        let sources: Vec<String> = write.sources.iter().filter_map(|src| places::key(body, *src)).collect();
        let params: Vec<&str> = self.function.params.iter().map(|p| body.names.text(p.name)).collect();
        let sum = self.sum(other, at);
        sources.iter().map(|source| places::root(source)).all(|source| {
            let beside = params.iter().position(|p| *p == source).and_then(|i| params.get(i + 1));
            let speaks = |key: &String| places::root(key) == source || Some(&places::root(key)) == beside;
            keys.iter().any(|key| places::root(key) == source) || !sum.keys.iter().chain(&sum.covers).any(speaks)
        })
    }
}
