//! Buffers of floats that start on a cache line, so that a vector load stays within one. They only
//! grow: after the largest batch has been seen, allocation ends.

use std::ops::{Deref, DerefMut};

/// Bytes of a cache line, and of the widest vector.
const LINE: usize = 64;

/// Zero-initialised floats on a cache line's boundary.
#[derive(Debug, Default)]
pub struct Lines {
    data: Vec<f32>,
    start: usize,
    len: usize,
}

impl Lines {
    /// `len` zeros.
    pub fn zeros(len: usize) -> Self {
        let mut lines = Self::default();
        lines.fit(len);
        lines
    }

    /// Makes it `len` long. What it held is kept only if no more room was needed.
    pub fn fit(&mut self, len: usize) {
        let slack = LINE / size_of::<f32>();
        // Room to move the start to a line's beginning, wherever the allocator put the vector.
        if self.data.len() < len + slack {
            // Anew and not resized: copying what is overwritten anyway would cost more than the
            // zeros.
            self.data = vec![0.0; len + slack];
            // `align_offset` may give up and return the largest number; unaligned is slower, not
            // wrong.
            self.start = self.data.as_ptr().align_offset(LINE).min(slack);
        }
        self.len = len;
    }
}

impl Deref for Lines {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.data[self.start..self.start + self.len]
    }
}

impl DerefMut for Lines {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.data[self.start..self.start + self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_on_a_line_and_keeps_its_room() {
        let mut lines = Lines::zeros(100);
        let at = lines.as_ptr();
        assert_eq!(at as usize % LINE, 0);
        lines.fit(40);
        lines.fit(100);
        assert_eq!((lines.as_ptr(), lines.len()), (at, 100));
        lines.fit(1000);
        assert_eq!(lines.as_ptr() as usize % LINE, 0);
    }
}
