//! The settings of a run as a list, for `explain`: each with its value and its source.

use std::time::Duration;

use super::{Setting, Source, Sourced};
use crate::args::{Connect, IfMissing, Lookup, Which};
use crate::gitlab;
use crate::token::Token;

/// Which GitLab is asked, and with which kind of token. The token itself is not told.
pub fn who(api: &Sourced<gitlab::Address>, token: Option<&Sourced<Token>>) -> Vec<Setting> {
    let token = match token {
        Some(token) => (token.value.kind().header().to_owned(), token.source.clone()),
        None => ("none".to_owned(), Source::Default),
    };
    vec![
        Setting { name: "api", value: api.value.to_string(), source: api.source.clone() },
        Setting { name: "token", value: token.0, source: token.1 },
    ]
}

/// What the remaining flags are set to.
pub fn flags(lookup: &Lookup, which: &Which, connect: &Connect) -> Vec<Setting> {
    let setting = |name, value: String, flag, given: bool| {
        let source = if given { Source::Flag(flag) } else { Source::Default };
        Setting { name, value, source }
    };
    let listed = |names: &[String]| match names {
        [] => "all".to_owned(),
        names => names.join(", "),
    };
    let time = |time: Duration| humantime::format_duration(time).to_string();
    let depth = match (lookup.depth, lookup.recursive) {
        (Some(depth), _) => depth.to_string(),
        (None, true) => "any".to_owned(),
        (None, false) => "1".to_owned(),
    };
    let depth_flag = if lookup.depth.is_some() { "--depth" } else { "--recursive" };
    let if_missing = match which.if_missing {
        IfMissing::Fail => "fail",
        IfMissing::Warn => "warn",
        IfMissing::Ignore => "ignore",
    };
    let ordinary = Connect::ordinary();
    vec![
        setting("bridges", listed(&lookup.bridge), "--bridge", !lookup.bridge.is_empty()),
        setting(
            "projects",
            listed(&lookup.downstream),
            "--downstream",
            !lookup.downstream.is_empty(),
        ),
        setting("depth", depth, depth_flag, lookup.depth.is_some() || lookup.recursive),
        setting("any status", which.any_status.to_string(), "--any-status", which.any_status),
        setting(
            "if missing",
            if_missing.to_owned(),
            "--if-missing",
            which.if_missing != IfMissing::Fail,
        ),
        setting(
            "retries",
            connect.retries.to_string(),
            "--retries",
            connect.retries != ordinary.retries,
        ),
        setting("timeout", time(connect.timeout), "--timeout", connect.timeout != ordinary.timeout),
    ]
}
