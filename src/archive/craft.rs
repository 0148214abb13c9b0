//! Writes zips byte for byte, hostile ones too, for tests alone.
//!
//! Every field of every header can be made to lie. Uses nothing of the crate, so that a test
//! elsewhere can take this file in by its path.
#![allow(dead_code, reason = "no single test needs every lie")]

/// One entry, with everything that its headers will say.
#[derive(Clone)]
pub struct Item {
    pub name: Vec<u8>,
    pub data: Vec<u8>,
    /// The data as they lie in the archive.
    pub packed: Vec<u8>,
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
    pub local_name: Option<Vec<u8>>,
    pub local_method: Option<u16>,
    pub local_crc: Option<u32>,
    /// The sizes before the data, packed and unpacked.
    pub local_sizes: Option<[u32; 2]>,
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

fn item(name: &[u8], data: &[u8], mode: u32) -> Item {
    Item {
        name: name.to_vec(),
        data: data.to_vec(),
        packed: data.to_vec(),
        mode,
        creator: 3,
        method: 0,
        flags: 0,
        crc: crc32(data),
        size: data.len() as u32,
        // 2026-05-01 10:00:00
        dos: ((46 << 9) | (5 << 5) | 1, 10 << 11),
        extra: Vec::new(),
        local_name: None,
        local_method: None,
        local_crc: None,
        local_sizes: None,
        local_extra: Vec::new(),
        descriptor: None,
        behind: Vec::new(),
        shares: false,
        hidden: false,
    }
}

pub fn file(name: impl AsRef<[u8]>, data: impl AsRef<[u8]>) -> Item {
    item(name.as_ref(), data.as_ref(), 0o100_644)
}

/// The name ends with `/`, as a folder's must.
pub fn folder(name: impl AsRef<[u8]>) -> Item {
    item(name.as_ref(), b"", 0o040_755)
}

pub fn link(name: impl AsRef<[u8]>, target: impl AsRef<[u8]>) -> Item {
    item(name.as_ref(), target.as_ref(), 0o120_777)
}

impl Item {
    /// The same with any of its fields changed.
    pub fn but(mut self, change: impl FnOnce(&mut Item)) -> Item {
        change(&mut self);
        self
    }

    /// With other bits of type and permission.
    pub fn mode(self, mode: u32) -> Item {
        self.but(|item| item.mode = mode)
    }

    /// Packed by deflate, in blocks that are only stored.
    pub fn deflated(self) -> Item {
        self.but(|item| {
            item.method = 8;
            item.packed.clear();
            let blocks: Vec<&[u8]> = match item.data.is_empty() {
                true => vec![b""],
                false => item.data.chunks(65_535).collect(),
            };
            for (i, block) in blocks.iter().enumerate() {
                item.packed.push(u8::from(i + 1 == blocks.len()));
                item.packed.extend((block.len() as u16).to_le_bytes());
                item.packed.extend((!(block.len() as u16)).to_le_bytes());
                item.packed.extend(*block);
            }
        })
    }
}

/// The archive with these entries.
pub fn zip(items: &[Item]) -> Vec<u8> {
    zip_claiming(items, items.iter().filter(|item| !item.hidden).count() as u16)
}

/// The archive with these entries, whose end record claims another number of them.
pub fn zip_claiming(items: &[Item], count: u16) -> Vec<u8> {
    let (mut bytes, mut central) = (Vec::new(), Vec::new());
    let mut last = 0;
    for item in items {
        let at = if item.shares { last } else { bytes.len() as u32 };
        last = at;
        if !item.shares {
            local(&mut bytes, item);
        }
        if !item.hidden {
            listed(&mut central, item, at);
        }
    }
    let (start, length) = (bytes.len() as u32, central.len() as u32);
    bytes.extend(central);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend(count.to_le_bytes());
    bytes.extend(count.to_le_bytes());
    bytes.extend(length.to_le_bytes());
    bytes.extend(start.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}

fn local(bytes: &mut Vec<u8>, item: &Item) {
    let name = item.local_name.as_ref().unwrap_or(&item.name);
    bytes.extend(b"PK\x03\x04\x14\0");
    for field in [item.flags, item.local_method.unwrap_or(item.method), item.dos.1, item.dos.0] {
        bytes.extend(field.to_le_bytes());
    }
    let descriptor = item.flags & 8 != 0;
    let known = |value: u32| if descriptor { 0 } else { value };
    let sizes = [item.packed.len() as u32, item.size].map(known);
    bytes.extend(item.local_crc.unwrap_or(known(item.crc)).to_le_bytes());
    for size in item.local_sizes.unwrap_or(sizes) {
        bytes.extend(size.to_le_bytes());
    }
    for length in [name.len(), item.local_extra.len()] {
        bytes.extend((length as u16).to_le_bytes());
    }
    bytes.extend(name);
    bytes.extend(&item.local_extra);
    bytes.extend(&item.packed);
    if let Some(descriptor) = &item.descriptor {
        bytes.extend(descriptor);
    } else if descriptor {
        bytes.extend(b"PK\x07\x08");
        for field in [item.crc, item.packed.len() as u32, item.size] {
            bytes.extend(field.to_le_bytes());
        }
    }
    bytes.extend(&item.behind);
}

fn listed(central: &mut Vec<u8>, item: &Item, at: u32) {
    central.extend(b"PK\x01\x02\x14");
    central.extend([item.creator, 20, 0]);
    for field in [item.flags, item.method, item.dos.1, item.dos.0] {
        central.extend(field.to_le_bytes());
    }
    for field in [item.crc, item.packed.len() as u32, item.size] {
        central.extend(field.to_le_bytes());
    }
    for field in [item.name.len() as u16, item.extra.len() as u16, 0, 0, 0] {
        central.extend(field.to_le_bytes());
    }
    central.extend((item.mode << 16).to_le_bytes());
    central.extend(at.to_le_bytes());
    central.extend(&item.name);
    central.extend(&item.extra);
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
