//! The one sheet of styles for pictures: in a page once, in every file of its own. Plain class
//! rules, because programs other than browsers know no variables. Dark applies on dark screens
//! only; paper is always light.

use std::fmt::Write;

/// Class, colour on light paper, colour on a dark screen.
const COLOURS: [(&str, [&str; 2]); 11] = [
    ("c0", ["#0072b2", "#56b4e9"]),
    ("c1", ["#d55e00", "#f0803c"]),
    ("c2", ["#00866a", "#3dc9a5"]),
    ("c3", ["#b5578f", "#e59ac5"]),
    ("c4", ["#a87b00", "#f0c445"]),
    ("c5", ["#4a4fb5", "#a3a8ff"]),
    ("c6", ["#7a5230", "#d0a880"]),
    ("c7", ["#2b8cbe", "#9ad7f5"]),
    ("ci", ["#1c1f23", "#e8eaed"]),
    ("cm", ["#8a9099", "#858c96"]),
    ("ca", ["#b3261e", "#ff8a80"]),
];
/// Paper, ink, faint lines.
const LIGHT: [&str; 3] = ["#ffffff", "#1c1f23", "#dfe2e6"];
const DARK: [&str; 3] = ["#15171a", "#e8eaed", "#34383d"];

/// The rules that all pictures share.
pub fn sheet() -> String {
    let mut css = String::from(
        "svg.plot{font:12px system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}\
         .l{fill:none;stroke-linejoin:round}.f{stroke:none}.h{font-weight:600;font-size:13px}\
         .t{font-size:11px}.d1{stroke-dasharray:8 3}.d2{stroke-dasharray:4 3}\
         .d3{stroke-dasharray:1.5 2.5}.d4{stroke-dasharray:8 3 1.5 3}",
    );
    css.push_str(&rules(LIGHT, 0));
    css.push_str("@media screen and (prefers-color-scheme:dark){");
    css.push_str(&rules(DARK, 1));
    css.push('}');
    css
}

fn rules([paper, ink, faint]: [&str; 3], theme: usize) -> String {
    let mut css = format!(
        "svg.plot text{{fill:{ink}}}.p{{fill:{paper};stroke:none}}.g{{stroke:{faint};fill:none}}\
         .a{{stroke:{ink};fill:none}}svg.plot text.o{{fill:{paper}}}"
    );
    for (class, values) in &COLOURS {
        let value = values[theme];
        // Writing to a string cannot fail.
        let _ = write!(css, ".l.{class}{{stroke:{value}}}.f.{class}{{fill:{value}}}");
    }
    css
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance after WCAG 2.
    fn luminance(colour: &str) -> f64 {
        let channel = |at: usize| {
            let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    #[test]
    fn every_colour_stands_out_from_its_paper() {
        let contrast = |a: &str, b: &str| {
            let (a, b) = (luminance(a), luminance(b));
            (a.max(b) + 0.05) / (a.min(b) + 0.05)
        };
        for (class, [light, dark]) in COLOURS {
            assert!(contrast(light, LIGHT[0]) > 3.0, "{class} on light paper");
            assert!(contrast(dark, DARK[0]) > 3.0, "{class} on a dark screen");
        }
    }
}
