//! One field of a row: exact times in microseconds, rounded by the unit at most, and finite
//! positions.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::number::Decimal;

/// In what a table counts time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TimeUnit {
    /// Seconds.
    S,
    /// Milliseconds.
    #[default]
    Ms,
    /// Microseconds.
    Us,
    /// Nanoseconds.
    Ns,
    /// A date and time of day as ISO 8601 writes it; UTC where no offset stands.
    Iso8601,
}

impl TimeUnit {
    /// Microseconds of one; `None` of a date and time.
    pub(super) const fn micros(self) -> Option<f64> {
        match self {
            Self::S => Some(1e6),
            Self::Ms => Some(1e3),
            Self::Us => Some(1.0),
            Self::Ns => Some(1e-3),
            Self::Iso8601 => None,
        }
    }

    /// As `--time-unit` calls it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::S => "s",
            Self::Ms => "ms",
            Self::Us => "us",
            Self::Ns => "ns",
            Self::Iso8601 => "iso8601",
        }
    }
}

/// Times beyond are none: the difference of any two still has 64 bits.
const MICROS_MAX: i64 = 4_000_000_000_000_000_000;
/// Positions beyond are none, pixels.
const PIXELS_MAX: f64 = 1e9;

/// A time in microseconds; `None` if it is none.
pub(super) fn micros(text: &[u8], unit: TimeUnit) -> Option<i64> {
    let shift = match unit {
        TimeUnit::S => 6,
        TimeUnit::Ms => 3,
        TimeUnit::Us => 0,
        TimeUnit::Ns => -3,
        TimeUnit::Iso8601 => return iso8601(text),
    };
    let micros = Decimal::parse(bare(text))?.scaled(shift)?;
    (-MICROS_MAX..=MICROS_MAX).contains(&micros).then_some(micros)
}

/// A position in pixels; `None` if it is none.
pub(super) fn pixels(text: &[u8]) -> Option<f64> {
    let text = bare(text);
    if let Some(whole) = small_integer(text) {
        return Some(whole);
    }
    let number = std::str::from_utf8(text).ok()?.parse::<f64>().ok()?;
    (number.abs() <= PIXELS_MAX).then_some(number)
}

/// Whether nothing stands in a field, in the words of those who write tables.
pub(super) fn is_empty(text: &[u8]) -> bool {
    const NOTHING: [&[u8]; 7] = [b"na", b"n/a", b"nan", b"none", b"null", b"undefined", b"."];
    text.is_empty() || NOTHING.iter().any(|nothing| text.eq_ignore_ascii_case(nothing))
}

/// Without the blanks and quotes around it.
pub(super) fn bare(text: &[u8]) -> &[u8] {
    let text = text.trim_ascii();
    match text {
        [b'"', inner @ .., b'"'] | [b'\'', inner @ .., b'\''] => inner.trim_ascii(),
        _ => text,
    }
}

fn small_integer(text: &[u8]) -> Option<f64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    if digits.is_empty() || digits.len() > 9 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let whole = digits.iter().fold(0i32, |sum, digit| sum * 10 + i32::from(digit - b'0'));
    Some(f64::from(if negative { -whole } else { whole }))
}

fn iso8601(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(bare(text)).ok()?;
    if let Ok(moment) = text.parse::<jiff::Timestamp>() {
        return Some(moment.as_microsecond());
    }
    let moment = text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok()?;
    Some(moment.timestamp().as_microsecond())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times_are_exact_to_the_microsecond() {
        for (text, unit, expected) in [
            ("1681402186958", TimeUnit::Ms, 1_681_402_186_958_000),
            ("0.0160000000615", TimeUnit::S, 16_000),
            ("0.231999874115", TimeUnit::S, 232_000),
            ("1655992918.0700019", TimeUnit::S, 1_655_992_918_070_002),
            (" \"12.5\" ", TimeUnit::Ms, 12_500),
            ("-40", TimeUnit::Ms, -40_000),
            ("9.31e-05", TimeUnit::S, 93),
            ("1.656000000009578943e+09", TimeUnit::S, 1_656_000_000_009_579),
            ("1656000000e3", TimeUnit::Ms, 1_656_000_000_000_000),
            ("7", TimeUnit::Us, 7),
            ("1500", TimeUnit::Ns, 2),
            ("1499.9", TimeUnit::Ns, 1),
            (".5", TimeUnit::S, 500_000),
            ("2022-06-23T14:02:11.086Z", TimeUnit::Iso8601, 1_655_992_931_086_000),
            ("2022-06-23 14:02:11.086", TimeUnit::Iso8601, 1_655_992_931_086_000),
            ("2022-06-23T16:02:11.086+02:00", TimeUnit::Iso8601, 1_655_992_931_086_000),
        ] {
            assert_eq!(micros(text.as_bytes(), unit), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["", "-", ".", "abc", "1,5", "1.2.3", "99999999999999999999", "inf", "NaN"] {
            assert_eq!(micros(text.as_bytes(), TimeUnit::Ms), None, "{text}");
        }
    }

    #[test]
    fn positions_are_finite() {
        assert_eq!(pixels(b"-12"), Some(-12.0));
        assert_eq!(pixels(b" 305.25"), Some(305.25));
        for text in ["", "-", "NaN", "inf", "1e999", "12px"] {
            assert_eq!(pixels(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn microseconds_survive_as_seconds(at in -4_000_000_000_000_000i64..4_000_000_000_000_000) {
            let sign = if at < 0 { "-" } else { "" };
            let text = format!("{sign}{}.{:06}", at.abs() / 1_000_000, at.abs() % 1_000_000);
            prop_assert_eq!(micros(text.as_bytes(), TimeUnit::S), Some(at));
        }
    }
}
