//! What a snapshot's maker is a digest of (`build.rs`): everything that folds, and nothing that only decides.
#![allow(clippy::unwrap_used, reason = "a test that meets an error has failed")]

use std::path::{Path, PathBuf};

/// As in `build.rs`.
const DECIDES: [&str; 8] =
    ["command", "command.rs", "export", "export.rs", "gpu", "gpu.rs", "import", "import.rs"];

fn files(below: &Path, found: &mut Vec<PathBuf>) {
    for entry in below.read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// The sources, without their tests: those that only decide, and the others.
fn sources() -> [Vec<(PathBuf, String)>; 2] {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    files(&src, &mut found);
    let told = found.into_iter().map(|path| {
        let text = std::fs::read_to_string(&path).unwrap();
        let text = text.split("#[cfg(test)]").next().unwrap().to_owned();
        (path.strip_prefix(&src).unwrap().to_owned(), text)
    });
    let (decides, folds) = told.partition(|(path, _)| DECIDES.iter().any(|name| path.starts_with(name)));
    [decides, folds]
}

#[test]
fn the_build_digests_what_this_test_looks_at() {
    let build = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("build.rs")).unwrap();
    assert!(
        build.contains(&format!("const DECIDES: [&str; 8] =\n    {DECIDES:?};")),
        "build.rs leaves out others"
    );
    assert_eq!(domain::snapshot::MAKER.len(), 16);
}

/// What is left out of the digest must not be able to change a state.
#[test]
fn what_only_decides_folds_nothing() {
    let [decides, folds] = sources();
    assert!(decides.len() > 20 && folds.len() > 20);
    for (path, text) in &decides {
        assert!(!text.contains("fn evolve"), "{} folds, and is left out of the digest", path.display());
    }
    for (path, text) in folds.iter().filter(|(path, _)| !path.ends_with("lib.rs")) {
        for module in ["crate::command", "crate::gpu", "crate::import"] {
            let used = text
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"))
                .any(|line| line.contains(module));
            assert!(!used, "{} uses {module}, which is left out of the digest", path.display());
        }
    }
}
