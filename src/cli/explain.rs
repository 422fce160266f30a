//! `crosstalk explain`: the rules' pages.

use std::io::{self, Write};

use crate::checks::pages::PAGES;

/// Prints one rule's page, or a line for each rule. An error is a message for stderr.
pub fn explain(rule: Option<&str>) -> Result<(), String> {
    let mut text = String::new();
    match rule {
        None => {
            let width = PAGES.iter().map(|p| p.id.len()).max().unwrap_or(0);
            for page in PAGES.iter() {
                text.push_str(&format!("{:width$}  {}\n", page.id, page.summary));
            }
        }
        Some(name) => {
            let page = PAGES.iter().find(|p| p.id == name);
            let page = page.ok_or_else(|| format!("there is no rule `{name}`; `crosstalk explain` lists them"))?;
            text.push_str(page.page);
        }
    }
    match io::stdout().write_all(text.as_bytes()) {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => Err(format!("cannot write: {e}")),
        _ => Ok(()),
    }
}
