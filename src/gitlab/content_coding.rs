//! Bodies that a proxy compressed (`Content-Encoding`), although they were asked for as they are.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use ureq::Body;
use ureq::http::HeaderMap;
use ureq::http::header::{ACCEPT_RANGES, CONTENT_ENCODING, CONTENT_LENGTH, ETAG};

/// The size of the buffer for compressed bytes.
const BUFFER: usize = 64 << 10;

/// The coding of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Coding {
    Identity,
    Gzip,
    /// zlib data, or deflate data without a header, which some servers send.
    Deflate,
    /// Any other coding, and several in a row.
    Unknown(String),
}

impl Coding {
    /// Reads the header `Content-Encoding`.
    pub(super) fn of(headers: &HeaderMap) -> Coding {
        let values = headers.get_all(CONTENT_ENCODING).iter();
        let values: Vec<String> =
            values.map(|value| String::from_utf8_lossy(value.as_bytes()).to_lowercase()).collect();
        let all = values.join(",");
        let codings = all.split(',').map(str::trim).filter(|coding| !coding.is_empty());
        // Some servers name things that are no codings.
        let mut codings = codings.filter(|coding| {
            !matches!(*coding, "identity" | "none" | "binary" | "utf-8" | "aws-chunked")
        });
        match (codings.next(), codings.next()) {
            (None, _) => Coding::Identity,
            (Some("gzip" | "x-gzip"), None) => Coding::Gzip,
            (Some("deflate"), None) => Coding::Deflate,
            _ => Coding::Unknown(all.trim().to_owned()),
        }
    }

    /// Returns the decoded body. The headers that describe the encoded one are removed: its length,
    /// its ETag, and the support of ranges, which would be ranges of encoded bytes.
    pub(super) fn decode(&self, headers: &mut HeaderMap, body: Body) -> Body {
        let body = match self {
            Coding::Identity | Coding::Unknown(_) => return body,
            Coding::Gzip => {
                let body = BufReader::with_capacity(BUFFER, body.into_reader());
                Body::builder().reader(MultiGzDecoder::new(body))
            }
            Coding::Deflate => {
                let body = BufReader::with_capacity(BUFFER, body.into_reader());
                Body::builder().reader(Inflate::Unknown(Some(body)))
            }
        };
        for name in [CONTENT_ENCODING, CONTENT_LENGTH, ETAG, ACCEPT_RANGES] {
            headers.remove(name);
        }
        body
    }
}

/// Decodes `deflate`, with the header of zlib or without it.
enum Inflate<R> {
    /// No byte has been read.
    Unknown(Option<R>),
    Zlib(ZlibDecoder<R>),
    Raw(DeflateDecoder<R>),
}

impl<R: BufRead> Read for Inflate<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Inflate::Unknown(body) = self {
            let Some(mut body) = body.take() else { return Ok(0) };
            *self = match is_zlib(body.fill_buf()?) {
                true => Inflate::Zlib(ZlibDecoder::new(body)),
                false => Inflate::Raw(DeflateDecoder::new(body)),
            };
        }
        match self {
            Inflate::Unknown(_) => Ok(0),
            Inflate::Zlib(decoder) => decoder.read(buffer),
            Inflate::Raw(decoder) => decoder.read(buffer),
        }
    }
}

/// Returns true if data begins with the header of zlib (RFC 1950, section 2.2).
fn is_zlib(start: &[u8]) -> bool {
    match start {
        [cmf, flags, ..] => cmf & 0x0f == 8 && u16::from_be_bytes([*cmf, *flags]) % 31 == 0,
        // The first byte alone says it well enough.
        [cmf] => *cmf == 0x78,
        [] => true,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use ureq::http::HeaderValue;

    use super::*;

    fn headers(list: &[(&'static str, &'static str)]) -> HeaderMap {
        list.iter()
            .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)))
            .collect()
    }

    #[test]
    fn the_coding_is_the_one_that_the_headers_name() {
        let unknown = |name: &str| Coding::Unknown(name.to_owned());
        for (value, expect) in [
            ("", Coding::Identity),
            ("identity", Coding::Identity),
            ("GZIP", Coding::Gzip),
            ("x-gzip, identity", Coding::Gzip),
            (" deflate ", Coding::Deflate),
            ("br", unknown("br")),
            ("zstd", unknown("zstd")),
            ("gzip, gzip", unknown("gzip, gzip")),
        ] {
            assert_eq!(Coding::of(&headers(&[("content-encoding", value)])), expect, "{value}");
        }
        assert_eq!(Coding::of(&HeaderMap::new()), Coding::Identity);
    }

    #[test]
    fn a_body_is_decoded_and_loses_the_headers_of_the_encoded_one() {
        let text = b"one line\n".repeat(1000);
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(&text).unwrap();
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
        zlib.write_all(&text).unwrap();
        let mut raw = DeflateEncoder::new(Vec::new(), Compression::fast());
        raw.write_all(&text).unwrap();
        for (coding, encoded) in [
            (Coding::Gzip, gzip.finish().unwrap()),
            (Coding::Deflate, zlib.finish().unwrap()),
            (Coding::Deflate, raw.finish().unwrap()),
        ] {
            let given = [("etag", "\"a\""), ("content-length", "9"), ("x-other", "1")];
            let mut given = headers(&given);
            let body = Body::builder().data(encoded.clone());
            let mut body = coding.decode(&mut given, body);
            assert_eq!(body.read_to_vec().unwrap(), text, "{coding:?}");
            assert_eq!(given.keys().map(|name| name.as_str()).collect::<Vec<_>>(), ["x-other"]);
            // An interrupted body is not complete.
            let cut = Body::builder().data(encoded[..encoded.len() - 9].to_vec());
            assert!(coding.decode(&mut given, cut).read_to_vec().is_err(), "{coding:?}");
        }
    }
}
