//! The check for segments `.` and `..` in names that become part of a path.

/// Returns true if a segment of a path is `.` or `..`. Servers and proxies normalise such paths, so
/// the request and its token would reach another endpoint than intended.
pub(super) fn has_dot_segment(path: &str) -> bool {
    path.split('/').any(|part| matches!(part, "." | ".."))
}
