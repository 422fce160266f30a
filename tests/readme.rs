//! The README says what the binary does: its example is run, its table lists every rule.

mod common;

use common::Folder;
use crosstalk::checks::pages::PAGES;

fn readme() -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    std::fs::read_to_string(path).expect("README.md")
}

/// The text of the first block that opens with `info`.
fn block<'r>(readme: &'r str, info: &str) -> &'r str {
    let opening = format!("```{info}\n");
    let start = readme.find(&opening).expect("a block") + opening.len();
    &readme[start..start + readme[start..].find("```").expect("the block's end")]
}

#[test]
fn the_example_prints_what_it_shows() {
    let readme = readme();
    let folder = Folder::new(&[("dialog.c", block(&readme, "c"))]);
    let run = folder.run(&["check", "dialog.c"]);
    let printed = format!("{}{}", run.out, run.err);
    let lines = |text: &str| text.lines().map(|l| l.trim_end().to_owned()).collect::<Vec<_>>();
    assert_eq!(lines(&printed), lines(block(&readme, "text")));
}

#[test]
fn the_table_lists_every_rule() {
    let readme = readme();
    for page in PAGES.iter() {
        let row = format!("| [`{0}`](rules/{0}.md) | {1} |", page.id, page.family);
        assert!(readme.contains(&row) && readme.contains(&page.summary), "no row for {}", page.id);
    }
}
