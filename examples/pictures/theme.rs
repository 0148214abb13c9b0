//! Colours of the pictures, for pages with a light and with a dark background.
//!
//! Every text has a contrast of at least 4.5 to its background, as WCAG 2 asks for; a test computes
//! it from the pictures.

use std::fmt::Write;

/// A class with its colour on a light and on a dark page.
type Class = (&'static str, &'static str, &'static str);

/// Text of a terminal. What a terminal shows fainter has a colour of its own here, because opacity
/// would take the contrast away.
pub const TERMINAL: [Class; 10] = [
    ("bg", "#f6f8fa", "#0d1117"),
    ("fg", "#1f2328", "#e6edf3"),
    ("fg-red", "#b31d28", "#ff7b72"),
    ("fg-green", "#116329", "#3fb950"),
    ("fg-yellow", "#7d4e00", "#d29922"),
    ("fg-blue", "#0550ae", "#79c0ff"),
    ("fg-magenta", "#6639ba", "#d2a8ff"),
    ("fg-cyan", "#0a5f66", "#56d4dd"),
    ("fg-white", "#1f2328", "#e6edf3"),
    ("dimmed", "#57606a", "#9198a1"),
];

/// Text, bars and background of a plot.
pub const PLOT: [Class; 4] = [
    ("bg", "#ffffff", "#0d1117"),
    ("fg", "#1f2328", "#e6edf3"),
    ("ours", "#0969da", "#58a6ff"),
    ("other", "#8c959f", "#6e7681"),
];

/// The rules of a style sheet: the colours of a light page, then those of a dark one.
pub fn rules(classes: &[Class]) -> String {
    let mut light = String::new();
    let mut dark = String::new();
    for (class, on_light, on_dark) in classes {
        writeln!(light, "    .{class} {{ fill: {on_light} }}").expect("a string takes text");
        writeln!(dark, "      .{class} {{ fill: {on_dark} }}").expect("a string takes text");
    }
    format!("{light}    @media (prefers-color-scheme: dark) {{\n{dark}    }}\n")
}

/// A picture of a terminal with these colours in the place of those that it was drawn with. With a
/// `viewBox`, a page that is narrower than the picture scales it; otherwise it would be cut off.
pub fn recoloured(picture: &str) -> String {
    let mut out = String::new();
    let size = |name: &str| {
        let rest = picture.split_once(&format!("{name}=\"")).map_or("", |(_, rest)| rest);
        rest.split_once("px").map_or("", |(size, _)| size)
    };
    let view = format!("<svg viewBox=\"0 0 {} {}\" ", size("width"), size("height"));
    let picture = picture.replacen("<svg ", &view, 1);
    for line in picture.lines().map(str::trim_end) {
        let rule = line.trim_start();
        if [".fg", ".bg", ".dimmed"].iter().any(|class| rule.starts_with(class)) {
            continue;
        }
        out += line;
        out.push('\n');
        if rule == "<style>" {
            out += &rules(&TERMINAL);
        }
    }
    out
}
