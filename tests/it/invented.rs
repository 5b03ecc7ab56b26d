//! Invented people in the bank recordings' format: each has a screen, a pace and a way of clicking.
#![allow(dead_code, reason = "every test takes what it needs")]

use std::fmt::Write;
use std::ops::Range;

/// The header of a table with users.
pub const HEADER: &str = "uid,session_id,user_id,timestamp,event_type,screen_x,screen_y";

/// Rows of some people's sessions, with header; without users where the maker is to be found out.
pub fn table(people: &[u32], sessions: Range<u32>, with_user: bool) -> String {
    let header = if with_user { HEADER.to_owned() } else { HEADER.replace("user_id,", "") };
    let each = people.iter().flat_map(|&who| sessions.clone().map(move |which| (who, which)));
    each.fold(header + "\n", |text, (who, which)| text + &person(who, which, with_user))
}

/// One session's rows, without header. The session's id is `of-WHO-WHICH`.
pub fn person(who: u32, which: u32, with_user: bool) -> String {
    let mut state = u64::from(who * 1000 + which) + 77;
    let mut random = move || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / f64::from(1_u32 << 31)
    };
    let mut text = String::new();
    let mut time = 1_655_000_000_000 + i64::from(which) * 10_000_000;
    let (width, pace) = (900.0 + 250.0 * f64::from(who), 40 + 15 * i64::from(who));
    let user = if with_user { format!("{who},") } else { String::new() };
    for event in 0..70 {
        let pause = if event % 9 == 8 { 400 + 200 * i64::from(who) } else { 0 };
        time += pace + (10.0 * random()) as i64 + pause;
        let kind = if event % (7 + who) == 6 { 5 } else { 2 };
        let (x, y) = (width * random(), 0.6 * width * random());
        let _ = writeln!(
            text,
            "u{who}-{which}-{event},of-{who}-{which},{user}{time},{kind},{x:.2},{y:.2}"
        );
    }
    text
}
