//! Charts as SVG, laid out by plotters.

use plotters::chart::MeshStyle;
use plotters::coord::Shift;
use plotters::coord::ranged1d::Ranged;
use plotters::element::{Drawable, PointCollection};
use plotters::prelude::*;
use plotters_backend::{BackendCoord, DrawingErrorKind};

use crate::error::{ReportError, Result};
use crate::html;
use crate::svg_backend::{GRID, INK, SvgBackend, UNITS, class_color};

/// The width of a chart, in pixels; a page may show it larger.
const WIDTH: u32 = 720;
/// The room for the labels of rows.
const ROW_LABELS: u32 = 150;
/// The height of a row.
const ROW: u32 = 18;
/// The most characters of the label of a row.
const ROW_LABEL_CHARACTERS: usize = 24;
/// The room for the labels of the axis of time.
const AXIS: u32 = 26;
const FONT: u32 = 11;
const AXIS_LABELS: usize = 7;

/// A span in a row: of time in microseconds, or of a number of things.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bar {
    pub(crate) row: usize,
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) class: u8,
    /// The tool tip.
    pub(crate) title: String,
}

/// A line through points, with a mark at each.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Line {
    pub(crate) class: u8,
    pub(crate) points: Vec<(f64, f64)>,
}

/// Bars in rows along the time. `until_us` is the end of the axis.
pub(crate) fn rows_of_bars(label: &str, rows: &[String], bars: &[Bar], until_us: u64) -> Result<String> {
    let until = axis_end(until_us as f64 / 1e6);
    bars_in_rows(label, rows, bars, until, 1e6, &|seconds| axis_time(seconds, until))
}

/// Bars in rows along a number of things.
pub(crate) fn rows_of_counts(label: &str, rows: &[String], bars: &[Bar]) -> Result<String> {
    let most = bars.iter().map(|bar| bar.end).max().unwrap_or(0).max(1);
    bars_in_rows(label, rows, bars, most as f64, 1.0, &whole)
}

/// The text of a number of things on an axis: there are no halves.
pub(crate) fn whole(count: f64) -> String {
    if count.fract() == 0.0 { format!("{count}") } else { String::new() }
}

fn bars_in_rows(
    label: &str,
    rows: &[String],
    bars: &[Bar],
    until: f64,
    scale: f64,
    text_across: &dyn Fn(f64) -> String,
) -> Result<String> {
    let height = ROW * rows.len().max(1) as u32 + AXIS + 8;
    image(label, height, |root| {
        let mut chart = ChartBuilder::on(root)
            .margin_top(4 * UNITS)
            .margin_right(18 * UNITS)
            .x_label_area_size(AXIS as i32 * UNITS)
            .y_label_area_size(ROW_LABELS as i32 * UNITS)
            .build_cartesian_2d(0.0..until, 0.0..rows.len().max(1) as f64)?;
        let across = |value: &f64| text_across(*value);
        let mut mesh = chart.configure_mesh();
        mesh.disable_y_mesh().disable_y_axis().x_labels(AXIS_LABELS).x_label_formatter(&across);
        style(&mut mesh);
        mesh.draw()?;
        let rectangles = bars.iter().map(|bar| TitledBar::new(bar, rows.len(), scale));
        chart.draw_series(rectangles)?;
        for (row, name) in rows.iter().enumerate() {
            let (x, y) = chart.backend_coord(&(0.0, (rows.len() - row) as f64 - 0.5));
            let text = html::cut(name, ROW_LABEL_CHARACTERS);
            let at = (x - 6 * UNITS, y);
            root.draw(&TitledText { at, anchor: "end", text, title: name.clone() })?;
        }
        Ok(())
    })
}

/// Lines over an axis of time or of steps. `steps` are the texts at 0, 1 and so on of the axis; without them it is one of time.
pub(crate) fn lines(
    label: &str,
    lines: &[Line],
    across: f64,
    steps: Option<&[String]>,
    up: &dyn Fn(f64) -> String,
    marks: bool,
) -> Result<String> {
    let values = lines.iter().flat_map(|line| line.points.iter().map(|(_, y)| *y));
    let top = axis_end(values.fold(0.0, f64::max) * 1.05);
    let (left, right) = match steps {
        Some(steps) => (-0.25, steps.len().max(1) as f64 - 0.75),
        None => (0.0, axis_end(across)),
    };
    image(label, 220, |root| {
        let mut chart = ChartBuilder::on(root)
            .margin_top(8 * UNITS)
            .margin_right(18 * UNITS)
            .x_label_area_size(AXIS as i32 * UNITS)
            .y_label_area_size(60 * UNITS)
            .build_cartesian_2d(left..right, 0.0..top)?;
        let (text_across, text_up) = (|x: &f64| axis_time(*x, right), |y: &f64| up(*y));
        let mut mesh = chart.configure_mesh();
        mesh.x_label_formatter(&text_across).y_label_formatter(&text_up).y_labels(5).x_labels(AXIS_LABELS);
        mesh.disable_x_mesh();
        if steps.is_some() {
            mesh.disable_x_axis();
        }
        style(&mut mesh);
        mesh.draw()?;
        for line in lines {
            let style = class_color(line.class).stroke_width(2 * UNITS as u32);
            chart.draw_series(LineSeries::new(line.points.iter().copied(), style))?;
            if marks {
                let mark =
                    |point: &(f64, f64)| Circle::new(*point, 4 * UNITS, class_color(line.class).filled());
                chart.draw_series(line.points.iter().map(mark))?;
            }
        }
        for (step, text) in steps.into_iter().flatten().enumerate() {
            let (x, y) = chart.backend_coord(&(step as f64, 0.0));
            let at = (x, y + AXIS as i32 * UNITS / 2);
            root.draw(&TitledText { at, anchor: "middle", text: text.clone(), title: text.clone() })?;
        }
        Ok(())
    })
}

/// An axis has a length, and one that can be computed with.
fn axis_end(end: f64) -> f64 {
    end.clamp(0.001, 1e12)
}

fn axis_time(seconds: f64, until: f64) -> String {
    match until {
        ..1.0 => format!("{:.0} ms", seconds * 1e3),
        ..20.0 => format!("{seconds:.1} s"),
        _ => format!("{seconds:.0} s"),
    }
}

fn style<X: Ranged, Y: Ranged>(mesh: &mut MeshStyle<'_, '_, X, Y, SvgBackend<'_>>) {
    mesh.label_style(("sans-serif", f64::from(FONT) * f64::from(UNITS)).into_font().color(&class_color(INK)));
    mesh.axis_style(class_color(INK)).bold_line_style(class_color(GRID)).light_line_style(TRANSPARENT);
    mesh.set_all_tick_mark_size(4 * UNITS);
}

type Area<'a> = DrawingArea<SvgBackend<'a>, Shift>;
type Failed = DrawingAreaErrorKind<std::convert::Infallible>;

/// An image of this height, as an element of HTML.
fn image(
    label: &str,
    height: u32,
    draw: impl FnOnce(&Area<'_>) -> std::result::Result<(), Failed>,
) -> Result<String> {
    let escaped = html::text(label);
    let mut svg = format!("<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{escaped}\">\n");
    {
        let root = SvgBackend::new(&mut svg, WIDTH, height).into_drawing_area();
        let drawn = draw(&root).and_then(|()| root.present());
        drawn.map_err(|error| ReportError::Chart { chart: label.to_owned(), why: error.to_string() })?;
    }
    svg.push_str("</svg>\n");
    Ok(svg)
}

/// A bar with a tool tip, as an element of plotters.
struct TitledBar<'a> {
    corners: [(f64, f64); 2],
    bar: &'a Bar,
}

impl<'a> TitledBar<'a> {
    fn new(bar: &'a Bar, rows: usize, scale: f64) -> Self {
        let (across, top) = (|value: u64| value as f64 / scale, rows.saturating_sub(bar.row) as f64);
        Self { corners: [(across(bar.start), top - 0.15), (across(bar.end), top - 0.85)], bar }
    }
}

impl<'a> PointCollection<'a, (f64, f64)> for &'a TitledBar<'_> {
    type Point = &'a (f64, f64);
    type IntoIter = std::slice::Iter<'a, (f64, f64)>;

    fn point_iter(self) -> Self::IntoIter {
        self.corners.iter()
    }
}

impl Drawable<SvgBackend<'_>> for TitledBar<'_> {
    fn draw<I: Iterator<Item = BackendCoord>>(
        &self,
        mut corners: I,
        backend: &mut SvgBackend<'_>,
        _: (u32, u32),
    ) -> std::result::Result<(), DrawingErrorKind<std::convert::Infallible>> {
        if let (Some(from), Some(to)) = (corners.next(), corners.next()) {
            backend.titled_rect(from, to, self.bar.class, &self.bar.title);
        }
        Ok(())
    }
}

/// A text with a tool tip, as an element of plotters.
struct TitledText {
    at: BackendCoord,
    /// As SVG names it.
    anchor: &'static str,
    text: String,
    title: String,
}

impl<'a> PointCollection<'a, BackendCoord> for &'a TitledText {
    type Point = &'a BackendCoord;
    type IntoIter = std::iter::Once<&'a BackendCoord>;

    fn point_iter(self) -> Self::IntoIter {
        std::iter::once(&self.at)
    }
}

impl Drawable<SvgBackend<'_>> for TitledText {
    fn draw<I: Iterator<Item = BackendCoord>>(
        &self,
        mut at: I,
        backend: &mut SvgBackend<'_>,
        _: (u32, u32),
    ) -> std::result::Result<(), DrawingErrorKind<std::convert::Infallible>> {
        if let Some(at) = at.next() {
            backend.titled_text(at, self.anchor, &self.text, &self.title);
        }
        Ok(())
    }
}
