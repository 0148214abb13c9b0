//! From a header of the central directory to an [`Entry`].

use super::Error;
use super::directory::{CentralHeader, Unicode};
use crate::model::{Entry, EntryKind};

const S_IFMT: u32 = 0o170_000;
const S_IFREG: u32 = 0o100_000;
const S_IFDIR: u32 = 0o040_000;
const S_IFLNK: u32 = 0o120_000;
/// The systems that tell modes: unix and the Mac.
const UNIX: [u8; 2] = [3, 19];

/// Code page 437 from 128 on: the letters of DOS.
const CP437: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";

/// The entry as the central directory tells it.
pub fn entry(header: &CentralHeader) -> Result<Entry, Error> {
    let name = name(header)?;
    // Only creators on unix mean something by the upper half; all zero there is "not told".
    let unix = if UNIX.contains(&header.system) { header.attributes >> 16 } else { 0 };
    let kind = match unix & S_IFMT {
        S_IFLNK => EntryKind::Link,
        S_IFDIR => EntryKind::Folder,
        0 | S_IFREG if name.ends_with('/') => EntryKind::Folder,
        0 | S_IFREG => EntryKind::File,
        _ => EntryKind::Special,
    };
    Ok(Entry {
        name,
        kind,
        size: header.size,
        compressed_size: header.compressed_size,
        crc32: header.crc32,
        mode: (unix != 0).then_some(unix & 0o7777),
        modified: header.modified.map(i64::from).or_else(|| utc(header.dos)),
    })
}

/// The name in Unicode where there is one; it must be of this very name.
fn name(header: &CentralHeader) -> Result<String, Error> {
    let plain = text(&header.name);
    let Some(Unicode { name, crc32 }) = &header.unicode else { return Ok(plain) };
    match String::from_utf8(name.clone()) {
        // A name that needs no other spelling is not to get one.
        Ok(name) if crc32fast::hash(&header.name) == *crc32 => match header.name.is_ascii() {
            true if name != plain => Err(renamed(plain)),
            _ => Ok(name),
        },
        _ => Err(renamed(plain)),
    }
}

fn renamed(name: String) -> Error {
    Error::Contradiction(format!("entry `{name}` has a second name that is of another entry"))
}

/// UTF-8 where it is valid, whatever the flag says, else code page 437.
pub fn text(name: &[u8]) -> String {
    match std::str::from_utf8(name) {
        Ok(name) => name.to_owned(),
        Err(_) => name.iter().map(|byte| letter(*byte)).collect(),
    }
}

fn letter(byte: u8) -> char {
    match byte.checked_sub(128) {
        None => byte.into(),
        Some(index) => CP437.chars().nth(index.into()).unwrap_or(char::REPLACEMENT_CHARACTER),
    }
}

/// The DOS date names no zone: UTC is as good as any, and the same everywhere.
fn utc(dos: u32) -> Option<i64> {
    let bits = |from: u32, count: u32| (dos >> from & ((1 << count) - 1)) as i8;
    let year = 1980 + (dos >> 25) as i16;
    let (month, day) = (bits(21, 4), bits(16, 5));
    let (hour, minute, second) = (bits(11, 5), bits(5, 6), bits(0, 5) * 2);
    let time = jiff::civil::DateTime::new(year, month, day, hour, minute, second, 0);
    Some(time.ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_page_437_has_all_its_letters() {
        assert_eq!(CP437.chars().count(), 128);
        assert_eq!(text(b"\x81\x80\xff a"), "üÇ\u{a0} a");
        assert_eq!(text("ü".as_bytes()), "ü");
    }

    #[test]
    fn a_date_of_dos_is_read_as_utc_or_not_at_all() {
        let dos = |date: u32, time: u32| date << 16 | time;
        let day = (46 << 9) | (5 << 5) | 1;
        assert_eq!(utc(dos(day, 10 << 11)), Some(1_777_629_600));
        assert_eq!(utc(dos(day, (23 << 11) | (59 << 5) | 29)), Some(1_777_679_998));
        for (date, time) in [(0, 0), (day | 15 << 5, 0), (day, 24 << 11), (day, 60 << 5), (day, 30)]
        {
            assert_eq!(utc(dos(date, time)), None, "{date} {time}");
        }
    }
}
