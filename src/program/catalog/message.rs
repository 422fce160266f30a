//! Where messages are found when no function gives them: types that hold them, and parameters that carry them; and what
//! a parsed message need not have.

use serde::Deserialize;
use toml::Spanned;

use super::words::{Confidence, Provenance};

/// Parameters that by their names carry a message and its length.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MessageParam {
    /// The function.
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
    /// Fields that point to bytes; `pkt_info.packet` is one of a field.
    pub data: Vec<String>,
    /// Fields that say how many bytes there are.
    #[serde(default)]
    pub length: Vec<String>,
    /// Fields that point behind the last byte.
    #[serde(default)]
    pub end: Vec<String>,
    /// Fields that say how many bytes there could be.
    #[serde(default)]
    pub capacity: Vec<String>,
    /// Fields that say where in the bytes a reader stands.
    #[serde(default)]
    pub cursor: Vec<String>,
    /// The length has a sign.
    #[serde(default)]
    pub length_signed: bool,
    /// Behind the bytes stands a NUL.
    #[serde(default)]
    pub terminated: bool,
    /// Holds text of any origin, not only of messages.
    #[serde(default)]
    pub text: bool,
    pub prov: Option<Provenance>,
    pub note: Option<String>,
}

/// Members that are null where the message has no such part.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptionalPart {
    /// Whose members: `struct sip_msg`. None: the members' names say it.
    #[serde(default)]
    pub types: Vec<String>,
    /// Members that point to such an object.
    #[serde(default)]
    pub held_by: Vec<String>,
    pub members: Vec<String>,
    /// A call that is given the object may set them.
    #[serde(default)]
    pub filled_by_call: bool,
    pub prov: Option<Provenance>,
    pub note: Option<String>,
}
