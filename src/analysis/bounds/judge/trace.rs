//! What the engine knows at a place, to explain a finding or its absence.

use super::verdict::Verdict;
use crate::analysis::bounds::Walked;
use crate::analysis::bounds::terms::linear::{Linear, Sym};
use crate::analysis::bounds::terms::sites::{Site, SiteKind, Use};
use crate::analysis::bounds::terms::symbols::{Buffer, Room, Wire};
use crate::source::Span;

/// One proof obligation at a place, and what is known there.
#[derive(Clone, Debug)]
pub struct Explained {
    pub span: Span,
    /// What happens there.
    pub what: String,
    /// What has to be at least zero, with its verdict.
    pub goals: Vec<(String, Verdict)>,
    /// What is known to be at least zero, with the condition that establishes it.
    pub facts: Vec<(String, Option<Span>)>,
}

/// Facts shown per place.
const MAX_FACTS: usize = 40;

impl Walked {
    /// Explains every site that starts within `wanted`.
    pub(super) fn explained(&self, wanted: Span, text: &str) -> Vec<Explained> {
        let inside = |site: &&Site| wanted.start <= site.span.start && site.span.start < wanted.end;
        self.sites.iter().filter(inside).map(|site| self.explain(site, text)).collect()
    }

    fn explain(&self, site: &Site, text: &str) -> Explained {
        let shown = |linear: &Linear| self.shown(linear, text);
        let mut goals: Vec<Linear> = Vec::new();
        let what = match &site.kind {
            SiteKind::Access { does, address, size, buffer, cursor, .. } => {
                match buffer {
                    Some(buffer) => goals.extend(buffer.left(address, size)),
                    None => {
                        let ends = self.beliefs.iter().filter(|b| Some(b.cursor) == *cursor);
                        goals.extend(ends.filter_map(|b| b.end.sub(&address.add(size)?)));
                    }
                }
                format!(
                    "{} {} bytes at `{}`{}",
                    verb(*does),
                    shown(size),
                    shown(address),
                    self.of(buffer.as_ref(), text)
                )
            }
            SiteKind::Block { does, address, size, buffer, callee, .. } => {
                goals.extend(buffer.as_ref().and_then(|buffer| buffer.left(address, size)));
                let of = self.of(buffer.as_ref(), text);
                format!("`{callee}` {} `{}` bytes at `{}`{of}", verb(*does), shown(size), shown(address))
            }
            SiteKind::Scan { address, size, buffer } => {
                goals.extend(buffer.as_ref().and_then(|buffer| buffer.left(address, size)));
                format!("a string is scanned to `{}`{}", shown(address), self.of(buffer.as_ref(), text))
            }
            SiteKind::Overlay { address, size, buffer } => {
                goals.extend(buffer.left(address, size));
                let of = self.of(Some(buffer), text);
                format!("a structure of `{}` bytes is laid over `{}`{of}", shown(size), shown(address))
            }
            SiteKind::Unterminated { address, buffer, callee } => {
                format!("`{callee}` reads a string at `{}`{}", shown(address), self.of(Some(buffer), text))
            }
            SiteKind::Filled { goal, address, buffer, callee } => {
                goals.push(*goal);
                format!("`{callee}` may fill all at `{}`{}", shown(address), self.of(Some(buffer), text))
            }
            SiteKind::Take { left, size, .. } => {
                goals.extend(left.sub(size));
                format!("takes `{}` bytes of an object that has `{}`", shown(size), shown(left))
            }
            SiteKind::Element { index } => format!("element `{}` of an array of unknown length is used", shown(index)),
            SiteKind::Chosen { index, .. } => format!("element `{}` is used", shown(index)),
            SiteKind::Back { index } => {
                goals.push(*index);
                format!("element `{}` is used", shown(index))
            }
            SiteKind::Wrapping { sum } => format!("the sum `{}` is compared", shown(sum)),
            SiteKind::Difference { a, b, .. } => {
                goals.extend(a.sub(b));
                format!("`{}` is taken from `{}`", shown(b), shown(a))
            }
            SiteKind::UpTo { index } => format!("element `{}` of an array of unknown length", shown(index)),
            SiteKind::NeverNegative { a, b } => format!("`{}` - `{}` is compared with zero", shown(a), shown(b)),
            SiteKind::Conversion { value, .. } => {
                goals.push(*value);
                format!("`{}` is brought to another type", shown(value))
            }
            SiteKind::Printed { length, room } => {
                goals.extend(room.sub(length).and_then(|goal| goal.plus_constant(-1)));
                format!("`{}`, which printing would have written, is kept as a length", shown(length))
            }
            SiteKind::Allocation { size } => format!("`{}` bytes are asked for", shown(size)),
            SiteKind::Need { goal, .. } => {
                goals.push(*goal);
                "a function is called that relies on its caller".into()
            }
        };
        let about = |goal: &Linear| goal.terms().iter().map(|(s, _)| *s).collect::<Vec<Sym>>();
        let goals = goals.iter().map(|goal| (shown(goal), self.judge(site, goal, &about(goal)))).collect();
        let facts = self.facts.told(site.at).take(MAX_FACTS).map(|(fact, span)| (shown(fact), span)).collect();
        Explained { span: site.span, what, goals, facts }
    }

    fn of(&self, buffer: Option<&Buffer>, text: &str) -> String {
        let Some(buffer) = buffer else { return ", of which no more is known".into() };
        let room = match buffer.room {
            Room::Given => "handed over with its length",
            Room::Received => "received here",
            Room::Array => "an array",
            Room::Allocated => "allocated",
            Room::Text => "text",
        };
        let wire = match buffer.wire {
            Wire::No => "",
            Wire::Faint => ", perhaps a message",
            Wire::Weak => ", by its names a message",
            Wire::Strong => ", a message",
        };
        format!(", {room}, up to `{}`{wire}", self.shown(&buffer.limit, text))
    }
}

fn verb(does: Use) -> &'static str {
    match does {
        Use::Read => "reads",
        Use::Write => "writes",
    }
}
