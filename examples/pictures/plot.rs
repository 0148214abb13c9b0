//! The results of the newest complete run of the benchmark as bars.

use std::fmt::Write;

use super::{runs, theme};

const ROW: usize = 18;
/// The left ends of the bars of both columns, and the length of the longest, in pixels.
const COLUMNS: [(&str, usize); 2] = [("time (s)", 130), ("processor (s)", 500)];
const LONGEST: f64 = 280.0;

pub fn speed() -> String {
    let mut bars = String::new();
    let mut y = 50;
    for section in runs::newest().iter().filter(|section| section.is_plain()) {
        let heading = format!("{}: {}", section.name, section.content);
        writeln!(bars, r#"<text x="20" y="{y}" class="b">{heading}</text>"#).unwrap();
        let results = section.rows.iter().map(|row| (&row.tool, [row.wall, row.processor]));
        for (tool, seconds) in results.clone() {
            y += ROW;
            let class = if tool == "downriver" { "ours" } else { "other" };
            writeln!(bars, r#"<text x="120" y="{y}" text-anchor="end">{tool}</text>"#).unwrap();
            for (column, (_, x)) in COLUMNS.iter().enumerate() {
                let most = results.clone().map(|(_, seconds)| seconds[column]);
                let most = most.fold(f64::MIN_POSITIVE, f64::max);
                let length = (seconds[column] / most * LONGEST).round().max(1.0);
                let (top, after) = (y - 12, x + length as usize + 6);
                writeln!(
                    bars,
                    r#"<rect x="{x}" y="{top}" width="{length}" height="14" class="{class}"/><text x="{after}" y="{y}">{:.3}</text>"#,
                    seconds[column]
                )
                .unwrap();
            }
        }
        y += ROW * 2;
    }
    let headings = COLUMNS.map(|(name, x)| format!(r#"<text x="{x}" y="24">{name}</text>"#));
    format!(
        r#"<svg width="860" height="{y}" viewBox="0 0 860 {y}" xmlns="http://www.w3.org/2000/svg">
<style>
    text {{ font: 13px sans-serif }}
    .b {{ font-weight: bold }}
{}</style>
<rect width="100%" height="100%" rx="5" class="bg"/>
<g class="fg">
{}
{bars}</g>
</svg>
"#,
        theme::rules(&theme::PLOT),
        headings.join("\n")
    )
}
