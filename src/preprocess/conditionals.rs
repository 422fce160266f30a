//! The conditional tree of a file (`#if` … `#endif`) and the choices of arms under which it is read.
//!
//! A choice is made by assigning a truth value to each *atom* (`defined(X)`, or the text of a test that is not
//! understood), so that two groups with the same test get the same answer, as they would in a compiler.

use rustc_hash::FxHashMap;

pub use super::condition::Condition;
use super::condition::{atom, parse};
use super::scan::{Scan, blank};
use super::token::is_ident_part;
use crate::source::Span;

#[derive(Clone, Debug)]
pub struct Arm {
    pub condition: Condition,
    /// The directive that opens the arm.
    pub directive: Span,
    /// From the end of that directive to the start of the group's next one.
    pub body: Span,
}

#[derive(Clone, Debug)]
pub struct Group {
    pub arms: Vec<Arm>,
    /// The group and arm that contain this group.
    pub parent: Option<(usize, usize)>,
}

#[derive(Default)]
pub struct Conditionals {
    pub groups: Vec<Group>,
}

/// One way to read a file: the arm chosen in each group (`None` if no condition holds and there is no `#else`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    pub arms: Vec<Option<usize>>,
}

/// Values assigned to atoms. A failed attempt is rolled back: a file may have tens of thousands of atoms, too many to
/// copy for each attempt.
#[derive(Default)]
struct Assignment {
    values: FxHashMap<Box<str>, bool>,
    /// In assignment order.
    given: Vec<Box<str>>,
}

impl Assignment {
    fn give(&mut self, name: &str, value: bool) {
        self.values.insert(name.into(), value);
        self.given.push(name.into());
    }

    /// Keeps the assignments of `attempt` only if it succeeds.
    fn attempt(&mut self, attempt: impl FnOnce(&mut Assignment) -> bool) -> bool {
        let before = self.given.len();
        let done = attempt(self);
        if !done {
            for name in self.given.drain(before..) {
                self.values.remove(&name);
            }
        }
        done
    }
}

/// Groups nested deeper than this stay part of the enclosing arm; no real file nests that deep.
const MAX_NESTING: usize = 256;

impl Conditionals {
    pub fn new(text: &str, scan: &Scan) -> Conditionals {
        let mut groups: Vec<Group> = Vec::new();
        let mut guards: Vec<Option<bool>> = Vec::new();
        let mut open: Vec<usize> = Vec::new();
        let mut skipped = 0;
        for (index, directive) in scan.directives.iter().enumerate() {
            let keyword = &text[directive.keyword.range()];
            if !matches!(keyword, "if" | "ifdef" | "ifndef" | "elif" | "elifdef" | "elifndef" | "else" | "endif") {
                continue;
            }
            let opens = keyword.starts_with("if");
            if opens && (open.len() >= MAX_NESTING || skipped > 0) {
                skipped += 1;
                continue;
            }
            if skipped > 0 {
                skipped -= usize::from(keyword == "endif");
                continue;
            }
            let arm = || {
                let rest = scan.rest(text, directive);
                let name = || rest.split_whitespace().next().unwrap_or("");
                let condition = match keyword {
                    "ifdef" | "elifdef" => atom(name()),
                    "ifndef" | "elifndef" => Condition::Not(Box::new(atom(name()))),
                    "else" => Condition::Const(true),
                    _ => parse(&rest),
                };
                let end = directive.span.end as usize;
                Arm { condition, directive: directive.span, body: Span::new(end, end.max(text.len())) }
            };
            if opens {
                let parent = open.last().map(|&g| (g, groups[g].arms.len() - 1));
                let arm = arm();
                guards.push(guard(text, scan, index, &arm.condition));
                groups.push(Group { arms: vec![arm], parent });
                open.push(groups.len() - 1);
                continue;
            }
            let Some(&group) = open.last() else { continue };
            if let Some(last) = groups[group].arms.last_mut() {
                last.body.end = directive.span.start;
            }
            if keyword == "endif" {
                open.pop();
            } else {
                groups[group].arms.push(arm());
            }
        }
        for (group, guard) in groups.iter_mut().zip(guards) {
            if guard.is_some_and(|at_head| at_head || group.arms.len() == 1) {
                group.arms[0].condition = Condition::Const(true);
            }
        }
        Conditionals { groups }
    }

    /// The choice read first: settled names as the repository defines them, otherwise the first arm of each group.
    pub fn base(&self, settled: &dyn Fn(&str) -> Option<bool>) -> Choice {
        self.choose(Assignment::default(), settled)
    }

    /// Further choices, so that every arm for which `wanted` holds is read under one of them; and the number of wanted
    /// arms that stay unread because `limit` choices were reached.
    pub fn alternates(
        &self,
        base: &Choice,
        settled: &dyn Fn(&str) -> Option<bool>,
        wanted: &dyn Fn(&Arm) -> bool,
        limit: usize,
    ) -> (Vec<Choice>, usize) {
        let mut unread: Vec<(usize, Option<usize>)> = Vec::new();
        for (g, group) in self.groups.iter().enumerate() {
            if !group.arms.iter().any(wanted) {
                continue;
            }
            unread.extend((0..group.arms.len()).filter(|&a| self.can_hold(g, a)).map(|a| (g, Some(a))));
            // An `#if` without `#else` can also be read with no arm at all.
            if group.arms.iter().all(|a| a.condition != Condition::Const(true)) {
                unread.push((g, None));
            }
        }
        self.choices_for(unread, base, settled, limit)
    }

    /// Further choices for the declarations in an `#if`, so that every arm for which `wanted` holds is read under one
    /// of them, except arms of another platform and arms that settled names rule out. A lone `#if` for which `may_lack`
    /// holds is left out under one of them.
    pub fn contrary(
        &self,
        base: &Choice,
        settled: &dyn Fn(&str) -> Option<bool>,
        wanted: &dyn Fn(&Arm) -> bool,
        may_lack: &dyn Fn(&Arm) -> bool,
        limit: usize,
    ) -> Vec<Choice> {
        let mut unread: Vec<(usize, Option<usize>)> = Vec::new();
        // Per group: which arms may be read.
        let mut may_hold: Vec<Vec<bool>> = Vec::with_capacity(self.groups.len());
        for (g, group) in self.groups.iter().enumerate() {
            let around = group.parent.is_none_or(|(parent, arm)| may_hold[parent][arm]);
            let mut certain = false;
            let arms = group.arms.iter().map(|arm| {
                let mut given = Assignment::default();
                settle(&arm.condition, &mut given, settled);
                let holds = evaluate(&arm.condition, &given);
                let may = around && !certain && holds != Some(false);
                certain |= holds == Some(true);
                may
            });
            let arms: Vec<bool> = arms.collect();
            unread.extend((0..arms.len()).filter(|&a| arms[a] && wanted(&group.arms[a])).map(|a| (g, Some(a))));
            if let [arm] = &group.arms[..]
                && arms[0]
                && !certain
                && may_lack(arm)
            {
                unread.push((g, None));
            }
            may_hold.push(arms);
        }
        self.choices_for(unread, base, settled, limit).0
    }

    /// Choices that together read the given arms that `base` does not, and the number of arms left unread.
    fn choices_for(
        &self,
        mut unread: Vec<(usize, Option<usize>)>,
        base: &Choice,
        settled: &dyn Fn(&str) -> Option<bool>,
        limit: usize,
    ) -> (Vec<Choice>, usize) {
        let read = |choice: &Choice, (g, a): (usize, Option<usize>)| choice.arms[g] == a && self.is_live(choice, g);
        unread.retain(|&arm| !read(base, arm));
        let mut choices: Vec<Choice> = Vec::new();
        let mut given_up = 0;
        while let Some(&first) = unread.first() {
            if choices.len() == limit {
                return (choices, unread.len() + given_up);
            }
            let mut assignment = Assignment::default();
            if !self.require_arm(first.0, first.1, &mut assignment) {
                unread.remove(0);
                given_up += 1;
                continue;
            }
            // Pack as many further arms as possible into the same reading.
            for &(g, a) in &unread[1..] {
                assignment.attempt(|trial| self.require_arm(g, a, trial));
            }
            let choice = self.choose(assignment, settled);
            let before = unread.len();
            unread.retain(|&arm| !read(&choice, arm));
            if unread.len() == before {
                unread.remove(0);
                given_up += 1;
            }
            choices.push(choice);
        }
        (choices, given_up)
    }

    /// The spans that `choice` leaves out.
    pub fn dead(&self, choice: &Choice) -> Vec<Span> {
        let mut dead = Vec::new();
        for (group, chosen) in self.groups.iter().zip(&choice.arms) {
            dead.extend(group.arms.iter().enumerate().filter(|&(a, _)| Some(a) != *chosen).map(|(_, arm)| arm.body));
        }
        dead
    }

    /// `code` with the arms that `choice` leaves out blanked.
    pub fn mask(&self, code: &str, choice: &Choice) -> String {
        blank(code, &self.dead(choice))
    }

    /// The groups that `choice` reads differently from `base`, in order, each with a human-readable assumption.
    pub fn assumed(&self, text: &str, choice: &Choice, base: &Choice) -> Vec<(Span, String)> {
        let line = |span: Span| text[span.range()].lines().next().unwrap_or("").trim();
        let mut all = Vec::new();
        for (g, group) in self.groups.iter().enumerate() {
            if choice.arms[g] == base.arms[g] || !self.is_live(choice, g) {
                continue;
            }
            let extent = group.arms.iter().fold(group.arms[0].directive, |all, arm| all.to(arm.body));
            let first = line(group.arms[0].directive);
            let says = match choice.arms[g].map(|a| (a, line(group.arms[a].directive))) {
                Some((0, _)) => format!("where `{first}` holds"),
                Some((_, arm)) if arm.contains("elif") => format!("where `{arm}` holds"),
                _ => format!("where `{first}` does not hold"),
            };
            all.push((extent, says));
        }
        all
    }

    /// Whether two choices read `within` the same way.
    pub fn same_within(&self, a: &Choice, b: &Choice, within: Span) -> bool {
        self.overlapping(within).all(|g| a.arms[g] == b.arms[g])
    }

    /// The groups that overlap `within`, in order: those around its start, then those that begin in it. Called for each
    /// function, so it does not scan every group.
    fn overlapping(&self, within: Span) -> impl Iterator<Item = usize> {
        let begin_before = |offset| self.groups.partition_point(|g| g.arms[0].directive.start < offset);
        let (first, end) = (begin_before(within.start), begin_before(within.end));
        let parent = |&g: &usize| self.groups[g].parent.map(|(parent, _)| parent);
        let open = |g: &usize| self.groups[*g].arms.last().is_some_and(|arm| arm.body.end > within.start);
        let mut around: Vec<usize> = std::iter::successors(first.checked_sub(1), parent).filter(open).collect();
        around.reverse();
        around.into_iter().chain(first..end)
    }

    fn is_live(&self, choice: &Choice, mut group: usize) -> bool {
        while let Some((parent, arm)) = self.groups[group].parent {
            if choice.arms[parent] != Some(arm) {
                return false;
            }
            group = parent;
        }
        true
    }

    /// False for `#if 0`, and for anything after an `#if 1`.
    fn can_hold(&self, group: usize, arm: usize) -> bool {
        let arms = &self.groups[group].arms;
        evaluate(&arms[arm].condition, &Assignment::default()) != Some(false)
            && arms[..arm].iter().all(|a| evaluate(&a.condition, &Assignment::default()) != Some(true))
    }

    /// Extends `assignment` so that `arm` of `group` and everything around it is read; false if that is impossible.
    fn require_arm(&self, group: usize, arm: Option<usize>, assignment: &mut Assignment) -> bool {
        let mut at = Some((group, arm));
        while let Some((g, arm)) = at {
            let arms = &self.groups[g].arms;
            let before = arm.unwrap_or(arms.len());
            if !arms[..before].iter().all(|a| require(&a.condition, false, assignment)) {
                return false;
            }
            if arm.is_some_and(|a| !require(&arms[a].condition, true, assignment)) {
                return false;
            }
            at = self.groups[g].parent.map(|(parent, arm)| (parent, Some(arm)));
        }
        true
    }

    fn choose(&self, mut assignment: Assignment, settled: &dyn Fn(&str) -> Option<bool>) -> Choice {
        let mut arms = Vec::with_capacity(self.groups.len());
        for group in &self.groups {
            let mut chosen = None;
            for (a, arm) in group.arms.iter().enumerate() {
                settle(&arm.condition, &mut assignment, settled);
                let holds = evaluate(&arm.condition, &assignment)
                    .unwrap_or_else(|| require(&arm.condition, true, &mut assignment));
                if holds {
                    chosen = Some(a);
                    break;
                }
            }
            arms.push(chosen);
        }
        Choice { arms }
    }
}

/// Arms for another platform are read last, those for this one first.
fn platform(name: &str) -> Option<bool> {
    match name {
        "_WIN32" | "WIN32" | "_WIN64" | "_MSC_VER" | "__CYGWIN__" | "__MINGW32__" | "__APPLE__" | "__sun" | "__VMS"
        | "__SYMBIAN32__" | "_WIN32_WCE" | "__BORLANDC__" | "__EMX__" | "MSDOS" | "OS2" | "lint" | "__lint__"
        | "__clang__" | "__BLOCKS__" | "__KLOCWORK__" | "__COVERITY__" | "__clang_analyzer__" => Some(false),
        "__GNUC__" | "__linux__" | "__linux" | "__STDC__" | "__unix__" | "unix" => Some(true),
        _ => None,
    }
}

fn settle(condition: &Condition, assignment: &mut Assignment, settled: &dyn Fn(&str) -> Option<bool>) {
    let mut todo = vec![condition];
    while let Some(condition) = todo.pop() {
        match condition {
            Condition::Const(_) => {}
            Condition::Atom(name) => {
                if !assignment.values.contains_key(name)
                    && let Some(value) = platform(name).or_else(|| settled(name))
                {
                    assignment.give(name, value);
                }
            }
            Condition::Not(inner) => todo.push(inner),
            Condition::And(all) | Condition::Or(all) => todo.extend(all),
        }
    }
}

/// `#ifndef X` followed directly by `#define X`: an include guard, or a default definition. Its first arm is always
/// read. The flag says whether it heads the file; if it does not, an `#else` still matters.
fn guard(text: &str, scan: &Scan, index: usize, condition: &Condition) -> Option<bool> {
    let Condition::Not(inner) = condition else { return None };
    let Condition::Atom(name) = &**inner else { return None };
    let next = scan.directives.get(index + 1).filter(|next| &text[next.keyword.range()] == "define")?;
    let rest = text[next.rest.range()].trim_start().strip_prefix(&**name)?;
    if rest.bytes().next().is_some_and(is_ident_part) {
        return None;
    }
    // Evaluated once or twice per file, not for every `#ifndef`.
    let first_code = || scan.code.bytes().position(|b| !b.is_ascii_whitespace()).unwrap_or(usize::MAX);
    Some(index < 3 && (scan.directives[index].span.start as usize) < first_code())
}

/// Three-valued: `None` if the result depends on an unassigned atom. Conditions nest at most [`MAX_DEPTH`] deep.
fn evaluate(condition: &Condition, assignment: &Assignment) -> Option<bool> {
    match condition {
        Condition::Const(value) => Some(*value),
        Condition::Atom(name) => assignment.values.get(name).copied(),
        Condition::Not(inner) => evaluate(inner, assignment).map(|v| !v),
        Condition::And(all) => fold(all, assignment, false),
        Condition::Or(all) => fold(all, assignment, true),
    }
}

/// The value of a conjunction (`absorbing` is false) or disjunction (true).
fn fold(all: &[Condition], assignment: &Assignment, absorbing: bool) -> Option<bool> {
    let mut result = Some(!absorbing);
    for part in all {
        match evaluate(part, assignment) {
            Some(value) if value == absorbing => return Some(absorbing),
            None => result = None,
            Some(_) => {}
        }
    }
    result
}

/// Assigns values to free atoms so that `condition` becomes `wanted`; false if that is impossible.
fn require(condition: &Condition, wanted: bool, assignment: &mut Assignment) -> bool {
    match condition {
        Condition::Const(value) => *value == wanted,
        Condition::Atom(name) => match assignment.values.get(name) {
            Some(&value) => value == wanted,
            None => {
                assignment.give(name, wanted);
                true
            }
        },
        Condition::Not(inner) => require(inner, !wanted, assignment),
        Condition::And(all) if wanted => all.iter().all(|part| require(part, true, assignment)),
        Condition::Or(all) if !wanted => all.iter().all(|part| require(part, false, assignment)),
        Condition::And(all) | Condition::Or(all) => {
            all.iter().any(|part| assignment.attempt(|trial| require(part, wanted, trial)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, choice: impl Fn(&Conditionals) -> Vec<Choice>) -> Vec<Vec<String>> {
        let scan = Scan::new(text);
        let tree = Conditionals::new(text, &scan);
        choice(&tree).iter().map(|c| tree.mask(&scan.code, c).split_whitespace().map(str::to_owned).collect()).collect()
    }

    fn base(text: &str) -> Vec<String> {
        read(text, |tree| vec![tree.base(&|_| None)]).remove(0)
    }

    fn all(text: &str) -> Vec<String> {
        read(text, |tree| {
            let base = tree.base(&|_| None);
            let (others, unread) = tree.alternates(&base, &|_| None, &|_| true, 8);
            assert_eq!(unread, 0);
            [vec![base], others].concat()
        })
        .iter()
        .map(|words| words.join(" "))
        .collect()
    }

    #[test]
    fn the_first_arm_is_read_and_constants_decide() {
        assert_eq!(base("#if A\na\n#elif B\nb\n#else\nc\n#endif\n"), ["a"]);
        assert_eq!(base("#if 0\na\n#elif B\nb\n#else\nc\n#endif\n"), ["b"]);
        assert_eq!(base("#if 1\na\n#else\nb\n#endif\n#if 0x0UL\nc\n#endif\nd"), ["a", "d"]);
        assert_eq!(base("#ifdef __cplusplus\na\n#endif\n#ifdef _WIN32\nb\n#else\nc\n#endif"), ["c"]);
    }

    #[test]
    fn equal_questions_get_equal_answers() {
        assert_eq!(
            base("#ifndef X\na\n#endif\n#ifdef X\nb\n#else\nc\n#endif\n#if !defined(X) && 1\nd\n#endif"),
            ["a", "c", "d"]
        );
    }

    #[test]
    fn every_arm_is_read_under_some_choice() {
        assert_eq!(all("#if A\na\n#elif B\nb\n#else\nc\n#endif\n#ifdef D\nd\n#endif"), ["a d", "b", "c d"]);
        assert_eq!(all("#ifdef A\n#ifdef B\nx\n#else\ny\n#endif\n#endif\nz"), ["x z", "z", "y z"]);
        assert_eq!(all("#if A > 2 || defined(B)\nx\n#endif\n"), ["x", ""]);
    }

    #[test]
    fn an_include_guard_is_no_question() {
        assert_eq!(all("/* c */\n#ifndef H\n#define H\na\n#endif\n"), ["a"]);
        assert_eq!(all("#if !defined(H)\n#define H\na\n#endif\n"), ["a"]);
        // Default definitions.
        assert_eq!(all("x\n#ifndef T\n#define T int\na\n#endif\n"), ["x a"]);
        assert_eq!(all("x\n#ifndef T\n#define TT int\na\n#endif\n"), ["x a", "x"]);
        assert_eq!(all("x\n#ifndef T\n#define T int\na\n#else\nb\n#endif\n"), ["x a", "x b"]);
    }

    #[test]
    fn broken_nesting_is_survived() {
        assert_eq!(base("#endif\n#else\na\n#if X\nb\n"), ["a", "b"]);
        let deep = "#if A\n".repeat(1000) + &"#endif\n".repeat(1000) + "z";
        assert_eq!(base(&deep), ["z"]);
        let parens = format!("#if {}A{}\nx\n#endif\n", "(".repeat(5000), ")".repeat(5000));
        assert_eq!(base(&parens), ["x"]);
    }
}
