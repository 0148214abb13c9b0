//! Lists in pages, with the headers GitLab sends.

use std::ops::Range;

use serde_json::Value;

use super::http::{Answer, Reply};
use super::route::Desk;

/// The page that was asked for.
///
/// The `Link` header names another host on purpose: GitLab writes its configured address there,
/// which is not always the one that was called, so a client must not follow it.
pub fn page(desk: &mut Desk<'_>, rows: &[Value]) -> Answer {
    page_of(desk, rows.len(), |_, span| rows[span].to_vec())
}

/// Returns a page of rows that are built only when they are shown.
pub fn page_of(
    desk: &mut Desk<'_>,
    rows: usize,
    show: impl FnOnce(&mut Desk<'_>, Range<usize>) -> Vec<Value>,
) -> Answer {
    let per_page = number(desk, "per_page", 20)?;
    let number = number(desk, "page", 1)?;
    if per_page > 100 {
        desk.broken(format!("per_page={per_page} is more than GitLab gives"));
    }
    let cap = desk.world.setting("page_size_cap").as_u64().unwrap_or(100) as usize;
    let size = per_page.min(cap);
    let pages = rows.div_ceil(size).max(1);
    let start = (number - 1).saturating_mul(size).min(rows);
    let shown = show(desk, start..start.saturating_add(size).min(rows));
    let body = serde_json::to_string(&shown).unwrap();
    let next = if number < pages { (number + 1).to_string() } else { String::new() };
    let before = if number > 1 { (number - 1).to_string() } else { String::new() };
    let path = desk.asked.path().to_owned();
    let link = format!(
        "<https://gitlab.configured.invalid{path}?page={}&per_page={size}>; rel=\"next\"",
        number + 1
    );
    let mut reply = Reply::new(200, "application/json", body)
        .header("X-Page", number)
        .header("X-Per-Page", size)
        .header("X-Next-Page", next)
        .header("X-Prev-Page", before)
        .header("Link", link);
    if desk.world.setting("no_totals") != true {
        reply = reply.header("X-Total", rows).header("X-Total-Pages", pages);
    }
    Ok(reply)
}

fn number(desk: &Desk<'_>, name: &str, default: usize) -> Result<usize, Reply> {
    let Some(text) = desk.param(name) else { return Ok(default) };
    let number = text.parse().ok().filter(|&number| number > 0);
    number.ok_or_else(|| Reply::error(400, format!("{name} does not have a valid value")))
}
