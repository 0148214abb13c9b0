//! The queue of ranges that several streams take from, and the number of streams, which only goes
//! down.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The ranges of an archive, in ascending order, and those that no stream has taken yet.
pub struct RangeQueue {
    ranges: Vec<Range<u64>>,
    /// The length of most ranges in bytes.
    usual_length: u64,
    streams: usize,
    state: Mutex<State>,
}

struct State {
    /// Indices of ranges, in ascending order.
    waiting: VecDeque<usize>,
    /// Streams that run.
    running: usize,
    /// Streams that may run; at least one.
    allowed: usize,
}

/// The stream that continues the download, which is read in order, or one of the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Front,
    Back,
}

impl RangeQueue {
    /// Returns a queue for this many streams. A range of more than twice the usual length is long.
    pub fn new(ranges: Vec<Range<u64>>, usual_length: u64, streams: usize) -> RangeQueue {
        let waiting = (0..ranges.len()).collect();
        let state = Mutex::new(State { waiting, running: streams, allowed: streams });
        RangeQueue { ranges, usual_length, streams, state }
    }

    /// Returns the number of streams at the beginning.
    pub fn streams(&self) -> usize {
        self.streams
    }

    pub fn range(&self, index: usize) -> Range<u64> {
        self.ranges[index].clone()
    }

    /// Takes the next range for a stream: the first one at the front; at the back the longest of the
    /// long ones, so that it does not come last, else the last one. `None` ends the stream: nothing
    /// is left, or fewer streams are allowed now.
    pub fn take(&self, side: Side) -> Option<usize> {
        let mut state = self.lock();
        let index = match side {
            Side::Front => state.waiting.pop_front(),
            Side::Back if state.running > state.allowed => None,
            Side::Back => self.take_long(&mut state).or_else(|| state.waiting.pop_back()),
        };
        if index.is_none() {
            state.running -= 1;
        }
        index
    }

    /// Lowers the number of streams, because the server is busy or silent. Returns true if the
    /// stream that met it may end, which then returns its range with [`RangeQueue::give_back`].
    pub fn lower(&self) -> bool {
        let mut state = self.lock();
        state.allowed = state.allowed.min(state.running).saturating_sub(1).max(1);
        state.running > state.allowed
    }

    /// Counts a stream as ended that took no range.
    pub fn end_stream(&self) {
        self.lock().running -= 1;
    }

    /// Puts a range back and ends its stream, unless it is the last one: it gets `false` and goes
    /// on.
    pub fn give_back(&self, index: usize) -> bool {
        let mut state = self.lock();
        if state.running < 2 {
            return false;
        }
        state.running -= 1;
        let at = state.waiting.partition_point(|other| *other < index);
        state.waiting.insert(at, index);
        true
    }

    fn take_long(&self, state: &mut State) -> Option<usize> {
        let length = |index: &usize| self.ranges[*index].end - self.ranges[*index].start;
        let lengths = state.waiting.iter().map(length).enumerate();
        let (at, length) = lengths.max_by_key(|(_, length)| *length)?;
        (length > 2 * self.usual_length).then(|| state.waiting.remove(at))?
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a queue of ranges that begin at these positions; the last one ends at 100.
    fn queue(starts: &[u64], usual_length: u64, streams: usize) -> RangeQueue {
        let ends = starts.iter().skip(1).chain([&100]);
        let ranges = starts.iter().zip(ends).map(|(start, end)| *start..*end).collect();
        RangeQueue::new(ranges, usual_length, streams)
    }

    #[test]
    fn streams_meet_in_the_middle_and_long_ranges_come_first() {
        let queue = queue(&[0, 10, 20, 55, 65, 90], 10, 2);
        let take = |side| queue.take(side).map(|index| queue.range(index).start);
        assert_eq!(take(Side::Back), Some(20), "the longest one");
        assert_eq!(take(Side::Front), Some(0));
        assert_eq!(take(Side::Back), Some(65), "long as well");
        assert_eq!(take(Side::Back), Some(90));
        assert_eq!(take(Side::Front), Some(10));
        assert_eq!(take(Side::Front), Some(55));
        assert_eq!([take(Side::Back), take(Side::Front)], [None, None]);
    }

    #[test]
    fn a_busy_server_gets_fewer_streams_but_never_none() {
        let queue = queue(&[0, 10, 20, 30], 70, 3);
        let last = queue.take(Side::Back).unwrap();
        let other = queue.take(Side::Back).unwrap();
        assert!(queue.lower() && queue.give_back(last), "three become two");
        assert!(queue.lower() && queue.give_back(other), "two become one");
        assert!(!queue.lower() && !queue.give_back(other), "the last one goes on");
        let all: Vec<usize> = std::iter::from_fn(|| queue.take(Side::Front)).collect();
        assert_eq!(all, [0, 1, 2, 3], "in order, and each once");
    }

    #[test]
    fn a_surplus_stream_ends_with_its_range() {
        let queue = queue(&[0, 10, 20, 30], 70, 2);
        queue.take(Side::Back).unwrap();
        queue.lower();
        assert_eq!(queue.take(Side::Back), None);
        assert!(queue.take(Side::Front).is_some());
    }
}
