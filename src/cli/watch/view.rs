//! Draws the scene: state and mean, the scores over the last windows, the windows themselves, and
//! what happened. Words and shapes say everything; colour only repeats it.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::Marker;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Axis, Block, Chart, Dataset, GraphType, List, ListItem, Paragraph};

use super::scene::{Scene, ShownWindow};
use crate::pipeline::Decision;

/// Windows that the chart is wide.
const WIDE: f64 = 120.0;

pub(super) fn draw(frame: &mut Frame<'_>, scene: &Scene) {
    let rows = [Constraint::Length(4), Constraint::Min(8), Constraint::Length(1)];
    let [head, middle, foot] = Layout::vertical(rows).areas(frame.area());
    frame.render_widget(head_of(scene), head);
    let halves = [Constraint::Percentage(55), Constraint::Percentage(45)];
    let [chart, lists] = Layout::vertical(halves).areas(middle);
    draw_chart(frame, scene, chart);
    let sides = [Constraint::Percentage(50), Constraint::Percentage(50)];
    let [windows, events] = Layout::horizontal(sides).areas(lists);
    frame.render_widget(windows_of(scene), windows);
    frame.render_widget(events_of(scene), events);
    let keys = scene.note.clone().unwrap_or_else(|| "q quit   p pause or resume".into());
    frame.render_widget(Paragraph::new(keys), foot);
}

fn head_of(scene: &Scene) -> Paragraph<'static> {
    let block = Block::bordered().title(" mousewarden ");
    let Some(status) = &scene.status else {
        return Paragraph::new("no agent answers; it may have ended").block(block);
    };
    let emphasis = match status.decision {
        Decision::Trusted => style(scene, Color::Green),
        Decision::Suspicious => style(scene, Color::Yellow),
        Decision::Intruder => style(scene, Color::Red).add_modifier(Modifier::REVERSED),
    };
    let first = Line::from(vec![
        Span::raw(format!("{}  ", status.state)),
        Span::styled(status.decision.to_string(), emphasis.add_modifier(Modifier::BOLD)),
        Span::raw(format!("  {}", status.ground())),
    ]);
    let second = format!(
        "{} windows, {}, at most {}, {}",
        status.windows_seen, status.source, status.max_action, status.scorer.backend
    );
    let problem = status.problems.first().map_or(second, |p| format!("! {p}"));
    Paragraph::new(vec![first, Line::from(problem)]).block(block)
}

fn draw_chart(frame: &mut Frame<'_>, scene: &Scene, area: Rect) {
    let first = WIDE - scene.windows.len() as f64;
    let at = |value: fn(&ShownWindow) -> Option<f64>| -> Vec<(f64, f64)> {
        let points = scene.windows.iter().enumerate();
        points.filter_map(|(i, window)| Some((first + i as f64, value(window)?))).collect()
    };
    let (scores, means) = (at(|window| Some(window.score)), at(|window| window.grouped));
    let threshold = scene.status.as_ref().map(|status| f64::from(status.threshold));
    let line: Vec<_> = threshold.map_or(Vec::new(), |y| vec![(0.0, y), (WIDE, y)]);
    let set = |name: &'static str, marker, kind, colour| {
        Dataset::default().name(name).marker(marker).graph_type(kind).style(style(scene, colour))
    };
    let sets = vec![
        set("score", Marker::Dot, GraphType::Scatter, Color::DarkGray).data(&scores),
        set("threshold", Marker::Dot, GraphType::Line, Color::Red).data(&line),
        set("mean", Marker::Braille, GraphType::Line, Color::Cyan).data(&means),
    ];
    let chart = Chart::new(sets)
        .block(Block::bordered().title(" scores: 1 owner, 0 somebody else "))
        .x_axis(Axis::default().bounds([0.0, WIDE]))
        .y_axis(Axis::default().bounds([0.0, 1.0]).labels(["0", "0.5", "1"]));
    frame.render_widget(chart, area);
}

fn windows_of(scene: &Scene) -> List<'static> {
    let row = |window: &ShownWindow| {
        let grouped = window.grouped.map_or("   -".into(), |mean| format!("{mean:.2}"));
        let ShownWindow { at, steps, score, decision, alarm, .. } = window;
        let said = if *alarm { "ALARM".into() } else { decision.to_string() };
        ListItem::new(format!("{at}  {steps:>3} steps  {score:.2}  {grouped}  {said}"))
    };
    let rows = scene.windows.iter().rev().map(row);
    List::new(rows).block(Block::bordered().title(" windows: score, mean, decision "))
}

fn events_of(scene: &Scene) -> List<'static> {
    let rows = scene.events.iter().map(|(at, words)| ListItem::new(format!("{at}  {words}")));
    List::new(rows).block(Block::bordered().title(" what happened "))
}

fn style(scene: &Scene, colour: Color) -> Style {
    if scene.colour { Style::default().fg(colour) } else { Style::default() }
}

#[cfg(test)]
mod tests {
    use super::super::scene::tests::verdict;
    use super::*;
    use crate::agent::shared_status::Status;
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
            text.contains("watching  trusted  score of 30 windows 0.420, threshold 0.500"),
            "{text}"
        );
        assert!(text.contains("0.42  ALARM") && text.contains("ALARM, to notify"), "{text}");
        if std::env::var_os("MOUSEWARDEN_PICTURES").is_some() {
            eprintln!("{text}");
        }
    }

    #[test]
    fn the_smallest_terminal_is_survived_and_no_agent_is_said() {
        drawn(&scene(), 12, 6);
        drawn(&scene(), 1, 1);
        let text = drawn(&Scene::new(true), 80, 24);
        assert!(text.contains("no agent answers"), "{text}");
    }
}
