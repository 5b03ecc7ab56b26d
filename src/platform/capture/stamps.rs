//! Records' stamps held against the clock at their receipt: an impossible one would blind
//! everything behind it, which goes by the time of events.

use crate::pipeline::Timestamp;
use crate::pipeline::event::Micros;

/// Both processes read the same clock, and a record is stamped before it is sent.
const AHEAD: Micros = Micros::from_millis(5);
/// Longer than what fits into the line takes to come about while a mouse is moved.
const OLDEST: Micros = Micros::from_millis(60_000);
/// The kernel's and the X server's stamps may lie so far behind the moment of their reading.
const DISORDER: Micros = Micros::from_millis(6_000);

/// Why a record is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is no record.
    Nonsense,
    /// It is stamped with a moment that has not come yet.
    Ahead,
    /// It is stamped with a moment long past.
    Stale,
    /// It is stamped long before the record in front of it.
    Disorder,
}

impl Fault {
    /// Half a sentence.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Nonsense => "it sent what is no record",
            Self::Ahead => "it sent a record dated in the future",
            Self::Stale => "it sent a record dated long ago",
            Self::Disorder => "it sent records out of order",
        }
    }
}

/// What one capture process has sent so far.
#[derive(Debug, Default)]
pub(crate) struct Stamps {
    latest: Option<Timestamp>,
}

impl Stamps {
    /// Takes note of a record's stamp.
    ///
    /// # Errors
    /// Why it is not believed.
    pub(crate) fn admit(&mut self, at: Timestamp, now: Timestamp) -> Result<(), Fault> {
        let behind = |later: Timestamp| later.micros().saturating_sub(at.micros());
        // Saturating differences: a forged stamp must end in a fault and not in an overflow.
        if behind(now) < -AHEAD.0 {
            return Err(Fault::Ahead);
        }
        if behind(now) > OLDEST.0 {
            return Err(Fault::Stale);
        }
        // Late stamps are left out by the segmenter one by one; this far back the clock itself is
        // wrong.
        if self.latest.is_some_and(|latest| behind(latest) > DISORDER.0) {
            return Err(Fault::Disorder);
        }
        // The latest and not the last: one late record must not make the next one look early.
        self.latest = self.latest.max(Some(at));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: i64) -> Timestamp {
        Timestamp::from_millis(1000 * seconds)
    }

    #[test]
    fn what_can_be_is_admitted_and_what_cannot_is_named() {
        let year = 365 * 24 * 3600;
        for (at, fault) in [
            (s(1000), None),
            (s(997), None),
            (s(1000 + year), Some(Fault::Ahead)),
            (s(1001), Some(Fault::Ahead)),
            (s(990), Some(Fault::Disorder)),
            (s(0), Some(Fault::Stale)),
            (Timestamp::from_micros(i64::MIN), Some(Fault::Stale)),
            (Timestamp::from_micros(i64::MAX), Some(Fault::Ahead)),
        ] {
            let mut stamps = Stamps::default();
            stamps.admit(s(1000), s(1000)).unwrap();
            assert_eq!(stamps.admit(at, s(1000)).err(), fault, "{at:?}");
        }
    }

    #[test]
    fn what_waited_while_nobody_read_is_admitted() {
        let mut stamps = Stamps::default();
        assert!((950..1000).all(|at| stamps.admit(s(at), s(1000)).is_ok()));
    }
}
