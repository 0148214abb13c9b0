//! Lets the program be linked for macOS on another system, where there is no SDK of Apple's.
//!
//! The trust store is asked through two frameworks. A linker needs no more of them than where they
//! will lie and the names of the symbols that are used: the lists in `.ci/macos`. Where there is
//! an SDK, it is used, and nothing is done here.
#![allow(clippy::print_stdout, reason = "this is how cargo is told")]
#![allow(clippy::disallowed_methods, reason = "this is how cargo tells")]

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=SDKROOT");
    let var = |name| env::var(name).unwrap_or_default();
    let on_a_mac = var("HOST").contains("apple") || env::var_os("SDKROOT").is_some();
    if var("CARGO_CFG_TARGET_OS") == "macos" && !on_a_mac {
        println!("cargo::rustc-link-search=framework={}/.ci/macos", var("CARGO_MANIFEST_DIR"));
    }
}
