//! The source text drawn below one finding: whole lines, or for long ones a window around the first label.

use std::collections::BTreeMap;
use std::ops::Range;

use codespan_reporting::files::{Error, Files};

use crate::source::{FileId, SourceFile, Span};

/// Length of the longest line drawn whole, in bytes; also the width of a window.
const WIDTH: usize = 240;
/// Bytes of a window before the label it is made for.
const LEAD: usize = 80;

/// Our file table as codespan sees it. A window needs no copy: it is a narrower range for its line.
pub struct Excerpt<'a> {
    files: &'a [SourceFile],
    windows: BTreeMap<(FileId, usize), Range<usize>>,
}

impl<'a> Excerpt<'a> {
    pub fn new(files: &'a [SourceFile]) -> Self {
        Excerpt { files, windows: BTreeMap::new() }
    }

    /// Some line is shown in part.
    pub fn is_clipped(&self) -> bool {
        !self.windows.is_empty()
    }

    /// The bytes to underline for a span: without its final line ending, which would make it two lines, and cut at the
    /// end of the window. `None` if the window of a long line, made for an earlier label, does not contain it.
    pub fn visible(&mut self, id: FileId, span: Span) -> Option<Range<usize>> {
        let file = &self.files[id.0 as usize];
        let start = floor_char(&file.text, span.start as usize);
        let end =
            start + file.slice(Span::new(start, start.max(span.end as usize))).trim_end_matches(['\r', '\n']).len();
        let first = self.window(id, start);
        if start < first.start || first.end < start {
            return None;
        }
        let last = self.window(id, end);
        let whole = last.start <= end && end <= last.end;
        Some(start..if whole { end } else { first.end })
    }

    fn window(&mut self, id: FileId, offset: usize) -> Range<usize> {
        let file = &self.files[id.0 as usize];
        let index = file.line_index(offset as u32);
        let line = content(file, index);
        if line.len() <= WIDTH {
            // A label on the line end itself stays there.
            return line.start..line.end.max(offset);
        }
        self.windows.entry((id, index)).or_insert_with(|| around(file, line, offset)).clone()
    }

    fn file(&self, id: FileId) -> Result<&'a SourceFile, Error> {
        self.files.get(id.0 as usize).ok_or(Error::FileMissing)
    }
}

impl<'a> Files<'a> for Excerpt<'_> {
    type FileId = FileId;
    type Name = &'a str;
    type Source = &'a str;

    fn name(&'a self, id: FileId) -> Result<&'a str, Error> {
        Ok(&self.file(id)?.path)
    }

    fn source(&'a self, id: FileId) -> Result<&'a str, Error> {
        Ok(&self.file(id)?.text)
    }

    fn line_index(&'a self, id: FileId, offset: usize) -> Result<usize, Error> {
        Ok(self.file(id)?.line_index(offset as u32))
    }

    fn column_number(&'a self, id: FileId, _line: usize, offset: usize) -> Result<usize, Error> {
        Ok(self.file(id)?.position(offset as u32).column as usize)
    }

    fn line_range(&'a self, id: FileId, index: usize) -> Result<Range<usize>, Error> {
        let file = self.file(id)?;
        if index >= file.line_count() {
            return Err(Error::LineTooLarge { given: index, max: file.line_count() - 1 });
        }
        let line = content(file, index);
        if line.len() <= WIDTH {
            return Ok(line);
        }
        Ok(self.windows.get(&(id, index)).cloned().unwrap_or_else(|| around(file, line.clone(), line.start)))
    }
}

/// A line without its line ending.
fn content(file: &SourceFile, index: usize) -> Range<usize> {
    let line = file.line_range(index);
    let text = file.text[line.clone()].trim_end_matches(['\r', '\n']);
    line.start..line.start + text.len()
}

fn around(file: &SourceFile, line: Range<usize>, offset: usize) -> Range<usize> {
    let start = offset.saturating_sub(LEAD).min(line.end.saturating_sub(WIDTH)).max(line.start);
    let end = (start + WIDTH).min(line.end);
    floor_char(&file.text, start)..floor_char(&file.text, end)
}

fn floor_char(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(text: String) -> [SourceFile; 1] {
        [SourceFile::new("a.c", text.into_bytes())]
    }

    #[test]
    fn short_lines_are_whole_and_line_ends_not_underlined() {
        let files = files("if (x)\r\n\tf();\r\n".into());
        let mut excerpt = Excerpt::new(&files);
        assert_eq!(excerpt.visible(FileId(0), Span::new(4, 8)), Some(4..6));
        assert_eq!(excerpt.visible(FileId(0), Span::new(6, 6)), Some(6..6));
        assert_eq!(excerpt.visible(FileId(0), Span::new(4, 11)), Some(4..11), "two lines stay two");
        assert_eq!(excerpt.visible(FileId(0), Span::new(90, 99)), Some(15..15), "past the end");
        assert_eq!(excerpt.line_range(FileId(0), 0).ok(), Some(0..6));
        assert!(excerpt.line_range(FileId(0), 3).is_err() && excerpt.line_range(FileId(1), 0).is_err());
        assert!(!excerpt.is_clipped());
    }

    #[test]
    fn a_long_line_shows_a_window_around_its_first_label() {
        let files = files("é".repeat(1000));
        let mut excerpt = Excerpt::new(&files);
        assert_eq!(excerpt.visible(FileId(0), Span::new(1001, 1004)), Some(1000..1004));
        assert_eq!(excerpt.line_range(FileId(0), 0).ok(), Some(920..1160));
        assert_eq!(excerpt.column_number(FileId(0), 0, 1000).ok(), Some(501));
        assert_eq!(excerpt.visible(FileId(0), Span::new(1100, 1900)), Some(1100..1160), "cut at the window's end");
        assert_eq!(excerpt.visible(FileId(0), Span::new(10, 12)), None, "outside the window");
        assert!(excerpt.is_clipped());
    }

    #[test]
    fn windows_stay_inside_their_line() {
        let text = format!("short\n{}\nshort\n", "x".repeat(300));
        let files = files(text);
        for (offset, window) in [(6, 6..246), (305, 66..306), (306, 66..306)] {
            let mut excerpt = Excerpt::new(&files);
            assert_eq!(excerpt.visible(FileId(0), Span::new(offset, offset)), Some(offset..offset));
            assert_eq!(excerpt.line_range(FileId(0), 1).ok(), Some(window));
        }
        let mut excerpt = Excerpt::new(&files);
        assert_eq!(excerpt.visible(FileId(0), Span::new(6, 7)), Some(6..7));
        assert_eq!(excerpt.visible(FileId(0), Span::new(0, 300)), Some(0..5), "its end is not in the window");
    }
}
