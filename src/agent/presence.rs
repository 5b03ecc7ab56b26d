//! Keeps a running agent where others find it: what somebody removes of its locks and its socket is
//! made again at once, and told.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crossbeam_channel::Sender;

use super::control::AgentControl;
use super::event::{Event, StampedEvent};
use super::instance::Instance;
use super::live::{OpenTasks, serve};
use super::responder::Task;
use crate::error::Failure;
use crate::platform::control::endpoint::ControlEndpoint;
use crate::platform::file_watch::{FileIdentity, FileWatch};

/// How long until what could not be made is tried again.
const AGAIN: Duration = Duration::from_secs(10);

/// Where a running agent is found.
pub struct Presence {
    instance: Instance,
    socket: PathBuf,
    place: Option<FileIdentity>,
    /// What could not be made again, and was told.
    missing: BTreeSet<PathBuf>,
}

impl Presence {
    /// Of the holder of some locks that can be asked at a socket, which is open.
    pub(crate) fn of(instance: Instance, socket: &Path) -> Self {
        let place = FileIdentity::of(socket);
        Self { instance, socket: socket.to_owned(), place, missing: BTreeSet::new() }
    }

    /// Looks after it until the agent ends.
    pub(super) fn attend(mut self, control: &AgentControl, telling: &OpenTasks) {
        let mut paths = self.instance.paths();
        paths.push(self.socket.clone());
        loop {
            // What is made anew has to be watched anew, and is looked at once it is.
            let watch = FileWatch::new(&paths);
            let Some(tasks) = telling.lock().ok().and_then(|tasks| tasks.clone()) else { return };
            let mended = self.mend(control);
            let is_quiet = mended.is_empty();
            mended.into_iter().for_each(|event| tell(&tasks, event));
            // The responder ends when nobody can tell it anything any more.
            drop(tasks);
            if is_quiet {
                // Where everything is in place it sleeps until something changes, without a
                // wake-up.
                watch.wait((!self.missing.is_empty()).then_some(AGAIN));
            }
        }
    }

    /// Makes again what is gone, and says what that was.
    fn mend(&mut self, control: &AgentControl) -> Vec<Event> {
        let mut again = self.instance.claim_again();
        // A socket that others can no longer reach is as good as gone, though ours still listens.
        if FileIdentity::of(&self.socket) != self.place {
            again.push((self.socket.clone(), self.open(control).err()));
        }
        again.into_iter().filter_map(|(path, failure)| self.told(path, failure)).collect()
    }

    fn open(&mut self, control: &AgentControl) -> Result<(), Failure> {
        let endpoint = ControlEndpoint::open(&self.socket)?;
        self.place = FileIdentity::of(&self.socket);
        serve(endpoint, control.clone())
    }

    /// What is said of a file that was made again, or could not be; the latter once.
    fn told(&mut self, path: PathBuf, failure: Option<Failure>) -> Option<Event> {
        let file = path.display().to_string();
        match failure {
            None => {
                self.missing.remove(&path);
                Some(Event::Removed { file, why: None })
            }
            Some(failure) => {
                let why = Some(failure.first_line());
                // Told once: a folder that is gone for good would otherwise fill the log every ten
                // seconds.
                self.missing.insert(path).then_some(Event::Removed { file, why })
            }
        }
    }
}

fn tell(tasks: &Sender<Task>, event: Event) {
    // Where so many entries wait that there is no room, its log says so.
    drop(tasks.try_send(Task::Entry(StampedEvent::now(event))));
}
