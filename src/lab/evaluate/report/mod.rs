//! The report of an evaluation as one page, all of it from the results: what it means in plain
//! words first, then every figure with its interval, curve by curve, and at last what exactly was
//! done.

mod baselines;
mod calibration;
mod continuous;
mod curves;
mod facts;
mod figures;
mod plain;
mod scores;
mod users;

#[cfg(test)]
mod sample;

use crate::lab::evaluate::results::{
    DeviceConfound, IntervalEstimate, JudgedUnit, Method, ProtocolRun, Results, SizeFigures,
};
use crate::lab::plot::page::{Page, PageBlock, Section};
use crate::lab::plot::{Picture, number, percent};

/// The whole report.
pub(crate) fn page(results: &Results) -> Page {
    let mut sections = vec![facts::reading()];
    for run in &results.runs {
        sections.extend(sections_of(run));
    }
    sections.extend(results.device.as_ref().map(person_or_device));
    sections.push(facts::made_of(results));
    let title = format!("Evaluation on {} recordings", results.dataset.format);
    Page { title, lead: plain::lead(results), sections }
}

/// Every picture of the report with a name for its file: protocol and what it shows.
pub(crate) fn single_pictures(results: &Results) -> Vec<(String, Picture)> {
    let mut out = Vec::new();
    for run in &results.runs {
        let protocol: String = run
            .protocol
            .name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' })
            .collect();
        let mut add = |name: &str, picture| out.push((format!("{protocol}-{name}"), picture));
        if let Some(model) = model(run) {
            add("roc", curves::roc(model));
            add("det", curves::det(model));
            add("eer", curves::eer_by_size(run));
            for size in &model.sizes {
                add(&format!("scores-{}", size.unit), scores::distribution(size));
                add(&format!("confusion-{}", size.unit), scores::confusion(size));
                if let Some(found) = &size.calibration {
                    add(
                        &format!("reliability-{}", size.unit),
                        calibration::reliability(size, found),
                    );
                }
            }
            if let Some(size) = headline(run) {
                add("users", users::bars(size));
            }
        }
        if let Some(streams) = &run.continuous {
            for (name, picture) in continuous::pictures(streams) {
                add(name, picture);
            }
        }
    }
    out
}

fn sections_of(run: &ProtocolRun) -> Vec<Section> {
    let name = &run.protocol.name;
    let head = Section::new(format!("Protocol {name}"))
        .with(PageBlock::Text(sentence(&run.protocol.about)))
        .with_all(run.warnings.iter().cloned().map(PageBlock::Warning));
    let Some(model) = model(run) else {
        return vec![head.with(PageBlock::Text("No model was measured under it.".into()))];
    };
    let head = head
        .with(figures::table(model))
        .with(PageBlock::Small(figures::KEY.into()))
        .with(PageBlock::Pictures(vec![
            curves::roc(model),
            curves::det(model),
            curves::eer_by_size(run),
        ]))
        .with(PageBlock::Small(curves::KEY.into()));
    let mut sections = vec![head];
    sections.push(baselines::section(run));
    sections.push(scores::section(name, model));
    sections.extend(calibration::section(name, model));
    sections.extend(headline(run).map(|size| users::section(name, size, model)));
    sections.extend(run.continuous.as_ref().map(|streams| continuous::section(name, streams)));
    sections.push(facts::section(run));
    sections
}

/// With a capital letter and a full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    let all: String = first.chain(letters).collect();
    format!("{}.", all.trim_end_matches('.'))
}

fn person_or_device(device_confound: &DeviceConfound) -> Section {
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut row = |what: &str, auc: &IntervalEstimate, difference: Option<&IntervalEstimate>| {
        let difference = difference.map_or_else(|| "-".into(), estimate);
        rows.push(vec![what.into(), self::auc(auc), difference]);
    };
    row("the model, as recorded", &device_confound.recorded, None);
    let clock = device_confound.one_clock.as_ref();
    let device = device_confound.owners_device.as_ref();
    for (what, pair) in [
        ("the model, everybody on one clock", clock),
        ("the model, everybody on the owner's device", device),
    ] {
        if let Some((auc, difference)) = pair {
            row(what, auc, Some(difference));
        }
    }
    for (method, auc) in &device_confound.device_alone {
        row(&format!("{method} alone, no hand"), auc, None);
    }
    let head = ["what is known", "AUC", "difference to as recorded"].map(str::to_owned);
    Section::new("Person or device?")
        .with(PageBlock::List(device_confound.plainly.clone()))
        .with(PageBlock::Table(head.to_vec(), rows))
        .with(PageBlock::Small(format!("Groups of {}.", windows(device_confound.unit))))
}

/// The model's figures, which stand first.
fn model(run: &ProtocolRun) -> Option<&Method> {
    run.methods.iter().find(|method| method.name == "model")
}

/// The size that a reader is told first: as many windows as the agent judges together, else the
/// largest.
fn headline(run: &ProtocolRun) -> Option<&SizeFigures> {
    let sizes = &model(run)?.sizes;
    let group = run.models.first().map(|model| JudgedUnit::Windows(model.group));
    let agents = sizes.iter().find(|size| Some(size.unit) == group);
    agents
        .or_else(|| sizes.iter().rfind(|size| matches!(size.unit, JudgedUnit::Windows(_))))
        .or(sizes.last())
}

/// "30 windows", "a whole session".
fn windows(unit: JudgedUnit) -> String {
    match unit {
        JudgedUnit::Windows(1) => "1 window".into(),
        JudgedUnit::Windows(n) => format!("{n} windows"),
        JudgedUnit::Seconds(n) => format!("{n} s of movement"),
        JudgedUnit::Session => "a whole session".into(),
    }
}

/// A share with its interval.
fn rate(estimate: &IntervalEstimate) -> String {
    format!("{} ({}-{})", percent(estimate.value), bare(estimate.low), bare(estimate.high))
}

fn bare(share: f64) -> String {
    percent(share).trim_end_matches(" %").to_owned()
}

fn maybe_rate(estimate: Option<&IntervalEstimate>) -> String {
    estimate.map_or_else(|| "-".into(), rate)
}

/// An AUC with its interval.
fn auc(auc: &IntervalEstimate) -> String {
    format!("{:.3} ({:.3}-{:.3})", auc.value, auc.low, auc.high)
}

/// A number with its interval.
fn estimate(estimate: &IntervalEstimate) -> String {
    let [value, low, high] = [estimate.value, estimate.low, estimate.high].map(number);
    format!("{value} ({low} to {high})")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(html: &str) -> roxmltree::Document<'_> {
        roxmltree::Document::parse(html.strip_prefix("<!DOCTYPE html>\n").unwrap()).unwrap()
    }

    #[test]
    fn a_report_is_well_formed_complete_and_calls_nobody() {
        let html = page(&sample::results()).html();
        let document = parse(&html);
        let titles: Vec<_> = document
            .descendants()
            .filter(|node| node.has_tag_name("title"))
            .filter_map(|node| node.text())
            .collect();
        for title in ["ROC", "DET", "EER by windows", "How soon", "Errors of each owner"] {
            assert!(titles.iter().any(|found| found.starts_with(title)), "{title}: {titles:?}");
        }
        assert!(titles.iter().filter(|title| title.starts_with("Decisions")).count() >= 3);
        assert!(titles.iter().filter(|title| title.starts_with("Reliability")).count() >= 3);
        assert!(titles.contains(&"An impostor who was noticed: user2 at the mouse of <user1>"));
        assert!(titles.iter().any(|title| title.starts_with("An impostor who was missed")));
        for forbidden in ["http:", "https:", "<script", "url(", "NaN", "inf "] {
            assert!(!html.contains(forbidden), "{forbidden}");
        }
    }

    #[test]
    fn the_first_paragraph_says_what_an_impostor_and_the_owner_meet() {
        let page = page(&sample::results());
        let Some(PageBlock::Text(first)) = page.lead.first() else { panic!("no text first") };
        for word in ["impostor", "owner", "30 windows", "2 people"] {
            assert!(first.contains(word), "{word}: {first}");
        }
        assert!(!first.contains("FAR") && !first.contains("EER"), "{first}");
    }

    #[test]
    fn a_model_that_does_not_beat_the_clock_is_said_to() {
        let mut results = sample::results();
        let said = |results: &Results| page(results).html().contains("does not beat");
        assert!(!said(&results));
        let baseline = &mut results.runs[0].methods[1];
        for size in &mut baseline.sizes {
            size.model_minus_this = Some(IntervalEstimate { value: -0.01, low: -0.05, high: 0.02 });
        }
        assert!(said(&results));
    }

    #[test]
    fn the_same_results_give_the_same_page() {
        assert_eq!(page(&sample::results()).html(), page(&sample::results()).html());
    }

    #[test]
    fn results_without_streams_models_or_owners_still_make_a_page() {
        let mut results = sample::results();
        results.runs[0].continuous = None;
        results.runs[0].models.clear();
        results.device = None;
        parse(&page(&results).html());
        results.runs[0].methods.clear();
        parse(&page(&results).html());
        results.runs.clear();
        parse(&page(&results).html());
        assert!(single_pictures(&results).is_empty());
    }

    #[test]
    fn every_picture_has_a_file_name_of_its_own() {
        let pictures = single_pictures(&sample::results());
        let names: std::collections::BTreeSet<_> = pictures.iter().map(|p| &p.0).collect();
        assert_eq!(names.len(), pictures.len());
        for (name, picture) in &pictures {
            assert!(!name.contains(['/', ' ', '<']), "{name}");
            roxmltree::Document::parse(&picture.standalone()).unwrap();
        }
    }
}
