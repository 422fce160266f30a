//! What the C preprocessor sees: comments.

pub mod comments;
