//! Parsers of `K=V`, the form of variables and inputs.

use serde_json::Value;

/// Parses a variable: it is split at the first `=`, because its value may contain more of them.
pub fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some(("", _)) => Err("it has no name before the `=`".to_owned()),
        Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
        None => Err("write it like NAME=VALUE".to_owned()),
    }
}

/// Parses an input. GitLab checks its type, so a value that parses as JSON is sent as JSON; `"3"` is
/// the string 3.
pub fn input(text: &str) -> Result<(String, Value), String> {
    let (name, value) = variable(text)?;
    let typed = serde_json::from_str(&value).unwrap_or(Value::String(value));
    Ok((name, typed))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn variables_are_split_at_the_first_equals_sign() {
        for (text, name, value) in
            [("A=b", "A", "b"), ("A=b=c", "A", "b=c"), ("A=", "A", ""), ("A= b ", "A", " b ")]
        {
            assert_eq!(variable(text), Ok((name.to_owned(), value.to_owned())), "{text}");
        }
        assert!(variable("A").is_err());
        assert!(variable("=b").is_err());
    }

    #[test]
    fn inputs_are_json_where_they_parse_as_json() {
        for (text, expect) in [
            ("a=text", json!("text")),
            ("a=true", json!(true)),
            ("a=3", json!(3)),
            (r#"a="3""#, json!("3")),
            (r#"a=["x"]"#, json!(["x"])),
            ("a=[x]", json!("[x]")),
            ("a=1.2.3", json!("1.2.3")),
            ("a=", json!("")),
        ] {
            assert_eq!(input(text), Ok(("a".to_owned(), expect)), "{text}");
        }
    }
}
