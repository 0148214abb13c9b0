//! The list of effective settings for `explain`: the connection, and the flags of the lookup.

use super::sourced::{Setting, Source, Sourced};
use crate::args::{ConnectArgs, IfMissing, LookupArgs, SelectionArgs};
use crate::gitlab;
use crate::token::Token;

/// Lists the API root and the kind of the token. The token itself is never printed.
pub fn connection_settings(
    api: &Sourced<gitlab::Address>,
    token: Option<&Sourced<Token>>,
) -> Vec<Setting> {
    let token = match token {
        Some(token) => (token.value.kind().header().to_owned(), token.source.clone()),
        None => ("none".to_owned(), Source::Default),
    };
    vec![
        Setting { name: "api", value: api.value.to_string(), source: api.source.clone() },
        Setting { name: "token", value: token.0, source: token.1 },
    ]
}

/// Lists the flags that choose pipelines and jobs, the retries and the timeout.
pub fn lookup_settings(
    lookup: &LookupArgs,
    selection: &SelectionArgs,
    connect: &ConnectArgs,
) -> Vec<Setting> {
    let setting = |name, value: String, flag, given: bool| {
        let source = if given { Source::Flag(flag) } else { Source::Default };
        Setting { name, value, source }
    };
    let all_or_names = |names: &[String]| match names {
        [] => "all".to_owned(),
        names => names.join(", "),
    };
    let timeout = humantime::format_duration(connect.timeout).to_string();
    let depth = match (lookup.depth, lookup.recursive) {
        (Some(depth), _) => depth.to_string(),
        (None, true) => "any".to_owned(),
        (None, false) => "1".to_owned(),
    };
    let depth_flag = if lookup.depth.is_some() { "--depth" } else { "--recursive" };
    let if_missing = match selection.if_missing {
        IfMissing::Fail => "fail",
        IfMissing::Warn => "warn",
        IfMissing::Ignore => "ignore",
    };
    let defaults = ConnectArgs::defaults();
    vec![
        setting("bridges", all_or_names(&lookup.bridge), "--bridge", !lookup.bridge.is_empty()),
        setting(
            "projects",
            all_or_names(&lookup.downstream),
            "--downstream",
            !lookup.downstream.is_empty(),
        ),
        setting("depth", depth, depth_flag, lookup.depth.is_some() || lookup.recursive),
        setting(
            "any status",
            selection.any_status.to_string(),
            "--any-status",
            selection.any_status,
        ),
        setting(
            "if missing",
            if_missing.to_owned(),
            "--if-missing",
            selection.if_missing != IfMissing::Fail,
        ),
        setting(
            "retries",
            connect.retries.to_string(),
            "--retries",
            connect.retries != defaults.retries,
        ),
        setting("timeout", timeout, "--timeout", connect.timeout != defaults.timeout),
    ]
}
