//! The places that hold a job which was looked for elsewhere, and the flag that looks there.

/// A place where the job is, other than the one where it was looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Elsewhere {
    /// The jobs of the named pipeline itself.
    Pipeline,
    /// The downstream pipelines of the named pipeline.
    Downstream,
    /// An earlier successful pipeline of the same branch or tag.
    EarlierPipeline,
}

impl Elsewhere {
    /// Returns the advice that finds the job there.
    pub(super) fn hint(self) -> &'static str {
        match self {
            Elsewhere::Pipeline => {
                "the pipeline itself has that job: --from pipeline looks among its own jobs"
            }
            Elsewhere::Downstream => {
                "a pipeline that it triggered has that job: --from downstream looks there"
            }
            Elsewhere::EarlierPipeline => {
                "an earlier successful pipeline of that ref has the job: --search-recent looks through those as well"
            }
        }
    }
}
