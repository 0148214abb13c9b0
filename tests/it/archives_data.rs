//! Archives whose data differ from what they declare, and those that declare too much.

use crate::archives::{Case, case, each};
use crate::zip_builder::{ZipItem, file, zip64_extra};

/// Compresses this many zeros by hand: a zero, then copies of 258 bytes before it. The codes are
/// the fixed ones of deflate.
pub fn zeros(name: &str, count: usize) -> ZipItem {
    let (mut packed, mut bits, mut held) = (Vec::new(), 0_u64, 0);
    let mut put = |value: u64, count: u32| {
        bits |= value << held;
        held += count;
        while held >= 8 {
            packed.push(bits as u8);
            (bits, held) = (bits >> 8, held - 8);
        }
    };
    // The last block, with fixed codes.
    put(0b011, 3);
    let copies = (count - 1) / 258;
    for _ in 0..count - copies * 258 {
        put(0b0000_1100, 8);
    }
    for _ in 0..copies {
        put(0b1010_0011, 8);
        put(0, 5);
    }
    // Its end, and as many zeros as fill the byte.
    put(0, 14);
    let mut item = file(name, "");
    (item.method, item.size, item.compressed) = (8, count as u32, packed);
    item.crc = zeros_crc(count);
    item
}

/// Returns the CRC-32 of this many zeros without reading each of them.
fn zeros_crc(count: usize) -> u32 {
    let (mut sum, mut power) = (crc32fast::Hasher::new(), crc32fast::Hasher::new());
    power.update(&[0]);
    let mut left = count;
    while left > 0 {
        if left & 1 == 1 {
            sum.combine(&power);
        }
        let same = power.clone();
        power.combine(&same);
        left >>= 1;
    }
    sum.finalize()
}

fn xyz() -> ZipItem {
    file("x", "xyz")
}

pub fn cases() -> Vec<Case> {
    let bad = |what: &str, item: ZipItem, says| case(what, &[item]).refused(says);
    let deflate = |bytes: &'static [u8]| {
        file("x", "").but(|item| {
            (item.method, item.size, item.compressed) = (8, 3, bytes.to_vec());
        })
    };
    let mut cases = vec![
        bad(
            "a checksum of something else",
            xyz().but(|item| item.crc = 7),
            "entry `x` is damaged: invalid checksum",
        ),
        bad(
            "another checksum, packed",
            xyz().deflated().but(|item| item.crc = 7),
            "invalid checksum",
        ),
        bad("longer than it says", xyz().but(|item| item.size = 2), "`x` is damaged: it is longer"),
        bad(
            "shorter than it says",
            xyz().but(|item| item.size = 9),
            "it has 3 bytes and declares 9",
        ),
        bad("longer, packed", xyz().deflated().but(|item| item.size = 2), "it is longer than"),
        bad("shorter, packed", xyz().deflated().but(|item| item.size = 9), "declares 9"),
        bad("nothing declared", xyz().deflated().but(|item| item.size = 0), "it is longer than"),
        bad("a block of no kind", xyz().deflated().but(|item| item.compressed[0] = 7), "corrupt"),
        bad(
            "a block that is not the last",
            xyz().deflated().but(|item| item.compressed[0] = 0),
            "it ends too early",
        ),
        bad(
            "a length that is wrong",
            xyz().deflated().but(|item| item.compressed[3] = 9),
            "corrupt",
        ),
        bad(
            "more behind its end",
            xyz().deflated().but(|item| item.compressed.push(0)),
            "something lies behind",
        ),
        bad("no packed bytes", deflate(b""), "it ends too early"),
        bad("noise for packed bytes", deflate(b"\xff\xfe\xfd\xfc"), "corrupt"),
        // A copy of three bytes from before the first.
        bad("a copy of what is not there", deflate(b"\x03\x02\x00"), "corrupt"),
        case("an empty file, packed", &[file("x", "").deflated()]).taken(&[("x", "")]),
        case(
            "an empty file of no blocks",
            &[file("x", "").but(|item| {
                item.method = 8;
            })],
        )
        .refused("it ends too early"),
        case("a file of many blocks", &[file("x", vec![7; 200_000]).deflated()]).taken_as_it_is(),
        case("zeros by a thousand", &[zeros("x", 1 << 20)]).taken(&[("x", &"\0".repeat(1 << 20))]),
        bad(
            "zeros that say they are few",
            zeros("x", 64 << 20).but(|item| item.size = 1000),
            "it is longer than declared",
        ),
        bad(
            "few that say they are many",
            zeros("x", 1000).but(|item| item.size = 1 << 30),
            "declares 1073741824",
        ),
    ];
    let many = |count: usize, change: fn(&mut ZipItem)| -> Vec<ZipItem> {
        (0..count).map(|i| zeros(&format!("z{i}"), 1000).but(change)).collect()
    };
    cases.push(
        case("a hundred that say they are a gibibyte", &many(100, |item| item.size = 1 << 30))
            .refused("bytes, and 68719476736 are allowed"),
    );
    let mut shared = many(1000, |item| {
        (item.shares_local_header, item.size, item.crc) = (true, 1 << 20, zeros_crc(1 << 20));
    });
    shared.insert(0, zeros("z", 1 << 20));
    cases.push(case("a mebibyte a thousand times over", &shared).refused("contradicts itself"));
    let terabyte = zeros("t", 1000).but(|item| {
        item.size = u32::MAX;
        item.extra = zip64_extra(&[1 << 40]);
        (item.local_size, item.local_extra) = (Some(u32::MAX), item.extra.clone());
    });
    cases.push(bad("a thousand that say they are a tebibyte", terabyte, "are allowed"));
    cases
}

#[test]
fn data_are_what_was_declared_or_nothing_is_taken() {
    each(cases());
}
