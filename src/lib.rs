//! downriver takes the artifacts of a pipeline that another pipeline triggered.
//!
//! This library is the program, cut so that tests and the demo can run it in process; it is not
//! offered as an interface. The modules in reading order: the nouns, the decisions, the walk, the
//! edges, the shell. ARCHITECTURE.md is the map.

pub mod exit;
pub mod model;
pub mod shown;
pub mod token;

pub mod refusal;
pub mod select;

pub mod flow;
pub mod patience;
pub mod step;

pub mod clock;
pub mod gitlab;
pub mod interrupt;

pub mod args;
pub mod env;
pub mod report;
pub mod settings;
pub mod ui;
