//! Every page of a list, asked for one by one.
//!
//! `Link` headers are not followed: they carry the host that GitLab is configured with, which
//! need not be the one it is reached by. That there is one tells no more than that a page follows.
//! Totals are not needed: large lists have none.

use std::collections::HashSet;
use std::hash::Hash;

use serde::de::DeserializeOwned;

use super::ApiRequest;
use super::error::{Cause, Error};
use super::http::Http;
use crate::token::Token;

/// The most that GitLab gives at once.
const PER_PAGE: usize = 100;
/// A list longer than this many pages is a fault, not a list.
const MOST_PAGES: usize = 2_000;

/// Where the next page is: the number GitLab names; where a proxy ate the header, a full page or
/// a link to another means that there may be one. `None` is the end.
pub fn next_page(
    header: Option<&str>,
    link: Option<&str>,
    page: usize,
    rows: usize,
) -> Option<usize> {
    match header.map(str::trim) {
        Some("") => None,
        Some(number) => number.parse().ok().filter(|next| *next > page),
        None => {
            let linked = link.is_some_and(|link| link.contains("rel=\"next\""));
            (rows >= PER_PAGE || linked).then_some(page + 1)
        }
    }
}

/// The whole list, in the order of the server. Rows move between pages while a pipeline gains
/// jobs, so one that comes twice is taken once.
pub(super) fn all<T: DeserializeOwned, K: Hash + Eq>(
    http: &Http,
    doing: &ApiRequest,
    key: impl Fn(&T) -> K,
) -> Result<Vec<T>, Error> {
    let mut list = Vec::new();
    let mut known = HashSet::new();
    let mut page = 1;
    for _ in 0..MOST_PAGES {
        let request =
            doing.clone().query("per_page", &PER_PAGE.to_string()).query("page", &page.to_string());
        let (rows, named, next) = http.get(&request, |answer| {
            let rows: Vec<T> = answer.json()?;
            let (header, link) = (answer.header("x-next-page"), answer.header("link"));
            let next = next_page(header, link, page, rows.len());
            Ok((rows, header.is_some(), next))
        })?;
        let before = list.len();
        list.extend(rows.into_iter().filter(|row| known.insert(key(row))));
        // A server that knows no pages gives the whole list each time.
        let more = named || list.len() > before;
        match next.filter(|_| more) {
            Some(next) => page = next,
            None => return Ok(list),
        }
    }
    let reason = format!("the list does not end after {MOST_PAGES} pages");
    Err(Error::new(
        doing,
        http.token.as_ref().map(Token::kind),
        Box::new(Cause::Unexpected { reason }),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_the_one_gitlab_names() {
        let first = "<https://elsewhere.test/jobs?page=1>; rel=\"first\"";
        let more = "<https://elsewhere.test/jobs?page=2>; rel=\"next\"";
        for (header, link, page, rows, expect) in [
            (Some("2"), None, 1, 7, Some(2)),
            (Some(""), Some(more), 3, 100, None),
            (None, None, 1, 100, Some(2)),
            (None, None, 1, 99, None),
            (None, Some(first), 1, 7, None),
            (None, Some(more), 1, 7, Some(2)),
            // A page that leads to itself or back would never end.
            (Some("2"), None, 2, 7, None),
            (Some("soon"), None, 2, 7, None),
        ] {
            assert_eq!(next_page(header, link, page, rows), expect, "{header:?} {page} {rows}");
        }
    }
}
