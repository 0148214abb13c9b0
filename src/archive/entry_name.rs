//! Decoding of entry names: UTF-8, or code page 437.

/// The upper half of code page 437, in which DOS tools write names.
const CP437: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐\
└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}";

/// Decodes a name as UTF-8 if it is valid, else as code page 437. The flag that announces UTF-8
/// is ignored, because many writers do not set it.
pub fn decode(name: &[u8]) -> String {
    match std::str::from_utf8(name) {
        Ok(name) => name.to_owned(),
        Err(_) => name.iter().map(|byte| cp437_char(*byte)).collect(),
    }
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
    fn names_are_utf8_or_code_page_437() {
        assert_eq!(CP437.chars().count(), 128);
        assert_eq!(decode(b"\x81\x80\xff a"), "üÇ\u{a0} a");
        assert_eq!(decode("ü".as_bytes()), "ü");
    }
}
