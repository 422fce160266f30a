//! Why a call may return null.

use crate::program::catalog::model::NullReason;

/// Why a call may return null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    Known(NullReason),
    /// A definition in the repository returns null.
    Returns,
    /// The same, but only where an assertion has failed.
    Asserted,
    /// A definition in the repository stores null and reports success.
    Stores,
    /// The same where it reports failure, and the caller ignores that.
    StoresIgnored,
    /// Nearly all other callers check.
    Belief,
    /// Most other callers check, and they are few.
    Few,
    /// It is unknown here, but named like a search.
    Name,
    /// It is unknown here, but named like a getter, which may have nothing to return.
    Getter,
}
