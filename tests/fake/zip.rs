//! A tiny writer of zip archives: entries stored as they are, as Go's writer names them.
//!
//! Enough for worlds that need some archive; archives that matter are real files in `fixtures/`.

/// An entry and its content.
#[derive(Debug, Clone)]
pub struct Packed {
    pub name: String,
    pub bytes: Vec<u8>,
    /// The unix mode with its type bits, such as `0o100644`.
    pub mode: u32,
}

/// 2026-05-01 10:00:00 in the format of MS-DOS.
const TIME: u16 = 10 << 11;
const DATE: u16 = (46 << 9) | (5 << 5) | 1;

/// An archive of these entries, in this order.
pub fn stored(entries: &[Packed]) -> Vec<u8> {
    let mut archive = Vec::new();
    let mut directory = Vec::new();
    for entry in entries {
        let at = archive.len() as u32;
        let size = entry.bytes.len() as u32;
        let name = entry.name.as_bytes();
        // Flag bit 11: the name is UTF-8. Method 0: stored.
        let mut shared = Vec::new();
        for number in [20, 1 << 11, 0, TIME, DATE] {
            shared.extend(u16::to_le_bytes(number));
        }
        for number in [crc32(&entry.bytes), size, size] {
            shared.extend(number.to_le_bytes());
        }
        shared.extend((name.len() as u16).to_le_bytes());
        shared.extend(0u16.to_le_bytes());

        archive.extend(b"PK\x03\x04");
        archive.extend(&shared);
        archive.extend(name);
        archive.extend(&entry.bytes);

        directory.extend(b"PK\x01\x02");
        // Written by 3, unix, so that the mode counts.
        directory.extend(((3 << 8) | 20u16).to_le_bytes());
        directory.extend(&shared);
        for number in [0u16, 0, 0] {
            directory.extend(number.to_le_bytes());
        }
        directory.extend((entry.mode << 16).to_le_bytes());
        directory.extend(at.to_le_bytes());
        directory.extend(name);
    }
    let start = archive.len() as u32;
    archive.extend(&directory);
    archive.extend(b"PK\x05\x06");
    for number in [0, 0, entries.len() as u16, entries.len() as u16] {
        archive.extend(number.to_le_bytes());
    }
    archive.extend((directory.len() as u32).to_le_bytes());
    archive.extend(start.to_le_bytes());
    archive.extend(0u16.to_le_bytes());
    archive
}

/// Bytes that do not compress, the same for the same seed.
pub fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend(state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// Wraps bytes in gzip without compressing them.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    for block in bytes.chunks(0xffff) {
        packed.push(0);
        packed.extend((block.len() as u16).to_le_bytes());
        packed.extend((!(block.len() as u16)).to_le_bytes());
        packed.extend(block);
    }
    packed.extend([1, 0, 0, 0xff, 0xff]);
    packed.extend(crc32(bytes).to_le_bytes());
    packed.extend((bytes.len() as u32).to_le_bytes());
    packed
}

/// The checksum of zip and gzip.
pub fn crc32(bytes: &[u8]) -> u32 {
    !bytes
        .iter()
        .fold(!0, |crc, &byte| (crc >> 8) ^ TABLE[((crc ^ u32::from(byte)) & 0xff) as usize])
}

const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        let mut crc = i as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
            bit += 1;
        }
        table[i] = crc;
        i += 1;
    }
    table
};
