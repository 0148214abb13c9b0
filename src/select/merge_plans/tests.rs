//! Tables of paths that two archives contain, and of archives that exclude each other.

use super::*;
use crate::plan::Placement;

/// Reads a plan: `a` is a file, `a/` a folder, `a -> b` a symlink.
fn plan(job: &str, lines: &[&str]) -> (String, Plan) {
    let placement = |(entry, line): (u32, &&str)| {
        let (mode, modified) = (None, None);
        let (path, kind) = if let Some((path, target)) = line.split_once(" -> ") {
            (path, PlacementKind::Link { target: target.into() })
        } else if let Some(path) = line.strip_suffix('/') {
            (path, PlacementKind::Folder { mode, modified })
        } else {
            (*line, PlacementKind::File { mode, modified, size: 1, crc32: 0 })
        };
        Placement { entry, path: path.into(), kind }
    };
    let placements = (0..).zip(lines).map(placement).collect();
    (job.to_owned(), Plan { placements, ..Plan::default() })
}

fn left(plans: &[(String, Plan)]) -> Vec<Vec<&str>> {
    plans
        .iter()
        .map(|(_, plan)| plan.placements.iter().map(|p| p.path.to_str().unwrap()).collect())
        .collect()
}

fn both(on_conflict: OnConflict, a: &[&str], b: &[&str]) -> Result<String, String> {
    let mut plans = [plan("one", a), plan("two", b)];
    let settled = settle(&mut plans, on_conflict, Symlinks::KeepInside, System::Unix);
    let warnings = settled.map_err(|clash| clash.to_string())?;
    Ok(format!("{:?} {}", left(&plans), warnings.join("\n")))
}

#[test]
fn a_path_of_two_archives_goes_to_the_one_that_was_asked_for() {
    let (a, b) = (["x", "d/", "d/same", "y"], ["d/", "d/same", "z"]);
    let told = "`d/same` is in the archives of both `one` and `two`";
    for (on_conflict, expect) in [
        (
            OnConflict::Overwrite,
            Ok(format!(
                r#"[["x", "d", "y"], ["d", "d/same", "z"]] {told}; that of `two` is taken"#
            )),
        ),
        (
            OnConflict::Skip,
            Ok(format!(
                r#"[["x", "d", "d/same", "y"], ["d", "z"]] {told}; that of `one` is taken"#
            )),
        ),
        (OnConflict::Fail, Err(told.to_owned())),
    ] {
        assert_eq!(both(on_conflict, &a, &b), expect);
    }
    assert!(both(OnConflict::Fail, &["a", "d/"], &["b", "d/"]).is_ok());
}

#[test]
fn the_last_of_three_wins_and_each_loss_is_told() {
    let mut plans = [plan("one", &["x"]), plan("two", &["x", "y"]), plan("three", &["x"])];
    let settled = settle(&mut plans, OnConflict::Overwrite, Symlinks::KeepInside, System::Unix);
    assert_eq!(settled.unwrap().len(), 2);
    assert_eq!(left(&plans), [vec![], vec!["y"], vec!["x"]]);
}

#[test]
fn archives_that_exclude_each_other_are_refused_for_every_on_conflict() {
    let cases: [(&[&str], &[&str], &str); 4] = [
        (&["d"], &["d/x"], "`d` is a folder in only one and is in the archives"),
        (&["d/x"], &["d"], "`d` is a folder in only one and is in the archives"),
        (&["d -> e"], &["d/x"], "`d` is a folder in only one and is in the archives"),
        (&["x/e/l -> ../.."], &["m -> x/e/l/../foo"], "together with the other jobs, of job `two`"),
    ];
    for (a, b, expect) in cases {
        for on_conflict in [OnConflict::Overwrite, OnConflict::Skip, OnConflict::Fail] {
            let clash = both(on_conflict, a, b).unwrap_err();
            assert!(clash.starts_with(expect), "{clash}");
        }
    }
    let mut plans = [plan("one", &["A/x"]), plan("two", &["a/y"])];
    let mac = settle(&mut plans, OnConflict::Overwrite, Symlinks::KeepInside, System::Mac);
    assert!(mac.unwrap_err().to_string().contains("spelled in two ways"));
}
