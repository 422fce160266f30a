//! Units of addresses: bytes, or elements of some size.

use crate::analysis::bounds::Walked;
use crate::analysis::bounds::terms::linear::Linear;
use crate::analysis::bounds::terms::symbols::What;
use crate::analysis::bounds::walk::arrays::ELEMENTS;

impl Walked {
    /// The address counts elements, not bytes.
    pub(super) fn counts_elements(&self, address: &Linear) -> bool {
        let start = self.symbols.buffer(address).map(|(start, _)| self.symbols.info(start).what);
        matches!(start, Some(What::Pure(id, ..)) if self.paths.name(id) == ELEMENTS)
    }
}
