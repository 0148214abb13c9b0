//! What the local file system refused, or what is in the way there.

use std::fmt::{self, Display, Formatter};
use std::io;
use std::path::{Path, PathBuf};

use bytesize::ByteSize;

use crate::sanitize::{join_names, sanitize};

/// Why files did not get to their place. Whatever it is, what was there is as it was, unless it
/// says `NotUndone`.
#[derive(Debug)]
pub enum Error {
    /// The system said no.
    Io { doing: &'static str, path: PathBuf, source: io::Error },
    /// There could be no file in the folder for what is temporary.
    Temporary { at: PathBuf, source: io::Error },
    /// Something of another kind is where a file or folder must go.
    InTheWay { path: PathBuf, what: &'static str },
    /// Files that are there already, under `--on-conflict fail`.
    Conflict { paths: Vec<PathBuf> },
    /// What is to be written does not fit, in bytes.
    NoRoom { path: PathBuf, needed: u128, free: u64 },
    /// The run was told to stop.
    Interrupted,
    /// Something failed, and so did going back; what could not be put back is kept.
    NotUndone { cause: Box<Error>, undoing: Box<Error>, kept: PathBuf },
}

impl Error {
    /// For `map_err`: what was being done, and to what.
    pub fn doing(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
        move |source| Error::Io { doing, path: path.to_owned(), source }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Error::Temporary { .. } if cfg!(windows) => {
                Some("the variable TMP names another folder")
            }
            Error::Temporary { .. } => Some("the variable TMPDIR names another folder"),
            _ => None,
        }
    }

    /// Whether this is what comes of somebody else's writing in the same place, so that it is
    /// worth another look.
    pub(super) fn is_of_change(&self) -> bool {
        use io::ErrorKind::{
            AlreadyExists, DirectoryNotEmpty, IsADirectory, NotADirectory, NotFound,
        };
        let Error::Io { source, .. } = self else { return false };
        matches!(
            source.kind(),
            AlreadyExists | DirectoryNotEmpty | IsADirectory | NotADirectory | NotFound
        )
    }
}

impl Display for Error {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let name = |path: &Path| path.to_string_lossy().into_owned();
        match self {
            Error::Io { doing, path, source } => {
                write!(f, "cannot {doing} `{}`: {}", sanitize(&name(path)), why(source))
            }
            Error::Temporary { at, source } => {
                let at = name(at);
                write!(f, "cannot make a temporary file in `{}`: {}", sanitize(&at), why(source))
            }
            Error::InTheWay { path, what } => {
                write!(f, "cannot write `{}`: {what} is in the way", sanitize(&name(path)))
            }
            Error::Conflict { paths } => {
                let paths: Vec<String> = paths.iter().map(|path| name(path)).collect();
                let are = if paths.len() == 1 { "is" } else { "are" };
                write!(f, "{} {are} there already", join_names(&paths, 3))
            }
            Error::NoRoom { path, needed, free } => {
                let needed = u64::try_from(*needed).unwrap_or(u64::MAX);
                let (needed, free) = (ByteSize(needed), ByteSize(*free));
                let (needed, free) = (needed.display().iec(), free.display().iec());
                let path = name(path);
                write!(f, "no space left on `{}` (needs {needed}, {free} free)", sanitize(&path))
            }
            Error::Interrupted => f.write_str("interrupted"),
            Error::NotUndone { cause, undoing, kept } => write!(
                f,
                "{cause}; then could not go back: {undoing}; what was there before is kept in `{}`",
                sanitize(&name(kept))
            ),
        }
    }
}

fn why(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::StorageFull => "no space left on the disk".to_owned(),
        io::ErrorKind::QuotaExceeded => "the disk quota is used up".to_owned(),
        io::ErrorKind::FileTooLarge => "no file may be so large here".to_owned(),
        io::ErrorKind::CrossesDevices => "it is on another file system".to_owned(),
        // The private name behind these words is ours, and says nothing to anybody.
        _ => error.to_string().split(" at path \"").next().unwrap_or_default().to_owned(),
    }
}

// The system's own words are in the sentence already, so that there is no source to name.
impl std::error::Error for Error {}
