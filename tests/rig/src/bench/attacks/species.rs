//! The species of attack: recordings of the owner played in many ways, mixtures with another user's
//! own movement, and generators that know where the owner's movements begin and end.

use std::fmt;

use mousewarden::pipeline::window::Sample;
use mousewarden::pipeline::{Micros, Window};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::generators::Generator;
use super::owner::{Material, Path, paths};

/// The random numbers of one presentation.
pub(super) struct Draw(ChaCha8Rng);

impl Draw {
    pub(super) fn new(owner: u64, number: u64, species: &Species) -> Self {
        let name = species.to_string();
        let seed = name.bytes().fold(owner << 20 | number, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
        });
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// Uniform in `low..high`.
    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.0.random::<f64>()
    }

    /// Uniform in `0..count`, for a count above 0.
    pub(super) fn below(&mut self, count: usize) -> usize {
        self.0.random_range(0..count.max(1))
    }

    /// Nearly normal: the sum of twelve uniform numbers.
    pub(super) fn normal(&mut self, deviation: f64) -> f64 {
        deviation * ((0..12).map(|_| self.between(0.0, 1.0)).sum::<f64>() - 6.0)
    }
}

/// Movement as it reaches the agent.
pub(super) struct Presentation {
    /// Day by day; one but for patient attackers.
    pub(super) days: Vec<Vec<Path>>,
    /// Whether the attacker moves first after the unlock.
    pub(super) first_mover: bool,
}

impl Presentation {
    pub(super) fn one(paths: Vec<Path>) -> Self {
        Self { days: vec![paths], first_mover: false }
    }
}

/// Which recording is played.
#[derive(Debug, Clone, Copy)]
pub(super) enum Recorded {
    Enrolment,
    Later,
    Unseen,
}

/// What is done to it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Change {
    Nothing,
    /// Noise of a pixel, and of a millisecond and a half.
    Jitter,
    Time(f64),
    Scale(f64),
    Moved,
    Mirrored,
    Turned,
    Backwards,
    /// Turned, stretched and retimed so as to end elsewhere.
    Retargeted,
    /// Stretched along its chord alone.
    Stretched,
}

/// One species.
#[derive(Debug, Clone, Copy)]
pub(super) enum Species {
    Replay(Recorded, Change),
    /// So many windows of the later movement that nobody saw, again and again.
    Loop(usize),
    /// So large a share of another user's own movement, the rest retargeted strokes of the owner's.
    Mixed(f64),
    Generated(Generator),
    /// Walked by what has learnt the owner's hand from the enrolment.
    Learnt,
    /// Another user's own movement, bent until the model file takes it for the owner's.
    Searched,
    /// Another user, who moves first after the unlock.
    FirstMover,
    /// Day by day more of another user's own movement among the owner's, first after each unlock.
    Drift,
}

pub(super) fn all() -> Vec<Species> {
    use Recorded::{Enrolment, Later, Unseen};
    let as_it_was = [Enrolment, Later, Unseen].map(|of| Species::Replay(of, Change::Nothing));
    let changes = [
        Change::Jitter,
        Change::Time(0.75),
        Change::Time(0.9),
        Change::Time(1.1),
        Change::Time(1.33),
        Change::Scale(0.7),
        Change::Scale(1.4),
        Change::Moved,
        Change::Mirrored,
        Change::Turned,
        Change::Backwards,
        Change::Retargeted,
        Change::Stretched,
    ];
    let changed = changes.map(|change| Species::Replay(Later, change));
    let others = [
        Species::Replay(Unseen, Change::Retargeted),
        Species::Loop(4),
        Species::Loop(12),
        Species::Mixed(0.25),
        Species::Mixed(0.5),
        Species::Mixed(0.75),
        Species::FirstMover,
        Species::Drift,
    ];
    let generated = Generator::ALL.map(Species::Generated);
    let learnt = [Species::Learnt, Species::Searched];
    as_it_was.into_iter().chain(changed).chain(others).chain(generated).chain(learnt).collect()
}

impl fmt::Display for Species {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Replay(of, change) => write!(f, "{of}, {change}"),
            Self::Loop(windows) => write!(f, "{windows} movements that no agent saw, looped"),
            Self::Mixed(share) => {
                write!(f, "retargeted strokes, {:.0} % another user's own", 100.0 * share)
            }
            Self::Generated(generator) => write!(f, "{generator}, between the owner's targets"),
            Self::Learnt => f.write_str("learnt from the enrolment, between the owner's targets"),
            Self::Searched => f.write_str("another user's own, bent with the model file in hand"),
            Self::FirstMover => f.write_str("another user, first after the unlock"),
            Self::Drift => f.write_str("slow drift to another user over 10 days, first each day"),
        }
    }
}

impl fmt::Display for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Enrolment => "replay of the enrolment",
            Self::Later => "replay of later movement",
            Self::Unseen => "replay of movement that no agent saw",
        })
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("as it was"),
            Self::Jitter => f.write_str("jittered"),
            Self::Time(factor) => write!(f, "time x{factor}"),
            Self::Scale(factor) => write!(f, "scaled x{factor}"),
            Self::Moved => f.write_str("moved elsewhere"),
            Self::Mirrored => f.write_str("mirrored"),
            Self::Turned => f.write_str("turned"),
            Self::Backwards => f.write_str("backwards"),
            Self::Retargeted => f.write_str("turned and stretched to other targets"),
            Self::Stretched => f.write_str("stretched along the chord alone"),
        }
    }
}

impl Species {
    /// Whether it is a program that makes movement of its own.
    pub(super) const fn is_tool(&self) -> bool {
        matches!(self, Self::Generated(_) | Self::Learnt | Self::Searched)
    }

    /// A presentation of it; of a search, what it begins with.
    pub(super) fn make(&self, material: &Material, draw: &mut Draw) -> Presentation {
        let windows = material.windows;
        match *self {
            Self::Replay(of, change) => {
                let recorded = match of {
                    Recorded::Enrolment => &material.enrolled,
                    Recorded::Later => &material.later,
                    Recorded::Unseen => &material.unseen,
                };
                Presentation::one(change.all(&paths(stretch(recorded, windows, draw)), draw))
            }
            Self::Loop(few) => {
                let few = paths(stretch(&material.unseen, few, draw));
                Presentation::one(few.iter().cycle().take(windows).cloned().collect())
            }
            Self::Mixed(share) => {
                Presentation::one(mixed(material, share, Change::Retargeted, draw))
            }
            Self::Generated(generator) => {
                let pattern = stretch(&material.later, windows, draw);
                Presentation::one(generator.all(pattern, draw))
            }
            Self::Learnt => {
                let pattern = stretch(&material.later, windows, draw);
                let learnt = material.learnt.as_ref();
                Presentation::one(learnt.map_or_else(Vec::new, |hand| hand.all(pattern, draw)))
            }
            Self::Searched => Presentation::one(paths(anothers(material, draw))),
            Self::FirstMover => Presentation {
                days: vec![mixed(material, 1.0, Change::Nothing, draw)],
                first_mover: true,
            },
            Self::Drift => {
                let day =
                    |day: i32| mixed(material, f64::from(day) / 10.0, Change::Retargeted, draw);
                Presentation { days: (1..=10).map(day).collect(), first_mover: true }
            }
        }
    }
}

/// As many windows as a presentation takes, of another user's.
pub(super) fn anothers<'a>(material: &'a Material, draw: &mut Draw) -> &'a [Window] {
    let other = &material.impostors[draw.below(material.impostors.len())];
    stretch(other, material.windows, draw)
}

/// So many windows in a row, from a place that is drawn.
fn stretch<'a>(windows: &'a [Window], count: usize, draw: &mut Draw) -> &'a [Window] {
    let count = count.min(windows.len());
    let from = draw.below(windows.len() - count + 1);
    &windows[from..from + count]
}

/// Another user's own movement, so large a share of it, and the owner's changed in this way.
fn mixed(material: &Material, share: f64, change: Change, draw: &mut Draw) -> Vec<Path> {
    let own = stretch(&material.later, material.windows, draw);
    let other = anothers(material, draw);
    let mut pick = |(own, other): (&Window, &Window)| {
        if draw.between(0.0, 1.0) < share {
            other.samples().to_vec()
        } else {
            change.one(own.samples(), draw)
        }
    };
    own.iter().zip(other.iter().cycle()).map(&mut pick).collect()
}

impl Change {
    fn all(self, paths: &[Path], draw: &mut Draw) -> Vec<Path> {
        paths.iter().map(|path| self.one(path, draw)).collect()
    }

    fn one(self, path: &[Sample], draw: &mut Draw) -> Path {
        let first = path[0];
        let last = path[path.len() - 1];
        let angle = draw.between(0.0, std::f64::consts::TAU);
        let by = |factor: f64| [factor, factor];
        let [turn, size, time] = match self {
            Self::Nothing | Self::Jitter | Self::Moved | Self::Mirrored | Self::Backwards => {
                [0.0, 1.0, 1.0]
            }
            Self::Stretched => [0.0, 1.0, 1.0],
            Self::Time(factor) => [0.0, 1.0, factor],
            Self::Scale(factor) => [0.0, factor, 1.0],
            Self::Turned => [angle, 1.0, 1.0],
            Self::Retargeted => [angle, draw.between(-0.7, 0.7).exp(), draw.between(0.8, 1.25)],
        };
        let (sin, cos) = turn.sin_cos();
        let chord = [last.x - first.x, last.y - first.y];
        let length = chord[0].hypot(chord[1]).max(1.0);
        let along = [chord[0] / length, chord[1] / length];
        let longer = by(draw.between(-0.5, 0.5).exp());
        let mut changed: Path = Vec::with_capacity(path.len());
        for sample in path {
            let [mut x, mut y] = [sample.x - first.x, sample.y - first.y];
            let mut micros = (sample.at - first.at).0 as f64 * time;
            match self {
                Self::Jitter => {
                    x += draw.normal(1.0);
                    y += draw.normal(1.0);
                    micros += draw.normal(1_500.0);
                }
                Self::Moved => [x, y] = [x + 83.0, y - 47.0],
                Self::Mirrored => x = -x,
                Self::Stretched => {
                    let far = (x * along[0] + y * along[1]) * (longer[0] - 1.0);
                    [x, y] = [x + far * along[0], y + far * along[1]];
                }
                _ => {}
            }
            let [x, y] = [size * (cos * x - sin * y), size * (sin * x + cos * y)];
            let after = changed.last().map_or(first.at, |before: &Sample| before.at + Micros(1));
            let at = (first.at + Micros(micros as i64)).max(after);
            changed.push(Sample { at, x: (first.x + x).round(), y: (first.y + y).round() });
        }
        if matches!(self, Self::Backwards) {
            changed = backwards(&changed);
        }
        changed
    }
}

fn backwards(path: &[Sample]) -> Path {
    let (first, last) = (path[0], path[path.len() - 1]);
    let turned = |sample: &Sample| Sample { at: first.at + (last.at - sample.at), ..*sample };
    path.iter().rev().map(turned).collect()
}
