//! Writes zips byte for byte, hostile ones too, for tests alone.
//!
//! Every field of every header can be made to lie. Uses nothing of the crate, so that a test
//! elsewhere can take this file in by its path.
#![allow(dead_code, reason = "no single test needs every lie")]

/// One entry, with everything that its headers will say.
#[derive(Clone)]
pub struct ZipItem {
    pub name: Vec<u8>,
    pub data: Vec<u8>,
    /// The data as they lie in the archive.
    pub compressed: Vec<u8>,
    /// With the bits of its type; all zero is "not told".
    pub mode: u32,
    /// 3 is unix, 0 is DOS.
    pub creator: u8,
    pub method: u16,
    pub flags: u16,
    pub crc: u32,
    pub size: u32,
    /// Date and time as DOS writes them.
    pub dos: (u16, u16),
    /// Extra fields of the central header.
    pub extra: Vec<u8>,
    pub comment: Vec<u8>,
    /// What the central header says of the packed size, and of the place of the entry.
    pub claimed_compressed: Option<u32>,
    pub told_at: Option<u32>,
    /// What the local header says, where that is something else.
    pub local_name: Option<Vec<u8>>,
    pub local_method: Option<u16>,
    pub local_flags: Option<u16>,
    pub local_crc: Option<u32>,
    pub local_size: Option<u32>,
    pub local_compressed: Option<u32>,
    /// Extra fields of the local header.
    pub local_extra: Vec<u8>,
    /// What is written behind the data in place of checksum and sizes.
    pub descriptor: Option<Vec<u8>>,
    /// What else is written behind the data.
    pub behind: Vec<u8>,
    /// Takes the local header of the entry before it.
    pub shares: bool,
    /// Written before its data, but not listed.
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
        told_at: None,
        local_name: None,
        local_method: None,
        local_flags: None,
        local_crc: None,
        local_size: None,
        local_compressed: None,
        local_extra: Vec::new(),
        descriptor: None,
        behind: Vec::new(),
        shares: false,
        hidden: false,
    }
}

pub fn file(name: impl AsRef<[u8]>, data: impl AsRef<[u8]>) -> ZipItem {
    item(name.as_ref(), data.as_ref(), 0o100_644)
}

/// The name ends with `/`, as a folder's must.
pub fn folder(name: impl AsRef<[u8]>) -> ZipItem {
    item(name.as_ref(), b"", 0o040_755)
}

pub fn link(name: impl AsRef<[u8]>, target: impl AsRef<[u8]>) -> ZipItem {
    item(name.as_ref(), target.as_ref(), 0o120_777)
}

impl ZipItem {
    /// The same with any of its fields changed.
    pub fn but(mut self, change: impl FnOnce(&mut ZipItem)) -> ZipItem {
        change(&mut self);
        self
    }

    /// With other bits of type and permission.
    pub fn mode(self, mode: u32) -> ZipItem {
        self.but(|item| item.mode = mode)
    }

    /// Packed by deflate, in blocks that are only stored.
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

/// The archive with these entries.
pub fn zip(items: &[ZipItem]) -> Vec<u8> {
    ZipBuilder::of(items).bytes()
}

/// The archive with these entries, whose end record claims another number of them.
pub fn zip_claiming(items: &[ZipItem], count: u16) -> Vec<u8> {
    ZipBuilder::of(items).but(|whole| whole.count = Some(count)).bytes()
}

/// A whole archive, and everything that its end records will say.
#[derive(Clone, Default)]
pub struct ZipBuilder {
    pub items: Vec<ZipItem>,
    /// Before the first entry; the places that the archive tells count it or not.
    pub before: Vec<u8>,
    pub counted: bool,
    /// Between the last entry and the directory, and between that and the end records.
    pub gap: Vec<u8>,
    pub apart: Vec<u8>,
    pub comment: Vec<u8>,
    /// Behind everything.
    pub after: Vec<u8>,
    /// What the short end record says, where that is something else: numbers of entries (of this
    /// disk and of all), of disks, size and place of the directory, length of the comment.
    pub count: Option<u16>,
    pub count_here: Option<u16>,
    pub disk: u16,
    pub size: Option<u32>,
    pub start: Option<u32>,
    pub comment_length: Option<u16>,
    pub zip64: Option<Zip64>,
}

/// The long end record: what it says where that is something else, and how far the place that is
/// told of it is from the true one.
#[derive(Clone, Default)]
pub struct Zip64 {
    pub entries: Option<u64>,
    pub size: Option<u64>,
    pub start: Option<u64>,
    pub astray: u64,
    /// The short one says its numbers too.
    pub short_too: bool,
}

impl ZipBuilder {
    pub fn of(items: &[ZipItem]) -> ZipBuilder {
        ZipBuilder { items: items.to_vec(), ..ZipBuilder::default() }
    }

    pub fn but(mut self, change: impl FnOnce(&mut ZipBuilder)) -> ZipBuilder {
        change(&mut self);
        self
    }

    pub fn bytes(&self) -> Vec<u8> {
        let (mut bytes, mut central) = (self.before.clone(), Vec::new());
        let base = if self.counted { 0 } else { bytes.len() as u32 };
        let mut last = 0;
        for item in &self.items {
            let at = if item.shares { last } else { bytes.len() as u32 - base };
            last = at;
            if !item.shares {
                local(&mut bytes, item);
            }
            if !item.hidden {
                listed(&mut central, item, item.told_at.unwrap_or(at));
            }
        }
        bytes.extend(&self.gap);
        let (start, length) = (bytes.len() as u32 - base, central.len() as u32);
        bytes.extend(central);
        bytes.extend(&self.apart);
        let entries = self.items.iter().filter(|item| !item.hidden).count();
        if let Some(long) = &self.zip64 {
            long.write(&mut bytes, base, [entries as u64, length.into(), start.into()]);
        }
        let silent = self.zip64.as_ref().is_some_and(|long| !long.short_too);
        let count = self.count.unwrap_or(if silent { u16::MAX } else { entries as u16 });
        bytes.extend(b"PK\x05\x06");
        for field in [self.disk, self.disk, self.count_here.unwrap_or(count), count] {
            bytes.extend(field.to_le_bytes());
        }
        for (told, true_one) in [(self.size, length), (self.start, start)] {
            let field = told.unwrap_or(if silent { u32::MAX } else { true_one });
            bytes.extend(field.to_le_bytes());
        }
        let comment_length = self.comment_length.unwrap_or(self.comment.len() as u16);
        bytes.extend(comment_length.to_le_bytes());
        bytes.extend(&self.comment);
        bytes.extend(&self.after);
        bytes
    }
}

impl Zip64 {
    fn write(&self, bytes: &mut Vec<u8>, base: u32, [entries, size, start]: [u64; 3]) {
        let at = bytes.len() as u64 - u64::from(base) + self.astray;
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

/// An extra field.
pub fn extra(id: u16, data: &[u8]) -> Vec<u8> {
    [&id.to_le_bytes(), &(data.len() as u16).to_le_bytes(), data].concat()
}

/// The extra field for numbers that do not fit into 32 bits.
pub fn zip64_extra(numbers: &[u64]) -> Vec<u8> {
    extra(1, &numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<_>>())
}

/// The extra field that says how a name is spelled in Unicode.
pub fn unicode_extra(of: &[u8], name: &str) -> Vec<u8> {
    extra(0x7075, &[&[1], crc32(of).to_le_bytes().as_slice(), name.as_bytes()].concat())
}

fn local(bytes: &mut Vec<u8>, item: &ZipItem) {
    let name = item.local_name.as_ref().unwrap_or(&item.name);
    bytes.extend(b"PK\x03\x04\x14\0");
    let (flags, method) = (item.local_flags, item.local_method);
    let flags = flags.unwrap_or(item.flags);
    for field in [flags, method.unwrap_or(item.method), item.dos.1, item.dos.0] {
        bytes.extend(field.to_le_bytes());
    }
    let descriptor = item.flags & 8 != 0;
    let known = |value: u32| if descriptor { 0 } else { value };
    for (lie, field) in [
        (item.local_crc, item.crc),
        (item.local_compressed, item.claimed_compressed.unwrap_or(item.compressed.len() as u32)),
        (item.local_size, item.size),
    ] {
        bytes.extend(lie.unwrap_or(known(field)).to_le_bytes());
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

fn listed(central: &mut Vec<u8>, item: &ZipItem, at: u32) {
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

/// The checksum of zip, bit by bit.
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
