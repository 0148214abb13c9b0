//! The file-system edge: files appear whole or not at all.
//!
//! Everything is made in a private folder on the destination's own file system and put in place
//! by renames, which are undone if one of them fails. Nothing of the user's is ever deleted, and
//! no link that is there already is followed.

mod cache;
mod error;
#[cfg(test)]
pub mod listing;
mod place;
mod staging;
mod survey;
mod system;
#[cfg(test)]
mod tests;
mod whole;

pub use cache::{Cache, Coming, Kept, Key};
pub use error::Error;
pub use place::Placed;
pub use staging::{NewFile, Staging};
pub use whole::WholeFile;
