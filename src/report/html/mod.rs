//! One page for people: totals, a searchable list, and each finding with its source.
//!
//! The page is a single file that loads nothing. What a script draws is data, embedded as JSON; the script only ever
//! creates text nodes from it, and the page's policy allows no other script. It contains only the source lines that
//! some finding shows, each once.

mod data;

use std::collections::BTreeMap;
use std::io;

use sha2::{Digest, Sha256};

use self::data::Data;
use super::coverage::{self, count, grouped};
use super::xml::Escaped;
use super::{Confidence, Report};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = concat!(
    include_str!("dom.js"),
    include_str!("treemap.js"),
    include_str!("circuit.js"),
    include_str!("detail.js"),
    include_str!("page.js")
);
/// Maximum number of problems listed on the page.
const PROBLEMS: usize = 200;

pub fn write(out: &mut dyn io::Write, report: &Report) -> io::Result<()> {
    let data = Data::new(report);
    let total = count(report.findings.len(), "finding");
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{}'; \
         script-src 'sha256-{}'; base-uri 'none'; form-action 'none'\">\n\
         <title>Crosstalk: {total}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n",
        digest(STYLE),
        digest(SCRIPT),
    )?;
    write_summary(out, report, &total)?;
    if data.is_cut {
        out.write_all(b"<p class=\"notice\">Some excerpts are left out to keep this page small.</p>\n")?;
    }
    out.write_all(include_bytes!("body.html"))?;
    write_problems(out, report)?;
    write!(
        out,
        "<footer>crosstalk {}. {}.</footer>\n<script type=\"application/json\" id=\"data\">",
        env!("CARGO_PKG_VERSION"),
        Escaped(&coverage::line(report.coverage)),
    )?;
    serde_json::to_writer(Embedded(&mut *out), &data)?;
    write!(out, "</script>\n<script>{SCRIPT}</script>\n</body>\n</html>\n")
}

/// Counts by confidence, highest first.
type Sums = [usize; 3];

/// The part that is also visible without scripts: the number of findings of each kind.
fn write_summary(out: &mut dyn io::Write, report: &Report, total: &str) -> io::Result<()> {
    let mut families: BTreeMap<&str, BTreeMap<&str, Sums>> = BTreeMap::new();
    for finding in report.findings {
        let family = report.rule(finding).map_or("other", |rule| rule.family);
        families.entry(family).or_default().entry(finding.rule).or_default()[column(finding.confidence)] += 1;
    }
    let all = added(families.values().flat_map(BTreeMap::values));
    let [high, medium, low] = all.map(grouped);
    write!(
        out,
        "<header>\n<h1>Crosstalk</h1>\n<p class=\"total\"><strong>{total}</strong>: {high} high, {medium} medium, {low} low \
         confidence",
    )?;
    for line in report.left_out.lines() {
        write!(out, "; {}", Escaped(&line))?;
    }
    out.write_all(
        b"</p>\n</header>\n<section class=\"overview\">\n<div class=\"rules\">\n<table>\n<caption>By family and rule</caption>\n\
          <thead><tr><td></td><th scope=\"col\" class=\"n\">High</th><th scope=\"col\" class=\"n\">Medium</th>\
          <th scope=\"col\" class=\"n\">Low</th><th scope=\"col\" class=\"n\">All</th></tr></thead>\n",
    )?;
    for (family, rules) in &families {
        let sums = numbers(added(rules.values()));
        writeln!(out, "<tbody>\n<tr><th scope=\"rowgroup\">{}</th>{sums}</tr>", Escaped(family))?;
        for (rule, sums) in rules {
            let (rule, sums) = (Escaped(rule), numbers(*sums));
            writeln!(out, "<tr><td><button type=\"button\" data-rule=\"{rule}\">{rule}</button></td>{sums}</tr>")?;
        }
        out.write_all(b"</tbody>\n")?;
    }
    let sums = numbers(all);
    writeln!(out, "<tfoot><tr id=\"all\"><th scope=\"row\">all</th>{sums}</tr></tfoot>\n</table>\n</div>")
}

fn added<'a>(all: impl Iterator<Item = &'a Sums>) -> Sums {
    all.fold([0; 3], |sum, next| [sum[0] + next[0], sum[1] + next[1], sum[2] + next[2]])
}

/// The cells of a row.
fn numbers(sums: Sums) -> String {
    let cell = |n: usize| match n {
        0 => "<td class=\"n none\">0</td>".to_owned(),
        n => format!("<td class=\"n\">{}</td>", grouped(n)),
    };
    sums.into_iter().chain([sums.iter().sum()]).map(cell).collect()
}

fn column(confidence: Confidence) -> usize {
    match confidence {
        Confidence::High => 0,
        Confidence::Medium => 1,
        Confidence::Low => 2,
    }
}

fn write_problems(out: &mut dyn io::Write, report: &Report) -> io::Result<()> {
    if report.problems.is_empty() {
        return Ok(());
    }
    let number = count(report.problems.len(), "problem");
    writeln!(
        out,
        "<details class=\"problems\">\n<summary>{number} kept part of the input from being read</summary>\n<ul>"
    )?;
    for problem in report.problems.iter().take(PROBLEMS) {
        writeln!(out, "<li><code>{}</code>: {}</li>", Escaped(&problem.path), Escaped(&problem.message))?;
    }
    if report.problems.len() > PROBLEMS {
        writeln!(out, "<li>and {} more</li>", report.problems.len() - PROBLEMS)?;
    }
    out.write_all(b"</ul>\n</details>\n")
}

/// JSON inside an element: nothing in it can end the element or begin another. JSON has none of these characters
/// outside of strings.
struct Embedded<'a>(&'a mut dyn io::Write);

impl io::Write for Embedded<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut done = 0;
        for (at, byte) in bytes.iter().enumerate().filter(|(_, byte)| matches!(byte, b'<' | b'>' | b'&')) {
            self.0.write_all(&bytes[done..at])?;
            write!(self.0, "\\u{byte:04x}")?;
            done = at + 1;
        }
        self.0.write_all(&bytes[done..])?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// A text's hash as in a content security policy: SHA-256 in Base64.
fn digest(text: &str) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::new();
    for chunk in Sha256::digest(text).chunks(3) {
        let bits = chunk.iter().fold(0u32, |bits, &byte| bits << 8 | u32::from(byte)) << (8 * (3 - chunk.len()));
        for digit in 0..4 {
            let index = (bits >> (18 - 6 * digit) & 63) as usize;
            encoded.push(if digit <= chunk.len() { DIGITS[index].into() } else { '=' });
        }
    }
    encoded
}

#[cfg(test)]
mod tests;
