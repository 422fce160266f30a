//! One JSON object per line and finding: made to be streamed, concatenated and grepped.

use std::io;

use super::{Report, record::records};

pub fn write(out: &mut dyn io::Write, report: &Report) -> io::Result<()> {
    for record in records(report) {
        serde_json::to_writer(&mut *out, &record)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::report::{Format, fixture::Sample};

    #[test]
    fn every_field_in_its_order() {
        let text = Sample::new().emit(Format::JsonLines);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2);
        let at = |name: &str| lines[0].find(&format!("{name}\":")).unwrap_or_else(|| panic!("no {name}"));
        let order = [
            "{\"rule",
            "family",
            "severity",
            "confidence",
            "path",
            "\"line",
            "\"column",
            "end_line",
            "end_column",
            "function",
            "message",
            "fingerprint",
            "related",
            "notes",
            "fixes",
        ];
        assert!(order.windows(2).all(|pair| at(pair[0]) < at(pair[1])), "{}", lines[0]);
        let bare = r#"{"rule":"unchecked-length","family":"message","severity":"error","confidence":"high","path":"include/size.h","line":1,"column":8,"end_line":1,"end_column":11,"function":null,"#;
        assert!(lines[1].starts_with(bare), "{}", lines[1]);
        assert!(lines[1].ends_with(r#""related":[],"notes":[],"fixes":[]}"#), "{}", lines[1]);
    }

    #[test]
    fn columns_count_characters_and_carriage_returns_none() {
        let text = Sample::new().emit(Format::JsonLines);
        let line: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        // A tab, the comment's 13 characters (18 bytes) and a blank precede it.
        let place = serde_json::json!([line["line"], line["column"], line["end_line"], line["end_column"]]);
        assert_eq!(place, serde_json::json!([3, 16, 3, 24]));
        assert_eq!(line["path"], "src/ä b#1.c");
        assert_eq!(line["related"][1]["path"], "include/size.h");
        assert_eq!(line["related"][0]["message"], "into this case");
        let edit = &line["fixes"][0]["edits"][0];
        assert_eq!((&edit["line"], &edit["column"]), (&4.into(), &1.into()));
        assert_eq!(edit["replacement"], "\tbreak;\r\n");
        assert_eq!(line["fixes"][0]["safe"], false);
    }
}
