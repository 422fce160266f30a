//! From sites to defects: which of those that are not proved concern bytes or numbers of a message.

use super::facts::FactId;
use super::judge::Verdict;
use super::linear::{Linear, Sym};
use super::sites::{Site, SiteKind, Use};
use super::summary::{CallSite, DefectId, Need};
use super::symbols::{Buffer, Room, Source, Tag, What, Wire};
use super::trace::Explained;
use super::types::Kind;
use super::{Summary, Walked};
use crate::source::Span;

/// What is wrong at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Bytes of a message are read that may not be there.
    Read,
    /// A string is looked for in bytes that nothing has terminated.
    Unterminated,
    /// A sum that may wrap is compared with a limit.
    Wrapping,
    /// A scan stores a string of any length.
    Scan,
    /// A structure is laid over bytes of a message that may be fewer.
    Overlay,
    /// A length out of a message is larger than what it is written to.
    Destination,
    /// A length out of a message is larger than what it is read from.
    Origin,
    /// A number out of a message is an index.
    Index,
    /// A number out of a message is a size that memory is asked for.
    Allocation,
    /// An array is appended to without a limit.
    Append,
    /// An unsigned difference of lengths may be below zero.
    Underflow,
    /// An unsigned difference is tested for being below zero.
    NeverNegative,
    /// A length is cut to fewer bits.
    Truncation,
    /// A length may be negative.
    Signed,
    /// The result of receiving may be -1.
    ReceiveResult,
    /// What printing would have written is taken for what it wrote.
    WouldBe,
}

#[derive(Clone, Debug)]
pub struct Defect {
    pub class: Class,
    pub span: Span,
    pub verdict: Verdict,
    pub wire: Wire,
    pub room: Option<Room>,
    /// What has to be at least zero, for a reader.
    pub goal: String,
    /// What is used: an address or a length, for a reader.
    pub what: String,
    /// How many bytes there are, for a reader.
    pub limit: String,
    /// Where the number that is used comes from.
    pub origin: Option<Span>,
    /// A need of its callers: it is theirs to see to.
    pub needs: Option<Linear>,
    /// Callers that do not.
    pub callers: Vec<CallSite>,
    /// How surely what those pass is somebody else's choice.
    pub caller_wire: Wire,
    /// Nobody is known who calls the function.
    pub open: bool,
    pub is_need: bool,
    /// A caller tests something of which it is not known whether it helps.
    pub vague: bool,
}

impl Defect {
    /// Why it is a defect, as the second half of a sentence.
    pub fn reason(&self) -> String {
        match &self.verdict {
            Verdict::Short { lacking, .. } if *lacking < 1 << 12 => {
                format!("and what is tested leaves up to {lacking} too few")
            }
            Verdict::Short { .. } => "and what is tested does not rule it out".into(),
            Verdict::Late { .. } => "and that is tested only afterwards".into(),
            Verdict::Capped => "and what is tested does not prove that there are as many".into(),
            _ => "and nothing has tested that".into(),
        }
    }
}

/// What a call has to see to and does not.
pub struct Unmet {
    pub defect: DefectId,
    pub depth: u32,
    pub verdict: Verdict,
    pub span: Span,
    /// What its own callers would have to see to.
    pub needs: Option<Linear>,
    pub wire: Wire,
}

/// What was found of one function.
#[derive(Default)]
pub struct Found {
    pub defects: Vec<Defect>,
    /// Needs of callees, met or not.
    pub met: Vec<DefectId>,
    pub unmet: Vec<Unmet>,
    pub summary: Summary,
    /// What is known at the place that was asked about.
    pub explained: Vec<Explained>,
}

/// Calls between a need and the place that has it.
const MAX_DEPTH: u32 = 4;
/// Defects of one function; past it, it is not written to be read.
const MAX_DEFECTS: usize = 64;

impl Walked {
    /// Judges every site; `number` is the function's, `text` its file's.
    pub fn found(&self, number: u32, text: &str, wanted: Option<Span>) -> Found {
        let mut found = Found::default();
        if let Some(wanted) = wanted {
            found.explained = self.explained(wanted, text);
        }
        for site in &self.sites {
            if found.defects.len() >= MAX_DEFECTS {
                break;
            }
            match &site.kind {
                SiteKind::Access { does, address, size, buffer: Some(buffer), .. } => {
                    self.access(site, *does, address, size, buffer, text, &mut found.defects);
                }
                SiteKind::Access { does, address, size, buffer: None, cursor } => {
                    self.believed(site, *does, address, size, *cursor, text, &mut found.defects);
                }
                SiteKind::Block { does, address, size, buffer: Some(buffer), .. } => {
                    self.block(site, *does, address, size, buffer, text, &mut found.defects);
                }
                SiteKind::Block { does, size, buffer: None, .. } => {
                    self.boundless(site, *does, size, text, &mut found.defects);
                }
                SiteKind::Unterminated { address, buffer, callee } => {
                    let mut defect = self.defect(site, Class::Unterminated, Verdict::Unchecked, address, text);
                    defect.wire = buffer.wire;
                    defect.room = Some(buffer.room);
                    defect.what = callee.to_string();
                    defect.limit = self.shown_limit(buffer, address, text);
                    found.defects.push(defect);
                }
                SiteKind::Wrapping { sum } => self.wrapping(site, sum, text, &mut found.defects),
                SiteKind::Scan { address, size, buffer } => {
                    self.scan(site, address, size, buffer.as_ref(), text, &mut found.defects);
                }
                SiteKind::Overlay { address, size, buffer } => {
                    self.overlay(site, address, size, buffer, text, &mut found.defects);
                }
                SiteKind::Difference { a, b, unsigned } => {
                    self.difference(site, a, b, *unsigned, text, &mut found.defects);
                }
                SiteKind::NeverNegative { a, b } => {
                    if let Some(goal) = a.sub(b) {
                        let mut defect = self.defect(site, Class::NeverNegative, Verdict::Unchecked, &goal, text);
                        defect.wire = self.symbols.wire(a).max(self.symbols.wire(b));
                        found.defects.push(defect);
                    }
                }
                SiteKind::Conversion { value, to, from, is_length } => {
                    self.conversion(site, value, *to, *from, *is_length, text, &mut found.defects);
                }
                SiteKind::Allocation { size, .. } => self.allocation(site, size, text, &mut found.defects),
                SiteKind::Need { goal, defect, depth } => self.need(site, goal, *defect, *depth, &mut found),
            }
        }
        for (i, defect) in found.defects.iter().enumerate() {
            if let Some(goal) = defect.needs.as_ref().and_then(|goal| self.exported(goal))
                && goal.has_terms()
            {
                let defect = DefectId { function: number, number: i as u32 };
                found.summary.needs.push(Need { goal, defect, depth: 0 });
            }
        }
        for unmet in &found.unmet {
            if unmet.depth < MAX_DEPTH
                && let Some(goal) = unmet.needs.as_ref().and_then(|goal| self.exported(goal))
                && goal.has_terms()
            {
                found.summary.needs.push(Need { goal, defect: unmet.defect, depth: unmet.depth + 1 });
            }
        }
        found.summary.writes = self.writes;
        found.summary.reads = self.reads();
        found.summary.returns = self.returned();
        found
    }

    /// What is compared with something that cannot be related to it is taken for kept in bounds.
    fn is_settled(verdict: &Verdict) -> bool {
        matches!(verdict, Verdict::Proved | Verdict::Unknown | Verdict::Capped)
    }

    fn defect(&self, site: &Site, class: Class, verdict: Verdict, goal: &Linear, text: &str) -> Defect {
        Defect {
            class,
            span: site.span,
            verdict,
            wire: Wire::No,
            room: None,
            goal: self.shown(goal, text),
            what: String::new(),
            limit: String::new(),
            origin: None,
            needs: None,
            callers: Vec::new(),
            caller_wire: Wire::No,
            open: false,
            is_need: false,
            vague: false,
        }
    }

    /// The symbols that say how much there is: those of the limit that are not where the buffer begins.
    fn length_of(&self, buffer: &Buffer, address: &Linear) -> Vec<Sym> {
        let start = self.symbols.buffer(address).map(|(s, _)| s);
        let limit = buffer.limit.terms().iter().map(|(s, _)| *s).filter(|s| Some(*s) != start);
        let mut all: Vec<Sym> = limit.collect();
        all.retain(|s| !matches!(self.symbols.info(*s).what, What::Size(_)));
        all
    }

    #[allow(clippy::too_many_arguments)]
    fn access(
        &self,
        site: &Site,
        does: Use,
        address: &Linear,
        size: &Linear,
        buffer: &Buffer,
        text: &str,
        defects: &mut Vec<Defect>,
    ) {
        let Some(goal) = address.add(size).and_then(|end| buffer.limit.sub(&end)) else { return };
        let start = self.symbols.buffer(address).map(|(s, _)| Linear::symbol(s));
        let offset = start.and_then(|start| address.sub(&start)).unwrap_or(*address);
        let moved = self.wire_symbols(&offset);
        let mut about = self.length_of(buffer, address);
        let class = match buffer.room {
            Room::Array | Room::Allocated if self.would_be(&offset) => Class::WouldBe,
            Room::Array | Room::Allocated | Room::Text if does == Use::Write && moved.is_empty() => Class::Append,
            Room::Array | Room::Allocated | Room::Text => Class::Index,
            _ if does == Use::Write => Class::Append,
            _ => Class::Read,
        };
        match class {
            Class::Read if buffer.wire == Wire::No => return,
            Class::Index | Class::Append if buffer.room != Room::Given && !offset.has_terms() => return,
            Class::Index | Class::Append => about.extend(offset.terms().iter().map(|(s, _)| *s)),
            _ => {}
        }
        let verdict = self.judge(site, &goal, &about);
        if verdict == Verdict::Proved || verdict == Verdict::Unknown {
            return;
        }
        let tested = matches!(verdict, Verdict::Short { .. } | Verdict::Late { .. });
        match class {
            // Somebody else's end.
            Class::Read if self.is_kept_elsewhere(site, &goal, buffer) => return,
            Class::Index | Class::Append if Self::is_settled(&verdict) => return,
            Class::Append if buffer.room != Room::Given && !tested && !self.is_counter(&offset) => return,
            Class::Index if !tested && moved.is_empty() => return,
            _ => {}
        }
        let mut defect = self.defect(site, class, verdict, &goal, text);
        defect.wire = buffer.wire.max(self.symbols.wire(&offset));
        defect.room = Some(buffer.room);
        defect.what = self.shown(&offset, text);
        defect.limit = self.shown_limit(buffer, address, text);
        defect.origin = moved.first().and_then(|s| self.symbols.info(*s).span);
        if class == Class::Read {
            defect.needs = Some(goal);
        }
        defects.push(defect);
    }

    #[allow(clippy::too_many_arguments)]
    fn block(
        &self,
        site: &Site,
        does: Use,
        address: &Linear,
        size: &Linear,
        buffer: &Buffer,
        text: &str,
        defects: &mut Vec<Defect>,
    ) {
        let Some(goal) = address.add(size).and_then(|end| buffer.limit.sub(&end)) else { return };
        let chosen = self.wire_symbols(size);
        let fixed = size.terms().iter().all(|(s, _)| matches!(self.symbols.info(*s).what, What::Size(_)));
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
            let signed = size.terms().iter().any(|(s, k)| *k > 0 && self.symbols.info(*s).lo.is_none_or(|lo| lo < 0));
            if let Some(class) = class.filter(|_| signed) {
                let verdict = self.judge(site, size, &chosen);
                if !Self::is_settled(&verdict) {
                    let mut defect = self.defect(site, class, verdict, size, text);
                    defect.wire = self.symbols.wire(size);
                    defect.what = self.shown(size, text);
                    defect.origin = chosen.first().and_then(|s| self.symbols.info(*s).span);
                    defects.push(defect);
                    return;
                }
            }
        }
        let start = self.symbols.buffer(address).map(|(s, _)| Linear::symbol(s));
        let offset = start.and_then(|start| address.sub(&start)).unwrap_or(*address);
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
        let verdict = match class {
            Class::Destination | Class::Origin => {
                let limits = self.length_of(buffer, address);
                match self.judge(site, &goal, &about) {
                    // Kept below something that says nothing of this end.
                    Verdict::Capped if !self.is_related(site.at, size, &limits) => Verdict::Unchecked,
                    verdict => verdict,
                }
            }
            _ => self.judge(site, &goal, &about),
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
        defect.room = Some(buffer.room);
        defect.what = self.shown(size, text);
        defect.limit = self.shown_limit(buffer, address, text);
        defect.origin = chosen.first().and_then(|s| self.symbols.info(*s).span);
        defect.needs = Some(goal);
        if chosen.is_empty() && class != Class::Read {
            // Nobody's number here; perhaps a caller's.
            defect.wire = Wire::No;
        }
        defects.push(defect);
    }

    /// Something else than the buffer's own limit, an end that a guard names, keeps the read inside.
    fn is_kept_elsewhere(&self, site: &Site, goal: &Linear, buffer: &Buffer) -> bool {
        // goal = limit - end of the read
        let Some(end) = buffer.limit.sub(goal) else { return false };
        self.facts.at(site.at).any(|fact| {
            let pointer = end.terms().iter().any(|(s, k)| *k == 1 && fact.factor(*s) == -1);
            pointer
                && fact.add(&end).is_some_and(|rest| {
                    rest.constant <= 0 && rest.has_terms() && rest.terms().iter().all(|(_, k)| *k > 0)
                })
        })
    }

    /// An access through a cursor that the function compares with an end elsewhere.
    #[allow(clippy::too_many_arguments)]
    fn believed(
        &self,
        site: &Site,
        does: Use,
        address: &Linear,
        size: &Linear,
        cursor: Option<u32>,
        text: &str,
        defects: &mut Vec<Defect>,
    ) {
        let Some(cursor) = cursor else { return };
        let mut missing = None;
        for belief in self.beliefs.iter().filter(|b| b.cursor == cursor) {
            let Some(goal) = address.add(size).and_then(|end| belief.end.sub(&end)) else { continue };
            // Something else than the end that the cursor is compared with.
            if goal.terms().len() > 4 || !goal.has_terms() {
                continue;
            }
            let about: Vec<Sym> = belief.end.terms().iter().map(|(s, _)| *s).collect();
            match self.judge(site, &goal, &about) {
                Verdict::Proved | Verdict::Unknown => return,
                verdict => missing = missing.or(Some((verdict, goal, belief.end))),
            }
        }
        let Some((verdict, goal, end)) = missing else { return };
        let class = if does == Use::Read { Class::Read } else { Class::Append };
        let mut defect = self.defect(site, class, verdict, &goal, text);
        defect.wire = Wire::Faint;
        defect.what = self.shown(address, text);
        defect.limit = self.shown(&end, text);
        defects.push(defect);
    }

    /// A number of somebody else's as the size of a write, of which no more is known.
    fn boundless(&self, site: &Site, does: Use, size: &Linear, text: &str, defects: &mut Vec<Defect>) {
        let chosen = self.wire_symbols(size);
        if does == Use::Read || chosen.is_empty() || !self.upper_bounds(site.at, size).is_empty() {
            return;
        }
        if self.speaks_of(site.at, &chosen).is_some() {
            return;
        }
        let Some(goal) = size.scaled(-1) else { return };
        let mut defect = self.defect(site, Class::Destination, Verdict::Unchecked, &goal, text);
        defect.wire = Wire::Faint;
        defect.what = self.shown(size, text);
        defect.origin = chosen.first().and_then(|s| self.symbols.info(*s).span);
        defects.push(defect);
    }

    fn wrapping(&self, site: &Site, sum: &Linear, text: &str, defects: &mut Vec<Defect>) {
        let Some(goal) = sum.scaled(-1).and_then(|l| l.plus_constant(i64::from(u32::MAX))) else { return };
        let chosen = self.wire_symbols(sum);
        if self.prove(site.at, &goal) || !self.upper_bounds(site.at, sum).is_empty() {
            return;
        }
        let mut defect = self.defect(site, Class::Wrapping, Verdict::Unchecked, &goal, text);
        defect.wire = self.symbols.wire(sum);
        defect.what = self.shown(sum, text);
        defect.origin = chosen.first().and_then(|s| self.symbols.info(*s).span);
        defects.push(defect);
    }

    /// What printing would have written is part of it, and how much room there was.
    fn would_be(&self, linear: &Linear) -> bool {
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

    fn scan(
        &self,
        site: &Site,
        address: &Linear,
        size: &Linear,
        buffer: Option<&Buffer>,
        text: &str,
        defects: &mut Vec<Defect>,
    ) {
        let goal = address.add(size).and_then(|end| buffer?.limit.sub(&end)).or(size.scaled(-1));
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

    fn overlay(
        &self,
        site: &Site,
        address: &Linear,
        size: &Linear,
        buffer: &Buffer,
        text: &str,
        defects: &mut Vec<Defect>,
    ) {
        let Some(goal) = address.add(size).and_then(|end| buffer.limit.sub(&end)) else { return };
        if buffer.wire == Wire::No {
            return;
        }
        let about = self.length_of(buffer, address);
        let verdict = self.judge(site, &goal, &about);
        // It is the reads through it that count, where a check comes later.
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
        defects.push(defect);
    }

    /// By parameter: the bytes of what it leads to that are read whatever the function tests.
    fn reads(&self) -> Vec<(u32, i64)> {
        let mut all: Vec<(u32, i64)> = Vec::new();
        for site in &self.sites {
            let SiteKind::Access { does: Use::Read, address, size, buffer: None, .. } = &site.kind else { continue };
            let end = address.add(size);
            if let ([(s, 1)], Some(bytes)) = (address.terms(), end.map(|end| end.constant))
                && let What::Parameter(i) = self.symbols.info(*s).what
                && bytes > 0
                && self.facts.conditions(site.at).next().is_none()
            {
                match all.iter_mut().find(|(p, _)| *p == i) {
                    Some((_, most)) => *most = bytes.max(*most),
                    None => all.push((i, bytes)),
                }
            }
        }
        all
    }

    /// Something of the buffer's own length is an upper bound of the size; of an array, anything may be.
    fn is_related(&self, at: FactId, size: &Linear, limits: &[Sym]) -> bool {
        let bounds = self.upper_bounds(at, size);
        match limits {
            [] => !bounds.is_empty(),
            _ => bounds.iter().any(|bound| limits.iter().any(|s| bound.factor(*s) != 0)),
        }
    }

    /// A size against what it is written to: bounded by nothing, by a number that is too large, or by something else.
    fn judge_size(&self, site: &Site, goal: &Linear, size: &Linear, about: &[Sym]) -> Verdict {
        match self.judge(site, goal, about) {
            Verdict::Capped => match self.upper_bounds(site.at, size).is_empty() {
                true => Verdict::Unchecked,
                false => Verdict::Capped,
            },
            other => other,
        }
    }

    fn difference(&self, site: &Site, a: &Linear, b: &Linear, unsigned: bool, text: &str, defects: &mut Vec<Defect>) {
        let Some(goal) = a.sub(b) else { return };
        let (wire, length) = (self.symbols.wire(a), self.is_length(a));
        if wire == Wire::No && !length && !self.would_be(b) {
            return;
        }
        let about: Vec<Sym> = a.terms().iter().map(|(s, _)| *s).collect();
        let verdict = self.judge(site, &goal, &about);
        if Self::is_settled(&verdict) {
            return;
        }
        if self.would_be(b) {
            let mut defect = self.defect(site, Class::WouldBe, verdict, &goal, text);
            (defect.what, defect.limit) = (self.shown(b, text), self.shown(a, text));
            defects.push(defect);
            return;
        }
        // A negative one is looked for behind it.
        if !unsigned && matches!(verdict, Verdict::Late { .. }) {
            return;
        }
        let mut defect = self.defect(site, Class::Underflow, verdict, &goal, text);
        defect.wire = wire.max(if length { Wire::Weak } else { Wire::Faint });
        defect.what = self.shown(a, text);
        defect.limit = self.shown(b, text);
        defect.origin = self.wire_symbols(a).first().and_then(|s| self.symbols.info(*s).span);
        defect.needs = Some(goal);
        defects.push(defect);
    }

    #[allow(clippy::too_many_arguments)]
    fn conversion(
        &self,
        site: &Site,
        value: &Linear,
        to: Kind,
        from: Kind,
        stored: bool,
        text: &str,
        defects: &mut Vec<Defect>,
    ) {
        let (Kind::Int { bits, signed }, Kind::Int { bits: had, .. }) = (to, from) else { return };
        let (lo, hi) = to.range();
        let wire = self.symbols.wire(value);
        let length = self.is_length(value);
        if wire == Wire::No && !length {
            return;
        }
        if !signed && self.symbols.least(value).is_none_or(|least| least < 0) {
            let about: Vec<Sym> = value.terms().iter().map(|(s, _)| *s).collect();
            let verdict = self.judge(site, value, &about);
            let difference = value.terms().iter().any(|(_, k)| *k < 0) || value.constant < 0;
            if difference && !Self::is_settled(&verdict) {
                let mut defect = self.defect(site, Class::Underflow, verdict, value, text);
                defect.wire = wire.max(if length { Wire::Weak } else { Wire::Faint });
                defect.what = self.shown(value, text);
                defect.limit = "0".into();
                defect.needs = Some(*value);
                defects.push(defect);
                return;
            }
        }
        let Some(hi) = hi.filter(|_| bits < had || (signed && bits == had)) else { return };
        let Some(goal) = value.scaled(-1).and_then(|l| l.plus_constant(hi)) else { return };
        let _ = lo;
        let about: Vec<Sym> = value.terms().iter().map(|(s, _)| *s).collect();
        let verdict = self.judge(site, &goal, &about);
        if Self::is_settled(&verdict) {
            return;
        }
        let class = if signed && bits == had { Class::Signed } else { Class::Truncation };
        if !stored && !self.is_used_as_length(site, value) {
            return;
        }
        let mut defect = self.defect(site, class, verdict, &goal, text);
        defect.wire = wire.max(if length { Wire::Weak } else { Wire::No });
        defect.what = self.shown(value, text);
        defect.limit = format!("{bits} bits");
        defects.push(defect);
    }

    fn allocation(&self, site: &Site, size: &Linear, text: &str, defects: &mut Vec<Defect>) {
        let chosen = self.wire_symbols(size);
        if chosen.is_empty() {
            return;
        }
        // A field of 16 bits asks for no more than anyone has.
        if self.symbols.greatest(size).is_some_and(|hi| hi <= 1 << 20) {
            return;
        }
        let Some(goal) = size.scaled(-1).and_then(|l| l.plus_constant(1 << 24)) else { return };
        let verdict = self.judge_size(site, &goal, size, &chosen);
        if Self::is_settled(&verdict) {
            return;
        }
        let mut defect = self.defect(site, Class::Allocation, verdict, &goal, text);
        defect.wire = self.symbols.wire(size);
        defect.what = self.shown(size, text);
        defect.origin = chosen.first().and_then(|s| self.symbols.info(*s).span);
        defects.push(defect);
    }

    fn need(&self, site: &Site, goal: &Linear, defect: DefectId, depth: u32, found: &mut Found) {
        let about: Vec<Sym> = goal.terms().iter().filter(|(_, k)| *k > 0).map(|(s, _)| *s).collect();
        let verdict = self.judge(site, goal, &about);
        match verdict {
            Verdict::Proved => found.met.push(defect),
            verdict => found.unmet.push(Unmet {
                defect,
                depth,
                verdict,
                span: site.span,
                needs: Some(*goal),
                wire: self.symbols.wire(goal),
            }),
        }
    }

    /// The converted symbol of `value` decides about bytes somewhere in the function.
    fn is_used_as_length(&self, site: &Site, value: &Linear) -> bool {
        let made = self.symbols.iter().find(|(_, info)| {
            info.span == Some(site.span) && matches!(info.source, Source::Converted { from, .. } if from == *value)
        });
        let Some((s, _)) = made else { return false };
        self.sites.iter().any(|other| match &other.kind {
            SiteKind::Block { size, .. } | SiteKind::Allocation { size, .. } => size.factor(s) != 0,
            SiteKind::Access { address, buffer, .. } => {
                address.factor(s) != 0 || buffer.is_some_and(|b| b.limit.factor(s) != 0)
            }
            SiteKind::Difference { a, .. } => a.factor(s) != 0,
            SiteKind::Need { goal, .. } => goal.factor(s) != 0,
            _ => false,
        })
    }

    /// A symbol of it is how long some buffer is.
    fn is_length(&self, value: &Linear) -> bool {
        let limits = self.symbols.iter().filter_map(|(_, info)| Some(info.buffer?.limit));
        let positive: Vec<Sym> = value.terms().iter().filter(|(_, k)| *k > 0).map(|(s, _)| *s).collect();
        limits.into_iter().any(|limit| positive.iter().any(|s| limit.factor(*s) > 0))
    }

    /// The offset grows by steps: `a[n++] = …`.
    fn is_counter(&self, offset: &Linear) -> bool {
        offset.terms().iter().any(|(s, k)| {
            *k > 0
                && match &self.symbols.info(*s).source {
                    _ if self.symbols.info(*s).tag == Some(Tag::Counter) => true,
                    Source::Looped { again, .. } => again.iter().any(|(value, _)| {
                        value.sub(&Linear::symbol(*s)).and_then(|d| d.as_constant()).is_some_and(|c| c > 0)
                    }),
                    _ => false,
                }
        })
    }

    fn shown_limit(&self, buffer: &Buffer, address: &Linear, text: &str) -> String {
        let start = self.symbols.buffer(address).map(|(s, _)| Linear::symbol(s));
        let size = start.and_then(|start| buffer.limit.sub(&start)).unwrap_or(buffer.limit);
        self.shown(&size, text)
    }
}
