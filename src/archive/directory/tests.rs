//! Extra fields of the central directory: timestamps, Unicode paths, padding, truncation.

use std::io::Cursor;

use crate::archive::Archive;
use crate::archive::zip_builder::{crc32, file, zip};

/// Returns name and date of an entry with these extra fields.
fn entry(name: &[u8], extra: &[&[u8]]) -> Result<(String, Option<i64>), String> {
    let bytes = zip(&[file(name, "").but(|item| item.extra = extra.concat())]);
    let archive = Archive::open_directory(Cursor::new(bytes), usize::MAX)
        .map_err(|error| error.to_string())?;
    let [entry] = archive.entries() else { panic!("there is one entry") };
    Ok((entry.name.to_string(), entry.modified()))
}

fn field(number: u16, content: &[u8]) -> Vec<u8> {
    let length = content.len() as u16;
    [&number.to_le_bytes(), &length.to_le_bytes(), content].concat()
}

#[test]
fn an_extended_timestamp_counts_if_its_flag_announces_it() {
    const DOS: i64 = 1_777_629_600;
    let time = |content: &[u8]| entry(b"a", &[&field(0x5455, content)]).unwrap().1;
    for flags in [1, 3, 7] {
        assert_eq!(time(&[flags, 0, 0, 0, 0x70]), Some(0x7000_0000), "{flags}");
    }
    for flags in [0, 2, 6] {
        assert_eq!(time(&[flags, 0, 0, 0, 0x70]), Some(DOS), "{flags}");
    }
    assert_eq!(time(&[1, 0, 0, 0x70]), Some(DOS));
    assert_eq!(time(&[]), Some(DOS));
}

#[test]
fn a_unicode_path_must_belong_to_the_name_and_not_replace_ascii() {
    let unicode = |of: &[u8], name: &[u8]| {
        field(0x7075, &[&[1], crc32(of).to_le_bytes().as_slice(), name].concat())
    };
    for (name, field, expect) in [
        (&b"\x81"[..], unicode(b"\x81", "ы".as_bytes()), Ok("ы")),
        (b"a", unicode(b"a", b"a"), Ok("a")),
        (b"a", unicode(b"a", b"b"), Err("entry `a` has a second name")),
        (b"\x81", unicode(b"\x82", "ы".as_bytes()), Err("entry `\\x81` has a second name")),
        (b"\x81", unicode(b"\x81", b"\xff"), Err("entry `\\x81` has a second name")),
        (b"\x81", field(0x7075, b"\x01abc"), Err("entry `\\x81` has a second name")),
    ] {
        match (entry(name, &[&field]), expect) {
            (Ok((name, _)), expect) => assert_eq!(Ok(&*name), expect),
            (Err(error), Ok(name)) => panic!("{name}: {error}"),
            (Err(error), Err(part)) => assert!(error.contains(part), "{error}"),
        }
    }
}

#[test]
fn extra_fields_may_end_with_padding_and_must_not_be_truncated() {
    let time = field(0x5455, &[1, 0, 0, 0, 0x70]);
    let other = field(7, b"other");
    for fields in [&[&*other, &time][..], &[&time, &other], &[&time, b"\0\0\0"], &[&time, b"x"]] {
        assert_eq!(entry(b"a", fields).unwrap().1, Some(0x7000_0000), "{fields:?}");
    }
    for cut in [&[7, 0, 1, 0][..], &[7, 0, 255, 255, 0, 0]] {
        let error = entry(b"a", &[&time, cut]).unwrap_err();
        assert!(error.ends_with("the extra fields of entry `a` are cut short"), "{error}");
    }
    assert!(entry(b"a", &[&[7, 0, 0, 0]]).is_ok());
}
