//! Replacing a file as a whole.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::StorageError;

/// Writes bytes to a temporary file beside `path`, brings them to the disk, and renames it. Of a
/// symbolic link, the file that it points to is replaced; what is no plain file is left alone.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), StorageError> {
    let io = |action| move |source| StorageError::Io { path: path.to_path_buf(), action, source };
    let target = followed(path);
    let there = std::fs::metadata(&target).ok();
    if there.as_ref().is_some_and(|there| !there.is_file()) {
        return Err(StorageError::NotAFile { path: path.to_path_buf(), action: "replace" });
    }
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut temporary = Temporary::beside(folder).map_err(io("create a temporary file beside"))?;
    if let Some(there) = there {
        // Who may read the file does not change with its contents.
        let keep = temporary.file.set_permissions(there.permissions());
        keep.map_err(io("set the permissions of"))?;
    }
    temporary.file.write_all(bytes).map_err(io("write"))?;
    temporary.file.sync_all().map_err(io("bring to the disk"))?;
    temporary.rename(&target).map_err(io("replace"))?;
    // The new name is on the disk when the folder is. Some file systems have no such thing.
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
    Ok(())
}

/// A new file, which is removed again unless it is renamed.
struct Temporary {
    file: File,
    path: PathBuf,
    renamed: bool,
}

/// Names that are tried; where so many are taken, something else is wrong.
const MOST_NAMES: u32 = 1000;

impl Temporary {
    /// A file that was not there, with the permissions of any new file.
    fn beside(folder: &Path) -> std::io::Result<Self> {
        let mut tried = 0;
        loop {
            // Other processes have other numbers, and other threads find the name taken.
            let name = format!(".fascicle-{}-{tried}.tmp", std::process::id());
            let path = folder.join(name);
            match File::create_new(&path) {
                Ok(file) => return Ok(Self { file, path, renamed: false }),
                Err(error) if error.kind() == ErrorKind::AlreadyExists && tried < MOST_NAMES => {
                    tried += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn rename(mut self, target: &Path) -> std::io::Result<()> {
        std::fs::rename(&self.path, target)?;
        self.renamed = true;
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.renamed {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// The most links that are followed; more lead in a circle.
const MOST_LINKS: usize = 40;

/// Where symbolic links lead, also to a file that is not there yet.
fn followed(path: &Path) -> PathBuf {
    let mut target = path.to_path_buf();
    for _ in 0..MOST_LINKS {
        let Ok(next) = std::fs::read_link(&target) else { break };
        target = target.parent().map_or_else(|| next.clone(), |folder| folder.join(&next));
    }
    target
}
