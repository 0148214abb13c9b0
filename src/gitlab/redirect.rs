//! Redirects, followed without help of the HTTP library.
//!
//! GitLab redirects downloads to object storage, and the library would send the token there: it
//! drops only standard headers such as `Authorization`. Here the token is dropped as soon as scheme,
//! host or port differ.
//!
//! If object storage is unreachable, the archive is requested through GitLab (`download_mode=proxy`,
//! GitLab 19.4 and newer, if its settings allow it). Older servers ignore that and redirect.

use std::sync::atomic::Ordering;

use ureq::Body;
use ureq::http::header::LOCATION;
use ureq::http::{Response, StatusCode};

use super::address::Address;
use super::attempt_error::AttemptError;
use super::cause::Cause;
use super::http::Http;
use super::request::ApiRequest;
use super::response::ApiResponse;
use crate::step::Step;

/// The longest chain of redirects that is followed.
const MAX_REDIRECTS: usize = 10;
/// The number of transient failures in a row after which object storage counts as unreachable.
const MAX_STORAGE_FAILURES: u32 = 3;
/// The largest body of a redirect that is read so that the connection can be reused, in bytes.
const MAX_REDIRECT_BODY: u64 = 16 << 10;

impl Http {
    /// Sends a GET request once and follows its redirects.
    pub(super) fn follow(&self, request: &ApiRequest) -> Result<ApiResponse, AttemptError> {
        let via_gitlab = request.may_redirect_to_storage() && self.via_gitlab.get().is_some();
        let mut at = if via_gitlab { proxied_address(request) } else { request.address.clone() };
        let mut trusted = !request.anonymous && at.same_origin(&self.root);
        for _ in 0..=MAX_REDIRECTS {
            let mut response = match self.send_get(request, &at, trusted) {
                Err(error) if request.may_redirect_to_storage() && !at.same_origin(&self.root) => {
                    if !self.is_storage_unreachable(&error) {
                        return Err(error);
                    }
                    return self.request_via_gitlab(request, &at).ok_or(error);
                }
                result => result?,
            };
            if !at.same_origin(&self.root) {
                self.storage_failures.store(0, Ordering::Relaxed);
            }
            let Some(location) = redirect_location(&response) else {
                return self.check_status(request, response, at);
            };
            let moved = response.status() == StatusCode::MOVED_PERMANENTLY;
            let next = self
                .redirect_target(request, &at, &location, moved)
                .map_err(AttemptError::permanent)?;
            // With an unread body, the connection could not be reused.
            let _ = response.body_mut().with_config().limit(MAX_REDIRECT_BODY).read_to_vec();
            trusted = trusted && next.same_origin(&self.root);
            at = next;
        }
        let reason = format!("more than {MAX_REDIRECTS} redirects, the last to {at}");
        Err(AttemptError::permanent(Cause::Redirect { reason }))
    }

    /// Counts a failure to connect to object storage and returns true if it counts as unreachable.
    /// Transient failures are retried first, because a download through GitLab is slower.
    fn is_storage_unreachable(&self, error: &AttemptError) -> bool {
        let transient = matches!(error, AttemptError::Transient { .. });
        !transient
            || self.storage_failures.fetch_add(1, Ordering::Relaxed) + 1 >= MAX_STORAGE_FAILURES
    }

    /// Requests an archive through GitLab. Returns `None` if GitLab redirects nevertheless or fails.
    fn request_via_gitlab(&self, request: &ApiRequest, storage: &Address) -> Option<ApiResponse> {
        let at = proxied_address(request);
        let trusted = !request.anonymous && at.same_origin(&self.root);
        let response = self.send_get(request, &at, trusted).ok()?;
        if !response.status().is_success() {
            return None;
        }
        if self.via_gitlab.set(()).is_ok() {
            let storage = storage.origin();
            let warning =
                format!("{storage} cannot be reached: archives are downloaded through GitLab");
            self.watch.step(&Step::Warning(&warning));
        }
        self.check_status(request, response, at).ok()
    }

    /// Returns the address that a redirect leads to, or an error if it must not be followed. `moved`
    /// is true for the status 301.
    pub(super) fn redirect_target(
        &self,
        request: &ApiRequest,
        at: &Address,
        location: &[u8],
        moved: bool,
    ) -> Result<Address, Cause> {
        let next = at.resolve(location).map_err(|bad| Cause::Redirect {
            reason: format!("redirected to something that {bad}"),
        })?;
        if next.path().ends_with("/users/sign_in") {
            return Err(Cause::Page { title: "Sign in".to_owned(), status: 302, from: at.clone() });
        }
        // For a renamed project, GitLab redirects to its configured host, which may not be the one
        // it is reached by. The new path is requested from the present host instead.
        if moved
            && at.same_origin(&self.root)
            && let Some((_, path)) = next.path().split_once("/api/v4/")
            && let Some((root, _)) = at.path().split_once("/api/v4/")
            && !at.path().ends_with(path)
        {
            let here = format!("{root}/api/v4/{path}{}", next.query_part());
            return at
                .resolve(here.as_bytes())
                .map_err(|bad| Cause::Redirect { reason: bad.to_string() });
        }
        if at.is_secure() && !next.is_secure() {
            let reason =
                format!("redirected from https to {}, which is not followed", next.origin());
            return Err(Cause::Redirect { reason });
        }
        if !request.operation.may_leave_api() && !self.is_below_api(&next) {
            return Err(Cause::SignIn { from: at.clone(), to: next });
        }
        Ok(next)
    }
}

impl Http {
    /// Returns true for addresses of this API, and of that of another server, to which a renamed
    /// host or a change of the scheme leads.
    fn is_below_api(&self, address: &Address) -> bool {
        let root = self.root.path().trim_end_matches('/');
        let below_root = address.path().strip_prefix(root).is_some_and(|it| it.starts_with('/'));
        (address.same_origin(&self.root) && below_root) || address.api_root().is_some()
    }
}

fn proxied_address(request: &ApiRequest) -> Address {
    request.address.with_query_pair("download_mode", "proxy")
}

/// Returns the `Location` of a redirect. A redirect without it is treated as an ordinary response.
pub(super) fn redirect_location(response: &Response<Body>) -> Option<Vec<u8>> {
    let is_redirect = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    let location = response.headers().get(LOCATION).filter(|_| is_redirect)?;
    Some(location.as_bytes().to_vec())
}
