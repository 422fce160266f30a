//! From sites to defects: which of the unproved sites concern bytes or numbers of a message.

use super::counted::Counted;
use super::trace::Explained;
use super::verdict::Verdict;
use crate::analysis::bounds::Walked;
use crate::analysis::bounds::terms::linear::{Linear, Sym};
use crate::analysis::bounds::terms::sites::{Bytes, Hint, Site, SiteKind, Use};
use crate::analysis::bounds::terms::summary::Summary;
use crate::analysis::bounds::terms::summary::{CallSite, DefectId, Need};
use crate::analysis::bounds::terms::symbols::{Buffer, Room, What, Wire};
use crate::source::Span;

/// The kind of a defect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Message bytes are read that may not be there.
    Read,
    /// Bytes are taken from an object that may have fewer.
    Take,
    /// A string is expected in bytes that nothing has terminated.
    Unterminated,
    /// A sum that may wrap is compared with a limit.
    Wrapping,
    /// A `scanf` conversion stores a string of any length.
    Scan,
    /// A structure is laid over message bytes that may be fewer.
    Overlay,
    /// A length from a message exceeds what it is written to.
    Destination,
    /// A length from a message exceeds what it is read from.
    Origin,
    /// A number from a message is an index.
    Index,
    /// A number from a message is an allocation size.
    Allocation,
    /// A number from which an index counts back may be too small.
    Back,
    /// An array is appended to without a limit.
    Append,
    /// Bytes are copied up to a delimiter, regardless of the room.
    Copied,
    /// An unsigned difference of lengths may wrap below zero.
    Underflow,
    /// An unsigned difference is tested for being below zero.
    NeverNegative,
    /// A length is truncated to fewer bits.
    Truncation,
    /// A length may be negative.
    Signed,
    /// The result of a receive call may be -1.
    ReceiveResult,
    /// The would-be length of a print is taken for what it wrote.
    WouldBe,
}

/// Evidence for a defect, besides the missing proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// All of a source is copied, by its own length, into an array of fixed size.
    Whole,
    /// The bytes between two places of a string are copied into an array of fixed size.
    Between,
    /// A string of any length is copied into an array of fixed size.
    Text,
    /// The condition that contains it tests it, but only afterwards.
    SameCondition,
    /// It never fits, whatever the length.
    Never,
    /// An unbounded number has more digits than there is room for.
    Digits,
    /// The bound of a copy is not the capacity.
    Capacity,
    /// It is compared with a constant that exceeds the capacity.
    Above,
    /// The result of the same function is tested elsewhere, where it is a length.
    Elsewhere,
    /// It is certainly negative in the first iteration of a loop.
    First,
    /// The test is off by one.
    OffByOne,
    /// No condition of the function mentions how much has been appended.
    Unlimited,
    /// The function compares the cursor with an end elsewhere, but not here.
    End,
    /// A loop that continues while something is left subtracts more than that each time.
    Round,
    /// A callee that was given the bytes without their number says how many it used.
    Consumed,
    /// More than the first byte is read, unlike in a string, and the function never checks how many there are.
    Header,
    /// More than one byte is subtracted, unlike for an index, and the function never checks how many there are.
    Fixed,
    /// The last character of a string that may be empty.
    Last,
    /// A string with a length is compared with a word, over the word's length, and its own length is never checked.
    Prefix,
    /// Subtracted from the length passed with message bytes, which the function never checks.
    Given,
    /// The test compares a number of elements with a number of bytes.
    Units,
}

#[derive(Clone, Debug)]
pub struct Defect {
    pub class: Class,
    pub span: Span,
    pub verdict: Verdict,
    pub wire: Wire,
    pub room: Option<Room>,
    /// What has to be at least zero, for display.
    pub goal: String,
    /// What is used: an address or a length, for display.
    pub what: String,
    /// How many bytes there are, for display.
    pub limit: String,
    /// Where the number that is used comes from.
    pub origin: Option<Span>,
    /// A precondition that callers may satisfy.
    pub needs: Option<Linear>,
    /// The address past the bytes read: bytes that a caller knows to be there suffice, whatever length it passed.
    pub end: Option<Linear>,
    /// Callers that do not satisfy it.
    pub callers: Vec<CallSite>,
    /// How certain it is that the callers' arguments are controlled by an outside party.
    pub caller_wire: Wire,
    /// Another function that does the same with a check.
    pub sibling: Option<CallSite>,
    /// Why it is likelier than others of its class.
    pub evidence: Option<Evidence>,
    /// No caller of the function is known.
    pub open: bool,
    pub is_need: bool,
    /// A caller makes a check that may or may not help.
    pub vague: bool,
    /// Functions like this one leave the check to their callers.
    pub contract: bool,
    /// The function looks for the terminating NUL: the length is not the only thing that keeps it inside.
    pub is_text: bool,
    /// The limit counts elements, not bytes.
    pub in_elements: bool,
}

impl Defect {
    /// It never fits, so that the written length was counted is no excuse.
    fn is_certain(&self) -> bool {
        matches!(
            self.evidence,
            Some(Evidence::Never | Evidence::Capacity | Evidence::Above | Evidence::Elsewhere | Evidence::Unlimited)
        )
    }

    /// How far past the end it goes, if that does not depend on the message.
    pub fn past_end(&self) -> Option<u64> {
        let has_end = matches!(
            self.class,
            Class::Read
                | Class::Take
                | Class::Overlay
                | Class::Destination
                | Class::Origin
                | Class::Index
                | Class::Append
        );
        let missing: i64 = self.goal.parse().ok().filter(|goal| has_end && *goal < 0)?;
        Some(missing.unsigned_abs())
    }

    /// Why it is a defect, as the second half of a sentence. `sound` is what would have to hold.
    pub fn reason(&self, sound: &str) -> String {
        if let Some(past) = self.past_end() {
            return format!("that goes {past} past the end");
        }
        match &self.verdict {
            Verdict::Short { lacking, .. } if *lacking < 1 << 12 => {
                format!("the checks before it are off by up to {lacking}")
            }
            Verdict::Late { .. } => format!("only later code checks that {sound}"),
            Verdict::Aside { .. } => "the checks before it limit it only in the other direction".into(),
            Verdict::Short { .. } | Verdict::Capped => format!("the checks before it do not prove that {sound}"),
            _ => format!("nothing checks first that {sound}"),
        }
    }
}

/// A precondition that a call does not satisfy.
pub struct Unmet {
    pub defect: DefectId,
    pub depth: u32,
    pub verdict: Verdict,
    pub span: Span,
    /// The precondition on the caller's own callers.
    pub needs: Linear,
    pub end: Option<Linear>,
    pub wire: Wire,
}

/// The results for one function.
#[derive(Default)]
pub struct Found {
    pub defects: Vec<Defect>,
    /// Unsatisfied preconditions of callees.
    pub unmet: Vec<Unmet>,
    pub summary: Summary,
    /// Fields used as an index without any test, with the field's name.
    pub untested: Vec<(Defect, Box<str>)>,
    /// Fields that are tested for not being too large, with that test.
    pub tested: Vec<(Box<str>, Span)>,
    /// It reads from a buffer passed in with its length.
    pub reads: bool,
    /// What is known at the requested place.
    pub explained: Vec<Explained>,
    /// It is too large to be analysed.
    pub given_up: bool,
}

/// Calls between a precondition and the place that requires it.
const MAX_DEPTH: u32 = 4;
/// Defects of one function; code with more is not written by hand.
const MAX_DEFECTS: usize = 64;

impl Walked {
    /// Judges every site; `number` is that of the function, `text` that of its file.
    pub fn found(&self, number: u32, text: &str, wanted: Option<Span>, counted: &Counted) -> Found {
        let mut found = Found::default();
        if let Some(wanted) = wanted {
            found.explained = self.explained(wanted, text);
        }
        for site in &self.sites {
            if found.defects.len() >= MAX_DEFECTS {
                break;
            }
            let before = found.defects.len();
            match &site.kind {
                SiteKind::Access { does, address, size, buffer: Some(buffer), cursor, .. } => {
                    let known = found.defects.len();
                    found.reads |= buffer.room == Room::Given && *does == Use::Read;
                    let bytes = Bytes { site, does: *does, address, size };
                    self.access(bytes, buffer, text, &mut found.defects);
                    // The length that a message claims and the end of what was captured of it are separate limits.
                    if found.defects.len() == known && buffer.room == Room::Given && *does == Use::Read {
                        self.believed(bytes, *cursor, text, &mut found.defects);
                    }
                }
                SiteKind::Access { does, address, size, buffer: None, cursor, .. } => {
                    let bytes = Bytes { site, does: *does, address, size };
                    self.believed(bytes, *cursor, text, &mut found.defects);
                }
                SiteKind::Block { does, address, size, buffer: Some(buffer), inner, hint, .. } => {
                    let known = found.defects.len();
                    let bytes = Bytes { site, does: *does, address, size };
                    self.block(bytes, buffer, *inner, text, &mut found.defects);
                    // Any test suffices for a comparison that stops at a difference.
                    let is_tested = |defects: &[Defect]| defects.iter().any(|d| d.verdict != Verdict::Unchecked);
                    if *hint == Hint::Compared && is_tested(&found.defects[known..]) {
                        found.defects.truncate(known);
                    }
                }
                SiteKind::Block { does, address, size, buffer: None, beside, cursor, .. } => {
                    if !self.fits_beside(site, address, size, beside) {
                        let bytes = Bytes { site, does: *does, address, size };
                        self.boundless(bytes, *cursor, text, &mut found.defects);
                    }
                }
                SiteKind::Unterminated { address, buffer, callee } => {
                    let mut defect = self.defect(site, Class::Unterminated, Verdict::Unchecked, address, text);
                    defect.wire = buffer.wire;
                    defect.room = Some(buffer.room);
                    defect.what = callee.to_string();
                    defect.limit = self.shown_limit(buffer, address, text);
                    found.defects.push(defect);
                }
                SiteKind::Filled { goal, address, buffer, callee } => {
                    let verdict = self.judge(site, goal, &[]);
                    if !Self::is_settled(&verdict) {
                        let mut defect = self.defect(site, Class::Unterminated, verdict, goal, text);
                        defect.what = callee.to_string();
                        defect.limit = self.shown_limit(buffer, address, text);
                        defect.evidence = Some(Evidence::Capacity);
                        found.defects.push(defect);
                    }
                }
                SiteKind::Take { left, size, lenient } => {
                    self.take(site, left, size, *lenient, text, &mut found.defects);
                }
                SiteKind::Element { index } => self.element(site, index, text, &mut found.defects),
                SiteKind::UpTo { index } => self.up_to(site, index, text, &mut found.defects),
                SiteKind::Chosen { index, count } => self.chosen(site, index, *count, text, &mut found),
                SiteKind::Back { index } => self.back(site, index, text, &mut found.defects),
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
                SiteKind::Printed { length, room } => self.printed_length(site, length, room, text, &mut found.defects),
                SiteKind::Allocation { size } => self.allocation(site, size, text, &mut found.defects),
                SiteKind::Need { goal, end, defect, depth } => {
                    self.need(site, goal, *end, (*defect, *depth), &mut found);
                }
            }
            let written = |d: &Defect| matches!(d.class, Class::Destination | Class::Append) && !d.is_certain();
            let is_short = |d: &Defect| matches!(d.verdict, Verdict::Short { .. });
            let told = &found.defects[before..];
            if told.iter().any(written) && counted.is_counted(site, told.iter().any(is_short)) {
                let mut kept = found.defects.split_off(before);
                kept.retain(|d| !written(d));
                found.defects.append(&mut kept);
            }
        }
        self.read_before_length(text, &mut found.defects);
        for (i, defect) in found.defects.iter().enumerate() {
            if let Some(goal) = defect.needs.as_ref().and_then(|goal| self.exported(goal))
                && goal.has_terms()
            {
                let defect = DefectId { function: number, number: i as u32 };
                let end = found.defects[i].end.as_ref().and_then(|end| self.exported(end));
                found.summary.needs.push(Need { goal, end, defect, depth: 0 });
            }
        }
        for unmet in &found.unmet {
            if unmet.depth < MAX_DEPTH
                && let Some(goal) = self.exported(&unmet.needs)
                && goal.has_terms()
            {
                let end = unmet.end.as_ref().and_then(|end| self.exported(end));
                found.summary.needs.push(Need { goal, end, defect: unmet.defect, depth: unmet.depth + 1 });
            }
        }
        found.tested = self.tested();
        found.summary.writes = self.writes;
        found.summary.reads = self.reads();
        found.summary.given = self.given();
        found.summary.narrow = self.narrow.clone();
        found.summary.returns = self.returned();
        found
    }
    /// A value compared with something unrelated is assumed to be bounded.
    pub(super) fn is_settled(verdict: &Verdict) -> bool {
        matches!(verdict, Verdict::Proved | Verdict::Unknown | Verdict::Capped)
    }
    pub(super) fn defect(&self, site: &Site, class: Class, verdict: Verdict, goal: &Linear, text: &str) -> Defect {
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
            end: None,
            callers: Vec::new(),
            caller_wire: Wire::No,
            sibling: None,
            evidence: None,
            open: false,
            is_need: false,
            vague: false,
            contract: false,
            is_text: false,
            in_elements: false,
        }
    }
    /// The symbols that determine the size: those of the limit, without the start of the buffer.
    pub(super) fn length_of(&self, buffer: &Buffer, address: &Linear) -> Vec<Sym> {
        let start = self.symbols.buffer(address).map(|(s, _)| s);
        let limit = buffer.limit.terms().iter().map(|(s, _)| *s).filter(|s| Some(*s) != start);
        let mut all: Vec<Sym> = limit.collect();
        all.retain(|s| !matches!(self.symbols.info(*s).what, What::Size(_)));
        all
    }
    fn need(&self, site: &Site, goal: &Linear, end: Option<Linear>, of: (DefectId, u32), found: &mut Found) {
        let (defect, depth) = of;
        let there = |end: Linear| self.symbols.buffer(&end)?.1.left(&end, &Linear::ZERO);
        if end.and_then(there).is_some_and(|left| self.prove(site.at, &left)) {
            return;
        }
        let about: Vec<Sym> = goal.terms().iter().filter(|(_, k)| *k > 0).map(|(s, _)| *s).collect();
        let verdict = self.judge(site, goal, &about);
        if verdict != Verdict::Proved {
            found.unmet.push(Unmet {
                defect,
                depth,
                verdict,
                span: site.span,
                needs: *goal,
                end,
                wire: self.symbols.wire(goal),
            });
        }
    }
    pub(super) fn shown_limit(&self, buffer: &Buffer, address: &Linear, text: &str) -> String {
        let start = self.symbols.buffer(address).map(|(s, _)| Linear::symbol(s));
        let size = start.and_then(|start| buffer.limit.sub(&start)).unwrap_or(buffer.limit);
        self.shown(&size, text)
    }
}
