//! downriver.
pub mod archive;
pub mod disk;
pub mod exit;
pub mod extract;
pub mod interrupt;
pub mod model;
pub mod plan;
pub mod refusal;
pub mod select;
pub mod shown;
pub mod token;
