//! Reads YAML into values, for the tests of files that GitLab reads: plain documents, no anchors.

use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value};

enum Open {
    List(Vec<Value>),
    Table(Map<String, Value>, Option<String>),
}

/// All documents of a text.
pub fn documents(text: &str) -> Vec<Value> {
    let mut documents = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.unwrap_or_else(|error| panic!("{error}\n{text}"));
        let done = match event {
            Event::SequenceStart(..) => {
                open.push(Open::List(Vec::new()));
                continue;
            }
            Event::MappingStart(..) => {
                open.push(Open::Table(Map::new(), None));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop().unwrap() {
                Open::List(list) => Value::from(list),
                Open::Table(table, _) => Value::from(table),
            },
            Event::Scalar(text, style, ..) => scalar(&text, style),
            Event::Alias(_) => panic!("an alias in line {}", span.start.line()),
            _ => continue,
        };
        match open.last_mut() {
            None => documents.push(done),
            Some(Open::List(list)) => list.push(done),
            Some(Open::Table(table, key)) => match key.take() {
                Some(name) => {
                    let twice = table.insert(name.clone(), done).is_some();
                    assert!(!twice, "{name} stands there twice");
                }
                None => *key = Some(done.as_str().map_or(done.to_string(), str::to_owned)),
            },
        }
    }
    documents
}

fn scalar(text: &str, style: ScalarStyle) -> Value {
    if style != ScalarStyle::Plain {
        return Value::from(text);
    }
    match text {
        "" | "~" | "null" => Value::Null,
        "true" => Value::from(true),
        "false" => Value::from(false),
        // Ruby, and so GitLab, takes these for true and false.
        "yes" | "no" | "on" | "off" => panic!("{text} must stand in quotes"),
        _ => number(text).unwrap_or_else(|| Value::from(text)),
    }
}

fn number(text: &str) -> Option<Value> {
    if !text.ends_with(|last: char| last.is_ascii_digit()) {
        return None;
    }
    let whole = text.parse::<i64>().ok().map(Value::from);
    whole.or_else(|| text.parse::<f64>().ok().map(Value::from))
}

#[test]
fn documents_are_read_as_they_are_written() {
    let read = documents(
        "a: [1, 0.1, 0.1.0, x]\nb:\n  - {c: \"1\"}\n  - ~\n---\n$[[ inputs.d ]]: >-\n  e\n  f\n",
    );
    let expect = [
        serde_json::json!({"a": [1, 0.1, "0.1.0", "x"], "b": [{"c": "1"}, null]}),
        serde_json::json!({"$[[ inputs.d ]]": "e f"}),
    ];
    assert_eq!(read, expect);
}
