//! Pictures as SVG (and PNG): lines, bands, bars, arrows and heat maps on linear, logarithmic or
//! probit axes, and pages of HTML that hold them. Text in, text out: no file is written and nothing
//! is measured here.
//!
//! Colours are classes and never attributes, so that one small sheet serves light, dark and print,
//! in a page and in a file of its own. Nothing is told by colour alone: series also differ by dash
//! or by mark. The same input gives the same bytes.

mod axis;
mod curves;
mod figure;
mod heat;
mod legend;
mod mark;
pub(crate) mod page;
mod png;
mod scale;
mod sheet;
mod style;
mod text;

pub(crate) use axis::{Axis, Ticks};
pub(crate) use curves::{EpochPoint, learning_curves, parse_curves};
pub(crate) use figure::{Figure, Picture};
pub(crate) use heat::HeatMap;
pub(crate) use mark::{Mark, PointShape};
pub(crate) use png::Raster;
pub(crate) use scale::Scale;
pub use sheet::sheet;
pub(crate) use style::{Colour, Dash, Style};
pub(crate) use text::short_id;
pub use text::{counted, grouped, number, percent, seconds};
