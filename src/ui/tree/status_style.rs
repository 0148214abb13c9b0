//! The symbol and the colour of each status.

use anstyle::{AnsiColor, Style};

use crate::model::Status;

/// The symbol and the colour of a status. Only success is shown by its symbol alone; every other
/// status is also written in words.
pub(in crate::ui) struct StatusStyle {
    pub symbol: &'static str,
    pub ascii: &'static str,
    pub style: Style,
    /// The class of a Mermaid node.
    pub class: &'static str,
}

/// Returns the symbol and the colour of a status.
pub(in crate::ui) fn status_style(status: &Status) -> StatusStyle {
    let (symbol, ascii, style, class) = match status {
        Status::Success => ("✔", "[ok]", AnsiColor::Green.on_default(), "good"),
        Status::Failed => ("✘", "[x]", AnsiColor::Red.on_default(), "bad"),
        Status::Running => ("●", "[..]", AnsiColor::Blue.on_default(), "moving"),
        Status::Manual => ("○", "[!]", AnsiColor::Yellow.on_default(), "still"),
        Status::Canceled | Status::Canceling => ("⊘", "[-]", Style::new().dimmed(), "still"),
        Status::Skipped => ("»", "[>]", Style::new().dimmed(), "still"),
        Status::Created
        | Status::WaitingForResource
        | Status::Preparing
        | Status::WaitingForCallback
        | Status::Pending
        | Status::Scheduled => ("◌", "[ ]", AnsiColor::Yellow.on_default(), "moving"),
        Status::Other(_) => ("?", "[?]", Style::new(), "moving"),
    };
    StatusStyle { symbol, ascii, style, class }
}
