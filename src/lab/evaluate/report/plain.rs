//! What an evaluation means, for somebody to whom error rates are new. Says the weak sides in the
//! same breath.

use super::{baselines, headline, model, windows};
use crate::lab::evaluate::results::{ProtocolRun, Results, SizeFigures};
use crate::lab::plot::page::PageBlock;
use crate::lab::plot::{percent, seconds};

/// What stands before everything else.
pub(super) fn lead(results: &Results) -> Vec<PageBlock> {
    let Some((run, size)) = results.runs.iter().find_map(|run| Some((run, headline(run)?))) else {
        return vec![PageBlock::Warning(
            "Nothing was measured, so there is nothing to say.".into(),
        )];
    };
    let mut blocks = vec![PageBlock::Text(summary(results, run, size))];
    blocks.extend(honest(run).map(PageBlock::Warning));
    if results.runs.len() > 1 {
        blocks.push(PageBlock::Small(format!(
            "These sentences are about the protocol {}; the others follow below.",
            run.protocol.name
        )));
    }
    blocks
}

fn summary(results: &Results, run: &ProtocolRun, size: &SizeFigures) -> String {
    let owners = owners(size);
    let what = format!(
        "The models of {owners} people ({} recordings) were asked about movement that they had \
         never seen: is it the owner who moves this mouse, or an impostor? They judge {} together, \
         which takes about {} of movement or {} on the clock.",
        results.dataset.format,
        windows(size.unit),
        seconds(size.movement_s),
        seconds(size.wall_s),
    );
    format!("{what} {} {}", verdict(size), streams(run))
}

fn owners(size: &SizeFigures) -> usize {
    let names: std::collections::BTreeSet<_> = size.users.iter().map(|user| &user.user).collect();
    names.len()
}

/// The rates at the threshold that was fixed beforehand, else those where both are equal.
fn verdict(size: &SizeFigures) -> String {
    let mean = &size.mean;
    let carried = mean.shipped_far.zip(mean.shipped_frr).or(mean.far.zip(mean.frr));
    let rates = match carried {
        Some((far, frr)) => format!(
            "With the limit that was fixed beforehand, {} of the impostors were taken for the \
             owner, and {} of the time an owner was taken for an impostor.",
            percent(far.value),
            percent(frr.value)
        ),
        None => format!(
            "With the limit at which both mistakes are equally frequent, each happens {} of the \
             time.",
            percent(mean.eer.value)
        ),
    };
    let worst = &size.worst.0;
    let rate = percent(size.worst.1);
    format!(
        "{rates} Guessing would be wrong half of the time. People differ: the model of {worst} \
         is wrong {rate} of the time."
    )
}

fn streams(run: &ProtocolRun) -> String {
    let Some(streams) = &run.continuous else { return String::new() };
    let caught = match &streams.movement {
        Some(delay) => format!(
            "Of {} times that an impostor took the mouse, {} were never noticed; half of the \
             others were noticed within {} of movement.",
            streams.impostor_sessions,
            streams.missed,
            seconds(delay.median.value)
        ),
        None => format!(
            "Of {} times that an impostor took the mouse, none was noticed.",
            streams.impostor_sessions
        ),
    };
    let rate = streams.false_alarms_per_8h_wall.value;
    if rate == 0.0 {
        return format!("{caught} No owner was disturbed.");
    }
    format!("{caught} An owner was disturbed {rate:.1} times in eight hours at the desk.")
}

/// What somebody must know who reads only this far.
fn honest(run: &ProtocolRun) -> impl Iterator<Item = String> + '_ {
    let unbeaten = headline(run).map(|size| baselines::unbeaten(run, size.unit));
    let unbeaten = unbeaten.filter(|methods| !methods.is_empty()).map(|methods| {
        let names: Vec<_> =
            methods.iter().map(|method| format!("{} ({})", method.name, method.about)).collect();
        format!(
            "The model does not beat these baselines: {}. They know nothing of the hand, so what \
             it measures may be the device or the task instead of the person.",
            names.join(", ")
        )
    });
    let few = model(run).and_then(|model| model.sizes.first()).map(owners).filter(|n| *n < 10);
    let few = few.map(|owners| {
        format!("Only {owners} people were measured. Another ten may fare better or worse.")
    });
    unbeaten.into_iter().chain(few)
}
