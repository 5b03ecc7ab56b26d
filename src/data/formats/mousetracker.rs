//! MouseTracker's files `.mt`: blocks of lines, in each a line a trial, first all x, then all y,
//! then all times.

use csv::ByteRecord;

use super::cells::trial;
use super::discover;
use super::field::TimeUnit;
use super::layout::{Decoder, Events, RowFault, Shape, TableLayout, TableRow};
use super::registry::Reader;
use super::rows::split;

pub(super) const READER: Reader = Reader {
    name: "mousetracker",
    wanted: |name| name.to_ascii_lowercase().ends_with(".mt"),
    layouts: || vec![layout()],
    plan: |sources, layouts| discover::tables(sources, layouts, discover::folder),
};

const BLOCKS: [&[u8]; 3] =
    [b"RAW TRACKS (X coordinates)", b"RAW TRACKS (Y coordinates)", b"RAW TRACKS (time)"];
const TIME: usize = 2;

fn layout() -> TableLayout {
    TableLayout {
        unit: Some(TimeUnit::Ms),
        ..TableLayout::running("a file of MouseTracker", Shape::Lines(looks_so), Vec::new(), || {
            Box::new(Blocks::default())
        })
    }
}

fn looks_so(head: &[u8]) -> bool {
    head.windows(BLOCKS[0].len()).any(|text| text == BLOCKS[0])
}

/// Where in the file the reading is, and the coordinates that wait for their times.
#[derive(Default)]
struct Blocks {
    block: Option<usize>,
    /// How many fields stand before the values; known from the line of names.
    names: Option<usize>,
    separator: u8,
    coordinates: [Vec<Vec<u8>>; 2],
    times: usize,
}

impl Decoder for Blocks {
    fn row(&mut self, row: &TableRow<'_>, out: &mut Events) -> Result<(), RowFault> {
        let line = row.get(0).unwrap_or_default();
        if let Some(block) = BLOCKS.iter().position(|title| is_title(line, title)) {
            (self.block, self.names) = (Some(block), None);
            return Ok(());
        }
        let Some(block) = self.block else { return Ok(()) };
        let Some(names) = self.names else {
            self.separator = separator(line);
            let fields = fields(line, self.separator);
            self.names = Some(fields.iter().filter(|field| !field.is_empty()).count());
            return Ok(());
        };
        let fields = fields(line, self.separator);
        let values: Vec<&[u8]> = fields.iter().skip(names).collect();
        // A spreadsheet makes all lines as long as the longest.
        let end = values.iter().rposition(|value| !value.is_empty()).map_or(0, |last| last + 1);
        let values = &values[..end];
        if block != TIME {
            self.coordinates[block].push(values.join(&b','));
            return Ok(());
        }
        self.times += 1;
        let [xs, ys] = self.coordinates.each_ref().map(|trials| trials.get(self.times - 1));
        let Some((xs, ys)) = xs.zip(ys) else {
            self.block = None; // What follows the last block are averages.
            return Ok(());
        };
        let xs: Vec<&[u8]> = xs.split(|byte| *byte == b',').collect();
        let ys: Vec<&[u8]> = ys.split(|byte| *byte == b',').collect();
        trial(values, &xs, &ys, row.unit, out).map(drop)
    }
}

/// Whether a line is a block's title, whatever a spreadsheet put around it.
fn is_title(line: &[u8], title: &[u8]) -> bool {
    let end = line.iter().rposition(|byte| !b",;\t \"".contains(byte)).map_or(0, |last| last + 1);
    let line = &line[..end];
    line.strip_prefix(b"\"").unwrap_or(line) == title
}

/// What stands between the names of a block.
fn separator(names: &[u8]) -> u8 {
    // The last of the greatest counts.
    let known = [b';', b'\t', b','];
    let most = known.into_iter().max_by_key(|one| names.iter().filter(|byte| *byte == one).count());
    most.unwrap_or(b',')
}

/// The fields of a line; a separator between quotes is none.
fn fields(line: &[u8], separator: u8) -> ByteRecord {
    let mut fields = ByteRecord::new();
    split(line, separator, true, &mut fields);
    fields
}
