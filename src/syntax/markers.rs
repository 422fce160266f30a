//! Names that stand, in text prepared for the parser, for what the grammar cannot say.

/// What a fall-through attribute or macro becomes, as a statement of its own.
pub const FALLTHROUGH_MARK: &str = "crosstalk__fallthrough";
/// The target of a computed `goto`.
pub const COMPUTED_GOTO: &str = "crosstalk__computed";
/// Stands for a type given as an argument.
pub const TYPE_ARGUMENT: &str = "crosstalk__type";
/// Stands for a test that cannot be known (inside an unknown macro).
pub const UNKNOWN: &str = "crosstalk__unknown";
/// A statement that nobody can read (MSVC `__asm`).
pub const OPAQUE: &str = "crosstalk__opaque";
