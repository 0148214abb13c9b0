//! Lists in pages, with the headers GitLab sends.

use std::ops::Range;

use serde_json::Value;

use super::http::{Answer, Reply};
use super::route::Desk;

/// The page that was asked for.
///
/// The `Link` header names another host unless the world's `links` are `asked`: GitLab writes its
/// configured address there, which is not always the one that was called.
pub fn page(desk: &mut Desk<'_>, rows: &[Value]) -> Answer {
    page_of(desk, rows.len(), |_, span| rows[span].to_vec())
}

/// Pages rows that are made only when they are shown.
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
    let totals = desk.world.setting("no_totals") != true;
    let link = links(desk, number, size, totals.then_some(pages), number < pages);
    let mut reply = Reply::new(200, "application/json", body)
        .header("X-Page", number)
        .header("X-Per-Page", size)
        .header("X-Next-Page", next)
        .header("X-Prev-Page", before)
        .header("Link", link);
    if totals {
        reply = reply.header("X-Total", rows).header("X-Total-Pages", pages);
    }
    Ok(reply)
}

/// The `Link` header: the page before and the next one if there are any, the first one, and the
/// last one where the number of pages is known.
fn links(desk: &Desk<'_>, number: usize, size: usize, pages: Option<usize>, more: bool) -> String {
    let origin = match desk.world.setting("links") == "asked" {
        true => desk.place.api.as_str(),
        false => "https://gitlab.configured.invalid",
    };
    let path = desk.asked.path();
    let query = desk.asked.target.split_once('?').map_or("", |(_, query)| query);
    let rest = query.split('&').filter(|pair| {
        let name = pair.split('=').next().unwrap_or_default();
        !name.is_empty() && name != "page" && name != "per_page"
    });
    let rest: String = rest.map(|pair| format!("&{pair}")).collect();
    let link = |page: usize, rel: &str| {
        format!("<{origin}{path}?page={page}&per_page={size}{rest}>; rel=\"{rel}\"")
    };
    let all = [
        (number > 1).then(|| link(number - 1, "prev")),
        more.then(|| link(number + 1, "next")),
        Some(link(1, "first")),
        pages.map(|pages| link(pages, "last")),
    ];
    all.into_iter().flatten().collect::<Vec<String>>().join(", ")
}

fn number(desk: &Desk<'_>, name: &str, default: usize) -> Result<usize, Reply> {
    let Some(text) = desk.param(name) else { return Ok(default) };
    let number = text.parse().ok().filter(|&number| number > 0);
    number.ok_or_else(|| Reply::error(400, format!("{name} does not have a valid value")))
}
