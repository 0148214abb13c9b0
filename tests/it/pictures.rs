//! The pictures of README and book: they show the output of today, and every text in them can be read.
//!
//! Not on Windows, where paths are printed in another way.
#![cfg(not(windows))]

use std::collections::{BTreeMap, BTreeSet};

use crate::tidy::root;
use crate::{album, book};

#[test]
fn the_pictures_show_what_is_printed_today() {
    let pages: String = book::pages().into_iter().map(|(_, text)| text).collect();
    let mut stale = Vec::new();
    for (name, picture) in album::all() {
        assert!(pages.contains(&format!("pictures/{name})")), "no page shows {name}");
        let file = root().join("docs/pictures").join(name);
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

/// The colours of the classes of a picture, on a light page and on a dark one.
fn schemes(picture: &str) -> [BTreeMap<String, [f64; 3]>; 2] {
    let style = picture.split("<style>").nth(1).unwrap().split("</style>").next().unwrap();
    let (light, dark) = style.split_once("@media (prefers-color-scheme: dark) {").unwrap();
    [light, dark].map(|rules| {
        let colours = rules.lines().filter_map(|line| {
            let (class, colour) = line.trim().strip_prefix('.')?.split_once(" { fill: #")?;
            let hex = colour.trim_end_matches(" }");
            let part = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
            Some((class.to_owned(), [0, 2, 4].map(|at| f64::from(part(at)) / 255.0)))
        });
        colours.collect()
    })
}

/// The relative luminance of a colour, as WCAG 2 defines it.
fn luminance(colour: [f64; 3]) -> f64 {
    let [r, g, b] =
        colour.map(|c| if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) });
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
    let (a, b) = (luminance(one), luminance(other));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// The classes of everything that is drawn as text.
fn classes_of_text(picture: &str) -> BTreeSet<&str> {
    let body = picture.split("</style>").nth(1).unwrap();
    let tags =
        body.split('<').filter(|tag| ["text", "tspan", "g "].iter().any(|t| tag.starts_with(t)));
    let lists = tags.filter_map(|tag| tag.split("class=\"").nth(1)?.split('"').next());
    lists.flat_map(|list| list.split(' ')).collect()
}

#[test]
fn every_text_can_be_read_on_a_light_and_on_a_dark_page() {
    assert!((contrast([0.0; 3], [1.0; 3]) - 21.0).abs() < 1e-9);
    for (name, picture) in album::all() {
        // The test reads colours from classes only, so that nothing else may set them.
        for other in ["opacity", "fill=", "style=", "rgb("] {
            assert!(!picture.contains(other), "{name} has {other}");
        }
        let classes = classes_of_text(&picture);
        assert!(classes.contains("fg"), "{name}: {classes:?}");
        assert!(!classes.iter().any(|class| class.starts_with("bg")), "{name}: {classes:?}");
        for scheme in schemes(&picture) {
            let background = scheme["bg"];
            for class in &classes {
                let Some(&colour) = scheme.get(*class) else {
                    let plain = ["container", "bold", "b", "underline", "italic"].contains(class);
                    assert!(plain, "{name}: no colour for {class}");
                    continue;
                };
                let contrast = contrast(colour, background);
                assert!(contrast >= 4.5, "{name}: {class} has a contrast of {contrast:.2}");
            }
        }
    }
}

#[test]
fn no_label_is_cut() {
    for (name, picture) in album::all() {
        // Without it, a narrow page cuts the picture off instead of scaling it.
        let tag = picture.split('>').next().unwrap();
        assert!(tag.contains(" viewBox=\"0 0 8"), "{name}: {tag}");
        for (at, _) in picture.match_indices('(') {
            let rest = &picture[at + 1..];
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let cut = digits > 0 && !rest[digits..].starts_with([')', ' ', '.']);
            assert!(!cut, "{name}: {:?}", rest.get(..20));
        }
        assert!(!picture.contains('…'), "{name} has a text that is cut");
    }
}
