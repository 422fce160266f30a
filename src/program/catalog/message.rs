//! Messages that no function provides: types that hold them, and parameters that carry them; and the optional parts of
//! a parsed message.

use serde::Deserialize;
use toml::Spanned;

use super::words::{Confidence, Provenance};

/// Parameters whose names identify a message and its length.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessageParam {
    /// The function's name.
    pub function: Spanned<String>,
    pub buf: Spanned<String>,
    pub len: Spanned<String>,
    pub confidence: Confidence,
    pub prov: Option<Provenance>,
    pub note: Option<String>,
}

/// A type whose objects hold message bytes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessageObject {
    /// `struct msgb`, `pj_str_t`.
    pub types: Vec<String>,
    /// Fields that point to the bytes; `pkt_info.packet` is a nested field.
    pub data: Vec<String>,
    /// Fields that hold the number of bytes.
    #[serde(default)]
    pub length: Vec<String>,
    /// Fields that point past the last byte.
    #[serde(default)]
    pub end: Vec<String>,
    /// Fields that hold the capacity in bytes.
    #[serde(default)]
    pub capacity: Vec<String>,
    /// Fields that hold a reader's position in the bytes.
    #[serde(default)]
    pub cursor: Vec<String>,
    /// The length is signed.
    #[serde(default)]
    pub length_signed: bool,
    /// The bytes are followed by a NUL.
    #[serde(default)]
    pub terminated: bool,
    /// Holds text of any origin, not only from messages.
    #[serde(default)]
    pub text: bool,
    pub prov: Option<Provenance>,
    pub note: Option<String>,
}

/// Members that are null if the message has no such part.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptionalPart {
    /// The owners of the members: `struct sip_msg`. If empty, the member names alone identify them.
    #[serde(default)]
    pub types: Vec<String>,
    /// Members that point to such an object.
    #[serde(default)]
    pub held_by: Vec<String>,
    pub members: Vec<String>,
    /// A call that receives the object may set them.
    #[serde(default)]
    pub filled_by_call: bool,
    pub prov: Option<Provenance>,
    pub note: Option<String>,
}
