//! Elements of DER, the encoding of certificates.

pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const CONTEXT_0: u8 = 0xa0;

/// An element of DER, and the bytes behind it.
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    pub(super) content: &'a [u8],
    pub(super) whole: &'a [u8],
    pub(super) rest: &'a [u8],
}

impl<'a> Element<'a> {
    /// Reads the first element; `None` if it is incomplete, or longer than 4 GiB.
    pub(super) fn read(der: &'a [u8]) -> Option<Element<'a>> {
        let (tag, first) = (*der.first()?, *der.get(1)?);
        let (start, length) = match first {
            0..=0x7f => (2, usize::from(first)),
            0x81..=0x84 => {
                let start = 2 + usize::from(first & 0x7f);
                let bytes = der.get(2..start)?;
                (start, bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)))
            }
            _ => return None,
        };
        let end = start.checked_add(length)?;
        let (whole, rest) = der.split_at_checked(end)?;
        Some(Element { tag, content: &whole[start..], whole, rest })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_in_both_forms() {
        let long = [&b"\x30\x82\x01\x00"[..], &[7; 256], b"rest"].concat();
        for (der, expect) in [
            (&b"\x06\x02ab"[..], Some((OBJECT_IDENTIFIER, 2, 0))),
            (b"\xa0\x00x", Some((CONTEXT_0, 0, 1))),
            (&long, Some((SEQUENCE, 256, 4))),
            (b"\x30\x84\xff\xff\xff\xffx", None),
            (b"\x30\x85\0\0\0\0\x01x", None),
            (b"\x30\x80x\0\0", None),
            (b"\x30\x02x", None),
            (b"\x30\x82\x01", None),
            (b"\x30", None),
            (b"", None),
        ] {
            let element = Element::read(der);
            let found = element.map(|it| (it.tag, it.content.len(), it.rest.len()));
            assert_eq!(found, expect, "{der:?}");
        }
    }
}
