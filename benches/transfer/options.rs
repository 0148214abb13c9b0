//! The arguments of the benchmark: what is measured, and how often.

use crate::corpus::NAMES;

/// The simulated links of a complete run, and the corpus that they carry.
const LINKS: [&str; 2] = ["20ms,100MB", "20ms,100MB,6MB"];
const CORPUS_OF_LINKS: &str = "build";

/// The runs of each contender, over loopback and by a link, where the times hardly differ.
const RUNS: usize = 5;
const RUNS_BY_LINK: usize = 2;

/// The parsed arguments.
pub struct Options {
    full: bool,
    runs: Option<usize>,
    link: Option<String>,
    corpora: Vec<String>,
}

impl Options {
    pub fn parse(args: impl Iterator<Item = String>) -> Options {
        let mut options = Options { full: false, runs: None, link: None, corpora: Vec::new() };
        let mut args = args;
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--full" => options.full = true,
                "--runs" => {
                    let runs = args.next().and_then(|runs| runs.parse().ok());
                    options.runs = Some(runs.expect("a number of runs"));
                }
                "--link" => options.link = Some(args.next().expect("a link")),
                name if NAMES.contains(&name) => options.corpora.push(arg),
                other => panic!("no corpus and no flag: {other}; the corpora are {NAMES:?}"),
            }
        }
        options
    }

    /// Returns true if everything is measured that the documents show.
    fn is_complete(&self) -> bool {
        self.runs.is_none() && self.link.is_none() && self.corpora.is_empty()
    }

    /// Returns the divisor of all sizes.
    pub fn part(&self) -> u64 {
        if self.full { 1 } else { 4 }
    }

    /// Returns the names of the corpora.
    pub fn corpora(&self) -> impl Iterator<Item = &'static str> {
        let is_meant =
            |name: &str| self.corpora.is_empty() || self.corpora.iter().any(|it| it == name);
        NAMES.into_iter().filter(move |name| is_meant(name))
    }

    /// Returns the links by which a corpus is downloaded. None is loopback.
    pub fn links(&self, corpus: &str) -> Vec<Option<&str>> {
        match &self.link {
            Some(link) => vec![Some(link)],
            None if self.is_complete() && corpus == CORPUS_OF_LINKS => {
                [None].into_iter().chain(LINKS.map(Some)).collect()
            }
            None => vec![None],
        }
    }

    /// Returns the number of measured runs of each contender.
    pub fn runs(&self, link: Option<&str>) -> usize {
        self.runs.unwrap_or(if link.is_some() { RUNS_BY_LINK } else { RUNS })
    }

    /// Describes the extent of the run.
    pub fn describe(&self) -> String {
        let size = if self.full { "full size" } else { "a quarter of the full size" };
        format!("{} in {size}", if self.is_complete() { "complete run" } else { "partial run" })
    }
}
