//! Test that plays the demo.

use crate::story;

#[test]
fn the_demo_runs_as_expected_to_the_end() {
    let mut told = Vec::new();
    let as_expected = story::play_all(&mut told, false).unwrap();
    let told = String::from_utf8(told).unwrap();
    assert!(as_expected, "{told}");
    let mut from = 0;
    for line in [
        "Two repositories, one story",
        "  $ downriver fetch build-repo -D vendor",
        "  [1/4] pipeline 9001 of project shop/linebot: 4 bridges",
        "  [2/4] bridge `build-sharecode`: pipeline 9002 of project shop/radar-sharecode (success)",
        "   12000 bytes  sharecode/lib/sharecode.dll",
        "  $ downriver fetch biuld-repo -D vendor",
        "  hint: did you mean `build-repo`?",
        "  (exit code 3)",
        "That was all of it.",
    ] {
        let at = told[from..].find(line);
        from += at.unwrap_or_else(|| panic!("no {line:?} in what is left of\n{told}")) + line.len();
    }
}
