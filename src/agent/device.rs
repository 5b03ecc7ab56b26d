//! Whether the model knows what captures now. Movement by another mouse, resolution or back end has
//! other units and another feel, so it is left unjudged.

use crate::pipeline::Timestamp;
use crate::platform::CaptureView;
use crate::platform::capture::description::{Capture, Profile, Unknown};

use super::event::Event;

/// Whether anybody has moved with what captures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    None,
    Moving,
    Told,
}

/// Compares what captures with what the model was made with.
#[derive(Debug, Clone)]
pub(crate) struct DeviceCheck {
    view: CaptureView,
    /// `None` for a recording: whoever replays it wants it judged.
    // Its profile would be compared with the name of a file.
    profile: Option<Profile>,
    seen: Option<Capture>,
    lacks: Option<Unknown>,
    /// What has come of it since the last change.
    use_of_it: Use,
}

impl DeviceCheck {
    /// Of a live source.
    pub(crate) const fn live(view: CaptureView, profile: Profile) -> Self {
        Self { view, profile: Some(profile), seen: None, lacks: None, use_of_it: Use::None }
    }

    /// Of a recording: everything is known.
    pub(crate) const fn recording(view: CaptureView) -> Self {
        Self { view, profile: None, seen: None, lacks: None, use_of_it: Use::None }
    }

    /// Another model judges from now on.
    pub(crate) fn adopt(&mut self, profile: Profile) {
        // A recording stays one, whatever model is reloaded.
        self.profile = self.profile.take().map(|_| profile);
        // The same device may be unknown to the new model.
        self.seen = None;
    }

    /// Looks again, at what captures now or captured at a moment of the stream; tells when
    /// something about a live source has changed since the last look.
    pub(crate) fn look(&mut self, at: Option<Timestamp>) -> Option<Event> {
        let now = at.map_or_else(|| self.view.get(), |at| self.view.at(at));
        // Asked at every signal: comparing first keeps it cheap.
        if self.seen.as_ref() == Some(&now) {
            return None;
        }
        self.lacks = self.profile.as_ref().and_then(|profile| profile.lacks(&now));
        let event = Event::Device { capture: now.to_string(), unknown: self.word() };
        (self.seen, self.use_of_it) = (Some(now), Use::None);
        self.profile.is_some().then_some(event)
    }

    /// Takes note of a movement that counts.
    pub(crate) fn moves(&mut self) {
        if self.use_of_it == Use::None {
            self.use_of_it = Use::Moving;
        }
    }

    /// A movement has ended. Tells, once after each change, that the model does not know with what:
    /// only now is that sure. Systems name a device before anybody has moved it (X servers do when
    /// the pointer's screen goes dark), and a moment after.
    pub(crate) fn rests(&mut self) -> Option<Event> {
        let what = self.word().filter(|_| self.use_of_it == Use::Moving)?;
        self.use_of_it = Use::Told;
        Some(Event::Unknown { capture: self.capture(), what })
    }

    /// Whether the model does not know what captures.
    pub(crate) const fn is_unknown(&self) -> bool {
        self.lacks.is_some()
    }

    /// Whether what captures has other units than the model knows: nothing can be made of its
    /// movement.
    pub(crate) const fn is_unjudgeable(&self) -> bool {
        // Counts and pixels have no common scale; another mouse of the same back end at least moves
        // pixels.
        matches!(self.lacks, Some(Unknown::Backend))
    }

    /// Takes what captures now for the owner's, after a password was given. Gives what is new by
    /// that.
    pub(crate) fn trust(&mut self) -> Option<Capture> {
        let (Some(profile), Some(seen)) = (&mut self.profile, &self.seen) else { return None };
        // Nobody can vouch for another back end: its units stay wrong after any password.
        if !matches!(self.lacks, Some(Unknown::Pointer | Unknown::Screens)) {
            return None;
        }
        profile.add(seen.clone());
        // The profile may still lack something, as the screens where only the pointer was added.
        self.lacks = profile.lacks(seen);
        Some(seen.clone())
    }

    /// What captures, as it was looked at last.
    pub(crate) fn capture(&self) -> String {
        self.seen.as_ref().map(ToString::to_string).unwrap_or_default()
    }

    /// What the model does not know, in a word.
    pub(crate) const fn word(&self) -> Option<Unknown> {
        self.lacks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_change_is_told_once_and_a_new_model_looks_again() {
        let [old, new] = ["evdev; mouse A (0001:0001)", "evdev; mouse B (0001:0002)"];
        let view = CaptureView::of(Capture::parse(old));
        let mut check = DeviceCheck::live(view.clone(), Profile::parse(old));
        let told =
            |capture: &str, unknown| Some(Event::Device { capture: capture.into(), unknown });
        assert_eq!(check.look(None), told(old, None));
        assert_eq!(check.look(None), None);
        view.set(Capture::parse(new));
        assert_eq!(check.look(None), told(new, Some(Unknown::Pointer)));
        assert!(check.is_unknown());
        assert_eq!(check.rests(), None, "nobody has moved with it");
        check.moves();
        let used = Event::Unknown { capture: new.into(), what: Unknown::Pointer };
        assert_eq!(check.rests(), Some(used));
        check.moves();
        assert_eq!(check.rests(), None, "once");
        assert_eq!(check.trust(), Some(Capture::parse(new)), "a password was given");
        assert_eq!((check.word(), check.trust()), (None, None));
        check.adopt(Profile::parse(old));
        assert_eq!(check.look(None), told(new, Some(Unknown::Pointer)));
        check.adopt(Profile::parse(new));
        assert_eq!(check.look(None), told(new, None));
        assert!(!check.is_unknown());
    }

    #[test]
    fn a_recording_is_judged_whatever_made_it() {
        let view = CaptureView::of(Capture::parse("evdev; mouse A"));
        let mut check = DeviceCheck::recording(view);
        check.adopt(Profile::parse("x11-rdev"));
        assert_eq!(check.look(None), None);
        assert!(!check.is_unknown());
        assert_eq!(check.capture(), "evdev; mouse A");
    }
}
