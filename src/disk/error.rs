//! Errors of the local file system.

use std::fmt::{self, Display, Formatter};
use std::io;
use std::path::{Path, PathBuf};

use bytesize::ByteSize;

use crate::descriptors;
use crate::sanitize::{escape_path, join_names, sanitize};

/// The operation that creates a temporary directory.
pub const MAKE_IN: &str = "make a folder in";

/// An error while writing files. Existing files are unchanged after every error except
/// [`Error::RollbackFailed`].
#[derive(Debug)]
pub enum Error {
    /// A file-system operation failed. `doing` completes the sentence "cannot … `path`".
    Io { doing: &'static str, path: PathBuf, source: io::Error },
    /// No temporary file could be created in the directory of the system for temporary files.
    TempFile { dir: PathBuf, source: io::Error },
    /// A symlink could not be created.
    NoLink { path: PathBuf, source: io::Error },
    /// An entry of another kind is at the path of a file or directory to be written. `what` names
    /// it, as in "a folder".
    InTheWay { path: PathBuf, what: &'static str },
    /// Files that exist already, under `--on-conflict fail`.
    Conflict { paths: Vec<PathBuf> },
    /// No thread could be started to write files.
    NoThread(io::Error),
    /// The data does not fit on the file system; sizes in bytes.
    NoSpace { path: PathBuf, needed: u128, free: u64 },
    /// A signal asked the run to stop.
    Interrupted,
    /// A commit failed and so did its rollback. The files that could not be restored are in the
    /// directory `backup`.
    RollbackFailed { cause: Box<Error>, rollback: Box<Error>, backup: PathBuf },
}

impl Error {
    /// Returns a function for `map_err` that adds the operation and its path to an I/O error.
    pub fn doing(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
        move |source| Error::Io { doing, path: path.to_owned(), source }
    }

    /// Returns advice for the user, where there is any.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Error::Io { source, .. } => descriptors::hint(source),
            Error::TempFile { source, .. } if descriptors::are_exhausted(source) => {
                descriptors::hint(source)
            }
            Error::TempFile { .. } if cfg!(windows) => {
                Some("the variable TMP names another folder")
            }
            Error::TempFile { .. } => Some("the variable TMPDIR names another folder"),
            Error::NoThread(_) => Some("more processes must be allowed (ulimit -u)"),
            Error::NoLink { .. } => Some(
                "--symlinks copy writes copies of the linked files; --symlinks skip leaves links out",
            ),
            _ => None,
        }
    }

    /// Returns true if another process that writes to the same destination can cause this error, so
    /// that a new plan may succeed.
    pub(super) fn is_concurrent_change(&self) -> bool {
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
        let name = |path: &Path| escape_path(path).into_owned();
        match self {
            // The directory was there when it was looked at, or the run was started in it.
            Error::Io { doing: MAKE_IN, path, source }
                if source.kind() == io::ErrorKind::NotFound =>
            {
                let path = name(path);
                write!(
                    f,
                    "cannot {MAKE_IN} `{}`: the folder does not exist any more",
                    sanitize(&path)
                )
            }
            Error::Io { doing, path, source } => {
                write!(f, "cannot {doing} `{}`: {}", sanitize(&name(path)), reason(source))
            }
            Error::TempFile { dir, source } => {
                let dir = name(dir);
                write!(
                    f,
                    "cannot make a temporary file in `{}`: {}",
                    sanitize(&dir),
                    reason(source)
                )
            }
            Error::NoLink { path, source } => {
                let path = name(path);
                write!(f, "cannot make the link `{}`: {}", sanitize(&path), reason(source))
            }
            Error::InTheWay { path, what } => {
                write!(f, "cannot write `{}`: {what} is in the way", sanitize(&name(path)))
            }
            Error::Conflict { paths } => {
                let paths: Vec<String> = paths.iter().map(|path| name(path)).collect();
                let are = if paths.len() == 1 { "is" } else { "are" };
                write!(f, "{} {are} there already", join_names(&paths, 3))
            }
            Error::NoSpace { path, needed, free } => {
                let needed = u64::try_from(*needed).unwrap_or(u64::MAX);
                let (needed, free) = (ByteSize(needed), ByteSize(*free));
                let (needed, free) = (needed.display().iec(), free.display().iec());
                let path = name(path);
                write!(f, "no space left on `{}` (needs {needed}, {free} free)", sanitize(&path))
            }
            Error::NoThread(error) => write!(f, "cannot start a thread: {}", reason(error)),
            Error::Interrupted => f.write_str("interrupted"),
            Error::RollbackFailed { cause, rollback, backup } => write!(
                f,
                "{cause}; then could not go back: {rollback}; what was there before is kept in `{}`",
                sanitize(&name(backup))
            ),
        }
    }
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::StorageFull => "no space left on the disk".to_owned(),
        io::ErrorKind::QuotaExceeded => "the disk quota is used up".to_owned(),
        io::ErrorKind::FileTooLarge => "no file may be so large here".to_owned(),
        io::ErrorKind::CrossesDevices => "it is on another file system".to_owned(),
        // `tempfile` appends the temporary path, which means nothing to the user.
        _ => error.to_string().split(" at path \"").next().unwrap_or_default().to_owned(),
    }
}

// `Display` includes the I/O error already, so `source` would repeat it.
impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use std::io::{Error as Io, ErrorKind};

    use super::*;

    #[test]
    fn an_error_names_the_operation_the_path_and_the_reason() {
        for (doing, kind, expect) in [
            ("write", ErrorKind::StorageFull, "write `a\\u{1b}b`: no space left on the disk"),
            ("write", ErrorKind::QuotaExceeded, "write `a\\u{1b}b`: the disk quota is used up"),
            ("write", ErrorKind::FileTooLarge, "write `a\\u{1b}b`: no file may be so large here"),
            ("read", ErrorKind::CrossesDevices, "read `a\\u{1b}b`: it is on another file system"),
            (
                MAKE_IN,
                ErrorKind::StorageFull,
                "make a folder in `a\\u{1b}b`: no space left on the disk",
            ),
            (
                MAKE_IN,
                ErrorKind::NotFound,
                "make a folder in `a\\u{1b}b`: the folder does not exist any more",
            ),
        ] {
            let error = Error::doing(doing, Path::new("a\u{1b}b"))(Io::from(kind));
            assert_eq!(error.to_string(), format!("cannot {expect}"));
        }
    }

    #[cfg(unix)]
    #[test]
    fn advice_is_given_where_a_limit_or_a_setting_helps() {
        use rustix::io::Errno;
        let path = || PathBuf::from("a");
        let io = |source| Error::Io { doing: "write", path: path(), source };
        let temp = |source| Error::TempFile { dir: path(), source };
        for (error, advice) in [
            (io(Errno::MFILE.into()), Some("ulimit -n")),
            (io(Errno::NFILE.into()), Some("ulimit -n")),
            (io(Errno::NOSPC.into()), None),
            (temp(Errno::MFILE.into()), Some("ulimit -n")),
            (temp(Errno::NOSPC.into()), Some("TMPDIR")),
            (Error::NoThread(Errno::AGAIN.into()), Some("ulimit -u")),
            (Error::NoLink { path: path(), source: Errno::PERM.into() }, Some("--symlinks copy")),
            (Error::Interrupted, None),
        ] {
            let hint = error.hint();
            let found = hint.zip(advice).is_some_and(|(hint, advice)| hint.contains(advice));
            assert!(found || hint.or(advice).is_none(), "{error}: {hint:?}");
        }
    }
}
