//! Many questions at once, but never more than so many.

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

/// The answers in the order of the questions, or the first failure among them.
///
/// At most `most` are being asked at a time. After a failure no further one is asked; those that
/// are under way are waited for.
pub(super) fn at_once<Q: Sync, A: Send, E: Send>(
    most: usize,
    questions: &[Q],
    ask: impl Fn(&Q) -> Result<A, E> + Sync,
) -> Result<Vec<A>, E> {
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let work = || {
        let mut answers = Vec::new();
        while !failed.load(Ordering::Relaxed) {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(question) = questions.get(index) else { break };
            let answer = ask(question);
            if answer.is_err() {
                failed.store(true, Ordering::Relaxed);
            }
            answers.push((index, answer));
        }
        answers
    };
    let mut answers = thread::scope(|scope| {
        // This thread asks as well, so one question needs no other.
        let others: Vec<_> = (1..most.min(questions.len())).map(|_| scope.spawn(work)).collect();
        let mut answers = work();
        for other in others {
            answers.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        answers
    });
    answers.sort_by_key(|(index, _)| *index);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn answers_come_in_the_order_of_the_questions() {
        let questions: Vec<u32> = (0..100).collect();
        let doubled = at_once(8, &questions, |n| Ok::<_, ()>(n * 2)).unwrap();
        assert_eq!(doubled, (0..100).map(|n| n * 2).collect::<Vec<_>>());
        assert_eq!(at_once(8, &[], |n: &u32| Ok::<_, ()>(*n)), Ok(Vec::new()));
    }

    #[test]
    fn after_a_failure_nothing_more_is_asked() {
        let asked = Mutex::new(Vec::new());
        let ask = |n: &u32| {
            asked.lock().unwrap().push(*n);
            if *n == 3 { Err("three") } else { Ok(()) }
        };
        assert_eq!(at_once(1, &(0..100).collect::<Vec<_>>(), ask), Err("three"));
        assert_eq!(*asked.lock().unwrap(), [0, 1, 2, 3]);
    }
}
