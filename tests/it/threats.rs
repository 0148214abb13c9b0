//! The tests of each row of `THREATS.md`: at least one.

mod shown_by;

use std::collections::BTreeSet;

use crate::tidy::root;
use shown_by::SHOWN_BY;

/// Returns if a file of this module, or of a parent module, has such a test.
fn exists(test: &str) -> bool {
    let (modules, name) = test.rsplit_once("::").unwrap_or(("", test));
    let modules: Vec<&str> = modules.split("::").collect();
    let wanted = format!("fn {name}()");
    (1..=modules.len()).any(|count| {
        let path = modules[..count].join("/");
        let files =
            [format!("src/{path}.rs"), format!("src/{path}/mod.rs"), format!("tests/it/{path}.rs")];
        files.iter().any(|file| {
            std::fs::read_to_string(root().join(file)).is_ok_and(|text| text.contains(&wanted))
        })
    })
}

/// Returns the mistakes of a table of tests for the rows of this page.
fn wrong(page: &str, table: &[(usize, &str)]) -> Vec<String> {
    let number = |line: &str| line.strip_prefix("| T")?.split(' ').next()?.parse().ok();
    let rows: Vec<usize> = page.lines().filter_map(number).collect();
    let mut wrong = Vec::new();
    if rows.iter().collect::<BTreeSet<_>>().len() != rows.len() {
        wrong.push("a row is there twice".to_owned());
    }
    for row in &rows {
        if !table.iter().any(|(number, tests)| number == row && !tests.is_empty()) {
            wrong.push(format!("T{row} has no test"));
        }
    }
    for (row, tests) in table {
        if !rows.contains(row) {
            wrong.push(format!("there is no T{row}"));
        }
        let missing = tests.split(' ').filter(|test| !test.is_empty() && !exists(test));
        wrong.extend(missing.map(|test| format!("T{row}: there is no test {test}")));
    }
    wrong
}

#[test]
fn every_threat_has_a_test_that_exists() {
    let page = std::fs::read_to_string(root().join("THREATS.md")).expect("THREATS.md");
    let wrong = wrong(&page, &SHOWN_BY);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_gap_in_the_table_is_found() {
    let here = "threats::a_gap_in_the_table_is_found";
    for (page, table, expect) in [
        ("| T1 | a | b |\n| T2 | a | b |", &[(1, here)][..], "T2 has no test"),
        ("| T1 | a | b |", &[(1, "")], "T1 has no test"),
        ("| T1 | a | b |", &[(1, here), (3, here)], "there is no T3"),
        ("| T1 | a | b |", &[(1, "threats::no_such_test")], "T1: there is no test"),
        ("| T1 | a | b |\n| T1 | a | b |", &[(1, here)], "a row is there twice"),
    ] {
        let wrong = wrong(page, table);
        assert!(wrong.len() == 1 && wrong[0].starts_with(expect), "{wrong:?}");
    }
}
