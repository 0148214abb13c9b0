//! Detection of web pages in place of a download.

use super::address::Address;
use super::cause::Cause;
use super::error_body::{self, is_page};

/// The number of bytes that are inspected.
const PREFIX: usize = 1024;

/// Detects by the headers and the first bytes of a body that it is a web page, such as a sign-in
/// form.
pub(super) struct HtmlDetector {
    pub(super) html: bool,
    /// A body that is sent as an attachment may be HTML: a report for instance.
    pub(super) attachment: bool,
    pub(super) from: Address,
}

impl HtmlDetector {
    /// Returns an error if the body, which begins with `start`, is a web page.
    pub(super) fn check(self, start: &[u8]) -> Option<Cause> {
        let is_html = !self.attachment && (self.html || starts_like_html(start));
        is_html.then(|| html_page(start, 200, self.from))
    }
}

/// Returns true if the first bytes of a body are those of an HTML document.
pub(super) fn starts_like_html(body: &[u8]) -> bool {
    is_page(&String::from_utf8_lossy(&body[..body.len().min(PREFIX)]))
}

/// The cause for a web page, with its title.
pub(super) fn html_page(body: &[u8], status: u16, from: Address) -> Cause {
    Cause::Page { title: error_body::page_title(body), status, from }
}
