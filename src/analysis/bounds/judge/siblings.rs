//! Fields of a message that index an array: one function tests them, another forgets to.

use super::defects::{Class, Defect, Found};
use super::verdict::Verdict;
use crate::analysis::bounds::Walked;
use crate::analysis::bounds::terms::linear::{Linear, Sym};
use crate::analysis::bounds::terms::sites::{Site, SiteKind};
use crate::analysis::bounds::terms::summary::CallSite;
use crate::analysis::bounds::terms::symbols::{What, Wire};
use crate::hir::{Body, ExprKind, Function};
use crate::source::Span;

impl Walked {
    /// An array element whose index is a field that nothing here tests.
    pub(super) fn chosen(&self, site: &Site, index: &Linear, count: Option<i64>, text: &str, found: &mut Found) {
        let Some((s, field)) = index.as_symbol().and_then(|s| Some((s, self.field(s)?))) else { return };
        let said = || self.facts.said().flat_map(|(own, apart)| own.iter().chain(apart));
        let is_tested =
            said().any(|fact| fact.terms().iter().any(|(other, _)| *other == s || self.field(*other) == Some(field)));
        // One bit distinguishes two elements, a byte 256.
        let is_small = self.symbols.info(s).hi.is_some_and(|hi| hi < count.unwrap_or(0).max(2));
        if is_tested || is_small || self.speaks_of(site.at, &[s]).is_some() {
            return;
        }
        let Some(goal) = index.scaled(-1) else { return };
        let mut defect = self.defect(site, Class::Index, Verdict::Unchecked, &goal, text);
        defect.wire = Wire::Weak;
        defect.what = self.shown(index, text);
        found.untested.push((defect, field.into()));
    }

    /// The name of the field that a symbol was loaded from.
    fn field(&self, s: Sym) -> Option<&str> {
        match self.symbols.info(s).what {
            What::Load { path, .. } => self.paths.last(path).map(|(_, field)| self.paths.name(field)),
            _ => None,
        }
    }

    /// The fields that index an array and that a condition bounds from above, with that condition.
    pub(super) fn tested(&self) -> Vec<(Box<str>, Span)> {
        let chosen: Vec<Sym> = self
            .sites
            .iter()
            .filter_map(|site| match &site.kind {
                SiteKind::Chosen { index, .. } => index.as_symbol(),
                _ => None,
            })
            .collect();
        let mut all: Vec<(Box<str>, Span)> = Vec::new();
        for (span, fact) in self.facts.limits() {
            // `x->n < 8`: a limit above one is not a test of a flag.
            let ([(s, k)], true) = (fact.terms(), fact.constant > 1) else { continue };
            if *k == -1
                && chosen.contains(s)
                && let Some(field) = self.field(*s)
                && all.iter().all(|(known, _)| **known != *field)
            {
                all.push((field.into(), span));
            }
        }
        all
    }
}

/// Fields that a function counts with or sets to a number: its own state, not part of a message.
pub fn counted(body: &Body) -> Vec<&str> {
    let field = |e| match body.expr(e).kind {
        ExprKind::Member { field, .. } => Some(body.names.text(field)),
        _ => None,
    };
    let constant =
        |e| matches!(body.expr(e).kind, ExprKind::Number(_) | ExprKind::Unary { .. } | ExprKind::Binary { .. });
    let stored = body.exprs.iter().filter_map(|e| match e.kind {
        ExprKind::Update { operand, .. } => field(operand),
        ExprKind::Assign { op: Some(_), left, .. } => field(left),
        ExprKind::Assign { op: None, left, right } if constant(right) => field(left),
        _ => None,
    });
    stored.collect()
}

/// Gives each function the defects in `found` that another function of its file confirms. `calls` are the functions
/// that each calls.
pub fn told_by_siblings(functions: &[&Function], calls: &[Vec<u32>], found: &mut [Found]) {
    let mut by_file: rustc_hash::FxHashMap<_, Vec<usize>> = rustc_hash::FxHashMap::default();
    for (i, function) in functions.iter().enumerate() {
        by_file.entry(function.file).or_default().push(i);
    }
    for i in 0..found.len() {
        if found[i].untested.is_empty() {
            continue;
        }
        let own = &by_file[&functions[i].file];
        for (mut defect, field) in std::mem::take(&mut found[i].untested) {
            if own.iter().any(|j| counted(&functions[*j].body).iter().any(|name| **name == *field)) {
                continue;
            }
            let tests = |j: &&usize| found[**j].tested.iter().any(|(name, _)| *name == field);
            let related = |j: usize| calls[j].contains(&(i as u32)) || calls[i].contains(&(j as u32));
            let mut testers = own.iter().filter(|j| **j != i).filter(tests).copied().peekable();
            let Some(&first) = testers.peek() else { continue };
            // Its caller has tested it, or it calls the function that does.
            if testers.any(related) {
                continue;
            }
            let span = found[first].tested.iter().find(|(name, _)| *name == field).map(|(_, span)| *span);
            defect.sibling = span.map(|span| CallSite {
                file: functions[first].file,
                span,
                function: functions[first].name.clone(),
            });
            let known = |d: &Defect| d.class == defect.class && d.span == defect.span;
            if !found[i].defects.iter().any(known) {
                found[i].defects.push(defect);
            }
        }
    }
}
