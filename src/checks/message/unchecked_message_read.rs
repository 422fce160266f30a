//! `unchecked-message-read`: a read of message bytes that no check proves to be present.

use super::{Words, bytes, told, wants};
use crate::analysis::bounds::defects::{Class, Defect};
use crate::checks::{Context, Rule, View};
use crate::report::Finding;

pub const RULE: Rule = Rule {
    id: "unchecked-message-read",
    page: include_str!("../../../rules/unchecked-message-read.md"),
    yields_to: &[],
    words: &[],
    wants,
    check,
};

fn check(_: &Context, view: &View, out: &mut Vec<Finding>) {
    out.extend(told(view, RULE.id, &[Class::Read, Class::Overlay, Class::Take], words));
}

fn words(defect: &Defect) -> Words {
    let Defect { what, limit, .. } = defect;
    let label = match defect.class {
        Class::Overlay => "laid over bytes that may be fewer",
        Class::Take => "takes more than there may be",
        _ => "may lie past the end",
    };
    let (subject, sound) = match (defect.class, defect.room) {
        (Class::Overlay, _) => {
            (format!("a structure of `{what}` bytes is laid over a message of `{limit}` bytes"), "it is that long")
        }
        (Class::Take, _) => (format!("{} taken out of `{limit}`", bytes(what)), "so many are left"),
        // A cursor that the function compares with an end elsewhere.
        (_, None) => (
            format!("this reads at `{what}`, which the function compares with `{limit}` elsewhere"),
            "the end is not reached",
        ),
        _ => (format!("this reads byte `{what}` of `{limit}` bytes"), "it is there"),
    };
    Words { label, message: format!("{subject}; {}", defect.reason(sound)) }
}
