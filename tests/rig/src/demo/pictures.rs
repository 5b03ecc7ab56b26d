//! Pictures of the demonstration for README.md: the screen with the notice and the live view on it, and the
//! alarm as the report draws it.

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};

use x11rb::connection::Connection as _;
use x11rb::protocol::xproto::{ChangeWindowAttributesAux, ConnectionExt as _};
use x11rb::wrapper::ConnectionExt as _;

use super::session::DemoSession;
use mousewarden::error::{Failure, FailureKind, Result};
use mousewarden::lab::plot::sheet;
use mousewarden::pipeline::event::Micros;
use mousewarden::platform::clock;

/// How long a terminal takes to come up and to be drawn.
const DRAWN: Micros = Micros::from_millis(5_000);
/// The live view's terminal: columns and rows, and where it stands, below the notice.
const TERMINAL: &str = "90x26+336+150";
/// What is shown of the screen, the terminal and the notice: width, height and place.
const SHOWN: &str = "960x680+320+0";
/// The desktop behind both, red, green and blue.
const PAPER: u32 = 0x003b_4a5a;

/// Takes them into a folder, which is made if it is missing.
///
/// # Errors
/// When a program is missing or the folder cannot be written.
pub(super) fn take(session: &DemoSession, folder: &Path) -> Result<()> {
    let failed = |e| Failure::io(folder.display(), e);
    fs::create_dir_all(folder).map_err(failed)?;
    paint(session.display())?;
    let terminal = Shown(live_view(session)?);
    clock::sleep_until(clock::now() + DRAWN);
    screen(session, &folder.join("demo.png"))?;
    drop(terminal);
    let page = session.call(&["report"])?;
    let page = fs::read_to_string(page.trim()).map_err(failed)?;
    fs::write(folder.join("demo-report.svg"), close_up(&page)?).map_err(failed)
}

/// A terminal on the test desktop, closed on drop.
struct Shown(Child);

impl Drop for Shown {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn live_view(session: &DemoSession) -> Result<Child> {
    let mut command = session.on_desktop("xterm");
    command.args(["-geometry", TERMINAL, "-fa", "DejaVu Sans Mono", "-fs", "12", "-e"]);
    command.args([session.program().as_os_str(), "watch".as_ref()]);
    command.stdin(Stdio::null()).spawn().map_err(|e| missing("xterm", "xterm", &e))
}

/// Gives the desktop a colour: the notice is to be seen, not a black screen.
fn paint(display: &str) -> Result<()> {
    let failed = |e: &dyn std::fmt::Display| {
        Failure::new(FailureKind::Unavailable, format!("display {display}: {e}"))
    };
    let (x, screen) = x11rb::connect(Some(display)).map_err(|e| failed(&e))?;
    let root = x.setup().roots[screen].root;
    let paper = ChangeWindowAttributesAux::new().background_pixel(PAPER);
    x.change_window_attributes(root, &paper).map_err(|e| failed(&e))?;
    x.clear_area(false, root, 0, 0, 0, 0).map_err(|e| failed(&e))?;
    x.sync().map_err(|e| failed(&e))
}

/// Few colours, so that the picture is small.
fn screen(session: &DemoSession, file: &Path) -> Result<()> {
    let mut command = session.on_desktop("import");
    command.args(["-window", "root", "-crop", SHOWN, "+repage", "-colors", "32"]).arg(file);
    let taken = command.status().map_err(|e| missing("import", "imagemagick", &e))?;
    taken.success().then_some(()).ok_or_else(|| {
        Failure::new(FailureKind::Internal, format!("import took no picture: {taken}"))
    })
}

/// The last picture of the report's page, an alarm from near, as a file of its own.
fn close_up(page: &str) -> Result<String> {
    let begin = page.rfind("<svg ").map(|at| &page[at..]);
    let picture = begin.and_then(|rest| Some(&rest[..rest.find("</svg>")? + "</svg>".len()]));
    let (open, body) = picture.and_then(|picture| picture.split_once('>')).ok_or_else(|| {
        Failure::new(FailureKind::Internal, "the report of the demonstration has no picture")
    })?;
    let open = open.replacen("<svg ", "<svg xmlns=\"http://www.w3.org/2000/svg\" ", 1);
    let paper = "<rect class=\"p\" width=\"100%\" height=\"100%\"/>";
    Ok(format!("{open}><style>{}</style>{paper}{body}\n", sheet()))
}

fn missing(program: &str, package: &str, error: &std::io::Error) -> Failure {
    Failure::new(FailureKind::Unavailable, format!("{program}: {error}"))
        .remedy(format!("Install it: apt-get install {package}"))
}
