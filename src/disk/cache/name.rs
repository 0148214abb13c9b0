//! How archives are named in a cache: by all that tells them apart, and by their checksum.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::model::JobId;

/// Begin and end of a file that is still being written; what the end is not on is never touched.
pub const COMING: (&str, &str) = (".downriver-", ".part");

/// All else is escaped, so that one name never means two servers, on Windows either.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');

/// Which archive: that of a job never changes, and jobs of one server never share a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The root of the API: scheme, host, port and path.
    pub server: String,
    pub job: JobId,
    /// Bytes.
    pub size: u64,
}

/// The name of a kept archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// As it stands in the name.
    server: String,
    job: u64,
    size: u64,
    pub crc32: u32,
}

impl Name {
    pub fn new(key: &Key, crc32: u32) -> Name {
        let server = utf8_percent_encode(key.server.trim_end_matches('/'), PLAIN).to_string();
        Name { server, job: key.job.0, size: key.size, crc32 }
    }

    /// None where the file is none of ours.
    pub fn parse(name: &str) -> Option<Name> {
        let mut parts = name.strip_suffix(".zip")?.rsplitn(4, '-');
        let (crc32, size, job, server) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let parsed = Name {
            server: server.to_owned(),
            job: job.parse().ok()?,
            size: size.parse().ok()?,
            crc32: u32::from_str_radix(crc32, 16).ok()?,
        };
        // The user may keep files beside ours: only what we would have written ourselves is ours.
        let ours = server.starts_with("http") && parsed.to_string() == name;
        ours.then_some(parsed)
    }

    pub fn is_of(&self, key: &Key) -> bool {
        *self == Name::new(key, self.crc32)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Name { server, job, size, crc32 } = self;
        write!(f, "{server}-{job}-{size}-{crc32:08x}.zip")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(server: &str) -> Key {
        Key { server: server.to_owned(), job: JobId(70108), size: 5607 }
    }

    #[test]
    fn a_name_tells_servers_jobs_and_sizes_apart() {
        let keys: Vec<Key> = [
            "https://gitlab.test/api/v4",
            "http://gitlab.test/api/v4",
            "https://gitlab.test:8443/api/v4",
            "https://gitlab.test/git-lab/api/v4",
            "https://[::1]/api/v4",
        ]
        .map(key)
        .into();
        for one in &keys {
            let name = Name::new(one, 0xab).to_string();
            assert!(!name.contains(['/', ':', '[', '\\']), "{name}");
            let parsed = Name::parse(&name).unwrap();
            assert_eq!(parsed.crc32, 0xab);
            for other in &keys {
                assert_eq!(parsed.is_of(other), one == other, "{name} {other:?}");
            }
            assert!(!parsed.is_of(&Key { job: JobId(7), ..one.clone() }));
            assert!(!parsed.is_of(&Key { size: 1, ..one.clone() }));
        }
        assert_eq!(
            Name::new(&keys[0], 0xab).to_string(),
            "https%3A%2F%2Fgitlab.test%2Fapi%2Fv4-70108-5607-000000ab.zip"
        );
    }

    #[test]
    fn what_is_none_of_ours_has_no_name() {
        for name in [
            "artifacts.zip",
            "my-1-2-000000ab.zip",
            "https%3A%2F%2Fgitlab.test-1-2-ab.zip",
            "https%3A%2F%2Fgitlab.test-1-2-000000AB.zip",
            "https%3A%2F%2Fgitlab.test-+1-2-000000ab.zip",
            "https%3A%2F%2Fgitlab.test-1-2-000000ab.zip.bak",
            "https%3A%2F%2Fgitlab.test-2-000000ab.zip",
        ] {
            assert_eq!(Name::parse(name), None, "{name}");
        }
    }
}
