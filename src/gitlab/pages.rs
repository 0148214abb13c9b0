//! Pagination of lists.
//!
//! The URLs of `Link` headers are not used: they contain the host that GitLab is configured with,
//! which may not be the one it is reached by. A `Link` to a next page only shows that there is one.
//! Totals only tell how many pages may be read at the same time: GitLab omits them for large lists,
//! and a list can grow while it is read.

use std::collections::HashSet;
use std::hash::Hash;

use serde::de::DeserializeOwned;

use super::cause::Cause;
use super::error::Error;
use super::http::Http;
use super::request::ApiRequest;
use super::web_root::WithWebRoot;
use crate::parallel::parallel;

/// The largest page size that GitLab accepts.
const PER_PAGE: usize = 100;
/// The number of pages that are read at the same time.
const MAX_PARALLEL_PAGES: usize = 8;
/// The longest list in pages. More are a fault of the server.
const MAX_PAGES: usize = 2_000;
/// The longest list in bytes, so that no server can fill the memory.
const MAX_BYTES: u64 = 64 << 20;

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
pub(super) fn read_first<T, K: Hash + Eq>(
    http: &Http,
    first: &ApiRequest,
    limit: usize,
    key: impl Fn(&T) -> K,
) -> Result<Vec<T>, Error>
where
    T: DeserializeOwned + WithWebRoot,
{
    let (mut list, mut known) = (Vec::new(), HashSet::new());
    let size = limit.min(PER_PAGE);
    let mut page = 1;
    while page <= MAX_PAGES {
        let request =
            first.clone().query("per_page", &size.to_string()).query("page", &page.to_string());
        let (rows, next) = http.get(&request, |answer| {
            let rows: Vec<T> = http.read(answer)?;
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

/// One page of a list.
struct Page<T> {
    rows: Vec<T>,
    /// Bytes.
    length: u64,
    /// The server sent `X-Next-Page`, even if it is empty.
    has_header: bool,
    next: Option<usize>,
    /// The number of all pages, where the server counts them.
    count: Option<usize>,
}

/// Reads all pages of a list, in the order of the server. Where the first page tells how many there
/// are, the others are read several at a time. Rows move between pages while a pipeline gains jobs,
/// so rows with a known key are skipped.
pub(super) fn read_all<T, K: Hash + Eq>(
    http: &Http,
    first: &ApiRequest,
    key: impl Fn(&T) -> K,
) -> Result<Vec<T>, Error>
where
    T: DeserializeOwned + WithWebRoot + Send,
{
    let (mut list, mut known) = (Vec::new(), HashSet::new());
    let (mut next, mut count, mut bytes) = (1, 1, 0);
    while next <= MAX_PAGES {
        let end = count.clamp(next, next + MAX_PARALLEL_PAGES - 1);
        let numbers: Vec<usize> = (next..=end).collect();
        let pages = parallel(MAX_PARALLEL_PAGES, &numbers, |page| read_page(http, first, *page))?;
        for Page { rows, length, has_header, next: after, count: told } in pages {
            bytes += length;
            if bytes > MAX_BYTES {
                let reason = format!("the list is longer than {} MiB", MAX_BYTES >> 20);
                return Err(http.error(first, Cause::Unexpected { reason }));
            }
            let before = list.len();
            list.extend(rows.into_iter().filter(|row| known.insert(key(row))));
            // A server without pagination sends the complete list each time.
            let has_new_rows = has_header || list.len() > before;
            match after.filter(|_| has_new_rows) {
                Some(after) => next = after,
                None => return Ok(list),
            }
            count = told.unwrap_or(count);
        }
    }
    let reason = format!("the list does not end after {MAX_PAGES} pages");
    Err(http.error(first, Cause::Unexpected { reason }))
}

fn read_page<T>(http: &Http, first: &ApiRequest, page: usize) -> Result<Page<T>, Error>
where
    T: DeserializeOwned + WithWebRoot,
{
    let request =
        first.clone().query("per_page", &PER_PAGE.to_string()).query("page", &page.to_string());
    let _slot = http.list_slots.take();
    http.get(&request, |answer| {
        let (rows, length): (Vec<T>, u64) = http.read_with_length(answer)?;
        let (header, link) = (answer.header("x-next-page"), answer.header("link"));
        let next = next_page(header, link, page, rows.len());
        let count = answer.header("x-total-pages").and_then(|count| count.trim().parse().ok());
        Ok(Page { rows, length, has_header: header.is_some(), next, count })
    })
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
