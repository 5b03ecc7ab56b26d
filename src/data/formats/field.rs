//! One field of a row as a number: exact times in microseconds, finite positions. Nothing here
//! knows which format it reads, and no value is ever rounded silently by more than the unit.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

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

/// Why a field is not what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrong {
    /// Not a number, or one that no such column can hold.
    NotANumber,
    /// A number that a spreadsheet shortened, such as `1.65599E+12`.
    Shortened,
}

/// A time in microseconds.
pub(super) fn micros(text: &[u8], unit: TimeUnit) -> Result<i64, Wrong> {
    match unit {
        TimeUnit::S => decimal(text, 6),
        TimeUnit::Ms => decimal(text, 3),
        TimeUnit::Us => decimal(text, 0),
        TimeUnit::Ns => decimal(text, -3),
        TimeUnit::Iso8601 => iso8601(text),
    }
}

/// A position in pixels.
pub(super) fn pixels(text: &[u8]) -> Result<f64, Wrong> {
    let text = bare(text);
    if let Some(whole) = small_integer(text) {
        return Ok(whole);
    }
    let number = std::str::from_utf8(text).ok().and_then(|text| text.parse::<f64>().ok());
    number.filter(|number| number.is_finite()).ok_or(Wrong::NotANumber)
}

/// Without the blanks and quotes around it.
pub(super) fn bare(text: &[u8]) -> &[u8] {
    let text = text.trim_ascii();
    match text {
        [b'"', inner @ .., b'"'] => inner.trim_ascii(),
        _ => text,
    }
}

/// Whether a spreadsheet would write a large number so: digits, and an exponent above zero.
pub(super) fn is_shortened(text: &[u8]) -> bool {
    let text = bare(text);
    let Some(e) = text.iter().position(|byte| matches!(byte, b'e' | b'E')) else { return false };
    let (mantissa, exponent) = (&text[..e], &text[e + 1..]);
    let exponent = exponent.strip_prefix(b"+").unwrap_or(exponent);
    let numeric = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'.' | b',' | b'-');
    let digits = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    !mantissa.is_empty() && mantissa.iter().all(numeric) && digits(exponent)
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

/// A decimal number times ten to the `shift`, rounded to the nearest whole number. Digit by digit,
/// because a float of seconds since 1970 is no longer exact to the microsecond.
fn decimal(text: &[u8], shift: isize) -> Result<i64, Wrong> {
    let text = bare(text);
    let digits = text.strip_prefix(b"-").or(text.strip_prefix(b"+")).unwrap_or(text);
    let point = digits.iter().position(|byte| *byte == b'.').unwrap_or(digits.len());
    let (whole, fraction) = (&digits[..point], digits.get(point + 1..).unwrap_or_default());
    let plain = |digits: &[u8]| digits.iter().all(u8::is_ascii_digit);
    if !plain(whole) || !plain(fraction) || whole.is_empty() && fraction.is_empty() {
        return if is_shortened(text) { Err(Wrong::Shortened) } else { tiny(text, shift) };
    }
    let digit = |i: usize| match i.checked_sub(whole.len()) {
        None => i64::from(whole[i] - b'0'),
        Some(i) => fraction.get(i).map_or(0, |digit| i64::from(digit - b'0')),
    };
    let Some(kept) = whole.len().checked_add_signed(shift) else { return Ok(0) };
    let sum = (0..kept).try_fold(0i64, |sum, i| sum.checked_mul(10)?.checked_add(digit(i)));
    let rounded = sum.and_then(|sum| sum.checked_add(i64::from(digit(kept) >= 5)));
    let rounded = rounded.ok_or(Wrong::NotANumber)?;
    Ok(if text.starts_with(b"-") { -rounded } else { rounded })
}

/// What a program wrote as `9.31e-05`: too small a number for a float to lose anything.
fn tiny(text: &[u8], shift: isize) -> Result<i64, Wrong> {
    let number = std::str::from_utf8(text).ok().and_then(|text| text.parse::<f64>().ok());
    let number = number.filter(|number| number.abs() < 1.0).ok_or(Wrong::NotANumber)?;
    Ok((number * 10f64.powi(shift as i32)).round() as i64)
}

fn iso8601(text: &[u8]) -> Result<i64, Wrong> {
    let text = std::str::from_utf8(bare(text)).map_err(|_| Wrong::NotANumber)?;
    if let Ok(moment) = text.parse::<jiff::Timestamp>() {
        return Ok(moment.as_microsecond());
    }
    let civil = text.parse::<DateTime>().map_err(|_| Wrong::NotANumber)?;
    let moment = civil.to_zoned(TimeZone::UTC).map_err(|_| Wrong::NotANumber)?;
    Ok(moment.timestamp().as_microsecond())
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
            ("7", TimeUnit::Us, 7),
            ("1500", TimeUnit::Ns, 2),
            ("1499.9", TimeUnit::Ns, 1),
            (".5", TimeUnit::S, 500_000),
            ("2022-06-23T14:02:11.086Z", TimeUnit::Iso8601, 1_655_992_931_086_000),
            ("2022-06-23 14:02:11.086", TimeUnit::Iso8601, 1_655_992_931_086_000),
            ("2022-06-23T16:02:11.086+02:00", TimeUnit::Iso8601, 1_655_992_931_086_000),
        ] {
            assert_eq!(micros(text.as_bytes(), unit), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["", "-", ".", "abc", "1,5", "1.2.3", "99999999999999999999", "inf", "NaN"] {
            assert_eq!(micros(text.as_bytes(), TimeUnit::Ms), Err(Wrong::NotANumber), "{text}");
        }
    }

    #[test]
    fn a_number_that_a_spreadsheet_shortened_is_told_from_a_small_one() {
        for text in ["1.65599E+12", "-2.4162E+18", "1,65599E+12", "1e12"] {
            assert!(is_shortened(text.as_bytes()), "{text}");
            assert_eq!(micros(text.as_bytes(), TimeUnit::Ms), Err(Wrong::Shortened), "{text}");
        }
        for text in ["9.31e-05", "12", "e", "E+12", "2be9", "12be42dc-90cf"] {
            assert!(!is_shortened(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn positions_are_finite() {
        assert_eq!(pixels(b"-12"), Ok(-12.0));
        assert_eq!(pixels(b" 305.25"), Ok(305.25));
        for text in ["", "-", "NaN", "inf", "1e999", "12px"] {
            assert_eq!(pixels(text.as_bytes()), Err(Wrong::NotANumber), "{text}");
        }
    }

    proptest! {
        #[test]
        fn microseconds_survive_as_seconds(at in -4_000_000_000_000_000i64..4_000_000_000_000_000) {
            let sign = if at < 0 { "-" } else { "" };
            let text = format!("{sign}{}.{:06}", at.abs() / 1_000_000, at.abs() % 1_000_000);
            prop_assert_eq!(micros(text.as_bytes(), TimeUnit::S), Ok(at));
        }
    }
}
