//! downriver.
pub mod archive;
pub mod exit;
pub mod interrupt;
pub mod model;
pub mod refusal;
pub mod shown;
pub mod token;
