//! A tree of pipelines as a picture for a terminal or a log, as a Mermaid diagram, or as JSON.
//!
//! Names come from the server; each of the three escapes them in its own way.

mod document;
mod labels;
mod mermaid;
mod picture;
pub(super) mod status_style;
#[cfg(test)]
mod tests;

pub use document::document;
pub use mermaid::mermaid;
pub use picture::{PictureOptions, picture};
