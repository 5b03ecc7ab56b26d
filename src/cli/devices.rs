//! `devices`: the mice and screens that count as the owner's, from the enrolment and since, and how
//! to forget one.

use clap::{Args, Subcommand};
use serde::Serialize;

use super::context::Context;
use super::output;
use crate::agent::trusted_devices::{TrustedDevice, TrustedDevices};
use crate::data::Store;
use crate::error::Result;
use crate::model::Bundle;
use crate::platform::capture::description::Capture;
use crate::platform::clock;

/// Arguments of `devices`.
#[derive(Debug, Args)]
pub(crate) struct DevicesArgs {
    #[command(subcommand)]
    way: Option<Way>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum Way {
    /// Forget one: moving with it is a suspicion again until you give your password
    Forget {
        /// Its number in the list; without one, all that came after the enrolment
        number: Option<usize>,
    },
}

/// What is printed as JSON.
#[derive(Debug, Serialize)]
struct Listed<'a> {
    /// What the model was made with.
    enrolled: Vec<&'a str>,
    /// What a password was given after.
    since: &'a [TrustedDevice],
}

impl DevicesArgs {
    /// Lists the devices, or forgets some; a running agent follows at once.
    ///
    /// # Errors
    /// When there is no model or no such device, or the list cannot be written.
    pub(crate) fn run(self) -> Result<()> {
        let context = Context::load()?;
        let mut since = TrustedDevices::load(&Store::at(context.paths.data()).devices());
        match self.way {
            None => self.list(&context, &since),
            Some(Way::Forget { number }) => {
                let said = match number {
                    Some(number) => {
                        let forgotten = since.forget(number)?.capture;
                        format!("Forgotten: {}", Capture::parse(&forgotten))
                    }
                    None => {
                        since.forget_all()?;
                        "Only the devices of the enrolment are known.".into()
                    }
                };
                context.reload_agent();
                output::line(&said)
            }
        }
    }

    fn list(&self, context: &Context, since: &TrustedDevices) -> Result<()> {
        let model = Bundle::read(&context.own_model()?)?;
        let enrolled = model.provenance.capture.split('|').map(str::trim).collect();
        let listed = Listed { enrolled, since: since.devices() };
        if self.json {
            return output::json(&listed);
        }
        output::line("From the enrolment:")?;
        for capture in &listed.enrolled {
            output::line(&format!("        {}", Capture::parse(capture)))?;
        }
        if listed.since.is_empty() {
            return output::line(
                "None since. Plug in another mouse, lock the screen and give your password: it is yours then.",
            );
        }
        output::line("Since, by your password:")?;
        for (index, device) in listed.since.iter().enumerate() {
            let capture = Capture::parse(&device.capture);
            let since = clock::local(&device.since).escape_default().to_string();
            output::line(&format!("{:>6}  {capture}, since {since}", index + 1))?;
        }
        output::line("`mousewarden devices forget NUMBER` forgets one.")
    }
}
