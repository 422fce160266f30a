//! Names on the command line: an unknown one gets a suggestion, not a list of all fifty.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, TypedValueParser};
use clap::error::ErrorKind;

use crate::checks::pages::nearest;

/// Accepts one of `known`.
#[derive(Clone)]
pub struct Names {
    what: &'static str,
    known: Vec<&'static str>,
}

impl Names {
    pub fn new(what: &'static str, known: impl Iterator<Item = &'static str>) -> Names {
        Names { what, known: known.collect() }
    }
}

impl TypedValueParser for Names {
    type Value = &'static str;

    fn parse_ref(
        &self,
        cmd: &clap::Command,
        arg: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<&'static str, clap::Error> {
        let name = value.to_string_lossy();
        if let Some(known) = self.known.iter().find(|known| **known == name) {
            return Ok(known);
        }
        let hint = match nearest(&name, self.known.iter().copied()) {
            Some(guess) => format!("did you mean `{guess}`?"),
            None => "`crosstalk rules` lists all rules and families".into(),
        };
        let arg = arg.map(|arg| format!(" for `{arg}`")).unwrap_or_default();
        let message = format!("unknown {} `{name}`{arg}; {hint}\n", self.what);
        Err(clap::Error::raw(ErrorKind::ValueValidation, message).with_cmd(cmd))
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.known.iter().map(|name| PossibleValue::new(*name))))
    }
}
