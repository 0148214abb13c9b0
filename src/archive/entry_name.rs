//! Decoding of entry names: UTF-8, code page 437 of DOS, or bytes of an unknown encoding.

use std::borrow::Cow;

use crate::sanitize::escape_bytes;

/// Systems of writers that use code page 437 or a successor of it, by their numbers in
/// APPNOTE.TXT (section 4.4.2) and Info-ZIP: FAT, HPFS, both numbers of NTFS, and VFAT.
const DOS_SYSTEMS: [u8; 5] = [0, 6, 10, 11, 14];

/// The upper half of code page 437, in which DOS tools write names.
const CP437: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";

/// Decodes a name. Valid UTF-8 is kept, other names of DOS and Windows are taken as code page 437,
/// and those of other systems keep their bytes. The flag that announces UTF-8 is ignored, because
/// many writers do not set it, and others set it for any bytes.
pub fn decode(name: &[u8], system: u8) -> Cow<'_, [u8]> {
    let is_utf8 = std::str::from_utf8(name).is_ok();
    match DOS_SYSTEMS.contains(&system) && !is_utf8 {
        true => name.iter().map(|byte| cp437_char(*byte)).collect::<String>().into_bytes().into(),
        false => name.into(),
    }
}

/// Returns a name for messages.
pub fn display(name: &[u8], system: u8) -> String {
    escape_bytes(&decode(name, system)).into_owned()
}

fn cp437_char(byte: u8) -> char {
    match byte.checked_sub(128) {
        None => byte.into(),
        Some(index) => CP437.chars().nth(index.into()).unwrap_or(char::REPLACEMENT_CHARACTER),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_utf8_or_code_page_437_or_bytes() {
        assert_eq!(CP437.chars().count(), 128);
        for dos in DOS_SYSTEMS {
            assert_eq!(&*decode(b"\x81\x80\xff a", dos), "üÇ\u{a0} a".as_bytes());
            assert_eq!(&*decode("ü".as_bytes(), dos), "ü".as_bytes());
        }
        for other in [3, 7, 19, 255] {
            assert_eq!(&*decode(b"\xfcber", other), b"\xfcber");
            assert_eq!(&*decode("ü".as_bytes(), other), "ü".as_bytes());
        }
    }
}
