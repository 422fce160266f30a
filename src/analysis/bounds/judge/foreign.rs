//! Whose texts are measured: how long one is that came from elsewhere, nobody here knows.

use crate::analysis::bounds::Walked;
use crate::analysis::bounds::terms::linear::{Linear, Sym};
use crate::analysis::bounds::terms::names::is_shouting;
use crate::analysis::bounds::terms::names::{is_duplicated, is_looked_up, is_searched};
use crate::analysis::bounds::terms::sites::{Site, SiteKind};
use crate::analysis::bounds::terms::state::Path;
use crate::analysis::bounds::terms::symbols::{Buffer, Room, Source, What, Wire};

/// Joins that a length is followed through.
const MAX_JOINS: usize = 3;
/// Joins, searches and copies between a text and where it came from.
const MAX_STEPS: usize = 6;

impl Walked {
    /// The length of a text that came from elsewhere is part of the size, and no test speaks of that.
    pub(super) fn is_text_of_any_length(&self, site: &Site, size: &Linear, text: &str) -> bool {
        let prints = matches!(&site.kind, SiteKind::Block { callee, .. } if callee.contains("printf"));
        let mut open = Vec::new();
        for (s, _) in size.terms().iter().filter(|(_, k)| *k > 0) {
            let info = self.symbols.info(*s);
            // `%.*s`
            let is_given =
                prints && info.wire > Wire::No && matches!(info.what, What::Load { .. } | What::Parameter(_));
            if is_given || self.is_open_length(*s, text, MAX_JOINS) {
                open.push(*s);
            }
        }
        !open.is_empty() && !self.is_limited_at(site.at, &open)
    }

    /// How long a foreign text is, on some of the ways that it was computed.
    fn is_open_length(&self, s: Sym, text: &str, depth: usize) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        let info = self.symbols.info(s);
        let of = |value: &Linear| value.as_symbol().is_some_and(|s| self.is_open_length(s, text, depth));
        match (&info.source, info.what) {
            // One way of `len = strlen(s)` and `len = LIMIT` is a bound, beside nothing at all it is none.
            (Source::Joined(values), _) => {
                let (open, rest): (Vec<_>, Vec<_>) = values.iter().partition(|(value, _)| of(value));
                !open.is_empty() && rest.iter().all(|(value, _)| *value == Linear::ZERO)
            }
            (Source::Converted { from, .. }, _) => of(from),
            (_, What::Pure(_, string, _)) if self.is_string_length(s) => self.is_foreign(&string, text, MAX_STEPS),
            _ => false,
        }
    }

    /// A text that the function was given, or that stands behind a pointer: no array of its own, no literal.
    fn is_foreign(&self, string: &Linear, text: &str, depth: usize) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        let in_array = |b: Buffer| matches!(b.room, Room::Array | Room::Allocated | Room::Text);
        let is_copy = |s: Sym| {
            let call = self.symbols.info(s).span.and_then(|span| text.get(span.range()));
            matches!(self.symbols.info(s).what, What::Fresh) && call.is_some_and(is_duplicated)
        };
        if self.symbols.buffer(string).is_some_and(|(start, b)| in_array(b) && !is_copy(start)) {
            return false;
        }
        let start = string.terms().iter().filter(|(_, k)| *k == 1).map(|(s, _)| self.symbols.info(*s));
        start.into_iter().any(|info| match &info.source {
            Source::Joined(values) | Source::Looped { first: values, .. } => {
                values.iter().any(|(value, _)| self.is_foreign(value, text, depth))
            }
            _ => match info.what {
                What::Parameter(_) => true,
                // A name in capitals is a literal that no header in sight defines.
                What::Load { base, path, .. } => match base.as_symbol().map(|s| self.symbols.info(s).what) {
                    Some(What::Global(name)) => path != Path::ITSELF || !is_shouting(self.paths.name(name)),
                    _ => true,
                },
                What::Fresh => info.span.and_then(|span| text.get(span.range())).is_some_and(|call| {
                    // A place in a text is as foreign as the text.
                    let of = |s: &Sym| self.is_foreign(&Linear::symbol(*s), text, depth);
                    is_looked_up(call) || (is_searched(call) || is_duplicated(call)) && info.depends.iter().any(of)
                }),
                _ => false,
            },
        })
    }

    /// How long a text is that may be of any length, or one that an array holds.
    pub(super) fn is_text(&self, size: &Linear) -> bool {
        self.symbols.greatest(size).is_none() && size.terms().iter().any(|(s, k)| *k > 0 && self.is_string_length(*s))
    }
}
