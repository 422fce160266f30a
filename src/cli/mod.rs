//! Arguments, progress, exit codes. Calls everything; nothing calls it.

pub mod args;
mod check;
mod explain;
mod progress;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};

/// The whole program.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match &cli.command {
        Command::Check(args) => check::check(args),
        Command::Explain(args) => explain::explain(args.rule.as_deref()).map(|()| check::CLEAN),
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(message) => {
            let _ = writeln!(io::stderr(), "crosstalk: {message}");
            ExitCode::from(check::FAILURE)
        }
    }
}
