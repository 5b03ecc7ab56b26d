//! How click timings lie among users, from recordings of many: two classes of devices, told apart
//! without labels, and in each the variances between users, sessions and clicks.

use crate::lab::train::TELLING_CLICKS;
use crate::pipeline::{CLICK_KINDS, ClickClass, ClickKind, ClickPopulation, ClickSums, Window};

/// The kinds that are judged. The time from the last movement to a press is not: it is the clock's
/// and the task's as much as the hand's, see `onnx/EXPERIMENTS.md`.
const JUDGED: [ClickKind; 5] = [
    ClickKind::Hold,
    ClickKind::HoldOther,
    ClickKind::Double,
    ClickKind::AfterRelease,
    ClickKind::Drag,
];
/// How the evidence of clicks is weighed, chosen on users of other recordings.
const WEIGHT: f32 = 1.5;
const DOUBT: f32 = 0.02;
const MOST: f32 = 6.0;
/// Sessions with fewer timings are left out.
const FEWEST: u32 = 20;
/// Timings of a kind from which a session's mean helps to tell its class, and from which it counts.
const FEWEST_TELLING: f64 = 5.0;
const FEWEST_COUNTED: f64 = 8.0;
/// A variance between so many users is worth saying.
const FEWEST_USERS: usize = 4;
/// Passes of expectation maximisation.
const PASSES: usize = 60;
/// Added to the variances by which classes are told apart.
const FLOOR: f64 = 0.003;
/// The least that the variance between users keeps of that between their means, and what stands for
/// the variance between sessions where nobody has two.
const LEAST_BETWEEN: f64 = 0.25;
const SESSION_SHARE: f64 = 0.3;

/// The clicks of one session of one user.
struct Session {
    user: usize,
    /// The weight of a session, such that every user weighs alike.
    weight: f64,
    count: [f64; CLICK_KINDS],
    mean: [f64; CLICK_KINDS],
    /// Between clicks.
    variance: [f64; CLICK_KINDS],
}

impl Session {
    fn of(user: usize, windows: &[Window]) -> Option<Self> {
        let timings: Vec<_> = windows.iter().flat_map(Window::clicks).copied().collect();
        let sums = ClickSums::of(&timings);
        if sums.timings() < FEWEST {
            return None;
        }
        let count = sums.count.map(f64::from);
        let mean = std::array::from_fn(|at| sums.sum[at] / count[at].max(1.0));
        let mut variance = [0.0; CLICK_KINDS];
        for timing in &timings {
            let at = timing.kind as usize;
            variance[at] += (timing.log() - mean[at]).powi(2) / (count[at] - 1.0).max(1.0);
        }
        Some(Self { user, weight: 1.0, count, mean, variance })
    }
}

/// A normal distribution of session means, by kind, and the share of sessions.
struct Cluster {
    share: f64,
    mean: [f64; CLICK_KINDS],
    variance: [f64; CLICK_KINDS],
}

impl Cluster {
    /// Of sessions that belong to it as far as `belongs` says.
    fn of(sessions: &[Session], belongs: &[f64]) -> Self {
        let whole: f64 = sessions.iter().map(|session| session.weight).sum();
        let mass = sessions.iter().zip(belongs).map(|(s, r)| s.weight * r).sum::<f64>();
        let mut cluster =
            Self { share: mass / whole, mean: [0.0; CLICK_KINDS], variance: [FLOOR; CLICK_KINDS] };
        for kind in TELLING_CLICKS.map(|kind| kind as usize) {
            let told =
                sessions.iter().zip(belongs).filter(|(s, _)| s.count[kind] >= FEWEST_TELLING);
            let weights: Vec<[f64; 2]> = told.map(|(s, r)| [s.weight * r, s.mean[kind]]).collect();
            let sum = weights.iter().map(|[w, _]| w).sum::<f64>() + 1e-9;
            let mean = weights.iter().map(|[w, x]| w * x).sum::<f64>() / sum;
            let scatter = weights.iter().map(|[w, x]| w * (x - mean).powi(2)).sum::<f64>();
            cluster.mean[kind] = mean;
            cluster.variance[kind] += scatter / sum;
        }
        cluster
    }

    fn log_density(&self, session: &Session) -> f64 {
        let told = TELLING_CLICKS.map(|kind| kind as usize);
        let terms = told.into_iter().filter(|kind| session.count[*kind] >= FEWEST_TELLING);
        (self.share + 1e-9).ln()
            + terms
                .map(|kind| {
                    let away = (session.mean[kind] - self.mean[kind]).powi(2);
                    -0.5 * (away / self.variance[kind] + self.variance[kind].ln())
                })
                .sum::<f64>()
    }
}

/// From the sessions of each of these users; `None` where too few of them click.
pub fn click_population(users: &[Vec<Vec<Window>>]) -> Option<ClickPopulation> {
    let sessions = sessions(users);
    let slow = slow_class(&sessions);
    let is_slow = |session: usize| slow[session] > 0.5;
    let part = |of: bool| -> Vec<&Session> {
        let found = sessions.iter().enumerate().filter(|(at, _)| is_slow(*at) == of);
        found.map(|(_, session)| session).collect()
    };
    let weight = |sessions: &[&Session]| sessions.iter().map(|s| s.weight).sum::<f64>();
    let [fast, slow] = [false, true].map(part);
    let whole = weight(&fast) + weight(&slow);
    let usual = moments(&fast);
    let other = moments(&slow);
    let kinds: Vec<ClickKind> =
        JUDGED.into_iter().filter(|kind| usual[*kind as usize].is_some()).collect();
    if kinds.is_empty() {
        return None;
    }
    let class = |share: f64, own: &[Option<Moments>; CLICK_KINDS]| {
        let of = |at: usize| {
            kinds
                .iter()
                .map(|kind| {
                    let kind = *kind as usize;
                    own[kind].or(usual[kind]).map_or(1.0, |moments| moments[at]) as f32
                })
                .collect::<Vec<f32>>()
        };
        ClickClass {
            share: share as f32,
            mean: of(0),
            between_user: of(1),
            between_session: of(2),
            within_session: of(3),
        }
    };
    let shares = [&fast, &slow].map(|part| (weight(part) / whole).clamp(0.01, 0.99));
    let classes = vec![class(shares[0], &usual), class(shares[1], &other)];
    Some(ClickPopulation { kinds, classes, weight: WEIGHT, doubt: DOUBT, most: MOST })
}

fn sessions(users: &[Vec<Vec<Window>>]) -> Vec<Session> {
    let mut all = Vec::new();
    for (user, sessions) in users.iter().enumerate() {
        let mut own: Vec<Session> =
            sessions.iter().filter_map(|windows| Session::of(user, windows)).collect();
        let weight = 1.0 / own.len().max(1) as f64;
        own.iter_mut().for_each(|session| session.weight = weight);
        all.extend(own);
    }
    all
}

/// How far each session belongs to the class of slow devices, touchpads among them: expectation
/// maximisation (Dempster, Laird and Rubin 1977) for a mixture of two normal distributions.
fn slow_class(sessions: &[Session]) -> Vec<f64> {
    let [before, after] = [ClickKind::BeforePress, ClickKind::AfterRelease].map(|k| k as usize);
    let first = |session: &Session| {
        let slow = |kind: usize, than: f64| {
            session.count[kind] >= FEWEST_TELLING && session.mean[kind] > than
        };
        if slow(before, 5.4) && slow(after, 5.6) { 0.95 } else { 0.05 }
    };
    let mut slow: Vec<f64> = sessions.iter().map(first).collect();
    for _ in 0..PASSES {
        let rest: Vec<f64> = slow.iter().map(|slow| 1.0 - slow).collect();
        let clusters = [Cluster::of(sessions, &rest), Cluster::of(sessions, &slow)];
        for (slow, session) in slow.iter_mut().zip(sessions) {
            let [fast, other] = [0, 1].map(|at| clusters[at].log_density(session));
            *slow = 1.0 / (1.0 + (fast - other).clamp(-50.0, 50.0).exp());
        }
    }
    slow
}

/// Mean, and variances between users, between sessions and within.
type Moments = [f64; 4];

fn moments(sessions: &[&Session]) -> [Option<Moments>; CLICK_KINDS] {
    std::array::from_fn(|kind| moments_of(sessions, kind))
}

fn moments_of(sessions: &[&Session], kind: usize) -> Option<Moments> {
    let counted: Vec<&&Session> =
        sessions.iter().filter(|session| session.count[kind] >= FEWEST_COUNTED).collect();
    let users: Vec<&[&&Session]> = counted.chunk_by(|one, next| one.user == next.user).collect();
    if users.len() < FEWEST_USERS {
        return None;
    }
    let of = |user: &[&&Session], value: &dyn Fn(&Session) -> f64| -> Vec<f64> {
        user.iter().map(|session| value(session)).collect()
    };
    let means: Vec<f64> = users.iter().map(|u| mean(&of(u, &|s| s.mean[kind]))).collect();
    let within: Vec<f64> = users.iter().map(|u| mean(&of(u, &|s| s.variance[kind]))).collect();
    let mut sum = 0.0;
    let mut freedom = 0.0;
    for user in users.iter().filter(|user| user.len() > 1) {
        let between = variance(&of(user, &|s| s.mean[kind]));
        let noise = mean(&of(user, &|s| s.variance[kind] / s.count[kind]));
        let weight = user.len() as f64 - 1.0;
        sum += weight * (between - noise).max(0.0);
        freedom += weight;
    }
    let whole = variance(&means);
    let session = if freedom > 0.0 { sum / freedom } else { SESSION_SHARE * whole };
    let fewer: Vec<f64> = users.iter().map(|user| 1.0 / user.len() as f64).collect();
    let between = (whole - session * mean(&fewer)).max(LEAST_BETWEEN * whole);
    Some([mean(&means), between, session, mean(&within)].map(|x| x.max(1e-4)))
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

fn variance(values: &[f64]) -> f64 {
    let mean = mean(values);
    let squares = values.iter().map(|value| (value - mean).powi(2));
    squares.sum::<f64>() / (values.len() as f64 - 1.0).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::random::Random;
    use crate::pipeline::window::cut_recording;
    use crate::pipeline::{Button, MouseEvent, MouseKind, Signal, Timestamp, WindowParams};

    /// Forty windows with a click before each but the first: held for so long, and at rest for so long
    /// before and after, about.
    fn session(hold_ms: f64, rest_ms: f64, random: &mut Random) -> Vec<Window> {
        let mut signals = Vec::new();
        let mut now = 0;
        let mut mouse = |ms: f64, kind, x: i64| {
            now += ms as i64;
            let at = Timestamp::from_millis(now);
            signals.push(Signal::Mouse(MouseEvent { at, kind, x: x as f64, y: 0.0 }));
        };
        let mut about = |ms: f64| ms * (0.1 * random.normal(0.0, 1.0)).exp();
        for n in 0..40 {
            mouse(about(rest_ms), MouseKind::Move, 1000 * n);
            (1..12).for_each(|i| mouse(16.0, MouseKind::Move, 1000 * n + i));
            mouse(about(rest_ms), MouseKind::Press(Button::Left), 0);
            mouse(about(hold_ms), MouseKind::Release(Button::Left), 0);
        }
        cut_recording(WindowParams::default(), signals).0
    }

    /// Thirty users at mice, ten at touchpads.
    fn users() -> Vec<Vec<Vec<Window>>> {
        let mut random = Random::new(3, 9);
        let mut user = |at: usize| {
            let touchpad = at.is_multiple_of(4);
            let own = random.normal(0.0, 0.15).exp();
            let (hold, rest) = if touchpad { (215.0, 500.0) } else { (85.0 * own, 150.0) };
            (0..3).map(|_| session(hold, rest, &mut random)).collect()
        };
        (0..40).map(&mut user).collect()
    }

    #[test]
    fn devices_are_told_apart_and_users_at_mice_differ_more_than_their_sessions() {
        let population = click_population(&users()).unwrap();
        assert_eq!(population.validate(), Ok(()));
        let hold = population.kinds.iter().position(|kind| *kind == ClickKind::Hold).unwrap();
        let [mouse, touchpad] = [0, 1].map(|at| &population.classes[at]);
        assert!((mouse.share - 0.75).abs() < 0.01, "{population:?}");
        assert!((touchpad.mean[hold] - 231f32.ln()).abs() < 0.03, "{population:?}");
        assert!((mouse.between_user[hold].sqrt() - 0.13).abs() < 0.04, "{population:?}");
        assert!(mouse.between_session[hold] < 0.1 * mouse.between_user[hold]);
        assert!((mouse.within_session[hold].sqrt() - 0.085).abs() < 0.02, "{population:?}");
    }

    #[test]
    fn people_who_do_not_click_are_no_population() {
        assert_eq!(click_population(&[]), None);
        let silent: Vec<Vec<Vec<Window>>> = vec![vec![Vec::new()]; 20];
        assert_eq!(click_population(&silent), None);
    }
}
