//! Journals as files: opened, locked, and their names brought to the disk.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;
use std::time::Duration;

use super::JournalError;

/// What a journal is kept on: a file, or what imitates one in tests.
pub(super) trait Medium: Read + Write + Seek {
    /// Makes it this long.
    fn cut(&mut self, length: u64) -> io::Result<()>;
    /// Brings what is written to the disk.
    fn sync(&mut self) -> io::Result<()>;
    /// Whether it is what this path names.
    fn is_at(&self, path: &Path) -> bool;
}

impl Medium for File {
    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }

    #[cfg(unix)]
    fn is_at(&self, path: &Path) -> bool {
        use std::os::unix::fs::MetadataExt;
        let identity = |file: std::fs::Metadata| (file.dev(), file.ino());
        match (self.metadata(), std::fs::metadata(path)) {
            (Ok(own), Ok(there)) => identity(own) == identity(there),
            _ => false,
        }
    }

    /// Others do not let a file be deleted that is open.
    #[cfg(not(unix))]
    fn is_at(&self, _: &Path) -> bool {
        true
    }
}

/// How often, and how long apart, a lock is tried that another run has. The workers of a program that
/// was killed hold it until they are killed too, which takes a moment.
const TRIES: u32 = 40;
const BETWEEN: Duration = Duration::from_millis(25);

/// The right to write to a journal. It ends with this value, also when processes that were forked
/// meanwhile still have the file open.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // A lock that cannot be given back ends with the file.
        let _ = self.0.unlock();
    }
}

/// Opens a journal, or makes an empty file for one, of which this is the only writer.
pub(super) fn open(path: &Path) -> Result<(File, Lock), JournalError> {
    let io = |action| move |source| JournalError::Io { path: path.to_path_buf(), action, source };
    if std::fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        return Err(JournalError::NotAFile { path: path.to_path_buf() });
    }
    let options = File::options().read(true).write(true).create(true).truncate(false).clone();
    let file = options.open(path).map_err(io("open"))?;
    let mut tries = TRIES;
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::Error(source)) => {
                return Err(JournalError::NoLock { path: path.to_path_buf(), source });
            }
            Err(TryLockError::WouldBlock) if tries == 0 => {
                return Err(JournalError::Busy { path: path.to_path_buf() });
            }
            Err(TryLockError::WouldBlock) => {
                tries -= 1;
                std::thread::sleep(BETWEEN);
            }
        }
    }
    let lock = Lock(file.try_clone().map_err(io("lock"))?);
    Ok((file, lock))
}

/// Brings a file's name to the disk. Some file systems have no such thing.
pub(super) fn sync_folder(path: &Path) {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Ok(folder) = File::open(folder.unwrap_or(Path::new("."))) {
        let _ = folder.sync_all();
    }
}
