//! Printed numbers: tests on them save digits.

use crate::analysis::bounds::Walked;
use crate::analysis::bounds::terms::linear::Linear;
use crate::analysis::bounds::terms::sites::Site;

impl Walked {
    /// The tests on the printed numbers save the missing bytes.
    pub(super) fn digits_fit(&self, site: &Site, goal: &Linear) -> bool {
        let Some(lacking @ 1..) = goal.as_constant().map(|n| -n) else { return false };
        let printed = self.printed.iter().filter(|(span, ..)| *span == site.span);
        let saved: i64 = printed.map(|(_, value, most)| most - self.tested_digits(site, value, *most)).sum();
        saved >= lacking
    }

    /// The maximal number of decimal digits of a number known to be non-negative; otherwise `most`.
    fn tested_digits(&self, site: &Site, value: &Linear, most: i64) -> i64 {
        let below = |n: i64| Linear::constant(10i64.pow(n as u32) - 1).sub(value);
        let fits = |n: &i64| below(*n).is_some_and(|goal| self.prove(site.at, &goal));
        match self.prove(site.at, value) {
            true => (1..most.min(10)).find(fits).unwrap_or(most),
            false => most,
        }
    }
}
