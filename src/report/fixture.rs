//! Small values for the emitters' tests.

use super::*;

/// The first occurrence of `token`.
pub fn span(file: &SourceFile, token: &str) -> Span {
    let start = file.text.find(token).expect("the token is in the text");
    Span::new(start, start + token.len())
}

pub fn finding(rule: &'static str, span: Span) -> Finding {
    Finding {
        label: "falls into the next case".into(),
        message: "case 1 falls through into case 2".into(),
        ..Finding::new(rule, Confidence::Medium, FileId(0), span)
    }
}

pub fn rules() -> Vec<RuleInfo> {
    let rule = |id, family, severity, cwe: &[u32]| RuleInfo {
        id,
        family,
        set: RuleSet::Default,
        summary: format!("{id} in one sentence"),
        severity,
        cwe: cwe.to_vec(),
        references: vec!["MISRA C:2012 16.3".into()],
        since: "0.1.0".into(),
        page: "# Title\n\nWhat it is,\nin prose.\n\n## Why\n\nBecause.\n".into(),
    };
    vec![
        rule("implicit-fallthrough", "switch", Severity::Warning, &[484]),
        rule("unchecked-length", "message", Severity::Error, &[20, 125]),
    ]
}

/// Two files (multi-byte characters, CRLF, a name to be encoded) and a finding with every field set.
pub struct Sample {
    pub files: Vec<SourceFile>,
    pub findings: Vec<Finding>,
    pub rules: Vec<RuleInfo>,
    pub coverage: Coverage,
    pub problems: Vec<Problem>,
    pub hidden: usize,
}

impl Sample {
    pub fn new() -> Self {
        let text = "switch (x) {\r\ncase 1:\r\n\t/* Größe 😀 */ size = 1;\r\ncase 2:\r\n\tbreak;\r\n}\r\n";
        let files = vec![
            SourceFile::new("src/ä b#1.c", text.into()),
            SourceFile::new("include/size.h", b"extern int size;\n".to_vec()),
        ];
        let mut full = finding("implicit-fallthrough", span(&files[0], "size = 1"));
        full.function = Some("handle".into());
        full.related = vec![
            Related { file: FileId(0), span: span(&files[0], "case 2:"), message: "into this case".into() },
            Related { file: FileId(1), span: span(&files[1], "size"), message: "declared here".into() },
        ];
        full.notes = vec!["holds where X is defined".into()];
        let end = span(&files[0], "case 2:").start as usize;
        full.fixes = vec![Fix {
            description: "end the section with `break;`".into(),
            safe: false,
            edits: vec![Edit { file: FileId(0), span: Span::new(end, end), replacement: "\tbreak;\r\n".into() }],
        }];
        let mut bare = finding("unchecked-length", span(&files[1], "int"));
        bare.severity = Severity::Error;
        bare.confidence = Confidence::High;
        bare.file = FileId(1);
        bare.message = "the length is used unchecked".into();
        Sample {
            files,
            findings: vec![full, bare],
            rules: rules(),
            coverage: Coverage { files: 2, functions: 1, functions_analysed: 1, ..Coverage::default() },
            problems: vec![Problem { path: "src/big.c".into(), message: "larger than 16 MB".into() }],
            hidden: 0,
        }
    }

    /// Passes the report to `look`.
    pub fn with<T>(&self, look: impl FnOnce(&Report) -> T) -> T {
        look(&Report {
            files: &self.files,
            findings: &self.findings,
            fingerprints: &fingerprint::fingerprints(&self.files, &self.findings),
            rules: &self.rules,
            coverage: &self.coverage,
            problems: &self.problems,
            left_out: LeftOut { hidden: self.hidden, ..LeftOut::default() },
            category: "crosstalk",
        })
    }

    pub fn emit(&self, format: Format) -> String {
        let mut out = Vec::new();
        self.with(|report| emit(format, report, false, &mut out)).expect("a Vec takes every write");
        String::from_utf8(out).expect("output is UTF-8")
    }
}

/// This many findings over 100 files, of every severity, some with evidence, a path and a fix.
pub fn large(number: usize) -> Sample {
    let mut sample = Sample::new();
    sample.findings.clear();
    let text: String = (0..number.div_ceil(100)).map(|n| format!("case {n}: value{n} = read(p); /* é */\n")).collect();
    let path = |n: usize| format!("src/part{}/file{n:03}.c", n % 7);
    let mut paths: Vec<String> = (0..100).map(path).collect();
    paths.sort();
    sample.files = paths.into_iter().map(|path| SourceFile::new(path, text.clone().into_bytes())).collect();
    for n in 0..number {
        let file = &sample.files[n * 100 / number];
        let line = file.line_range(n % file.line_count().saturating_sub(1).max(1));
        let span = Span::new(line.start, line.start + 7);
        let mut new = finding(["implicit-fallthrough", "unchecked-length"][n % 2], span);
        new.confidence = [Confidence::High, Confidence::Medium, Confidence::Low][n % 3];
        new.severity = new.confidence.into();
        new.file = FileId((n * 100 / number) as u32);
        new.function = Some(format!("function{}", n % 50));
        let step = Related { file: new.file, span, message: "a step \"here\"".into() };
        new.related = vec![step.clone(); n % 3];
        new.flow = vec![step; n % 5 / 4 * 3];
        sample.findings.push(new);
    }
    sample
}
