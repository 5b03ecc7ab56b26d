//! `watch`: what the running agent sees, live in the terminal, from its answers and its history. A
//! key asks it for a pause or for its end.

mod journal_tail;
mod scene;
mod view;

use std::io::IsTerminal;
use std::path::Path;
use std::time::Duration;

use clap::Args;
use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind};

use self::journal_tail::JournalTail;
use self::scene::Scene;
use super::context::{Context, socket as socket_of};
use super::output;
use crate::agent::control::{self, ControlRequest, Reply};
use crate::agent::shared_status::WatchState;
use crate::data::Store;
use crate::error::{Failure, FailureKind, Result};

/// How often is looked for news.
const LOOK: Duration = Duration::from_millis(250);

/// Arguments of `watch`.
#[derive(Debug, Args)]
pub(crate) struct WatchArgs {}

impl WatchArgs {
    /// Shows the agent until a key ends it.
    ///
    /// # Errors
    /// When none runs, or this is no terminal.
    pub(crate) fn run(self) -> Result<()> {
        let context = Context::load()?;
        let socket = socket_of(&context.paths);
        control::ask(&socket, &ControlRequest::Status)?;
        if !std::io::stdout().is_terminal() {
            return Err(Failure::new(FailureKind::Unavailable, "watch needs a terminal")
                .remedy("`mousewarden status --json` is for programs."));
        }
        let feed = JournalTail::open(&Store::at(context.paths.data()).history());
        let ended = show(&mut ratatui::init(), &socket, feed);
        ratatui::restore();
        ended
    }
}

fn show(terminal: &mut DefaultTerminal, socket: &Path, mut feed: JournalTail) -> Result<()> {
    let mut scene = Scene::new(output::colour());
    loop {
        scene.status = match control::ask(socket, &ControlRequest::Status) {
            Ok(Reply::Status(status)) => Some(*status),
            _ => None,
        };
        feed.news().iter().for_each(|line| scene.take(line));
        terminal.draw(|frame| view::draw(frame, &scene)).map_err(Failure::at("the terminal"))?;
        if !event::poll(LOOK).map_err(Failure::at("the terminal"))? {
            continue;
        }
        match event::read().map_err(Failure::at("the terminal"))? {
            Event::Key(key) if key.kind == KeyEventKind::Press => match key.code {
                KeyCode::Char('q') | KeyCode::Esc => return Ok(()),
                KeyCode::Char('c') if key.modifiers.contains(event::KeyModifiers::CONTROL) => {
                    return Ok(());
                }
                KeyCode::Char('p') => scene.note(toggle(socket, &scene)),
                _ => {}
            },
            _ => {}
        }
    }
}

/// Pauses, or ends a pause; says why not, if it cannot be.
fn toggle(socket: &Path, scene: &Scene) -> Option<String> {
    let paused = scene.status.as_ref().is_some_and(|status| status.state == WatchState::Paused);
    let request =
        if paused { ControlRequest::Resume } else { ControlRequest::Pause { seconds: None } };
    let refused = control::ask(socket, &request).err()?;
    refused.to_string().lines().next().map(str::to_owned)
}
