//! What an evaluation found of the whole detector at work, and of how much of it is hardware.
//! Values only, as in the file beside.

use serde::{Deserialize, Serialize};

use super::{IntervalEstimate, JudgedUnit};
use crate::pipeline::Decision;

/// The whole detector on streams: an owner works, then an impostor takes the mouse.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Continuous {
    /// Windows until an impostor is noticed, mean over the impostors that were (ANIA).
    pub ania: Option<IntervalEstimate>,
    /// Windows of an owner for each false alarm (ANGA), all owners' windows over all their alarms;
    /// none without a false alarm.
    pub anga: Option<IntervalEstimate>,
    /// Seconds of movement until an impostor is noticed.
    pub movement: Option<Delay>,
    /// Seconds on the clock until an impostor is noticed.
    pub wall: Option<Delay>,
    /// Impostor sessions of as many windows as the agent judges together, or more.
    pub impostor_sessions: usize,
    /// Shorter ones. Nobody could notice them, and no figure counts them.
    pub too_short: usize,
    /// Impostor sessions that were never noticed.
    pub missed: usize,
    /// Share of them.
    pub missed_share: IntervalEstimate,
    /// False alarms in 8 hours on the clock, breaks of more than five minutes not counted.
    pub false_alarms_per_8h_wall: IntervalEstimate,
    /// False alarms in 8 hours of movement.
    pub false_alarms_per_8h_movement: IntervalEstimate,
    /// Hours of the owners' work: on the clock and of movement.
    pub genuine_hours: [f64; 2],
    /// False alarms in 8 hours that the notice budget promises; none by the equal error rate.
    #[serde(default)]
    pub promised_per_8h: Option<f64>,
    /// Locks of the owner in 8 hours on the clock, where no notice before them is answered.
    #[serde(default)]
    pub false_locks_per_8h: Option<IntervalEstimate>,
    /// Owners without a false alarm.
    #[serde(default)]
    pub owners_without: usize,
    /// The owner with the most false alarms in 8 hours on the clock, of those with an hour or more.
    #[serde(default)]
    pub worst_owner: Option<(String, f64)>,
    /// Share of the impostor sessions noticed within so many windows, and locked.
    #[serde(default)]
    pub within: Vec<Within>,
    /// Share of the impostor sessions noticed when the impostor moves first after an unlock.
    #[serde(default)]
    pub first_mover_noticed: Option<IntervalEstimate>,
    /// Share of impostor sessions noticed within so many seconds of movement, ascending.
    pub curve: Vec<(f64, f64)>,
    /// The same on the clock.
    pub wall_curve: Vec<(f64, f64)>,
    /// Owner by owner.
    pub users: Vec<UserStreams>,
    /// What learning from false alarms does; none where the agent does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adapted: Option<AdaptationFigures>,
    /// An impostor who was noticed, the one of median delay.
    pub caught: Option<SessionTimeline>,
    /// An impostor who was missed, the one with the most windows.
    pub missed_one: Option<SessionTimeline>,
}

/// How many impostor sessions are over by a time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Within {
    /// Windows since the impostor took the mouse.
    pub windows: usize,
    /// Share of the sessions of which the person was told by then.
    pub noticed: IntervalEstimate,
    /// Share of the sessions that were locked by then.
    pub locked: IntervalEstimate,
}

/// What adaptation does. The figures beside it are those of an agent that adapts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AdaptationFigures {
    /// How far each owner's model was led from the enrolment: root mean square over the dimensions,
    /// in standard deviations between people, in the order of the owners.
    pub drift: Vec<f64>,
    /// Share of the impostor sessions that are not noticed once the impostor was first at the mouse
    /// after twenty unlocks.
    pub(crate) missed_by_poisoning: IntervalEstimate,
}

/// Median and 95th percentile of the impostors that were noticed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Delay {
    /// Median.
    pub median: IntervalEstimate,
    /// 95th percentile, by nearest rank.
    pub p95: f64,
}

/// One owner's streams.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UserStreams {
    /// The owner.
    pub user: String,
    /// The seed.
    pub seed: u64,
    /// Impostor sessions.
    pub impostor_sessions: usize,
    /// Those never noticed.
    pub missed: usize,
    /// The owner's own windows.
    pub genuine_windows: usize,
    /// False alarms in them.
    pub false_alarms: usize,
    /// Windows, movement and clock seconds to each alarm.
    pub delays: Vec<[f64; 3]>,
}

/// What the agent would have drawn of one impostor session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionTimeline {
    /// The owner.
    pub user: String,
    /// The impostor.
    pub impostor: String,
    /// Grouped scores below it are an impostor's.
    pub threshold: f64,
    /// Windows in order of time.
    pub points: Vec<TimelinePoint>,
}

/// One window of a stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TimelinePoint {
    /// Seconds on the clock since the impostor took the mouse; negative before.
    pub at_s: f64,
    /// Its score.
    pub score: f64,
    /// The grouped score, once there are enough windows.
    pub grouped: Option<f64>,
    /// The evidence against the owner, nats.
    #[serde(default)]
    pub evidence: f64,
    /// `trusted`, `suspicious` or `intruder`.
    pub decision: Decision,
}

/// How much of the result is hardware.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeviceConfound {
    /// The unit that is compared.
    pub unit: JudgedUnit,
    /// AUC of what knows only the device, as recorded: name of the method, AUC.
    pub device_alone: Vec<(String, IntervalEstimate)>,
    /// The model's AUC as recorded.
    pub recorded: IntervalEstimate,
    /// On one clock, learnt and tested, and the paired difference to `recorded`.
    pub one_clock: Option<(IntervalEstimate, IntervalEstimate)>,
    /// With everybody on the owner's device, and the paired difference to `recorded`.
    pub owners_device: Option<(IntervalEstimate, IntervalEstimate)>,
    /// What that means, in plain words.
    pub plainly: Vec<String>,
}
