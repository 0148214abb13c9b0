//! Worlds change by what is asked, never by time: "after the second such request, this".
//!
//! `{"after": {"request": "GET pipelines/20/jobs", "times": 2}, "set": {"job": 201, "status":
//! "success"}}`: two such requests still see the old world. `then` holds changes that begin to
//! count only once this one has happened. Requests hit by a fault that replaces the answer do
//! not count, because the world never sees them.

use serde_json::Value;

use super::fault::matches;

/// Changes that have not happened yet.
#[derive(Debug, Default)]
pub struct Changes(Vec<Waiting>);

#[derive(Debug)]
struct Waiting {
    pattern: String,
    left: u64,
    change: Value,
}

impl Changes {
    pub fn new(changes: &[Value]) -> Changes {
        let mut all = Changes::default();
        all.add(changes);
        all
    }

    pub fn add(&mut self, changes: &[Value]) {
        for change in changes {
            for key in change.as_object().into_iter().flat_map(serde_json::Map::keys) {
                let known = ["after", "set", "add", "remove", "then"].contains(&key.as_str());
                assert!(known, "a change has no key {key:?}");
            }
            let after = &change["after"];
            let pattern = after["request"].as_str().expect("a change names its request");
            let left = after["times"].as_u64().unwrap_or(1);
            self.0.push(Waiting { pattern: pattern.to_owned(), left, change: change.clone() });
        }
    }

    /// Counts a request that was just answered; what is due happens now.
    pub fn due(&mut self, line: &str) -> Vec<Value> {
        for waiting in self.0.iter_mut().filter(|waiting| matches(&waiting.pattern, line)) {
            waiting.left = waiting.left.saturating_sub(1);
        }
        let due: Vec<Value> = self.0.extract_if(.., |w| w.left == 0).map(|w| w.change).collect();
        for change in &due {
            match &change["then"] {
                Value::Array(all) => self.add(all),
                Value::Null => {}
                one => self.add(std::slice::from_ref(one)),
            }
        }
        due
    }
}
