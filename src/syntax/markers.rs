//! Names that, in text prepared for the parser, replace what the grammar cannot express.

/// A fall-through attribute or macro, as a separate statement.
pub const FALLTHROUGH_MARK: &str = "crosstalk__fallthrough";
/// The target of a computed `goto`.
pub const COMPUTED_GOTO: &str = "crosstalk__computed";
/// A type passed as an argument.
pub const TYPE_ARGUMENT: &str = "crosstalk__type";
/// An unknown test (inside an unknown macro).
pub const UNKNOWN: &str = "crosstalk__unknown";
/// A statement that cannot be read (MSVC `__asm`).
pub const OPAQUE: &str = "crosstalk__opaque";
