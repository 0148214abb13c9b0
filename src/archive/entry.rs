//! From a header of the central directory to an [`Entry`].

use zip::read::ZipFileEntry;

use super::directory::Header;
use crate::model::{Entry, EntryKind};

const S_IFMT: u32 = 0o170_000;
const S_IFREG: u32 = 0o100_000;
const S_IFDIR: u32 = 0o040_000;
const S_IFLNK: u32 = 0o120_000;

/// The entry as the central directory tells it.
pub fn entry(found: &ZipFileEntry<'_>, header: &Header) -> Entry {
    let name = name(found);
    // Only creators on unix mean something by the upper half; all zero there is "not told".
    let unix = match found.system() {
        zip::System::Unix | zip::System::OsDarwin => found.external_attributes() >> 16,
        _ => 0,
    };
    let kind = match unix & S_IFMT {
        S_IFLNK => EntryKind::Link,
        S_IFDIR => EntryKind::Folder,
        0 | S_IFREG if name.ends_with('/') => EntryKind::Folder,
        0 | S_IFREG => EntryKind::File,
        _ => EntryKind::Special,
    };
    Entry {
        name,
        kind,
        size: found.size(),
        compressed_size: found.compressed_size(),
        crc32: found.crc32(),
        mode: (unix != 0).then_some(unix & 0o7777),
        modified: header.modified.map(i64::from).or_else(|| found.last_modified().and_then(utc)),
    }
}

/// UTF-8 where it is valid, whatever the flag says, else code page 437.
pub fn name(found: &ZipFileEntry<'_>) -> String {
    match found.name() {
        Ok(name) => name.into_owned(),
        Err(_) => String::from_utf8_lossy(found.name_raw()).into_owned(),
    }
}

/// The DOS date names no zone: UTC is as good as any, and the same everywhere.
fn utc(date: zip::DateTime) -> Option<i64> {
    let small = |part: u8| i8::try_from(part).ok();
    let time = jiff::civil::DateTime::new(
        i16::try_from(date.year()).ok()?,
        small(date.month())?,
        small(date.day())?,
        small(date.hour())?,
        small(date.minute())?,
        small(date.second())?,
        0,
    );
    Some(time.ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second())
}
