//! The folder of each job below the destination (`--separate`).

use std::collections::HashMap;
use std::path::PathBuf;

use super::name::{System, folder_name};
use crate::model::JobId;
use crate::refusal::Refusal;

/// The names that the folders of jobs are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Separate {
    /// The name of the job.
    Job,
    /// The names of all bridges on the way, and the name of the job.
    Bridge,
    /// The id of the job.
    Id,
}

/// A job that gets a folder.
#[derive(Debug, Clone, Copy)]
pub struct SeparatedJob<'a> {
    /// None if GitLab did not tell it.
    pub name: Option<&'a str>,
    /// None if GitLab found the job by ref and name.
    pub id: Option<JobId>,
    /// The bridges from the upstream pipeline to the job's, outermost first.
    pub bridges: &'a [String],
    /// The job in messages.
    pub label: &'a str,
}

/// Returns the folder of a job, relative to the destination; empty without `separate`.
///
/// Characters that no file name may hold become `_`.
pub fn job_folder(job: &SeparatedJob<'_>, separate: Option<Separate>) -> PathBuf {
    separate.map_or_else(PathBuf::new, |separate| components(job, separate).iter().collect())
}

/// Checks that no two jobs share a folder.
///
/// # Errors
/// [`Refusal::SameFolder`], also for names that differ only in case or Unicode form on systems
/// where that is one name, and for a folder inside the folder of another job.
pub fn check_distinct(
    jobs: &[SeparatedJob<'_>],
    separate: Option<Separate>,
    system: System,
) -> Result<(), Refusal> {
    let Some(separate) = separate else { return Ok(()) };
    let folders: Vec<Vec<String>> = jobs.iter().map(|job| components(job, separate)).collect();
    let key = |components: &[String]| system.key(components.join("/").as_bytes()).into_owned();
    let mut owners: HashMap<Vec<u8>, Vec<usize>> = HashMap::new();
    for (index, components) in folders.iter().enumerate() {
        owners.entry(key(components)).or_default().push(index);
    }
    for (index, components) in folders.iter().enumerate() {
        let own_and_outer = (1..=components.len()).map(|count| key(&components[..count]));
        let mut sharing: Vec<usize> =
            own_and_outer.filter_map(|key| owners.get(&key)).flatten().copied().collect();
        sharing.sort_unstable();
        if sharing.iter().any(|other| *other != index) {
            return Err(Refusal::SameFolder {
                folder: folders[sharing[0]].join("/"),
                jobs: sharing.iter().map(|index| jobs[*index].label.to_owned()).collect(),
            });
        }
    }
    Ok(())
}

fn components(job: &SeparatedJob<'_>, separate: Separate) -> Vec<String> {
    let name = folder_name(job.name.unwrap_or(job.label));
    match (separate, job.id) {
        (Separate::Job, _) => vec![name],
        (Separate::Bridge, _) => {
            let bridges = job.bridges.iter().map(|bridge| folder_name(bridge));
            bridges.chain([name]).collect()
        }
        (Separate::Id, Some(id)) => vec![id.to_string()],
        (Separate::Id, None) => vec![name],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Given(&'static str, u64, &'static [&'static str]);

    fn folders(jobs: &[Given], separate: Separate, system: System) -> Result<String, Vec<String>> {
        let bridges: Vec<Vec<String>> = jobs
            .iter()
            .map(|Given(_, _, bridges)| bridges.iter().map(|name| (*name).to_owned()).collect())
            .collect();
        let labels: Vec<String> =
            jobs.iter().map(|Given(name, id, _)| format!("{name} ({id})")).collect();
        let jobs: Vec<SeparatedJob<'_>> = jobs
            .iter()
            .zip(&bridges)
            .zip(&labels)
            .map(|((Given(name, id, _), bridges), label)| SeparatedJob {
                name: Some(name),
                id: Some(JobId(*id)),
                bridges,
                label,
            })
            .collect();
        match check_distinct(&jobs, Some(separate), system) {
            Ok(()) => {
                let folder = |job| job_folder(job, Some(separate));
                let shown = |job| folder(job).to_string_lossy().replace('\\', "/");
                Ok(jobs.iter().map(shown).collect::<Vec<_>>().join(" "))
            }
            Err(Refusal::SameFolder { jobs, .. }) => Err(jobs),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn every_job_has_a_folder_of_its_own_or_all_are_refused() {
        use Separate::{Bridge, Id, Job};
        let two = [Given("build", 1, &["a"]), Given("build", 2, &["b"])];
        let same = Err(vec!["build (1)".to_owned(), "build (2)".to_owned()]);
        assert_eq!(folders(&two, Job, System::Unix), same);
        assert_eq!(folders(&two, Bridge, System::Unix), Ok("a/build b/build".to_owned()));
        assert_eq!(folders(&two, Id, System::Unix), Ok("1 2".to_owned()));
        let matrix = [Given("build: [a/b]", 1, &[]), Given("build: [a_b]", 2, &[])];
        assert!(folders(&matrix, Job, System::Unix).is_err());
        assert!(folders(&matrix, Bridge, System::Unix).is_err());
        let case = [Given("Build", 1, &[]), Given("build", 2, &[])];
        assert_eq!(folders(&case, Job, System::Unix), Ok("Build build".to_owned()));
        assert!(folders(&case, Job, System::Mac).is_err());
        assert!(folders(&case, Job, System::Windows).is_err());
        // A job of the upstream pipeline beside a bridge of its name.
        let inside = [Given("b", 2, &["a"]), Given("a", 1, &[])];
        assert!(folders(&inside, Bridge, System::Unix).is_err());
        let nested = [Given("b", 2, &["a"]), Given("c", 3, &["a", "x/y"]), Given("own", 1, &[])];
        assert_eq!(folders(&nested, Bridge, System::Unix), Ok("a/b a/x_y/c own".to_owned()));
    }

    #[test]
    fn without_separate_all_jobs_share_the_destination() {
        let job = SeparatedJob { name: Some("a"), id: None, bridges: &[], label: "a" };
        assert_eq!(check_distinct(&[job, job], None, System::Unix), Ok(()));
        assert_eq!(job_folder(&job, None), PathBuf::new());
    }
}
