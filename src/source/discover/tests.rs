use super::*;
use tempfile::TempDir;

/// A directory with these files; a path that ends in `/` is an empty directory.
fn tree(files: &[(&str, &str)]) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let full = root.path().join(path);
        let folder = if path.ends_with('/') { full.as_path() } else { full.parent().unwrap() };
        fs::create_dir_all(folder).unwrap();
        if !path.ends_with('/') {
            fs::write(full, text).unwrap();
        }
    }
    root
}

fn search(root: &TempDir, paths: &[&str]) -> Discovery {
    discover(&Selection { paths: paths.iter().map(|path| root.path().join(path)).collect(), ..Selection::default() })
}

/// The files found, relative to the root, joined by spaces.
fn names(root: &TempDir, discovery: &Discovery) -> String {
    let relative = |path: &PathBuf| path.strip_prefix(root.path()).unwrap_or(path).display().to_string();
    discovery.files.iter().map(relative).collect::<Vec<_>>().join(" ")
}

fn found(root: &TempDir, paths: &[&str]) -> String {
    let discovery = search(root, paths);
    assert_eq!(discovery.problems, []);
    names(root, &discovery)
}

#[test]
fn finds_c_sorted_and_leaves_the_rest() {
    let root =
        tree(&[("b/z.c", ""), ("b/a.h", ""), ("a.c", ""), ("a.cc", ""), ("A.C", ""), ("c", ""), ("README.md", "")]);
    assert_eq!(found(&root, &[""]), "a.c b/a.h b/z.c");
}

#[test]
fn extensions_are_the_callers() {
    let root = tree(&[("a.c", ""), ("b.inc", "")]);
    let selection =
        Selection { paths: vec![root.path().into()], extensions: vec!["inc".into()], ..Selection::default() };
    assert_eq!(names(&root, &discover(&selection)), "b.inc");
}

#[test]
fn a_named_file_is_taken_whatever_it_is_called() {
    let root = tree(&[(".gitignore", "*"), ("a.txt", ""), (".hidden/b.c", ""), ("c.c", "")]);
    assert_eq!(found(&root, &["a.txt", ".hidden/b.c", "."]), ".hidden/b.c a.txt");
}

#[test]
fn hidden_folders_are_searched_when_named() {
    let root = tree(&[(".h/a.c", ""), (".h/.i/b.c", ""), (".git/c.c", ""), ("d.c", "")]);
    assert_eq!(found(&root, &[""]), "d.c");
    assert_eq!(found(&root, &[".h"]), ".h/a.c");
}

#[test]
fn inner_ignore_files_override_outer_ones() {
    let root = tree(&[
        (".gitignore", "gen_*.c\n/build/\n*.h\n!keep.h\n# comment\n"),
        ("gen_a.c", ""),
        ("build/a.c", ""),
        ("keep.h", ""),
        ("drop.h", ""),
        ("sub/.gitignore", "!gen_b.c\nkeep.h\n"),
        ("sub/gen_b.c", ""),
        ("sub/gen_c.c", ""),
        ("sub/keep.h", ""),
        ("sub/build/b.c", ""),
        ("sub/deep/gen_b.c", ""),
    ]);
    assert_eq!(found(&root, &[""]), "keep.h sub/build/b.c sub/deep/gen_b.c sub/gen_b.c");
}

#[test]
fn an_ignored_folder_hides_what_it_would_include_again() {
    let root = tree(&[(".gitignore", "out/\n!out/a.c\n"), ("out/.gitignore", "!*"), ("out/a.c", ""), ("b.c", "")]);
    assert_eq!(found(&root, &[""]), "b.c");
    // If named, it is searched.
    assert_eq!(found(&root, &["out"]), "out/a.c");
}

#[test]
fn dot_ignore_is_stronger_than_git_and_exclude_weaker() {
    let root = tree(&[
        (".git/info/exclude", "a.c\nb.c\n"),
        (".gitignore", "!a.c\nc.c\n"),
        (".ignore", "!c.c\nd.c\n"),
        ("a.c", ""),
        ("b.c", ""),
        ("c.c", ""),
        ("d.c", ""),
    ]);
    assert_eq!(found(&root, &[""]), "a.c c.c");
}

#[test]
fn rules_above_the_root_count_up_to_the_git_top() {
    let root = tree(&[
        (".gitignore", "*.c"),
        ("top/.git/info/exclude", "x.h"),
        ("top/.gitignore", "/lib/gen/\n*.h\n"),
        ("top/lib/.gitignore", "!a.h\n"),
        ("top/lib/src/a.c", ""),
        ("top/lib/src/a.h", ""),
        ("top/lib/src/b.h", ""),
        ("top/lib/gen/b.c", ""),
    ]);
    assert_eq!(found(&root, &["top/lib/src"]), "top/lib/src/a.c top/lib/src/a.h");
    assert_eq!(found(&root, &["top/lib"]), "top/lib/src/a.c top/lib/src/a.h");
    // Without a repository around it, only the root's own rules count.
    fs::remove_dir_all(root.path().join("top/.git")).unwrap();
    assert_eq!(found(&root, &["top/lib/src"]), "top/lib/src/a.c top/lib/src/a.h top/lib/src/b.h");
}

#[test]
fn an_inner_repository_has_its_own_rules() {
    let root = tree(&[(".gitignore", "*.h"), ("a.h", ""), ("inner/.git/", ""), ("inner/b.h", ""), ("inner/c/d.h", "")]);
    assert_eq!(found(&root, &[""]), "inner/b.h inner/c/d.h");
}

#[test]
fn ignore_files_can_be_left_out() {
    let root = tree(&[(".gitignore", "*"), ("a.c", ""), (".git/b.c", "")]);
    let selection = Selection { paths: vec![root.path().into()], use_ignore_files: false, ..Selection::default() };
    assert_eq!(names(&root, &discover(&selection)), "a.c");
}

#[test]
fn a_line_that_is_no_pattern_costs_only_itself() {
    let root = tree(&[(".gitignore", "a[.c\nb.c\n"), ("a.c", ""), ("b.c", "")]);
    assert_eq!(found(&root, &[""]), "a.c");
}

#[test]
fn a_file_reached_twice_is_taken_once() {
    let root = tree(&[("src/a.c", ""), ("src/sub/b.c", "")]);
    assert_eq!(found(&root, &["src", "src/sub", "src/../src/a.c", "./src/a.c"]), "src/a.c src/sub/b.c");
}

#[test]
fn what_does_not_exist_is_a_problem() {
    let root = tree(&[("a.c", "")]);
    let discovery = search(&root, &["gone.c", "a.c", "gone.c"]);
    assert_eq!(names(&root, &discovery), "a.c");
    assert_eq!(discovery.problems, [(shown(&root.path().join("gone.c")), "does not exist".to_string())]);
}

#[test]
fn deep_folders_do_not_exhaust_the_stack() {
    let root = tree(&[(&"d/".repeat(500), "")]);
    fs::write(root.path().join("d/".repeat(500)).join("a.c"), "").unwrap();
    assert_eq!(search(&root, &[""]).files.len(), 1);
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn folder_links_are_followed_only_as_roots() {
        let root = tree(&[("real/a.c", ""), ("real/sub/", "")]);
        symlink("..", root.path().join("real/sub/loop")).unwrap();
        symlink("real", root.path().join("link")).unwrap();
        assert_eq!(found(&root, &[""]), "real/a.c");
        assert_eq!(found(&root, &["link"]), "link/a.c");
        assert_eq!(found(&root, &["real", "link"]), "real/a.c");
    }

    #[test]
    fn file_links_are_followed_and_the_real_name_is_shown() {
        let root = tree(&[("src/z.c", ""), ("outside.txt", "")]);
        symlink("z.c", root.path().join("src/a.c")).unwrap();
        symlink("../outside.txt", root.path().join("src/b.c")).unwrap();
        symlink("../outside.txt", root.path().join("src/c.c")).unwrap();
        assert_eq!(found(&root, &["src"]), "src/b.c src/z.c");
        assert_eq!(found(&root, &["src/a.c"]), "src/a.c");
    }

    #[test]
    fn a_broken_link_is_a_problem_where_it_looks_like_c() {
        let root = tree(&[("a.c", "")]);
        symlink("gone", root.path().join("b.c")).unwrap();
        symlink("gone", root.path().join("b.txt")).unwrap();
        symlink("self.c", root.path().join("self.c")).unwrap();
        let discovery = search(&root, &[""]);
        assert_eq!(names(&root, &discovery), "a.c");
        assert_eq!(discovery.problems.len(), 2);
        assert_eq!(discovery.problems[0], (shown(&root.path().join("b.c")), "does not exist".to_string()));
        assert!(load(&root.path().join("b.c"), "b.c", 100).is_err());
    }

    #[test]
    fn what_cannot_be_read_is_a_problem() {
        let root = tree(&[("a.c", ""), ("locked/b.c", ""), ("locked.c", "")]);
        let forbid =
            |name: &str, mode| fs::set_permissions(root.path().join(name), PermissionsExt::from_mode(mode)).unwrap();
        forbid("locked", 0);
        forbid("locked.c", 0);
        if fs::read_dir(root.path().join("locked")).is_ok() {
            return; // root reads everything
        }
        let discovery = search(&root, &[""]);
        assert_eq!(names(&root, &discovery), "a.c locked.c");
        let message = "cannot be read: permission denied".to_string();
        assert_eq!(discovery.problems, [(shown(&root.path().join("locked")), message.clone())]);
        assert_eq!(load(&root.path().join("locked.c"), "locked.c", 100).err(), Some(message));
        forbid("locked", 0o700);
    }

    #[test]
    fn a_pipe_is_refused_without_waiting() {
        let root = tree(&[("a.c", "")]);
        let pipe = |name: &str| {
            let path = root.path().join(name);
            assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
            path
        };
        let named = pipe("pipe.c");
        pipe(".gitignore");
        assert_eq!(found(&root, &[""]), "a.c");
        assert_eq!(load(&named, "pipe.c", 100).err(), Some("is not a regular file".into()));
    }

    #[test]
    fn lists_keep_names_that_are_not_utf8() {
        use std::os::unix::ffi::OsStrExt;
        let paths = read_list(&b"caf\xe9.c\n"[..], false).unwrap();
        assert_eq!(paths[0].as_os_str().as_bytes(), b"caf\xe9.c");
        assert_eq!(shown(&paths[0]), "caf\u{fffd}.c");
    }
}

#[test]
fn load_reads_text() {
    let root = tree(&[("a.c", "int x;\n")]);
    let file = load(&root.path().join("a.c"), "a.c", 7).unwrap();
    assert_eq!((file.path.as_str(), file.text.as_str()), ("a.c", "int x;\n"));
}

#[test]
fn load_says_why_it_refuses() {
    let root = tree(&[("a.c", "int x;\n"), ("bin.c", "ELF\0")]);
    let refusal = |name: &str, limit| load(&root.path().join(name), name, limit).err().unwrap_or_default();
    assert_eq!(refusal("", 100), "is a folder");
    assert_eq!(refusal("gone.c", 100), "does not exist");
    assert_eq!(refusal("a.c", 6), "has 7 bytes, over the limit of 6; raise it with --max-file-size");
    assert_eq!(refusal("bin.c", 100), "is binary: it holds a NUL byte");
}

#[test]
fn streams_are_judged_like_files() {
    let refusal = |bytes: &[u8], limit| read(bytes, "-", limit).err().unwrap_or_default();
    assert_eq!(refusal(b"12345678", 7), "has more than 7 bytes, over the limit of 7; raise it with --max-file-size");
    assert_eq!(refusal(b"\xff\xfei\0n\0", 100), "is UTF-16 text; convert it to UTF-8");
    assert_eq!(refusal(b"\xfe\xff\0i\0n", 100), "is UTF-16 text; convert it to UTF-8");
    assert_eq!(refusal(b"", u64::MAX), "");
    let mut late = vec![b' '; 8 << 10];
    late.push(0);
    assert_eq!(refusal(&late, 1 << 20), "");
}

#[test]
fn paths_are_shown_relative_to_the_working_directory() {
    let here = std::env::current_dir().unwrap();
    assert_eq!(shown(&here.join("src/a.c")), "src/a.c");
    assert_eq!(shown(&here), ".");
    assert_eq!(shown(Path::new("./src/./a.c")), "src/a.c");
    assert_eq!(shown(Path::new("../x/a.c")), "../x/a.c");
    assert_eq!(shown(Path::new(".")), ".");
    if let Some(above) = here.parent() {
        let beside = above.join("beside.c");
        assert_eq!(shown(&beside), beside.to_string_lossy());
    }
}

#[test]
fn lists_of_files() {
    let list =
        |bytes: &[u8], nul| read_list(bytes, nul).map(|paths| paths.iter().map(|path| shown(path)).collect::<Vec<_>>());
    assert_eq!(list(b"a.c\r\n\n b.c\n\r\nlast.h", false).unwrap(), ["a.c", " b.c", "last.h"]);
    assert_eq!(list(b"a\n.c\0\0b.c\0", true).unwrap(), ["a\n.c", "b.c"]);
    assert_eq!(list(b"", false).unwrap(), [""; 0]);
    assert!(list(b"a.c\0b.c\0", false).unwrap_err().contains("--null"));
}
