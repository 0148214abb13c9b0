//! The path below which a GitLab is installed: entities learn it when they are read, because only
//! with it does a web address tell the path of a project.

use serde::de::DeserializeOwned;

use super::attempt_error::AttemptError;
use super::http::Http;
use super::response::ApiResponse;
use crate::model::{Bridge, Job, Pipeline};

/// An entity with web addresses of pipelines.
pub(super) trait WithWebRoot {
    fn set_web_root(&mut self, root: &str);
}

impl WithWebRoot for Pipeline {
    fn set_web_root(&mut self, root: &str) {
        root.clone_into(&mut self.web_root);
    }
}

impl WithWebRoot for Bridge {
    fn set_web_root(&mut self, root: &str) {
        self.pipeline.set_web_root(root);
        self.downstream_pipeline.set_web_root(root);
    }
}

impl WithWebRoot for Job {
    fn set_web_root(&mut self, root: &str) {
        self.pipeline.set_web_root(root);
    }
}

impl<T: WithWebRoot> WithWebRoot for Option<T> {
    fn set_web_root(&mut self, root: &str) {
        self.iter_mut().for_each(|entity| entity.set_web_root(root));
    }
}

impl<T: WithWebRoot> WithWebRoot for Vec<T> {
    fn set_web_root(&mut self, root: &str) {
        self.iter_mut().for_each(|entity| entity.set_web_root(root));
    }
}

impl Http {
    /// Reads entities from a response.
    pub(super) fn read<T: DeserializeOwned + WithWebRoot>(
        &self,
        response: &mut ApiResponse,
    ) -> Result<T, AttemptError> {
        self.read_with_length(response).map(|(entities, _)| entities)
    }

    /// Reads entities from a response, and returns the length of its body in bytes.
    pub(super) fn read_with_length<T: DeserializeOwned + WithWebRoot>(
        &self,
        response: &mut ApiResponse,
    ) -> Result<(T, u64), AttemptError> {
        let (mut entities, length): (T, u64) = response.json_and_length()?;
        let root = self.root.path().trim_end_matches('/');
        entities.set_web_root(root.strip_suffix("/api/v4").unwrap_or_default());
        Ok((entities, length))
    }
}
