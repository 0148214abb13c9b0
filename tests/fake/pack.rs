//! From a recipe in a world to the bytes of an archive.

use serde_json::Value;

use super::world::fixtures;
use super::zip::{Packed, noise, stored};

/// `{"file": "archives/a.zip"}`, `{"files": {"a.txt": "text", "run": {"text": "…", "mode": "0755"},
/// "to": {"link": "a.txt"}, "empty/": ""}}`, `{"bytes": 1000000, "seed": 7}` (an archive with one
/// such file `big.bin` and a `small.txt` behind it), or `{"raw": "bytes that are no archive"}`.
pub fn archive(recipe: &Value) -> Vec<u8> {
    if let Some(file) = recipe["file"].as_str() {
        let path = fixtures().join(file);
        return std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    }
    if let Some(raw) = recipe["raw"].as_str() {
        return raw.as_bytes().to_vec();
    }
    if let Some(length) = recipe["bytes"].as_u64() {
        let big = noise(length as usize, recipe["seed"].as_u64().unwrap_or(1));
        return stored(&[
            Packed { name: "big.bin".into(), bytes: big, mode: 0o100644 },
            Packed { name: "small.txt".into(), bytes: b"small\n".to_vec(), mode: 0o100644 },
        ]);
    }
    let files = recipe["files"].as_object();
    let files = files.unwrap_or_else(|| panic!("an archive made of what? {recipe}"));
    stored(&files.iter().map(|(name, file)| entry(name, file)).collect::<Vec<_>>())
}

fn entry(name: &str, file: &Value) -> Packed {
    let name = name.to_owned();
    if let Some(target) = file["link"].as_str() {
        return Packed { name, bytes: target.as_bytes().to_vec(), mode: 0o120777 };
    }
    if name.ends_with('/') {
        return Packed { name, bytes: Vec::new(), mode: 0o040755 };
    }
    let text = file.as_str().or(file["text"].as_str());
    let text = text.unwrap_or_else(|| panic!("the file {name:?} holds what? {file}"));
    let mode = file["mode"].as_str().map_or(0o644, |m| u32::from_str_radix(m, 8).unwrap());
    Packed { name, bytes: text.as_bytes().to_vec(), mode: 0o100000 | mode }
}
