//! Headers that a whole family of functions takes for granted, which whoever calls them sees to.

use rustc_hash::FxHashMap;

use super::defects::{Defect, Evidence, Found};
use crate::hir::Function;
use crate::source::FileId;

/// Fewer functions are no family.
const MIN_FAMILY: usize = 6;

/// Takes the evidence from what they do: `forms` are the types of each function's parameters.
pub fn granted(functions: &[&Function], forms: &[String], found: &mut [Found]) {
    let takes = |one: &Found| one.defects.iter().any(is_header);
    let mut families: FxHashMap<(FileId, &str), [usize; 2]> = FxHashMap::default();
    for (i, one) in found.iter().enumerate() {
        families.entry((functions[i].file, &forms[i])).or_default()[usize::from(takes(one))] += 1;
    }
    for (i, one) in found.iter_mut().enumerate() {
        let [others, granting] = families[&(functions[i].file, &*forms[i])];
        if granting >= MIN_FAMILY && granting > 2 * others {
            one.defects.iter_mut().filter(|d| is_header(d)).for_each(|d| d.evidence = None);
        }
    }
}

fn is_header(defect: &Defect) -> bool {
    defect.evidence == Some(Evidence::Header)
}
