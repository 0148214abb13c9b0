//! Is `install.ps1` what `install.sh` is? Where there is a PowerShell, it is run.

use std::path::Path;
use std::process::Command;

use crate::loopback::Site;
use crate::tidy::root;

fn script() -> String {
    std::fs::read_to_string(root().join("install.ps1")).unwrap()
}

/// A PowerShell that works: Wine has one that does nothing.
fn powershell() -> Option<&'static str> {
    let works = |name: &&str| {
        let said = Command::new(name).args(["-NoProfile", "-Command", "1 + 1"]).output();
        said.is_ok_and(|said| said.stdout.starts_with(b"2"))
    };
    let found = ["powershell", "pwsh"].into_iter().find(works);
    if found.is_none() {
        println!("skipped: no PowerShell on this machine");
    }
    found
}

/// Calls the script: whether all went well, and all that it said.
fn install(shell: &str, to: &Path, base: &str, words: &[&str]) -> (bool, String) {
    let output = Command::new(shell)
        .args(["-NoProfile", "-ExecutionPolicy", "Bypass", "-File"])
        .arg(root().join("install.ps1"))
        .arg("-To")
        .arg(to)
        .args(["-BaseUrl", base])
        .args(words)
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
fn it_has_the_flags_of_install_sh() {
    let (ours, theirs) = (script(), std::fs::read_to_string(root().join("install.sh")).unwrap());
    let flags = |text: &str, dash: &str| -> Vec<String> {
        let help = text.split("Usage: ").nth(1).unwrap();
        let rows = help.lines().take_while(|line| !line.ends_with("print this help"));
        let words = rows.filter_map(|line| line.trim_start().strip_prefix(dash));
        words.map(|word| word.split(' ').next().unwrap().replace('-', "").to_lowercase()).collect()
    };
    assert_eq!(flags(&ours, "-"), flags(&theirs, "--"));
    let parameters = ours.split("param(").nth(1).unwrap().split("\n)").next().unwrap();
    let parameters: Vec<String> = parameters
        .split('$')
        .filter(|part| !part.is_empty() && !part.starts_with("env:") && !part.starts_with('\n'))
        .map(|part| part.chars().take_while(char::is_ascii_alphabetic).collect::<String>())
        .map(|name| name.to_lowercase())
        .filter(|name| !name.is_empty())
        .collect();
    let mut expect = flags(&ours, "-");
    expect.push("help".into());
    let sorted = |mut names: Vec<String>| {
        names.sort();
        names
    };
    assert_eq!(sorted(parameters), sorted(expect));
}

#[test]
fn its_brackets_are_closed_and_it_only_calls_at_its_end() {
    let text = script();
    let code: String =
        text.lines().map(|line| line.split(" # ").next().unwrap()).collect::<Vec<_>>().join("\n");
    for (open, close) in [('{', '}'), ('(', ')'), ('[', ']')] {
        assert_eq!(code.matches(open).count(), code.matches(close).count(), "{open}{close}");
    }
    assert!(text.ends_with("\nInstall-Downriver\n"));
    assert!(text.is_ascii(), "Windows PowerShell reads what is not ASCII in other ways");
    let compared = text.find("if ($got -ne $wanted)").unwrap();
    assert!(text.find("Get-FileHash -Algorithm SHA256").unwrap() < compared);
    assert!(compared < text.find("Expand-Archive").unwrap());
}

/// Checks that paths are passed as literal, because PowerShell reads brackets as a pattern.
#[test]
fn it_takes_the_names_of_folders_as_they_are() {
    let commands = [
        "Test-Path",
        "Copy-Item",
        "Remove-Item",
        "Select-String",
        "Get-FileHash",
        "Expand-Archive",
    ];
    let text = script();
    for command in commands {
        let mut calls = text.lines().filter(|line| line.contains(command)).peekable();
        assert!(calls.peek().is_some(), "{command}");
        calls.for_each(|line| assert!(line.contains(" -LiteralPath "), "{line}"));
    }
}

/// A release whose program is no program, so it is installed as one for another computer.
#[test]
fn it_installs_what_has_the_right_sum_and_nothing_else() {
    let Some(shell) = powershell() else { return };
    let target = "x86_64-pc-windows-other";
    let name = format!("downriver-1.2.3-{target}");
    let archive = crate::fake::stored(&[crate::fake::Packed {
        name: format!("{name}/downriver.exe"),
        bytes: b"the program".to_vec(),
        mode: 0o100_755,
    }]);
    let site = Site::start();
    let at = |file: &str| format!("/1.2.3/downloads/{file}");
    let place = tempfile::tempdir().unwrap();
    let to = place.path().join("a [b]").join("bin");
    let archived = place.path().join("archive.zip");
    std::fs::write(&archived, &archive).unwrap();
    let asks = format!("(Get-FileHash -Algorithm SHA256 '{}').Hash", archived.display());
    let hash = Command::new(shell).args(["-NoProfile", "-Command", &asks]).output().unwrap();
    let hash = String::from_utf8(hash.stdout).unwrap().trim().to_lowercase();
    let right = format!("{hash}  {name}.zip\n");
    let wrong = format!("{}  {name}.zip\n", "0".repeat(64));
    let words = ["-Version", "v1.2.3", "-Target", target];
    for (sums, bytes, expect) in [
        (None, archive.clone(), "cannot download"),
        (Some(wrong.as_str()), archive.clone(), "nothing was installed"),
        (Some(right.as_str()), b"something else".to_vec(), "nothing was installed"),
        (Some("<html>"), archive.clone(), "has no line for"),
        (Some(right.as_str()), archive, "installed "),
    ] {
        site.put(&at(&format!("{name}.zip")), bytes);
        if let Some(sums) = sums {
            site.put(&at("SHA256SUMS"), sums);
        }
        let (went_well, said) = install(shell, &to, &site.address, &words);
        // Long lines are wrapped by the console.
        let joined = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(joined.contains(expect), "{expect}: {said}");
        assert_eq!(went_well, expect == "installed ", "{said}");
        assert_eq!(to.join("downriver.exe").exists(), went_well);
    }
    assert_eq!(std::fs::read(to.join("downriver.exe")).unwrap(), b"the program");
    assert_eq!(std::fs::read_dir(&to).unwrap().count(), 1);
    let (went_well, said) = install(shell, &to, &site.address, &[&words[..], &["-Quiet"]].concat());
    assert!(went_well && said.trim().is_empty(), "{said}");
}
