//! The folder of a path as a user writes it.

use std::path::Path;

/// Returns the folder that a path is in: `.` for a name alone.
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_alone_is_in_the_current_folder() {
        for (path, folder) in
            [("it.zip", "."), ("./it.zip", "."), ("a/b/it.zip", "a/b"), ("/x", "/")]
        {
            assert_eq!(folder_of(Path::new(path)), Path::new(folder), "{path}");
        }
    }
}
