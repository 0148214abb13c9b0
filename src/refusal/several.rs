//! One refusal for all jobs that a command misses.

use super::consequences::WAIT;
use super::variants::Refusal;

impl Refusal {
    /// Combines the refusals of missing jobs, which keep their order. Equal ones become
    /// one, and so do those of jobs that the same pipelines lack. `None` for no refusal.
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

    /// Takes in another refusal if one sentence can name both, and returns if it did.
    fn absorb(&mut self, other: &Refusal) -> bool {
        if self == other {
            return true;
        }
        let Refusal::NoJob { wanted, seen, pipelines, untriggered } = self else { return false };
        match other {
            Refusal::NoJob { wanted: more, seen: s, pipelines: p, untriggered: u }
                if (&*seen, &*pipelines, &*untriggered) == (s, p, u) =>
            {
                wanted.extend(more.iter().cloned());
                true
            }
            _ => false,
        }
    }

    /// Returns all advice, each text once and at most two.
    pub fn hints(&self) -> Vec<String> {
        let Refusal::Several { refusals } = self else { return Vec::from_iter(self.hint()) };
        // Waiting for one job is no use while another cannot come.
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
