//! Records as bytes and back, torn, late and untrue ones among them.

use super::*;
use proptest::prelude::*;

const AT: Timestamp = Timestamp::from_micros(1_234_567_890_123);

fn script() -> Vec<Record> {
    let (at, x, y) = (AT, 10.0, -3.5);
    let button = |number, down| Record::Button { at, x, y, number, down };
    vec![
        Record::Ready { at, x, y, held: 0 },
        Record::Move { at, x, y },
        button(1, true),
        Record::Move { at, x, y },
        button(3, true),
        button(1, false),
        Record::Move { at, x, y },
        button(3, false),
        Record::Move { at, x, y },
        button(200, true),
        Record::Wheel { at, x, y },
        Record::Overflow { at },
        Record::Warps { at },
        Record::Alive { at },
        Record::Move { at, x, y },
        Record::Text { at, piece: [0xFF; PIECE], length: 3 },
    ]
}

fn signals(decoder: &mut RecordDecoder) -> Vec<Signal> {
    std::iter::from_fn(|| decoder.next()).collect()
}

#[test]
fn every_record_survives_the_pipe() {
    let mut records = script();
    records.extend(Refusal::ALL.map(Record::Refused));
    for record in records {
        assert_eq!(Record::from_bytes(&record.to_bytes()), Some(record));
    }
    assert_eq!(Record::from_bytes(&[0; SIZE]), None);
}

#[test]
fn a_movement_with_any_button_held_is_a_drag() {
    let mut decoder = RecordDecoder::default();
    let bytes: Vec<_> = script().into_iter().flat_map(Record::to_bytes).collect();
    assert_eq!(decoder.feed(&bytes, AT), [HookState::Ready]);
    let kinds: Vec<_> = signals(&mut decoder)
        .iter()
        .filter_map(|signal| match signal {
            Signal::Mouse(event) if event.kind.is_movement() => Some(event.kind),
            _ => None,
        })
        .collect();
    use MouseKind::{Drag, Move};
    assert_eq!(kinds, [Move, Drag, Drag, Move, Move]);
}

#[test]
fn another_device_is_a_boundary_and_the_same_again_is_none() {
    let mut decoder = RecordDecoder::default();
    let devices = ["evdev", "evdev; mouse A", "evdev; mouse A", "evdev; mouse Boringly (0:1)"];
    for line in devices {
        decoder.feed(&description(AT, &Capture::parse(line)), AT);
        assert_eq!(decoder.take_captures(), [(AT, Capture::parse(line))]);
    }
    let changed = Signal::Boundary { at: AT, kind: Boundary::DeviceChanged };
    assert_eq!(signals(&mut decoder), [changed; 2]);
    let long = Capture::by(&"x".repeat(2000));
    assert!(description(AT, &long).len() <= 4096);
}

#[test]
fn nothing_behind_a_record_that_cannot_be_is_believed_until_another_process_begins() {
    let move_at = |at, x| Record::Move { at, x, y: 0.0 }.to_bytes();
    let next_year = Timestamp::from_micros(AT.micros() + 31_557_600_000_000);
    let stream = [move_at(AT, 1.0), move_at(next_year, 2.0), move_at(AT, 3.0)].concat();
    let mut decoder = RecordDecoder::default();
    assert_eq!(decoder.feed(&stream, AT), [HookState::Broken(Fault::Ahead)]);
    let before = Signal::Mouse(MouseEvent { at: AT, kind: MouseKind::Move, x: 1.0, y: 0.0 });
    assert_eq!(signals(&mut decoder), [before]);
    decoder.restart();
    assert_eq!(decoder.feed(&move_at(AT, 4.0), AT), []);
    assert_eq!(signals(&mut decoder).len(), 1);
}

#[test]
fn a_button_held_from_before_the_hook_makes_drags() {
    let mut decoder = RecordDecoder::default();
    decoder.feed(&Record::Ready { at: AT, x: 0.0, y: 0.0, held: 0b1 }.to_bytes(), AT);
    decoder.feed(&Record::Move { at: AT, x: 1.0, y: 0.0 }.to_bytes(), AT);
    let kind = signals(&mut decoder).into_iter().find_map(|signal| match signal {
        Signal::Mouse(event) => Some(event.kind),
        Signal::Boundary { .. } => None,
    });
    assert_eq!(kind, Some(MouseKind::Drag));
}

proptest! {
    #[test]
    fn it_does_not_matter_where_the_pipe_cuts(cuts in prop::collection::vec(1_usize..60, 1..20)) {
        let bytes: Vec<_> = script().into_iter().flat_map(Record::to_bytes).collect();
        let mut whole = RecordDecoder::default();
        whole.feed(&bytes, AT);
        let mut cut = RecordDecoder::default();
        let mut rest = bytes.as_slice();
        for size in cuts.into_iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (part, later) = rest.split_at(size.min(rest.len()));
            cut.feed(part, AT);
            rest = later;
        }
        prop_assert_eq!(signals(&mut whole), signals(&mut cut));
    }
}
