//! `Read + Seek` over range requests, without knowledge of HTTP.
//!
//! Fetched blocks are buffered, and nearby bytes are fetched along, so that reading a central
//! directory or an entry needs few requests.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

/// Minimum and maximum length of a request, in bytes. A request is shorter than the minimum if the
/// rest of its range is buffered.
const MIN_REQUEST: u64 = 64 << 10;
const MAX_REQUEST: u64 = 4 << 20;
/// Maximum number of buffered bytes. The oldest blocks are evicted first.
const MAX_BUFFERED: usize = 16 << 20;

/// Fetches exactly these bytes. The range is never empty and ends within the file.
pub type FetchRange<'a> = Box<dyn FnMut(Range<u64>) -> io::Result<Vec<u8>> + 'a>;

/// Reader of remote bytes that fetches them on demand.
pub struct Ranged<'a> {
    fetch: FetchRange<'a>,
    length: u64,
    position: u64,
    /// Buffered blocks by their start. They do not overlap.
    blocks: BTreeMap<u64, Vec<u8>>,
    /// Starts of the blocks, oldest first.
    order: VecDeque<u64>,
    /// Range that the next reads will need, see [`Ranged::will_read`].
    expected: Range<u64>,
    /// End of the last request without `expected`, and its length before it was limited.
    last_request: (u64, u64),
}

impl<'a> Ranged<'a> {
    /// Reads `length` bytes, none of which are buffered yet.
    pub fn new(length: u64, fetch: FetchRange<'a>) -> Ranged<'a> {
        Ranged {
            fetch,
            length,
            position: 0,
            blocks: BTreeMap::new(),
            order: VecDeque::new(),
            expected: 0..0,
            last_request: (u64::MAX, MIN_REQUEST),
        }
    }

    /// Adds a block to the buffer, and evicts the oldest blocks if it is full. The newest block
    /// stays, whatever its size.
    pub fn insert(&mut self, start: u64, bytes: Vec<u8>) {
        self.order.push_back(start);
        self.blocks.insert(start, bytes);
        let mut buffered: usize = self.blocks.values().map(Vec::len).sum();
        while buffered > MAX_BUFFERED && self.order.len() > 1 {
            let evicted = self.order.pop_front().and_then(|start| self.blocks.remove(&start));
            buffered -= evicted.map_or(0, |bytes| bytes.len());
        }
    }

    /// Evicts the large blocks, which held the central directory and are not read again.
    pub fn evict_large(&mut self) {
        self.blocks.retain(|_, bytes| bytes.len() as u64 <= 2 * MIN_REQUEST);
        self.order.retain(|start| self.blocks.contains_key(start));
    }

    /// Announces that the next reads are within this range, so that the first of them fetches all
    /// of it. The range may reach past the end.
    pub fn will_read(&mut self, range: Range<u64>) {
        self.expected = range;
    }

    /// Returns the buffered bytes from the position on.
    fn buffered(&self) -> Option<&[u8]> {
        let (start, bytes) = self.blocks.range(..=self.position).next_back()?;
        bytes.get(usize::try_from(self.position - start).ok()?..).filter(|rest| !rest.is_empty())
    }

    /// Returns the range to fetch if the byte at the position is not buffered.
    fn next_request(&mut self) -> Range<u64> {
        let start = self.position;
        let next_block = self.blocks.range(start..).next().map(|(start, _)| *start);
        let limit = next_block.unwrap_or(self.length);
        if self.expected.contains(&start) {
            return start..self.expected.end.min(limit).min(start + MAX_REQUEST);
        }
        // A gap before a block is fetched as a whole, because reads tend to reach the block.
        if next_block.is_some() && limit - start <= MAX_REQUEST {
            return start..limit;
        }
        // A request that continues the last one is twice as long: the read is sequential.
        let (last_end, last_length) = self.last_request;
        let length =
            if last_end == start { (last_length * 2).min(MAX_REQUEST) } else { MIN_REQUEST };
        let end = limit.min(start + length);
        self.last_request = (end, length);
        start..end
    }
}

impl Read for Ranged<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.position >= self.length || buffer.is_empty() {
            return Ok(0);
        }
        if self.buffered().is_none() {
            let range = self.next_request();
            let (start, requested) = (range.start, range.end - range.start);
            let bytes = (self.fetch)(range)?;
            if bytes.len() as u64 != requested {
                let received = bytes.len();
                let message = format!("{received} bytes came instead of {requested}");
                return Err(io::Error::other(message));
            }
            self.insert(start, bytes);
        }
        let Some(bytes) = self.buffered() else { return Ok(0) };
        let count = bytes.len().min(buffer.len());
        buffer[..count].copy_from_slice(&bytes[..count]);
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for Ranged<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.length.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    /// Returns byte `i` of the remote file.
    fn byte(i: u64) -> u8 {
        (i % 251) as u8
    }

    /// Returns a file of this length with the last 100 bytes buffered. Requests are added to
    /// `requests`.
    fn remote(length: u64, requests: &RefCell<Vec<Range<u64>>>) -> Ranged<'_> {
        let fetch = move |range: Range<u64>| {
            assert!(range.start < range.end && range.end <= length, "{range:?} of {length}");
            requests.borrow_mut().push(range.clone());
            Ok(range.map(byte).collect())
        };
        let mut ranged = Ranged::new(length, Box::new(fetch));
        let tail = length.saturating_sub(100);
        ranged.insert(tail, (tail..length).map(byte).collect());
        ranged
    }

    fn read(ranged: &mut Ranged<'_>, range: Range<u64>) {
        ranged.seek(SeekFrom::Start(range.start)).unwrap();
        let mut bytes = vec![0; (range.end - range.start) as usize];
        ranged.read_exact(&mut bytes).unwrap();
        assert!(range.map(byte).eq(bytes));
    }

    #[test]
    fn reads_need_few_requests_and_fetch_no_byte_twice() {
        const M: u64 = 1 << 20;
        const K: u64 = 1 << 10;
        type Spans<'a> = &'a [(u64, u64)];
        let cases: [(Spans<'_>, Spans<'_>); 7] = [
            (&[(100 * M - 90, 100 * M)], &[]),
            // The gap before a buffered block is fetched with one request.
            (&[(97 * M, 97 * M + 10), (98 * M, 100 * M)], &[(97 * M, 100 * M - 100)]),
            (&[(M, M + 1), (M / 2, M / 2 + 5)], &[(M, M + 64 * K), (M / 2, M)]),
            (&[(10, 20), (20, 30), (5, 9)], &[(10, 64 * K + 10), (5, 10)]),
            // The requests of a sequential read double in length.
            (
                &[(0, M)],
                &[(0, 64), (64, 192), (192, 448), (448, 960), (960, 1984)]
                    .map(|(a, b)| (a * K, b * K)),
            ),
            (&[(0, 1), (50 * M, 50 * M + 1)], &[(0, 64 * K), (50 * M, 50 * M + 64 * K)]),
            (&[(M, M)], &[]),
        ];
        for (reads, expected) in cases {
            let requests = RefCell::default();
            let mut ranged = remote(100 * M, &requests);
            reads.iter().for_each(|(start, end)| read(&mut ranged, *start..*end));
            let requests: Vec<_> = requests.borrow().iter().map(|it| (it.start, it.end)).collect();
            assert_eq!(requests, expected, "{reads:?}");
        }
    }

    #[test]
    fn an_expected_range_is_fetched_with_one_request_up_to_the_maximum() {
        let requests = RefCell::default();
        let mut ranged = remote(100 << 20, &requests);
        ranged.will_read(1000..301_000);
        for at in (1000..301_000).step_by(1000) {
            read(&mut ranged, at..at + 1000);
        }
        assert_eq!(*requests.borrow(), vec![1000..301_000]);
        ranged.will_read((99 << 20)..u64::MAX);
        read(&mut ranged, (99 << 20)..100 << 20);
        assert_eq!(requests.borrow()[1], (99 << 20)..(100 << 20) - 100);
        ranged.will_read((20 << 20)..38 << 20);
        read(&mut ranged, (20 << 20)..38 << 20);
        assert_eq!(requests.borrow().len(), 7);
        assert!(ranged.blocks.values().map(Vec::len).sum::<usize>() <= MAX_BUFFERED);
    }

    #[test]
    fn the_oldest_blocks_are_evicted_from_a_full_buffer() {
        let requests = RefCell::default();
        let starts = |ranged: &Ranged<'_>| ranged.blocks.keys().copied().collect::<Vec<_>>();
        let mut ranged = remote(0, &requests);
        for start in [1, 2, 3, 4] {
            ranged.insert(start * MAX_BUFFERED as u64, vec![0; MAX_BUFFERED / 4]);
        }
        assert_eq!(starts(&ranged), [0, 1, 2, 3, 4].map(|start| start * MAX_BUFFERED as u64));
        ranged.insert(9 * MAX_BUFFERED as u64, vec![0]);
        assert_eq!(starts(&ranged), [2, 3, 4, 9].map(|start| start * MAX_BUFFERED as u64));
        // The newest block stays, even if it alone exceeds the maximum.
        ranged.insert(8 * MAX_BUFFERED as u64, vec![0; MAX_BUFFERED + 1]);
        assert_eq!(starts(&ranged), [8 * MAX_BUFFERED as u64]);
    }

    #[test]
    fn reads_past_the_end_are_empty_and_seeks_before_the_start_fail() {
        let requests = RefCell::default();
        let mut ranged = remote(50, &requests);
        assert_eq!(ranged.seek(SeekFrom::End(10)).unwrap(), 60);
        assert_eq!(ranged.read(&mut [0; 4]).unwrap(), 0);
        assert_eq!(ranged.seek(SeekFrom::Current(-20)).unwrap(), 40);
        assert_eq!(ranged.read(&mut [0; 100]).unwrap(), 10);
        let before = ranged.seek(SeekFrom::End(-51)).unwrap_err();
        assert_eq!(before.kind(), io::ErrorKind::InvalidInput);
        assert_eq!(ranged.stream_position().unwrap(), 50);
        assert!(requests.borrow().is_empty());
    }

    #[test]
    fn a_block_of_the_wrong_length_and_a_failed_request_are_errors() {
        let mut short = Ranged::new(9, Box::new(|_| Ok(vec![0; 3])));
        let error = short.read(&mut [0; 1]).unwrap_err();
        assert_eq!(error.to_string(), "3 bytes came instead of 9");
        let mut broken = Ranged::new(9, Box::new(|_| Err(io::Error::other("wire cut"))));
        assert_eq!(broken.read(&mut [0; 1]).unwrap_err().to_string(), "wire cut");
    }
}
