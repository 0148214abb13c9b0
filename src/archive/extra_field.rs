//! Extra fields of headers: a list of records, each with an id and a length of two bytes.

use super::format::u64_at;

/// Returns the content of the first extra field with this id. `None` if there is none, or if a
/// field before it claims more bytes than there are.
pub fn find(mut extra: &[u8], wanted: u16) -> Option<&[u8]> {
    while let [id0, id1, len0, len1, rest @ ..] = extra {
        let length = usize::from(u16::from_le_bytes([*len0, *len1]));
        let content = rest.get(..length)?;
        if u16::from_le_bytes([*id0, *id1]) == wanted {
            return Some(content);
        }
        extra = &rest[length..];
    }
    None
}

/// Returns whether a field claims more bytes than there are. Up to three bytes at the end, too
/// few for a field, are padding.
pub fn is_truncated(mut extra: &[u8]) -> bool {
    while let [_, _, len0, len1, rest @ ..] = extra {
        match rest.get(usize::from(u16::from_le_bytes([*len0, *len1]))..) {
            Some(next) => extra = next,
            None => return true,
        }
    }
    false
}

/// Replaces the values that did not fit into 32 bits, which are all ones there, by those of the
/// ZIP64 extra field. The field holds only the replaced values, in the order of `values`.
pub fn expand_zip64<const N: usize>(values: [&mut u64; N], mut zip64: &[u8]) {
    for value in values {
        if *value == u64::from(u32::MAX)
            && let Some((long, rest)) = zip64.split_at_checked(8)
        {
            *value = u64_at(long, 0);
            zip64 = rest;
        }
    }
}
