//! `spin-on-eof`: a loop that keeps reading at the end of its input.

use super::again::{Again, Passes};
use crate::checks::{Context, Rule, View};
use crate::hir::{BinaryOp, ExprId, ExprKind};
use crate::report::{Confidence, Finding};

pub const RULE: Rule = Rule {
    id: "spin-on-eof",
    page: include_str!("../../../rules/spin-on-eof.md"),
    yields_to: &[],
    words: &[],
    wants: |_| true,
    check,
};

/// What each function returns at the end of its input.
const READERS: [(&str, i64); 12] = [
    ("read", 0),
    ("recv", 0),
    ("readv", 0),
    ("fread", 0),
    ("fgets", 0),
    ("getline", -1),
    ("getc", -1),
    ("fgetc", -1),
    ("getchar", -1),
    ("getc_unlocked", -1),
    ("getchar_unlocked", -1),
    ("getdelim", -1),
];

fn check(cx: &Context, view: &View, out: &mut Vec<Finding>) {
    let body = &view.function.body;
    for (call, name, _) in body.calls() {
        let Some(&(_, end)) = READERS.iter().find(|(reader, _)| *reader == name) else { continue };
        if cx.program.is_defined(name) || cx.program.macros.is_defined(name) {
            continue;
        }
        let Some(again) = Again::new(view, call, end) else { continue };
        if body.stmt(again.stmt).in_macro {
            continue;
        }
        let Some(way) = again.way(&|other| passes(cx, view, &again, other)) else { continue };
        if way.test.is_none() && !is_added(view, &again) {
            continue;
        }
        let confidence = if way.surely { Confidence::Medium } else { Confidence::Low };
        let span = body.expr(call).span;
        let mut f = view.finding(RULE.id, confidence, span, span);
        f.label = "read again at the end".into();
        f.message = match end {
            0 => format!("`{name}` returns 0 at the end of its input, and the loop calls it again forever"),
            _ => format!("`{name}` fails at the end of its input, and the loop calls it again forever"),
        };
        if let Some(test) = way.test {
            f.related.push(view.related(body.expr(test).span, "lets the end pass"));
        }
        f.notes.push(
            "outage: a peer that closes its connection leaves a thread busy forever, one for each connection".into(),
        );
        out.push(f);
    }
}

/// The result is accumulated: `got += n`.
fn is_added(view: &View, again: &Again) -> bool {
    view.function.body.exprs.iter().any(|e| match e.kind {
        ExprKind::Assign { op: Some(BinaryOp::Add | BinaryOp::Sub), right, .. } => again.mentions(right),
        _ => false,
    })
}

fn passes(cx: &Context, view: &View, again: &Again, e: ExprId) -> Passes {
    /// These calls end the path, or switch it to another input.
    const ENDS: [&str; 16] = [
        "eof", "ferror", "sleep", "delay", "closed", "timeout", "gone", "alive", "open", "accept", "socket", "connect",
        "seek", "ioctl", "rewind", "readdir",
    ];
    const IS_QUICK: [&str; 7] = ["print", "mem", "str", "is", "to", "put", "log"];
    let body = &view.function.body;
    let args = match &body.expr(e).kind {
        ExprKind::Call { args, .. } => args,
        // `if (n <= 0 && errno == EINTR)`: its value is not from a successful read.
        ExprKind::Name(name) if body.names.text(*name) == "errno" => return Passes::Never,
        _ => return Passes::Surely,
    };
    let Some(name) = body.callee(e) else { return Passes::Maybe };
    let lower = name.to_ascii_lowercase();
    let reads = READERS.iter().any(|(reader, _)| *reader == name);
    if reads || cx.program.catalog.delay(name).is_some() || ENDS.iter().any(|word| lower.contains(word)) {
        return Passes::Never;
    }
    let is_told = args.iter().any(|&a| again.mentions(a));
    let is_quick = cx.program.catalog.log(name).is_some() || IS_QUICK.iter().any(|word| lower.starts_with(word));
    if is_quick && !is_told { Passes::Surely } else { Passes::Maybe }
}
