use serde_json::Value;

use super::*;
use crate::report::fixture::{self, Sample};
use crate::report::{Circuit, Ending, Format, Leak, Line, Problem, Related};
use crate::source::{FileId, SourceFile};

/// The data in the page.
fn data(page: &str) -> Value {
    let (_, rest) = page.split_once("<script type=\"application/json\" id=\"data\">").expect("data");
    serde_json::from_str(rest.split_once("</script>").expect("an end").0).expect("JSON")
}

fn text<'a>(data: &'a Value, index: &Value) -> &'a str {
    index.as_u64().and_then(|index| data["texts"][index as usize].as_str()).expect("a text")
}

/// The opening and closing tags in order, except those inside scripts and styles: `html`, `/html`.
fn tags(page: &str) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    let mut rest = page;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '!')).collect();
        if let Some(raw) = ["script", "style"].into_iter().find(|raw| *raw == name) {
            rest = &rest[rest.find(&format!("</{raw}")).expect("its end")..];
        }
        tags.push(name);
    }
    tags
}

fn assert_well_formed(page: &str) {
    const VOID: [&str; 4] = ["!doctype", "meta", "input", "link"];
    let mut open: Vec<String> = Vec::new();
    for tag in tags(page) {
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop().as_deref(), Some(name), "</{name}>"),
            None if VOID.contains(&&*tag) => {}
            None => open.push(tag),
        }
    }
    assert_eq!(open, Vec::<String>::new());
}

/// A sample full of text that would be markup if not escaped.
fn hostile() -> Sample {
    const EVIL: &str = "</script><script>alert(1)</script><!-- & \" ' <img src=x onerror=alert(1)>";
    let mut sample = Sample::new();
    sample.files[0] = SourceFile::new(format!("src/{EVIL}.c"), format!("a();\nint {EVIL};\nb();\n").into_bytes());
    let mut finding = fixture::finding("implicit-fallthrough", fixture::span(&sample.files[0], "int"));
    (finding.message, finding.label, finding.function) = (EVIL.into(), EVIL.into(), Some(EVIL.into()));
    finding.related = vec![Related { file: FileId(0), span: finding.span, message: EVIL.into() }];
    (finding.flow, finding.notes) = (finding.related.clone(), vec![EVIL.into()]);
    finding.circuit = Some(Circuit {
        operand: EVIL.into(),
        line: 1,
        sections: vec![Line { label: EVIL.into(), line: 1, ending: Ending::Falls }],
        left_out: (0, 0),
        leak: Leak { from: Some(0), to: None, early: true, line: 1 },
    });
    sample.findings = vec![finding];
    sample.problems = vec![Problem { path: EVIL.into(), message: EVIL.into() }];
    sample
}

#[test]
fn no_text_of_the_input_is_markup() {
    let mut clean = Sample::new();
    clean.findings.truncate(1);
    let (clean, page) = (clean.emit(Format::Html), hostile().emit(Format::Html));
    assert_eq!(tags(&page), tags(&clean), "the same elements, whatever the text");
    assert_well_formed(&page);
    for part in ["<script>alert", "<img", "<!--"] {
        assert!(!page.contains(part), "{part}");
    }
    let data = data(&page);
    let finding = &data["findings"][0];
    assert!(text(&data, &finding["message"]).starts_with("</script>"), "the data is as it was");
    assert!(finding["circuit"]["operand"].as_str().is_some_and(|text| text.contains("<!--")));
    assert!(data["files"][0]["blocks"][0][1].as_str().is_some_and(|text| text.contains("\nint </script>")));
}

#[test]
fn it_asks_nobody_for_anything() {
    let page = Sample::new().emit(Format::Html);
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        digest(STYLE),
        digest(SCRIPT)
    );
    assert!(page.contains(&policy));
    assert_eq!(page.matches("<style>").count() + page.matches("<script>").count(), 2, "one of each");
    for part in ["src=\"", "href=\"", "@import", "url(h", "fetch(", "innerHTML", "eval("] {
        assert!(!page.contains(part), "{part}");
    }
    let script = page.split_once("<script>").and_then(|(_, rest)| rest.split_once("</script>")).expect("a script").0;
    assert_eq!(script, SCRIPT, "nothing in the script ends it early");
    assert!(!STYLE.contains('<'));
}

#[test]
fn digests_are_those_of_a_policy() {
    assert_eq!(digest(""), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    assert_eq!(digest("alert('Hello, world.');"), "qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng=");
}

#[test]
fn totals_agree_with_the_findings() {
    let mut sample = Sample::new();
    let low = crate::report::Finding { confidence: Confidence::Low, ..sample.findings[0].clone() };
    sample.findings.push(low);
    sample.hidden = 5;
    let page = sample.emit(Format::Html);
    assert_well_formed(&page);
    assert!(page.contains("<title>Crosstalk: 3 findings</title>"));
    assert!(
        page.contains("<strong>3 findings</strong>: 1 high, 1 medium, 1 low confidence; 5 findings below"),
        "{page}"
    );
    let cells = |numbers: [usize; 4]| -> String {
        let none = |n| if n == 0 { " none" } else { "" };
        numbers.iter().map(|&n| format!("<td class=\"n{}\">{n}</td>", none(n))).collect()
    };
    let rule = "<td><button type=\"button\" data-rule=\"implicit-fallthrough\">implicit-fallthrough</button></td>";
    for (head, numbers) in [
        ("<th scope=\"rowgroup\">message</th>", [1, 0, 0, 1]),
        ("<th scope=\"rowgroup\">switch</th>", [0, 1, 1, 2]),
        (rule, [0, 1, 1, 2]),
        ("<th scope=\"row\">all</th>", [1, 1, 1, 3]),
    ] {
        let row = format!("{head}{}</tr>", cells(numbers));
        assert!(page.contains(&row), "{row} is not in {page}");
    }
    assert!(page.contains("1 problem kept part") && page.contains("<code>src/big.c</code>: larger than 16 MB"));
    let data = data(&page);
    assert_eq!(data["findings"].as_array().map(Vec::len), Some(3));
    assert_eq!(data["rules"][0]["id"], "implicit-fallthrough");
}

#[test]
fn a_finding_has_its_evidence_and_lines() {
    let data = data(&Sample::new().emit(Format::Html));
    let finding = &data["findings"][0];
    assert_eq!(finding["at"], serde_json::json!([3, 16, 3, 24]));
    let related = &finding["related"][1];
    assert_eq!((&related[0], &related[1]), (&1.into(), &serde_json::json!([1, 12, 1, 16])));
    assert_eq!(text(&data, &related[2]), "declared here");
    assert_eq!(text(&data, &finding["fixes"][0]["edits"][0][2]), "\tbreak;\r\n");
    assert_eq!(text(&data, &finding["function"]), "handle");
    assert!(finding.get("flow").is_none() && finding.get("circuit").is_none());
    let block = &data["files"][0]["blocks"];
    assert_eq!(block.as_array().map(Vec::len), Some(1));
    assert_eq!(block[0][0], 1);
    assert_eq!(block[0][1], "switch (x) {\ncase 1:\n\t/* Größe 😀 */ size = 1;\ncase 2:\n\tbreak;\n}\n");
}

#[test]
fn only_lines_near_a_finding_are_in_it_and_each_once() {
    let mut sample = Sample::new();
    let text: String = (1..=1000).map(|n| format!("line{n};\n")).collect();
    sample.files = vec![SourceFile::new("a.c", format!("{text}{}\n", "x".repeat(5000)).into_bytes())];
    let at = |token: &str| fixture::finding("implicit-fallthrough", fixture::span(&sample.files[0], token));
    let long = at("xxx");
    sample.findings = vec![at("line500;"), at("line500;"), at("line502;"), long];
    let data = data(&sample.emit(Format::Html));
    let blocks = data["files"][0]["blocks"].as_array().expect("blocks");
    assert_eq!(blocks.len(), 2);
    assert_eq!(blocks[0][1].as_str().map(|block| block.lines().count()), Some(11), "496 to 506");
    assert!(blocks[1][1].as_str().is_some_and(|block| block.len() < 400), "a long line is cut");
}

#[test]
fn twenty_thousand_findings_stay_a_small_page() {
    let page = fixture::large(20_000).emit(Format::Html);
    assert!(page.len() < 16 << 20, "{} bytes", page.len());
    assert_well_formed(&page);
}
