//! `privacy`: what is stored about the owner, where, for how long, and who can read it, as it is on
//! the disk now.

pub(crate) mod inventory;
pub(crate) mod retention;

use clap::Args;

use self::inventory::Holding;
use super::context::Context;
use super::output;
use crate::error::Result;

/// What holds for everything, whatever is stored.
const PROMISES: &str = "\
Never recorded: keys, screen contents, window titles, file names. Of clicks your model knows which button was held for how \
long and how soon after what: timing, not content, and never where. Under X11's rdev hook key presses pass through the \
memory of the capture process, which drops them and can take them nowhere; the back end xinput2 sees none.
Never sent: the program has no network code; nothing leaves this machine.
Said in the log, which the system's journal may keep as long as it likes: what happened, with scores; never where the \
pointer was.
`mousewarden export FOLDER` copies all of it, `mousewarden purge everything` removes it.";

/// Arguments of `privacy`.
#[derive(Debug, Args)]
pub(crate) struct PrivacyArgs {
    /// One line of JSON a thing stored instead of text
    #[arg(long)]
    json: bool,
}

impl PrivacyArgs {
    /// Prints the inventory.
    ///
    /// # Errors
    /// When the configuration is wrong or a folder cannot be looked into.
    pub(crate) fn run(self) -> Result<()> {
        let context = Context::load()?;
        for holding in inventory::all(&context)? {
            if self.json { output::json(&holding)? } else { output::line(&text(&holding))? }
        }
        if self.json { Ok(()) } else { output::line(PROMISES) }
    }
}

fn text(holding: &Holding) -> String {
    let there = match holding.files {
        0 => "nothing there".to_owned(),
        1 => format!("1 file, {}", size(holding.bytes)),
        files => format!("{files} files, {}", size(holding.bytes)),
    };
    let Holding { name, holds, kept, path, readers, .. } = holding;
    let path = path.display();
    format!(
        "{name}\n  holds     {holds}\n  where     {path} ({there})\n  how long  {kept}\n  readers   {readers}\n"
    )
}

/// "12.3 kB", in powers of ten.
pub(in crate::cli) fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}
