//! One refusal for all jobs that a command misses.

use super::consequences::WAIT;
use super::variants::Refusal;

impl Refusal {
    /// Combines the refusals of missing jobs, in their order. Equal ones become one, and so do
    /// those of jobs that are missing in the same pipelines. Returns `None` if there are none.
    pub fn combine(refusals: impl IntoIterator<Item = Refusal>) -> Option<Refusal> {
        let mut combined: Vec<Refusal> = Vec::new();
        for refusal in refusals {
            if !combined.iter_mut().any(|known| known.absorb(&refusal)) {
                combined.push(refusal);
            }
        }
        match combined.len() {
            0 | 1 => combined.pop(),
            _ => Some(Refusal::Several { refusals: combined }),
        }
    }

    /// Adds the wanted jobs of another refusal if one sentence can name both. Returns false if not.
    fn absorb(&mut self, other: &Refusal) -> bool {
        match (&mut *self, other) {
            (
                Refusal::NoJob { wanted, seen, pipelines, untriggered },
                Refusal::NoJob { wanted: more, seen: s, pipelines: p, untriggered: u },
            ) if (&*seen, &*pipelines, &*untriggered) == (s, p, u) => {
                let new: Vec<_> = more.iter().filter(|name| !wanted.contains(name)).collect();
                wanted.extend(new.into_iter().cloned());
                true
            }
            (known, other) => known == other,
        }
    }

    /// Returns at most two different hints.
    pub fn hints(&self) -> Vec<String> {
        let Refusal::Several { refusals } = self else { return Vec::from_iter(self.hint()) };
        // Waiting for one job does not help while another one cannot appear.
        let helps = |hint: &String| self.may_change() || hint != WAIT;
        let mut hints: Vec<String> = Vec::new();
        for hint in refusals.iter().filter_map(Refusal::hint).filter(helps) {
            if hints.len() < 2 && !hints.contains(&hint) {
                hints.push(hint);
            }
        }
        hints
    }
}
