//! A list of pipelines in aligned columns.

use anstyle::Style;
use jiff::Timestamp;

use super::age::age;
use super::tree::status_style::status_style;
use crate::model::Pipeline;
use crate::sanitize::sanitize;

/// The number of characters of a short SHA, as GitLab shows it.
const SHORT_SHA: usize = 8;
/// The column of the status, which is coloured.
const STATUS: usize = 1;

/// Returns one line for each pipeline: id, status, ref, short SHA, source, age, web address. A value
/// that GitLab does not tell is `-`.
pub fn lines(pipelines: &[Pipeline], color: bool, now: Timestamp) -> Vec<String> {
    let rows: Vec<[String; 7]> = pipelines.iter().map(|it| columns(it, now)).collect();
    let mut widths = [0; 7];
    for row in &rows {
        for (width, text) in widths.iter_mut().zip(row) {
            *width = (*width).max(text.chars().count());
        }
    }
    let line = |(pipeline, row): (&Pipeline, &[String; 7])| {
        let style = status_style(&pipeline.status).style;
        let cells: Vec<String> = row
            .iter()
            .enumerate()
            .map(|(column, text)| {
                let style = if color && column == STATUS { style } else { Style::new() };
                // The last column needs no padding.
                let missing = widths[column] - text.chars().count();
                let missing = if column < 6 { missing } else { 0 };
                format!("{style}{text}{style:#}{:missing$}", "")
            })
            .collect();
        cells.join("  ")
    };
    pipelines.iter().zip(&rows).map(line).collect()
}

fn columns(pipeline: &Pipeline, now: Timestamp) -> [String; 7] {
    let text = |text: Option<&str>| match text {
        Some(text) if !text.is_empty() => sanitize(text).to_string(),
        _ => "-".to_owned(),
    };
    let sha = pipeline.sha.as_deref().map(|sha| sha.get(..SHORT_SHA).unwrap_or(sha));
    let age = pipeline.created_at.as_deref().and_then(|at| age(at, now));
    [
        pipeline.id.to_string(),
        pipeline.status.to_string(),
        text(pipeline.ref_.as_deref()),
        text(sha),
        text(pipeline.source.as_deref()),
        text(age.as_deref()),
        text(pipeline.web_url.as_deref()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pipeline(json: &str) -> Pipeline {
        serde_json::from_str(json).unwrap()
    }

    fn list(color: bool) -> String {
        let pipelines = [
            pipeline(
                r#"{"id": 10, "status": "success", "ref": "feature/\u00fcber", "sha": "c0ffee1234567890",
                    "source": "push", "created_at": "2026-03-02T09:10:00Z", "web_url": "https://a.test/10"}"#,
            ),
            pipeline(r#"{"id": 9, "status": "failed", "ref": "x\u001b[2J", "sha": null}"#),
        ];
        let now = "2026-03-02T10:10:00Z".parse().unwrap();
        lines(&pipelines, color, now).join("\n")
    }

    #[test]
    fn columns_are_aligned_and_escaped() {
        assert_eq!(
            list(false),
            "10  success  feature/über  c0ffee12  push  1 hour ago  https://a.test/10\n\
             9   failed   x\\u{1b}[2J    -         -     -           -"
        );
    }

    #[test]
    fn only_the_status_is_coloured() {
        let colored = list(true);
        assert!(colored.contains("10  \u{1b}[32msuccess\u{1b}[0m  feature"), "{colored:?}");
        assert!(colored.contains("9   \u{1b}[31mfailed\u{1b}[0m   x"), "{colored:?}");
    }
}
