//! Worker threads that decompress and verify entries and write them into staging.
//!
//! The calling thread reads the compressed data in the order of their offsets and sends them to
//! the workers: small entries in batches, large ones buffer by buffer while they are still being
//! read.

use std::io::{self, Read};
use std::ops::Range;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::buffer_pool::{BUFFER_SIZE, Buffer, BufferPool, BufferReader};
use super::tasks::{Task, Tasks};
use super::write_behind::write_behind;
use crate::archive::{self, EntryReader, FRAME_LENGTH, Framed, Inflater, SkipRead};
use crate::disk::{self, FileCreator, Staging};
use crate::error::Error;

/// Upper bound of the number of workers. With four, the disk or the network is the bottleneck.
const MAX_WORKERS: usize = 4;
/// Compressed size in bytes of the largest entry that fits into a buffer with its frame.
const MAX_BATCHED: u64 = (BUFFER_SIZE - FRAME_LENGTH) as u64;
/// Upper bound of the entries of a batch, so that those of many empty files take little memory and
/// are shared by all workers.
const MAX_BATCH: usize = 1024;

/// Compressed data for a worker. Tasks are identified by their index.
enum WorkItem<'a> {
    Batch(Batch<'a>),
    /// One large entry, whose data may still be being read.
    Stream(usize, Receiver<Buffer<'a>>),
}

/// Complete small entries in one buffer, each in its frame.
struct Batch<'a> {
    buffer: Buffer<'a>,
    entries: Vec<(usize, Range<usize>)>,
}

impl Batch<'_> {
    /// Returns true if an entry of this many bytes can be added.
    fn has_room(&self, length: usize) -> bool {
        self.buffer.remaining() >= length && self.entries.len() < MAX_BATCH
    }
}

/// Compressed data of one entry.
enum Data<'b, 'a> {
    Framed(Framed<'b>),
    Stream(BufferReader<'a>),
}

/// Queue from which all workers receive.
type WorkQueue<'a> = Arc<Mutex<Receiver<WorkItem<'a>>>>;

/// State shared by the reading thread and the workers.
struct Workers<'a, 'p> {
    tasks: &'a Tasks<'p>,
    staging: &'a Staging,
    pool: &'a BufferPool,
    /// Reading or a worker failed. The rest of the work is discarded.
    failed: AtomicBool,
}

/// Creates the files of the tasks. The first task that failed decides the error.
///
/// # Errors
/// An `archive::Error` if the data are damaged or cannot be read, a `disk::Error` if a file cannot
/// be written or the run was interrupted.
pub fn run<'p, B: SkipRead>(
    reader: &mut EntryReader<'p, B>,
    tasks: &Tasks<'p>,
    staging: &Staging,
) -> Result<(), Error> {
    let pool = BufferPool::default();
    let shared = Workers { tasks, staging, pool: &pool, failed: AtomicBool::new(false) };
    let (sender, queue) = mpsc::channel();
    // Only the workers hold the queue, so that it is dropped with the last of them, and its
    // buffers return to the pool.
    let queue: WorkQueue<'_> = Arc::new(Mutex::new(queue));
    let (read, failures) = thread::scope(|scope| {
        let shared = &shared;
        let (mut workers, mut refused) = (Vec::new(), None);
        for queue in std::iter::repeat_n(queue, shared.count()) {
            match thread::Builder::new().spawn_scoped(scope, move || shared.work(&queue)) {
                Ok(worker) => workers.push(worker),
                Err(error) => refused = Some(error),
            }
        }
        // Fewer workers than wanted only take longer.
        let read = match refused {
            Some(error) if workers.is_empty() => Err(disk::Error::NoThread(error).into()),
            _ => shared.read_entries(reader, sender),
        };
        if read.is_err() {
            shared.failed.store(true, Ordering::Relaxed);
        }
        let failures = workers
            .into_iter()
            .filter_map(|worker| worker.join().unwrap_or_else(|panic| resume_unwind(panic)).err());
        (read, failures.collect::<Vec<_>>())
    });
    // A failed read comes first: the workers then fail too, because their data are incomplete.
    read?;
    match failures.into_iter().min_by_key(|(task, _)| *task) {
        Some((_, error)) => Err(error),
        None => Ok(()),
    }
}

impl<'a, 'p> Workers<'a, 'p> {
    /// Returns the number of workers: one for each buffer full of data, limited by the cores.
    fn count(&self) -> usize {
        let cores = thread::available_parallelism().map_or(1, usize::from).min(MAX_WORKERS);
        let files = self.tasks.iter().filter(|task| task.file.is_some());
        let bytes: u64 = files.map(|task| task.entry.compressed_size).fold(0, u64::saturating_add);
        usize::try_from(bytes / BUFFER_SIZE as u64).map_or(cores, |full| (full + 1).min(cores))
    }

    /// Reads the compressed data of all tasks and sends them to the workers, until all are sent or
    /// something failed.
    fn read_entries<B: SkipRead>(
        &self,
        reader: &mut EntryReader<'p, B>,
        queue: Sender<WorkItem<'a>>,
    ) -> Result<(), Error> {
        let mut batch: Option<Batch<'a>> = None;
        // Sending fails only if all workers panicked, which joining them reports.
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
            let mut data = reader.next(task.entry)?;
            if task.file.is_none() {
                continue;
            }
            let read_error = |error: io::Error| match error.kind() {
                io::ErrorKind::UnexpectedEof => task.entry.damaged("it ends too early"),
                _ => archive::Error::Read(error),
            };
            let length = task.entry.compressed_size;
            if length > MAX_BATCHED {
                // Entries are sent in order, so the batch before this one goes first.
                send(&mut batch);
                self.send_stream(&queue, index, &mut data, length).map_err(read_error)?;
                continue;
            }
            let length = length as usize + FRAME_LENGTH;
            if batch.as_ref().is_some_and(|batch| !batch.has_room(length)) {
                send(&mut batch);
            }
            let batch = batch
                .get_or_insert_with(|| Batch { buffer: self.pool.acquire(), entries: Vec::new() });
            let mut framed = Framed::reader(task.entry, data);
            let range = batch.buffer.fill(&mut framed, length).map_err(read_error)?;
            batch.entries.push((index, range));
        }
        send(&mut batch);
        Ok(())
    }

    /// Sends one large entry, buffer by buffer.
    fn send_stream(
        &self,
        queue: &Sender<WorkItem<'a>>,
        index: usize,
        data: &mut dyn Read,
        mut remaining: u64,
    ) -> io::Result<()> {
        let (sender, buffers) = mpsc::channel();
        let _ = queue.send(WorkItem::Stream(index, buffers));
        while remaining > 0 && !self.failed.load(Ordering::Relaxed) {
            let mut buffer = self.pool.acquire();
            let count = remaining.min(BUFFER_SIZE as u64);
            buffer.fill(data, count as usize)?;
            remaining -= count;
            if sender.send(buffer).is_err() {
                break;
            }
        }
        Ok(())
    }

    /// Runs one worker until the queue is closed. After a failure it keeps receiving and discards
    /// the items, because the reading thread may be waiting for their buffers.
    fn work(&self, queue: &WorkQueue<'a>) -> Result<(), (usize, Error)> {
        let (mut inflater, mut files) = (Inflater::default(), self.staging.file_creator());
        let mut create = |task: usize, data: Data<'_, '_>| {
            self.create_file(&mut files, &mut inflater, task, data)
        };
        let mut result = Ok(());
        loop {
            // Receiving with the lock held delays nobody: the other workers would wait for the
            // next item anyway.
            let item = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(item) = item else { return result };
            if self.failed.load(Ordering::Relaxed) {
                continue;
            }
            let done = match item {
                WorkItem::Batch(Batch { buffer, entries }) => {
                    entries.into_iter().try_for_each(|(task, range)| {
                        create(task, Data::Framed(Framed::new(&buffer.bytes()[range])))
                    })
                }
                WorkItem::Stream(task, buffers) => {
                    create(task, Data::Stream(BufferReader::new(buffers)))
                }
            };
            if done.is_err() {
                self.failed.store(true, Ordering::Relaxed);
                result = done;
            }
        }
    }

    fn create_file(
        &self,
        files: &mut FileCreator<'a>,
        inflater: &mut Inflater,
        index: usize,
        data: Data<'_, '_>,
    ) -> Result<(), (usize, Error)> {
        let Some(Task { entry, file: Some(file) }) = self.tasks.get(index) else {
            return Ok(());
        };
        let created = (|| {
            if self.staging.stopping() {
                return Err(disk::Error::Interrupted.into());
            }
            let to = files.create(file.path, file.mode)?;
            let copied = write_behind(entry, &to, |to| match data {
                Data::Framed(framed) => inflater.copy_framed(entry, framed, to),
                Data::Stream(mut buffers) => inflater.copy(entry, &mut buffers, to),
            });
            copied.map_err(|error| at_path(error, &self.staging.dest().join(file.path)))?;
            Ok(to.finish(file.modified)?)
        })();
        created.map_err(|error| (index, error))
    }
}

/// Converts a write error into a `disk::Error` with the path, because the disk is the cause and
/// not the archive.
pub fn at_path(error: archive::Error, path: &Path) -> Error {
    match error {
        archive::Error::Write(error) => disk::Error::doing("write", path)(error).into(),
        error => error.into(),
    }
}
