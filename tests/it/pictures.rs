//! Are the pictures of the README what the program prints today?
//!
//! Not on Windows, where paths are printed in another way.
#![cfg(not(windows))]

use crate::album;
use crate::tidy::root;

#[test]
fn the_pictures_show_what_is_printed_today() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let mut stale = Vec::new();
    for (name, picture) in album::all() {
        assert!(readme.contains(&format!("(pictures/{name})")), "README.md does not show {name}");
        let file = root().join("pictures").join(name);
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(&file, &picture).unwrap();
        }
        if std::fs::read_to_string(&file).is_ok_and(|there| there == picture) {
            continue;
        }
        stale.push(name);
    }
    let advice = "`cargo run --example pictures` makes them anew";
    assert!(stale.is_empty(), "these pictures are of the past; {advice}: {stale:?}");
}
