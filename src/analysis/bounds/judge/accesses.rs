//! Reads and writes: which of them are not proved to stay inside, and how they are reported.

use super::defects::{Class, Defect, Evidence};
use super::verdict::{MAX_LACKING, Verdict};
use crate::analysis::bounds::Walked;
use crate::analysis::bounds::terms::facts::FactId;
use crate::analysis::bounds::terms::linear::{Linear, Sym};
use crate::analysis::bounds::terms::sites::{Bytes, Site, SiteKind, Use};
use crate::analysis::bounds::terms::symbols::{Buffer, Room, Source, Tag, What, Wire};

/// Joins through which a value is followed.
const MAX_JOINED: usize = 4;

impl Walked {
    pub(super) fn access(&self, bytes: Bytes, buffer: &Buffer, text: &str, defects: &mut Vec<Defect>) {
        let Bytes { site, does, address, size } = bytes;
        let Some(goal) = buffer.left(address, size) else { return };
        // The byte for the NUL, read or overwritten: by convention it is there.
        if matches!(site.kind, SiteKind::Access { character: true, .. })
            && buffer.room == Room::Given
            && goal.as_constant() == Some(-1)
        {
            return;
        }
        let offset = self.symbols.offset(address);
        let moved = self.wire_symbols(&offset);
        let mut about = self.length_of(buffer, address);
        let class = match buffer.room {
            // Past received bytes there is nothing, whatever holds them.
            _ if does == Use::Read && self.is_filled(buffer, address) => Class::Read,
            Room::Array | Room::Allocated if self.would_be(&offset) => Class::WouldBe,
            Room::Array | Room::Allocated | Room::Text
                if does == Use::Write && (moved.is_empty() || self.is_counter(&offset)) =>
            {
                Class::Append
            }
            Room::Array | Room::Allocated | Room::Text => Class::Index,
            // The capacity of what holds them is unknown.
            Room::Received if does == Use::Write => return,
            _ if does == Use::Write => Class::Append,
            _ => Class::Read,
        };
        // One element past an array, for any input. A structure may be a header with more data after it.
        let is_index = || text.get(site.span.range()).is_some_and(|code| code.contains('['));
        if matches!(class, Class::Index | Class::Append)
            && !size.has_terms()
            && is_index()
            && goal.as_constant() == Some(-size.constant)
            && matches!(site.kind, SiteKind::Access { field: false, .. })
            && self.is_array(address, buffer)
        {
            let mut defect = self.defect(site, Class::Index, Verdict::Unchecked, &goal, text);
            (defect.what, defect.limit) = (self.shown(&offset, text), self.shown_limit(buffer, address, text));
            (defect.room, defect.evidence) = (Some(buffer.room), Some(Evidence::Never));
            defects.push(defect);
            return;
        }
        match class {
            Class::Read if buffer.wire == Wire::No => return,
            Class::Append if buffer.room == Room::Array && self.is_unlimited_cursor(site, address, buffer) => {}
            Class::Index | Class::Append if self.is_certainly_behind(address, buffer) => {}
            Class::Index | Class::Append if buffer.room != Room::Given && !offset.has_terms() => return,
            Class::Index | Class::Append => about.extend(offset.terms().iter().map(|(s, _)| *s)),
            _ => {}
        }
        let mut verdict = self.judge(site, &goal, &about);
        if verdict == Verdict::Proved || verdict == Verdict::Unknown {
            return;
        }
        // A part of a message, paired by variable names: only a test of one confirms that they belong together.
        let carved = self.symbols.buffer(address).is_none();
        if carved && !matches!(verdict, Verdict::Short { .. } | Verdict::Late { .. }) {
            return;
        }
        // A condition that ends a loop over everything says that nothing is left, not that enough is.
        if matches!(class, Class::Index | Class::Read) {
            verdict = self.sided(verdict, site.at, &goal, &about);
        }
        let tested = matches!(verdict, Verdict::Short { .. } | Verdict::Late { .. });
        let whole = !size.terms().is_empty();
        // That something was received does not mean that all of it was.
        let verdict = match verdict {
            Verdict::Capped if whole && class == Class::Read && self.is_only_signed(site.at, &about) => {
                Verdict::Unchecked
            }
            verdict => verdict,
        };
        match class {
            // Kept inside by another end.
            Class::Read if self.is_kept_elsewhere(site, &goal, buffer) => return,
            Class::Index | Class::Append if Self::is_settled(&verdict) => return,
            Class::Append if buffer.room == Room::Array && !offset.has_terms() && verdict != Verdict::Unchecked => {
                return;
            }
            Class::Append
                if buffer.room != Room::Given && !tested && offset.has_terms() && !self.is_counter(&offset) =>
            {
                return;
            }
            Class::Index if !tested && moved.is_empty() && offset.has_terms() => return,
            _ => {}
        }
        if matches!(class, Class::Index | Class::Append) && self.goes_up_to_kept(site, &verdict, &offset) {
            return;
        }
        // A test of an index after its use mostly distinguishes cases.
        if class == Class::Index
            && matches!(verdict, Verdict::Late { .. })
            && buffer.wire.max(self.symbols.wire(&offset)) < Wire::Weak
            && self.in_same_condition(site, &verdict, text).is_none()
        {
            return;
        }
        let mut defect = self.defect(site, class, verdict, &goal, text);
        defect.evidence = self.in_same_condition(site, &defect.verdict, text).or_else(|| match class {
            Class::Index | Class::Append if self.is_off_by_one(bytes, &defect.verdict, &goal, buffer) => {
                Some(Evidence::OffByOne)
            }
            Class::Index | Class::Append if self.is_in_bytes(&defect.verdict, &offset, address, buffer) => {
                Some(Evidence::Units)
            }
            Class::Append if defect.verdict == Verdict::Unchecked && self.is_unlimited(site, address, buffer) => {
                Some(Evidence::Unlimited)
            }
            Class::Index | Class::Append if self.is_certainly_behind(address, buffer) => Some(Evidence::Never),
            Class::Index | Class::Append if tested && self.counts_too_far(site, &goal, address, buffer) => {
                Some(Evidence::Above)
            }
            Class::Read if self.is_header(site, &defect.verdict, &goal) => Some(Evidence::Header),
            _ => None,
        });
        defect.wire = buffer.wire.max(self.symbols.wire(&offset));
        defect.room = Some(buffer.room);
        defect.in_elements = self.counts_elements(address);
        let last = offset.add(size).filter(|_| whole).and_then(|end| end.plus_constant(-1));
        defect.what = self.shown(&last.unwrap_or(offset), text);
        defect.limit = self.shown_limit(buffer, address, text);
        defect.origin = moved.first().and_then(|s| self.symbols.info(*s).span);
        if class == Class::Read {
            let start = self.symbols.buffer(address).map(|(start, _)| start);
            defect.is_text = buffer.room == Room::Given && start.is_some_and(|start| self.texts.contains(&start));
            defect.needs = Some(goal).filter(|_| !carved);
            defect.end = address.add(size);
        }
        defects.push(defect);
    }

    pub(super) fn block(&self, bytes: Bytes, buffer: &Buffer, inner: bool, text: &str, defects: &mut Vec<Defect>) {
        let Bytes { site, does, address, size } = bytes;
        let Some(goal) = buffer.left(address, size) else { return };
        if does == Use::Write && buffer.room == Room::Received {
            return;
        }
        let chosen = self.wire_symbols(size);
        let fixed = self.is_fixed(size);
        // A negative length becomes a very large one.
        if self.symbols.least(size).is_none_or(|least| least < 0) && !self.prove(site.at, size) {
            let tagged = |tag: fn(&Tag) -> bool| {
                size.terms().iter().any(|(s, _)| self.symbols.info(*s).tag.as_ref().is_some_and(tag))
            };
            let class = match () {
                () if tagged(|t| *t == Tag::Received) => Some(Class::ReceiveResult),
                () if !chosen.is_empty() => Some(Class::Signed),
                () => None,
            };
            // A conversion to a signed type is reported where it happens.
            let told = |s: &Sym| matches!(self.symbols.info(*s).source, Source::Converted { .. });
            let signed = !size.terms().iter().any(|(s, _)| told(s))
                && size.terms().iter().any(|(s, k)| *k > 0 && self.symbols.info(*s).lo.is_none_or(|lo| lo < 0));
            if let Some(class) = class.filter(|_| signed) {
                // An upper bound says nothing about the sign.
                let verdict = match self.judge(site, size, &chosen) {
                    Verdict::Capped if self.has_sign(size) && !self.is_bounded_below(site.at, size) => {
                        Verdict::Unchecked
                    }
                    verdict => verdict,
                };
                // For a length that is merely stored in a signed type, only its magnitude matters.
                let is_length = class == Class::Signed
                    && verdict == Verdict::Unchecked
                    && !self.is_difference(size)
                    && !self.is_read_as_number(size);
                if !is_length && !Self::is_settled(&verdict) {
                    let mut defect = self.defect(site, class, verdict, size, text);
                    defect.wire = self.symbols.wire(size);
                    defect.what = self.shown(size, text);
                    defect.origin = chosen.first().and_then(|s| self.symbols.info(*s).span);
                    defects.push(defect);
                    // Its magnitude is a separate question if there is strong evidence.
                    let evidence = || self.evidence(site, &goal, address, size, buffer, text);
                    if class != Class::Signed || does == Use::Read || evidence().is_none() {
                        return;
                    }
                }
            }
        }
        let offset = self.symbols.offset(address);
        let class = match does {
            _ if matches!(buffer.room, Room::Array | Room::Allocated)
                && (self.would_be(size) || self.would_be(&offset)) =>
            {
                Class::WouldBe
            }
            Use::Write => Class::Destination,
            Use::Read if fixed => Class::Read,
            Use::Read => Class::Origin,
        };
        let mut about = self.length_of(buffer, address);
        if class != Class::Read {
            about.extend(size.terms().iter().map(|(s, _)| *s));
        }
        if class == Class::Read && buffer.wire == Wire::No {
            return;
        }
        // The author knew the length of an array if all sizes are constants.
        if does == Use::Write && buffer.room == Room::Array && goal.has_terms() && self.is_constant(&goal) {
            return;
        }
        if does == Use::Write && self.digits_fit(site, &goal) {
            return;
        }
        // Accessing no bytes is always correct.
        if size.scaled(-1).is_some_and(|none| self.prove(site.at, &none)) {
            // ... but a negative size is a very large number.
            if self.symbols.least(size).is_none_or(|least| least < 0) && !self.prove(site.at, size) {
                let mut defect = self.defect(site, Class::Signed, Verdict::Unchecked, size, text);
                defect.wire = Wire::Weak;
                defect.what = self.shown(size, text);
                defects.push(defect);
            }
            return;
        }
        // The allocated size is the sum of these lengths: a possible change of one of them since is not a known one.
        let is_asked_for = class == Class::Destination && buffer.room == Room::Allocated && goal.constant >= 0;
        if is_asked_for && self.is_counted_in(size, &buffer.limit) {
            return;
        }
        let verdict = match class {
            Class::Destination | Class::Origin => {
                let limits = self.length_of(buffer, address);
                match self.judge(site, &goal, &about) {
                    // Bounded by something unrelated to this end.
                    Verdict::Capped if !self.is_related(site.at, size, &limits) => Verdict::Unchecked,
                    // For an allocation, the allocated size is what has to be large enough.
                    verdict if buffer.room == Room::Allocated && !limits.is_empty() => {
                        self.sided(verdict, site.at, &goal, &limits)
                    }
                    verdict => self.sided(verdict, site.at, &goal, &about),
                }
            }
            _ => self.judge(site, &goal, &about),
        };
        let verdict = match verdict {
            Verdict::Capped if does == Use::Read && buffer.room == Room::Given => {
                self.stale(site, &goal, address, &about).unwrap_or(Verdict::Capped)
            }
            Verdict::Capped | Verdict::Aside { .. } if does == Use::Write && self.never_fits(site, &goal, "") => {
                Verdict::Unchecked
            }
            other => other,
        };
        if matches!(verdict, Verdict::Proved | Verdict::Unknown) || (class != Class::Read && verdict == Verdict::Capped)
        {
            return;
        }
        let mut defect = self.defect(site, class, verdict, &goal, text);
        defect.wire = self.symbols.wire(size);
        if class != Class::Destination {
            defect.wire = defect.wire.max(buffer.wire);
        }
        // What a callee takes for the length is inferred from its names.
        if inner {
            defect.wire = defect.wire.min(Wire::Faint);
        }
        defect.room = Some(buffer.room);
        defect.what = self.shown(size, text);
        defect.limit = self.shown_limit(buffer, address, text);
        defect.origin = chosen.first().and_then(|s| self.symbols.info(*s).span);
        defect.needs = Some(goal);
        defect.end = address.add(size);
        defect.evidence = match class {
            Class::Destination if self.is_off_by_few(bytes, &defect.verdict, &goal, buffer) => Some(Evidence::OffByOne),
            Class::Destination => self.evidence(site, &goal, address, size, buffer, text),
            Class::Read if self.is_header(site, &defect.verdict, &goal) => Some(Evidence::Header),
            Class::Read if self.is_prefix(site, &defect.verdict, address) => {
                // One word after another, compared with the same string.
                let known = |d: &Defect| d.evidence == Some(Evidence::Prefix) && d.limit == defect.limit;
                (!defects.iter().any(known)).then_some(Evidence::Prefix)
            }
            _ if self.is_moved_on(site, &goal, address, buffer) => Some(Evidence::Never),
            _ => None,
        };
        if let Verdict::Aside { .. } = defect.verdict
            && buffer.room == Room::Allocated
        {
            // Too little was allocated, based on an outside number.
            defect.wire = about.iter().map(|s| self.symbols.info(*s).wire).max().unwrap_or_default();
        } else if chosen.is_empty() && class != Class::Read {
            // No outside number in this function; perhaps a caller's.
            defect.wire = Wire::No;
        }
        defects.push(defect);
    }

    /// The check would suffice in the first iteration of a loop: the pointer advances, but the checked length is not
    /// decreased.
    fn stale(&self, site: &Site, goal: &Linear, address: &Linear, about: &[Sym]) -> Option<Verdict> {
        let first = address.terms().iter().filter(|(_, k)| *k == 1).find_map(|(s, _)| {
            let Source::Looped { first, again } = &self.symbols.info(*s).source else { return None };
            let moved = again.iter().any(|(value, _)| value.factor(*s) == 1 && value.terms().len() > 1);
            first.first().filter(|_| moved).map(|(value, _)| (*s, *value))
        })?;
        let goal = goal.substitute(first.0, &first.1)?;
        let by = self.speaks_of(site.at, about);
        self.prove(site.at, &goal).then_some(Verdict::Short { lacking: MAX_LACKING, by })
    }

    /// The limit is the end of received bytes, not of their array.
    fn is_filled(&self, buffer: &Buffer, address: &Linear) -> bool {
        let own = self.symbols.buffer(address).map(|(_, own)| own.limit);
        buffer.wire == Wire::Strong && own.is_some_and(|own| own != buffer.limit)
    }

    pub(super) fn is_string_length(&self, s: Sym) -> bool {
        matches!(self.symbols.info(s).what, What::Pure(id, ..) if self.paths.name(id) == "strlen")
    }

    /// It contains the would-be length of a print.
    pub(super) fn would_be(&self, linear: &Linear) -> bool {
        let tagged = |s: &Sym| matches!(self.symbols.info(*s).tag, Some(Tag::WouldBe(_)));
        linear.terms().iter().any(|(s, _)| {
            tagged(s)
                || match &self.symbols.info(*s).source {
                    Source::Looped { again: values, .. } | Source::Joined(values) => {
                        values.iter().any(|(value, _)| value.terms().iter().any(|(s, _)| tagged(s)))
                    }
                    Source::Converted { from, .. } => from.terms().iter().any(|(s, _)| tagged(s)),
                    Source::Itself => false,
                }
        })
    }

    pub(super) fn scan(
        &self,
        site: &Site,
        address: &Linear,
        size: &Linear,
        buffer: Option<&Buffer>,
        text: &str,
        defects: &mut Vec<Defect>,
    ) {
        let goal = buffer.and_then(|buffer| buffer.left(address, size)).or(size.scaled(-1));
        let Some(goal) = goal else { return };
        let verdict = self.judge(site, &goal, &[]);
        if verdict == Verdict::Proved {
            return;
        }
        let mut defect = self.defect(site, Class::Scan, verdict, &goal, text);
        defect.wire = if buffer.is_some() { Wire::Weak } else { Wire::Faint };
        defect.room = buffer.map(|b| b.room);
        defect.limit = buffer.map(|b| self.shown_limit(b, address, text)).unwrap_or_default();
        defects.push(defect);
    }

    pub(super) fn overlay(
        &self,
        site: &Site,
        address: &Linear,
        size: &Linear,
        buffer: &Buffer,
        text: &str,
        defects: &mut Vec<Defect>,
    ) {
        let Some(goal) = buffer.left(address, size) else { return };
        if buffer.wire == Wire::No {
            return;
        }
        let about = self.length_of(buffer, address);
        let verdict = self.judge(site, &goal, &about);
        // If a check comes later, the reads through it are what counts.
        if !matches!(verdict, Verdict::Unchecked | Verdict::Short { .. }) || self.is_kept_elsewhere(site, &goal, buffer)
        {
            return;
        }
        let mut defect = self.defect(site, Class::Overlay, verdict, &goal, text);
        defect.wire = Wire::Faint;
        defect.room = Some(buffer.room);
        defect.what = self.shown(size, text);
        defect.limit = self.shown_limit(buffer, address, text);
        defect.needs = Some(goal);
        defect.end = address.add(size);
        defects.push(defect);
    }

    /// A bound related to the buffer's length limits the size from above; for an array, any bound may.
    pub(super) fn is_related(&self, at: FactId, size: &Linear, limits: &[Sym]) -> bool {
        let bounds = self.upper_bounds(at, size);
        match limits {
            // The length of another buffer says nothing about an array.
            [] => bounds.iter().any(|bound| !bound.has_terms() || !self.tells_other_end(bound)),
            _ => bounds.iter().any(|bound| limits.iter().any(|s| bound.factor(*s) != 0)),
        }
    }

    /// A bound that contains the length of a buffer that was passed in.
    fn tells_other_end(&self, bound: &Linear) -> bool {
        bound.terms().iter().any(|(s, k)| *k > 0 && self.lengths().given.contains(s))
    }

    /// Judges a size against its limit: not bounded, bounded by too large a number, or by something unrelated.
    pub(super) fn judge_size(&self, site: &Site, goal: &Linear, size: &Linear, about: &[Sym]) -> Verdict {
        match self.judge(site, goal, about) {
            Verdict::Capped => match self.upper_bounds(site.at, size).is_empty() {
                true => Verdict::Unchecked,
                false => Verdict::Capped,
            },
            other => other,
        }
    }

    /// The offset grows in steps: `a[n++] = …`.
    pub(super) fn is_counter(&self, offset: &Linear) -> bool {
        offset.terms().iter().any(|(s, k)| {
            *k > 0
                && match &self.symbols.info(*s).source {
                    _ if self.symbols.info(*s).tag == Some(Tag::Counter) => true,
                    Source::Looped { again, .. } => again.iter().any(|(value, _)| self.grows(value, *s, MAX_JOINED)),
                    _ => false,
                }
        })
    }

    /// The value exceeds `s` by a constant, on some path.
    pub(super) fn grows(&self, value: &Linear, s: Sym, depth: usize) -> bool {
        if let Some(by) = value.sub(&Linear::symbol(s)).and_then(|d| d.as_constant()) {
            return by > 0;
        }
        let Some((joined, depth)) = value.as_symbol().zip(depth.checked_sub(1)) else { return false };
        match &self.symbols.info(joined).source {
            Source::Joined(values) => values.iter().any(|(value, _)| self.grows(value, s, depth)),
            _ => false,
        }
    }
}
