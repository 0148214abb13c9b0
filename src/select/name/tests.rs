//! Tables of names that are valid on each system.

use super::*;

const ALL: [System; 3] = [System::Unix, System::Mac, System::Windows];

fn check(name: &str, system: System) -> Result<Vec<&str>, String> {
    let text = |component| std::str::from_utf8(component).unwrap();
    let kind = if name.ends_with('/') { EntryKind::Folder } else { EntryKind::File };
    let components =
        components(name.as_bytes(), kind, system).map_err(|refused| refused.to_string())?;
    Ok(components.into_iter().map(text).collect())
}

#[test]
fn honest_names_are_taken_on_every_system() {
    let (long, deep) = ("a".repeat(255), "a/".repeat(512));
    let longest = format!("{}a", "./".repeat(2047)) + "a";
    for (name, expect) in [
        (&*deep, vec!["a"; 512]),
        (&longest, vec!["aa"]),
        ("a/b.txt", vec!["a", "b.txt"]),
        ("a/", vec!["a"]),
        ("foo..bar", vec!["foo..bar"]),
        ("..x/...y", vec!["..x", "...y"]),
        (".hidden", vec![".hidden"]),
        ("-rf", vec!["-rf"]),
        ("讀我 (1)~.md", vec!["讀我 (1)~.md"]),
        (&long, vec![&long]),
        ("./a", vec!["a"]),
        ("a/./b", vec!["a", "b"]),
        ("a//b", vec!["a", "b"]),
        ("./", vec![]),
        ("././/", vec![]),
    ] {
        for system in ALL {
            assert_eq!(check(name, system), Ok(expect.clone()), "{name}");
        }
    }
    assert_eq!(components(b".", EntryKind::Folder, System::Unix), Ok(vec![]));
}

#[test]
fn hostile_names_are_refused_on_every_system() {
    let (part, long) = ("a".repeat(256), "a/".repeat(2049));
    let deep = "a/".repeat(513);
    for (name, why) in [
        ("..", "leaves the destination"),
        ("a/../b", "leaves the destination"),
        ("a/..", "leaves the destination"),
        ("../../etc/passwd", "leaves the destination"),
        ("/etc/passwd", "leaves the destination"),
        ("//server/share/x", "leaves the destination"),
        ("/", "leaves the destination"),
        ("C:/x", "leaves the destination"),
        ("c:\\x", "leaves the destination"),
        ("c:", "leaves the destination"),
        ("..\\x", "has a backslash in its name"),
        ("\\\\server\\x", "has a backslash in its name"),
        ("", "has no name"),
        ("a\0.txt", "has a NUL in its name"),
        (".", "is no folder and is called `.`"),
        ("a/.", "is no folder and is called `.`"),
        (&part, "has too long a part in its name"),
        (&long, "has a name of more than 4096 bytes"),
        (&deep, "has more than 512 levels in its name"),
    ] {
        for system in ALL {
            let refusal = check(name, system).unwrap_err();
            assert!(refusal.ends_with(why), "{name:.20}: {refusal}");
        }
    }
    let link = components(b"l/", EntryKind::Link, System::Unix).unwrap_err();
    assert_eq!(link.to_string(), "entry `l/` is no folder and is called like one");
}

#[test]
fn names_that_windows_cannot_keep_are_refused_there_alone() {
    for name in [
        "CON",
        "nul.txt",
        "a/aux",
        "com1",
        "LPT9.log",
        "COM\u{b2}",
        "nul .x",
        "conin$",
        "x:y",
        "a<b",
        "a>b",
        "q\"",
        "a|b",
        "a?",
        "*",
        "dot.",
        "space ",
        "a./b",
        "bell\u{7}",
    ] {
        assert!(check(name, System::Windows).is_err(), "{name}");
        assert!(check(name, System::Unix).is_ok(), "{name}");
        assert!(check(name, System::Mac).is_ok(), "{name}");
    }
    for name in ["console", "com10", "com", "nul-x", "lpt0"] {
        assert!(check(name, System::Windows).is_ok(), "{name}");
    }
}

#[test]
fn case_and_unicode_form_count_on_unix_alone() {
    for (one, other) in [("A", "a"), ("é", "e\u{301}"), ("É", "e\u{301}"), ("ασ", "ας")] {
        let is_one = |system: System| system.key(one.as_bytes()) == system.key(other.as_bytes());
        assert!(!is_one(System::Unix), "{one}");
        assert!(is_one(System::Mac) && is_one(System::Windows), "{one}");
    }
    assert_ne!(System::Mac.key(b"a"), System::Mac.key(b"b"));
}

#[test]
fn a_job_becomes_a_folder_that_every_system_can_hold() {
    for (job, folder) in [
        ("build", "build"),
        ("build: [linux, x64]", "build_ [linux, x64]"),
        ("build 1/3", "build 1_3"),
        ("a\\b*?\"<>|c", "a_b______c"),
        ("..", "__"),
        (".", "_"),
        ("", "_"),
        ("v1. ", "v1__"),
        ("con", "_con"),
        ("nul.x", "_nul.x"),
        ("a\u{1b}b\n", "a_b_"),
        (".hidden", ".hidden"),
        (".downriver-0123456789ab", "_downriver-0123456789ab"),
        (".downriver-0123456789", ".downriver-0123456789"),
        ("讀", "讀"),
    ] {
        assert_eq!(folder_name(job), folder);
    }
    assert_eq!(folder_name(&"é".repeat(200)).len(), 254);
    for (job, start) in [("x", "x"), ("con.", "_con.")] {
        let folder = folder_name(&format!("{job}{}", "a".repeat(300)));
        assert!(folder.len() == 255 && folder.starts_with(start), "{folder}");
        assert_eq!(folder_name(&folder), folder);
        assert!(check(&folder, System::Windows).is_ok());
    }
}
