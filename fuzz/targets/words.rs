//! Single arguments: an address, a project, a name, a pattern.
#![no_main]

use downriver::gitlab::Address;
use downriver::model::{EntryKind, ProjectRef};
use downriver::select::file_pattern::Patterns;
use downriver::select::job_pattern::{NameMatch, Pattern};
use downriver::select::name::{System, components, folder_name};
use libfuzzer_sys::fuzz_target;

/// Limit of the words for each input, because compiling globs is slow.
const MAX_WORDS: usize = 3;

fuzz_target!(|text: &str| {
    let words: Vec<String> = text.split('\n').map(str::to_owned).take(MAX_WORDS).collect();
    words.iter().for_each(|word| names(word, &words));
});

fn names(word: &str, all: &[String]) {
    let pattern = Pattern::new(word);
    assert_eq!(pattern.match_name(word), Some(NameMatch::Exact));
    assert_eq!(pattern.text(), word);
    if let Some((best, found)) = pattern.best(all, |name| name) {
        assert_eq!(best, NameMatch::Exact);
        // Several names can be one in two Unicode forms.
        assert!(found.iter().all(|name| Pattern::new(name).match_name(word) == Some(best)));
    }
    if let Ok(patterns) = Patterns::new(&[word.to_owned()], &[]) {
        for name in all {
            let path: Vec<&[u8]> = name.split('/').map(str::as_bytes).collect();
            let _ = patterns.choose(&path);
        }
        assert_eq!(patterns.typed(), [word]);
    }
    for system in [System::Unix, System::Mac, System::Windows] {
        for kind in [EntryKind::File, EntryKind::Folder] {
            if let Ok(parts) = components(word.as_bytes(), kind, system) {
                assert!(parts.iter().all(|part| !matches!(*part, b"" | b"." | b"..")));
                assert!(!word.starts_with('/'));
            }
        }
        let folder = folder_name(word);
        let parts = components(folder.as_bytes(), EntryKind::File, system);
        assert_eq!(parts, Ok(vec![folder.as_bytes()]), "{word:?}");
        let key = system.key(word.as_bytes());
        assert_eq!(system.key(&key), key);
    }
    assert_harmless(&ProjectRef::parse(word).to_string());
    if let Ok(address) = Address::parse(word) {
        assert_harmless(&address.to_string());
    }
}

fn assert_harmless(text: &str) {
    assert!(!text.contains(char::is_control), "{text:?}");
}
