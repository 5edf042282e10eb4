//! Replacing a file as a whole.

use std::fs::File;
use std::io::Write;
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
    let mut builder = tempfile::Builder::new();
    builder.prefix(".fascicle-").suffix(".tmp");
    #[cfg(unix)]
    {
        // As for any new file; the umask takes its part.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.tempfile_in(folder).map_err(io("create a temporary file beside"))?;
    if let Some(there) = there {
        // Who may read the file does not change with its contents.
        file.as_file()
            .set_permissions(there.permissions())
            .map_err(io("set the permissions of"))?;
    }
    file.write_all(bytes).map_err(io("write"))?;
    file.as_file().sync_all().map_err(io("bring to the disk"))?;
    file.persist(&target).map_err(|error| io("replace")(error.error))?;
    // The new name is on the disk when the folder is. Some file systems have no such thing.
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
    Ok(())
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
