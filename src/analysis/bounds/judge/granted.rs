//! Headers that a whole family of functions takes for granted, as their callers check them.

use rustc_hash::FxHashMap;

use super::defects::{Class, Defect, Evidence, Found};
use super::verdict::Verdict;
use crate::analysis::bounds::terms::symbols::Wire;
use crate::hir::Function;
use crate::source::FileId;

/// Fewer functions are not a family.
const MIN_FAMILY: usize = 6;

/// Marks what such functions leave to their callers: `forms` are the parameter types of each function.
pub fn granted(functions: &[&Function], forms: &[String], found: &mut [Found]) {
    let takes = |one: &Found| one.defects.iter().any(|d| d.class == Class::Read && d.verdict == Verdict::Unchecked);
    let mut families: FxHashMap<(FileId, &str), [usize; 2]> = FxHashMap::default();
    for (i, one) in found.iter().enumerate().filter(|(_, one)| one.reads) {
        families.entry((functions[i].file, &forms[i])).or_default()[usize::from(takes(one))] += 1;
    }
    for (i, one) in found.iter_mut().enumerate() {
        let [others, granting] = families.get(&(functions[i].file, &*forms[i])).copied().unwrap_or_default();
        if granting >= MIN_FAMILY && granting > 2 * others {
            // What the header says about the rest is tested afterwards.
            let late = |d: &Defect| d.class == Class::Read && matches!(d.verdict, Verdict::Late { .. });
            let header = |d: &Defect| d.evidence == Some(Evidence::Header);
            let left = one.defects.iter_mut().filter(|d| d.wire < Wire::Strong && (header(d) || late(d)));
            left.for_each(|d| d.contract = true);
        }
    }
}
