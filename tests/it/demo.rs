//! The demo: its story is still true, and its short form stays short.

use crate::story::{self, Length};

/// Two screens of a terminal.
const MAX_LINES: usize = 80;

fn told(length: Length) -> String {
    let mut told = Vec::new();
    let as_told = story::tell(&mut told, length, false).unwrap();
    let told = String::from_utf8(told).unwrap();
    assert!(as_told, "{told}");
    told
}

#[track_caller]
fn in_this_order(told: &str, lines: &[&str]) {
    let mut from = 0;
    for line in lines {
        let at = told[from..].find(line);
        from += at.unwrap_or_else(|| panic!("no {line:?} in what is left of\n{told}")) + line.len();
    }
}

const BOTH: [&str; 8] = [
    "Two repositories, one story",
    "  $ downriver fetch build-repo -D vendor",
    "  [1/4] pipeline 9001 of project shop/linebot: 4 bridges",
    "  [2/4] bridge `build-sharecode`: pipeline 9002 of project shop/radar-sharecode (success)",
    "   12000 bytes  sharecode/lib/sharecode.dll",
    "  $ downriver fetch biuld-repo -D vendor",
    "  hint: did you mean `build-repo`?",
    "  (exit code 3)",
];

#[test]
fn the_demo_tells_its_story_to_the_end() {
    let told = told(Length::Full);
    in_this_order(&told, &BOTH);
    in_this_order(&told, &["16. Start a pipeline in the other", "That was all."]);
}

#[test]
fn the_short_story_fits_two_screens() {
    let told = told(Length::Short);
    in_this_order(&told, &BOTH);
    in_this_order(&told, &["  $ downriver tree", "The server has ended", "-- --all"]);
    let lines = told.lines().count();
    assert!(lines <= MAX_LINES, "{lines} lines:\n{told}");
}
