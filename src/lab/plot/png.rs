//! Pictures as PNG, in builds with the feature `png`. The one font is compiled in, so that every
//! machine draws the same, with fonts or bare.

use super::Picture;
use crate::error::Result;

/// Draws pictures as PNG.
#[derive(Debug)]
pub(crate) struct Raster {
    #[cfg(feature = "png")]
    options: resvg::usvg::Options<'static>,
}

#[cfg(feature = "png")]
mod drawn {
    use std::sync::Arc;

    use epaint_default_fonts::UBUNTU_LIGHT;
    use resvg::tiny_skia::{Pixmap, Transform};
    use resvg::usvg::{Options, Tree, fontdb};

    use super::{Picture, Raster, Result};
    use crate::error::{Failure, FailureKind};

    /// Pixels to one of the drawing: sharp on dense screens and on paper.
    const SCALE: f32 = 2.0;

    impl Raster {
        /// Makes the font ready.
        ///
        /// # Errors
        /// In builds without the feature `png`.
        pub(crate) fn new() -> Result<Self> {
            let mut fonts = fontdb::Database::new();
            fonts.load_font_data(UBUNTU_LIGHT.to_vec());
            let family = fonts.faces().next().and_then(|face| face.families.first());
            let family = family.map(|(name, _)| name.clone()).unwrap_or_default();
            fonts.set_sans_serif_family(&family);
            let options =
                Options { fontdb: Arc::new(fonts), font_family: family, ..Options::default() };
            Ok(Self { options })
        }

        /// The picture on light paper, as the bytes of a PNG file.
        ///
        /// # Errors
        /// When it is too large to be drawn.
        pub(crate) fn png(&self, picture: &Picture) -> Result<Vec<u8>> {
            let tree = Tree::from_str(&picture.standalone(), &self.options)
                .map_err(|error| failed(&error.to_string()))?;
            let [wide, high] = [tree.size().width(), tree.size().height()]
                .map(|side| (SCALE * side).ceil() as u32);
            let mut pixels = Pixmap::new(wide, high).ok_or_else(|| failed("it is too large"))?;
            resvg::render(&tree, Transform::from_scale(SCALE, SCALE), &mut pixels.as_mut());
            pixels.encode_png().map_err(|error| failed(&error.to_string()))
        }
    }

    fn failed(what: &str) -> Failure {
        Failure::new(FailureKind::Internal, format!("drawing a picture as PNG: {what}"))
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        /// Pixels darker than half.
        fn dark(png: &[u8]) -> usize {
            let drawn = Pixmap::decode_png(png).unwrap();
            drawn.pixels().iter().filter(|pixel| pixel.red() < 128).count()
        }

        #[test]
        fn text_is_drawn_without_any_font_of_the_machine() {
            let raster = Raster::new().unwrap();
            let draw =
                |body: &str| raster.png(&Picture::new("t", "", [120.0, 40.0], body)).unwrap();
            let words =
                draw("<text x=\"4\" y=\"20\">Nulls & Ωmega</text>".replace('&', "&amp;").as_str());
            assert!(dark(&draw("")) == 0 && dark(&words) > 100, "{}", dark(&words));
            let size = Pixmap::decode_png(&words).map(|drawn| (drawn.width(), drawn.height()));
            assert_eq!(size.unwrap(), (240, 80));
        }

        #[test]
        fn the_sheet_colours_marks() {
            let raster = Raster::new().unwrap();
            let body = "<rect class=\"f c0\" x=\"0\" y=\"0\" width=\"8\" height=\"8\"/>";
            let png = raster.png(&Picture::new("t", "", [8.0, 8.0], body)).unwrap();
            let pixel = Pixmap::decode_png(&png).unwrap().pixels()[20];
            assert_eq!((pixel.red(), pixel.green(), pixel.blue()), (0x00, 0x72, 0xb2));
        }
    }
}

#[cfg(not(feature = "png"))]
mod missing {
    use super::{Picture, Raster, Result};
    use crate::error::{Failure, FailureKind};

    fn unavailable() -> Failure {
        Failure::new(FailureKind::Unavailable, "this build does not draw PNG")
            .remedy("Build it with `cargo build --release --features png`, or ask for --svg.")
    }

    impl Raster {
        /// Says that this build cannot.
        ///
        /// # Errors
        /// Always.
        pub(crate) fn new() -> Result<Self> {
            Err(unavailable())
        }

        /// Says that this build cannot.
        ///
        /// # Errors
        /// Always.
        pub(crate) fn png(&self, _: &Picture) -> Result<Vec<u8>> {
            Err(unavailable())
        }
    }
}
