//! The files that an import is given.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use domain::gpu::{self, GpuFiles};

use crate::cli::failed::Failed;

/// As much as the HTTP interface takes.
const BYTES_MAX: u64 = 64 << 20;

/// The path under which each file was given, by the name that the ledger will know it by.
pub type Paths = HashMap<String, String>;

/// What was given, read.
pub struct Given {
    /// The rows of the files.
    pub rows: GpuFiles,
    /// Where the files are.
    pub paths: Paths,
}

/// Reads files, and the GPU files of folders.
pub fn read(given: &[PathBuf]) -> Result<Given, Failed> {
    let mut paths = Paths::new();
    let mut files = Vec::new();
    let mut bytes = 0;
    for path in expanded(given)? {
        let content = std::fs::read(&path).map_err(|error| unreadable(&path, &error))?;
        bytes += content.len() as u64;
        if bytes > BYTES_MAX {
            return Err(Failed::wrong("the files have more than 64 MiB together"));
        }
        // The ledger keeps the name; where it lay on this host is nobody's business.
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        paths.entry(name.clone()).or_insert_with(|| path.display().to_string());
        files.push((name, content));
    }
    Ok(Given { rows: gpu::read(&files), paths })
}

fn expanded(given: &[PathBuf]) -> Result<Vec<PathBuf>, Failed> {
    let mut paths = Vec::new();
    for path in given {
        if !path.is_dir() {
            paths.push(path.clone());
            continue;
        }
        let entries = std::fs::read_dir(path).map_err(|error| unreadable(path, &error))?;
        let is_gpu = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_uppercase();
            path.is_file() && name.contains("GPU")
        };
        let mut found: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(is_gpu).collect();
        if found.is_empty() {
            return Err(Failed::wrong(format!("{} holds no GPU files", path.display()))
                .next("Their names hold GPU and three digits, as GPU001.TXT."));
        }
        found.sort();
        paths.extend(found);
    }
    Ok(paths)
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failed {
    Failed::wrong(format!("{} cannot be read: {error}", path.display()))
}
