//! Position of an entry in its archive, and comparison of its local header and data descriptor with
//! the central directory.

use std::io::{self, Read};
use std::ops::Range;

use super::error::Error;
use super::extra_field;
use super::format::{
    DATA_DESCRIPTOR_SIGNATURE, EXTRA_UNICODE_PATH, EXTRA_ZIP64, FLAG_DATA_DESCRIPTOR,
    LOCAL_HEADER_LENGTH, LOCAL_HEADER_SIGNATURE, u16_at, u32_at, u64_at,
};
use crate::model::Entry;

/// Upper bound of the extra fields that common writers put into a local header, in bytes.
const MAX_LOCAL_EXTRA: u64 = 256;

/// Result of reading a local header.
#[derive(Debug)]
pub struct LocalHeader {
    /// Length in bytes, up to the start of the data.
    pub length: u64,
    /// The bytes begin with the signature of a local header.
    pub is_header: bool,
    /// The header agrees with the central directory in every field.
    pub matches: bool,
}

impl Entry {
    /// Returns the bytes of the archive that hold local header and data. The length of the local
    /// extra fields is unknown before they are read, so the range allows for the longest common
    /// ones and may reach into the next entry.
    pub fn extent(&self) -> Range<u64> {
        let header = (LOCAL_HEADER_LENGTH + self.raw_name().len()) as u64 + MAX_LOCAL_EXTRA;
        self.offset..self.offset.saturating_add(header).saturating_add(self.compressed_size)
    }

    /// Returns the lowest offset at which the data can end: that of a local header without extra
    /// fields.
    pub fn min_end(&self) -> u64 {
        let header = (LOCAL_HEADER_LENGTH + self.raw_name().len()) as u64;
        self.offset.saturating_add(header).saturating_add(self.compressed_size)
    }

    /// Reads the local header, at which `from` must stand, and compares it. `variable` is a buffer
    /// for its name and extra fields.
    pub fn read_local_header(
        &self,
        from: &mut dyn Read,
        variable: &mut Vec<u8>,
    ) -> io::Result<LocalHeader> {
        let mut fixed = [0; LOCAL_HEADER_LENGTH];
        from.read_exact(&mut fixed)?;
        let [name_length, extra_length] = [26, 28].map(|at| usize::from(u16_at(&fixed, at)));
        variable.resize(name_length + extra_length, 0);
        from.read_exact(variable)?;
        let (name, extra) = variable.split_at(name_length);
        let matches = u16_at(&fixed, 6) == self.flags
            && u16_at(&fixed, 8) == self.raw_method
            && u32_at(&fixed, 10) == self.dos_time
            && name == self.raw_name()
            && !self.has_unicode_path
            && extra_field::find(extra, EXTRA_UNICODE_PATH).is_none()
            && self.sizes_match(&fixed, extra);
        let length = (LOCAL_HEADER_LENGTH + variable.len()) as u64;
        let is_header = fixed.starts_with(LOCAL_HEADER_SIGNATURE);
        Ok(LocalHeader { length, is_header, matches: is_header && matches })
    }

    /// Compares checksum and sizes of the local header. With a data descriptor they may be zero.
    fn sizes_match(&self, fixed: &[u8; LOCAL_HEADER_LENGTH], extra: &[u8]) -> bool {
        let has_descriptor = self.flags & FLAG_DATA_DESCRIPTOR != 0;
        let [mut size, mut compressed_size] = [22, 18].map(|at| u64::from(u32_at(fixed, at)));
        let zip64 = extra_field::find(extra, EXTRA_ZIP64).unwrap_or_default();
        extra_field::expand_zip64([&mut size, &mut compressed_size], zip64);
        let sizes = [(size, self.size), (compressed_size, self.compressed_size)];
        let crc = (u64::from(u32_at(fixed, 14)), u64::from(self.crc32));
        let matches =
            |(local, central): &(u64, u64)| local == central || has_descriptor && *local == 0;
        matches(&crc) && sizes.iter().all(matches)
    }

    /// Compares the data descriptor, if the bytes behind the data have the length of one. Its
    /// signature is optional, so bytes of another length prove nothing and pass.
    ///
    /// # Errors
    /// `Contradiction` if checksum or sizes differ from the central directory.
    pub fn check_data_descriptor(&self, behind: &[u8]) -> Result<(), Error> {
        if self.flags & FLAG_DATA_DESCRIPTOR == 0 {
            return Ok(());
        }
        let fields = behind.strip_prefix(DATA_DESCRIPTOR_SIGNATURE).unwrap_or(behind);
        let sizes = match fields.len() {
            12 => [4, 8].map(|at| u32_at(fields, at).into()),
            20 => [4, 12].map(|at| u64_at(fields, at)),
            _ => return Ok(()),
        };
        if u32_at(fields, 0) == self.crc32 && sizes == [self.compressed_size, self.size] {
            return Ok(());
        }
        let entry = &self.name;
        let why = format!("entry `{entry}` has other sizes behind its data than in the directory");
        Err(Error::Contradiction(why))
    }

    pub fn damaged(&self, why: &str) -> Error {
        Error::Damaged { entry: self.name.to_string(), why: why.to_owned() }
    }

    pub fn needs_full_check(&self) -> Error {
        Error::NeedsFullCheck { near: self.offset }
    }
}

#[cfg(test)]
mod tests;
