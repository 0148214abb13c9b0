//! Archives that are whole, with names, kinds and links as hostile as can be: where other systems
//! would let them out, and here.
#![no_main]

#[path = "../../src/archive/craft.rs"]
mod craft;
mod landing;

use std::io::Cursor;

use arbitrary::Arbitrary;
use craft::Item;
use downriver::archive::Archive;
use downriver::select::file_pattern::Patterns;
use downriver::select::files::{FileRules, files};
use downriver::select::link::Symlinks;
use downriver::select::name::System;
use libfuzzer_sys::fuzz_target;

#[derive(Debug, Arbitrary)]
struct Made {
    entries: Vec<Entry>,
    pattern: Option<Name>,
    strip: u8,
    traps: bool,
}

#[derive(Debug, Arbitrary)]
struct Entry {
    name: Name,
    kind: Kind,
    deflated: bool,
    /// How its headers differ from each other.
    lie: Option<Lie>,
}

#[derive(Debug, Arbitrary)]
enum Kind {
    File(u16),
    Folder,
    Link(Name),
    /// Any bits of type and permission.
    Mode(u16),
}

#[derive(Debug, Arbitrary)]
enum Lie {
    LocalName(Name),
    LocalMethod(u16),
    LocalCrc(u32),
    LocalSizes([u32; 2]),
    LocalExtra(Vec<u8>),
    Descriptor(Vec<u8>),
    Behind(Vec<u8>),
    Size(u32),
    Crc(u32),
    Flags(u16),
    Creator(u8),
    Dos(u16, u16),
    Extra(Vec<u8>),
    Shares,
    Hidden,
}

/// Parts of names, few enough that entries meet.
#[derive(Debug, Arbitrary)]
struct Name(Vec<u8>);

const PARTS: [&str; 32] = [
    "a",
    "b",
    "c",
    "A",
    "/",
    "/",
    "/",
    "..",
    ".",
    "../",
    "./",
    "a/",
    "b/",
    "c/",
    "\\",
    "C:",
    "con",
    "nul.txt",
    " ",
    "x.",
    "\0",
    "\u{e4}",
    "a\u{308}",
    "\u{df}",
    "SS",
    "\u{202e}",
    "\u{1b}[2J",
    ".git",
    "\n",
    "*",
    "[",
    "long-long-long-long-long-long-long-long-long-long-long-long-long-long-long-",
];

impl Name {
    fn text(&self) -> String {
        self.0.iter().map(|part| PARTS[usize::from(*part) % PARTS.len()]).collect()
    }
}

fn short(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().take(1000).collect()
}

fn item(entry: &Entry) -> Item {
    let name = entry.name.text();
    let item = match &entry.kind {
        Kind::File(size) => craft::file(&name, vec![*size as u8; usize::from(*size % 4096)]),
        Kind::Folder => craft::folder(format!("{name}/")),
        Kind::Link(target) => craft::link(&name, target.text()),
        Kind::Mode(mode) => craft::file(&name, "").mode(u32::from(*mode)),
    };
    let item = if entry.deflated { item.deflated() } else { item };
    item.but(|item| match &entry.lie {
        None => {}
        Some(Lie::LocalName(name)) => item.local_name = Some(name.text().into_bytes()),
        Some(Lie::LocalMethod(method)) => item.local_method = Some(*method),
        Some(Lie::LocalCrc(crc)) => item.local_crc = Some(*crc),
        Some(Lie::LocalSizes([packed, size])) => {
            (item.local_compressed, item.local_size) = (Some(*packed), Some(*size));
        }
        Some(Lie::LocalExtra(extra)) => item.local_extra = short(extra),
        Some(Lie::Descriptor(told)) => (item.flags, item.descriptor) = (1 << 3, Some(short(told))),
        Some(Lie::Behind(behind)) => item.behind = short(behind),
        Some(Lie::Size(size)) => item.size = *size,
        Some(Lie::Crc(crc)) => item.crc = *crc,
        Some(Lie::Flags(flags)) => item.flags = *flags,
        Some(Lie::Creator(creator)) => item.creator = *creator,
        Some(Lie::Dos(date, time)) => item.dos = (*date, *time),
        Some(Lie::Extra(extra)) => item.extra = short(extra),
        Some(Lie::Shares) => item.shares = true,
        Some(Lie::Hidden) => item.hidden = true,
    })
}

fuzz_target!(|made: Made| {
    let items: Vec<Item> = made.entries.iter().map(item).collect();
    let bytes = craft::zip(&items);
    landing::land(&bytes, made.traps);

    // What would become of it elsewhere is decided without touching a disk.
    let Ok(mut archive) = Archive::open(Cursor::new(&bytes)) else { return };
    let Some(targets) = landing::targets(&mut archive) else { return };
    // Long ones are the affair of who types them, and take long.
    let pattern = made.pattern.iter().map(|name| name.text().chars().take(200).collect());
    let include: Vec<String> = pattern.collect();
    let Ok(patterns) = Patterns::new(&include, &[]) else { return };
    for system in [System::Unix, System::Mac, System::Windows] {
        for symlinks in [Symlinks::KeepInside, Symlinks::All, Symlinks::Skip, Symlinks::Copy] {
            let rules = FileRules {
                patterns: patterns.clone(),
                strip_components: usize::from(made.strip % 4),
                symlinks,
                system,
                ..landing::rules()
            };
            match files(archive.entries(), &targets, &rules) {
                Ok(plan) => landing::judge(&plan, &rules),
                Err(refusal) => landing::harmless(&refusal.to_string()),
            }
        }
    }
});
