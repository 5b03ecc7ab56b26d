//! Takes signals from the source to the engine, says when a pause has lasted long enough, and turns
//! what had to be dropped into a boundary.
//!
//! # Invariants
//! A live source is never made to wait.

use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};

use crate::error::Result;
use crate::pipeline::event::Micros;
use crate::pipeline::{Boundary, MouseEvent, Signal, Timestamp};
use crate::platform::{CaptureNews, EventSource, Next, clock};

use super::settings::IntakeParams;

/// The engine is woken at least this often in event time while the hand moves, microseconds. Every
/// end of a movement wakes it at once; waking it for each event would cost more than scoring.
// 50 ms are below what anybody sees of `status`, and a pause takes five times as long.
const WAKE_EVERY: Micros = Micros(50_000);

/// What happens when the engine is too slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pressure {
    /// A live mouse: never wait; what is lost becomes `Boundary::Overflow`.
    Drop,
    /// A recording: wait, lose nothing.
    Wait,
}

/// The engine's end of the queue.
#[derive(Debug, Clone)]
pub(crate) struct SignalQueue {
    /// The signals in order.
    pub signals: Receiver<Signal>,
    /// Rings when there is something to do.
    pub bell: Receiver<()>,
    /// The source has ended, or failed.
    pub ended: Receiver<Result<()>>,
}

/// The source's end of the queue.
pub(crate) struct Intake {
    signals: Sender<Signal>,
    bell: Sender<()>,
    ended: Sender<Result<()>>,
    pressure: Pressure,
    slack: Micros,
    quiet: QuietTimer,
    rung_at: Option<Timestamp>,
    lost: bool,
    news: News,
}

/// Told what the source says of itself.
pub(crate) type News = Box<dyn FnMut(CaptureNews) + Send>;

/// Both ends of a queue for windows that end after a pause of `pause`.
pub(crate) fn queue(
    params: &IntakeParams,
    pressure: Pressure,
    pause: Micros,
) -> (Intake, SignalQueue) {
    // Bounded: a stalled engine must not grow the process until the system kills it.
    let (signals, signals_out) = bounded(params.queue_signals.get() as usize);
    // One ring is enough: whoever hears it reads all there is.
    let (bell, bell_out) = bounded(1);
    let (ended, ended_out) = bounded(1);
    let slack = Micros::from_millis(i64::from(params.slack_ms.get()));
    let quiet = QuietTimer::new(pause);
    let news: News = Box::new(|_| {});
    let intake =
        Intake { signals, bell, ended, pressure, slack, quiet, rung_at: None, lost: false, news };
    (intake, SignalQueue { signals: signals_out, bell: bell_out, ended: ended_out })
}

impl Intake {
    /// With somebody who is told what the source says of itself.
    pub(crate) fn telling(self, news: News) -> Self {
        Self { news, ..self }
    }

    /// Carries signals until the source or the engine is gone.
    pub(crate) fn run(mut self, source: &mut dyn EventSource) {
        let result = self.carry(source);
        let _ = self.ended.send(result);
    }

    fn carry(&mut self, source: &mut dyn EventSource) -> Result<()> {
        loop {
            // Later than due, so that the last event, still in the pipe, is not overtaken.
            let timeout = self.quiet.left(self.now()).map(|left| span(left.0 + self.slack.0));
            let next = source.next(timeout);
            let mut told = false;
            // News first: that it is blind is told before the boundary that comes of it.
            while let Some(news) = source.news() {
                (self.news)(news);
                told = true;
            }
            let alive = match next? {
                Next::Signal(signal) => self.put(signal),
                // It came back for that, before the time was up.
                Next::Nothing if told => true,
                Next::Nothing => self.quiet.due().is_none_or(|signal| self.put(signal)),
                Next::End => {
                    let _ = self.quiet.due().is_none_or(|signal| self.put(signal));
                    return Ok(());
                }
            };
            if !alive {
                return Ok(());
            }
        }
    }

    /// A live source hands signals over in batches: only the clock tells how old the last one is.
    fn now(&self) -> Timestamp {
        match self.pressure {
            Pressure::Drop => clock::now(),
            // A recording may be read faster than it happened; its own time is the only one.
            Pressure::Wait => self.quiet.seen_at,
        }
    }

    /// Queues a signal; `false` once the engine is gone.
    fn put(&mut self, signal: Signal) -> bool {
        self.quiet.see(&signal);
        // The boundary goes in before the next signal: windows must not join what lies around the
        // gap.
        if self.lost && self.send(Signal::Boundary { at: signal.at(), kind: Boundary::Overflow }) {
            self.lost = false;
        }
        // Still full: this signal is lost as well, and the boundary is tried again with the next.
        let alive = self.lost || self.send(signal);
        if self.is_time_to_ring(&signal) {
            self.ring();
        }
        alive || self.lost
    }

    /// `false` when the signal did not get in; `lost` tells whether for lack of room.
    fn send(&mut self, signal: Signal) -> bool {
        match self.signals.try_send(signal) {
            Ok(()) => true,
            Err(TrySendError::Disconnected(_)) => false,
            Err(TrySendError::Full(signal)) => {
                // The engine may be asleep with a full queue.
                self.ring();
                if self.pressure == Pressure::Wait {
                    return self.signals.send(signal).is_ok();
                }
                self.lost = true;
                false
            }
        }
    }

    fn is_time_to_ring(&mut self, signal: &Signal) -> bool {
        let late = self.rung_at.is_none_or(|rung| signal.at() - rung >= WAKE_EVERY);
        // Boundaries end movements, and an end is what a verdict waits for.
        let ring = late || matches!(signal, Signal::Boundary { .. });
        if ring {
            self.rung_at = Some(signal.at());
        }
        ring
    }

    fn ring(&self) {
        // A bell that rings already is heard anyway.
        let _ = self.bell.try_send(());
    }
}

fn span(micros: i64) -> Duration {
    Duration::from_micros(micros.max(0).unsigned_abs())
}

/// Knows when the open movement will have paused long enough.
#[derive(Debug)]
struct QuietTimer {
    pause: Micros,
    last: Option<MouseEvent>,
    seen_at: Timestamp,
}

impl QuietTimer {
    fn new(pause: Micros) -> Self {
        Self { pause, last: None, seen_at: Timestamp::default() }
    }

    fn see(&mut self, signal: &Signal) {
        self.seen_at = signal.at();
        match signal {
            Signal::Mouse(event) if event.kind.is_movement() => self.movement(*event),
            Signal::Mouse(_) => {}
            // A quiet that came early ends nothing.
            Signal::Boundary { at, kind: Boundary::Quiet } if !self.is_over(*at) => {}
            Signal::Boundary { .. } => self.last = None,
        }
    }

    fn is_over(&self, at: Timestamp) -> bool {
        self.last.is_none_or(|last| at - last.at >= self.pause)
    }

    /// Positions that did not move, or come late, prolong nothing: the segmenter drops them too.
    fn movement(&mut self, event: MouseEvent) {
        let goes_on = self.last.is_some_and(|last| {
            // Positions polled while nothing moves would prolong the pause for ever.
            let still = (event.x, event.y) == (last.x, last.y) && event.at - last.at < self.pause;
            event.at < last.at || still
        });
        if !goes_on {
            self.last = Some(event);
        }
    }

    /// How long until the pause is complete; `None` when nothing is open.
    fn left(&self, now: Timestamp) -> Option<Micros> {
        self.last.map(|last| last.at + self.pause - now)
    }

    /// The signal that says so.
    fn due(&mut self) -> Option<Signal> {
        // Taken: the same pause is told once.
        let at = self.last.take()?.at + self.pause;
        Some(Signal::Boundary { at, kind: Boundary::Quiet })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::settings::BoundedInt;
    use crate::pipeline::MouseKind;

    /// A source that tells which time-outs it was given.
    struct Script {
        steps: Vec<Next>,
        asked: Vec<Option<Duration>>,
        news: Vec<CaptureNews>,
    }

    impl EventSource for Script {
        fn next(&mut self, timeout: Option<Duration>) -> Result<Next> {
            self.asked.push(timeout);
            Ok(if self.steps.is_empty() { Next::End } else { self.steps.remove(0) })
        }

        fn news(&mut self) -> Option<CaptureNews> {
            if self.news.is_empty() { None } else { Some(self.news.remove(0)) }
        }

        fn name(&self) -> &str {
            "script"
        }
    }

    fn event(ms: i64, kind: MouseKind, x: f64) -> Next {
        Next::Signal(Signal::Mouse(MouseEvent { at: Timestamp::from_millis(ms), kind, x, y: 0.0 }))
    }

    fn run(steps: Vec<Next>, queue_signals: u32, pressure: Pressure) -> (Script, SignalQueue) {
        let params = IntakeParams {
            queue_signals: BoundedInt::clamped(queue_signals),
            ..IntakeParams::default()
        };
        let (intake, inlet) = queue(&params, pressure, Micros::from_millis(250));
        let mut script = Script { steps, asked: Vec::new(), news: Vec::new() };
        intake.run(&mut script);
        (script, inlet)
    }

    fn boundary(ms: i64, kind: Boundary) -> Signal {
        Signal::Boundary { at: Timestamp::from_millis(ms), kind }
    }

    #[test]
    fn a_click_does_not_prolong_the_wait_for_the_pause() {
        let steps = vec![
            event(1000, MouseKind::Move, 1.0),
            event(1100, MouseKind::Press(crate::pipeline::Button::Left), 1.0),
            Next::Nothing,
        ];
        let (script, inlet) = run(steps, 64, Pressure::Wait);
        let ms = |ms| Some(Duration::from_millis(ms));
        assert_eq!(script.asked, [None, ms(253), ms(153), None]);
        let signals: Vec<_> = inlet.signals.try_iter().collect();
        assert_eq!(signals.last(), Some(&boundary(1250, Boundary::Quiet)));
        assert!(inlet.ended.try_recv().unwrap().is_ok());
    }

    #[test]
    fn news_is_told_and_ends_no_movement() {
        let params = IntakeParams::default();
        let (intake, inlet) = queue(&params, Pressure::Wait, Micros::from_millis(250));
        let steps = vec![Next::Nothing, event(10, MouseKind::Move, 1.0)];
        let news = vec![CaptureNews::Blind("why".into()), CaptureNews::Sees];
        let mut script = Script { steps, asked: Vec::new(), news: news.clone() };
        let (tell, told) = bounded(8);
        intake.telling(Box::new(move |news| tell.send(news).unwrap())).run(&mut script);
        assert_eq!(told.try_iter().collect::<Vec<_>>(), news);
        assert_eq!(inlet.signals.try_iter().count(), 2);
    }

    #[test]
    fn the_end_of_a_recording_ends_its_last_movement() {
        let (_, inlet) = run(vec![event(10, MouseKind::Move, 1.0)], 64, Pressure::Wait);
        assert_eq!(inlet.signals.try_iter().last(), Some(boundary(260, Boundary::Quiet)));
    }

    #[test]
    fn what_does_not_fit_is_lost_and_said_and_nobody_waits() {
        let steps = (0..100).map(|i| event(i, MouseKind::Move, i as f64)).collect();
        let (_, inlet) = run(steps, 64, Pressure::Drop);
        assert_eq!(inlet.signals.try_iter().count(), 64);

        let params =
            IntakeParams { queue_signals: BoundedInt::clamped(64), ..IntakeParams::default() };
        let (mut intake, inlet) = queue(&params, Pressure::Drop, Micros::from_millis(250));
        let mouse = |ms| match event(ms, MouseKind::Move, ms as f64) {
            Next::Signal(signal) => signal,
            _ => unreachable!(),
        };
        for ms in 0..70 {
            assert!(intake.put(mouse(ms)));
        }
        assert_eq!(inlet.signals.try_iter().count(), 64);
        assert!(intake.put(mouse(70)));
        let signals: Vec<_> = inlet.signals.try_iter().collect();
        assert_eq!(signals, [boundary(70, Boundary::Overflow), mouse(70)]);
    }
}
