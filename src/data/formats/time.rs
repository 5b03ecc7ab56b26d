//! Times as the formats write them, to whole microseconds. Reads text; knows no clock and no zone
//! of this machine.

use serde::{Deserialize, Serialize};

use crate::pipeline::Timestamp;

/// How a format writes time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeUnit {
    /// Seconds, with or without a fraction.
    S,
    /// Milliseconds.
    Ms,
    /// Microseconds.
    Us,
    /// `2024-05-17T09:30:00.123`, with or without an offset; without one it is taken as UTC.
    Iso8601,
}

impl TimeUnit {
    /// Reads one time; `None` when it is none.
    pub(super) fn parse(self, text: &str) -> Option<Timestamp> {
        let per_unit = match self {
            Self::S => 1e6,
            Self::Ms => 1e3,
            Self::Us => 1.0,
            Self::Iso8601 => return iso8601(text),
        };
        // Whole numbers stay exact: an f64 would blur the microseconds of an epoch.
        if let Ok(whole) = text.parse::<i64>() {
            return whole.checked_mul(per_unit as i64).map(Timestamp::from_micros);
        }
        let value = text.parse::<f64>().ok()? * per_unit;
        (value.abs() < 9e18).then(|| Timestamp::from_micros(value.round() as i64))
    }
}

fn iso8601(text: &str) -> Option<Timestamp> {
    let micros = match text.parse::<jiff::Timestamp>() {
        Ok(moment) => moment.as_microsecond(),
        Err(_) => {
            let civil: jiff::civil::DateTime = text.parse().ok()?;
            civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_microsecond()
        }
    };
    Some(Timestamp::from_micros(micros))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_to_the_microsecond() {
        for (unit, text, micros) in [
            (TimeUnit::S, "0.0160000000615", 16_000),
            (TimeUnit::S, "1655993031.186", 1_655_993_031_186_000),
            (TimeUnit::Ms, "1681402186958", 1_681_402_186_958_000),
            (TimeUnit::Us, "7", 7),
            (TimeUnit::Iso8601, "1970-01-01T00:00:01.5", 1_500_000),
            (TimeUnit::Iso8601, "1970-01-01T01:00:01+01:00", 1_000_000),
        ] {
            assert_eq!(unit.parse(text), Some(Timestamp::from_micros(micros)), "{text}");
        }
        for text in ["", "soon", "NaN", "1e300"] {
            assert_eq!(TimeUnit::Ms.parse(text), None, "{text}");
        }
    }
}
