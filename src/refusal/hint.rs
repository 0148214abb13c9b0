//! What to do about a refusal, in one line; none where there is nothing to advise.

use super::Refusal;
use crate::model::{PipelineBy, Status};
use crate::sanitize::sanitize;

impl Refusal {
    /// Advice for the person who reads the refusal.
    pub fn hint(&self) -> Option<String> {
        let advice = match self {
            Refusal::NoSuchPipeline { .. } => "\
                its number is the one in the address bar of the browser (CI_PIPELINE_ID), not the one \
                that counts within the project (CI_PIPELINE_IID)"
                .to_owned(),
            Refusal::NoPipeline { by: PipelineBy::Ref { .. } } => "\
                name a branch or a tag; a pipeline that is not done or did not succeed is named with --pipeline ID"
                .to_owned(),
            Refusal::NoPipeline { .. } => {
                "check the number; child pipelines are not listed there, name one with --pipeline ID".to_owned()
            }
            Refusal::NoBridges { .. } => "\
                the list also stays empty where the token may not see the jobs of the pipeline, and for pipelines \
                started by `trigger` or the API, which have no bridge: name those with --pipeline ID --from pipeline"
                .to_owned(),
            Refusal::NoBridge { .. } | Refusal::NoFile { .. } => return self.did_you_mean(),
            Refusal::NoDownstream { .. } => "name a project by its id or its full path, as listed".to_owned(),
            Refusal::NotTriggered { bridges } if bridges.iter().any(|bridge| bridge.status.may_move()) => {
                "--wait waits for it".to_owned()
            }
            Refusal::NotTriggered { bridges } if bridges.iter().any(|bridge| bridge.status == Status::Manual) => {
                "start it by hand in GitLab, then try again".to_owned()
            }
            Refusal::NotTriggered { .. } => "look at the bridge in GitLab and retry it there".to_owned(),
            Refusal::NoJob { seen, .. } if seen.is_empty() => "\
                a list of jobs is empty also where the token may not see them: check its role in that project"
                .to_owned(),
            Refusal::NoJob { .. } => return self.did_you_mean(),
            Refusal::NoneUsable { waiting: true, .. } | Refusal::Unfinished { .. } if self.may_change() => {
                "--wait waits for it".to_owned()
            }
            Refusal::Unfinished { .. } => "it waits for a person: start it in GitLab".to_owned(),
            Refusal::ManyJobs { .. } => {
                "name one more closely, or narrow the search with --bridge or --downstream".to_owned()
            }
            Refusal::NoneUsable { unusable, .. }
                if unusable.iter().all(|why| !why.contains("did not succeed")) =>
            {
                return None;
            }
            Refusal::NoneUsable { .. } | Refusal::Unsuccessful { .. } => {
                "--any-status takes the artifacts of jobs that did not succeed".to_owned()
            }
            Refusal::NoArchive { reports: true, .. } => {
                "list the files under `artifacts: paths:` of the job as well, or take a report file with --report TYPE"
                    .to_owned()
            }
            Refusal::NoArchive { .. } => "check `artifacts:` of that job: its paths, `when`, and `rules`".to_owned(),
            Refusal::NotThere { .. } => {
                "a private token (GITLAB_TOKEN) may ask about the job itself, and tell more".to_owned()
            }
            Refusal::Expired { .. } => {
                "run the job again, or raise `artifacts: expire_in:`; `keep` stops the next from expiring".to_owned()
            }
            Refusal::Erased { .. } => "run the job again".to_owned(),
            Refusal::NotStarted { said, .. } if said.contains("Reference not found") => {
                "name a branch or a tag that is there with --ref".to_owned()
            }
            Refusal::NotStarted { ref_: None, .. } => "name a branch or a tag with --ref".to_owned(),
            Refusal::Blocked { .. } => "\
                --on-manual play starts it, --on-manual pass takes the pipeline for passed where it stands"
                .to_owned(),
            Refusal::ReportsUnknown { .. } => {
                "GitLab gives out report files since 19.4; list the file under `artifacts: paths:` of the job as well"
                    .to_owned()
            }
            Refusal::NotStarted { .. } | Refusal::NoReport { .. } => return None,
            Refusal::Going { .. } | Refusal::EndedBadly { .. } | Refusal::LineBreak { .. } => {
                return None;
            }
            Refusal::Archive(refusal) => return refusal.hint(),
        };
        Some(advice)
    }

    fn did_you_mean(&self) -> Option<String> {
        let candidates = self.candidates();
        candidates.first().map(|name| format!("did you mean `{}`?", sanitize(name)))
    }
}
