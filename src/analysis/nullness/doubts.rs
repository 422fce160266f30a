//! Pointers that nothing in their function suggests may be null, but something else does: they are tested after the
//! use, a caller passes null, or other functions check the same member.

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use super::callers::Callers;
use super::elsewhere::{elsewhere, ends_a_walk, guards_release};
use super::members::{Part, may_be_pointer, minded};
use super::miss::Doubt;
use super::miss::Miss;
use super::settled::Settled;
use super::sites::Sites;
use super::state::is_unasked;
use super::walk::is_null_literal;
use super::{Facts, Origin, Use, UseKind, bits};
use crate::analysis::access::{Place, place};
use crate::analysis::messages::Input;
use crate::hir::{Body, ExprId, ExprKind, UnaryOp};
use crate::program::{Definition, Program};
use crate::source::{FileId, Span};

/// With fewer functions than this checking a member, no belief is formed.
const MIN_ASKING: u32 = 3;
/// Percentage of the functions using a member that have to check it.
const MIN_SHARE: u32 = 70;
/// The same for a member that is set to null somewhere.
const MIN_SHARE_NULLED: u32 = 60;
/// Percentage of the functions passing a member to a certain function that have to check it before.
const MIN_SHARE_GUARDED: u32 = 50;

/// Like [`MIN_SHARE`], where the member is read only for a log line.
const MIN_SHARE_LOGGED: u32 = 10;

/// By parameter: a caller that passes null, or what may be null.
type Given = FxHashMap<(Definition, u8), Doubt>;

/// What a function does with an argument.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// It is not defined in the program.
    Unknown,
    /// It is not defined in the program, and named like a function that reads the argument.
    Likely,
    /// It accepts null, or may.
    No,
    Yes(FileId, Span),
}

/// Looks up what a function, called in a file, does with an argument.
pub type Readings<'r> = &'r (dyn Fn(&str, FileId, u8) -> Reading + Sync);

/// A member, and the function and argument position that it is passed to.
type Gift = (Part, Box<str>, u8);

/// By input: the doubtful pointers, except those that `known` reports.
pub fn doubts(
    program: &Program,
    inputs: &[Input],
    facts: &[Facts],
    known: &[Vec<Miss>],
    reads: Readings,
    sites: &Sites,
) -> Vec<Vec<Miss>> {
    let parts: Vec<Vec<(Part, Use)>> =
        (0..inputs.len()).into_par_iter().map(|n| unasked(program, &inputs[n], &facts[n])).collect();
    let beliefs = beliefs(program, inputs, facts, &parts);
    let nulled = nulled(program, inputs, facts);
    let gifts: Vec<Vec<(Gift, Use)>> =
        (0..inputs.len()).into_par_iter().map(|n| gifts(program, &inputs[n], &facts[n])).collect();
    let guards = guards(program, inputs, facts, &gifts);
    let given = given(program, inputs, facts);
    let settled = Settled::new(program, inputs, facts, sites);
    let body_of = |n: usize| &inputs[n].function.body;
    let one = |n: usize| {
        let mut all = late_or_given(&inputs[n], &facts[n], &given, &known[n], reads);
        elsewhere(&inputs[n], &facts[n], &known[n], &mut all);
        for miss in &mut all {
            miss.seen_to =
                matches!(miss.used.origin, Origin::Parameter(i) if sites.give_address(n as u32, usize::from(i)));
        }
        let told: FxHashSet<Origin> = all.iter().map(|m| m.used.origin).collect();
        for (part, used) in parts[n].iter().filter(|(_, used)| !told.contains(&used.origin)) {
            let others = beliefs.get(part).copied().unwrap_or_default();
            let optional = is_optional(program, &inputs[n], used);
            let contrary = others.all() >= 6 && others.asked * 3 < others.all();
            let believed = others.asked >= MIN_ASKING && others.asked * 100 >= others.all() * MIN_SHARE;
            // Some function sets it to null, and some function checks it.
            let comes_and_goes = others.asked >= 1
                && (others.unasked == 1 || others.asked * 100 >= others.all() * MIN_SHARE_NULLED)
                && nulled.contains(part);
            let by_call = || matches!(used.origin, Origin::Loaded(e) if settled.by_call(&inputs[n], e));
            let is_asked = || matches!(used.origin, Origin::Loaded(e) if settled.is_asked_by_callers(&inputs[n], e));
            let by_callers = || matches!(used.origin, Origin::Loaded(e) if settled.by_callers(&inputs[n], e));
            // A log line is written when something is not as it should be.
            let some_ask = others.asked >= 2 && others.asked * 100 >= others.all() * MIN_SHARE_LOGGED;
            let in_log = || some_ask && is_logged(program, body_of(n), used);
            let optional_here = optional && !contrary;
            if (optional_here || believed || comes_and_goes || in_log()) && (optional_here || !by_call() && !is_asked())
            {
                let settled = by_callers() || optional_here && by_call();
                let nulled = nulled.contains(part);
                let doubt = Doubt::Part { field: part.field.clone(), others, optional, nulled, settled };
                all.push(Miss::doubted(used.clone(), doubt));
            }
        }
        let mut told: FxHashSet<Origin> = all.iter().chain(&known[n]).map(|m| m.used.origin).collect();
        for (gift, used) in &gifts[n] {
            let others = guards.get(gift).copied().unwrap_or_default();
            if others.asked == 0 || others.asked * 100 < others.all() * MIN_SHARE_GUARDED {
                continue;
            }
            let inside = match reads(&gift.1, inputs[n].function.file, gift.2) {
                Reading::Yes(file, span) => Some((file, span)),
                Reading::Unknown | Reading::Likely if !takes_null(&gift.1) => None,
                _ => continue,
            };
            if told.insert(used.origin) {
                let Origin::Loaded(e) = used.origin else { continue };
                let nulled = nulled.contains(&gift.0) && may_be_pointer(program, inputs[n].function, inputs[n].text, e);
                let settled = settled.by_call(&inputs[n], e) || settled.by_callers(&inputs[n], e);
                let doubt = Doubt::Guarded { field: gift.0.field.clone(), others, nulled, settled };
                all.push(Miss { inside, ..Miss::doubted(used.clone(), doubt) });
            }
        }
        all
    };
    (0..inputs.len()).into_par_iter().map(one).collect()
}

/// Whether the pointer is read in an argument of a log call.
fn is_logged(program: &Program, body: &Body, used: &Use) -> bool {
    let at = body.expr(used.expr).span;
    body.calls().any(|(call, name, _)| {
        let own = body.expr(call).span;
        own.start <= at.start && at.end <= own.end && program.catalog.model(name).is_some_and(|m| m.log().is_some())
    })
}

/// Whether the catalog says that the member used may be absent.
fn is_optional(program: &Program, input: &Input, used: &Use) -> bool {
    let Origin::Loaded(e) = used.origin else { return false };
    Part::written(input.function, input.text, e).is_some_and(|p| program.catalog.is_optional(&p.owner, &p.field))
}

/// The first use of each member that the function reads through and never checks.
fn unasked(program: &Program, input: &Input, facts: &Facts) -> Vec<(Part, Use)> {
    let body = &input.function.body;
    let plain = |u: &&Use| {
        matches!(u.origin, Origin::Loaded(_))
            && u.kind.is_direct()
            && is_unasked(u.known)
            && !u.one_of
            && !body.stmt(u.stmt).in_macro
    };
    let mut uses: Vec<&Use> = facts.uses.iter().filter(plain).collect();
    if uses.is_empty() {
        return Vec::new();
    }
    uses.sort_by_key(|u| body.expr(u.expr).span.start);
    let minded = minded(body, facts);
    let mut seen: FxHashSet<Place> = FxHashSet::default();
    let mut all = Vec::new();
    for used in uses {
        let Origin::Loaded(e) = used.origin else { continue };
        let Some(place) = place(body, e) else { continue };
        if minded.contains(&place) || !seen.insert(place) {
            continue;
        }
        // `api.open(x)` through a table that is filled at startup.
        if used.kind == UseKind::Called && matches!(body.expr(e).kind, ExprKind::Member { arrow: false, .. }) {
            continue;
        }
        let Some(part) = Part::of(program, input.function, input.text, e) else { continue };
        let filled = program.catalog.is_filled_by_call(&part.field) && is_given(body, e);
        if !filled && !program.catalog.is_text_of_object(&part.field) {
            all.push((part, used.clone()));
        }
    }
    all
}

/// The first use of each member that the function passes to another one and never checks.
fn gifts(program: &Program, input: &Input, facts: &Facts) -> Vec<(Gift, Use)> {
    let body = &input.function.body;
    let mut uses: Vec<(&Use, &str, u8)> = Vec::new();
    for used in &facts.uses {
        if let (Origin::Loaded(_), UseKind::Given { callee, arg }) = (used.origin, &used.kind)
            && is_unasked(used.known)
            && used.known & bits::NOT_NULL == 0
            && !used.one_of
            && !body.stmt(used.stmt).in_macro
        {
            uses.push((used, callee, *arg));
        }
    }
    if uses.is_empty() {
        return Vec::new();
    }
    uses.sort_by_key(|(u, ..)| body.expr(u.expr).span.start);
    let minded = minded(body, facts);
    let mut all: Vec<(Gift, Use)> = Vec::new();
    for (used, callee, arg) in uses {
        let Origin::Loaded(e) = used.origin else { continue };
        if place(body, e).is_none_or(|place| minded.contains(&place)) {
            continue;
        }
        let Some(part) = Part::of(program, input.function, input.text, e) else { continue };
        let gift = (part, callee.into(), arg);
        if !program.catalog.is_text_of_object(&gift.0.field) && all.iter().all(|(other, _)| *other != gift) {
            all.push((gift, used.clone()));
        }
    }
    all
}

/// By gift: how many functions check the member before, and how many do not.
fn guards(
    program: &Program,
    inputs: &[Input],
    facts: &[Facts],
    gifts: &[Vec<(Gift, Use)>],
) -> FxHashMap<Gift, Callers> {
    let mut all: FxHashMap<Gift, Callers> = FxHashMap::default();
    for (n, input) in inputs.iter().enumerate().filter(|(_, input)| input.definition.is_some()) {
        let guarded = facts[n].members_guarded.iter().filter_map(|(e, callee, arg)| {
            Some((Part::of(program, input.function, input.text, *e)?, callee.clone(), *arg))
        });
        let guarded: FxHashSet<Gift> = guarded.collect();
        guarded.into_iter().for_each(|gift| all.entry(gift).or_default().asked += 1);
        gifts[n].iter().for_each(|(gift, _)| all.entry(gift.clone()).or_default().unasked += 1);
    }
    all
}

/// The members that some function sets to null.
fn nulled(program: &Program, inputs: &[Input], facts: &[Facts]) -> FxHashSet<Part> {
    let of = |n: usize| {
        facts[n].members_nulled.iter().filter_map(move |&e| Part::of(program, inputs[n].function, inputs[n].text, e))
    };
    (0..inputs.len()).filter(|&n| inputs[n].definition.is_some()).flat_map(of).collect()
}

/// `channel_get_name(c)`: named like a function that looks into its object.
pub fn is_accessor(name: &str) -> bool {
    const WORDS: [&str; 5] = ["get", "set", "test", "parse", "decode"];
    let (mut word, mut before) = (String::new(), '_');
    for c in name.chars().chain(['_']) {
        if c == '_' || (c.is_uppercase() && before.is_lowercase()) {
            if WORDS.contains(&word.as_str()) {
                return !may_take_null(name);
            }
            word.clear();
        }
        if c != '_' {
            word.push(c.to_ascii_lowercase());
        }
        before = c;
    }
    false
}

/// Named like a function that releases something and does nothing for null.
pub fn takes_null(name: &str) -> bool {
    const WORDS: [&str; 16] = [
        "free", "unref", "deref", "destroy", "release", "delete", "del", "put", "close", "cleanup", "clear", "remove",
        "cancel", "stop", "print", "dump",
    ];
    let lower = name.to_ascii_lowercase();
    lower.split('_').any(|w| WORDS.iter().any(|&word| w == word || (word.len() > 4 && w.ends_with(word))))
        || lower.ends_with("free")
}

/// Named like a function that may well be passed null: it releases, tests, copies, or prints something.
pub fn may_take_null(name: &str) -> bool {
    const WORDS: [&str; 20] = [
        "is", "has", "empty", "zero", "zstr", "true", "false", "dup", "strdup", "json", "cjson", "log", "debug",
        "trace", "safe", "ref", "append", "prepend", "equal", "printf",
    ];
    // Documented to accept null.
    const KNOWN: [&str; 6] = [
        "ssl_cipher_get_name",
        "ssl_cipher_get_bits",
        "ssl_cipher_get_version",
        "g_strcmp0",
        "g_set_error",
        "g_propagate_error",
    ];
    let lower = name.to_ascii_lowercase();
    takes_null(name)
        || KNOWN.contains(&lower.as_str())
        || lower.split('_').any(|w| WORDS.contains(&w) || w.ends_with("cmp"))
}

/// Whether a call before the member `e` is passed the object containing it, or the address of that object.
fn is_given(body: &Body, e: ExprId) -> bool {
    let ExprKind::Member { base, .. } = body.expr(e).kind else { return false };
    let Some(object) = place(body, base) else { return false };
    let is_it = |mut arg: ExprId| {
        while let ExprKind::Cast { operand, .. } | ExprKind::Unary { op: UnaryOp::AddressOf, operand } =
            body.expr(arg).kind
        {
            arg = operand;
        }
        place(body, arg).is_some_and(|p| p == object)
    };
    let mut calls = body.calls().filter(|(call, ..)| body.expr(*call).span.start < body.expr(e).span.start);
    calls.any(|(_, _, args)| args.iter().any(|&a| is_it(a)))
}

/// By member: how many functions check it, and how many read through it without a check.
fn beliefs(
    program: &Program,
    inputs: &[Input],
    facts: &[Facts],
    unasked: &[Vec<(Part, Use)>],
) -> FxHashMap<Part, Callers> {
    let mut all: FxHashMap<Part, Callers> = FxHashMap::default();
    for (n, input) in inputs.iter().enumerate().filter(|(_, input)| input.definition.is_some()) {
        let not: FxHashSet<&Part> = unasked[n].iter().map(|(part, _)| part).collect();
        let asked = facts[n].members_asked.iter().filter_map(|&e| Part::of(program, input.function, input.text, e));
        let asked: FxHashSet<Part> = asked.filter(|part| !not.contains(part)).collect();
        not.into_iter().for_each(|part| all.entry(part.clone()).or_default().unasked += 1);
        asked.into_iter().for_each(|part| all.entry(part).or_default().asked += 1);
    }
    all
}

fn given(program: &Program, inputs: &[Input], facts: &[Facts]) -> Given {
    let mut all = Given::default();
    for (n, input) in inputs.iter().enumerate().filter(|(_, i)| !program.is_test(i.function.file)) {
        let function = input.function;
        let body = &function.body;
        let meant = |name: &str, arg: u8| match program.callees(name, function.file)[..] {
            [definition] => Some((definition, arg)),
            _ => None,
        };
        for &(call, arg) in facts[n].nulls_given.iter().filter(|(call, _)| says_something(body, *call)) {
            if let Some(key) = body.callee(call).and_then(|name| meant(name, arg)) {
                all.insert(key, Doubt::Given { file: function.file, span: body.expr(call).span });
            }
        }
        for used in &facts[n].uses {
            if let (Origin::Loaded(e), UseKind::Given { callee, arg }) = (used.origin, &used.kind)
                && is_unasked(used.known)
                && let Some(part) = Part::written(function, input.text, e)
                && program.catalog.is_optional(&part.owner, &part.field)
                && let Some(key) = meant(callee, *arg)
            {
                let span = body.expr(used.expr).span;
                all.entry(key).or_insert(Doubt::GivenPart { file: function.file, span, field: part.field });
            }
        }
    }
    all
}

/// `void on_done(void *user, int error, struct reply *reply)`: the caller says in `error` whether there is a reply, and
/// the function ignores that.
fn ignored_error(input: &Input, pointer: u8) -> Option<Doubt> {
    const NAMES: [&str; 6] = ["err", "error", "errcode", "error_code", "status", "errnum"];
    let function = input.function;
    let body = &function.body;
    let declared = |i: usize| input.text.get(function.params.get(i)?.span.range());
    let given = declared(usize::from(pointer))?;
    if !given.contains('*')
        || given.split(|c: char| !c.is_alphanumeric() && c != '_').any(|w| matches!(w, "void" | "char"))
    {
        return None;
    }
    let error = function.params.iter().enumerate().find(|(i, p)| {
        NAMES.contains(&body.names.text(p.name)) && declared(*i).is_some_and(|text| !text.contains(['*', '[']))
    })?;
    let is_read = body.exprs.iter().any(|e| matches!(e.kind, ExprKind::Name(n) if n == error.1.name));
    (!is_read).then_some(Doubt::ErrorIgnored { error: error.1.span })
}

/// Whether some argument is neither a constant nor null: otherwise the call is not meant literally.
fn says_something(body: &Body, call: ExprId) -> bool {
    let ExprKind::Call { args, .. } = &body.expr(call).kind else { return false };
    args.iter().any(|&a| match body.expr(a).kind {
        ExprKind::Name(name) => body.names.text(name).bytes().any(|b| b.is_ascii_lowercase()),
        ExprKind::Member { .. } | ExprKind::Call { .. } | ExprKind::Unary { .. } | ExprKind::Index { .. } => true,
        _ => false,
    })
}

/// Whether `if (!p->a) p->a = none;` precedes the use.
fn is_given_a_default(body: &Body, facts: &Facts, used: &Use) -> bool {
    let Origin::Loaded(e) = used.origin else { return false };
    let Some(own) = place(body, e) else { return false };
    let before = body.expr(used.expr).span.start;
    let is_it = |e: ExprId| place(body, e).is_some_and(|p| p == own);
    let asked = facts.members_asked.iter().filter(|&&e| is_it(e)).map(|&e| body.expr(e).span.start).min();
    asked.is_some_and(|asked| {
        body.exprs.iter().any(|e| {
            (asked..before).contains(&e.span.start)
                && matches!(e.kind, ExprKind::Assign { op: None, left, right }
                    if is_it(left) && !is_null_literal(body, right, true))
        })
    })
}

/// Pointers that are dereferenced and then tested, and parameters for which some caller passes null.
fn late_or_given(input: &Input, facts: &Facts, given: &Given, known: &[Miss], reads: Readings) -> Vec<Miss> {
    let body = &input.function.body;
    let mut seen: FxHashSet<Origin> = known.iter().map(|m| m.used.origin).collect();
    let start = |e: ExprId| body.expr(e).span.start;
    let mut uses: Vec<&Use> = facts.uses.iter().filter(|u| is_unasked(u.known) && !u.one_of).collect();
    uses.sort_by_key(|u| start(u.expr));
    let mut all = Vec::new();
    for used in uses.into_iter().filter(|u| !body.stmt(u.stmt).in_macro) {
        if seen.contains(&used.origin) {
            continue;
        }
        let late = facts.late.get(&used.origin);
        let late = late.filter(|&&test| start(test) > start(used.expr) && !ends_a_walk(body, test, used.expr));
        if late.is_some() && is_given_a_default(body, facts, used) {
            continue;
        }
        let mut inside = None;
        let doubt = match (used.origin, late) {
            (_, Some(&test)) if used.kind.is_direct() => Some(Doubt::Late(test)),
            (origin, None) if let UseKind::Given { callee, arg } = &used.kind => {
                inside = match reads(callee, input.function.file, *arg) {
                    Reading::Yes(file, span) => Some((file, span)),
                    _ => None,
                };
                // For a function that is not here: only the object that it works on.
                let may_read = inside.is_some()
                    || (matches!(reads(callee, input.function.file, *arg), Reading::Unknown | Reading::Likely)
                        && *arg == 0
                        && !callee.starts_with("va_")
                        && !takes_null(callee));
                let late = facts.late_given.get(&origin).filter(|&&test| {
                    start(test) > start(used.expr) && (inside.is_some() || !guards_release(body, test))
                });
                late.filter(|_| may_read).map(|&test| Doubt::Late(test))
            }
            (Origin::Parameter(i), _) if used.kind.is_direct() || used.kind.is_part() => {
                let given = input.definition.and_then(|d| given.get(&(d, i))).cloned();
                given.or_else(|| ignored_error(input, i).filter(|_| used.kind.is_direct()))
            }
            _ => None,
        };
        if let Some(doubt) = doubt {
            seen.insert(used.origin);
            // For several pointers in one statement, one report is enough.
            if all.last().is_some_and(|m: &Miss| m.used.stmt == used.stmt) {
                continue;
            }
            all.push(Miss { inside, ..Miss::doubted(used.clone(), doubt) });
        }
    }
    all
}
