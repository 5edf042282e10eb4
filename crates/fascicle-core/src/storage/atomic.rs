//! Replacing a file as a whole.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use super::StorageError;

/// Writes bytes to a temporary file beside `path`, brings them to the disk, and renames it. Of a
/// symbolic link, the file that it points to is replaced; what is no plain file is left alone.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> Result<(), StorageError> {
    let io = |action| move |source| StorageError::Io { path: path.to_path_buf(), action, source };
    let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    if std::fs::metadata(&target).is_ok_and(|there| !there.is_file()) {
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
    file.write_all(bytes).map_err(io("write"))?;
    file.as_file().sync_all().map_err(io("bring to the disk"))?;
    file.persist(&target).map_err(|error| io("replace")(error.error))?;
    // The new name is on the disk when the folder is. Some file systems have no such thing.
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
    Ok(())
}
