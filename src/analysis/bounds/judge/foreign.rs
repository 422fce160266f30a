//! Strings from elsewhere, whose length is unknown here.

use crate::analysis::bounds::Walked;
use crate::analysis::bounds::terms::linear::{Linear, Sym};
use crate::analysis::bounds::terms::names::is_shouting;
use crate::analysis::bounds::terms::names::{is_duplicated, is_looked_up, is_searched};
use crate::analysis::bounds::terms::sites::{Site, SiteKind};
use crate::analysis::bounds::terms::state::Path;
use crate::analysis::bounds::terms::symbols::{Buffer, Room, Source, What, Wire};

/// Joins through which a length is followed.
const MAX_JOINS: usize = 3;
/// Joins, searches and copies between a string and its origin.
const MAX_STEPS: usize = 6;

impl Walked {
    /// The size contains the length of a string from elsewhere, and no test mentions it.
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

    /// The length of a foreign string, on some of the paths that compute it.
    fn is_open_length(&self, s: Sym, text: &str, depth: usize) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        let info = self.symbols.info(s);
        let of = |value: &Linear| value.as_symbol().is_some_and(|s| self.is_open_length(s, text, depth));
        match (&info.source, info.what) {
            // `len = LIMIT` on another path than `len = strlen(s)` is a bound; `len = 0` is none.
            (Source::Joined(values), _) => {
                let (open, rest): (Vec<_>, Vec<_>) = values.iter().partition(|(value, _)| of(value));
                !open.is_empty() && rest.iter().all(|(value, _)| *value == Linear::ZERO)
            }
            (Source::Converted { from, .. }, _) => of(from),
            (_, What::Pure(_, string, _)) if self.is_string_length(s) => self.is_foreign(&string, text, MAX_STEPS),
            _ => false,
        }
    }

    /// A string that the function was given, or that a pointer refers to: no array of its own, no literal.
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
                // A name in upper case is a literal without a visible definition.
                What::Load { base, path, .. } => match base.as_symbol().map(|s| self.symbols.info(s).what) {
                    Some(What::Global(name)) => path != Path::ITSELF || !is_shouting(self.paths.name(name)),
                    _ => true,
                },
                What::Fresh => info.span.and_then(|span| text.get(span.range())).is_some_and(|call| {
                    // A place in a string is as foreign as the string.
                    let of = |s: &Sym| self.is_foreign(&Linear::symbol(*s), text, depth);
                    is_looked_up(call) || (is_searched(call) || is_duplicated(call)) && info.depends.iter().any(of)
                }),
                _ => false,
            },
        })
    }

    /// The length of a string that has no constant upper bound, even if an array holds it.
    pub(super) fn is_text(&self, size: &Linear) -> bool {
        self.symbols.greatest(size).is_none() && size.terms().iter().any(|(s, k)| *k > 0 && self.is_string_length(*s))
    }
}
