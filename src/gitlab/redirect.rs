//! Redirects, followed by hand.
//!
//! The HTTP library would carry our token along to wherever a redirect leads, because the header
//! is GitLab's own; archives are redirected to object storage every day. So it follows nothing,
//! and this file does: the token stays behind as soon as scheme, host or port differ.
//!
//! Where the storage cannot be reached, GitLab is asked to hand the archive through. It knows how
//! since 19.4, where its settings allow it; an older one redirects all the same.

use std::sync::atomic::Ordering;

use ureq::Body;
use ureq::http::header::LOCATION;
use ureq::http::{Response, StatusCode};

use super::ApiRequest;
use super::address::Address;
use super::error::Cause;
use super::http::Http;
use super::response::{ApiResponse, AttemptError};
use crate::step::Step;

/// A chain of redirects is not followed further than this.
const MOST_HOPS: usize = 10;
/// So many connections to the storage that fail in a row are more than bad luck.
const LOST: u32 = 3;
/// How much of the body of a redirect is read, so that the connection can be used again.
const REDIRECT_BODY: u64 = 16 << 10;

impl Http {
    /// One try: the request, and the redirects it leads to.
    pub(super) fn follow(&self, request: &ApiRequest) -> Result<ApiResponse, AttemptError> {
        let via_gitlab = request.is_stored() && self.via_gitlab.get().is_some();
        let mut at = if via_gitlab { proxied_address(request) } else { request.address.clone() };
        let mut trusted = !request.anonymous && at.same_origin(&self.root);
        for _ in 0..=MOST_HOPS {
            let mut response = match self.send_get(request, &at, trusted) {
                Err(reason) if request.is_stored() && !at.same_origin(&self.root) => {
                    let answer = self.is_lost(&reason).then(|| self.by_gitlab(request, &at));
                    return answer.flatten().ok_or(reason);
                }
                result => result?,
            };
            if !at.same_origin(&self.root) {
                self.storage_failures.store(0, Ordering::Relaxed);
            }
            let Some(location) = redirect(&response) else {
                return self.check_status(request, response, at);
            };
            let moved = response.status() == StatusCode::MOVED_PERMANENTLY;
            let next = self.next(&at, &location, moved).map_err(AttemptError::failed)?;
            // What is left unread of this body would cost a new connection.
            let _ = response.body_mut().with_config().limit(REDIRECT_BODY).read_to_vec();
            trusted = trusted && next.same_origin(&self.root);
            at = next;
        }
        let reason = format!("more than {MOST_HOPS} redirects, the last to {at}");
        Err(AttemptError::failed(Cause::Redirect { reason }))
    }

    /// Whether the storage counts as out of reach now. What can pass is given some tries before,
    /// because by way of GitLab it is slower.
    fn is_lost(&self, reason: &AttemptError) -> bool {
        let passing = matches!(reason, AttemptError::Passing { .. });
        !passing || self.storage_failures.fetch_add(1, Ordering::Relaxed) + 1 >= LOST
    }

    /// The archive by way of GitLab, if it hands it through.
    fn by_gitlab(&self, request: &ApiRequest, storage: &Address) -> Option<ApiResponse> {
        let at = proxied_address(request);
        let trusted = !request.anonymous && at.same_origin(&self.root);
        let response = self.send_get(request, &at, trusted).ok()?;
        if !response.status().is_success() {
            return None;
        }
        if self.via_gitlab.set(()).is_ok() {
            let storage = storage.origin();
            let warning = format!("{storage} cannot be reached: GitLab hands archives through");
            self.watch.step(&Step::Warning(&warning));
        }
        self.check_status(request, response, at).ok()
    }

    /// Where a redirect leads, unless it must not be followed.
    pub(super) fn next(&self, at: &Address, location: &str, moved: bool) -> Result<Address, Cause> {
        let next = at.redirected(location).map_err(|bad| Cause::Redirect {
            reason: format!("redirected to something that {bad}"),
        })?;
        if next.path().ends_with("/users/sign_in") {
            return Err(Cause::Page { title: "Sign in".to_owned(), from: at.clone() });
        }
        // A renamed project is redirected to the address GitLab thinks it has, which need not be
        // the one it is reached by: the same path is asked for where we are.
        if moved
            && at.same_origin(&self.root)
            && let Some((_, path)) = next.path().split_once("/api/v4/")
            && let Some((root, _)) = at.path().split_once("/api/v4/")
            && !at.path().ends_with(path)
        {
            let here = format!("{root}/api/v4/{path}{}", next.query_part());
            return at.redirected(&here).map_err(|bad| Cause::Redirect { reason: bad.to_string() });
        }
        if at.is_secure() && !next.is_secure() {
            let reason =
                format!("redirected from https to {}, which is not followed", next.origin());
            return Err(Cause::Redirect { reason });
        }
        Ok(next)
    }
}

fn proxied_address(request: &ApiRequest) -> Address {
    request.address.and_query("download_mode", "proxy")
}

/// The target of a redirect; a redirect without one is an answer like any other.
pub(super) fn redirect(response: &Response<Body>) -> Option<String> {
    let follows = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    let location = response.headers().get(LOCATION).filter(|_| follows)?;
    Some(String::from_utf8_lossy(location.as_bytes()).into_owned())
}
