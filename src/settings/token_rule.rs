//! The rule that decides to which servers a token may be sent, as a pure function.
//!
//! A token goes to the server that it is known to belong to. A pasted address and a git remote can
//! come from somebody else, so they do not decide where a token goes.

/// The source of the address of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AddressFrom {
    /// A flag, a variable, or the default.
    Setting,
    /// A web address among the arguments.
    Url,
    /// Only the git remote of the current folder.
    GitRemote,
}

/// The source of a token that is not stored for a certain server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenFrom {
    /// A flag: typed for this run, and so for the server of this run.
    Flag,
    /// A variable with a private token.
    Variable,
    /// `CI_JOB_TOKEN`.
    JobVariable,
}

/// The server that the settings name as that of the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Home {
    /// The server of the API, or it has an entry in a credentials file.
    This,
    Other,
    /// No setting names any server.
    Unknown,
}

/// The protection of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wire {
    /// https, or http to this machine.
    Private,
    /// http to another machine.
    Open,
}

/// The decision about a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    Send,
    /// Sent, with a warning.
    Warn(Concern),
    /// Not sent, with advice on how to have a token sent.
    Refuse(Ground),
}

/// The reason for a warning about a token that is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Concern {
    /// No setting names the server of the token.
    NoHome,
    /// The token can be read on the way.
    OpenWire,
}

/// The reason for not sending a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ground {
    /// Only a git remote names the server.
    GitRemoteOnly,
    /// The token belongs to another server.
    OtherServer,
}

/// Decides if a token is sent to the server of the API.
pub(super) fn decide(address: AddressFrom, token: TokenFrom, home: Home, wire: Wire) -> Decision {
    use {AddressFrom as A, Home as H, TokenFrom as T};
    let known = match (address, token, home) {
        (A::GitRemote, _, H::Other | H::Unknown) => return Decision::Refuse(Ground::GitRemoteOnly),
        (_, T::JobVariable, H::Other) | (A::Url, T::JobVariable, H::Unknown) => {
            return Decision::Refuse(Ground::OtherServer);
        }
        (A::Url, T::Variable, H::Other) => return Decision::Refuse(Ground::OtherServer),
        (A::Url, T::Variable, H::Unknown) => false,
        (A::Setting | A::Url, _, _) | (A::GitRemote, _, H::This) => true,
    };
    match (known, wire, token) {
        // The runner itself sends the token of a job over the connection that its GitLab has.
        (true, Wire::Open, T::JobVariable) | (true, Wire::Private, _) => Decision::Send,
        (_, Wire::Open, _) => Decision::Warn(Concern::OpenWire),
        (false, Wire::Private, _) => Decision::Warn(Concern::NoHome),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_to_the_server_that_it_is_known_to_belong_to() {
        use {AddressFrom as A, Home as H, TokenFrom as T, Wire as W};
        let (no_home, open) = (Decision::Warn(Concern::NoHome), Decision::Warn(Concern::OpenWire));
        let (remote, other) =
            (Decision::Refuse(Ground::GitRemoteOnly), Decision::Refuse(Ground::OtherServer));
        let send = Decision::Send;
        for (address, token, home, private, over_http) in [
            (A::Setting, T::Flag, H::This, send, open),
            (A::Setting, T::Flag, H::Other, send, open),
            (A::Setting, T::Flag, H::Unknown, send, open),
            (A::Setting, T::Variable, H::This, send, open),
            (A::Setting, T::Variable, H::Other, send, open),
            (A::Setting, T::Variable, H::Unknown, send, open),
            (A::Setting, T::JobVariable, H::This, send, send),
            (A::Setting, T::JobVariable, H::Other, other, other),
            (A::Setting, T::JobVariable, H::Unknown, send, send),
            (A::Url, T::Flag, H::This, send, open),
            (A::Url, T::Flag, H::Other, send, open),
            (A::Url, T::Flag, H::Unknown, send, open),
            (A::Url, T::Variable, H::This, send, open),
            (A::Url, T::Variable, H::Other, other, other),
            (A::Url, T::Variable, H::Unknown, no_home, open),
            (A::Url, T::JobVariable, H::This, send, send),
            (A::Url, T::JobVariable, H::Other, other, other),
            (A::Url, T::JobVariable, H::Unknown, other, other),
            (A::GitRemote, T::Flag, H::This, send, open),
            (A::GitRemote, T::Flag, H::Other, remote, remote),
            (A::GitRemote, T::Flag, H::Unknown, remote, remote),
            (A::GitRemote, T::Variable, H::This, send, open),
            (A::GitRemote, T::Variable, H::Other, remote, remote),
            (A::GitRemote, T::Variable, H::Unknown, remote, remote),
            (A::GitRemote, T::JobVariable, H::This, send, send),
            (A::GitRemote, T::JobVariable, H::Other, remote, remote),
            (A::GitRemote, T::JobVariable, H::Unknown, remote, remote),
        ] {
            for (wire, expect) in [(W::Private, private), (W::Open, over_http)] {
                let decided = decide(address, token, home, wire);
                assert_eq!(decided, expect, "{address:?} {token:?} {home:?} {wire:?}");
            }
        }
    }
}
