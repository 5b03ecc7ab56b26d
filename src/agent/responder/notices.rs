//! Tells the person, as far as they want to be told: each kind of notice can be switched off, and
//! alarms that come too often are withheld. Says what became of each notice.

use std::collections::VecDeque;

use crate::agent::event::{Event, Withheld};
use crate::agent::notice::{self, NoticeKind, NoticeText};
use crate::agent::settings::NotifyParams;
use crate::pipeline::Timestamp;
use crate::pipeline::event::Micros;
use crate::platform::{Notice, Notifier};

/// The span over which notices are counted.
const HOUR: Micros = Micros::from_millis(3_600_000);

/// A notifier that knows its measure.
pub(super) struct NoticeLimiter {
    notifier: Box<dyn Notifier>,
    params: NotifyParams,
    told: VecDeque<Timestamp>,
}

impl NoticeLimiter {
    pub(super) const fn new(notifier: Box<dyn Notifier>, params: NotifyParams) -> Self {
        Self { notifier, params, told: VecDeque::new() }
    }

    pub(super) fn adopt(&mut self, params: NotifyParams) {
        self.params = params;
    }

    /// Tells, or doesn't, at a moment of the monotonic clock; returns what became of it.
    pub(super) fn tell(&mut self, told: &NoticeText, at: Timestamp) -> Event {
        let kind = told.kind;
        if !kind.is_wanted(&self.params) {
            return Event::Withheld { notice: kind, why: Withheld::SwitchedOff };
        }
        if kind.is_limited() && self.is_too_often(at) {
            return Event::Withheld { notice: kind, why: Withheld::TooMany };
        }
        match self.notifier.notify(&told.notice) {
            Ok(()) => {
                if kind.is_limited() {
                    self.told.push_back(at);
                }
                Event::Notified { notice: kind, body: told.notice.body.clone() }
            }
            Err(failure) => {
                let why = failure.to_string();
                tracing::warn!("{}: {why}", told.notice.summary);
                Event::NotifyFailed { why }
            }
        }
    }

    /// Shows a countdown that is shown already with so many seconds left.
    pub(super) fn renew(&mut self, told: &NoticeText, seconds: u32) {
        let summary = notice::locking_in(seconds);
        // It is shown already, and a failure was told by then.
        let _ = self.notifier.notify(&Notice { summary, ..told.notice.clone() });
    }

    /// Whether a countdown may count.
    pub(super) fn renews_quietly(&self) -> bool {
        self.notifier.renews_quietly()
    }

    /// Takes away what is shown.
    pub(super) fn withdraw(&mut self) {
        self.notifier.withdraw();
    }

    fn is_too_often(&mut self, at: Timestamp) -> bool {
        self.told.retain(|told| at - *told < HOUR);
        self.told.len() >= self.params.per_hour.get() as usize
    }
}

impl NoticeKind {
    fn is_wanted(self, params: &NotifyParams) -> bool {
        match self {
            Self::Alarm => params.alarm,
            Self::Countdown => params.countdown,
            Self::Relieved | Self::Locked => params.locked,
            Self::LockFailed => params.lock_failed,
            Self::SafeMode => params.safe_mode,
            Self::UnknownDevice => params.unknown_device,
            Self::Blind | Self::Fault => params.fault,
            // Whoever could switch it off is the one it tells of.
            Self::WhileAway => true,
        }
    }

    /// What comes with every alarm is limited; what says that something is wrong is not.
    const fn is_limited(self) -> bool {
        matches!(self, Self::Alarm | Self::SafeMode)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::agent::notice::{JudgedMovement, could_not_lock};
    use crate::agent::notice::{alarm, fault};
    use crate::agent::settings::BoundedInt;
    use crate::error::Result;

    /// A notifier that keeps what it was to show.
    #[derive(Default, Clone)]
    struct Shown(Arc<Mutex<Vec<Notice>>>);

    impl Shown {
        fn count(&self) -> usize {
            self.0.lock().unwrap().len()
        }
    }

    impl Notifier for Shown {
        fn notify(&mut self, notice: &Notice) -> Result<()> {
            self.0.lock().unwrap().push(notice.clone());
            Ok(())
        }
    }

    fn notices(params: NotifyParams) -> (NoticeLimiter, Shown) {
        let shown = Shown::default();
        (NoticeLimiter::new(Box::new(shown.clone()), params), shown)
    }

    #[test]
    fn a_kind_that_is_switched_off_is_not_shown_and_the_others_are() {
        let params = NotifyParams { alarm: false, ..NotifyParams::default() };
        let (mut notices, shown) = notices(params.clone());
        let told = notices.tell(&alarm(&JudgedMovement::default(), &params), Timestamp::default());
        assert_eq!(told, Event::Withheld { notice: NoticeKind::Alarm, why: Withheld::SwitchedOff });
        notices.tell(&fault("a fault"), Timestamp::default());
        assert_eq!(shown.count(), 1);
    }

    #[test]
    fn alarms_are_limited_by_the_hour_and_faults_are_not() {
        let params = NotifyParams { per_hour: BoundedInt::clamped(2), ..NotifyParams::default() };
        let (mut notices, shown) = notices(params.clone());
        let mut at = |minutes: i64, told: &NoticeText| {
            notices.tell(told, Timestamp::from_millis(minutes * 60_000));
            shown.count()
        };
        let alarm = alarm(&JudgedMovement::default(), &params);
        assert_eq!([at(0, &alarm), at(1, &alarm), at(2, &alarm)], [1, 2, 2]);
        assert_eq!(at(3, &could_not_lock("no way")), 3);
        assert_eq!(at(60, &alarm), 4);
    }
}
