//! Movement that is a copy of earlier movement: no two movements of a hand are alike, so that one
//! which is has been recorded and is being played.
//!
//! A window becomes at most two marks. The one of its shape comes from the cosine transform of its
//! path over its own duration, as ratios to the first coefficient: these stay the same wherever the
//! movement is played, turned, mirrored, backwards, larger or smaller, faster or slower. They are
//! rounded coarsely, and what lies near an edge is looked up on both sides. The one of its steps
//! knows exact copies of shorter movement. Only marks are kept: 40 bits of a keyed hash, in no order,
//! of numbers that hold no place, no size, no direction and no time.
//!
//! Plain strokes are alike by nature. A window counts only if its shape, or its steps, hold enough
//! information, and an alarm takes several copies among the last windows.

use std::collections::{HashSet, VecDeque};
use std::f64::consts::PI;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::window::{Sample, Window};

/// Moments of a window at which its path is looked at.
const POINTS: usize = 64;
/// Coefficients of the transform, the first included.
const COEFFICIENTS: usize = 12;
/// Numbers of a shape: real and imaginary parts of the ratios to the first coefficient.
const NUMBERS: usize = 2 * (COEFFICIENTS - 1);
/// A window with fewer steps has no shape to speak of.
const SHAPE_STEPS: usize = 16;
/// So large has the first coefficient to be, in pixels: rounding would be part of a smaller shape.
const SHAPE_SIZE: f64 = 25.0;
/// Bits that a shape has to hold above the plainest stroke.
const SHAPE_BITS: f64 = 15.0;
/// So many numbers, those nearest to an edge, are looked up on both sides of it.
const DOUBTFUL: usize = 5;
/// The fewest steps, and bits in the changes between them, of an exact copy.
const EXACT: (usize, f64) = (10, 40.0);
/// Copies among so many of the last windows ...
const RECENT: usize = 40;
/// ... of which so many are an alarm.
const COPIES: usize = 4;
/// Marks of one enrolment, and of the days after it, that are kept.
const MOST: usize = 40_000;
/// Hexadecimal digits of a mark.
const DIGITS: usize = 10;

/// The secret of one enrolment, by which its marks are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MarkKey(pub [u64; 2]);

impl MarkKey {
    /// A number from a number, by two rounds of a keyed mixer (after Vigna's SplitMix64).
    fn mix(self, value: u64) -> u64 {
        self.0.into_iter().fold(value, |value, key| {
            let value = value.wrapping_add(key).wrapping_add(0x9E37_79B9_7F4A_7C15);
            let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            value ^ (value >> 31)
        })
    }

    fn mark(self, sum: u64) -> u64 {
        self.mix(sum) >> (64 - 4 * DIGITS)
    }
}

/// Earlier movement, as marks.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownMovement {
    /// How its marks are made.
    pub key: MarkKey,
    /// The marks, ascending or in order of time.
    pub marks: Marks,
}

/// Marks of windows; in a file one text of ten hexadecimal digits each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Marks(Vec<u64>);

impl KnownMovement {
    /// These windows. The key ought to be a secret of theirs.
    pub fn of<'a>(key: MarkKey, windows: impl IntoIterator<Item = &'a Window>) -> Self {
        let marker = Marker::new(key);
        let mut marks: Vec<u64> =
            windows.into_iter().flat_map(|window| marker.marks(window).kept()).collect();
        marks.truncate(MOST);
        marks.sort_unstable();
        marks.dedup();
        Self { key, marks: Marks(marks) }
    }

    /// How many marks there are.
    pub const fn len(&self) -> usize {
        self.marks.0.len()
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.marks.0.is_empty()
    }
}

impl Serialize for Marks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text: String = self.0.iter().map(|mark| format!("{mark:010x}")).collect();
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Marks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let marks: Option<Vec<u64>> = text
            .as_bytes()
            .chunks(DIGITS)
            .map(|digits| {
                let whole = digits.len() == DIGITS && digits.iter().all(u8::is_ascii_hexdigit);
                let digits = std::str::from_utf8(digits).ok().filter(|_| whole)?;
                u64::from_str_radix(digits, 16).ok()
            })
            .collect();
        marks.map(Self).ok_or_else(|| D::Error::custom("not ten hexadecimal digits a mark"))
    }
}

/// Makes marks.
#[derive(Debug, Clone)]
struct Marker {
    key: MarkKey,
    /// The transform: for each coefficient its weights of the moments.
    cosines: Vec<[f64; POINTS]>,
    /// What one unit of each number adds to the sum that a mark is made of.
    units: [u64; NUMBERS],
}

/// What is known of one window.
struct WindowMarks {
    /// Its shape's, to be kept.
    shape: Option<u64>,
    /// Its shape's and those of copies of it, to be looked up; empty without a shape.
    alike: Vec<u64>,
    /// Its steps'.
    exact: Option<u64>,
}

impl WindowMarks {
    fn kept(&self) -> impl Iterator<Item = u64> + use<> {
        self.shape.into_iter().chain(self.exact)
    }

    fn looked_up(&self) -> impl Iterator<Item = &u64> {
        self.alike.iter().chain(&self.exact)
    }
}

impl Marker {
    fn new(key: MarkKey) -> Self {
        let cosine = |order: usize| {
            std::array::from_fn(|at| (PI * order as f64 * moment(at)).cos() * 2.0 / POINTS as f64)
        };
        let units = std::array::from_fn(|at| key.mix(at as u64) | 1);
        Self { key, cosines: (1..=COEFFICIENTS).map(cosine).collect(), units }
    }

    fn marks(&self, window: &Window) -> WindowMarks {
        let shape = self.shape(window.samples());
        let alike = shape.as_ref().map_or_else(Vec::new, |shape| self.alike(shape));
        let kept = shape.map(|shape| self.key.mark(self.sum(&shape)));
        WindowMarks { shape: kept, alike, exact: self.exact(window.samples()) }
    }

    /// The numbers of a window's shape in units of their rounding; none of a plain one.
    fn shape(&self, samples: &[Sample]) -> Option<[f64; NUMBERS]> {
        if samples.len() <= SHAPE_STEPS {
            return None;
        }
        let path = resampled(samples);
        let coefficient = |weights: &[f64; POINTS]| {
            weights.iter().zip(&path).fold([0.0; 2], |[x, y], (weight, place)| {
                [x + weight * place[0], y + weight * place[1]]
            })
        };
        let [first_x, first_y] = coefficient(&self.cosines[0]);
        let size = first_x * first_x + first_y * first_y;
        if size < SHAPE_SIZE * SHAPE_SIZE {
            return None;
        }
        let mut shape = [0.0; NUMBERS];
        for (at, weights) in self.cosines[1..].iter().enumerate() {
            let [x, y] = coefficient(weights);
            let [along, across] = widths(at);
            shape[2 * at] = (x * first_x + y * first_y) / size / along;
            shape[2 * at + 1] = (y * first_x - x * first_y) / size / across;
        }
        let bits: f64 = shape.iter().map(|number| (1.0 + number.abs()).log2()).sum();
        (bits >= SHAPE_BITS).then_some(shape)
    }

    fn sum(&self, shape: &[f64; NUMBERS]) -> u64 {
        let parts = shape.iter().zip(&self.units);
        parts.fold(0, |sum, (number, unit)| sum.wrapping_add(times(number.round() as i64, *unit)))
    }

    /// The marks of a shape, as it is, mirrored, backwards and both, and what rounding may have made
    /// of it.
    fn alike(&self, shape: &[f64; NUMBERS]) -> Vec<u64> {
        let mut marks = Vec::with_capacity(4 << DOUBTFUL);
        for (mirrored, backwards) in [(false, false), (true, false), (false, true), (true, true)] {
            let turned: [f64; NUMBERS] = std::array::from_fn(|at| {
                let is_across = at % 2 == 1;
                let is_even = (at / 2) % 2 == 0;
                if (mirrored && is_across) != (backwards && is_even) {
                    -shape[at]
                } else {
                    shape[at]
                }
            });
            self.near(&turned, &mut marks);
        }
        marks
    }

    fn near(&self, shape: &[f64; NUMBERS], marks: &mut Vec<u64>) {
        let mut edges: [(f64, u64); NUMBERS] = std::array::from_fn(|at| {
            let over = shape[at] - shape[at].round();
            (over.abs(), times(if over < 0.0 { -1 } else { 1 }, self.units[at]))
        });
        edges.sort_by(|one, other| other.0.total_cmp(&one.0));
        let sum = self.sum(shape);
        for choice in 0..1_usize << DOUBTFUL {
            let moved = (0..DOUBTFUL).filter(|bit| choice >> bit & 1 == 1);
            let sum = moved.fold(sum, |sum, bit| sum.wrapping_add(edges[bit].1));
            marks.push(self.key.mark(sum));
        }
    }

    /// The mark of whole-pixel steps, wherever and whenever they are made.
    fn exact(&self, samples: &[Sample]) -> Option<u64> {
        let steps: Vec<[i64; 2]> = samples
            .windows(2)
            .map(|pair| {
                [(pair[1].x - pair[0].x).round() as i64, (pair[1].y - pair[0].y).round() as i64]
            })
            .collect();
        let bits = |change: i64| (1.0 + change.unsigned_abs() as f64).log2();
        let held: f64 = steps
            .windows(2)
            .map(|pair| bits(pair[1][0] - pair[0][0]) + bits(pair[1][1] - pair[0][1]))
            .sum();
        if steps.len() < EXACT.0 || held < EXACT.1 {
            return None;
        }
        let sum =
            steps.iter().flatten().fold(1, |sum, part| self.key.mix(sum ^ part.cast_unsigned()));
        Some(self.key.mark(sum))
    }
}

/// A moment as a share of the window's duration.
fn moment(at: usize) -> f64 {
    (at as f64 + 0.5) / POINTS as f64
}

/// How coarsely the ratio of a coefficient is rounded, along the first one and across it: about as
/// far as hands differ there, which falls with the order.
fn widths(at: usize) -> [f64; 2] {
    let along = 0.8 * (at as f64 + 2.0).powf(-1.6);
    [along, 0.35 * along]
}

fn times(count: i64, unit: u64) -> u64 {
    count.cast_unsigned().wrapping_mul(unit)
}

/// Where the hand was at each moment, from where it began.
fn resampled(samples: &[Sample]) -> [[f64; 2]; POINTS] {
    let first = samples[0];
    let last = samples[samples.len() - 1];
    let whole = (last.at - first.at).0.max(1) as f64;
    let mut next = 1;
    std::array::from_fn(|at| {
        let micros = moment(at) * whole;
        while next + 1 < samples.len() && ((samples[next].at - first.at).0 as f64) < micros {
            next += 1;
        }
        let from = samples[next - 1];
        let to = samples[next];
        let begun = (from.at - first.at).0 as f64;
        let span = (to.at - from.at).0.max(1) as f64;
        let share = ((micros - begun) / span).clamp(0.0, 1.0);
        [from.x + share * (to.x - from.x) - first.x, from.y + share * (to.y - from.y) - first.y]
    })
}

/// The state machine that looks for copies.
#[derive(Debug, Clone)]
pub struct ReplayDetection {
    marker: Marker,
    enrolled: HashSet<u64>,
    /// Of the days since the enrolment, in order of time, and the same to look up.
    later: VecDeque<u64>,
    known_later: HashSet<u64>,
    /// Of the movement since the last proven unlock.
    fresh: HashSet<u64>,
    /// Whether each of the last windows is a copy.
    recent: VecDeque<bool>,
    /// Whether a copy was played since the last proven unlock.
    played: bool,
    changed: bool,
}

impl ReplayDetection {
    /// Against the movement of an enrolment and of the days since. What was marked by another key is
    /// left out.
    pub fn new(enrolled: &KnownMovement, later: KnownMovement) -> Self {
        let later: VecDeque<u64> =
            if later.key == enrolled.key { later.marks.0.into() } else { VecDeque::new() };
        Self {
            marker: Marker::new(enrolled.key),
            enrolled: enrolled.marks.0.iter().copied().collect(),
            known_later: later.iter().copied().collect(),
            later,
            fresh: HashSet::new(),
            recent: VecDeque::new(),
            played: false,
            changed: false,
        }
    }

    /// Takes the next window; returns how many of the last ones are copies, if they are so many that
    /// a recording is being played.
    pub fn observe(&mut self, window: &Window) -> Option<usize> {
        let marks = self.marker.marks(window);
        let is_copy = marks.looked_up().any(|mark| self.knows(*mark));
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(is_copy);
        if self.fresh.len() < MOST {
            self.fresh.extend(marks.kept());
        }
        let copies = self.recent.iter().filter(|copy| **copy).count();
        self.played |= copies >= COPIES;
        (copies >= COPIES).then_some(copies)
    }

    fn knows(&self, mark: u64) -> bool {
        [&self.enrolled, &self.known_later, &self.fresh].iter().any(|marks| marks.contains(&mark))
    }

    /// Takes note of a proven unlock: what was moved before it is the owner's, unless an alarm was
    /// raised.
    pub fn unlocked(&mut self, alarmed: bool) {
        let fresh = std::mem::take(&mut self.fresh);
        if !alarmed && !self.played && !fresh.is_empty() {
            let mut fresh: Vec<u64> = fresh.difference(&self.known_later).copied().collect();
            fresh.sort_unstable();
            self.known_later.extend(&fresh);
            self.later.extend(fresh);
            while self.later.len() > MOST {
                let oldest = self.later.pop_front().unwrap_or_default();
                self.known_later.remove(&oldest);
            }
            self.changed = true;
        }
        (self.played, self.recent) = (false, VecDeque::new());
    }

    /// The movement of the days since the enrolment, if there is more of it than when this was asked
    /// last.
    pub fn take_later(&mut self) -> Option<KnownMovement> {
        std::mem::take(&mut self.changed).then(|| KnownMovement {
            key: self.marker.key,
            marks: Marks(self.later.iter().copied().collect()),
        })
    }
}

#[cfg(test)]
mod tests;
