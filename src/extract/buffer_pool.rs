//! Memory for bytes on their way to the workers: never more than so much, whatever an archive is.

use std::io::{self, BufRead, Read};
use std::ops::Range;
use std::sync::mpsc::Receiver;
use std::sync::{Condvar, Mutex, PoisonError};

/// The size of one block, in bytes.
pub const BLOCK: usize = 128 << 10;
/// So many are out at a time: 3 MiB.
const MOST: usize = 24;

/// A stock of blocks. Who takes one while none is left waits until one comes back.
#[derive(Default)]
pub struct BufferPool {
    stock: Mutex<Stock>,
    returned: Condvar,
}

#[derive(Default)]
struct Stock {
    spare: Vec<Vec<u8>>,
    /// How many were ever made.
    made: usize,
}

/// Some bytes; the memory goes back to the stock with them.
pub struct Buffer<'a> {
    memory: Vec<u8>,
    used: usize,
    home: &'a BufferPool,
}

impl BufferPool {
    /// An empty block.
    pub fn take(&self) -> Buffer<'_> {
        let stock = self.stock.lock().unwrap_or_else(PoisonError::into_inner);
        let all_out = |stock: &mut Stock| stock.spare.is_empty() && stock.made == MOST;
        let waited = self.returned.wait_while(stock, all_out);
        let mut stock = waited.unwrap_or_else(PoisonError::into_inner);
        let memory = stock.spare.pop().unwrap_or_else(|| {
            stock.made += 1;
            vec![0; BLOCK]
        });
        Buffer { memory, used: 0, home: self }
    }
}

impl Buffer<'_> {
    pub fn bytes(&self) -> &[u8] {
        &self.memory[..self.used]
    }

    /// How many bytes fit in besides.
    pub fn room(&self) -> usize {
        self.memory.len() - self.used
    }

    /// Adds so many bytes, which must fit, and says where they are. Fails with `UnexpectedEof`
    /// where there are fewer.
    pub fn fill(&mut self, from: &mut dyn Read, count: usize) -> io::Result<Range<usize>> {
        let place = self.used..self.used + count;
        from.read_exact(&mut self.memory[place.clone()])?;
        self.used = place.end;
        Ok(place)
    }
}

impl Drop for Buffer<'_> {
    fn drop(&mut self) {
        let memory = std::mem::take(&mut self.memory);
        self.home.stock.lock().unwrap_or_else(PoisonError::into_inner).spare.push(memory);
        self.home.returned.notify_one();
    }
}

/// Blocks that are read as they come; their end is when no more can come.
pub struct BufferReader<'a> {
    blocks: Receiver<Buffer<'a>>,
    here: Option<Buffer<'a>>,
    used: usize,
}

impl<'a> BufferReader<'a> {
    pub fn new(blocks: Receiver<Buffer<'a>>) -> BufferReader<'a> {
        BufferReader { blocks, here: None, used: 0 }
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
        if self.here.as_ref().is_none_or(|block| self.used == block.used) {
            // Gives the memory of the last one back before it waits for the next.
            self.here = None;
            (self.here, self.used) = (self.blocks.recv().ok(), 0);
        }
        Ok(self.here.as_ref().map_or(&[], |block| &block.bytes()[self.used..]))
    }

    fn consume(&mut self, count: usize) {
        self.used += count;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn there_are_never_more_blocks_than_so_many() {
        let (blocks, passed) = (BufferPool::default(), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            let (send, receive) = mpsc::channel();
            let taker = || {
                for _ in 0..10 * MOST {
                    let block = blocks.take();
                    passed.fetch_add(1, Ordering::SeqCst);
                    if send.send(block).is_err() {
                        break;
                    }
                }
                drop(send);
            };
            scope.spawn(taker);
            for (kept, block) in receive.iter().enumerate() {
                assert!(passed.load(Ordering::SeqCst) <= kept + MOST);
                drop(block);
            }
        });
        let stock = blocks.stock.into_inner().unwrap();
        assert!(stock.made <= MOST && stock.spare.len() == stock.made);
        assert_eq!(passed.into_inner(), 10 * MOST);
    }

    #[test]
    fn what_comes_in_blocks_is_read_as_one() {
        let blocks = BufferPool::default();
        let (send, receive) = mpsc::channel();
        let mut from = b"some bytes".as_slice();
        for count in [4, 6] {
            let mut block = blocks.take();
            block.fill(&mut from, count).unwrap();
            assert_eq!(block.room(), BLOCK - count);
            send.send(block).unwrap();
        }
        let short = blocks.take().fill(&mut from, 1).unwrap_err();
        assert_eq!(short.kind(), io::ErrorKind::UnexpectedEof);
        drop(send);
        let mut coming = BufferReader::new(receive);
        let count = coming.read(&mut [0; 3]).unwrap();
        assert_eq!(count, 3);
        for expect in [b"e".as_slice(), b" bytes", b"", b""] {
            let here = coming.fill_buf().unwrap().to_vec();
            assert_eq!(here, expect);
            coming.consume(here.len());
        }
    }
}
