//! Constants of the zip format and its little-endian integers.
//!
//! Names and numbers are those of PKWARE's APPNOTE.TXT (section 4). Lengths are in bytes.

pub const LOCAL_HEADER_SIGNATURE: &[u8] = b"PK\x03\x04";
pub const DATA_DESCRIPTOR_SIGNATURE: &[u8] = b"PK\x07\x08";
pub const CENTRAL_HEADER_SIGNATURE: &[u8] = b"PK\x01\x02";
pub const ZIP64_EOCD_SIGNATURE: &[u8] = b"PK\x06\x06";
pub const ZIP64_LOCATOR_SIGNATURE: &[u8] = b"PK\x06\x07";
pub const EOCD_SIGNATURE: &[u8] = b"PK\x05\x06";

/// Length of a local header without its name and extra fields.
pub const LOCAL_HEADER_LENGTH: usize = 30;
/// Length of a central directory header without its name, extra fields and comment.
pub const CENTRAL_HEADER_LENGTH: usize = 46;
/// Length of a ZIP64 EOCD record without the optional data at its end.
pub const ZIP64_EOCD_LENGTH: usize = 56;
pub const ZIP64_LOCATOR_LENGTH: usize = 20;
/// Length of an EOCD record without its comment.
pub const EOCD_LENGTH: usize = 22;

/// Entry flags of the three kinds of encryption: traditional, strong, and masked headers.
pub const FLAGS_ENCRYPTED: u16 = 1 | 1 << 6 | 1 << 13;
/// Entry flag: checksum and sizes follow the data, in a data descriptor.
pub const FLAG_DATA_DESCRIPTOR: u16 = 1 << 3;
/// Entry flag: the data are a patch for another file.
pub const FLAG_PATCH: u16 = 1 << 5;

pub const METHOD_STORED: u16 = 0;
pub const METHOD_DEFLATE: u16 = 8;
pub const METHOD_ZSTD: u16 = 93;
/// WinZip AES encryption; the real compression method is in an extra field.
pub const METHOD_AES: u16 = 99;

/// Extra field with the 64-bit sizes and offsets of an entry.
pub const EXTRA_ZIP64: u16 = 0x0001;
/// Info-ZIP's extended timestamp.
pub const EXTRA_TIMESTAMP: u16 = 0x5455;
/// Info-ZIP's Unicode path.
pub const EXTRA_UNICODE_PATH: u16 = 0x7075;

/// Returns the little-endian integer at an offset, which must be within `bytes`.
pub fn u16_at(bytes: &[u8], offset: usize) -> u16 {
    u16::from_le_bytes([bytes[offset], bytes[offset + 1]])
}

/// Returns the little-endian integer at an offset, which must be within `bytes`.
pub fn u32_at(bytes: &[u8], offset: usize) -> u32 {
    u32::from_le_bytes([bytes[offset], bytes[offset + 1], bytes[offset + 2], bytes[offset + 3]])
}

/// Returns the little-endian integer at an offset, which must be within `bytes`.
pub fn u64_at(bytes: &[u8], offset: usize) -> u64 {
    u64::from(u32_at(bytes, offset)) | u64::from(u32_at(bytes, offset + 4)) << 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_read_with_their_lowest_byte_first() {
        let bytes = [9, 1, 2, 3, 4, 5, 6, 7, 0x88];
        assert_eq!(u16_at(&bytes, 1), 0x0201);
        assert_eq!(u32_at(&bytes, 1), 0x0403_0201);
        assert_eq!(u64_at(&bytes, 1), 0x8807_0605_0403_0201);
    }
}
