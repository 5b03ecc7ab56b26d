//! Injected movement where the system says of each event whether a program made it, and never which
//! device did. Pure.

use super::description::{Pointer, PointerKind};
use super::mover::Mover;
use crate::pipeline::Timestamp;

/// Follows who moves: a device that nobody knows, or a program.
#[derive(Debug, Default)]
pub struct Injection {
    mover: Mover<bool>,
    is_named: bool,
}

impl Injection {
    /// Takes note of an event. Where another moves from here on, `tell` is asked to say so: by what
    /// pointer, or by one that is not known. Asked again with the next event if it could not.
    pub fn moved(
        &mut self,
        at: Timestamp,
        injected: bool,
        tell: impl FnOnce(Option<Pointer>) -> bool,
    ) {
        // The system marks the event and not its device: the flag itself takes the place of a
        // device.
        self.mover.moved(at, injected, injected);
        let injects = self.mover.current() == Some(&true);
        let pointer = injects.then(|| Pointer::new(PointerKind::Virtual, "injected input"));
        if injects != self.is_named && tell(pointer) {
            self.is_named = injects;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn injected_movement_is_named_once_until_a_device_moves_alone() {
        let mut injection = Injection::default();
        let mut told = Vec::new();
        let is_heard = [false, true, true];
        let mut heard = is_heard.into_iter();
        for (ms, injected) in [
            (0, false),
            (8, true),
            (16, true),
            (24, false),
            (1_000, true),
            (5_000, false),
            (5_008, false),
        ] {
            injection.moved(Timestamp::from_millis(ms), injected, |pointer| {
                told.push((ms, pointer.map(|pointer| pointer.to_string())));
                heard.next().unwrap_or(true)
            });
        }
        let named = Some("virtual injected input".to_owned());
        assert_eq!(told, [(8, named.clone()), (16, named), (5_000, None)]);
    }
}
