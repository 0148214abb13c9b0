//! Entries of zip archives.

use super::raw_path::RawPath;

/// The number of entries of an archive that is accepted where no setting names another one.
pub const DEFAULT_MAX_ENTRIES: usize = 1_000_000;

/// An entry of an archive, as the central directory describes it. An archive can have a million of
/// them, so its fields are as small as possible.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// The whole path, separated by `/`; that of a folder ends with `/`.
    pub name: RawPath,
    /// The bytes of the name in the archive, if decoding changed them.
    pub raw_name: Option<Box<RawPath>>,
    pub kind: EntryKind,
    /// Offset of the local header, in bytes from the start of the file.
    pub offset: u64,
    /// The uncompressed size in bytes.
    pub size: u64,
    /// The compressed size in bytes.
    pub compressed_size: u64,
    pub crc32: u32,
    /// The flags of APPNOTE.TXT (section 4.4.4).
    pub flags: u16,
    pub method: Method,
    /// The number of the method in APPNOTE.TXT (section 4.4.5).
    pub raw_method: u16,
    /// The Unix permission bits (`0o7777`), if the archive has them.
    pub mode: Option<u16>,
    /// Date (upper 16 bits) and time in the format of DOS.
    pub dos_time: u32,
    /// Seconds since 1970 from the extended timestamp, which comes before the time of DOS.
    pub unix_time: Option<u32>,
    /// The entry has a second name in a Unicode path field. Only full validation compares it.
    pub has_unicode_path: bool,
}

/// The type of an entry, from its Unix mode and its name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum EntryKind {
    #[default]
    File,
    Folder,
    Link,
    /// A device, pipe or socket without content, which is never extracted.
    Special,
}

/// The way in which the data of an entry are stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Method {
    #[default]
    Stored,
    Deflate,
    Zstd,
    Encrypted,
    /// A patch for a file outside the archive.
    Patch,
    /// Another compression method, by its number in APPNOTE.TXT (section 4.4.5).
    Other(u16),
}

impl Entry {
    /// Returns the bytes of the name as they are in the archive.
    pub fn raw_name(&self) -> &[u8] {
        self.raw_name.as_deref().unwrap_or(&self.name)
    }

    /// Returns the modification time in seconds since 1970 UTC; none if the archive has no valid
    /// date.
    pub fn modified(&self) -> Option<i64> {
        self.unix_time.map(i64::from).or_else(|| seconds(self.dos_time))
    }
}

/// Converts a DOS date and time into seconds since 1970. DOS times have no time zone; they are
/// taken as UTC, so that the result is the same on every machine.
fn seconds(dos_time: u32) -> Option<i64> {
    let bits = |from: u32, count: u32| (dos_time >> from & ((1 << count) - 1)) as i8;
    let year = 1980 + (dos_time >> 25) as i16;
    let (month, day) = (bits(21, 4), bits(16, 5));
    let (hour, minute, second) = (bits(11, 5), bits(5, 6), bits(0, 5) * 2);
    let time = jiff::civil::DateTime::new(year, month, day, hour, minute, second, 0);
    Some(time.ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second())
}

impl Method {
    /// Returns why data of this method cannot be extracted, to follow the name of the entry; none
    /// if they can.
    pub fn unreadable(self) -> Option<String> {
        let name = match self {
            Method::Stored | Method::Deflate | Method::Zstd => return None,
            Method::Encrypted => return Some("is encrypted".to_owned()),
            Method::Patch => return Some("is a patch for something else".to_owned()),
            Method::Other(1) => " (shrink)",
            Method::Other(6) => " (implode)",
            Method::Other(9) => " (deflate64)",
            Method::Other(12) => " (bzip2)",
            Method::Other(14) => " (lzma)",
            Method::Other(20) => " (an early zstd)",
            Method::Other(95) => " (xz)",
            Method::Other(98) => " (ppmd)",
            Method::Other(_) => "",
        };
        let Method::Other(number) = self else { return None };
        let known = "where only stored (0), deflate (8) and zstd (93) can be read";
        Some(format!("uses compression method {number}{name}, {known}"))
    }

    /// Returns advice for an entry that cannot be extracted.
    pub fn way_out(self) -> &'static str {
        match self {
            Method::Encrypted => {
                "-o FILE keeps the archive itself; `7z x FILE` asks for its password"
            }
            Method::Other(1 | 6 | 9 | 12 | 14 | 20 | 95 | 98) => {
                "-o FILE keeps the archive itself, and `7z x FILE` (7-Zip) knows this method"
            }
            Method::Stored | Method::Deflate | Method::Zstd | Method::Patch | Method::Other(_) => {
                "-o FILE keeps the archive itself, for the program that made it"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_pointer_width = "64")]
    fn a_million_entries_take_eighty_megabytes() {
        assert_eq!(size_of::<Entry>(), 80);
    }

    #[test]
    fn only_three_methods_are_readable_and_the_others_are_named() {
        for (method, expect) in [
            (Method::Zstd, None),
            (Method::Encrypted, Some("is encrypted")),
            (Method::Other(12), Some("uses compression method 12 (bzip2), where only")),
            (Method::Other(77), Some("uses compression method 77, where only")),
        ] {
            let why = method.unreadable();
            assert_eq!(why.is_some(), expect.is_some(), "{method:?}");
            assert!(why.unwrap_or_default().starts_with(expect.unwrap_or_default()));
        }
        assert!(Method::Other(95).way_out().contains("7z"));
        assert!(!Method::Other(97).way_out().contains("7z"));
    }

    #[test]
    fn dos_times_are_read_as_utc_and_impossible_ones_are_ignored() {
        let dos_time = |date: u32, time: u32| date << 16 | time;
        let day = (46 << 9) | (5 << 5) | 1;
        assert_eq!(seconds(dos_time(day, 10 << 11)), Some(1_777_629_600));
        let last_second = dos_time(day, (23 << 11) | (59 << 5) | 29);
        assert_eq!(seconds(last_second), Some(1_777_679_998));
        for (date, time) in [(0, 0), (day | 15 << 5, 0), (day, 24 << 11), (day, 60 << 5), (day, 30)]
        {
            assert_eq!(seconds(dos_time(date, time)), None, "{date} {time}");
        }
    }
}
