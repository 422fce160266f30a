//! Folders of C files, and running the binary in them.

use std::fs::{self, File};
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// One fall-through, on line 5. Its confidence depends on the ranking.
#[allow(dead_code)] // Each test binary has its own copy, and not all use it.
pub const FALLS: &str = "void f(int x)\n{\n    switch (x) {\n    case 1: g();\n    case 2: h();\n    }\n}\n";

/// A folder outside any repository, removed with the test.
pub struct Folder(TempDir);

pub struct Run {
    /// None if it was killed.
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Folder {
    pub fn new(files: &[(&str, &str)]) -> Folder {
        let folder = Folder(TempDir::new().expect("a folder"));
        for (name, text) in files {
            folder.write(name, text.as_bytes());
        }
        folder
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, bytes).expect("a file");
    }

    /// Runs `git` in this folder.
    #[allow(dead_code)] // As above.
    pub fn git(&self, args: &[&str]) {
        let run = Command::new("git")
            .args(["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"])
            .args(args)
            .current_dir(self.path())
            .output()
            .expect("git starts");
        assert!(run.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&run.stderr));
    }

    /// Runs `crosstalk` in this folder.
    #[allow(dead_code)] // As above.
    pub fn run(&self, args: &[&str]) -> Run {
        self.run_with(args, b"", Duration::from_secs(120))
    }

    /// With standard input, killed after `limit`.
    pub fn run_with(&self, args: &[&str], stdin: &[u8], limit: Duration) -> Run {
        let start = Instant::now();
        // Files, not pipes: nothing needs to be read while the child runs.
        let (mut input, mut out, mut err) = (scratch(), scratch(), scratch());
        input.write_all(stdin).and_then(|()| input.rewind()).expect("a file");
        let mut child = Command::new(env!("CARGO_BIN_EXE_crosstalk"))
            .args(args)
            .current_dir(self.path())
            .env_remove("CLICOLOR_FORCE")
            .env_remove("FORCE_COLOR")
            .stdin(input)
            .stdout(out.try_clone().expect("a handle"))
            .stderr(err.try_clone().expect("a handle"))
            .spawn()
            .expect("the binary starts");
        let status = loop {
            match child.try_wait().expect("a status") {
                Some(status) => break status,
                None if start.elapsed() > limit => {
                    child.kill().and_then(|()| child.wait()).expect("it can be killed");
                }
                None => std::thread::sleep(Duration::from_millis(5)),
            }
        };
        Run { code: status.code(), out: text(&mut out), err: text(&mut err) }
    }
}

fn scratch() -> File {
    tempfile::tempfile().expect("a file")
}

fn text(file: &mut File) -> String {
    let mut text = String::new();
    file.rewind().and_then(|()| file.read_to_string(&mut text)).expect("UTF-8");
    text
}
