//! The running agent on the session bus, under a name that it holds while it runs. Only its owner
//! is answered.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crossbeam_channel::bounded;
use zbus::blocking::Connection;
use zbus::message::Header;
use zbus::{fdo, interface};

use crate::error::{Failure, FailureKind, Result};
use crate::platform::ControlHandler;
use crate::platform::linux::bus::{Bus, DEADLINE, Unreached, reach};

/// The agent's name on the bus.
pub const NAME: &str = "org.mousewarden.Agent1";
/// Where its one object is.
pub const PATH: &str = "/org/mousewarden/Agent1";

/// How long leaving the bus may take.
const LEAVE: Duration = Duration::from_secs(1);

/// Being on the bus, as long as it lives.
#[derive(Debug)]
pub struct BusControl {
    /// Taken when it ends: the bus library waits until nobody else holds it.
    link: Option<Connection>,
}

impl BusControl {
    /// Takes the name and answers from then on, on a thread of the bus library.
    ///
    /// # Errors
    /// [`FailureKind::Unavailable`] where there is no bus, [`FailureKind::Busy`] when another has
    /// the name.
    pub fn open(bus: &Bus, handler: Arc<dyn ControlHandler>) -> Result<Self> {
        let named = bus.builder().and_then(|builder| {
            builder
                .name(NAME)?
                .allow_name_replacements(false)
                .replace_existing_names(false)
                .serve_at(PATH, Agent { handler })
        });
        let link = named
            .map_err(Unreached::Refused)
            .and_then(|builder| reach(builder, DEADLINE))
            .map_err(|why| not_opened(bus, &why))?;
        Ok(Self { link: Some(link) })
    }
}

impl Drop for BusControl {
    fn drop(&mut self) {
        let Some(link) = self.link.take() else { return };
        // Answers that are on their way still arrive, but nobody who hangs keeps the agent from
        // its end.
        let (done, ended) = bounded::<()>(0);
        if thread::Builder::new()
            .name("leave-bus".into())
            .spawn(move || {
                // Whoever comes next need not wait for the answers. The bus frees the name in the end
                // in any case.
                let _ = link.release_name(NAME);
                link.graceful_shutdown();
                drop(done);
            })
            .is_ok()
        {
            let _ = ended.recv_timeout(LEAVE);
        }
    }
}

fn not_opened(bus: &Bus, why: &Unreached) -> Failure {
    if let Unreached::Refused(zbus::Error::NameTaken) = why {
        return Failure::new(
            FailureKind::Busy,
            format!("another program has the name {NAME} on the bus"),
        )
        .remedy("The control socket answers all the same; `busctl --user status` names it.");
    }
    bus.unreached(why)
}

struct Agent {
    handler: Arc<dyn ControlHandler>,
}

#[interface(name = "org.mousewarden.Agent1")]
impl Agent {
    /// Everything that `mousewarden status --json` prints.
    async fn status(
        &self,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] link: &zbus::Connection,
    ) -> fdo::Result<String> {
        only_the_owner(&header, link).await?;
        Ok(self.handler.status())
    }

    /// Looks away for so many seconds; 0 until resumed.
    async fn pause(
        &self,
        seconds: u64,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] link: &zbus::Connection,
    ) -> fdo::Result<()> {
        only_the_owner(&header, link).await?;
        self.handler.pause(Some(seconds).filter(|seconds| *seconds > 0)).map_err(refused)
    }

    /// Ends a pause.
    async fn resume(
        &self,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] link: &zbus::Connection,
    ) -> fdo::Result<()> {
        only_the_owner(&header, link).await?;
        self.handler.resume().map_err(refused)
    }

    /// Reads the configuration again.
    async fn reload(
        &self,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] link: &zbus::Connection,
    ) -> fdo::Result<()> {
        only_the_owner(&header, link).await?;
        self.handler.reload().map_err(refused)
    }

    /// Ends the agent.
    async fn stop(
        &self,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] link: &zbus::Connection,
    ) -> fdo::Result<()> {
        only_the_owner(&header, link).await?;
        self.handler.stop().map_err(refused)
    }

    /// "watching", "paused" or "locked".
    #[zbus(property(emits_changed_signal = "false"))]
    fn state(&self) -> String {
        self.handler.summary().state
    }

    /// "trusted", "suspicious" or "intruder".
    #[zbus(property(emits_changed_signal = "false"))]
    fn decision(&self) -> String {
        self.handler.summary().decision
    }
}

/// A session bus admits its own user only; this holds where somebody configured it otherwise.
async fn only_the_owner(header: &Header<'_>, link: &zbus::Connection) -> fdo::Result<()> {
    let sender = header.sender().ok_or_else(not_the_owner)?.to_owned();
    let bus = fdo::DBusProxy::new(link).await.map_err(fdo::Error::from)?;
    let user = bus.get_connection_unix_user(sender.into()).await?;
    let own = rustix::process::getuid().as_raw();
    if user == own { Ok(()) } else { Err(not_the_owner()) }
}

fn not_the_owner() -> fdo::Error {
    fdo::Error::AccessDenied("only the owner of this session is answered".into())
}

fn refused(why: String) -> fdo::Error {
    fdo::Error::AccessDenied(why)
}
