//! `crosstalk init`, `completions` and `man`: files for a user's machine.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;

use super::args::{Cli, InitArgs};
use super::config::{NAMES, schema};
use super::say;

/// Writes a configuration to begin with, or prints it or its schema. An error is a message for stderr.
pub fn init(args: &InitArgs) -> Result<(), String> {
    if args.schema {
        let schema = serde_json::to_string_pretty(&schema::schema()).map_err(|e| e.to_string())?;
        return say(&format!("{schema}\n"));
    }
    if args.stdout {
        return say(schema::TEMPLATE);
    }
    if let Some(name) = NAMES.into_iter().find(|name| Path::new(name).exists()) {
        return Err(format!("{name} is there already"));
    }
    let name = NAMES[0];
    let file = OpenOptions::new().write(true).create_new(true).open(name);
    file.and_then(|mut file| file.write_all(schema::TEMPLATE.as_bytes())).map_err(|e| format!("{name}: {e}"))?;
    say(&format!("{name} is written; `crosstalk baseline write` accepts what is found so far\n"))
}

pub fn completions(shell: Shell) -> Result<(), String> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "crosstalk", &mut text);
    say(&String::from_utf8_lossy(&text))
}

/// The page of the program and of its commands, one behind the other.
pub fn man() -> Result<(), String> {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    let mut text = Vec::new();
    let page = |command: &clap::Command, text: &mut Vec<u8>| -> io::Result<()> {
        clap_mangen::Man::new(command.clone()).render(text)
    };
    page(&command, &mut text).map_err(|e| e.to_string())?;
    for sub in command.get_subcommands().filter(|sub| sub.get_name() == "check") {
        let man = clap_mangen::Man::new(sub.clone());
        text.extend(b".SH CROSSTALK CHECK\n");
        man.render_synopsis_section(&mut text)
            .and_then(|()| man.render_options_section(&mut text))
            .and_then(|()| man.render_extra_section(&mut text))
            .map_err(|e| e.to_string())?;
    }
    say(&String::from_utf8_lossy(&text))
}
