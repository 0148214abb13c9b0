//! Runs a function over many inputs on several threads, at most a given number at a time.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

/// Returns the outputs in the order of the inputs, or the first failure among them.
///
/// At most `max` inputs are worked on at a time. After a failure no further one is begun; those
/// that are under way are finished.
pub fn parallel<I: Sync, O: Send, E: Send>(
    max: usize,
    inputs: &[I],
    work: impl Fn(&I) -> Result<O, E> + Sync,
) -> Result<Vec<O>, E> {
    match parallel_until_failure(max, inputs, work) {
        (outputs, None) => Ok(outputs),
        (_, Some(failure)) => Err(failure),
    }
}

/// Returns the outputs in the order of the inputs up to the first failure among them, and that
/// failure. It works like [`parallel`], for callers that report what was done before the failure.
pub fn parallel_until_failure<I: Sync, O: Send, E: Send>(
    max: usize,
    inputs: &[I],
    work: impl Fn(&I) -> Result<O, E> + Sync,
) -> (Vec<O>, Option<E>) {
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let worker = || {
        let mut outputs = Vec::new();
        while !failed.load(Ordering::Relaxed) {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(input) = inputs.get(index) else { break };
            let output = work(input);
            if output.is_err() {
                failed.store(true, Ordering::Relaxed);
            }
            outputs.push((index, output));
        }
        outputs
    };
    let mut outputs = thread::scope(|scope| {
        // The calling thread works as well, so a single input needs no other thread. Where the
        // system gives no more threads, those that exist do all the work.
        let others: Vec<_> = (1..max.min(inputs.len()))
            .map_while(|_| thread::Builder::new().spawn_scoped(scope, worker).ok())
            .collect();
        let mut outputs = worker();
        for other in others {
            outputs.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        outputs
    });
    outputs.sort_by_key(|(index, _)| *index);
    let mut done = Vec::with_capacity(outputs.len());
    for (_, output) in outputs {
        match output {
            Ok(output) => done.push(output),
            Err(failure) => return (done, Some(failure)),
        }
    }
    (done, None)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn outputs_are_in_the_order_of_the_inputs() {
        let inputs: Vec<u32> = (0..100).collect();
        let doubled = parallel(8, &inputs, |n| Ok::<_, ()>(n * 2)).unwrap();
        assert_eq!(doubled, (0..100).map(|n| n * 2).collect::<Vec<_>>());
        assert_eq!(parallel(8, &[], |n: &u32| Ok::<_, ()>(*n)), Ok(Vec::new()));
    }

    #[test]
    fn after_a_failure_nothing_more_is_begun() {
        let worked = Mutex::new(Vec::new());
        let work = |n: &u32| {
            worked.lock().unwrap().push(*n);
            if *n == 3 { Err("three") } else { Ok(()) }
        };
        assert_eq!(parallel(1, &(0..100).collect::<Vec<_>>(), work), Err("three"));
        assert_eq!(*worked.lock().unwrap(), [0, 1, 2, 3]);
        let work = |n: &u32| if *n == 3 { Err("three") } else { Ok(*n) };
        let done = parallel_until_failure(2, &(0..100).collect::<Vec<_>>(), work);
        assert_eq!(done, (vec![0, 1, 2], Some("three")));
    }
}
