//! Arbitrary bytes as an archive: validated, planned and extracted, with nothing written outside
//! the destination.
#![no_main]

mod extraction;

use std::io::Cursor;

use downriver::archive::Archive;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // Full validation accepts nothing that validation of the directory refuses.
    match Archive::open_directory(Cursor::new(bytes), usize::MAX) {
        Ok(mut listed) => {
            for index in 0..listed.entries().len() {
                let mut copied = Vec::new();
                let entry = listed.entries()[index].clone();
                if entry.size < 1 << 20
                    && let Err(error) = listed.copy(index, &mut copied)
                {
                    extraction::assert_harmless(&error.to_string());
                }
                assert!(copied.len() as u64 <= entry.size);
                assert!(listed.extent(index).start <= listed.extent(index).end);
            }
        }
        Err(error) => {
            extraction::assert_harmless(&error.to_string());
            assert!(Archive::open_validated(Cursor::new(bytes), usize::MAX).is_err());
        }
    }
    extraction::check_extraction(bytes, bytes.last().is_some_and(|last| last % 2 == 1));
});
