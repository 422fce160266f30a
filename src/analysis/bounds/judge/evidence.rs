//! Evidence for a defect, besides the missing proof.

use super::defects::Evidence;
use super::verdict::Verdict;
use crate::analysis::bounds::Walked;
use crate::analysis::bounds::terms::facts::FactId;
use crate::analysis::bounds::terms::linear::{Linear, Sym};
use crate::analysis::bounds::terms::names::is_bounded_copy;
use crate::analysis::bounds::terms::sites::{Bytes, Hint, Site, SiteKind, Use};
use crate::analysis::bounds::terms::symbols::{Buffer, Room, Source, What};

/// Size in bytes of an array at the end of a structure that stands for one of any length.
const MAX_OPEN: i64 = 8;
/// Size in bytes of the largest header whose missing check counts: code that uses longer ones knows their origin.
const MAX_HEADER: i64 = 64;
/// Bytes that a test forgets: a terminator, the header of an element.
const MAX_FEW: i64 = 8;
/// Joins through which a value is followed.
const MAX_JOINS: usize = 3;

impl Walked {
    /// Why an unbounded copy is likely to write past the end of an array.
    pub(super) fn evidence(
        &self,
        site: &Site,
        goal: &Linear,
        address: &Linear,
        size: &Linear,
        buffer: &Buffer,
        text: &str,
    ) -> Option<Evidence> {
        let SiteKind::Block { hint, callee, inner, .. } = &site.kind else { return None };
        let in_array = self.is_array(address, buffer);
        let at_begin = !self.symbols.offset(address).has_terms();
        let unchecked = || !self.is_limited_at(site.at, &size.terms().iter().map(|(s, _)| *s).collect::<Vec<_>>());
        match () {
            () if in_array && *hint == Hint::Capacity => Some(Evidence::Capacity),
            () if in_array && self.is_all_behind(address, size, buffer) => Some(Evidence::Capacity),
            () if self.is_told_apart(address, buffer) && self.never_fits(site, goal, callee) => Some(Evidence::Never),
            () if in_array && at_begin && callee.contains("printf") && self.never_fits(site, goal, "") => {
                Some(Evidence::Digits)
            }
            () if *hint == Hint::Left && self.is_told_apart(address, buffer) => Some(Evidence::OffByOne),
            // What a callee takes for a length is inferred from names alone.
            () if *inner => None,
            () if self.is_unlimited(site, address, buffer) => Some(Evidence::Unlimited),
            () if in_array && self.is_between(site, size) => Some(Evidence::Between),
            () if in_array
                && self.is_whole(site, size)
                && (at_begin || self.upper_bounds(site.at, size).is_empty()) =>
            {
                Some(Evidence::Whole)
            }
            () if in_array && at_begin && *hint == Hint::Whole && unchecked() => Some(Evidence::Whole),
            () if in_array && self.is_text_of_any_length(site, size, text) => Some(Evidence::Text),
            () if in_array && is_bounded_copy(callee) && !self.is_constant(size) && unchecked() => {
                self.upper_bounds(site.at, size).is_empty().then_some(Evidence::Capacity)
            }
            () if in_array && self.is_above_constant(site, goal) => Some(Evidence::Above),
            () if in_array && unchecked() && self.is_tested_elsewhere(size, text) => Some(Evidence::Elsewhere),
            () if *hint == Hint::Whole && unchecked() && self.is_room_unasked(site, address, buffer) => {
                Some(Evidence::Whole)
            }
            () if self.is_text(size)
                && !callee.contains("ncat")
                && unchecked()
                && self.is_room_unasked(site, address, buffer) =>
            {
                Some(Evidence::Text)
            }
            () => None,
        }
    }

    /// The capacity is a parameter beside the pointer, and no condition of the function mentions it.
    fn is_room_unasked(&self, site: &Site, address: &Linear, buffer: &Buffer) -> bool {
        let Some((start, _)) = self.symbols.buffer(address).filter(|_| buffer.room == Room::Given) else {
            return false;
        };
        let room = self.length_of(buffer, address);
        let is_parameter = |s: &Sym| matches!(self.symbols.info(*s).what, What::Parameter(_));
        // A comparison with zero is no check of the capacity.
        let speaks = |fact: &Linear| fact.terms().len() > 1 || fact.constant.abs() > 1;
        is_parameter(&start)
            && !room.is_empty()
            && room.iter().all(is_parameter)
            && !self.is_limited_at(site.at, &room)
            && !self
                .facts
                .said()
                .any(|(own, apart)| own.iter().chain(apart).any(|fact| speaks(fact) && self.is_about(fact, &room)))
    }

    /// The capacity comes neither from a field beside the pointer nor from an open-ended array.
    fn is_told_apart(&self, address: &Linear, buffer: &Buffer) -> bool {
        let Some((start, _)) = self.symbols.buffer(address) else { return false };
        match buffer.room {
            Room::Array => self.is_array(address, buffer),
            Room::Given => matches!(self.symbols.info(start).what, What::Parameter(_)),
            _ => true,
        }
    }

    /// The read starts past the start of the buffer and is as long as the buffer was: the pointer was advanced, but its
    /// length not decreased.
    pub(super) fn is_moved_on(&self, site: &Site, goal: &Linear, address: &Linear, buffer: &Buffer) -> bool {
        let moved = self.symbols.offset(address).has_terms();
        moved && goal.has_terms() && self.is_told_apart(address, buffer) && self.never_fits(site, goal, "")
    }

    /// It never fits, or at best exactly.
    pub(super) fn never_fits(&self, site: &Site, goal: &Linear, callee: &str) -> bool {
        match goal.as_constant() {
            // The number of digits is only known as a maximum; a bound that is passed is exact.
            Some(n) => n < 0 && (!callee.contains("printf") || callee.contains("nprintf")),
            None => goal.scaled(-1).is_some_and(|opposite| self.prove(site.at, &opposite)),
        }
    }

    /// The write goes into an array, not through a pointer that may lead into one. An array as short as a pointer
    /// stands for any number of bytes after a structure.
    pub(super) fn is_array(&self, address: &Linear, buffer: &Buffer) -> bool {
        let Some((start, _)) = self.symbols.buffer(address) else { return false };
        let is_array = matches!(self.symbols.info(start).what, What::Local(_) | What::Global(_) | What::Inside { .. })
            || self.counts_elements(address);
        let is_open = matches!(self.symbols.info(start).what, What::Inside { .. });
        let length = buffer.limit.sub(&Linear::symbol(start));
        let is_long = |n: Linear| n.has_terms() || n.constant > MAX_OPEN || !is_open && n.constant > 1;
        buffer.room == Room::Array && is_array && length.is_some_and(is_long)
    }

    /// The bound is the size of the whole array, but the write starts after its current contents.
    fn is_all_behind(&self, address: &Linear, size: &Linear, buffer: &Buffer) -> bool {
        let Some((start, _)) = self.symbols.buffer(address) else { return false };
        let whole = buffer.limit.sub(&Linear::symbol(start));
        let less = whole.and_then(|whole| whole.sub(size)).and_then(|rest| rest.as_constant());
        self.symbols.offset(address).has_terms() && matches!(less, Some(0 | 1))
    }

    /// A number compared with a constant that exceeds the capacity.
    fn is_above_constant(&self, site: &Site, goal: &Linear) -> bool {
        let [(s, -1)] = goal.terms() else { return false };
        let too_much = |fact: &Linear| matches!(fact.terms(), [(t, -1)] if t == s) && fact.constant > goal.constant;
        self.facts.conditions(site.at).any(|(_, own, _)| own.iter().any(too_much))
    }

    /// A constant index into a variable of the program, at or past its end.
    pub(super) fn is_certainly_behind(&self, address: &Linear, buffer: &Buffer) -> bool {
        let left = buffer.limit.sub(address).and_then(|left| left.as_constant());
        left.is_some_and(|n| n <= 0)
            && self.symbols.buffer(address).is_some_and(|(start, _)| self.arrays.contains(&start))
            && self.is_array(address, buffer)
    }

    /// A loop counts up to a constant that exceeds the number of elements.
    pub(super) fn counts_too_far(&self, site: &Site, goal: &Linear, address: &Linear, buffer: &Buffer) -> bool {
        let [(counter, step @ ..0)] = goal.terms() else { return false };
        let too_much = |fact: &Linear| match fact.terms() {
            [(s, -1)] => s == counter && fact.constant * i64::from(-step) > goal.constant,
            _ => false,
        };
        self.is_array(address, buffer)
            && matches!(&self.symbols.info(*counter).source, Source::Looped { again, .. } if is_by_one(*counter, again))
            && self.facts.conditions(site.at).any(|(_, own, _)| own.iter().any(too_much))
    }

    /// A condition mentions one of the symbols, or something computed from it: not just a test for being non-zero, nor
    /// a lower bound.
    pub(super) fn is_limited_at(&self, at: FactId, about: &[Sym]) -> bool {
        let own = |s: &Sym| about.contains(s);
        self.facts.conditions(at).any(|(_, least_zero, apart)| {
            let above = least_zero.iter().filter(|fact| !matches!(fact.terms(), [(s, 1..)] if own(s)));
            let not_zero = |fact: &&Linear| !matches!(fact.terms(), [(s, _)] if own(s) && fact.constant == 0);
            above.chain(apart.iter().filter(not_zero)).any(|fact| self.is_about(fact, about))
        })
    }

    /// Conditions only test that the symbols are non-zero or positive.
    pub(super) fn asks_only_for_any(&self, at: FactId, about: &[Sym]) -> bool {
        let any = |fact: &&Linear| matches!(fact.terms(), [(s, 1)] if about.contains(s) && fact.constant >= -1);
        let not_zero = |fact: &&Linear| matches!(fact.terms(), [(s, _)] if about.contains(s) && fact.constant == 0);
        self.facts.conditions(at).all(|(_, own, apart)| {
            let own = own.iter().filter(|fact| !any(fact));
            !own.chain(apart.iter().filter(|fact| !not_zero(fact))).any(|fact| self.is_about(fact, about))
        })
    }

    /// The result of the same function is compared with a constant elsewhere, where it is a length.
    fn is_tested_elsewhere(&self, size: &Linear, text: &str) -> bool {
        let name = |s: Sym| {
            let info = self.symbols.info(s);
            let call = info.span.filter(|_| info.what == What::Fresh).and_then(|span| text.get(span.range()))?;
            let (name, _) = call.split_once('(')?;
            let is_name = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            (is_name && !name.is_empty()).then_some(name)
        };
        let Some((own, name_of_own)) = size.as_symbol().and_then(|s| Some((s, name(s)?))) else { return false };
        let limits = |fact: &Linear| match fact.terms() {
            [(s, -1)] => *s != own && fact.constant > 1 && name(*s) == Some(name_of_own),
            _ => false,
        };
        self.facts.said().any(|(least_zero, _)| least_zero.iter().any(limits))
    }

    /// The start of a local object whose size only its type gives: not a pointer.
    pub(super) fn is_own_object(&self, address: &Linear) -> bool {
        address.as_symbol().is_some_and(|s| matches!(self.symbols.info(s).what, What::Local(_)))
    }

    /// The same call reads all of its source, and no test mentions how much that is.
    pub(super) fn is_whole(&self, site: &Site, written: &Linear) -> bool {
        let symbols: Vec<Sym> = written.terms().iter().map(|(s, _)| *s).collect();
        !self.is_limited_at(site.at, &symbols)
            && self.sites.iter().any(|other| match &other.kind {
                SiteKind::Block { does: Use::Read, address, size, buffer: Some(buffer), .. } => {
                    other.span == site.span
                        && size == written
                        && matches!(buffer.room, Room::Given | Room::Received)
                        && buffer.left(address, size) == Some(Linear::ZERO)
                }
                _ => false,
            })
    }

    /// From one place to a later one, with no limit on the distance.
    pub(super) fn is_between(&self, site: &Site, written: &Linear) -> bool {
        let distance = match written.as_symbol().map(|s| &self.symbols.info(s).source) {
            Some(Source::Converted { from, .. }) => *from,
            _ => *written,
        };
        let mut terms = distance.terms().to_vec();
        terms.sort_by_key(|(_, k)| *k);
        matches!(terms[..], [(_, -1), (_, 1)])
            && self.upper_bounds(site.at, written).is_empty()
            && self.upper_bounds(site.at, &distance).is_empty()
    }

    /// A few message bytes are read, and nothing checks how many there are. Of a string, that would be the first byte,
    /// which may be the NUL, or as many as are compared with a word.
    pub(super) fn is_header(&self, site: &Site, verdict: &Verdict, goal: &Linear) -> bool {
        let callee = match &site.kind {
            SiteKind::Block { callee, .. } => &**callee,
            _ => "",
        };
        let compares = |with: &str| callee.ends_with(with);
        let few = (2..=MAX_HEADER).contains(&-goal.constant) && !callee.contains("str");
        // A structure is laid over what the function was given.
        let is_field = match &site.kind {
            SiteKind::Access { field: true, address, .. } => {
                let start = self.symbols.buffer(address).map(|(start, _)| self.symbols.info(start).what);
                matches!(start, Some(What::Parameter(_))) && !self.symbols.offset(address).has_terms()
            }
            _ => false,
        };
        // For elements, a test would be of their number.
        let in_bytes = goal.terms().iter().all(|(_, k)| *k <= 1);
        in_bytes && *verdict == Verdict::Unchecked && (few || compares("memcmp") || is_field)
    }

    /// A string is compared with a word, over the word's length; the string's own length, beside it in a parameter's
    /// structure, is never checked. What follows the word is used, so this is not a comparison of whole strings.
    pub(super) fn is_prefix(&self, site: &Site, verdict: &Verdict, address: &Linear) -> bool {
        let SiteKind::Block { callee, .. } = &site.kind else { return false };
        let compares = ["strncmp", "strncasecmp", "strnicmp"].iter().any(|with| callee.ends_with(with));
        let is_given = |s: Sym| matches!(self.symbols.info(s).what, What::Parameter(_));
        let of_parameter = || match self.symbols.buffer(address).map(|(start, _)| self.symbols.info(start).what) {
            Some(What::Load { base, .. }) => base.as_symbol().is_some_and(is_given),
            _ => false,
        };
        let is_stepped = || self.symbols.buffer(address).is_some_and(|(start, _)| self.stepped.contains(&start));
        compares && *verdict == Verdict::Unchecked && of_parameter() && is_stepped()
    }

    /// The index of an element is compared with the size of the array in bytes.
    pub(super) fn is_in_bytes(&self, verdict: &Verdict, offset: &Linear, address: &Linear, buffer: &Buffer) -> bool {
        let (Verdict::Short { lacking, .. }, [(_, step @ 2..)]) = (verdict, offset.terms()) else { return false };
        let start = self.symbols.buffer(address).map(|(start, _)| Linear::symbol(start));
        let bytes = start.and_then(|start| buffer.limit.sub(&start)).and_then(|size| size.as_constant());
        // Off by one: `<=`, or a last element that is kept free.
        bytes.is_some_and(|bytes| (lacking - bytes * i64::from(step - 1)).abs() <= i64::from(*step))
            && buffer.room == Room::Array
    }

    /// An index into an array of fixed size is tested, but one too large is let through.
    pub(super) fn is_off_by_one(&self, bytes: Bytes, verdict: &Verdict, goal: &Linear, buffer: &Buffer) -> bool {
        let Bytes { site, address, .. } = bytes;
        let Verdict::Short { lacking, .. } = verdict else { return false };
        let offset = self.symbols.offset(address);
        let [(s, step)] = offset.terms() else { return false };
        let by_one = match &self.symbols.info(*s).source {
            Source::Looped { again, .. } => is_by_one(*s, again),
            _ => true,
        };
        // A search loop may find nothing: `while (i < N && a[i])`, followed by `a[i] = x`.
        let writes = matches!(site.kind, SiteKind::Access { does: Use::Write, .. });
        // The counter is only compared with a constant that exceeds the number of elements.
        let above =
            |fact: &Linear| fact.terms() == [(*s, -1)] && !goal.add(&offset).is_some_and(|rest| rest.has_terms());
        let is_above = || {
            let own = || self.facts.conditions(site.at).flat_map(|(_, own, _)| own);
            self.is_array(address, buffer)
                && own().any(above)
                && own().filter(|fact| fact.factor(*s) < 0).all(above)
                && !self.asks_of_elements(site.at, address)
        };
        let ends = || writes && *lacking <= i64::from(*step) && self.is_array(address, buffer);
        by_one
            && buffer.room == Room::Array
            && *step > 0
            && (ends()
                || is_above()
                || self.facts.conditions(site.at).flat_map(|(_, own, _)| own).any(|fact| {
                    let missing = goal.plus(fact, -step).and_then(|rest| rest.as_constant());
                    missing.is_some_and(|n| n < 0 && -n <= i64::from(*step))
                }))
    }

    /// A condition tests the contents of the array: it may end with a sentinel.
    fn asks_of_elements(&self, at: FactId, address: &Linear) -> bool {
        let Some((start, _)) = self.symbols.buffer(address) else { return false };
        let is_own = |s: Sym| match self.symbols.info(s).what {
            What::Load { base, .. } => base.factor(start) != 0,
            _ => false,
        };
        let asks = |fact: &Linear| fact.terms().iter().any(|(s, _)| is_own(*s));
        self.facts.conditions(at).any(|(_, own, apart)| own.iter().chain(apart).any(asks))
    }

    /// The test is of exactly the sum that has to fit an array, except for a few bytes: a terminator, a header.
    pub(super) fn is_off_by_few(&self, bytes: Bytes, verdict: &Verdict, goal: &Linear, buffer: &Buffer) -> bool {
        let Bytes { site, address, .. } = bytes;
        matches!(verdict, Verdict::Short { .. })
            && goal.has_terms()
            && self.is_array(address, buffer)
            && self.facts.conditions(site.at).flat_map(|(_, own, _)| own).any(|fact| {
                goal.sub(fact).and_then(|rest| rest.as_constant()).is_some_and(|n| (-MAX_FEW..0).contains(&n))
            })
    }

    /// An array of fixed size is appended to, and neither a condition of the function on the appended length nor a
    /// counter of a loop with a constant end limits it.
    pub(super) fn is_unlimited(&self, site: &Site, address: &Linear, buffer: &Buffer) -> bool {
        let offset = self.symbols.offset(address);
        let counter = match offset.terms() {
            [(counter, 1..)] => counter,
            _ => return self.is_unlimited_cursor(site, address, buffer),
        };
        let Source::Looped { again, .. } = &self.symbols.info(*counter).source else { return false };
        let Some((start, _)) = self.symbols.buffer(address) else { return false };
        let spoken = |fact: &Linear| fact.factor(*counter) != 0;
        let is_constant = |fact: &Linear| {
            let looped = |s: Sym| self.symbols.is_looped(s);
            fact.terms().iter().any(|(s, k)| *k < 0 && looped(*s))
                && fact.terms().iter().all(|(s, _)| looped(*s) || matches!(self.symbols.info(*s).what, What::Size(_)))
        };
        let fixed = buffer.limit.sub(&Linear::symbol(start)).is_some_and(|n| !n.has_terms());
        let holds = self.is_array(address, buffer) || buffer.room == Room::Allocated && fixed;
        holds
            && again.iter().any(|(value, _)| self.grows(value, *counter, MAX_JOINS))
            // A table of the program that ends with a sentinel.
            && !self.asks_of_elements(site.at, address)
            && !self.facts.said().any(|(own, apart)| own.iter().chain(apart).any(spoken))
            && !self.facts.conditions(site.at).any(|(_, own, _)| own.iter().any(is_constant))
    }

    /// The same for a pointer that a loop moves through an array of fixed size: no condition of the function mentions
    /// the pointer, any other tested loop counter, or the length of a string.
    pub(super) fn is_unlimited_cursor(&self, site: &Site, address: &Linear, buffer: &Buffer) -> bool {
        let Some(cursor) = address.as_symbol() else { return false };
        let Source::Looped { first, again } = &self.symbols.info(cursor).source else { return false };
        let [(begin, before)] = &first[..] else { return false };
        if !self.is_array(begin, buffer) || !again.iter().any(|(value, _)| self.moves_on(value, cursor, MAX_JOINS)) {
            return false;
        }
        let looped = |s: Sym| self.symbols.is_looped(s);
        let counts_down = |s: Sym| match &self.symbols.info(s).source {
            Source::Looped { again, .. } => again
                .iter()
                .any(|(value, _)| value.sub(&Linear::symbol(s)).and_then(|d| d.as_constant()).is_some_and(|d| d < 0)),
            _ => false,
        };
        // It walks over existing contents.
        let is_own = |s: Sym| match self.symbols.info(s).what {
            What::Load { base, .. } => {
                base.factor(cursor) != 0 || begin.terms().iter().any(|(s, _)| base.factor(*s) != 0)
            }
            _ => false,
        };
        let is_limit = |fact: &Linear| {
            let terms = fact.terms();
            let text = terms.iter().any(|(s, k)| *k < 0 && self.is_string_length(*s));
            let counted = terms.iter().all(|(s, _)| looped(*s)) && terms.iter().any(|(_, k)| *k < 0);
            text || counted || terms.iter().any(|(s, _)| counts_down(*s)) || self.is_about(fact, &[cursor])
        };
        if self.facts.said().any(|(own, apart)| own.iter().chain(apart).any(is_limit)) {
            return false;
        }
        // What the loop depends on may itself have been tested.
        let limited = |s: Sym, by: &Linear| {
            // That the loop ends is no limit.
            let ends = |fact: &Linear| fact.add(by).is_some_and(|sum| !sum.has_terms());
            self.facts.said().any(|(own, _)| own.iter().any(|fact| fact != by && !ends(fact) && fact.factor(s) < 0))
        };
        let tests: Vec<_> = self.facts.tests_between(site.at, *before).collect();
        let walks = |fact: &Linear| fact.terms().iter().any(|(s, _)| is_own(*s));
        if tests.is_empty() || tests.iter().any(|(own, apart)| own.iter().chain(*apart).any(walks)) {
            return false;
        }
        !tests.iter().flat_map(|(own, _)| *own).any(|fact| {
            let counts = fact.terms().iter().any(|(s, _)| looped(*s));
            let mut others = fact.terms().iter().filter(|(s, _)| !looped(*s));
            let is_fixed = |s: Sym, k: i32| k > 0 && matches!(self.symbols.info(s).what, What::Size(_));
            counts && others.all(|(s, k)| is_fixed(*s, *k) || limited(*s, fact))
        })
    }

    /// The value exceeds the cursor by something not known to be negative, on some path.
    fn moves_on(&self, value: &Linear, cursor: Sym, depth: usize) -> bool {
        if value.factor(cursor) == 1 {
            let by = value.sub(&Linear::symbol(cursor)).unwrap_or(Linear::ZERO);
            return by.as_constant().is_none_or(|n| n > 0) && by.terms().iter().all(|(_, k)| *k > 0);
        }
        let Some((joined, depth)) = value.as_symbol().zip(depth.checked_sub(1)) else { return false };
        match &self.symbols.info(joined).source {
            Source::Joined(values) => values.iter().any(|(value, _)| self.moves_on(value, cursor, depth)),
            _ => false,
        }
    }

    /// The test follows in the same condition: `a[i] && i < n`.
    pub(super) fn in_same_condition(&self, site: &Site, verdict: &Verdict, text: &str) -> Option<Evidence> {
        let Verdict::Late { by } = verdict else { return None };
        let between = text.get(site.span.end as usize..by.start as usize)?;
        let joins = between.contains("&&") || between.contains("||");
        // An equality distinguishes cases; it is no bound.
        let bounds = text.get(by.range()).is_some_and(|test| !test.contains("=="));
        (joins && bounds && !between.contains([';', '{', '}'])).then_some(Evidence::SameCondition)
    }
}

/// A loop increments it by one each time.
fn is_by_one(counter: Sym, again: &[(Linear, FactId)]) -> bool {
    again.iter().all(|(value, _)| value.sub(&Linear::symbol(counter)).and_then(|d| d.as_constant()) == Some(1))
}
