//! Values of the configuration that are right by type: each is checked while it is read, so that a
//! mistake is reported with its line.

use serde::{Deserialize, Serialize};

/// A whole number that lies between two bounds, both included.
// TOML numbers are signed: read as unsigned, a -1 would be told as another type, and not as out of
// range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "u32")]
pub struct BoundedInt<const MIN: u32, const MAX: u32>(u32);

impl<const MIN: u32, const MAX: u32> BoundedInt<MIN, MAX> {
    /// The nearest allowed number.
    // A `const fn` may not call `clamp` of `Ord`.
    pub const fn clamped(value: u32) -> Self {
        let value = if value < MIN { MIN } else { value };
        Self(if value > MAX { MAX } else { value })
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl<const MIN: u32, const MAX: u32> TryFrom<i64> for BoundedInt<MIN, MAX> {
    type Error = String;

    fn try_from(value: i64) -> Result<Self, String> {
        let number = u32::try_from(value).ok().filter(|n| (MIN..=MAX).contains(n));
        number.map(Self).ok_or_else(|| format!("{value} must lie in {MIN}..={MAX}"))
    }
}

impl<const MIN: u32, const MAX: u32> From<BoundedInt<MIN, MAX>> for u32 {
    fn from(value: BoundedInt<MIN, MAX>) -> Self {
        value.0
    }
}

/// A number from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Fraction(pub(super) f64);

impl Fraction {
    /// The number.
    pub const fn get(self) -> f32 {
        self.0 as f32
    }
}

impl TryFrom<f64> for Fraction {
    type Error = String;

    fn try_from(value: f64) -> Result<Self, String> {
        let inside = (0.0..=1.0).contains(&value);
        inside.then_some(Self(value)).ok_or_else(|| format!("{value} must lie in 0..=1"))
    }
}

impl From<Fraction> for f64 {
    fn from(value: Fraction) -> Self {
        value.0
    }
}

/// `"model"`: what the model was calibrated for; or a value that overrules it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "toml::Value", into = "toml::Value")]
#[serde(bound = "T: OverridesModel")]
pub enum ModelOr<T> {
    /// As the model says.
    Model,
    /// This, whatever the model says.
    Value(T),
}

/// What may overrule the model.
pub(crate) trait OverridesModel:
    Copy + TryFrom<toml::Value, Error = String> + Into<toml::Value>
{
}

impl<T: OverridesModel> TryFrom<toml::Value> for ModelOr<T> {
    type Error = String;

    fn try_from(value: toml::Value) -> Result<Self, String> {
        // The word is asked first, because it is the only string that any of these values takes.
        match value.as_str() {
            Some("model") => Ok(Self::Model),
            Some(other) => Err(format!("\"{other}\" must be \"model\" or a number")),
            None => T::try_from(value).map(Self::Value),
        }
    }
}

impl<T: OverridesModel> From<ModelOr<T>> for toml::Value {
    fn from(choice: ModelOr<T>) -> Self {
        match choice {
            ModelOr::Model => Self::String("model".into()),
            ModelOr::Value(value) => value.into(),
        }
    }
}

impl<const MIN: u32, const MAX: u32> OverridesModel for BoundedInt<MIN, MAX> {}

impl<const MIN: u32, const MAX: u32> TryFrom<toml::Value> for BoundedInt<MIN, MAX> {
    type Error = String;

    fn try_from(value: toml::Value) -> Result<Self, String> {
        let number = value.as_integer();
        number.ok_or_else(|| format!("{value} must be a whole number or \"model\""))?.try_into()
    }
}

impl<const MIN: u32, const MAX: u32> From<BoundedInt<MIN, MAX>> for toml::Value {
    fn from(value: BoundedInt<MIN, MAX>) -> Self {
        Self::Integer(i64::from(value.0))
    }
}

impl OverridesModel for Fraction {}

impl TryFrom<toml::Value> for Fraction {
    type Error = String;

    fn try_from(value: toml::Value) -> Result<Self, String> {
        // `1` is written for `1.0` by nearly everybody.
        let number = value.as_float().or_else(|| value.as_integer().map(|n| n as f64));
        number.ok_or_else(|| format!("{value} must be a number or \"model\""))?.try_into()
    }
}

impl From<Fraction> for toml::Value {
    fn from(value: Fraction) -> Self {
        Self::Float(value.0)
    }
}
