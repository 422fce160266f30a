//! From sites to defects: which of those that are not proved concern bytes or numbers of a message.

use super::counted::Counted;
use super::trace::Explained;
use super::verdict::Verdict;
use crate::analysis::bounds::Walked;
use crate::analysis::bounds::terms::linear::{Linear, Sym};
use crate::analysis::bounds::terms::sites::{Hint, Site, SiteKind, Use};
use crate::analysis::bounds::terms::summary::Summary;
use crate::analysis::bounds::terms::summary::{CallSite, DefectId, Need};
use crate::analysis::bounds::terms::symbols::{Buffer, Room, What, Wire};
use crate::source::Span;

/// What is wrong at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Bytes of a message are read that may not be there.
    Read,
    /// Bytes are taken out of an object that may have fewer.
    Take,
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
    /// A number that is counted back from may be too small for an index.
    Back,
    /// An array is appended to without a limit.
    Append,
    /// Byte after byte is copied up to a delimiter, whatever there is room for.
    Copied,
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

/// What speaks for a defect, besides that it is not proved to be none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// All of a source is copied, by its own length, into an array of fixed size.
    Whole,
    /// What stands between two places of a text is put into an array of fixed size.
    Between,
    /// A text of any length is put into an array of fixed size.
    Text,
    /// The condition that it stands in tests it, but only behind it.
    SameCondition,
    /// However much there is, it does not fit.
    Never,
    /// A number that nothing keeps small has more digits than there is room for.
    Digits,
    /// The bound of a copy is not what there is room for.
    Capacity,
    /// It is compared with a constant that is more than there is room for.
    Above,
    /// What the same function gives is tested where it is a length elsewhere.
    Elsewhere,
    /// In the first round of a loop it is certainly below zero.
    First,
    /// The test lets one through that is too far.
    OffByOne,
    /// No condition of the function speaks of how much has been appended.
    Unlimited,
    /// The function compares the cursor with an end elsewhere, and not here.
    End,
    /// A loop that goes on while there is something left takes away more than that each time.
    Round,
    /// Who was given the bytes and not how many says how many it used.
    Consumed,
    /// More than the first byte is read, as of no text, and the function asks nothing of how many there are.
    Header,
    /// More than one byte is taken off, as of no index, and the function asks nothing of how many there are.
    Fixed,
    /// The last character of a text that may be empty.
    Last,
    /// A counted text is compared with a word, as many bytes as that has, and nothing asks how long the text is.
    Prefix,
    /// Taken off the length that came with bytes of a message, of which the function asks nothing.
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
    /// The address behind what is read: bytes that a caller knows to be there are enough, whatever length it passed.
    pub end: Option<Linear>,
    /// Callers that do not.
    pub callers: Vec<CallSite>,
    /// How surely what those pass is somebody else's choice.
    pub caller_wire: Wire,
    /// Another function that does the same with a test.
    pub sibling: Option<CallSite>,
    /// Why it is likelier than others of its class.
    pub evidence: Option<Evidence>,
    /// Nobody is known who calls the function.
    pub open: bool,
    pub is_need: bool,
    /// A caller tests something of which it is not known whether it helps.
    pub vague: bool,
    /// Functions like this one leave it to what calls them.
    pub contract: bool,
    /// The function looks for the NUL that ends the bytes: their length is not all that keeps it inside.
    pub is_text: bool,
    /// What there is are elements, not bytes.
    pub in_elements: bool,
}

impl Defect {
    /// That what is written was counted is no excuse: however much there is, it does not fit.
    fn is_certain(&self) -> bool {
        matches!(
            self.evidence,
            Some(Evidence::Never | Evidence::Capacity | Evidence::Above | Evidence::Elsewhere | Evidence::Unlimited)
        )
    }

    /// How far past the end it goes, if that is the same whatever the message says.
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

    /// Why it is a defect, as the second half of a sentence. `sound` says what would have to hold.
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

/// What a call has to see to and does not.
pub struct Unmet {
    pub defect: DefectId,
    pub depth: u32,
    pub verdict: Verdict,
    pub span: Span,
    /// What its own callers would have to see to.
    pub needs: Linear,
    pub end: Option<Linear>,
    pub wire: Wire,
}

/// What was found of one function.
#[derive(Default)]
pub struct Found {
    pub defects: Vec<Defect>,
    /// Needs of callees that are not met.
    pub unmet: Vec<Unmet>,
    pub summary: Summary,
    /// Fields that are used as an index without any test, and the field's name.
    pub untested: Vec<(Defect, Box<str>)>,
    /// Fields that are tested for not being too large.
    pub tested: Vec<(Box<str>, Span)>,
    /// It reads what it was given with its length.
    pub reads: bool,
    /// What is known at the place that was asked about.
    pub explained: Vec<Explained>,
    /// It is too large to be followed.
    pub given_up: bool,
}

/// Calls between a need and the place that has it.
const MAX_DEPTH: u32 = 4;
/// Defects of one function; past it, it is not written to be read.
const MAX_DEFECTS: usize = 64;

impl Walked {
    /// Judges every site; `number` is the function's, `text` its file's.
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
                    self.access(site, *does, address, size, buffer, text, &mut found.defects);
                    // A message that says how long it is, and the end of what was captured of it, are two ends.
                    if found.defects.len() == known && buffer.room == Room::Given && *does == Use::Read {
                        self.believed(site, *does, address, size, *cursor, text, &mut found.defects);
                    }
                }
                SiteKind::Access { does, address, size, buffer: None, cursor, .. } => {
                    self.believed(site, *does, address, size, *cursor, text, &mut found.defects);
                }
                SiteKind::Block { does, address, size, buffer: Some(buffer), inner, hint, .. } => {
                    let known = found.defects.len();
                    self.block(site, *does, address, size, buffer, *inner, text, &mut found.defects);
                    // Any test will do where a difference ends it.
                    let is_tested = |defects: &[Defect]| defects.iter().any(|d| d.verdict != Verdict::Unchecked);
                    if *hint == Hint::Compared && is_tested(&found.defects[known..]) {
                        found.defects.truncate(known);
                    }
                }
                SiteKind::Block { does, address, size, buffer: None, beside, cursor, .. } => {
                    if !self.fits_beside(site, address, size, beside) {
                        self.boundless(site, *does, address, size, *cursor, text, &mut found.defects);
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
    /// What is compared with something that cannot be related to it is taken for kept in bounds.
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
    /// The symbols that say how much there is: those of the limit that are not where the buffer begins.
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
