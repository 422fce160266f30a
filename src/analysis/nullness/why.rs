//! Why a call may return null.

use crate::program::catalog::model::NullReason;

/// Why a call may return null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    Known(NullReason),
    /// A definition in the repository does so.
    Returns,
    /// The same, and only where an assertion has failed.
    Asserted,
    /// A definition in the repository stores null, and says that all went well.
    Stores,
    /// The same where it fails, and nobody looks.
    StoresIgnored,
    /// Nearly all others ask.
    Belief,
    /// Most others ask, and they are few.
    Few,
    /// It is not known here, but called like a search.
    Name,
    /// It is not known here, but called like what gives something out, which there may not be.
    Getter,
}
