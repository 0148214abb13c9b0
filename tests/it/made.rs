//! Worlds with one job, `build` (100), whose archive the test builds.

use serde_json::{Value, json};

use crate::fake::{Packed, World, stored};

/// Returns project 1 with pipeline 10, which contains the job.
pub fn world(archive: Vec<u8>) -> World {
    story(archive, "success", &json!([]))
}

/// Returns such a world with another status of the job, and with changes.
pub fn story(archive: Vec<u8>, status: &str, changes: &Value) -> World {
    let job = json!({"id": 100, "name": "build", "status": status, "archive": {"made": "it"}});
    let pipeline = json!({"id": 10, "status": status, "jobs": [job]});
    let project = json!({"id": 1, "pipelines": [pipeline]});
    World::from_json(json!({"projects": [project], "changes": changes})).made("it", archive)
}

/// Builds an archive of files, and of links where the text begins with `->`.
pub fn zip(files: &[(&str, &str)]) -> Vec<u8> {
    let entry = |(name, text): &(&str, &str)| {
        let (text, mode) = match text.strip_prefix("->") {
            Some(target) => (target, 0o120_777),
            None if name.ends_with('/') => (*text, 0o040_755),
            None => (*text, 0o100_644),
        };
        Packed { name: (*name).to_owned(), bytes: text.as_bytes().to_vec(), mode }
    };
    stored(&files.iter().map(entry).collect::<Vec<_>>())
}

/// 300 MB with 3,000 entries, `folder-12/file-with-a-name-012.txt` among them. Most of it is a
/// gap before the directory, which costs no memory.
pub fn large() -> Vec<u8> {
    let name = |i| format!("folder-{}/subfolder/file-with-a-name-{i:04}.txt", i % 50);
    let names: Vec<String> = (0..3000).map(name).collect();
    let text = "some text\n".repeat(100);
    let files: Vec<(&str, &str)> =
        names.iter().map(|name| (name.as_str(), text.as_str())).collect();
    spread(&zip(&files), 300_000_000)
}

/// Returns the archive stretched to `length` by a gap between its entries and its directory.
pub fn spread(zip: &[u8], length: usize) -> Vec<u8> {
    let at = zip.len() - 6;
    let start = u32::from_le_bytes([zip[at], zip[at + 1], zip[at + 2], zip[at + 3]]) as usize;
    let mut bytes = vec![0; length];
    bytes[..start].copy_from_slice(&zip[..start]);
    let directory = length - (zip.len() - start);
    bytes[directory..].copy_from_slice(&zip[start..]);
    bytes[length - 6..length - 2].copy_from_slice(&(directory as u32).to_le_bytes());
    bytes
}
