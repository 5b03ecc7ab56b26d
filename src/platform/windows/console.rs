//! What the console and the end of a session ask of the process: to end. Whoever runs the process
//! acts on it.

use std::io;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use windows_sys::Win32::System::Console::{CTRL_C_EVENT, SetConsoleCtrlHandler};
use windows_sys::core::BOOL;

use crate::acl::done;
use crate::platform::signals::ProcessSignal;

/// Windows ends the process when the handler of a closing console returns, or after five seconds.
const LAST_WORDS: Duration = Duration::from_secs(4);

type Heard = Box<dyn FnMut(ProcessSignal) + Send>;

static HEARD: Mutex<Option<Heard>> = Mutex::new(None);

/// Calls `heard` at each event from here on.
///
/// # Errors
/// When Windows refuses.
pub(crate) fn listen(heard: Heard) -> io::Result<()> {
    *HEARD.lock().unwrap_or_else(PoisonError::into_inner) = Some(heard);
    // SAFETY: the function lives as long as the process.
    done(unsafe { SetConsoleCtrlHandler(Some(hear), 1) })
}

unsafe extern "system" fn hear(event: u32) -> BOOL {
    let interrupt = event == CTRL_C_EVENT;
    if let Some(heard) = HEARD.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
        heard(if interrupt { ProcessSignal::Interrupt } else { ProcessSignal::Terminate });
    }
    if !interrupt {
        thread::sleep(LAST_WORDS);
    }
    1
}
