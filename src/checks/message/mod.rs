//! The message family: bytes and numbers of a received message that are used before anything checked them.

pub mod append_past_end;
pub mod length_truncation;
pub mod length_underflow;
pub mod receive_result_as_length;
pub mod signed_length;
pub mod unchecked_message_length;
pub mod unchecked_message_read;

use crate::analysis::bounds::Verdict;
use crate::analysis::bounds::defects::{Class, Defect};
use crate::analysis::bounds::symbols::Wire;
use crate::checks::{Candidate, View};
use crate::report::{Confidence, Finding};

/// Functions in which there may be bytes of a message.
pub fn wants(_: &Candidate) -> bool {
    true
}

/// The findings of a function that are of these classes.
fn told(view: &View, rule: &'static str, classes: &[Class]) -> Vec<Finding> {
    view.defects.iter().filter(|d| classes.contains(&d.class)).map(|d| finding(view, rule, d)).collect()
}

fn finding(view: &View, rule: &'static str, defect: &Defect) -> Finding {
    let confidence = confidence(defect);
    let mut finding = view.finding(rule, confidence, defect.span, defect.span);
    finding.label = format!("{:?}", defect.class);
    finding.message = format!(
        "{:?} {:?} wire {:?}/{:?} room {:?} what `{}` limit `{}` goal `{}` need {} open {}",
        defect.class,
        defect.verdict,
        defect.wire,
        defect.caller_wire,
        defect.room,
        defect.what,
        defect.limit,
        defect.goal,
        defect.is_need,
        defect.open
    );
    if let Some(origin) = defect.origin {
        finding.related.push(view.related(origin, "comes from here"));
    }
    for caller in &defect.callers {
        finding.related.push(crate::report::Related {
            file: caller.file,
            span: caller.span,
            message: format!("called from `{}`", caller.function),
        });
    }
    finding
}

fn confidence(defect: &Defect) -> Confidence {
    let strong = defect.wire == Wire::Strong || defect.caller_wire == Wire::Strong;
    if defect.vague && defect.callers.is_empty() {
        return Confidence::Low;
    }
    match defect.verdict {
        Verdict::Short { .. } | Verdict::Late { .. } if strong => Confidence::High,
        Verdict::Short { .. } | Verdict::Late { .. } if defect.wire > Wire::Faint => Confidence::Medium,
        Verdict::Unchecked if strong => Confidence::Medium,
        _ => Confidence::Low,
    }
}
