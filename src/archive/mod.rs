//! Reading of zip archives from any `Read + Seek`, without knowledge of HTTP or the file system.
//!
//! The central directory defines the entries. The whole archive is validated before anything is
//! extracted, so that nothing of an invalid archive reaches the destination.

mod central_header;
mod detect_format;
mod directory;
mod entry_name;
mod entry_reader;
mod eocd;
mod error;
mod extra_field;
mod format;
mod framed;
mod inflate;
mod local_header;
mod metadata;
mod output;
mod reader;
#[cfg(test)]
mod tests;
mod tracked_reader;
mod validate;
#[cfg(test)]
pub mod zip_builder;
mod zstd;

pub use detect_format::NotZip;
pub use entry_reader::{EntryReader, SeekReader, SkipRead, sorted_by_offset};
pub use error::Error;
pub use framed::{FRAME_LENGTH, Framed};
pub use inflate::Inflater;
pub use reader::{Archive, Layout};
