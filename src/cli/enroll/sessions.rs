//! What is said about the days of an enrolment: one day shows little of the next.

use crate::cli::context::Context;
use crate::data::Store;
use crate::error::Result;
use crate::lab::enrolment::own_movement;
use crate::lab::sufficiency::days_apart;
use crate::model::Bundle;
use crate::pipeline::WindowParams;

/// Days that lie farther apart than this, usual being 1, want another.
const FAR: f64 = 1.5;

/// A sentence about how far the enrolment's days lie apart, and what to do about it.
///
/// # Errors
/// When model or recordings cannot be read.
pub(crate) fn words(context: &Context, store: &Store) -> Result<String> {
    let bundle = Bundle::read(&context.enrolled_model())?;
    let days = own_movement(store, WindowParams::default())?.days();
    Ok(match days_apart(&bundle, &days) {
        None => "All of it is from one day, and tomorrow you will move a little differently: \
                 `mousewarden --enroll --again` on another day makes false alarms rarer."
            .into(),
        Some(apart) if apart > FAR => format!(
            "Your days lie {apart:.1} times as far apart as people's usually do: `mousewarden \
             --enroll --again` on one more day."
        ),
        Some(apart) => {
            format!("Your days lie about as far apart as people's usually do ({apart:.1}).")
        }
    })
}
