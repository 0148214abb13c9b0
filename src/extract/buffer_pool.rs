//! A bounded pool of buffers between the reading thread and the workers.
//!
//! The bound limits the memory for compressed data, whatever an archive contains or claims.

use std::io::{self, BufRead, Read};
use std::ops::Range;
use std::sync::mpsc::Receiver;
use std::sync::{Condvar, Mutex, PoisonError};

/// Size of a buffer, in bytes.
pub const BUFFER_SIZE: usize = 128 << 10;
/// Maximum number of buffers: 3 MiB together.
const MAX_BUFFERS: usize = 24;

/// Pool of at most [`MAX_BUFFERS`] buffers, allocated on demand.
#[derive(Default)]
pub struct BufferPool {
    state: Mutex<PoolState>,
    returned: Condvar,
}

#[derive(Default)]
struct PoolState {
    free: Vec<Vec<u8>>,
    allocated: usize,
}

/// A buffer that returns to its pool when it is dropped.
pub struct Buffer<'a> {
    memory: Vec<u8>,
    length: usize,
    pool: &'a BufferPool,
}

impl BufferPool {
    /// Returns an empty buffer. Blocks until one is free.
    pub fn acquire(&self) -> Buffer<'_> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let exhausted =
            |state: &mut PoolState| state.free.is_empty() && state.allocated == MAX_BUFFERS;
        let state = self.returned.wait_while(state, exhausted);
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        let memory = state.free.pop().unwrap_or_else(|| {
            state.allocated += 1;
            vec![0; BUFFER_SIZE]
        });
        Buffer { memory, length: 0, pool: self }
    }
}

impl Buffer<'_> {
    pub fn bytes(&self) -> &[u8] {
        &self.memory[..self.length]
    }

    /// Returns the number of bytes that can still be added.
    pub fn remaining(&self) -> usize {
        self.memory.len() - self.length
    }

    /// Appends `count` bytes, which must fit, and returns their range in the buffer.
    ///
    /// # Errors
    /// `UnexpectedEof` if `from` ends before.
    pub fn fill(&mut self, from: &mut dyn Read, count: usize) -> io::Result<Range<usize>> {
        let range = self.length..self.length + count;
        from.read_exact(&mut self.memory[range.clone()])?;
        self.length = range.end;
        Ok(range)
    }
}

impl Drop for Buffer<'_> {
    fn drop(&mut self) {
        let memory = std::mem::take(&mut self.memory);
        self.pool.state.lock().unwrap_or_else(PoisonError::into_inner).free.push(memory);
        self.pool.returned.notify_one();
    }
}

/// Reader of the buffers of a channel. It ends when the sender is dropped.
pub struct BufferReader<'a> {
    buffers: Receiver<Buffer<'a>>,
    current: Option<Buffer<'a>>,
    /// Bytes of the current buffer that were read.
    consumed: usize,
}

impl<'a> BufferReader<'a> {
    pub fn new(buffers: Receiver<Buffer<'a>>) -> BufferReader<'a> {
        BufferReader { buffers, current: None, consumed: 0 }
    }
}

impl Read for BufferReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for BufferReader<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.current.as_ref().is_none_or(|current| self.consumed == current.length) {
            // Returned before waiting for the next one: the sender may need it to make progress.
            self.current = None;
            (self.current, self.consumed) = (self.buffers.recv().ok(), 0);
        }
        Ok(self.current.as_ref().map_or(&[], |current| &current.bytes()[self.consumed..]))
    }

    fn consume(&mut self, count: usize) {
        self.consumed += count;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn the_number_of_buffers_is_bounded() {
        let (pool, acquired) = (BufferPool::default(), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            let (send, receive) = mpsc::channel();
            let producer = || {
                for _ in 0..10 * MAX_BUFFERS {
                    let buffer = pool.acquire();
                    acquired.fetch_add(1, Ordering::SeqCst);
                    if send.send(buffer).is_err() {
                        break;
                    }
                }
                drop(send);
            };
            scope.spawn(producer);
            for (dropped, buffer) in receive.iter().enumerate() {
                assert!(acquired.load(Ordering::SeqCst) <= dropped + MAX_BUFFERS);
                drop(buffer);
            }
        });
        let state = pool.state.into_inner().unwrap();
        assert!(state.allocated <= MAX_BUFFERS && state.free.len() == state.allocated);
        assert_eq!(acquired.into_inner(), 10 * MAX_BUFFERS);
    }

    #[test]
    fn buffers_are_read_as_one_stream() {
        let pool = BufferPool::default();
        let (send, receive) = mpsc::channel();
        let mut from = b"some bytes".as_slice();
        for count in [4, 6] {
            let mut buffer = pool.acquire();
            buffer.fill(&mut from, count).unwrap();
            assert_eq!(buffer.remaining(), BUFFER_SIZE - count);
            send.send(buffer).unwrap();
        }
        let short = pool.acquire().fill(&mut from, 1).unwrap_err();
        assert_eq!(short.kind(), io::ErrorKind::UnexpectedEof);
        drop(send);
        let mut reader = BufferReader::new(receive);
        let count = reader.read(&mut [0; 3]).unwrap();
        assert_eq!(count, 3);
        for expect in [b"e".as_slice(), b" bytes", b"", b""] {
            let bytes = reader.fill_buf().unwrap().to_vec();
            assert_eq!(bytes, expect);
            reader.consume(bytes.len());
        }
    }
}
