//! Reproducible archives like those of GitLab's runner: deflate at level 6 with data descriptors,
//! folder entries, and Unix modes.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use flate2::{Compress, Compression, FlushCompress};

pub const NAMES: [&str; 6] = ["small", "build", "many", "stored", "big", SYNC];

/// `build` with one file in a hundred changed, over an extracted `build`.
pub const SYNC: &str = "sync";

/// One file in so many is changed in [`SYNC`].
const CHANGED_EACH: usize = 100;

/// An archive and the files in it.
pub struct Corpus {
    pub name: &'static str,
    pub archive: PathBuf,
    pub length: u64,
    files: Vec<PackedFile>,
    folders: usize,
}

/// The DOS time and date of all files, and those of changed ones, two hours later.
const DATE: [u8; 4] = [0, 80, 0xa1, 92];
const LATER: [u8; 4] = [0, 96, 0xa1, 92];

/// A file: its path, mode, size and CRC-32.
type PackedFile = (String, u32, u64, u32);

/// A xorshift random number generator with a fixed seed.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn up_to(&mut self, most: u64) -> u64 {
        self.next() % most.max(1)
    }

    /// Returns text of so many different words, which deflate compresses to a quarter or a third.
    fn text(&mut self, length: usize, words: u64) -> Vec<u8> {
        let vocabulary: Vec<Vec<u8>> = (0..words)
            .map(|_| (0..2 + self.up_to(9)).map(|_| self.next() as u8 & 0x7f | 0x20).collect())
            .collect();
        let mut bytes = Vec::with_capacity(length + 16);
        while bytes.len() < length {
            let square = self.up_to(words) * self.up_to(words) / words;
            bytes.extend(&vocabulary[square as usize]);
        }
        bytes.truncate(length);
        bytes
    }

    /// Returns bytes that deflate cannot compress.
    fn noise(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(length + 8);
        while bytes.len() < length {
            bytes.extend(self.next().to_le_bytes());
        }
        bytes.truncate(length);
        bytes
    }
}

/// Returns paths in the order in which GitLab Runner writes them.
fn sorted(paths: impl Iterator<Item = String>) -> Vec<String> {
    let mut paths: Vec<String> = paths.collect();
    paths.sort();
    paths
}

impl Corpus {
    /// Writes the archive of this name, with its sizes divided by `part`.
    pub fn make(name: &'static str, part: u64, place: &Path) -> Corpus {
        let mut random = Random(0x5eed_0f00_d041_21e5);
        let mut zip = Zip::new(&place.join(format!("{name}.zip")), name);
        match name {
            "small" => {
                for i in 0..3 {
                    zip.file(&format!("dist/file-{i}.txt"), 0o644, &random.text(13_000, 300));
                }
            }
            "build" | SYNC => {
                for (i, size) in [42, 24, 16, 12, 8, 8, 6, 5].into_iter().enumerate() {
                    let bytes = random.text((size << 20) / part as usize, 300);
                    zip.file(&format!("bin/tool-{i}"), 0o755, &bytes);
                }
                for path in sorted(
                    (0..2500 / part)
                        .map(|i| format!("docs/part-{}/section-{}/page-{i}.html", i % 20, i % 400)),
                ) {
                    let length = 500 + random.up_to(30_000) as usize;
                    zip.file(&path, 0o644, &random.text(length, 300));
                }
                let objects = (0..420 / part).map(|i| format!("obj/mod-{}/unit-{i}.o", i % 40));
                for path in sorted(objects) {
                    let length = 50_000 + random.up_to(500_000) as usize;
                    zip.file(&path, 0o644, &random.text(length, 300));
                }
            }
            "many" => {
                for path in sorted((0..20_000 / part).map(|i| {
                    format!("node_modules/package-{}/lib/part-{}/file-{i}.js", i % 1487, i % 2)
                })) {
                    let length = (random.up_to(175) * random.up_to(175)) as usize + 100;
                    zip.file(&path, 0o644, &random.text(length, 60));
                }
            }
            "stored" => {
                for i in 0..40 {
                    let bytes = random.noise(13_100_000 / part as usize);
                    zip.file(&format!("images/layer-{i}.bin"), 0o644, &bytes);
                }
            }
            _ => {
                let mut image = Vec::with_capacity((1 << 30) / part as usize);
                for _ in 0..(1 << 9) / part {
                    image.extend(random.noise(1 << 20));
                    image.extend(random.text(1 << 20, 150));
                }
                zip.file("disk.img", 0o644, &image);
            }
        }
        let (archive, length, files, folders) = zip.finish();
        Corpus { name, archive, length, files, folders }
    }

    /// Describes the content, as in `3 files (+1 folders), 0.0 MB in 0.0 MB`.
    pub fn describe(&self) -> String {
        let size: u64 = self.files.iter().map(|(_, _, size, _)| size).sum();
        let (files, folders) = (self.files.len(), self.folders);
        let mb = |bytes: u64| bytes as f64 / 1e6;
        format!(
            "{files} files (+{folders} folders), {:.1} MB in {:.1} MB",
            mb(size),
            mb(self.length)
        )
    }

    /// Compares unpacked files with the archive. Returns the first kind of defect.
    pub fn defect(&self, out: &Path) -> Option<&'static str> {
        let mut modes = false;
        for (path, mode, size, crc) in &self.files {
            let Ok(bytes) = std::fs::read(out.join(path)) else { return Some("files missing") };
            if bytes.len() as u64 != *size || crc32fast::hash(&bytes) != *crc {
                return Some("bytes wrong");
            }
            modes |= executable(&out.join(path)) != (mode & 0o100 != 0);
        }
        modes.then_some("modes lost")
    }
}

#[cfg(unix)]
fn executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o100 != 0
}

#[cfg(not(unix))]
fn executable(_path: &Path) -> bool {
    false
}

/// A writer of zip archives.
struct Zip {
    path: PathBuf,
    to: BufWriter<File>,
    at: u64,
    central: Vec<u8>,
    entries: u16,
    deflate: bool,
    changes: bool,
    folders: std::collections::HashSet<String>,
    files: Vec<PackedFile>,
}

impl Zip {
    fn new(path: &Path, name: &str) -> Zip {
        Zip {
            path: path.to_owned(),
            to: BufWriter::with_capacity(1 << 20, File::create(path).unwrap()),
            at: 0,
            central: Vec::new(),
            entries: 0,
            deflate: name != "stored",
            changes: name == SYNC,
            folders: Default::default(),
            files: Vec::new(),
        }
    }

    fn file(&mut self, path: &str, mode: u32, bytes: &[u8]) {
        for (at, _) in path.match_indices('/') {
            if self.folders.insert(path[..=at].to_owned()) {
                self.entry(&path[..=at], 0o040_755, b"", false, DATE);
            }
        }
        let mut changed;
        let (mut bytes, mut date) = (bytes, DATE);
        if self.changes && self.files.len() % CHANGED_EACH == CHANGED_EACH / 2 {
            changed = bytes.to_vec();
            changed.iter_mut().take(1).for_each(|byte| *byte ^= 1);
            (bytes, date) = (&changed, LATER);
        }
        self.files.push((path.to_owned(), mode, bytes.len() as u64, crc32fast::hash(bytes)));
        self.entry(path, 0o100_000 | mode, bytes, self.deflate, date);
    }

    fn entry(&mut self, path: &str, mode: u32, bytes: &[u8], deflate: bool, date: [u8; 4]) {
        let mut packed = Vec::new();
        if deflate {
            packed.reserve(bytes.len() + bytes.len() / 100 + 100);
            let mut deflate = Compress::new(Compression::new(6), false);
            deflate.compress_vec(bytes, &mut packed, FlushCompress::Finish).unwrap();
        }
        let packed = if deflate { &packed } else { bytes };
        let (crc, start, folder) = (crc32fast::hash(bytes), self.at as u32, path.ends_with('/'));
        let flags: u16 = if folder { 0x800 } else { 0x808 };
        let method: u16 = if deflate { 8 } else { 0 };
        let name = (path.len() as u16).to_le_bytes();
        let head = [&20_u16.to_le_bytes()[..], &flags.to_le_bytes(), &method.to_le_bytes(), &date]
            .concat();
        let sizes = [crc, packed.len() as u32, bytes.len() as u32].map(u32::to_le_bytes).concat();
        self.write(b"PK\x03\x04");
        self.write(&head);
        self.write(&[0; 12]);
        self.write(&name);
        self.write(&[0, 0]);
        self.write(path.as_bytes());
        self.write(packed);
        if !folder {
            self.write(b"PK\x07\x08");
            self.write(&sizes);
        }
        for part in [
            b"PK\x01\x02\x14\x03".as_slice(),
            &head,
            &sizes,
            &name,
            &[0; 8],
            &(mode << 16).to_le_bytes(),
            &start.to_le_bytes(),
            path.as_bytes(),
        ] {
            self.central.extend(part);
        }
        self.entries += 1;
    }

    fn write(&mut self, bytes: &[u8]) {
        self.to.write_all(bytes).unwrap();
        self.at += bytes.len() as u64;
    }

    fn finish(mut self) -> (PathBuf, u64, Vec<PackedFile>, usize) {
        let (start, central) = (self.at as u32, std::mem::take(&mut self.central));
        let count = self.entries.to_le_bytes();
        self.write(&central);
        let sizes = [central.len() as u32, start].map(u32::to_le_bytes).concat();
        self.write(&[b"PK\x05\x06\0\0\0\0".as_slice(), &count, &count, &sizes, &[0, 0]].concat());
        self.to.flush().unwrap();
        (self.path, self.at, self.files, self.folders.len())
    }
}
