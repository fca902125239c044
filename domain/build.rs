//! Digests the sources of everything that folds events into states, so that a snapshot tells by whom it was made.
//!
//! What only decides is left out: it reads states and makes none, so another rule spoils no snapshot.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

/// Below `src`: what decides, and what reads files.
const DECIDES: [&str; 8] =
    ["command", "command.rs", "export", "export.rs", "gpu", "gpu.rs", "import", "import.rs"];

fn main() -> std::io::Result<()> {
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed=build.rs");
    let mut sources = Vec::new();
    for entry in Path::new("src").read_dir()? {
        let path = entry?.path();
        let decides = DECIDES.iter().any(|name| path.ends_with(name));
        if !decides {
            collect(path, &mut sources)?;
        }
    }
    sources.sort();
    let mut digest = DefaultHasher::new();
    for source in sources {
        source.hash(&mut digest);
        std::fs::read(&source)?.hash(&mut digest);
    }
    println!("cargo::rustc-env=DAYBOOK_FOLD={:016x}", digest.finish());
    Ok(())
}

fn collect(path: PathBuf, sources: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if path.is_dir() {
        for entry in path.read_dir()? {
            collect(entry?.path(), sources)?;
        }
    } else {
        sources.push(path);
    }
    Ok(())
}
