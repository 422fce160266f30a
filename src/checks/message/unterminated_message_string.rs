//! `unterminated-message-string`: bytes of a message used as a string.

use super::{Words, told, wants};
use crate::analysis::bounds::defects::{Class, Defect};
use crate::checks::{Context, Rule, View};
use crate::report::Finding;

pub const RULE: Rule = Rule {
    id: "unterminated-message-string",
    page: include_str!("../../../rules/unterminated-message-string.md"),
    yields_to: &[],
    words: &[],
    wants,
    check,
};

fn check(_: &Context, view: &View, out: &mut Vec<Finding>) {
    out.extend(told(view, RULE.id, &[Class::Unterminated], words));
}

fn words(defect: &Defect) -> Words {
    if defect.room.is_none() {
        return Words {
            label: "no NUL if the string is as long",
            message: format!("`{}` may fill all `{}` bytes, and nothing adds the NUL", defect.what, defect.limit),
        };
    }
    Words {
        label: "no NUL is known to follow",
        message: format!(
            "`{}` needs a NUL, but nothing has put one after these `{}` bytes of a message",
            defect.what, defect.limit
        ),
    }
}
