//! `crosstalk init`, `completions` and `man`: files for a user's machine.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;

use super::args::{Cli, InitArgs};
use super::config::{NAMES, schema};
use super::say;

/// Writes an initial configuration, or prints it or its schema. An error is a message for stderr.
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
    say(&format!(
        "{name} is written; to accept what is found so far, uncomment `baseline` in it and run `crosstalk baseline write`\n"
    ))
}

pub fn completions(shell: Shell) -> Result<(), String> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "crosstalk", &mut text);
    say(&String::from_utf8_lossy(&text))
}

/// Prints the page of the program, followed by a section for each command with all its options.
pub fn man() -> Result<(), String> {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    let mut text = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut text).map_err(|e| e.to_string())?;
    // The commands have no pages of their own.
    let mut text = String::from_utf8_lossy(&text).replace("\ncrosstalk\\-", "\ncrosstalk ").replace("(1)\n", "\n");
    let mut left: Vec<&clap::Command> = command.get_subcommands().collect();
    left.reverse();
    while let Some(sub) = left.pop() {
        let first = left.len();
        left.extend(sub.get_subcommands().filter(|sub| sub.get_name() != "help"));
        left[first..].reverse();
        text.push_str(&section(sub).map_err(|e| e.to_string())?);
    }
    say(&text)
}

fn section(sub: &clap::Command) -> io::Result<String> {
    let man = clap_mangen::Man::new(sub.clone());
    let mut parts = Vec::new();
    man.render_synopsis_section(&mut parts)?;
    man.render_description_section(&mut parts)?;
    // The options of a baseline command are those of the check it is for.
    if sub.get_name() != "check" && sub.get_arguments().any(|arg| arg.get_id() == "min_confidence") {
        parts.extend(b"The options are those of crosstalk check.\n");
    } else {
        man.render_options_section(&mut parts)?;
        if sub.get_after_help().is_some() {
            man.render_extra_section(&mut parts)?;
        }
    }
    let name = sub.get_display_name().unwrap_or(sub.get_name()).replace('-', " ").to_uppercase();
    let mut text = format!(".SH \"{name}\"\n");
    // Each part begins with the same two requests, which the page already has.
    for line in
        String::from_utf8_lossy(&parts).lines().filter(|line| !line.starts_with(".ie ") && !line.starts_with(".el "))
    {
        let line = line.strip_prefix(".SH ").map_or(line.to_owned(), |rest| format!(".SS {rest}"));
        text.push_str(&line);
        text.push('\n');
    }
    Ok(text)
}
