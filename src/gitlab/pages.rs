//! Every page of a list, asked for one by one.
//!
//! `Link` headers are not followed: they carry the host that GitLab is configured with, which
//! need not be the one it is reached by. Totals are not needed: large lists have none.

use std::collections::HashSet;
use std::hash::Hash;

use serde::de::DeserializeOwned;

use super::Ask;
use super::error::{Cause, Error};
use super::http::Http;
use crate::token::Token;

/// The most that GitLab gives at once.
const PER_PAGE: usize = 100;
/// A list longer than this many pages is a fault, not a list.
const MOST_PAGES: usize = 2_000;

/// Where the next page is: the number GitLab names; where a proxy ate the header, a full page
/// means that there may be another. `None` is the end.
fn next_page(header: Option<&str>, page: usize, rows: usize) -> Option<usize> {
    match header.map(str::trim) {
        Some("") => None,
        Some(number) => number.parse().ok().filter(|next| *next > page),
        None => (rows >= PER_PAGE).then_some(page + 1),
    }
}

/// The whole list, in the order of the server. Rows move between pages while a pipeline gains
/// jobs, so one that comes twice is taken once.
pub(super) fn all<T: DeserializeOwned, K: Hash + Eq>(
    http: &Http,
    doing: &Ask,
    key: impl Fn(&T) -> K,
) -> Result<Vec<T>, Error> {
    let mut list = Vec::new();
    let mut known = HashSet::new();
    let mut page = 1;
    for _ in 0..MOST_PAGES {
        let ask =
            doing.clone().query("per_page", &PER_PAGE.to_string()).query("page", &page.to_string());
        let (rows, next) = http.get(&ask, |answer| {
            let rows: Vec<T> = answer.json()?;
            let next = next_page(answer.header("x-next-page"), page, rows.len());
            Ok((rows, next))
        })?;
        list.extend(rows.into_iter().filter(|row| known.insert(key(row))));
        match next {
            Some(next) => page = next,
            None => return Ok(list),
        }
    }
    let trouble = format!("the list does not end after {MOST_PAGES} pages");
    Err(Error::new(
        doing,
        http.token.as_ref().map(Token::kind),
        Box::new(Cause::Unexpected { trouble }),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_the_one_gitlab_names() {
        for (header, page, rows, expect) in [
            (Some("2"), 1, 7, Some(2)),
            (Some(""), 3, 100, None),
            (None, 1, 100, Some(2)),
            (None, 1, 99, None),
            // A page that leads to itself or back would never end.
            (Some("2"), 2, 7, None),
            (Some("soon"), 2, 7, None),
        ] {
            assert_eq!(next_page(header, page, rows), expect, "{header:?} {page} {rows}");
        }
    }
}
