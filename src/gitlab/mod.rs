//! The GitLab API client: the only module that knows HTTP and the paths of the API.
//!
//! [`Client`] has one method per endpoint, spread over one file per resource. The methods return
//! what GitLab sent; decisions about it are made elsewhere.

mod address;
mod agent;
mod archives;
mod artifact_files;
mod attempt_error;
mod body;
mod branches;
mod cause;
mod certificate_verifier;
mod checksum;
mod client;
mod connector;
mod content_coding;
mod content_range;
mod denial;
mod der;
mod error;
mod error_body;
mod facts;
mod forward_proxy;
mod hint;
mod html_detector;
mod http;
mod jobs;
mod min_throughput;
mod network;
mod operation;
mod pages;
mod pem;
mod permissions;
mod pipelines;
mod proxy;
mod read_deadline;
mod readable_projects;
mod redirect;
mod remote_archive;
mod request;
mod resolver;
mod response;
mod retry;
mod retry_loop;
mod send_once;
mod signature_algorithm;
mod slots;
mod stored_archive;
mod tcp;
mod tls_config;
mod tls_failure;
mod web_root;
mod write;

pub use address::{Address, BadAddress};
pub use artifact_files::ListedEntry;
pub use body::{Body, DownloadInterrupted};
pub use cause::{Cause, FailureKind};
pub use client::Client;
pub use error::Error;
pub use facts::{NamedBy, Origin};
pub use network::Network;
pub use operation::Operation;
pub use pipelines::{PipelineFilters, pipeline_in};
pub use remote_archive::{RemoteAnswer, RemoteArchive, TAIL_LENGTH};
pub use stored_archive::{OnSetback, RangeStream, StoredArchive};
pub use tls_failure::TlsFailure;
pub use write::Start;
// Parsers of what servers send, for the fuzz targets.
#[cfg(fuzzing)]
pub use {
    content_range::ContentRange,
    error_body::parse as parse_error_body,
    pages::next_page,
    retry::{pause, requested_delay},
};
