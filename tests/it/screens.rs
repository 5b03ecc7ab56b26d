//! The monitors of a test desktop's X server, changed by RandR as a person changes them: another resolution,
//! one more, one taken away. Nothing is asked of the agent here.

use mousewarden_rig::desktop::TestDesktop;
use x11rb::connection::Connection as _;
use x11rb::protocol::randr::{ConnectionExt as _, GetScreenResourcesCurrentReply, Rotation};
use x11rb::protocol::xproto::{ConnectionExt as _, Window};
use x11rb::rust_connection::RustConnection;

/// A hand at the settings of the display.
pub struct Screens {
    x: RustConnection,
    root: Window,
}

impl Screens {
    /// Of this desktop.
    ///
    /// # Panics
    /// When there is no such display.
    pub fn of(desktop: &TestDesktop) -> Self {
        let (x, screen) = x11rb::connect(Some(desktop.display())).unwrap();
        let root = x.setup().roots[screen].root;
        Self { x, root }
    }

    /// Puts monitors of these sizes side by side, the first output first; `None` leaves an output dark.
    ///
    /// # Panics
    /// When the server refuses.
    pub fn arrange(&self, sizes: &[Option<(u16, u16)>]) {
        // Nobody sees the steps in between.
        self.x.grab_server().unwrap();
        let known = self.x.randr_get_screen_resources_current(self.root).unwrap().reply().unwrap();
        for crtc in &known.crtcs {
            self.light(&known, *crtc, (0, 0), &[], x11rb::NONE);
        }
        let lit = || sizes.iter().flatten();
        let width: u16 = lit().map(|(width, _)| width).sum();
        let height = lit().map(|(_, height)| *height).max().unwrap();
        let millimetres = |pixels: u16| u32::from(pixels) * 254 / 960;
        self.x
            .randr_set_screen_size(
                self.root,
                width,
                height,
                millimetres(width),
                millimetres(height),
            )
            .unwrap()
            .check()
            .unwrap();
        let mut left = 0;
        for (index, size) in sizes.iter().enumerate() {
            let Some(size) = size else { continue };
            let (crtc, output) = (known.crtcs[index], known.outputs[index]);
            let mode = known.modes.iter().find(|mode| (mode.width, mode.height) == *size);
            let mode = mode.map(|mode| mode.id).unwrap();
            // An output that has the mode already says so.
            let _ = self.x.randr_add_output_mode(output, mode).unwrap().check();
            self.light(&known, crtc, (left, 0), &[output], mode);
            left += i16::try_from(size.0).unwrap();
        }
        self.x.ungrab_server().unwrap();
        self.x.flush().unwrap();
    }

    fn light(
        &self,
        known: &GetScreenResourcesCurrentReply,
        crtc: u32,
        (x, y): (i16, i16),
        outputs: &[u32],
        mode: u32,
    ) {
        let times = (x11rb::CURRENT_TIME, known.config_timestamp);
        let upright = Rotation::ROTATE0;
        let set =
            self.x.randr_set_crtc_config(crtc, times.0, times.1, x, y, mode, upright, outputs);
        set.unwrap().reply().unwrap();
    }
}
