//! The names of jobs and bridges that the last lookup of a checkout listed, for shell completion.
//!
//! They are kept in a file of the user's cache folder, one for each checkout. The file holds names
//! alone, and a broken or missing file means no names. CI jobs write none.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::env::Env;
use crate::sanitize::sanitize;
use crate::settings;
use crate::step::{Step, Watch};

/// The size limit of a file in bytes.
const MAX_FILE: u64 = 16 << 10;

/// The size limit of all names of a kind in bytes.
const MAX_NAMES: usize = 4 << 10;

/// The length limit of a name in bytes. Longer ones are left out.
const MAX_NAME: usize = 200;

/// The names that a lookup listed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownNames {
    pub jobs: Vec<String>,
    pub bridges: Vec<String>,
}

impl KnownNames {
    /// Reads the names of the checkout around the current folder.
    pub fn load(env: &Env) -> KnownNames {
        let read = |path: PathBuf| {
            let small = std::fs::metadata(&path).ok()?;
            let readable = small.is_file() && small.len() <= MAX_FILE;
            serde_json::from_slice(&readable.then(|| std::fs::read(&path))?.ok()?).ok()
        };
        file(env).and_then(read).unwrap_or_default()
    }

    /// Replaces the file as a whole, so that a shell that reads it at the same time sees either
    /// the old names or the new ones. Errors are ignored: completion is a convenience.
    fn save(&self, file: &Path) -> Option<()> {
        let folder = file.parent()?;
        std::fs::create_dir_all(folder).ok()?;
        let mut temp = tempfile::NamedTempFile::new_in(folder).ok()?;
        temp.write_all(&serde_json::to_vec(self).ok()?).ok()?;
        temp.persist(file).ok()?;
        Some(())
    }
}

/// Returns the file for the checkout around the current folder, or none outside a checkout.
fn file(env: &Env) -> Option<PathBuf> {
    let checkout = settings::checkout_root(&env.dir)?;
    let digest = ring::digest::digest(&ring::digest::SHA256, checkout.to_str()?.as_bytes());
    let name: String = digest.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    Some(settings::user_cache_dir(env)?.join("downriver/names").join(format!("{name}.json")))
}

/// Adds a name, if it is new, short, and the same text on a screen.
fn insert(names: &mut Vec<String>, name: &str) {
    let total: usize = names.iter().map(String::len).sum();
    let fits = name.len() <= MAX_NAME && total + name.len() <= MAX_NAMES;
    if fits && sanitize(name).to_string() == name && !names.iter().any(|known| known == name) {
        names.push(name.to_owned());
    }
}

/// A listener that passes every event on, and remembers the names of jobs and bridges.
pub struct NameRecorder {
    inner: Arc<dyn Watch>,
    /// None in CI and outside a checkout.
    file: Option<PathBuf>,
    names: Mutex<KnownNames>,
}

impl NameRecorder {
    pub fn new(inner: Arc<dyn Watch>, env: &Env) -> NameRecorder {
        let file = if settings::in_ci(env) { None } else { file(env) };
        NameRecorder { inner, file, names: Mutex::default() }
    }

    /// Writes the names to the file, if there are any.
    pub fn save(&self) {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = &self.file
            && *names != KnownNames::default()
        {
            names.save(file);
        }
    }
}

impl Watch for NameRecorder {
    fn step(&self, step: &Step<'_>) {
        if self.file.is_some() {
            let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
            match step {
                Step::Jobs { jobs, .. } => {
                    jobs.iter().for_each(|job| insert(&mut names.jobs, &job.name));
                }
                Step::Bridges { bridges, .. } => {
                    bridges.iter().for_each(|bridge| insert(&mut names.bridges, &bridge.name));
                }
                _ => {}
            }
        }
        self.inner.step(step);
    }
}
