//! The checksum that archives record, of files on disk.

use std::io::{self, Read};

use crc32fast::Hasher;

/// Bytes that are read at once.
const READ_LENGTH: usize = 128 << 10;

/// Reads a file to its end. Returns the CRC-32 and the length in bytes of what was read.
pub fn checksum(file: &mut impl Read) -> io::Result<(u32, u64)> {
    let (mut crc32, mut length) = (Hasher::new(), 0);
    let mut block = Vec::with_capacity(READ_LENGTH);
    loop {
        block.clear();
        let count = file.by_ref().take(READ_LENGTH as u64).read_to_end(&mut block)?;
        if count == 0 {
            return Ok((crc32.finalize(), length));
        }
        crc32.update(&block);
        length += count as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_any_length_are_read_to_their_ends() {
        for length in [0, 1, READ_LENGTH - 1, READ_LENGTH, READ_LENGTH + 1, 3 * READ_LENGTH] {
            let bytes: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
            let expect = (crc32fast::hash(&bytes), length as u64);
            assert_eq!(checksum(&mut bytes.as_slice()).unwrap(), expect);
        }
    }
}
