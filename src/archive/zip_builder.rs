//! Builder of valid, damaged and hostile zip archives, for tests only.
//!
//! Every field of every header can be set to a wrong value. Nothing of the crate is used, so that
//! other packages can include this file by its path.
#![allow(dead_code, reason = "no single test uses every field")]

/// An entry, with every field of its headers.
#[derive(Clone)]
pub struct ZipItem {
    pub name: Vec<u8>,
    pub data: Vec<u8>,
    /// The data as they are stored in the archive.
    pub compressed: Vec<u8>,
    /// Unix mode with the bits of the file type; zero means "not recorded".
    pub mode: u32,
    /// System of the writer: 3 is Unix, 0 is DOS.
    pub creator: u8,
    pub method: u16,
    pub flags: u16,
    pub crc: u32,
    pub size: u32,
    /// Date and time in the format of DOS.
    pub dos: (u16, u16),
    /// Extra fields of the central header.
    pub extra: Vec<u8>,
    pub comment: Vec<u8>,
    /// Compressed size in both headers, if it differs from the true one.
    pub claimed_compressed: Option<u32>,
    /// Offset of the local header in the central header, if it differs from the true one.
    pub claimed_offset: Option<u32>,
    /// Fields of the local header that differ from the central header.
    pub local_name: Option<Vec<u8>>,
    pub local_method: Option<u16>,
    pub local_flags: Option<u16>,
    pub local_crc: Option<u32>,
    pub local_size: Option<u32>,
    pub local_compressed: Option<u32>,
    /// Extra fields of the local header.
    pub local_extra: Vec<u8>,
    /// Bytes written in place of the data descriptor.
    pub descriptor: Option<Vec<u8>>,
    /// Bytes written behind data and data descriptor.
    pub behind: Vec<u8>,
    /// Refers to the local header of the entry before, and writes none of its own.
    pub shares_local_header: bool,
    /// Written, but not listed in the central directory.
    pub hidden: bool,
}

fn item(name: &[u8], data: &[u8], mode: u32) -> ZipItem {
    ZipItem {
        name: name.to_vec(),
        data: data.to_vec(),
        compressed: data.to_vec(),
        mode,
        creator: 3,
        method: 0,
        flags: 0,
        crc: crc32(data),
        size: data.len() as u32,
        // 2026-05-01 10:00:00
        dos: ((46 << 9) | (5 << 5) | 1, 10 << 11),
        extra: Vec::new(),
        comment: Vec::new(),
        claimed_compressed: None,
        claimed_offset: None,
        local_name: None,
        local_method: None,
        local_flags: None,
        local_crc: None,
        local_size: None,
        local_compressed: None,
        local_extra: Vec::new(),
        descriptor: None,
        behind: Vec::new(),
        shares_local_header: false,
        hidden: false,
    }
}

pub fn file(name: impl AsRef<[u8]>, data: impl AsRef<[u8]>) -> ZipItem {
    item(name.as_ref(), data.as_ref(), 0o100_644)
}

/// Returns a folder, whose name must end with `/`.
pub fn folder(name: impl AsRef<[u8]>) -> ZipItem {
    item(name.as_ref(), b"", 0o040_755)
}

pub fn link(name: impl AsRef<[u8]>, target: impl AsRef<[u8]>) -> ZipItem {
    item(name.as_ref(), target.as_ref(), 0o120_777)
}

impl ZipItem {
    /// Returns the item with some fields changed.
    pub fn but(mut self, change: impl FnOnce(&mut ZipItem)) -> ZipItem {
        change(&mut self);
        self
    }

    /// Returns the item with this Unix mode, type bits included.
    pub fn mode(self, mode: u32) -> ZipItem {
        self.but(|item| item.mode = mode)
    }

    /// Returns the item in deflate format, in stored blocks only.
    pub fn deflated(self) -> ZipItem {
        self.but(|item| {
            item.method = 8;
            item.compressed.clear();
            let blocks: Vec<&[u8]> = match item.data.is_empty() {
                true => vec![b""],
                false => item.data.chunks(65_535).collect(),
            };
            for (i, block) in blocks.iter().enumerate() {
                item.compressed.push(u8::from(i + 1 == blocks.len()));
                item.compressed.extend((block.len() as u16).to_le_bytes());
                item.compressed.extend((!(block.len() as u16)).to_le_bytes());
                item.compressed.extend(*block);
            }
        })
    }
}

/// Returns an archive with these entries.
pub fn zip(items: &[ZipItem]) -> Vec<u8> {
    ZipBuilder::new(items).bytes()
}

/// Returns an archive with these entries whose EOCD record claims another number of them.
pub fn zip_claiming(items: &[ZipItem], count: u16) -> Vec<u8> {
    ZipBuilder::new(items).but(|archive| archive.count = Some(count)).bytes()
}

/// An archive, with every field of its end records.
#[derive(Clone, Default)]
pub struct ZipBuilder {
    pub items: Vec<ZipItem>,
    /// Bytes before the first entry.
    pub prefix: Vec<u8>,
    /// The offsets in the archive count the prefix.
    pub offsets_count_prefix: bool,
    /// Bytes between the last entry and the central directory.
    pub before_directory: Vec<u8>,
    /// Bytes between the central directory and the end records.
    pub after_directory: Vec<u8>,
    pub comment: Vec<u8>,
    /// Bytes behind everything else.
    pub suffix: Vec<u8>,
    /// Fields of the EOCD record that differ from the true values: number of entries in all and on
    /// this disk, number of the disk, size and offset of the directory, length of the comment.
    pub count: Option<u16>,
    pub count_here: Option<u16>,
    pub disk: u16,
    pub size: Option<u32>,
    pub start: Option<u32>,
    pub comment_length: Option<u16>,
    pub zip64: Option<Zip64>,
}

/// A ZIP64 EOCD record and its locator, with the fields that differ from the true values.
#[derive(Clone, Default)]
pub struct Zip64 {
    pub entries: Option<u64>,
    pub size: Option<u64>,
    pub start: Option<u64>,
    /// Difference between the claimed and the true position of the record.
    pub locator_error: u64,
    /// The EOCD record has the true values too, instead of all ones.
    pub eocd_has_values: bool,
}

impl ZipBuilder {
    pub fn new(items: &[ZipItem]) -> ZipBuilder {
        ZipBuilder { items: items.to_vec(), ..ZipBuilder::default() }
    }

    pub fn but(mut self, change: impl FnOnce(&mut ZipBuilder)) -> ZipBuilder {
        change(&mut self);
        self
    }

    pub fn bytes(&self) -> Vec<u8> {
        let (mut bytes, mut central) = (self.prefix.clone(), Vec::new());
        let base = if self.offsets_count_prefix { 0 } else { bytes.len() as u32 };
        let mut last = 0;
        for item in &self.items {
            let at = if item.shares_local_header { last } else { bytes.len() as u32 - base };
            last = at;
            if !item.shares_local_header {
                write_local_header(&mut bytes, item);
            }
            if !item.hidden {
                write_central_header(&mut central, item, item.claimed_offset.unwrap_or(at));
            }
        }
        bytes.extend(&self.before_directory);
        let (start, length) = (bytes.len() as u32 - base, central.len() as u32);
        bytes.extend(central);
        bytes.extend(&self.after_directory);
        let entries = self.items.iter().filter(|item| !item.hidden).count();
        if let Some(zip64) = &self.zip64 {
            zip64.write(&mut bytes, base, [entries as u64, length.into(), start.into()]);
        }
        let all_ones = self.zip64.as_ref().is_some_and(|zip64| !zip64.eocd_has_values);
        let count = self.count.unwrap_or(if all_ones { u16::MAX } else { entries as u16 });
        bytes.extend(b"PK\x05\x06");
        for field in [self.disk, self.disk, self.count_here.unwrap_or(count), count] {
            bytes.extend(field.to_le_bytes());
        }
        for (claimed, actual) in [(self.size, length), (self.start, start)] {
            let field = claimed.unwrap_or(if all_ones { u32::MAX } else { actual });
            bytes.extend(field.to_le_bytes());
        }
        let comment_length = self.comment_length.unwrap_or(self.comment.len() as u16);
        bytes.extend(comment_length.to_le_bytes());
        bytes.extend(&self.comment);
        bytes.extend(&self.suffix);
        bytes
    }
}

impl Zip64 {
    fn write(&self, bytes: &mut Vec<u8>, base: u32, [entries, size, start]: [u64; 3]) {
        let at = bytes.len() as u64 - u64::from(base) + self.locator_error;
        bytes.extend(b"PK\x06\x06");
        bytes.extend(44_u64.to_le_bytes());
        bytes.extend([45, 3, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        let entries = self.entries.unwrap_or(entries);
        for field in [entries, entries, self.size.unwrap_or(size), self.start.unwrap_or(start)] {
            bytes.extend(field.to_le_bytes());
        }
        bytes.extend(b"PK\x06\x07\0\0\0\0");
        bytes.extend(at.to_le_bytes());
        bytes.extend(1_u32.to_le_bytes());
    }
}

/// Returns an extra field.
pub fn extra(id: u16, data: &[u8]) -> Vec<u8> {
    [&id.to_le_bytes(), &(data.len() as u16).to_le_bytes(), data].concat()
}

/// Returns a ZIP64 extra field with these values.
pub fn zip64_extra(numbers: &[u64]) -> Vec<u8> {
    extra(1, &numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<_>>())
}

/// Returns a Unicode path field for the name `of`.
pub fn unicode_extra(of: &[u8], name: &str) -> Vec<u8> {
    extra(0x7075, &[&[1], crc32(of).to_le_bytes().as_slice(), name.as_bytes()].concat())
}

fn write_local_header(bytes: &mut Vec<u8>, item: &ZipItem) {
    let name = item.local_name.as_ref().unwrap_or(&item.name);
    bytes.extend(b"PK\x03\x04\x14\0");
    let (flags, method) = (item.local_flags, item.local_method);
    let flags = flags.unwrap_or(item.flags);
    for field in [flags, method.unwrap_or(item.method), item.dos.1, item.dos.0] {
        bytes.extend(field.to_le_bytes());
    }
    let descriptor = item.flags & 8 != 0;
    let known = |value: u32| if descriptor { 0 } else { value };
    for (claimed, field) in [
        (item.local_crc, item.crc),
        (item.local_compressed, item.claimed_compressed.unwrap_or(item.compressed.len() as u32)),
        (item.local_size, item.size),
    ] {
        bytes.extend(claimed.unwrap_or(known(field)).to_le_bytes());
    }
    for field in [name.len() as u16, item.local_extra.len() as u16] {
        bytes.extend(field.to_le_bytes());
    }
    bytes.extend(name);
    bytes.extend(&item.local_extra);
    bytes.extend(&item.compressed);
    if let Some(descriptor) = &item.descriptor {
        bytes.extend(descriptor);
    } else if descriptor {
        bytes.extend(b"PK\x07\x08");
        for field in [item.crc, item.compressed.len() as u32, item.size] {
            bytes.extend(field.to_le_bytes());
        }
    }
    bytes.extend(&item.behind);
}

fn write_central_header(central: &mut Vec<u8>, item: &ZipItem, at: u32) {
    central.extend(b"PK\x01\x02\x14");
    central.extend([item.creator, 20, 0]);
    for field in [item.flags, item.method, item.dos.1, item.dos.0] {
        central.extend(field.to_le_bytes());
    }
    let compressed = item.claimed_compressed.unwrap_or(item.compressed.len() as u32);
    for field in [item.crc, compressed, item.size] {
        central.extend(field.to_le_bytes());
    }
    let comment = item.comment.len() as u16;
    for field in [item.name.len() as u16, item.extra.len() as u16, comment, 0, 0] {
        central.extend(field.to_le_bytes());
    }
    central.extend((item.mode << 16).to_le_bytes());
    central.extend(at.to_le_bytes());
    central.extend(&item.name);
    central.extend(&item.extra);
    central.extend(&item.comment);
}

/// Returns the CRC-32 of the data.
pub fn crc32(data: &[u8]) -> u32 {
    let mut crc = !0_u32;
    for byte in data {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    !crc
}
