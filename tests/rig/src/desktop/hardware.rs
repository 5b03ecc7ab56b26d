//! An X server with mice of its own: Xorg on a screen that nobody sees, and devices whose movement
//! comes from us through the driver `inputtest`. What they do takes the way of real hardware
//! through the server, from its input thread on; no real device is touched.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::child::ChildProcess;
use mousewarden::error::{Failure, FailureKind, Result};

/// How long the server may take, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

// From xorg-server's include/xf86-input-inputtest-protocol.h, version 1.1.
const CLIENT_VERSION: u32 = 0;
const MOTION: u32 = 2;
const BUTTON: u32 = 4;
/// A flag, a mask of 64 bits, padding, and twice 64 doubles.
const VALUATORS: usize = 16 + 2 * 64 * 8;

/// A mouse in our hand.
#[derive(Debug)]
pub struct TestMouse {
    link: UnixStream,
}

impl TestMouse {
    /// Takes the mouse whose driver listens at this socket.
    pub(super) fn open(socket: &Path) -> Result<Self> {
        let deadline = Instant::now() + PATIENCE;
        let link = loop {
            match UnixStream::connect(socket) {
                Ok(link) => break link,
                Err(error) if Instant::now() >= deadline => return Err(lost(error)),
                Err(_) => std::thread::sleep(Duration::from_millis(10)),
            }
        };
        let mut mouse = Self { link };
        let mut hello = header(12, CLIENT_VERSION);
        hello.extend([1_u16, 1].iter().flat_map(|part| part.to_ne_bytes()));
        mouse.say(&hello)?;
        mouse.link.read_exact(&mut [0; 12]).map_err(lost)?;
        Ok(mouse)
    }

    /// The same mouse in another hand. The driver takes one connection and is never given another:
    /// one that comes while the last one goes is never answered.
    pub(super) fn again(&self) -> Result<Self> {
        self.link.try_clone().map(|link| Self { link }).map_err(lost)
    }

    /// Moves by so many pixels; the server does not accelerate.
    ///
    /// # Errors
    /// [`FailureKind::Unavailable`] when the server is gone.
    pub fn step(&mut self, dx: f64, dy: f64) -> Result<()> {
        let mut event = header(16 + VALUATORS, MOTION);
        event.extend([0; 8]);
        event.extend(valuators(Some((dx, dy))));
        self.say(&event)
    }

    /// Presses a button or lets it go, by its X11 number.
    ///
    /// # Errors
    /// [`FailureKind::Unavailable`] when the server is gone.
    pub fn button(&mut self, number: u8, down: bool) -> Result<()> {
        let mut event = header(24 + VALUATORS, BUTTON);
        let fields = [0, u32::from(number), u32::from(down), 0];
        event.extend(fields.iter().flat_map(|field| field.to_ne_bytes()));
        event.extend(valuators(None));
        self.say(&event)
    }

    fn say(&mut self, bytes: &[u8]) -> Result<()> {
        self.link.write_all(bytes).map_err(lost)
    }
}

fn lost(error: std::io::Error) -> Failure {
    Failure::new(FailureKind::Unavailable, format!("the test mouse of the X server: {error}"))
}

fn header(length: usize, kind: u32) -> Vec<u8> {
    [length as u32, kind].iter().flat_map(|field| field.to_ne_bytes()).collect()
}

fn valuators(moved: Option<(f64, f64)>) -> [u8; VALUATORS] {
    let mut bytes = [0; VALUATORS];
    if let Some((dx, dy)) = moved {
        bytes[4] = 0b11;
        bytes[16..24].copy_from_slice(&dx.to_ne_bytes());
        bytes[24..32].copy_from_slice(&dy.to_ne_bytes());
    }
    bytes
}

/// Where the driver of a mouse listens.
pub(super) fn socket(folder: &Path, mouse: usize) -> PathBuf {
    folder.join(format!("mouse-{mouse}"))
}

/// Starts an X server with so many mice on a free display and returns with the display's name.
pub(super) fn start_xorg(
    screen: (u16, u16),
    mice: usize,
    folder: &Path,
) -> Result<(ChildProcess, String)> {
    let config = folder.join("xorg.conf");
    std::fs::write(&config, configuration(screen, mice, folder))
        .map_err(|error| Failure::io(config.display(), error))?;
    let mut command = Command::new("Xorg");
    command.args(["-displayfd", "1", "-sharevts", "-novtswitch", "-keeptty", "-noreset"]);
    command.args(["-nolisten", "tcp", "-config"]).arg(&config);
    command.arg("-logfile").arg(folder.join("xorg.log"));
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut x = ChildProcess::start(command, "xserver-xorg-core")?;
    let number = x.first_line(PATIENCE).map_err(|failure| {
        failure.remedy("Install it: apt-get install xserver-xorg-core xserver-xorg-video-dummy")
    })?;
    Ok((x, format!(":{}", number.trim())))
}

fn configuration((width, height): (u16, u16), mice: usize, folder: &Path) -> String {
    let mut text = format!(
        r#"Section "ServerFlags"
  Option "AutoAddDevices" "false"
  Option "AutoAddGPU" "false"
EndSection
Section "Device"
  Identifier "device"
  Driver "dummy"
  VideoRam 32768
EndSection
Section "Monitor"
  Identifier "monitor"
  HorizSync 5-1000
  VertRefresh 5-200
  Modeline "{width}x{height}" 83.5 {width} {a} {b} {c} {height} {d} {e} {f}
EndSection
Section "Screen"
  Identifier "screen"
  Device "device"
  Monitor "monitor"
  DefaultDepth 24
  SubSection "Display"
    Depth 24
    Modes "{width}x{height}"
    Virtual {width} {height}
  EndSubSection
EndSection
"#,
        a = width + 72,
        b = width + 200,
        c = width + 400,
        d = height + 3,
        e = height + 9,
        f = height + 31,
    );
    let mut layout = String::new();
    for mouse in 1..=mice {
        let socket = socket(folder, mouse);
        text += &format!(
            r#"Section "InputDevice"
  Identifier "Test Mouse {mouse}"
  Driver "inputtest"
  Option "SocketPath" "{}"
  Option "DeviceType" "Pointer"
  Option "AccelerationScheme" "none"
EndSection
"#,
            socket.display()
        );
        layout += &format!("  InputDevice \"Test Mouse {mouse}\"\n");
    }
    text + &format!(
        "Section \"ServerLayout\"\n  Identifier \"layout\"\n  Screen \"screen\"\n{layout}EndSection\n"
    )
}
