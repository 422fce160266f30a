//! Text in XML.

use std::fmt;

/// Text escaped for an attribute's value or an element's content. Line endings are kept, and characters that XML 1.0
/// cannot represent become U+FFFD.
pub struct Escaped<'a>(pub &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => out.write_str("&amp;")?,
                '<' => out.write_str("&lt;")?,
                '>' => out.write_str("&gt;")?,
                '"' => out.write_str("&quot;")?,
                '\'' => out.write_str("&apos;")?,
                '\n' => out.write_str("&#10;")?,
                '\r' => out.write_str("&#13;")?,
                '\t' => out.write_str("&#9;")?,
                '\0'..' ' | '\u{fffe}' | '\u{ffff}' => out.write_str("\u{fffd}")?,
                c => fmt::Write::write_char(out, c)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Escaped;

    #[test]
    fn what_xml_takes_for_its_own_is_escaped() {
        let text = "a<b> & \"c\" 'd'\n\t\r ü\u{1b}[m\0\u{ffff}";
        let escaped = "a&lt;b&gt; &amp; &quot;c&quot; &apos;d&apos;&#10;&#9;&#13; ü\u{fffd}[m\u{fffd}\u{fffd}";
        assert_eq!(Escaped(text).to_string(), escaped);
    }
}
