//! Report artifacts of a job (`artifacts: reports:`): which of them are listed, and why not.

use jiff::Timestamp;

use super::missing_archive;
use crate::model::{Artifact, Job};
use crate::refusal::{JobName, Refusal};

/// Returns the report of a type as the job lists it, or none if the job itself was not read.
///
/// # Errors
/// [`Refusal::NoReport`] with the types that the job lists, without its log and its metadata.
pub fn listed<'a>(job: Option<&'a Job>, kind: &str) -> Result<Option<&'a Artifact>, Refusal> {
    let Some(job) = job else { return Ok(None) };
    if let Some(report) = job.listed(kind) {
        return Ok(Some(report));
    }
    let types = job.artifacts.iter().flatten().map(|artifact| &artifact.file_type);
    let reports = types.filter(|kind| !matches!(kind.as_str(), "trace" | "metadata"));
    Err(Refusal::NoReport {
        job: JobName { name: job.name.clone(), id: job.id },
        wanted: kind.to_owned(),
        seen: reports.cloned().collect(),
    })
}

/// Returns true if the report itself is a zip, so that a zip in the answer is no mistake.
///
/// Servers before 19.4 do not know the parameter that asks for a report and send the archive of
/// the job instead.
pub fn is_zip(report: Option<&Artifact>, kind: &str) -> bool {
    match report.and_then(|report| report.file_format.as_deref()) {
        Some(format) => format == "zip",
        None => matches!(kind, "archive" | "lsif"),
    }
}

/// Returns the refusal that an answer 404 for a report means, or none if nothing is known of the
/// job, so that the answer itself is the error.
///
/// A report that is listed and not there has expired, or the server is too old to send it.
pub fn missing(job: Option<&Job>, label: &str, kind: &str, now: Timestamp) -> Option<Refusal> {
    match missing_archive::refusal(job?, now) {
        expired @ Refusal::Expired { .. } => Some(expired),
        _ => Some(Refusal::ReportsUnknown { job: label.to_owned(), wanted: kind.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const NOW: &str = "2026-03-02T10:00:00Z";

    fn job(artifacts: Value) -> Job {
        let job = json!({"id": 7, "name": "a", "status": "success", "artifacts": artifacts});
        serde_json::from_value(job).unwrap()
    }

    #[test]
    fn a_report_is_listed_or_refused_with_those_that_are() {
        let types = json!([
            {"file_type": "archive"}, {"file_type": "metadata"}, {"file_type": "trace"},
            {"file_type": "junit", "filename": "junit.xml.gz"}, {"file_type": "dotenv"},
        ]);
        let refused = |seen: &[&str]| format!("refused: {seen:?}");
        for (job, kind, expect) in [
            (None, "junit", "unknown".to_owned()),
            (Some(job(types.clone())), "junit", "listed: junit".to_owned()),
            (Some(job(types.clone())), "archive", "listed: archive".to_owned()),
            (Some(job(types.clone())), "trace", "listed: trace".to_owned()),
            (Some(job(types)), "sast", refused(&["archive", "junit", "dotenv"])),
            (Some(job(json!([]))), "junit", refused(&[])),
            (Some(job(json!(null))), "junit", refused(&[])),
        ] {
            let result = match listed(job.as_ref(), kind) {
                Ok(None) => "unknown".to_owned(),
                Ok(Some(report)) => format!("listed: {}", report.file_type),
                Err(Refusal::NoReport { job, wanted, seen }) => {
                    assert_eq!((&*job.name, &*wanted), ("a", kind));
                    format!("refused: {seen:?}")
                }
                Err(other) => other.to_string(),
            };
            assert_eq!(result, expect, "{job:?} {kind}");
        }
    }

    #[test]
    fn only_a_report_that_is_a_zip_itself_may_begin_like_one() {
        let report = |format: Option<&str>| -> Option<Artifact> {
            let report = json!({"file_type": "x", "file_format": format});
            Some(serde_json::from_value(report).unwrap())
        };
        for (report, kind, expect) in [
            (report(Some("zip")), "junit", true),
            (report(Some("gzip")), "lsif", false),
            (report(Some("raw")), "archive", false),
            (report(None), "lsif", true),
            (report(None), "archive", true),
            (report(None), "junit", false),
            (None, "lsif", true),
            (None, "junit", false),
        ] {
            assert_eq!(is_zip(report.as_ref(), kind), expect, "{report:?} {kind}");
        }
    }

    #[test]
    fn a_report_that_is_not_there_has_expired_or_is_not_sent() {
        let mut expired = job(json!([]));
        expired.artifacts_expire_at = Some("2026-02-01T00:00:00Z".to_owned());
        for (job, expect) in [
            (None, None),
            (Some(job(json!([]))), Some("GitLab does not give out the report `junit` of a (7)")),
            (Some(expired), Some("the artifacts of job `a` (7) expired at 2026-02-01T00:00:00Z")),
        ] {
            let refusal = missing(job.as_ref(), "a (7)", "junit", NOW.parse().unwrap());
            assert_eq!(refusal.map(|refusal| refusal.to_string()).as_deref(), expect, "{job:?}");
        }
    }
}
