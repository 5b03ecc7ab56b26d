//! Numbers and names as text: escaped, rounded, shortened, and how wide they will be drawn.

/// Text that may stand between tags and in quoted attributes. Characters that XML forbids become
/// the replacement character.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' | '\r' => out.push(' '),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// A coordinate of a drawing: one decimal, without a trailing zero.
pub(super) fn place(value: f64) -> String {
    let tenths = (value * 10.0).round();
    if !tenths.is_finite() {
        "0".into()
    } else if tenths % 10.0 == 0.0 {
        // Adding 0 turns -0 into 0.
        format!("{:.0}", tenths / 10.0 + 0.0)
    } else {
        format!("{:.1}", tenths / 10.0)
    }
}

/// A number with about three significant digits; a dash where there is none.
pub fn number(value: f64) -> String {
    let size = value.abs();
    match size {
        _ if !value.is_finite() => "-".into(),
        _ if size >= 10_000.0 => grouped(value),
        _ if size >= 100.0 => format!("{value:.0}"),
        _ if size >= 10.0 => trim(format!("{value:.1}")),
        _ if size >= 1.0 => trim(format!("{value:.2}")),
        _ if size >= 0.001 => trim(format!("{value:.3}")),
        _ if size == 0.0 => "0".into(),
        _ => format!("{value:.1e}"),
    }
}

/// A whole number with commas between thousands.
pub fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut out = String::from(if value < 0.0 && digits != "0" { "-" } else { "" });
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// How many of something there are: "1 session", "12 sessions".
pub fn counted(count: usize, what: &str) -> String {
    format!("{} {what}{}", grouped(count as f64), if count == 1 { "" } else { "s" })
}

/// A share 0..=1 in per cent, with a decimal below ten.
pub fn percent(share: f64) -> String {
    let value = share * 100.0;
    match value {
        _ if !value.is_finite() => "-".into(),
        _ if value > 0.0 && value < 0.05 => "<0.1 %".into(),
        _ if (10.0..=99.95).contains(&value) || value == 0.0 || value > 99.95 => {
            format!("{value:.0} %")
        }
        _ => format!("{value:.1} %"),
    }
}

/// A span of seconds in the unit that a person would choose.
pub fn seconds(value: f64) -> String {
    match value.abs() {
        _ if !value.is_finite() => "-".into(),
        size if size < 1.0 => format!("{} ms", number(value * 1e3)),
        size if size < 120.0 => format!("{} s", number(value)),
        size if size < 7200.0 => format!("{} min", number(value / 60.0)),
        size if size < 172_800.0 => format!("{} h", number(value / 3600.0)),
        _ => format!("{} days", number(value / 86_400.0)),
    }
}

/// A name of at most `longest` characters: its beginning and its end, which tell numbers apart.
pub(crate) fn short_id(id: &str, longest: usize) -> String {
    let count = id.chars().count();
    if count <= longest || longest < 4 {
        return id.to_owned();
    }
    let tail = (longest - 1) / 2;
    let head: String = id.chars().take(longest - 1 - tail).collect();
    let end: String = id.chars().skip(count - tail).collect();
    format!("{head}\u{2026}{end}")
}

/// About how wide a text is in a sans-serif face of this size, px. Errs to the wide side.
pub(super) fn width(text: &str, size: f64) -> f64 {
    text.chars()
        .map(|c| match c {
            'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | ' ' | '(' | ')' => 0.33,
            'f' | 'r' | 't' | '-' => 0.42,
            'm' | 'w' | 'M' | 'W' | '%' => 0.92,
            'A'..='Z' => 0.74,
            '0'..='9' => 0.64,
            '\u{2026}' => 1.0,
            c if c.is_ascii() => 0.62,
            _ => 0.9,
        })
        .sum::<f64>()
        * size
}

fn trim(text: String) -> String {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_a_name_stays_text() {
        assert_eq!(escape("<b a='1'>\"&\u{0}\n"), "&lt;b a=&#39;1&#39;&gt;&quot;&amp;\u{fffd} ");
    }

    #[test]
    fn numbers_are_as_short_as_they_can_be() {
        for (value, text) in [
            (0.0, "0"),
            (-0.25, "-0.25"),
            (12.34, "12.3"),
            (1234.5, "1234"),
            (1_234_567.0, "1,234,567"),
            (-12_345.0, "-12,345"),
            (2.0, "2"),
            (0.000_02, "2.0e-5"),
            (f64::NAN, "-"),
        ] {
            assert_eq!(number(value), text);
        }
        assert_eq!(place(-0.04), "0");
        assert_eq!(place(12.25), "12.3");
        assert_eq!(place(f64::INFINITY), "0");
    }

    #[test]
    fn shares_and_spans_read_well() {
        assert_eq!(percent(0.0), "0 %");
        assert_eq!(percent(0.000_1), "<0.1 %");
        assert_eq!(percent(0.023), "2.3 %");
        assert_eq!(percent(0.219), "22 %");
        assert_eq!(percent(1.0), "100 %");
        assert_eq!(seconds(0.25), "250 ms");
        assert_eq!(seconds(90.0), "90 s");
        assert_eq!(seconds(3600.0 * 5.0), "5 h");
    }

    #[test]
    fn a_long_name_keeps_both_ends() {
        assert_eq!(short_id("-2416201411472988629", 11), "-2416\u{2026}88629");
        assert_eq!(short_id("user7", 11), "user7");
    }
}
