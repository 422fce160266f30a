//! `unchecked-message-length`: a length, index or size out of a message that nothing keeps inside its buffer.

use super::{Words, told, wants};
use crate::analysis::bounds::defects::{Class, Defect};
use crate::checks::{Context, Rule, View};
use crate::report::Finding;

pub const RULE: Rule = Rule {
    id: "unchecked-message-length",
    page: include_str!("../../../rules/unchecked-message-length.md"),
    yields_to: &[],
    words: &[],
    wants,
    check,
};

fn check(_: &Context, view: &View, out: &mut Vec<Finding>) {
    let classes = [Class::Destination, Class::Origin, Class::Index, Class::Allocation];
    out.extend(told(view, RULE.id, &classes, words));
}

fn words(defect: &Defect) -> Words {
    let Defect { what, limit, .. } = defect;
    let (label, subject) = match defect.class {
        Class::Index if limit.is_empty() => {
            return Words {
                label: "may lie outside the array",
                message: format!("`{what}` is an index that nothing here tests, as another function does"),
            };
        }
        Class::Index => {
            let units = if defect.in_elements { "elements" } else { "bytes" };
            ("may lie outside the array", format!("`{what}` is an index into `{limit}` {units}"))
        }
        Class::Allocation => ("as much as a peer asks for", format!("memory is asked for by `{what}`")),
        Class::Origin => ("reads more than there may be", format!("`{what}` bytes are read of `{limit}`")),
        _ if limit.is_empty() => ("writes as much as is told", format!("`{what}` bytes are written")),
        _ => ("writes more than fits", format!("`{what}` bytes are written to `{limit}`")),
    };
    Words { label, message: format!("{subject}, {}", defect.reason()) }
}
