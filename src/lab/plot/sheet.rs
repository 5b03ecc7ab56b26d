//! The one sheet of styles for pictures: in a page once, in every file of its own. Plain class
//! rules, because browsers alone know variables. Dark applies on dark screens only; paper is always
//! light.

use std::fmt::Write;

/// Class, colour on light paper, colour on a dark screen.
const COLOURS: [(&str, [&str; 2]); 11] = [
    ("c0", ["#0072b2", "#56b4e9"]),
    ("c1", ["#d55e00", "#f0803c"]),
    ("c2", ["#2e9a5e", "#5fe0a0"]),
    ("c3", ["#b5578f", "#d070b0"]),
    ("c4", ["#5a3c00", "#f0c445"]),
    ("c5", ["#4a4fb5", "#a3a8ff"]),
    ("c6", ["#a87b00", "#d0a880"]),
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

    /// Red, green and blue as light, 0..=1.
    fn light(colour: &str) -> [f64; 3] {
        [1, 3, 5].map(|at| {
            let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        })
    }

    fn product(matrix: [[f64; 3]; 3], light: [f64; 3]) -> [f64; 3] {
        matrix.map(|row| row.iter().zip(light).map(|(a, b)| a * b).sum())
    }

    /// Relative luminance after WCAG 2.
    fn luminance(colour: &str) -> f64 {
        light(colour).iter().zip([0.2126, 0.7152, 0.0722]).map(|(a, b)| a * b).sum()
    }

    /// CIE L*a*b* under daylight (D65).
    fn lab(light: [f64; 3]) -> [f64; 3] {
        let to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]];
        let xyz = product(to_xyz, light.map(|value| value.clamp(0.0, 1.0)));
        let root = |t: f64| if t > 0.008_856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 };
        let [x, y, z] = [xyz[0] / 0.950_47, xyz[1], xyz[2] / 1.088_83].map(root);
        [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
    }

    /// What the colours become for people without one kind of cones: red, green, blue (Machado,
    /// Oliveira & Fernandes 2009, severity 1).
    const BLINDNESS: [(&str, [[f64; 3]; 3]); 4] = [
        ("nobody", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
        (
            "protanopia",
            [
                [0.152_286, 1.052_583, -0.204_868],
                [0.114_503, 0.786_281, 0.099_216],
                [-0.003_882, -0.048_116, 1.051_998],
            ],
        ),
        (
            "deuteranopia",
            [
                [0.367_322, 0.860_646, -0.227_968],
                [0.280_085, 0.672_501, 0.047_413],
                [-0.011_820, 0.042_940, 0.968_881],
            ],
        ),
        (
            "tritanopia",
            [
                [1.255_528, -0.076_749, -0.178_779],
                [-0.078_411, 0.930_809, 0.147_602],
                [0.004_733, 0.691_367, 0.303_900],
            ],
        ),
    ];

    #[test]
    fn the_five_event_types_stay_apart_for_the_colour_blind() {
        let distance = |a: [f64; 3], b: [f64; 3]| -> f64 {
            a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
        };
        for (who, matrix) in BLINDNESS {
            for theme in [0, 1] {
                let seen = |at: usize| lab(product(matrix, light(COLOURS[at].1[theme])));
                for (a, b) in (0..5).flat_map(|a| (0..a).map(move |b| (a, b))) {
                    let apart = distance(seen(a), seen(b));
                    assert!(apart > 15.0, "{who}: c{a} and c{b} of theme {theme}: {apart}");
                }
            }
        }
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
