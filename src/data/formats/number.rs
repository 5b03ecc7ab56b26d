//! A decimal number as text: read digit by digit with its exponent, hence exactly, and whether it
//! says all of its digits.

/// More digits than this are no number that a recording could mean.
const DIGITS_MAX: i64 = 40;
/// What a spreadsheet or `%g` leaves of a number.
const SHORT: usize = 6;
/// From this many digits on a spreadsheet shortens a number.
const LONG: i64 = 11;
/// A float holds this many digits of a number at most.
const FLOAT_DIGITS: usize = 17;

/// The parts of `-12.5e+03`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decimal<'a> {
    negative: bool,
    whole: &'a [u8],
    fraction: &'a [u8],
    exponent: i64,
    has_exponent: bool,
}

impl<'a> Decimal<'a> {
    /// Reads a number; `None` if it is none.
    pub(crate) fn parse(text: &'a [u8]) -> Option<Self> {
        let (negative, rest) = match text {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            rest => (false, rest),
        };
        let mark = rest.iter().position(|byte| matches!(byte, b'e' | b'E'));
        let (mantissa, exponent) = match mark {
            Some(mark) => (&rest[..mark], exponent(&rest[mark + 1..])?),
            None => (rest, 0),
        };
        let point = mantissa.iter().position(|byte| *byte == b'.').unwrap_or(mantissa.len());
        let whole = &mantissa[..point];
        let fraction = mantissa.get(point + 1..).unwrap_or_default();
        let is_plain = whole.iter().chain(fraction).all(u8::is_ascii_digit);
        let is_empty = whole.is_empty() && fraction.is_empty();
        let has_exponent = mark.is_some();
        (is_plain && !is_empty).then_some(Self {
            negative,
            whole,
            fraction,
            exponent,
            has_exponent,
        })
    }

    /// The number times ten to the `shift`, rounded to the nearest whole number; `None` beyond 64
    /// bits.
    pub(crate) fn scaled(&self, shift: i64) -> Option<i64> {
        if self.significant() == 0 {
            return Some(0);
        }
        let kept = self.whole.len() as i64 + self.exponent + shift;
        if kept < 0 {
            return Some(0);
        }
        if kept > DIGITS_MAX {
            // Zeros in front may take it there, as in 0.000...1e45; nobody writes so.
            return None;
        }
        let kept = kept as usize;
        let sum =
            (0..kept).try_fold(0i64, |sum, i| sum.checked_mul(10)?.checked_add(self.digit(i)));
        let rounded = sum?.checked_add(i64::from(self.digit(kept) >= 5))?;
        Some(if self.negative { -rounded } else { rounded })
    }

    /// The digit at a place from the left, zero behind the last.
    fn digit(&self, place: usize) -> i64 {
        let digit = match place.checked_sub(self.whole.len()) {
            None => self.whole.get(place),
            Some(place) => self.fraction.get(place),
        };
        digit.map_or(0, |digit| i64::from(digit - b'0'))
    }

    /// Digits from the first that is no zero to the last that is written.
    pub(crate) fn significant(&self) -> usize {
        let digits = self.whole.iter().chain(self.fraction);
        digits.skip_while(|digit| **digit == b'0').count()
    }

    /// Whether one digit stands in front of the point.
    pub(crate) fn is_scientific(&self) -> bool {
        self.whole.len() == 1
    }

    /// Digits in front of the point, once the exponent is carried out.
    fn integer_digits(&self) -> i64 {
        let zeros = self.whole.iter().chain(self.fraction).take_while(|digit| **digit == b'0');
        self.whole.len() as i64 + self.exponent - zeros.count() as i64
    }

    /// Digits in front of the point that an exponent stands for and nobody wrote: 7 of 1.65599E+12.
    pub(crate) fn unwritten(&self) -> u32 {
        if !self.has_exponent || self.significant() == 0 {
            return 0;
        }
        let unwritten = self.integer_digits() - self.significant() as i64;
        u32::try_from(unwritten).unwrap_or(0)
    }

    /// The digits of a whole number in exponent form, such as 2000 of 2e3; `None` for every other
    /// text and beyond 19 digits.
    pub(crate) fn spelt_out(&self) -> Option<String> {
        let digits = self.integer_digits();
        if !self.has_exponent || digits > 19 || digits < self.written() || self.significant() == 0 {
            return None;
        }
        let from = self.whole.iter().chain(self.fraction).take_while(|digit| **digit == b'0');
        let from = from.count();
        let sign = if self.negative { "-" } else { "" };
        let text: String =
            (from..from + digits as usize).map(|i| self.digit(i).to_string()).collect();
        Some(format!("{sign}{text}"))
    }

    /// Significant digits without zeros at the end.
    fn written(&self) -> i64 {
        let digits: Vec<u8> = self.whole.iter().chain(self.fraction).copied().collect();
        let last = digits.iter().rposition(|digit| *digit != b'0').map_or(0, |last| last + 1);
        let first = digits.iter().position(|digit| *digit != b'0').unwrap_or(last);
        (last - first) as i64
    }
}

fn exponent(text: &[u8]) -> Option<i64> {
    let digits = text.strip_prefix(b"+").or(text.strip_prefix(b"-")).unwrap_or(text);
    if digits.is_empty() || digits.len() > 4 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let size = digits.iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
    Some(if text.starts_with(b"-") { -size } else { size })
}

/// Whether a text has the form that spreadsheets give to long numbers: `1.65599E+12`, `1,656E+12`.
pub(super) fn is_spreadsheets(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let Some(mark) = text.windows(2).position(|pair| pair == b"E+") else { return false };
    let mantissa = &text[..mark];
    let exponent = &text[mark + 2..];
    let is_mantissa = match mantissa {
        [digit] => digit.is_ascii_digit(),
        [digit, b'.' | b',', rest @ ..] => {
            digit.is_ascii_digit() && rest.len() < SHORT && rest.iter().all(u8::is_ascii_digit)
        }
        _ => false,
    };
    is_mantissa && exponent.len() >= 2 && exponent.iter().all(u8::is_ascii_digit)
}

/// Whether an id in exponent form has lost digits: a spreadsheet's or `%g`'s six of many, or a
/// float's seventeen of nineteen.
pub(super) fn is_shortened_id(text: &[u8]) -> bool {
    let text: Vec<u8> = text.iter().map(|byte| if *byte == b',' { b'.' } else { *byte }).collect();
    let Some(number) = Decimal::parse(&text) else { return false };
    if number.unwritten() == 0 {
        return false;
    }
    let digits = number.significant();
    let long = number.integer_digits() >= LONG;
    let is_general = number.whole.len() == 1 && digits == SHORT;
    let is_float = number.whole.len() == 1 && (FLOAT_DIGITS - 2..=FLOAT_DIGITS).contains(&digits);
    long && (is_spreadsheets(&text) || is_general || is_float)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scaled(text: &str, shift: i64) -> Option<i64> {
        Decimal::parse(text.as_bytes()).and_then(|number| number.scaled(shift))
    }

    #[test]
    fn an_exponent_loses_nothing() {
        for (text, shift, expected) in [
            ("1656000000e3", 0, 1_656_000_000_000),
            ("1e+05", 3, 100_000_000),
            ("1.656000000009578943e+09", 6, 1_656_000_000_009_579),
            ("-60150001022e3", 0, -60_150_001_022_000),
            ("9.31e-05", 6, 93),
            ("0e5", 3, 0),
            ("1e-4000", 6, 0),
            ("0.0016e3", 0, 2),
        ] {
            assert_eq!(scaled(text, shift), Some(expected), "{text}");
        }
        for text in ["1e99", "1e4000", "1e", "e5", "1e5.5", "1e+", "12be4", "1e99999", "0x1e5"] {
            assert_eq!(scaled(text, 0), None, "{text}");
        }
    }

    #[test]
    fn digits_that_nobody_wrote_are_counted() {
        for (text, digits) in [
            ("1.65599E+12", 7),
            ("1656000000e3", 3),
            ("1e5", 5),
            ("1.656000000009e+12", 0),
            ("12", 0),
        ] {
            assert_eq!(Decimal::parse(text.as_bytes()).unwrap().unwritten(), digits, "{text}");
        }
    }

    #[test]
    fn an_id_is_spelt_out_where_it_is_whole() {
        let spelt = |text: &str| Decimal::parse(text.as_bytes()).and_then(|n| n.spelt_out());
        assert_eq!(spelt("60150001022e3").as_deref(), Some("60150001022000"));
        assert_eq!(spelt("-2.416201411472988629e+18").as_deref(), Some("-2416201411472988629"));
        assert_eq!(spelt("1e+05").as_deref(), Some("100000"));
        assert_eq!(spelt("1.50e1").as_deref(), Some("15"));
        for text in ["12", "1.5e0", "1e19", "1e-3", "0e3"] {
            assert_eq!(spelt(text), None, "{text}");
        }
    }

    #[test]
    fn a_shortened_id_is_told_from_a_whole_one() {
        for text in ["-2.4162E+18", "1,65599E+12", "1.65599e+12", "2.416201411472989e+18"] {
            assert!(is_shortened_id(text.as_bytes()), "{text}");
        }
        for text in ["60150001022e3", "1e+05", "-2.416201411472988629e+18", "2e3", "12be42", "7"] {
            assert!(!is_shortened_id(text.as_bytes()), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_spelling_of_a_number_is_the_same(at in 1i64..4_000_000_000_000_000, move_by in 0usize..12) {
            let digits = at.to_string();
            let point = digits.len().saturating_sub(move_by).max(1);
            let exponent = digits.len() - point;
            let text = format!("{}.{}e{exponent}", &digits[..point], &digits[point..]);
            prop_assert_eq!(scaled(&text, 0), Some(at));
            let spelt = Decimal::parse(text.as_bytes()).unwrap().spelt_out();
            prop_assert_eq!(spelt, Some(digits));
        }
    }
}
