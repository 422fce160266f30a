//! Arguments, progress, exit codes. Calls everything; nothing calls it.

mod allow;
mod analyse;
pub mod args;
mod baseline;
mod changed;
mod check;
pub mod config;
mod explain;
mod fix;
mod gate;
mod init;
mod names;
pub mod outputs;
pub mod policy;
mod progress;
mod rules;
mod settings;
mod timings;
mod trace;
mod unified;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};

/// Prints the output of a command. A closed pipe is not a failure.
fn say(text: &str) -> Result<(), String> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => Err(format!("cannot write: {e}")),
        _ => Ok(()),
    }
}

/// The whole program.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match &cli.command {
        Command::Check(args) => check::check(args),
        Command::Rules(args) => rules::rules(args.format).map(|()| check::CLEAN),
        Command::Trace(args) => trace::run(args).map(|()| check::CLEAN),
        Command::Explain(args) => explain::explain(args.rule.as_deref(), args.full).map(|()| check::CLEAN),
        Command::Baseline(args) => baseline::baseline(&args.action),
        Command::Init(args) => init::init(args).map(|()| check::CLEAN),
        Command::Completions(args) => init::completions(args.shell).map(|()| check::CLEAN),
        Command::Man => init::man().map(|()| check::CLEAN),
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(message) => {
            let _ = writeln!(io::stderr(), "crosstalk: {message}");
            ExitCode::from(check::FAILURE)
        }
    }
}
