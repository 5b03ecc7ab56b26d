//! Notices that files were removed, replaced or moved, and sleeps until then. Linux tells of it;
//! elsewhere every file is taken to be where it was.

#[cfg(not(target_os = "linux"))]
pub(crate) use elsewhere::{FileIdentity, FileWatch};
#[cfg(target_os = "linux")]
pub(crate) use linux::{FileIdentity, FileWatch};

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::{File, Metadata};
    use std::os::fd::OwnedFd;
    use std::os::unix::fs::MetadataExt as _;
    use std::path::{Path, PathBuf};
    use std::time::Duration;

    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::fs::inotify::{self, CreateFlags, WatchFlags};

    /// How often is looked where the system lets nothing be watched.
    // A minute late to notice a removed file costs little, and one wake-up a minute costs nothing.
    const LOOK: Duration = Duration::from_secs(60);

    /// Which file of which disk something is, whatever is in it.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(crate) struct FileIdentity {
        device: u64,
        file: u64,
    }

    impl FileIdentity {
        /// Of what a path leads to; `None` where nothing is.
        pub(crate) fn of(path: &Path) -> Option<Self> {
            // The link itself and not what it leads to: replacing a link is a change as well.
            path.symlink_metadata().ok().map(Self::from)
        }

        /// Of an open file.
        pub(crate) fn of_open(file: &File) -> Option<Self> {
            file.metadata().ok().map(Self::from)
        }
    }

    impl From<Metadata> for FileIdentity {
        fn from(data: Metadata) -> Self {
            // A path says nothing of a file that was replaced under it; device and inode do.
            Self { device: data.dev(), file: data.ino() }
        }
    }

    /// A watch over some files and the folders that they lie in.
    #[derive(Debug)]
    pub(crate) struct FileWatch(Option<OwnedFd>);

    impl FileWatch {
        /// Over what is at these paths now.
        pub(crate) fn new(paths: &[PathBuf]) -> Self {
            // Non-blocking and never read: one event is enough to wake up for, and each wait begins
            // with a new watch.
            let watch = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).ok();
            for path in paths {
                watch.iter().for_each(|watch| add(watch, path));
            }
            Self(watch)
        }

        /// Waits until something has happened to them, at most so long.
        pub(crate) fn wait(&self, at_most: Option<Duration>) {
            let left = at_most.and_then(|left| Timespec::try_from(left).ok());
            match &self.0 {
                // Whatever woke it, the caller looks.
                Some(watch) => drop(poll(&mut [PollFd::new(watch, PollFlags::IN)], left.as_ref())),
                None => std::thread::sleep(at_most.unwrap_or(LOOK)),
            }
        }
    }

    fn add(watch: &OwnedFd, path: &Path) {
        let above = WatchFlags::DELETE_SELF | WatchFlags::MOVE_SELF;
        // A file that is removed while it is open loses a name first, which is told as ATTRIB.
        let own = above | WatchFlags::ATTRIB;
        // What is not there is looked for again.
        let _ = inotify::add_watch(watch, path, own);
        // A folder that is moved takes its files with it, without a word about the files
        // themselves.
        if let Some(folder) = path.parent() {
            let _ = inotify::add_watch(watch, folder, above);
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use std::fs::File;
    use std::path::{Path, PathBuf};
    use std::time::Duration;

    /// There is none here.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(crate) enum FileIdentity {}

    impl FileIdentity {
        /// Not known.
        pub(crate) fn of(_path: &Path) -> Option<Self> {
            None
        }

        /// Not known.
        pub(crate) fn of_open(_file: &File) -> Option<Self> {
            None
        }
    }

    /// Watches nothing.
    #[derive(Debug)]
    pub(crate) struct FileWatch;

    impl FileWatch {
        /// Over nothing.
        pub(crate) fn new(_paths: &[PathBuf]) -> Self {
            Self
        }

        /// Sleeps.
        pub(crate) fn wait(&self, at_most: Option<Duration>) {
            // Nothing can change that would be noticed here, so it matters only that this is no
            // busy loop.
            std::thread::sleep(at_most.unwrap_or(Duration::from_secs(3600)));
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn removal_replacement_and_a_moved_folder_are_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let room = folder.path().join("room");
        let file = room.join("file");
        let other = folder.path().join("other");
        fs::create_dir(&room).unwrap();
        for change in [0, 1, 2] {
            fs::write(&file, "").unwrap();
            let _open = fs::File::open(&file).unwrap();
            let place = FileIdentity::of(&file);
            let watch = FileWatch::new(std::slice::from_ref(&file));
            match change {
                0 => fs::remove_file(&file).unwrap(),
                1 => {
                    fs::write(&other, "").unwrap();
                    fs::rename(&other, &file).unwrap();
                }
                _ => fs::rename(&room, folder.path().join("away")).unwrap(),
            }
            watch.wait(None);
            assert_ne!(FileIdentity::of(&file), place);
        }
    }
}
