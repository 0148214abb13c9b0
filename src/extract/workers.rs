//! The workers: packed bytes come in, verified files are staged.
//!
//! One thread, the one that calls, goes through the archive in order and hands out what it cuts
//! from it: small entries many at a time, large ones block by block while they still come in.

use std::io::{self, BufRead, Read};
use std::ops::Range;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::buffer_pool::{BLOCK, Buffer, BufferPool, BufferReader};
use crate::archive::{self, EntryLocation, EntryReader, Inflater, SkipRead};
use crate::disk::{self, Staging};

/// More workers than this gain nothing that a disk or a network could keep up with.
const MOST: usize = 4;

/// An entry, and the file that it becomes; none where it is only passed by.
pub struct Task<'a> {
    pub packed: &'a EntryLocation,
    pub file: Option<TargetFile<'a>>,
}

/// A file to be made.
#[derive(Clone, Copy)]
pub struct TargetFile<'a> {
    pub path: &'a Path,
    pub mode: Option<u32>,
    pub modified: Option<i64>,
}

/// What a worker gets. Tasks are named by their index.
enum WorkItem<'a> {
    Batch(Batch<'a>),
    /// One entry that may not be here as a whole yet.
    Stream(usize, Receiver<Buffer<'a>>),
}

/// Some whole entries in one block.
struct Batch<'a> {
    block: Buffer<'a>,
    entries: Vec<(usize, Range<usize>)>,
}

/// What is handed out and not taken yet.
type WorkItems<'a> = Arc<Mutex<Receiver<WorkItem<'a>>>>;

struct Workers<'a, 'p> {
    tasks: &'a [Task<'p>],
    staging: &'a Staging,
    blocks: &'a BufferPool,
    /// Somebody failed, so that nothing more is of use.
    failed: AtomicBool,
}

/// Makes the files of these tasks, which lie in the archive in this order.
///
/// # Errors
/// An `archive::Error` if the bytes are bad or cannot be read, a `disk::Error` if they cannot be
/// written or the run was told to stop.
pub fn unpack<'p, B: SkipRead>(
    cutter: &mut EntryReader<'p, B>,
    tasks: &[Task<'p>],
    staging: &Staging,
) -> anyhow::Result<()> {
    let blocks = BufferPool::default();
    let crew = Workers { tasks, staging, blocks: &blocks, failed: AtomicBool::new(false) };
    let (queue, loads) = mpsc::channel();
    // It belongs to the workers alone: when they are gone, so is what they did not take.
    let loads: WorkItems<'_> = Arc::new(Mutex::new(loads));
    let (fed, worked) = thread::scope(|scope| {
        let crew = &crew;
        let workers: Vec<_> = std::iter::repeat_n(loads, crew.size())
            .map(|loads| scope.spawn(move || crew.work(&loads)))
            .collect();
        let fed = crew.feed(cutter, queue);
        if fed.is_err() {
            crew.failed.store(true, Ordering::Relaxed);
        }
        let worked = workers
            .into_iter()
            .filter_map(|worker| worker.join().unwrap_or_else(|panic| resume_unwind(panic)).err());
        (fed, worked.collect::<Vec<_>>())
    });
    // What the workers miss because no more came is not their story.
    fed?;
    match worked.into_iter().min_by_key(|(task, _)| *task) {
        Some((_, error)) => Err(error),
        None => Ok(()),
    }
}

impl<'a, 'p> Workers<'a, 'p> {
    /// How many workers there is work for.
    fn size(&self) -> usize {
        let cores = thread::available_parallelism().map_or(1, usize::from).min(MOST);
        let wanted = self.tasks.iter().filter(|task| task.file.is_some());
        let bytes: u64 =
            wanted.map(|task| task.packed.compressed_size).fold(0, u64::saturating_add);
        usize::try_from(bytes / BLOCK as u64).map_or(cores, |loads| (loads + 1).min(cores))
    }

    /// Cuts the entries from the archive, until all are out or somebody fails.
    fn feed<B: SkipRead>(
        &self,
        cutter: &mut EntryReader<'p, B>,
        queue: Sender<WorkItem<'a>>,
    ) -> anyhow::Result<()> {
        let mut batch: Option<Batch<'a>> = None;
        // Nobody listens any more when the workers are gone, which is told by themselves.
        let send = |batch: &mut Option<Batch<'a>>| {
            if let Some(batch) = batch.take() {
                let _ = queue.send(WorkItem::Batch(batch));
            }
        };
        for (index, task) in self.tasks.iter().enumerate() {
            if self.staging.stopping() {
                return Err(disk::Error::Interrupted.into());
            }
            if self.failed.load(Ordering::Relaxed) {
                break;
            }
            let mut data = cutter.next(task.packed)?;
            if task.file.is_none() {
                continue;
            }
            let cut = |error: io::Error| match error.kind() {
                io::ErrorKind::UnexpectedEof => task.packed.damaged("it ends too early"),
                _ => archive::Error::Read(error),
            };
            let length = task.packed.compressed_size;
            if length > BLOCK as u64 {
                // What was cut before comes first.
                send(&mut batch);
                self.stream(&queue, index, &mut data, length).map_err(cut)?;
                continue;
            }
            let length = length as usize;
            if batch.as_ref().is_some_and(|batch| batch.block.room() < length) {
                send(&mut batch);
            }
            let batch = batch
                .get_or_insert_with(|| Batch { block: self.blocks.take(), entries: Vec::new() });
            let place = batch.block.fill(&mut data, length).map_err(cut)?;
            batch.entries.push((index, place));
        }
        send(&mut batch);
        Ok(())
    }

    /// Hands out one entry while it comes.
    fn stream(
        &self,
        queue: &Sender<WorkItem<'a>>,
        index: usize,
        data: &mut dyn Read,
        mut left: u64,
    ) -> io::Result<()> {
        let (send, blocks) = mpsc::channel();
        let _ = queue.send(WorkItem::Stream(index, blocks));
        while left > 0 && !self.failed.load(Ordering::Relaxed) {
            let mut block = self.blocks.take();
            let count = left.min(BLOCK as u64);
            block.fill(data, count as usize)?;
            left -= count;
            if send.send(block).is_err() {
                break;
            }
        }
        Ok(())
    }

    /// What each worker does, until nothing more comes. After a failure what comes is let go, so
    /// that nobody waits for its memory.
    fn work(&self, loads: &WorkItems<'a>) -> Result<(), (usize, anyhow::Error)> {
        let mut unpacker = Inflater::default();
        let mut result = Ok(());
        loop {
            // Waits with the lock held: who waits for the lock would have to wait in any case.
            let load = loads.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(load) = load else { return result };
            if self.failed.load(Ordering::Relaxed) {
                continue;
            }
            let done = match load {
                WorkItem::Batch(Batch { block, entries }) => {
                    entries.into_iter().try_for_each(|(task, range)| {
                        self.make(&mut unpacker, task, &mut &block.bytes()[range])
                    })
                }
                WorkItem::Stream(task, blocks) => {
                    self.make(&mut unpacker, task, &mut BufferReader::new(blocks))
                }
            };
            if done.is_err() {
                self.failed.store(true, Ordering::Relaxed);
                result = done;
            }
        }
    }

    fn make(
        &self,
        unpacker: &mut Inflater,
        index: usize,
        data: &mut dyn BufRead,
    ) -> Result<(), (usize, anyhow::Error)> {
        let Task { packed, file: Some(file) } = &self.tasks[index] else { return Ok(()) };
        let made = (|| {
            if self.staging.stopping() {
                return Err(disk::Error::Interrupted.into());
            }
            let mut to = self.staging.create_file(file.path, file.mode)?;
            unpacker.copy(packed, data, &mut to).map_err(|error| at_fault(error, file.path))?;
            Ok(to.finish(file.modified)?)
        })();
        made.map_err(|error| (index, error))
    }
}

/// A disk that is full while an archive is unpacked is no fault of the archive.
pub fn at_fault(error: archive::Error, path: &Path) -> anyhow::Error {
    match error {
        archive::Error::Write(error) => disk::Error::doing("write", path)(error).into(),
        error => error.into(),
    }
}
