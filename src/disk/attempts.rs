//! Attempts at a commit while other processes write to the same destination.

use super::error::Error;

/// The maximum number of attempts.
const MAX_ATTEMPTS: usize = 10;

/// Plans and applies a commit, again with a new plan as long as another process changes the
/// destination meanwhile. `attempt` is called with its number, from 1.
///
/// # Errors
/// The error of the last attempt.
pub fn attempts<T>(mut attempt: impl FnMut(usize) -> Result<T, Error>) -> Result<T, Error> {
    for number in 1..MAX_ATTEMPTS {
        match attempt(number) {
            Err(error) if error.is_concurrent_change() => {}
            result => return result,
        }
    }
    attempt(MAX_ATTEMPTS)
}

#[cfg(test)]
mod tests {
    use std::io::{self, ErrorKind};
    use std::path::Path;

    use super::*;

    #[test]
    fn only_changes_of_other_processes_lead_to_another_attempt() {
        for (error, succeeds_at, expect) in [
            (ErrorKind::AlreadyExists, 1, Some(1)),
            (ErrorKind::AlreadyExists, 2, Some(2)),
            (ErrorKind::NotFound, 10, Some(10)),
            (ErrorKind::NotFound, 11, None),
            (ErrorKind::PermissionDenied, 2, None),
        ] {
            let mut calls = 0;
            let result = attempts(|number| {
                calls += 1;
                match number == succeeds_at {
                    true => Ok(number),
                    false => Err(Error::doing("write", Path::new("x"))(io::Error::from(error))),
                }
            });
            assert_eq!(result.ok(), expect, "{error} {succeeds_at}");
            assert!(calls <= 10);
        }
    }
}
