//! Tables of keys and screens.

use super::*;

fn choice(name: &str, status: Status) -> Choice {
    Choice {
        name: name.to_owned(),
        project: "shop/radar".to_owned(),
        status,
        size: Some(3 << 20),
        finished_at: Some("2026-03-02T08:10:00Z".to_owned()),
    }
}

fn list(names: &[&str], count: Count) -> List {
    let choices: Vec<Choice> = names.iter().map(|name| choice(name, Status::Success)).collect();
    List::new(&choices, count, "2026-03-02T10:10:00Z".parse().unwrap())
}

/// Presses keys: a letter for itself, `^` up, `v` down, `!` Enter, `<` Backspace, `?` Escape.
fn press(list: &mut List, keys: &str) -> Outcome {
    let mut outcome = Outcome::Open;
    for key in keys.chars() {
        assert_eq!(outcome, Outcome::Open, "keys after the end");
        outcome = list.press(&match key {
            '^' => Key::ArrowUp,
            'v' => Key::ArrowDown,
            '!' => Key::Enter,
            '<' => Key::Backspace,
            '?' => Key::Escape,
            c => Key::Char(c),
        });
    }
    outcome
}

#[test]
fn keys_lead_to_a_choice() {
    let taken = |indices: &[usize]| Outcome::Ended(Some(indices.to_vec()));
    for (count, keys, expect) in [
        (Count::One, "!", taken(&[0])),
        (Count::One, "v!", taken(&[1])),
        (Count::One, "v^^!", taken(&[0])),
        (Count::One, "vvvvvv!", taken(&[2])),
        (Count::One, "doc!", taken(&[1])),
        (Count::One, "DOC!", taken(&[1])),
        (Count::One, "docx<!", taken(&[1])),
        (Count::One, "nothing!", Outcome::Open),
        (Count::One, "a b!", taken(&[2])),
        (Count::One, "v?", Outcome::Ended(None)),
        (Count::Several, "v!", taken(&[1])),
        (Count::Several, "vv ^^ !", taken(&[0, 2])),
        (Count::Several, "  v!", taken(&[1])),
        (Count::Several, "doc <<<v!", taken(&[1])),
        (Count::Several, "x!", Outcome::Open),
        (Count::Several, " ?", Outcome::Ended(None)),
    ] {
        let mut list = list(&["build", "docs", "a b"], count);
        assert_eq!(press(&mut list, keys), expect, "{count:?} {keys:?}");
    }
    let mut list = list(&[], Count::One);
    assert_eq!(press(&mut list, "v^!"), Outcome::Open);
}

fn screen(list: &List, rows: usize, columns: usize) -> Vec<String> {
    let lines: Vec<String> = list.lines(rows, columns).into_iter().map(|it| it.text).collect();
    let fit = |line: &String| measure_text_width(line) < columns && !line.contains('\x1b');
    assert!(lines.iter().all(fit), "{columns}: {lines:#?}");
    assert!(lines.len() < rows.max(4), "{lines:#?}");
    lines
}

#[test]
fn a_screen_shows_name_project_status_size_and_age() {
    let mut wide = list(&["build: [linux]", "docs"], Count::Several);
    press(&mut wide, "v u");
    expect_test::expect![[r#"
        which jobs? u
        > [ ] build: [linux]  shop/radar  success  3.0 MiB  2 hours ago
        1 of 2, 1 marked; type to filter, space marks, Enter takes, Esc ends"#]]
    .assert_eq(&screen(&wide, 24, 80).join("\n"));
}

#[test]
fn the_name_stays_on_every_screen() {
    let long = "a job whose name is longer than any screen of a person can be expected to be";
    for columns in [20, 40, 59, 60, 80, 200] {
        let list = list(
            &[long, "讀我讀我讀我讀我讀我讀我讀我讀我讀我讀我", "a\u{1b}[2Jb\n"],
            Count::Several,
        );
        let lines = screen(&list, 24, columns);
        assert!(lines[1].starts_with("> [ ] a jo"), "{lines:#?}");
        assert!(lines[3].contains("a\\u{1"), "{lines:#?}");
    }
    let lines = screen(&list(&["build-repo"], Count::One), 24, 40);
    assert_eq!(lines[1], "> build-repo  success");
}

#[test]
fn a_long_list_scrolls_with_the_cursor() {
    let names: Vec<String> = (0..100).map(|number| format!("job {number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut list = list(&names, Count::One);
    list.press(&Key::End);
    let lines = screen(&list, 10, 80);
    assert!(lines[6].starts_with("> job 99") && lines[1].starts_with("  job 94"), "{lines:#?}");
    list.press(&Key::PageUp);
    assert!(screen(&list, 10, 80)[6].starts_with("> job 89"));
    list.press(&Key::Home);
    assert!(screen(&list, 2, 80)[1].starts_with("> job 0"));
}
