//! Well-formed archives with hostile names, kinds and links, planned for every system and extracted
//! on this one.
#![no_main]

mod extraction;
#[path = "../../src/archive/zip_builder.rs"]
mod zip_builder;

use std::io::Cursor;

use arbitrary::Arbitrary;
use downriver::archive::Archive;
use downriver::select::file_pattern::Patterns;
use downriver::select::files::{FileRules, files};
use downriver::select::link::Symlinks;
use downriver::select::name::System;
use libfuzzer_sys::fuzz_target;
use zip_builder::ZipItem;

#[derive(Debug, Arbitrary)]
struct Input {
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
    /// A wrong value in its headers.
    corruption: Option<Corruption>,
}

#[derive(Debug, Arbitrary)]
enum Kind {
    File(u16),
    Folder,
    Link(Name),
    /// Any Unix mode.
    Mode(u16),
}

#[derive(Debug, Arbitrary)]
enum Corruption {
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
    SharedLocalHeader,
    Hidden,
}

/// A name composed of [`PARTS`], which are few enough that names collide.
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

fn truncated(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().take(1000).collect()
}

fn item(entry: &Entry) -> ZipItem {
    let name = entry.name.text();
    let item = match &entry.kind {
        Kind::File(size) => zip_builder::file(&name, vec![*size as u8; usize::from(*size % 4096)]),
        Kind::Folder => zip_builder::folder(format!("{name}/")),
        Kind::Link(target) => zip_builder::link(&name, target.text()),
        Kind::Mode(mode) => zip_builder::file(&name, "").mode(u32::from(*mode)),
    };
    let item = if entry.deflated { item.deflated() } else { item };
    item.but(|item| match &entry.corruption {
        None => {}
        Some(Corruption::LocalName(name)) => item.local_name = Some(name.text().into_bytes()),
        Some(Corruption::LocalMethod(method)) => item.local_method = Some(*method),
        Some(Corruption::LocalCrc(crc)) => item.local_crc = Some(*crc),
        Some(Corruption::LocalSizes([compressed, size])) => {
            (item.local_compressed, item.local_size) = (Some(*compressed), Some(*size));
        }
        Some(Corruption::LocalExtra(extra)) => item.local_extra = truncated(extra),
        Some(Corruption::Descriptor(bytes)) => {
            (item.flags, item.descriptor) = (1 << 3, Some(truncated(bytes)))
        }
        Some(Corruption::Behind(behind)) => item.behind = truncated(behind),
        Some(Corruption::Size(size)) => item.size = *size,
        Some(Corruption::Crc(crc)) => item.crc = *crc,
        Some(Corruption::Flags(flags)) => item.flags = *flags,
        Some(Corruption::Creator(creator)) => item.creator = *creator,
        Some(Corruption::Dos(date, time)) => item.dos = (*date, *time),
        Some(Corruption::Extra(extra)) => item.extra = truncated(extra),
        Some(Corruption::SharedLocalHeader) => item.shares_local_header = true,
        Some(Corruption::Hidden) => item.hidden = true,
    })
}

fuzz_target!(|input: Input| {
    let items: Vec<ZipItem> = input.entries.iter().map(item).collect();
    let bytes = zip_builder::zip(&items);
    extraction::check_extraction(&bytes, input.traps);

    // Plans for other systems are made without touching a disk.
    let Ok(mut archive) = Archive::open_validated(Cursor::new(&bytes), usize::MAX) else { return };
    let Some(targets) = extraction::targets(&mut archive) else { return };
    // Long patterns come from the user, not from an archive, and are slow.
    let pattern = input.pattern.iter().map(|name| name.text().chars().take(200).collect());
    let include: Vec<String> = pattern.collect();
    let Ok(patterns) = Patterns::new(&include, &[]) else { return };
    for system in [System::Unix, System::Mac, System::Windows] {
        for symlinks in [Symlinks::KeepInside, Symlinks::All, Symlinks::Skip, Symlinks::Copy] {
            let rules = FileRules {
                patterns: patterns.clone(),
                strip_components: usize::from(input.strip % 4),
                symlinks,
                system,
                ..extraction::rules()
            };
            match files(archive.entries(), &targets, &rules) {
                Ok(plan) => extraction::check_plan(&plan, &rules),
                Err(refusal) => extraction::assert_harmless(&refusal.to_string()),
            }
        }
    }
});
