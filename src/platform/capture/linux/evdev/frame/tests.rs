//! What frames of a mouse, a touchpad and a tablet become.

use super::*;
use proptest::prelude::*;

const NOW: Timestamp = Timestamp::from_millis(90_000);

/// The kernel's `struct input_event` for each of the events, and for the report that ends them.
fn frame(ms: i64, events: &[(u16, u16, i32)]) -> Vec<u8> {
    let report = (EV_SYN, 0, 0);
    events
        .iter()
        .chain([&report])
        .flat_map(|&(kind, code, value)| event(at(ms), kind, code, value))
        .collect()
}

fn event(at: Timestamp, kind: u16, code: u16, value: i32) -> Vec<u8> {
    let seconds = (at.micros() / 1_000_000) as std::ffi::c_long;
    let micros = (at.micros() % 1_000_000) as std::ffi::c_long;
    let mut bytes = [seconds.to_ne_bytes(), micros.to_ne_bytes()].concat();
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(code.to_ne_bytes());
    bytes.extend(value.to_ne_bytes());
    bytes
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

#[test]
fn counts_are_added_up_and_a_frame_is_one_movement() {
    let mut mouse = Assembler::new(MotionShape::Counts);
    let stream = [
        frame(89_000, &[(EV_REL, REL_X, 3), (EV_REL, REL_Y, -2)]),
        frame(89_008, &[(EV_REL, REL_X, 4), (EV_KEY, BTN_MOUSE, 1)]),
        frame(89_016, &[(EV_REL, REL_WHEEL, -1), (EV_REL, 11, -120)]),
        frame(89_024, &[(EV_KEY, BTN_MOUSE, 0)]),
        frame(89_032, &[(EV_KEY, BTN_MOUSE + 1, 1), (EV_KEY, BTN_MOUSE + 3, 1)]),
    ]
    .concat();
    let button = |ms, number, down| Record::Button { at: at(ms), x: 7.0, y: -2.0, number, down };
    let expected = [
        Record::Move { at: at(89_000), x: 3.0, y: -2.0 },
        Record::Move { at: at(89_008), x: 7.0, y: -2.0 },
        button(89_008, 1, true),
        Record::Wheel { at: at(89_016), x: 7.0, y: -2.0 },
        button(89_024, 1, false),
        button(89_032, 3, true),
        button(89_032, 8, true),
    ];
    assert_eq!(mouse.feed(&stream, NOW), expected);
}

#[test]
fn keys_leave_no_trace() {
    let mut mouse = Assembler::new(MotionShape::Counts);
    assert_eq!(mouse.feed(&frame(89_000, &[(EV_KEY, 30, 1), (4, 4, 458_756)]), NOW), []);
}

#[test]
fn after_a_loss_the_rest_of_the_frame_is_not_believed() {
    let mut mouse = Assembler::new(MotionShape::Counts);
    let stream = [
        event(at(89_000), EV_REL, REL_X, 100),
        event(at(89_001), EV_SYN, SYN_DROPPED, 0),
        frame(89_002, &[(EV_REL, REL_X, 500)]),
        frame(89_003, &[(EV_REL, REL_X, 1)]),
    ]
    .concat();
    let expected =
        [Record::Overflow { at: at(89_001) }, Record::Move { at: at(89_003), x: 1.0, y: 0.0 }];
    assert_eq!(mouse.feed(&stream, NOW), expected);
}

#[test]
fn a_finger_moves_the_pointer_only_while_it_stays_down_alone() {
    let mut pad = Assembler::new(MotionShape::Finger);
    let down = [(EV_KEY, BTN_TOUCH, 1), (EV_KEY, BTN_TOOL_FINGER, 1)];
    let spot = |x, y| [(EV_ABS, ABS_X, x), (EV_ABS, ABS_Y, y)];
    let mut stream = frame(89_000, &[&down[..], &spot(500, 500)].concat());
    stream.extend(frame(89_010, &[(EV_ABS, ABS_X, 510)]));
    // A second finger, which scrolls.
    stream.extend(frame(89_020, &[(EV_KEY, BTN_TOOL_FINGER, 0), (EV_ABS, ABS_Y, 900)]));
    stream.extend(frame(89_030, &[(EV_KEY, BTN_TOUCH, 0)]));
    // Down again elsewhere.
    stream.extend(frame(89_040, &[&down[..], &spot(100, 100)].concat()));
    stream.extend(frame(89_050, &[(EV_ABS, ABS_Y, 95)]));
    let expected = [
        Record::Move { at: at(89_010), x: 10.0, y: 0.0 },
        Record::Move { at: at(89_050), x: 10.0, y: -5.0 },
    ];
    assert_eq!(pad.feed(&stream, NOW), expected);
}

#[test]
fn a_tablet_says_where() {
    let mut tablet = Assembler::new(MotionShape::Places);
    let mut stream = frame(89_000, &[(EV_ABS, ABS_X, 100)]);
    stream.extend(frame(89_010, &[(EV_ABS, ABS_Y, 50)]));
    stream.extend(frame(89_020, &[(EV_ABS, ABS_Y, 50)]));
    let expected = [Record::Move { at: at(89_010), x: 100.0, y: 50.0 }];
    assert_eq!(tablet.feed(&stream, NOW), expected);
}

#[test]
fn another_clocks_stamps_are_replaced() {
    let mut mouse = Assembler::new(MotionShape::Counts);
    for foreign in [1_700_000_000_000, 90_001, 1] {
        let records = mouse.feed(&frame(foreign, &[(EV_REL, REL_X, 1)]), NOW);
        assert!(matches!(records[..], [Record::Move { at: NOW, .. }]), "{records:?}");
    }
}

#[test]
fn a_drift_ends_in_a_rest_and_never_within_a_movement() {
    let mut mouse = Assembler::new(MotionShape::Counts);
    let mut xs = Vec::new();
    for ms in [10_000, 10_008, 10_016, 80_000] {
        let stream = frame(ms, &[(EV_REL, REL_X, 90_000)]);
        xs.extend(mouse.feed(&stream, at(ms)).into_iter().map(|record| match record {
            Record::Move { x, .. } => x,
            _ => f32::NAN,
        }));
    }
    assert_eq!(xs, [90_000.0, 180_000.0, 270_000.0, 90_000.0]);
}

proptest! {
    #[test]
    fn it_does_not_matter_where_a_read_ends(cuts in prop::collection::vec(1_usize..70, 1..12)) {
        let stream: Vec<u8> = (0..40)
            .flat_map(|i| frame(89_000 + i, &[(EV_REL, REL_X, 1), (EV_KEY, BTN_MOUSE, i as i32 % 2)]))
            .collect();
        let whole = Assembler::new(MotionShape::Counts).feed(&stream, NOW);
        let mut mouse = Assembler::new(MotionShape::Counts);
        let (mut cut, mut rest) = (Vec::new(), stream.as_slice());
        for size in cuts.into_iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (part, later) = rest.split_at(size.min(rest.len()));
            cut.extend(mouse.feed(part, NOW));
            rest = later;
        }
        prop_assert_eq!(whole, cut);
    }

    #[test]
    fn no_stream_of_bytes_breaks_it(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        for shape in [MotionShape::Counts, MotionShape::Finger, MotionShape::Places] {
            Assembler::new(shape).feed(&bytes, NOW);
        }
    }
}
