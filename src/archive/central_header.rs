//! One header of the central directory.

use super::error::Error;
use super::format::{
    CENTRAL_HEADER_LENGTH, EXTRA_TIMESTAMP, EXTRA_UNICODE_PATH, EXTRA_ZIP64, u16_at, u32_at,
};
use super::{entry_name, extra_field};

/// The fields of a central directory header, with ZIP64 values filled in.
#[derive(Debug, Default)]
pub struct CentralHeader<'a> {
    pub name: &'a [u8],
    pub flags: u16,
    pub method: u16,
    pub crc32: u32,
    /// Uncompressed size in bytes.
    pub size: u64,
    pub compressed_size: u64,
    /// Offset of the local header, in bytes from the start of the file.
    pub offset: u64,
    /// Operating system of the writer, which defines the meaning of the attributes.
    pub system: u8,
    pub attributes: u32,
    /// Date (upper 16 bits) and time in the format of DOS.
    pub dos_time: u32,
    /// Seconds since 1970, from the extended timestamp.
    pub unix_time: Option<u32>,
    pub unicode_path: Option<UnicodePath>,
}

/// Content of the Unicode path extra field.
#[derive(Debug)]
pub struct UnicodePath {
    pub name: Vec<u8>,
    /// Checksum of the header's own name, to which this field belongs.
    pub crc32: u32,
}

/// Lengths in bytes of the variable parts that follow the fixed part of a header.
#[derive(Clone, Copy)]
pub struct VariableLengths {
    name: usize,
    extra: usize,
    comment: usize,
}

impl VariableLengths {
    /// Reads the lengths from the fixed part of a header.
    pub fn read(fixed: &[u8; CENTRAL_HEADER_LENGTH]) -> VariableLengths {
        let [name, extra, comment] = [28, 30, 32].map(|at| usize::from(u16_at(fixed, at)));
        VariableLengths { name, extra, comment }
    }

    pub fn total(self) -> usize {
        self.name + self.extra + self.comment
    }
}

impl<'a> CentralHeader<'a> {
    /// Parses a header. `variable` holds name, extra fields and comment; `prefix` is the number of
    /// bytes before the archive, which its offsets do not count.
    ///
    /// # Errors
    /// If the extra fields are truncated or the offset overflows.
    pub fn parse(
        fixed: &[u8; CENTRAL_HEADER_LENGTH],
        variable: &'a [u8],
        lengths: VariableLengths,
        prefix: u64,
    ) -> Result<CentralHeader<'a>, Error> {
        let (name, rest) = variable.split_at(lengths.name);
        let extra = &rest[..lengths.extra];
        if extra_field::is_truncated(extra) {
            let name = entry_name::display(name, fixed[5]);
            return Err(Error::Broken(format!("the extra fields of entry `{name}` are cut short")));
        }
        let mut header = CentralHeader {
            flags: u16_at(fixed, 8),
            method: u16_at(fixed, 10),
            crc32: u32_at(fixed, 16),
            size: u32_at(fixed, 24).into(),
            compressed_size: u32_at(fixed, 20).into(),
            offset: u32_at(fixed, 42).into(),
            system: fixed[5],
            attributes: u32_at(fixed, 38),
            dos_time: u32_at(fixed, 12),
            unix_time: extended_timestamp(extra),
            unicode_path: unicode_path(extra),
            name,
        };
        let zip64 = extra_field::find(extra, EXTRA_ZIP64).unwrap_or_default();
        let values = [&mut header.size, &mut header.compressed_size, &mut header.offset];
        extra_field::expand_zip64(values, zip64);
        header.offset = header.offset.checked_add(prefix).ok_or_else(|| {
            let entry = entry_name::display(name, header.system);
            Error::Damaged { entry, why: "it lies beyond the end".to_owned() }
        })?;
        Ok(header)
    }
}

fn extended_timestamp(extra: &[u8]) -> Option<u32> {
    // The lowest bit of the flags byte announces the modification time, which comes first.
    match extra_field::find(extra, EXTRA_TIMESTAMP)? {
        [flags, time @ ..] if flags & 1 == 1 => time.first_chunk::<4>().map(|time| u32_at(time, 0)),
        _ => None,
    }
}

fn unicode_path(extra: &[u8]) -> Option<UnicodePath> {
    match extra_field::find(extra, EXTRA_UNICODE_PATH)? {
        // The first byte is a version; only one is defined.
        [_, a, b, c, d, name @ ..] => {
            Some(UnicodePath { name: name.to_vec(), crc32: u32_at(&[*a, *b, *c, *d], 0) })
        }
        // A field that is too short is kept, so that its wrong checksum refuses the entry.
        _ => Some(UnicodePath { name: Vec::new(), crc32: 0 }),
    }
}
