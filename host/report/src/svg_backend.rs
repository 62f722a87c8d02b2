//! The part of plotters that writes: SVG with classes instead of colours, so that a style sheet decides on these, and with
//! titles, which browsers show as tool tips.

use std::convert::Infallible;
use std::fmt::Write;

use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
};

use crate::html;

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

/// Charts are laid out in tenths of a pixel: plotters has no fractions of its units.
pub(crate) const UNITS: i32 = 10;

/// A class of the style sheet, as a colour of plotters.
pub(crate) fn class_color(class: u8) -> plotters::style::RGBColor {
    plotters::style::RGBColor(0, 0, class)
}

/// The class of axes and texts.
pub(crate) const INK: u8 = 0;
/// The class of lines of the grid.
pub(crate) const GRID: u8 = 1;

/// Writes an SVG image.
pub(crate) struct SvgBackend<'a> {
    svg: &'a mut String,
    /// In pixels.
    size: (u32, u32),
}

impl<'a> SvgBackend<'a> {
    pub(crate) fn new(svg: &'a mut String, width: u32, height: u32) -> Self {
        Self { svg, size: (width, height) }
    }

    /// A rectangle of at least one pixel, with a tool tip.
    pub(crate) fn titled_rect(&mut self, from: BackendCoord, to: BackendCoord, class: u8, title: &str) {
        let (x, y) = (from.0.min(to.0), from.1.min(to.1));
        let (width, height) = ((from.0 - to.0).abs().max(UNITS), (from.1 - to.1).abs().max(UNITS));
        let (x, y, width, height) = (Pixels(x), Pixels(y), Pixels(width), Pixels(height));
        let _ = writeln!(
            self.svg,
            "<rect class=\"f{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"><title>{}</title></rect>",
            html::short(title)
        );
    }

    /// A text with a tool tip.
    pub(crate) fn titled_text(&mut self, at: BackendCoord, anchor: &'static str, text: &str, title: &str) {
        let _ = writeln!(
            self.svg,
            "<text class=\"t\" x=\"{}\" y=\"{}\" dy=\"0.35em\" text-anchor=\"{anchor}\" font-size=\"11\">{}<title>{}</title></text>",
            Pixels(at.0),
            Pixels(at.1),
            html::text(text),
            html::short(title)
        );
    }

    fn points(&mut self, points: impl Iterator<Item = BackendCoord>) {
        for (x, y) in points {
            let _ = write!(self.svg, "{},{} ", Pixels(x), Pixels(y));
        }
    }
}

/// A length as SVG has it.
struct Pixels(i32);

impl std::fmt::Display for Pixels {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.0 / UNITS, (self.0 % UNITS).abs()) {
            (whole, 0) => write!(f, "{whole}"),
            (0, tenths) if self.0 < 0 => write!(f, "-0.{tenths}"),
            (whole, tenths) => write!(f, "{whole}.{tenths}"),
        }
    }
}

fn class(color: BackendColor) -> u8 {
    color.rgb.2
}

impl DrawingBackend for SvgBackend<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        (self.size.0 * UNITS as u32, self.size.1 * UNITS as u32)
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Drawn {
        self.draw_rect(point, (point.0 + UNITS, point.1 + UNITS), &color, true)
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn {
        if style.color().alpha > 0.0 {
            let (kind, class) = (if fill { 'f' } else { 's' }, class(style.color()));
            let (width, height) = (Pixels((to.0 - from.0).abs()), Pixels((to.1 - from.1).abs()));
            let (x, y) = (Pixels(from.0.min(to.0)), Pixels(from.1.min(to.1)));
            let _ = writeln!(
                self.svg,
                "<rect class=\"{kind}{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/>"
            );
        }
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> Drawn {
        if style.color().alpha > 0.0 {
            let width = Pixels(i32::try_from(style.stroke_width()).unwrap_or(UNITS).max(UNITS));
            let class = class(style.color());
            let _ = write!(self.svg, "<polyline class=\"s{class}\" stroke-width=\"{width}\" points=\"");
            self.points(path.into_iter());
            self.svg.push_str("\"/>\n");
        }
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        corners: I,
        style: &S,
    ) -> Drawn {
        let _ = write!(self.svg, "<polygon class=\"f{}\" points=\"", class(style.color()));
        self.points(corners.into_iter());
        self.svg.push_str("\"/>\n");
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        center: BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Drawn {
        let (kind, class) = (if fill { 'f' } else { 's' }, class(style.color()));
        let (x, y) = (Pixels(center.0), Pixels(center.1));
        let radius = Pixels(i32::try_from(radius).unwrap_or(UNITS));
        let _ = writeln!(self.svg, "<circle class=\"{kind}{class}\" cx=\"{x}\" cy=\"{y}\" r=\"{radius}\"/>");
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, at: BackendCoord) -> Drawn {
        let anchor = match style.anchor().h_pos {
            HPos::Left => "start",
            HPos::Right => "end",
            HPos::Center => "middle",
        };
        let down = match style.anchor().v_pos {
            VPos::Top => "0.76em",
            VPos::Center => "0.35em",
            VPos::Bottom => "-0.3em",
        };
        let (x, y, size) = (Pixels(at.0), Pixels(at.1), style.size() / f64::from(UNITS));
        let _ = writeln!(
            self.svg,
            "<text class=\"t\" x=\"{x}\" y=\"{y}\" dy=\"{down}\" text-anchor=\"{anchor}\" font-size=\"{size}\">{}</text>",
            html::text(text)
        );
        Ok(())
    }

    /// Fonts are the browser's: six tenths of the height for each character is enough room for digits.
    fn estimate_text_size<S: BackendTextStyle>(
        &self,
        text: &str,
        style: &S,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        let width = style.size() * 0.6 * text.chars().count() as f64;
        Ok((width as u32, style.size() as u32))
    }
}
