//! Any bytes as an archive: judged, planned and unpacked, nothing lands elsewhere.
#![no_main]

mod landing;

use std::io::Cursor;

use downriver::archive::Archive;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // The closer look refuses more, never less.
    match Archive::list(Cursor::new(bytes)) {
        Ok(mut listed) => {
            for index in 0..listed.entries().len() {
                let mut copied = Vec::new();
                let entry = listed.entries()[index].clone();
                if entry.size < 1 << 20
                    && let Err(error) = listed.copy(index, &mut copied)
                {
                    landing::harmless(&error.to_string());
                }
                assert!(copied.len() as u64 <= entry.size);
                assert!(listed.extent(index).start <= listed.extent(index).end);
            }
        }
        Err(error) => {
            landing::harmless(&error.to_string());
            assert!(Archive::open(Cursor::new(bytes)).is_err());
        }
    }
    landing::land(bytes, bytes.last().is_some_and(|last| last % 2 == 1));
});
