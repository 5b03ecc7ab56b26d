//! Draws the scene: one sentence, the evidence against its limits, the last windows, and what
//! happened. Words and shapes say everything; colour only repeats it.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::Marker;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Axis, Block, Chart, Dataset, GraphType, List, ListItem, Paragraph};

use super::scene::{Scene, ShownWindow};
use crate::agent::shared_status::Status;
use crate::cli::output::folded;
use crate::cli::status::headline;
use crate::pipeline::Decision;

/// Windows that the curve is wide at least, so that a few do not fill it.
const FEWEST: usize = 60;
/// Columns of a chart that are no part of the curve: the frame, the heights and their axis.
const BESIDE: u16 = 5;
/// Lines of the head within its frame, at most.
const HEAD_LINES: usize = 6;
/// Columns of a window's row, with its frame.
const WINDOW_COLUMNS: u16 = 39;
/// Columns that an event's time takes.
const TIME_COLUMNS: usize = 10;

pub(super) fn draw(frame: &mut Frame<'_>, scene: &Scene) {
    let head = head_of(scene, usize::from(frame.area().width.saturating_sub(2)));
    let rows =
        [Constraint::Length(head.len() as u16 + 2), Constraint::Min(8), Constraint::Length(1)];
    let [top, middle, foot] = Layout::vertical(rows).areas(frame.area());
    let decision = scene.status.as_ref().map(|status| format!(": {}", status.decision));
    let title = format!(" mousewarden{} ", decision.unwrap_or_default());
    frame.render_widget(Paragraph::new(head).block(Block::bordered().title(title)), top);
    let halves = [Constraint::Percentage(55), Constraint::Percentage(45)];
    let [chart, lists] = Layout::vertical(halves).areas(middle);
    Curve::of(scene, usize::from(chart.width.saturating_sub(BESIDE))).draw(frame, chart);
    let sides = [Constraint::Length(WINDOW_COLUMNS), Constraint::Min(20)];
    let [windows, events] = Layout::horizontal(sides).areas(lists);
    frame.render_widget(windows_of(scene), windows);
    frame.render_widget(events_of(scene, events.width), events);
    let keys = scene.note.clone().unwrap_or_else(|| "q quit   p pause or resume".into());
    frame.render_widget(Paragraph::new(keys), foot);
}

/// The sentence, and below it what does not work, or the figures.
fn head_of(scene: &Scene, columns: usize) -> Vec<Line<'static>> {
    let Some(status) = &scene.status else {
        return vec![Line::from("no agent answers; it may have ended")];
    };
    let emphasis = match status.decision {
        Decision::Trusted => style(scene, Color::Green),
        // Yellow letters cannot be read on a white terminal.
        Decision::Suspicious if scene.colour => Style::default().fg(Color::Black).bg(Color::Yellow),
        Decision::Suspicious => Style::default(),
        Decision::Intruder => style(scene, Color::Red).add_modifier(Modifier::REVERSED),
    };
    let emphasis = emphasis.add_modifier(Modifier::BOLD);
    let second = status.problems.first().map_or_else(|| figures(status), |it| format!("! {it}"));
    let sentence = folded(&headline(status), columns);
    let sentence = sentence.into_iter().map(|line| Line::from(Span::styled(line, emphasis)));
    let second = second.lines().flat_map(|line| folded(line, columns)).map(Line::from);
    sentence.chain(second).take(HEAD_LINES).collect()
}

/// "evidence 3.5 of 10.0, 61 windows, score 0.71 (suspicious below 0.45)"
fn figures(status: &Status) -> String {
    let mut parts = Vec::new();
    if let Some(limit) = status.limits[0] {
        parts.push(format!("evidence {:.1} of {limit:.1}", status.evidence));
    }
    parts.push(format!("{} windows", status.windows_seen));
    if let Some(score) = status.grouped {
        parts.push(format!("score {score:.2} (suspicious below {:.2})", status.threshold));
    }
    parts.join(", ")
}

/// What the chart shows: the evidence against its limits; under the rule of the equal error rate
/// the grouped scores against their threshold.
struct Curve<'a> {
    scene: &'a Scene,
    /// Windows from its left to its right end: one a column, fewer while there are fewer.
    wide: usize,
    /// Columns of the terminal.
    columns: usize,
    title: String,
    value: fn(&ShownWindow) -> Option<f64>,
    /// Heights that mean something, with a colour each.
    levels: Vec<(f64, Color)>,
    top: f64,
}

impl<'a> Curve<'a> {
    fn of(scene: &'a Scene, columns: usize) -> Self {
        let wide = scene.windows.len().max(FEWEST).min(columns.max(2));
        let status = scene.status.as_ref();
        let [notice, lock] = status.map_or([None; 2], |status| status.limits);
        // Whatever the rule for locks: the first alarm is the notice's.
        let Some(lowest) = notice else {
            let threshold = status.map_or(0.0, |status| f64::from(status.threshold));
            let title = format!(
                " score of the last windows: 1 you, 0 somebody else; dotted: suspicious below \
                 {threshold:.2} "
            );
            let levels = vec![(threshold, Color::Red)];
            return Self { scene, wide, columns, title, value: |it| it.grouped, levels, top: 1.0 };
        };
        let named = [(notice, "notice", Color::Yellow), (lock, "lock", Color::Red)];
        let named = named.into_iter().filter_map(|(limit, name, colour)| {
            limit.map(|limit| (f64::from(limit), name, colour))
        });
        let mut levels = Vec::new();
        let mut names = Vec::new();
        for (limit, name, colour) in named {
            levels.push((limit, colour));
            names.push(format!("{name} {limit:.1}"));
        }
        let highest = levels.iter().map(|level| level.0).fold(f64::from(lowest), f64::max);
        let title = format!(
            " evidence against you, the last {wide} windows; dotted: {} ",
            names.join(", ")
        );
        let reached = scene.windows.iter().map(|window| window.evidence).fold(0.0, f64::max);
        let top = 10.0 * (f64::max(1.15 * highest, 1.05 * reached) / 10.0).ceil();
        Self { scene, wide, columns, title, value: |it| Some(it.evidence), levels, top }
    }

    /// What is drawn last lies on top: the curve, and the alarms on it. No legend covers it.
    fn draw(&self, frame: &mut Frame<'_>, area: Rect) {
        let scene = self.scene;
        let shown = scene.windows.len().min(self.wide);
        let first = self.wide - shown;
        let windows = scene.windows.iter().skip(scene.windows.len() - shown);
        let points: Vec<(f64, f64, bool)> = windows
            .clone()
            .enumerate()
            .filter_map(|(i, window)| {
                Some(((first + i) as f64, (self.value)(window)?, window.alarm))
            })
            .collect();
        let curve: Vec<(f64, f64)> = points.iter().map(|(x, y, _)| (*x, *y)).collect();
        let alarms: Vec<(f64, f64)> =
            points.iter().filter(|point| point.2).map(|(x, y, _)| (*x, *y)).collect();
        let lines: Vec<Vec<(f64, f64)>> =
            self.levels.iter().map(|level| self.dotted(level.0)).collect();
        let mut sets: Vec<Dataset<'_>> = lines
            .iter()
            .zip(&self.levels)
            .map(|(line, (_, colour))| {
                let set = Dataset::default().marker(Marker::Braille);
                set.graph_type(GraphType::Scatter).style(style(scene, *colour)).data(line)
            })
            .collect();
        let set = Dataset::default().marker(Marker::Braille).graph_type(GraphType::Line);
        sets.push(set.style(style(scene, Color::Cyan)).data(&curve));
        let set = Dataset::default().marker(Marker::Dot).graph_type(GraphType::Scatter);
        let emphasis = style(scene, Color::Red).add_modifier(Modifier::BOLD);
        sets.push(set.style(emphasis).data(&alarms));
        let heights = ["0".to_owned(), height(self.top / 2.0), height(self.top)];
        let times = [windows.clone().next(), windows.last()].map(|window| window.map(hour));
        let [left, right] = times.map(Option::unwrap_or_default).map(Line::from);
        let block = Block::bordered().title(self.title.clone());
        let chart = Chart::new(sets)
            .legend_position(None)
            .block(block.title_bottom(left).title_bottom(right.right_aligned()))
            .x_axis(Axis::default().bounds([0.0, (self.wide - 1) as f64]))
            .y_axis(Axis::default().bounds([0.0, self.top]).labels(heights));
        frame.render_widget(chart, area);
    }

    /// A thin line across, a point on every second column.
    fn dotted(&self, level: f64) -> Vec<(f64, f64)> {
        let column = (self.wide - 1) as f64 / self.columns.max(1) as f64;
        (0..=self.columns).step_by(2).map(|at| (at as f64 * column, level)).collect()
    }
}

/// When a window came, for the frame.
fn hour(window: &ShownWindow) -> String {
    format!(" {} ", window.at)
}

fn height(value: f64) -> String {
    if value < 2.0 { format!("{value:.1}") } else { format!("{value:.0}") }
}

fn windows_of(scene: &Scene) -> List<'static> {
    let rows = scene.windows.iter().rev().map(|window| {
        let grouped = window.grouped.map_or("   -".into(), |mean| format!("{mean:.2}"));
        let ShownWindow { at, score, decision, alarm, .. } = window;
        let said = if *alarm { "ALARM".into() } else { decision.to_string() };
        ListItem::new(format!("{at}  {score:.2}  {grouped}  {said}"))
    });
    List::new(rows).block(Block::bordered().title(" one window, group, decision "))
}

fn events_of(scene: &Scene, width: u16) -> List<'static> {
    let columns = usize::from(width).saturating_sub(TIME_COLUMNS + 2).max(8);
    let rows = scene.events.iter().map(|(at, words)| {
        let mut lines = folded(words, columns).into_iter();
        let first = format!("{at}  {}", lines.next().unwrap_or_default());
        let rest = lines.map(|line| format!("{:TIME_COLUMNS$}{line}", ""));
        ListItem::new(std::iter::once(first).chain(rest).map(Line::from).collect::<Vec<_>>())
    });
    List::new(rows).block(Block::bordered().title(" what happened "))
}

fn style(scene: &Scene, colour: Color) -> Style {
    if scene.colour { Style::default().fg(colour) } else { Style::default() }
}

#[cfg(test)]
mod tests {
    use super::super::scene::tests::verdict;
    use super::*;
    use crate::agent::event::{Event, StampedEvent};
    use crate::pipeline::Action;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    fn drawn(scene: &Scene, width: u16, height: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw(frame, scene)).unwrap();
        let buffer = terminal.backend().buffer();
        let rows = buffer.content.chunks(usize::from(width));
        rows.map(|row| row.iter().map(|cell| cell.symbol()).collect::<String>() + "\n").collect()
    }

    fn scene() -> Scene {
        let mut scene = Scene::new(false);
        scene.status = Some(Status {
            grouped: Some(0.42),
            group_windows: 30,
            threshold: 0.5,
            windows_seen: 61,
            evidence: 3.5,
            limits: [Some(10.0), Some(15.0)],
            ..Status::default()
        });
        for i in 0..60 {
            let score = if i < 40 { 0.9 } else { 0.2 };
            scene.take(&verdict(score, (i > 10).then_some(1.0 - i as f32 / 60.0), None));
        }
        scene.take(&verdict(0.1, Some(0.42), Some(Action::Notify)));
        scene
    }

    #[test]
    fn everything_is_said_in_words() {
        let text = drawn(&scene(), 100, 30);
        assert!(
            text.contains("evidence 3.5 of 10.0, 61 windows, score 0.42 (suspicious below 0.50)"),
            "{text}"
        );
        assert!(text.contains(" mousewarden: trusted "), "{text}");
        assert!(text.contains("the last 61 windows; dotted: notice 10.0, lock 15.0"), "{text}");
        assert!(text.contains("0.42  ALARM") && text.contains("ALARM, to notify"), "{text}");
        if std::env::var_os("MOUSEWARDEN_PICTURES").is_some() {
            eprintln!("{text}");
        }
    }

    #[test]
    fn words_stay_whole_on_a_narrow_terminal() {
        let mut scene = scene();
        let why =
            "logind: no session; i3lock: not found; xdg-screensaver: cannot be started".into();
        scene.take(&StampedEvent::now(Event::LockFailed { why }));
        let text = drawn(&scene, 80, 24);
        for word in ["suspicious below 0.50)", "xdg-screensaver:", "ALARM", "started", "lock 15.0"]
        {
            assert!(text.contains(word), "{word}: {text}");
        }
        assert_eq!(folded("a bb ccc", 4), ["a bb", "ccc"]);
    }

    #[test]
    fn the_newest_point_is_the_curve_s_and_no_legend_s() {
        let text = drawn(&scene(), 80, 24);
        let braille = |c: char| ('\u{2801}'..='\u{28ff}').contains(&c) || c == '•';
        let newest = text.lines().any(|line| {
            let inner: Vec<char> = line.chars().collect();
            inner.len() > 78 && inner[76..79].iter().any(|c| braille(*c))
        });
        assert!(newest, "{text}");
    }

    #[test]
    fn the_curve_takes_the_width_of_the_terminal() {
        let mut scene = scene();
        for (width, windows) in [(80, 61), (200, 61), (200, 195)] {
            while scene.windows.len() < windows {
                scene.take(&verdict(0.9, Some(0.9), None));
            }
            let text = drawn(&scene, width, 50);
            let curve = text.lines().filter(|line| line.contains('\u{28c0}') || line.contains('•'));
            let begins = curve.filter_map(|line| line.chars().position(|c| c == '\u{28c0}'));
            assert!(begins.min().is_some_and(|column| column < 12), "{text}");
            assert!(text.contains(&format!("the last {windows} windows")), "{text}");
        }
    }

    #[test]
    fn sentences_and_problems_are_told_to_their_end() {
        let mut scene = scene();
        let status = scene.status.as_mut().unwrap();
        status.state = crate::agent::shared_status::WatchState::UnknownDevice;
        status.problems = vec![
            "history: no space left on the device where the owner keeps it; \
                                what happens is kept in memory until there is some"
                .into(),
        ];
        let text = drawn(&scene, 80, 24);
        for words in ["enrol with it.", "until there is some", "ALARM"] {
            assert!(text.contains(words), "{words}: {text}");
        }
    }

    #[test]
    fn evidence_far_above_the_limits_is_drawn_where_it_is() {
        let mut scene = scene();
        scene.windows.iter_mut().for_each(|window| window.evidence = 40.0);
        let text = drawn(&scene, 100, 30);
        assert!(text.contains("│50"), "the axis ends above what was reached: {text}");
    }

    #[test]
    fn without_limits_the_scores_are_shown() {
        let mut scene = scene();
        scene.status.as_mut().unwrap().limits = [None; 2];
        let text = drawn(&scene, 100, 30);
        assert!(text.contains("score of the last windows"), "{text}");
        scene.status.as_mut().unwrap().limits = [None, Some(15.0)];
        let text = drawn(&scene, 100, 30);
        assert!(text.contains("score of the last windows"), "a notice by the score: {text}");
    }

    #[test]
    fn the_smallest_terminal_is_survived_and_no_agent_is_said() {
        drawn(&scene(), 12, 6);
        drawn(&scene(), 1, 1);
        let text = drawn(&Scene::new(true), 80, 24);
        assert!(text.contains("no agent answers"), "{text}");
    }
}
