//! Headers that a function takes for granted: told once where they are read, and not of a family of functions that all
//! do the same, which whoever calls them sees to.

use rustc_hash::{FxHashMap, FxHashSet};

use super::defects::{Defect, Evidence, Found};
use crate::hir::Function;
use crate::source::FileId;

/// Fewer functions are no family.
const MIN_FAMILY: usize = 6;

/// Takes the evidence from what is no news: `forms` are the types of each function's parameters.
pub fn granted(functions: &[&Function], forms: &[String], found: &mut [Found]) {
    let takes = |one: &Found| one.defects.iter().any(is_header);
    let mut families: FxHashMap<(FileId, &str), [usize; 2]> = FxHashMap::default();
    for (i, one) in found.iter().enumerate() {
        families.entry((functions[i].file, &forms[i])).or_default()[usize::from(takes(one))] += 1;
    }
    for (i, one) in found.iter_mut().enumerate() {
        let [others, granting] = families[&(functions[i].file, &*forms[i])];
        let is_contract = granting >= MIN_FAMILY && granting > 2 * others;
        let mut told: FxHashSet<String> = FxHashSet::default();
        let mut headers: Vec<&mut Defect> = one.defects.iter_mut().filter(|d| is_header(d)).collect();
        headers.sort_by_key(|d| d.span.start);
        for defect in headers {
            if is_contract || !told.insert(defect.limit.clone()) {
                defect.evidence = None;
            }
        }
    }
}

fn is_header(defect: &Defect) -> bool {
    defect.evidence == Some(Evidence::Header)
}
