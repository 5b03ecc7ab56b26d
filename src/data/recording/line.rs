//! One signal as one line of text, and back. Exact: what is read equals what was written.

use std::fmt::Write;

use crate::pipeline::{Boundary, Button, MouseEvent, MouseKind, Signal, Timestamp};

/// Characters of a bad field that are quoted.
const QUOTED: usize = 24;

const BOUNDARIES: [(Boundary, &str); 7] = [
    (Boundary::Start, "start"),
    (Boundary::Quiet, "quiet"),
    (Boundary::Locked, "locked"),
    (Boundary::Unlocked, "unlocked"),
    (Boundary::Suspended, "suspended"),
    (Boundary::Overflow, "overflow"),
    (Boundary::DeviceChanged, "device-changed"),
];

/// Appends the line of a signal, with its line break.
pub(super) fn write(out: &mut String, signal: &Signal) {
    let at = signal.at().micros();
    // Writing into a String cannot fail.
    let _ = match signal {
        Signal::Boundary { kind, .. } => {
            let name = BOUNDARIES.iter().find(|(b, _)| b == kind).map_or("start", |(_, name)| name);
            writeln!(out, "{at},{name},,")
        }
        Signal::Mouse(event) => {
            let _ = write!(out, "{at},");
            write_kind(out, event.kind);
            writeln!(out, ",{},{}", event.x, event.y)
        }
    };
}

fn write_kind(out: &mut String, kind: MouseKind) {
    let (verb, button) = match kind {
        MouseKind::Move => return out.push_str("move"),
        MouseKind::Drag => return out.push_str("drag"),
        MouseKind::Wheel => return out.push_str("wheel"),
        MouseKind::Press(button) => ("press", button),
        MouseKind::Release(button) => ("release", button),
    };
    out.push_str(verb);
    match button {
        Button::Left => out.push_str("-left"),
        Button::Right => out.push_str("-right"),
        Button::Middle => out.push_str("-middle"),
        Button::Other(number) => {
            let _ = write!(out, "-{number}");
        }
    }
}

/// Reads a line without its line break; says what is wrong with it otherwise.
pub(super) fn parse(line: &str) -> Result<Signal, String> {
    let mut fields = line.split(',');
    let mut next = || fields.next().ok_or_else(|| "fewer than four columns".to_owned());
    let at = next()?;
    let what = next()?;
    let x = next()?;
    let y = next()?;
    if fields.next().is_some() {
        return Err("more than four columns".into());
    }
    let at = at.parse().map_err(|_| format!("at_us is not a whole number: {}", quoted(at)))?;
    let at = Timestamp::from_micros(at);
    if let Some((kind, _)) = BOUNDARIES.iter().find(|(_, name)| *name == what) {
        return Ok(Signal::Boundary { at, kind: *kind });
    }
    let kind = parse_kind(what).ok_or_else(|| format!("unknown event: {}", quoted(what)))?;
    Ok(Signal::Mouse(MouseEvent { at, kind, x: pixel(x)?, y: pixel(y)? }))
}

fn pixel(text: &str) -> Result<f64, String> {
    let value = text.parse::<f64>().ok().filter(|value| value.is_finite());
    value.ok_or_else(|| format!("not a position: {}", quoted(text)))
}

/// The first characters of a field, control characters written out.
fn quoted(text: &str) -> String {
    format!("{:?}", text.chars().take(QUOTED).collect::<String>())
}

pub(in crate::data) fn parse_kind(what: &str) -> Option<MouseKind> {
    match what {
        "move" => return Some(MouseKind::Move),
        "drag" => return Some(MouseKind::Drag),
        "wheel" => return Some(MouseKind::Wheel),
        _ => {}
    }
    let (verb, button) = what.split_once('-')?;
    let button = match button {
        "left" => Button::Left,
        "right" => Button::Right,
        "middle" => Button::Middle,
        number => Button::Other(number.parse().ok()?),
    };
    match verb {
        "press" => Some(MouseKind::Press(button)),
        "release" => Some(MouseKind::Release(button)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn kinds() -> impl Strategy<Value = MouseKind> {
        let button = prop_oneof![
            Just(Button::Left),
            Just(Button::Right),
            Just(Button::Middle),
            any::<u8>().prop_map(Button::Other),
        ];
        prop_oneof![
            Just(MouseKind::Move),
            Just(MouseKind::Drag),
            Just(MouseKind::Wheel),
            button.clone().prop_map(MouseKind::Press),
            button.prop_map(MouseKind::Release),
        ]
    }

    pub(in super::super) fn signals() -> impl Strategy<Value = Signal> {
        let coordinate = prop_oneof![(-9999..9999i32).prop_map(f64::from), -1e6..1e6f64];
        let mouse =
            (any::<i64>(), kinds(), coordinate.clone(), coordinate).prop_map(|(at, kind, x, y)| {
                Signal::Mouse(MouseEvent { at: Timestamp::from_micros(at), kind, x, y })
            });
        let boundary = (any::<i64>(), 0..BOUNDARIES.len()).prop_map(|(at, i)| Signal::Boundary {
            at: Timestamp::from_micros(at),
            kind: BOUNDARIES[i].0,
        });
        prop_oneof![mouse, boundary]
    }

    proptest! {
        #[test]
        fn a_signal_survives_its_line(signal in signals()) {
            let mut text = String::new();
            write(&mut text, &signal);
            prop_assert!(text.ends_with('\n'));
            prop_assert_eq!(parse(text.trim_end()), Ok(signal));
        }
    }

    #[test]
    fn wrong_lines_say_what_is_wrong() {
        for (line, wrong) in [
            ("1,move,2", "fewer than four"),
            ("1,move,2,3,4", "more than four"),
            ("x,move,2,3", "whole number"),
            ("1,jump,2,3", "unknown event"),
            ("1,press-999,2,3", "unknown event"),
            ("1,move,NaN,3", "not a position"),
            ("1,move,1e999,3", "not a position"),
        ] {
            let said = parse(line).unwrap_err();
            assert!(said.contains(wrong), "{line}: {said}");
        }
    }
}
