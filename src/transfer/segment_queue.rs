//! The queue of segments that several streams take from, and the number of streams, which only goes
//! down.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::extract::Segment;

/// Segments that no stream has taken yet, in the order of the archive.
pub struct SegmentQueue<'a> {
    state: Mutex<State<'a>>,
    usual_length: u64,
}

struct State<'a> {
    waiting: VecDeque<&'a Segment>,
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

impl<'a> SegmentQueue<'a> {
    /// Returns a queue for this many streams.
    ///
    /// A segment of more than twice the usual length is long.
    pub fn new(segments: &'a [Segment], usual_length: u64, streams: usize) -> SegmentQueue<'a> {
        let waiting = segments.iter().collect();
        let state = State { waiting, running: streams, allowed: streams };
        SegmentQueue { state: Mutex::new(state), usual_length }
    }

    /// Takes the next segment for a stream: the first one at the front; at the back the longest of
    /// the long ones, so that it does not come last, else the last one. `None`
    /// ends the stream: nothing is left, or fewer streams are allowed now.
    pub fn take(&self, side: Side) -> Option<&'a Segment> {
        let mut state = self.lock();
        let segment = match side {
            Side::Front => state.waiting.pop_front(),
            Side::Back if state.running > state.allowed => None,
            Side::Back => state.take_long(self.usual_length).or_else(|| state.waiting.pop_back()),
        };
        if segment.is_none() {
            state.running -= 1;
        }
        segment
    }

    /// Lowers the number of streams, because the server is busy or silent. Returns true if the
    /// stream that met it may end, which then returns its segment with [`SegmentQueue::give_back`].
    pub fn lower(&self) -> bool {
        let mut state = self.lock();
        state.allowed = state.allowed.min(state.running).saturating_sub(1).max(1);
        state.running > state.allowed
    }

    /// Puts a segment back and ends its stream, unless it is the last one: it gets `false` and goes
    /// on.
    pub fn give_back(&self, segment: &'a Segment) -> bool {
        let mut state = self.lock();
        if state.running < 2 {
            return false;
        }
        state.running -= 1;
        let start = segment.range.start;
        let at = state.waiting.partition_point(|other| other.range.start < start);
        state.waiting.insert(at, segment);
        true
    }

    fn lock(&self) -> MutexGuard<'_, State<'a>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'a> State<'a> {
    fn take_long(&mut self, usual_length: u64) -> Option<&'a Segment> {
        let lengths = self.waiting.iter().map(|it| it.range.end - it.range.start).enumerate();
        let (at, length) = lengths.max_by_key(|(_, length)| *length)?;
        (length > 2 * usual_length).then(|| self.waiting.remove(at))?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns segments that begin at these positions; the last one ends at 100.
    fn segments(starts: &[u64]) -> Vec<Segment> {
        let ends = starts.iter().skip(1).chain([&100]);
        starts.iter().zip(ends).map(|(start, end)| Segment::for_tests(*start..*end)).collect()
    }

    #[test]
    fn streams_meet_in_the_middle_and_long_segments_come_first() {
        let list = segments(&[0, 10, 20, 55, 65, 90]);
        let queue = SegmentQueue::new(&list, 10, 2);
        let take = |side| queue.take(side).map(|segment| segment.range.start);
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
        let list = segments(&[0, 10, 20, 30]);
        let queue = SegmentQueue::new(&list, 25, 3);
        let last = queue.take(Side::Back).unwrap();
        let other = queue.take(Side::Back).unwrap();
        assert!(queue.lower() && queue.give_back(last), "three become two");
        assert!(queue.lower(), "two become one");
        assert!(queue.give_back(other));
        assert!(!queue.lower(), "the last one goes on");
        assert!(!queue.give_back(other));
        let starts: Vec<u64> =
            std::iter::from_fn(|| queue.take(Side::Front)).map(|it| it.range.start).collect();
        assert_eq!(starts, [0, 10, 20, 30], "in order, and each once");
    }

    #[test]
    fn a_surplus_stream_ends_with_its_segment() {
        let list = segments(&[0, 10, 20, 30]);
        let queue = SegmentQueue::new(&list, 25, 2);
        queue.take(Side::Back).unwrap();
        queue.lower();
        assert_eq!(queue.take(Side::Back), None);
        assert!(queue.take(Side::Front).is_some());
    }
}
