//! What an archive is refused for as a whole, before anything of it is unpacked.

use std::fmt;

use crate::shown::shown;

/// Why an archive is not unpacked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArchiveRefusal {
    /// The name would leave the destination.
    Leaves { entry: String },
}

impl ArchiveRefusal {
    /// Advice for the person who reads it.
    pub fn hint(&self) -> Option<String> {
        None
    }
}

impl fmt::Display for ArchiveRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ArchiveRefusal::Leaves { entry } => {
                write!(f, "entry `{}` leaves the destination", shown(entry))
            }
        }
    }
}
