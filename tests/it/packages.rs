//! Packages: the crate, the Debian package, the RPM and the metadata of `cargo binstall` name files
//! that exist.
#![cfg(unix)]

use std::collections::BTreeSet;

use serde_json::Value;

use crate::checks::cargo;
use crate::release::{TARGETS, VERSION, archive};
use crate::tidy::root;

/// The metadata of a tool in `Cargo.toml`.
fn metadata(tool: &str) -> Option<Value> {
    let mut cargo = cargo(&["metadata", "--offline", "--no-deps", "--format-version", "1"])?;
    let said: Value = serde_json::from_slice(&cargo.output().unwrap().stdout).unwrap();
    Some(said["packages"][0]["metadata"][tool].clone())
}

/// Each source with its destination.
fn assets(tool: &str) -> Option<Vec<(String, String)>> {
    let metadata = metadata(tool)?;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let assets = metadata["assets"].as_array().unwrap().iter();
    let pair = |asset: &Value| match asset {
        Value::Array(list) => (text(&list[0]), format!("/{}", text(&list[1]))),
        table => (text(&table["source"]), text(&table["dest"])),
    };
    Some(assets.map(pair).collect())
}

#[test]
fn both_packages_hold_what_a_release_makes() {
    let (Some(deb), Some(rpm)) = (assets("deb"), assets("generate-rpm")) else { return };
    let release = std::fs::read_to_string(root().join(".ci/release")).unwrap();
    for (source, _) in deb.iter().chain(&rpm) {
        let made = match source.strip_prefix("target/extras/completions/") {
            // The step writes them as SHELL:FILE.
            Some(file) => release.contains(&format!(":{file}")),
            None if source == "target/extras/man/*.1.gz" => release.contains("extras/man/*.1\n"),
            None if source == "target/release/downriver" => true,
            None => root().join(source).is_file(),
        };
        assert!(made, "nothing makes {source}");
    }
    let sources = |assets: &[(String, String)]| -> BTreeSet<String> {
        assets.iter().map(|(source, _)| source.clone()).collect()
    };
    assert_eq!(sources(&deb), sources(&rpm));
    for (place, assets) in
        [("/usr/share/zsh/vendor-completions/", &deb), ("/site-functions/", &rpm)]
    {
        assert!(assets.iter().any(|(_, dest)| dest.contains(place)), "{place}");
        assert!(assets.iter().any(|(_, dest)| dest == "/usr/share/man/man1/"));
    }
}

/// A packager of a distribution starts from the crate.
#[test]
fn the_crate_holds_what_a_packager_needs() {
    let words = ["package", "--list", "--offline", "--allow-dirty", "--quiet"];
    let Some(mut cargo) = cargo(&words) else { return };
    let output = cargo.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let files = String::from_utf8(output.stdout).unwrap().replace('\\', "/");
    let files: BTreeSet<&str> = files.lines().collect();
    for file in [
        "Cargo.lock",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "README.md",
        "CHANGELOG.md",
        ".ci/release",
        "install.sh",
        "book.toml",
        "docs/SUMMARY.md",
        "docs/json.md",
        "docs/schema/fetch.json",
        "templates/child-artifacts.yml",
        "fixtures/gitlab-ci/schema.json",
        "tests/it/main.rs",
    ] {
        assert!(files.contains(file), "the crate lacks {file}");
    }
    let made =
        files.iter().find(|file| ["target/", "dist/", "book/"].iter().any(|f| file.starts_with(f)));
    assert_eq!(made, None);
}

#[test]
fn cargo_binstall_finds_every_archive() {
    let Some(usual) = metadata("binstall") else { return };
    for target in TARGETS.into_iter().chain(["x86_64-pc-windows-msvc"]) {
        let of = |key: &str| {
            let own = &usual["overrides"][target][key];
            let text = if own.is_string() { own } else { &usual[key] }.as_str().unwrap();
            let exe = if target.contains("windows") { ".exe" } else { "" };
            [("name", "downriver"), ("version", VERSION), ("target", target), ("bin", "downriver")]
                .into_iter()
                .chain([("binary-ext", exe), ("repo", "R")])
                .fold(text.to_owned(), |text, (k, v)| text.replace(&format!("{{ {k} }}"), v))
        };
        let packed = target.replace("msvc", "gnu");
        let url = format!("R/-/releases/{VERSION}/downloads/{}", archive(&packed));
        let exe = if target.contains("windows") { "downriver.exe" } else { "downriver" };
        assert_eq!(of("pkg-url"), url);
        assert_eq!(of("bin-dir"), format!("downriver-{VERSION}-{packed}/{exe}"));
        assert_eq!(of("pkg-fmt"), if exe.ends_with("exe") { "zip" } else { "tgz" });
    }
}
