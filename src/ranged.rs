//! `Read + Seek` over "give me bytes a..b", for bytes that are far away. Knows no HTTP.
//!
//! What came once is kept for a while; what will be read next comes along with what is read now,
//! so that few questions are enough.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

/// The least and the most that is asked for at once, in bytes.
const LEAST: u64 = 64 << 10;
const MOST: u64 = 4 << 20;
/// So many bytes are kept; what came first goes first.
const KEPT: usize = 16 << 20;

/// Gives exactly these bytes, which are never empty and never past the end.
pub type Give<'a> = Box<dyn FnMut(Range<u64>) -> io::Result<Vec<u8>> + 'a>;

/// Bytes that are fetched as they are read.
pub struct Ranged<'a> {
    give: Give<'a>,
    length: u64,
    position: u64,
    /// Blocks by where they start; no two of them overlap.
    kept: BTreeMap<u64, Vec<u8>>,
    /// Their starts, in the order in which they came.
    order: VecDeque<u64>,
    wanted: Range<u64>,
    /// Where the last block ended, and how much it was meant to be.
    last: (u64, u64),
}

impl<'a> Ranged<'a> {
    pub fn new(length: u64, give: Give<'a>) -> Ranged<'a> {
        Ranged {
            give,
            length,
            position: 0,
            kept: BTreeMap::new(),
            order: VecDeque::new(),
            wanted: 0..0,
            last: (u64::MAX, LEAST),
        }
    }

    /// Bytes that are here already.
    pub fn keep(&mut self, start: u64, bytes: Vec<u8>) {
        self.order.push_back(start);
        self.kept.insert(start, bytes);
        let mut held: usize = self.kept.values().map(Vec::len).sum();
        while held > KEPT && self.order.len() > 1 {
            let gone = self.order.pop_front().and_then(|start| self.kept.remove(&start));
            held -= gone.map_or(0, |bytes| bytes.len());
        }
    }

    /// Lets go of what is large: it was read, and will not be read again.
    pub fn lighten(&mut self) {
        self.kept.retain(|_, bytes| bytes.len() as u64 <= 2 * LEAST);
        self.order.retain(|start| self.kept.contains_key(start));
    }

    /// The next reads are within these bytes, which may reach past the end.
    pub fn want(&mut self, range: Range<u64>) {
        self.wanted = range;
    }

    /// The kept bytes from the position on.
    fn here(&self) -> Option<&[u8]> {
        let (start, bytes) = self.kept.range(..=self.position).next_back()?;
        bytes.get(usize::try_from(self.position - start).ok()?..).filter(|rest| !rest.is_empty())
    }

    /// Which bytes to ask for, when those at the position are not here.
    fn ask(&mut self) -> Range<u64> {
        let from = self.position;
        let next = self.kept.range(from..).next().map(|(start, _)| *start);
        let end = next.unwrap_or(self.length);
        if self.wanted.contains(&from) {
            return from..self.wanted.end.min(end).min(from + MOST);
        }
        // A small gap is closed: what is behind it was read for a reason.
        if next.is_some() && end - from <= MOST {
            return from..end;
        }
        // A long read in one direction asks for more each time.
        let (last, meant) = self.last;
        let meant = if last == from { (meant * 2).min(MOST) } else { LEAST };
        let to = end.min(from + meant);
        self.last = (to, meant);
        from..to
    }
}

impl Read for Ranged<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.position >= self.length || buffer.is_empty() {
            return Ok(0);
        }
        if self.here().is_none() {
            let range = self.ask();
            let (start, asked) = (range.start, range.end - range.start);
            let bytes = (self.give)(range)?;
            if bytes.len() as u64 != asked {
                let got = bytes.len();
                return Err(io::Error::other(format!("{got} bytes came instead of {asked}")));
            }
            self.keep(start, bytes);
        }
        let Some(here) = self.here() else { return Ok(0) };
        let count = here.len().min(buffer.len());
        buffer[..count].copy_from_slice(&here[..count]);
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for Ranged<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    /// Byte `i` of the bytes that are far away.
    fn byte(i: u64) -> u8 {
        (i % 251) as u8
    }

    /// Bytes of this length, of which the last 100 are here, and each question about them.
    fn far(length: u64, asked: &RefCell<Vec<Range<u64>>>) -> Ranged<'_> {
        let give = move |range: Range<u64>| {
            assert!(range.start < range.end && range.end <= length, "{range:?} of {length}");
            asked.borrow_mut().push(range.clone());
            Ok(range.map(byte).collect())
        };
        let mut ranged = Ranged::new(length, Box::new(give));
        let tail = length.saturating_sub(100);
        ranged.keep(tail, (tail..length).map(byte).collect());
        ranged
    }

    fn read(ranged: &mut Ranged<'_>, range: Range<u64>) {
        ranged.seek(SeekFrom::Start(range.start)).unwrap();
        let mut bytes = vec![0; (range.end - range.start) as usize];
        ranged.read_exact(&mut bytes).unwrap();
        assert!(range.map(byte).eq(bytes));
    }

    #[test]
    fn what_is_read_is_asked_for_in_few_questions_and_only_once() {
        const M: u64 = 1 << 20;
        const K: u64 = 1 << 10;
        type Spans<'a> = &'a [(u64, u64)];
        let cases: [(Spans<'_>, Spans<'_>); 7] = [
            (&[(100 * M - 90, 100 * M)], &[]),
            // The gap before the end is closed at once, as is one between two blocks.
            (&[(97 * M, 97 * M + 10), (98 * M, 100 * M)], &[(97 * M, 100 * M - 100)]),
            (&[(M, M + 1), (M / 2, M / 2 + 5)], &[(M, M + 64 * K), (M / 2, M)]),
            (&[(10, 20), (20, 30), (5, 9)], &[(10, 64 * K + 10), (5, 10)]),
            // Each further block of a long read is twice as long.
            (
                &[(0, M)],
                &[(0, 64), (64, 192), (192, 448), (448, 960), (960, 1984)]
                    .map(|(a, b)| (a * K, b * K)),
            ),
            (&[(0, 1), (50 * M, 50 * M + 1)], &[(0, 64 * K), (50 * M, 50 * M + 64 * K)]),
            (&[(M, M)], &[]),
        ];
        for (reads, questions) in cases {
            let asked = RefCell::default();
            let mut ranged = far(100 * M, &asked);
            reads.iter().for_each(|(start, end)| read(&mut ranged, *start..*end));
            let asked: Vec<_> = asked.borrow().iter().map(|it| (it.start, it.end)).collect();
            assert_eq!(asked, questions, "{reads:?}");
        }
    }

    #[test]
    fn what_is_wanted_is_one_question_as_long_as_it_is_not_too_much() {
        let asked = RefCell::default();
        let mut ranged = far(100 << 20, &asked);
        ranged.want(1000..301_000);
        for at in (1000..301_000).step_by(1000) {
            read(&mut ranged, at..at + 1000);
        }
        assert_eq!(*asked.borrow(), vec![1000..301_000]);
        ranged.want((99 << 20)..u64::MAX);
        read(&mut ranged, (99 << 20)..100 << 20);
        assert_eq!(asked.borrow()[1], (99 << 20)..(100 << 20) - 100);
        ranged.want((20 << 20)..38 << 20);
        read(&mut ranged, (20 << 20)..38 << 20);
        assert_eq!(asked.borrow().len(), 7);
        assert!(ranged.kept.values().map(Vec::len).sum::<usize>() <= KEPT);
    }

    #[test]
    fn of_what_is_too_much_to_keep_the_oldest_goes() {
        let asked = RefCell::default();
        let starts = |ranged: &Ranged<'_>| ranged.kept.keys().copied().collect::<Vec<_>>();
        let mut ranged = far(0, &asked);
        for start in [1, 2, 3, 4] {
            ranged.keep(start * KEPT as u64, vec![0; KEPT / 4]);
        }
        assert_eq!(starts(&ranged), [0, 1, 2, 3, 4].map(|start| start * KEPT as u64));
        ranged.keep(9 * KEPT as u64, vec![0]);
        assert_eq!(starts(&ranged), [2, 3, 4, 9].map(|start| start * KEPT as u64));
        // What is read now is kept, however much it is.
        ranged.keep(8 * KEPT as u64, vec![0; KEPT + 1]);
        assert_eq!(starts(&ranged), [8 * KEPT as u64]);
    }

    #[test]
    fn nothing_is_past_the_end_and_nothing_before_the_start() {
        let asked = RefCell::default();
        let mut ranged = far(50, &asked);
        assert_eq!(ranged.seek(SeekFrom::End(10)).unwrap(), 60);
        assert_eq!(ranged.read(&mut [0; 4]).unwrap(), 0);
        assert_eq!(ranged.seek(SeekFrom::Current(-20)).unwrap(), 40);
        assert_eq!(ranged.read(&mut [0; 100]).unwrap(), 10);
        let before = ranged.seek(SeekFrom::End(-51)).unwrap_err();
        assert_eq!(before.kind(), io::ErrorKind::InvalidInput);
        assert_eq!(ranged.stream_position().unwrap(), 50);
        assert!(asked.borrow().is_empty());
    }

    #[test]
    fn an_answer_of_the_wrong_length_is_an_error_and_so_is_an_error() {
        let mut short = Ranged::new(9, Box::new(|_| Ok(vec![0; 3])));
        let error = short.read(&mut [0; 1]).unwrap_err();
        assert_eq!(error.to_string(), "3 bytes came instead of 9");
        let mut broken = Ranged::new(9, Box::new(|_| Err(io::Error::other("wire cut"))));
        assert_eq!(broken.read(&mut [0; 1]).unwrap_err().to_string(), "wire cut");
    }
}
