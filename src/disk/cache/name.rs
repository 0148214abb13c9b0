//! File names of cached archives: server, job, size and checksum.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::model::JobId;

/// Percent-encodes all other characters, so that names of different servers differ and are valid on
/// Windows.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');

/// Identifies an archive: the archive of a job never changes, and job ids are unique on a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheKey {
    /// Root URL of the API: scheme, host, port and path.
    pub server: String,
    pub job: JobId,
    /// Size in bytes.
    pub size: u64,
}

/// The file name of a cached archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheName {
    /// Percent-encoded.
    server: String,
    job: u64,
    size: u64,
    pub crc32: u32,
}

impl CacheName {
    pub fn new(key: &CacheKey, crc32: u32) -> CacheName {
        let server = utf8_percent_encode(key.server.trim_end_matches('/'), ESCAPED).to_string();
        CacheName { server, job: key.job.0, size: key.size, crc32 }
    }

    /// Parses a file name; `None` if the cache did not write it.
    pub fn parse(name: &str) -> Option<CacheName> {
        let mut parts = name.strip_suffix(".zip")?.rsplitn(4, '-');
        let (crc32, size, job, server) =
            (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let parsed = CacheName {
            server: server.to_owned(),
            job: job.parse().ok()?,
            size: size.parse().ok()?,
            crc32: u32::from_str_radix(crc32, 16).ok()?,
        };
        // The directory may hold other files of the user, so accept only exact names.
        let exact = server.starts_with("http") && parsed.to_string() == name;
        exact.then_some(parsed)
    }

    /// Returns true if the archive is that of `key`.
    pub fn matches(&self, key: &CacheKey) -> bool {
        *self == CacheName::new(key, self.crc32)
    }
}

impl fmt::Display for CacheName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let CacheName { server, job, size, crc32 } = self;
        write!(f, "{server}-{job}-{size}-{crc32:08x}.zip")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(server: &str) -> CacheKey {
        CacheKey { server: server.to_owned(), job: JobId(70108), size: 5607 }
    }

    #[test]
    fn names_differ_by_server_job_and_size() {
        let keys: Vec<CacheKey> = [
            "https://gitlab.test/api/v4",
            "http://gitlab.test/api/v4",
            "https://gitlab.test:8443/api/v4",
            "https://gitlab.test/git-lab/api/v4",
            "https://[::1]/api/v4",
        ]
        .map(key)
        .into();
        for one in &keys {
            let name = CacheName::new(one, 0xab).to_string();
            assert!(!name.contains(['/', ':', '[', '\\']), "{name}");
            let parsed = CacheName::parse(&name).unwrap();
            assert_eq!(parsed.crc32, 0xab);
            for other in &keys {
                assert_eq!(parsed.matches(other), one == other, "{name} {other:?}");
            }
            assert!(!parsed.matches(&CacheKey { job: JobId(7), ..one.clone() }));
            assert!(!parsed.matches(&CacheKey { size: 1, ..one.clone() }));
        }
        assert_eq!(
            CacheName::new(&keys[0], 0xab).to_string(),
            "https%3A%2F%2Fgitlab.test%2Fapi%2Fv4-70108-5607-000000ab.zip"
        );
    }

    #[test]
    fn names_of_other_files_are_rejected() {
        for name in [
            "artifacts.zip",
            "my-1-2-000000ab.zip",
            "https%3A%2F%2Fgitlab.test-1-2-ab.zip",
            "https%3A%2F%2Fgitlab.test-1-2-000000AB.zip",
            "https%3A%2F%2Fgitlab.test-+1-2-000000ab.zip",
            "https%3A%2F%2Fgitlab.test-1-2-000000ab.zip.bak",
            "https%3A%2F%2Fgitlab.test-2-000000ab.zip",
        ] {
            assert_eq!(CacheName::parse(name), None, "{name}");
        }
    }
}
