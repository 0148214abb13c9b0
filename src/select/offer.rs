//! The jobs that are offered for choosing.

use jiff::Timestamp;

use super::job::{JobRules, Listing, latest, usable};
use crate::model::{Job, Status};

/// A job that is offered, with the index of the listing that it is in.
#[derive(Debug, Clone, Copy)]
pub struct Offer<'a> {
    pub listing: usize,
    pub job: &'a Job,
}

/// Returns the jobs that have an archive, in the order of the listings and, in each, of their ids.
///
/// The status is shown beside a name and is no reason to leave a job out. If the server sends
/// nothing about artifacts, a job that succeeded may have some.
pub fn offers(listings: &[Listing], now: Timestamp) -> Vec<Offer<'_>> {
    let rules = JobRules { any_status: true, needs_archive: true, waits_for_all: false, now };
    let may_have_archive =
        |job: &Job| job.has_archive() || (job.is_silent() && job.status == Status::Success);
    let mut offers = Vec::new();
    for (listing, Listing { jobs, .. }) in listings.iter().enumerate() {
        let mut jobs = latest(jobs);
        jobs.retain(|job| may_have_archive(job) && usable(job, rules).is_ok());
        jobs.sort_by_key(|job| job.id);
        offers.extend(jobs.into_iter().map(|job| Offer { listing, job }));
    }
    offers
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::{PipelineAt, PipelineId, ProjectRef};

    fn listing(jobs: Value) -> Listing {
        Listing {
            at: PipelineAt { project: ProjectRef::Id(1), id: PipelineId(2) },
            pipeline: serde_json::from_value(json!({"id": 2})).unwrap(),
            bridges: Vec::new(),
            jobs: serde_json::from_value(jobs).unwrap(),
            reason: None,
        }
    }

    fn offered(listings: &[Listing]) -> Vec<(usize, u64)> {
        let now = "2026-03-02T10:00:00Z".parse().unwrap();
        offers(listings, now).iter().map(|offer| (offer.listing, offer.job.id.0)).collect()
    }

    #[test]
    fn jobs_with_an_archive_are_offered() {
        let (file, none) = (json!({"size": 7}), json!([]));
        for (job, expect) in [
            (json!({"status": "success", "artifacts_file": file, "artifacts": none}), true),
            (json!({"status": "failed", "artifacts_file": file, "artifacts": none}), true),
            (json!({"status": "running", "artifacts_file": file, "artifacts": none}), true),
            (json!({"status": "success", "artifacts": none}), false),
            (json!({"status": "success"}), true),
            (json!({"status": "failed"}), false),
            (json!({"status": "success", "artifacts": [{"file_type": "junit"}]}), false),
            (json!({"status": "success", "artifacts": [{"file_type": "archive"}]}), true),
            (
                json!({"status": "success", "artifacts_file": file, "erased_at": "2026-03-01T00:00:00Z"}),
                false,
            ),
        ] {
            let mut named = job.clone();
            named["id"] = json!(7);
            named["name"] = json!("a");
            assert_eq!(!offered(&[listing(json!([named]))]).is_empty(), expect, "{job}");
        }
    }

    #[test]
    fn listings_keep_their_order_and_retried_jobs_count_once() {
        let job = |id: u64, name: &str| json!({"id": id, "name": name, "status": "success"});
        let downstream = listing(json!([job(9, "b"), job(8, "a"), job(7, "b")]));
        let own = listing(json!([job(3, "b")]));
        assert_eq!(offered(&[downstream, own]), [(0, 8), (0, 9), (1, 3)]);
    }
}
