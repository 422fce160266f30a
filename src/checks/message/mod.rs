//! The message family: bytes and numbers of a received message that are used before they are checked.

pub mod append_past_end;
pub mod length_truncation;
pub mod length_underflow;
pub mod past_end_of_text;
pub mod receive_result_as_length;
pub mod signed_length;
pub mod unbounded_scan;
pub mod unchecked_message_length;
pub mod unchecked_message_read;
pub mod unterminated_message_string;
pub mod would_be_length;
pub mod wrapping_length_check;

use std::cell::OnceCell;

use rustc_hash::FxHashMap;

use crate::analysis::bounds::Verdict;
use crate::analysis::bounds::defects::{Class, Defect, Evidence};
use crate::analysis::bounds::symbols::Wire;
use crate::analysis::cfg::BlockId;
use crate::analysis::dominators::Dominators;
use crate::checks::{Candidate, View};
use crate::report::{Confidence, Finding, Related};
use crate::source::Span;

/// Functions that read or write through a pointer, or pass one on.
pub fn wants(candidate: &Candidate) -> bool {
    candidate.code.contains(['*', '[', '&']) || candidate.code.contains("->")
}

/// What a rule reports for a defect.
struct Words {
    label: &'static str,
    message: String,
}

/// The findings of these classes in a function, merged to one per place. Of reads that a single check would cover, the
/// first keeps its confidence; those it dominates are lowered to `Low`.
fn told(view: &View, rule: &'static str, classes: &[Class], words: fn(&Defect) -> Words) -> Vec<Finding> {
    let mut all: Vec<(Finding, &Defect)> = Vec::new();
    for defect in view.known.defects.iter().filter(|d| classes.contains(&d.class)) {
        let mut finding = finding(view, rule, defect, words(defect));
        match all.iter_mut().find(|(f, _)| f.span == finding.span) {
            Some((first, _)) if first.message == finding.message => {}
            Some((first, _)) => {
                if finding.confidence > first.confidence {
                    std::mem::swap(first, &mut finding);
                }
                first.notes.push(format!("and {}", finding.message));
            }
            None => all.push((finding, defect)),
        }
    }
    all.sort_by_key(|(finding, _)| finding.span.start);
    let tree = OnceCell::new();
    let mut told: FxHashMap<_, Vec<BlockId>> = FxHashMap::default();
    for (finding, defect) in all.iter_mut().filter(|(f, d)| f.confidence > Confidence::Low && d.class == Class::Read) {
        let (kind, by) = (std::mem::discriminant(&defect.verdict), defect.verdict.by());
        let Some(block) = block_at(view, finding.span) else { continue };
        let first = told.entry((&defect.limit, kind, by)).or_default();
        let tree = || tree.get_or_init(|| Dominators::new(view.cfg));
        match first.iter().any(|above| tree().dominates(*above, block)) {
            true => finding.confidence = Confidence::Low,
            false => first.push(block),
        }
    }
    all.into_iter().map(|(finding, _)| finding).collect()
}

/// The block that evaluates the expression at `at`.
fn block_at(view: &View, at: Span) -> Option<BlockId> {
    let body = &view.function.body;
    let blocks = view.cfg.blocks.iter().enumerate();
    let all = blocks.flat_map(|(b, block)| block.stmts.iter().map(move |&s| (BlockId(b as u32), body.stmt(s).span)));
    let around = all.filter(|(_, span)| span.start <= at.start && at.end <= span.end);
    around.min_by_key(|(_, span)| span.end - span.start).map(|(block, _)| block)
}

/// `` `1` byte is `` or `` `n` bytes are ``.
fn bytes(what: &str) -> String {
    format!("`{what}` {}", if what == "1" { "byte is" } else { "bytes are" })
}

fn finding(view: &View, rule: &'static str, defect: &Defect, words: Words) -> Finding {
    let confidence = if is_aside(view, defect) { Confidence::Low } else { confidence(defect) };
    let mut finding = view.finding(rule, confidence, defect.span, defect.span);
    finding.label = words.label.into();
    finding.message = words.message;
    if let Some(origin) = defect.origin.filter(|origin| *origin != defect.span) {
        let printed = defect.class == Class::WouldBe && defect.room.is_none();
        let words = if printed { "it is kept as a length here" } else { "the number comes from here" };
        finding.related.push(view.related(origin, words));
    }
    match &defect.verdict {
        Verdict::Short { by: Some(by), .. } => {
            finding.related.push(view.related(*by, "this check does not ask for enough"))
        }
        Verdict::Aside { by } => {
            finding.related.push(view.related(*by, "this check limits it only in the other direction"));
        }
        Verdict::Late { by } => finding.related.push(view.related(*by, "it is checked only here")),
        _ => {}
    }
    if let Some(sibling) = &defect.sibling {
        finding.related.push(Related {
            file: sibling.file,
            span: sibling.span,
            message: format!("`{}` checks it", sibling.function),
        });
    }
    for caller in &defect.callers {
        finding.related.push(Related {
            file: caller.file,
            span: caller.span,
            message: format!("called without a check from `{}`", caller.function),
        });
    }
    if defect.past_end().is_none() {
        finding.notes.push(format!("not proved: `{} >= 0`", defect.goal));
    }
    finding
}

/// Probably not a peer's bytes: text terminated by a NUL, debug output, a test.
fn is_aside(view: &View, defect: &Defect) -> bool {
    let received = defect.wire == Wire::Strong;
    let prints = || view.function.params.iter().any(|p| view.reading.code[p.span.range()].contains("FILE"));
    // A check for too few bytes does not rely on the NUL.
    let is_text = defect.is_text && !matches!(defect.verdict, Verdict::Short { .. });
    view.source.is_test() || !received && (is_text || prints())
}

/// A caller's check that cannot be related to the defect does not matter where the function itself checks for too few
/// bytes, or reads a header from bytes whose count it was given and never checks.
fn is_asked_here(defect: &Defect) -> bool {
    match defect.verdict {
        Verdict::Short { .. } => true,
        Verdict::Late { .. } => defect.class == Class::Underflow && defect.wire > Wire::Faint,
        _ => defect.evidence == Some(Evidence::Header),
    }
}

fn confidence(defect: &Defect) -> Confidence {
    let strong = defect.wire == Wire::Strong || defect.caller_wire == Wire::Strong;
    if defect.contract || defect.vague && defect.callers.is_empty() && !is_asked_here(defect) {
        return Confidence::Low;
    }
    match defect.verdict {
        Verdict::Short { .. } | Verdict::Late { .. } if strong => Confidence::High,
        Verdict::Short { .. } | Verdict::Late { .. } if defect.wire > Wire::Faint => Confidence::Medium,
        // Where too few bytes do no harm, only the value is wrong.
        Verdict::Short { .. } if defect.class == Class::Take && defect.wire < Wire::Weak => Confidence::Low,
        // A check for fewer bytes than are then read shows that they may be missing, whoever sent them.
        Verdict::Short { .. } | Verdict::Late { .. } if matches!(defect.class, Class::Read | Class::Take) => {
            Confidence::Medium
        }
        _ if defect.class == Class::NeverNegative || defect.sibling.is_some() => Confidence::Medium,
        _ if defect.class == Class::Append && defect.limit.is_empty() => Confidence::Medium,
        // `%s` into an array: a width costs nothing, whoever wrote the text.
        _ if defect.class == Class::Scan && defect.room.is_some() => Confidence::Medium,
        _ if defect.evidence.is_some() => Confidence::Medium,
        Verdict::Unchecked | Verdict::Short { .. } if defect.class == Class::WouldBe => Confidence::Medium,
        Verdict::Unchecked if strong => Confidence::Medium,
        _ => Confidence::Low,
    }
}
