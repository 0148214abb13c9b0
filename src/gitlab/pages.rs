//! Pagination of lists.
//!
//! The URLs of `Link` headers are not used: they contain the host that GitLab is configured with,
//! which may not be the one it is reached by. A `Link` to a next page only shows that there is one.
//! Totals are not used, because GitLab omits them for large lists.

use std::collections::HashSet;
use std::hash::Hash;

use serde::de::DeserializeOwned;

use super::cause::Cause;
use super::error::Error;
use super::http::Http;
use super::request::ApiRequest;

/// The largest page size that GitLab accepts.
const PER_PAGE: usize = 100;
/// The longest list in pages. More are a fault of the server.
const MAX_PAGES: usize = 2_000;

/// Returns the number of the next page, or `None` at the end of the list. `header` is `X-Next-Page`;
/// if a proxy removed it, a full page or a `Link` to a next page means that there may be one.
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

/// Reads the first rows of a list, at most `limit`, with no more pages than that needs.
pub(super) fn read_first<T: DeserializeOwned, K: Hash + Eq>(
    http: &Http,
    first: &ApiRequest,
    limit: usize,
    key: impl Fn(&T) -> K,
) -> Result<Vec<T>, Error> {
    let (mut list, mut known) = (Vec::new(), HashSet::new());
    let size = limit.min(PER_PAGE);
    let mut page = 1;
    while page <= MAX_PAGES {
        let request =
            first.clone().query("per_page", &size.to_string()).query("page", &page.to_string());
        let (rows, next) = http.get(&request, |answer| {
            let rows: Vec<T> = answer.json()?;
            let (header, link) = (answer.header("x-next-page"), answer.header("link"));
            let next = next_page(header, link, page, rows.len());
            Ok((rows, next))
        })?;
        let before = list.len();
        list.extend(rows.into_iter().filter(|row| known.insert(key(row))));
        // A list that grows meanwhile shifts known rows onto the next page; a server without
        // pagination sends the same rows for ever.
        let has_new_rows = list.len() > before;
        list.truncate(limit);
        match next.filter(|_| has_new_rows && list.len() < limit) {
            Some(next) => page = next,
            None => break,
        }
    }
    Ok(list)
}

/// Reads all pages of a list, in the order of the server. Rows move between pages while a pipeline
/// gains jobs, so rows with a known key are skipped.
pub(super) fn read_all<T: DeserializeOwned, K: Hash + Eq>(
    http: &Http,
    first: &ApiRequest,
    key: impl Fn(&T) -> K,
) -> Result<Vec<T>, Error> {
    let mut list = Vec::new();
    let mut known = HashSet::new();
    let mut page = 1;
    for _ in 0..MAX_PAGES {
        let request =
            first.clone().query("per_page", &PER_PAGE.to_string()).query("page", &page.to_string());
        let (rows, has_header, next) = http.get(&request, |answer| {
            let rows: Vec<T> = answer.json()?;
            let (header, link) = (answer.header("x-next-page"), answer.header("link"));
            let next = next_page(header, link, page, rows.len());
            Ok((rows, header.is_some(), next))
        })?;
        let before = list.len();
        list.extend(rows.into_iter().filter(|row| known.insert(key(row))));
        // A server without pagination sends the complete list each time.
        let has_new_rows = has_header || list.len() > before;
        match next.filter(|_| has_new_rows) {
            Some(next) => page = next,
            None => return Ok(list),
        }
    }
    let reason = format!("the list does not end after {MAX_PAGES} pages");
    Err(http.error(first, Cause::Unexpected { reason }))
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
            // A page that leads to itself or to an earlier page would never end.
            (Some("2"), None, 2, 7, None),
            (Some("soon"), None, 2, 7, None),
        ] {
            assert_eq!(next_page(header, link, page, rows), expect, "{header:?} {page} {rows}");
        }
    }
}
