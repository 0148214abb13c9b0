//! Build script for linking macOS binaries on another system without Apple's SDK.
//!
//! The system's trust store is read through two frameworks. The linker needs only their install
//! paths and the names of the symbols used, which the stubs in `.ci/macos` list. With an SDK this
//! script does nothing.
#![allow(
    clippy::print_stdout,
    reason = "build scripts pass instructions to cargo on standard output"
)]
#![allow(clippy::disallowed_methods, reason = "cargo passes its settings in environment variables")]

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
