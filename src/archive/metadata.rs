//! Conversion of a central directory header into an [`Entry`]: name, kind and mode.

use std::borrow::Cow;

use super::central_header::{CentralHeader, UnicodePath};
use super::entry_name;
use super::error::Error;
use super::format::{
    FLAG_PATCH, FLAGS_ENCRYPTED, METHOD_AES, METHOD_DEFLATE, METHOD_STORED, METHOD_ZSTD,
};
use crate::model::{Entry, EntryKind, Method, RawPathPool};
use crate::sanitize::escape_bytes;

const S_IFMT: u32 = 0o170_000;
const S_IFREG: u32 = 0o100_000;
const S_IFDIR: u32 = 0o040_000;
const S_IFLNK: u32 = 0o120_000;
/// Writer systems that store a Unix mode in the attributes: Unix and macOS.
const UNIX_SYSTEMS: [u8; 2] = [3, 19];

/// Returns the entry that a header describes, and adds its name to `names`.
///
/// # Errors
/// If the Unicode path belongs to another name.
pub fn to_entry(header: &CentralHeader<'_>, names: &mut RawPathPool) -> Result<Entry, Error> {
    let name = name(header)?;
    // The upper half of the attributes is the Unix mode. Zero means that it was not recorded.
    let mode = if UNIX_SYSTEMS.contains(&header.system) { header.attributes >> 16 } else { 0 };
    let kind = match mode & S_IFMT {
        S_IFLNK => EntryKind::Link,
        S_IFDIR => EntryKind::Folder,
        0 | S_IFREG if name.ends_with(b"/") => EntryKind::Folder,
        0 | S_IFREG => EntryKind::File,
        // Info-ZIP gives an entry that it reads from a pipe the type of a pipe.
        _ if header.size > 0 => EntryKind::File,
        _ => EntryKind::Special,
    };
    let too_long = || Error::Broken("its names take more than 4 GiB".to_owned());
    Ok(Entry {
        name: names.add(&name).ok_or_else(too_long)?,
        raw_name: (*name != *header.name).then(|| Box::new(header.name.into())),
        kind,
        offset: header.offset,
        size: header.size,
        compressed_size: header.compressed_size,
        crc32: header.crc32,
        flags: header.flags,
        method: method(header),
        raw_method: header.method,
        mode: (mode != 0).then_some((mode & 0o7777) as u16),
        dos_time: header.dos_time,
        unix_time: header.unix_time,
        has_unicode_path: header.unicode_path.is_some(),
    })
}

/// Returns the compression method of an entry, or that it is encrypted or a patch.
fn method(header: &CentralHeader<'_>) -> Method {
    match header.method {
        METHOD_AES => Method::Encrypted,
        _ if header.flags & FLAGS_ENCRYPTED != 0 => Method::Encrypted,
        _ if header.flags & FLAG_PATCH != 0 => Method::Patch,
        METHOD_STORED => Method::Stored,
        METHOD_DEFLATE => Method::Deflate,
        METHOD_ZSTD => Method::Zstd,
        other => Method::Other(other),
    }
}

/// Returns the Unicode path if there is one, else the decoded name. The path must carry the
/// checksum of the name, and must not replace a name in ASCII by another.
fn name<'a>(header: &'a CentralHeader<'_>) -> Result<Cow<'a, [u8]>, Error> {
    let plain = entry_name::decode(header.name, header.system);
    let Some(UnicodePath { name, crc32 }) = &header.unicode_path else { return Ok(plain) };
    let is_valid = std::str::from_utf8(name).is_ok() && crc32fast::hash(header.name) == *crc32;
    // A name in ASCII needs no second spelling, so a different one is an attack.
    match is_valid && (*plain == **name || !header.name.is_ascii()) {
        true => Ok(name.into()),
        false => Err(foreign_unicode_path(&plain)),
    }
}

fn foreign_unicode_path(name: &[u8]) -> Error {
    let name = escape_bytes(name);
    Error::Contradiction(format!("entry `{name}` has a second name that is of another entry"))
}
