//! A report as one page of HTML that also is XML: text, tables and pictures, with an index. Its
//! policy forbids every request and every script; it is light or dark as the reader's system is,
//! and light on paper.

use std::fmt::Write;

use super::figure::Picture;
use super::sheet::sheet;
use super::text::escape;

const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
const STYLE: &str = include_str!("page.css");

/// A piece of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PageBlock {
    /// A paragraph.
    Text(String),
    /// A paragraph in small print.
    Small(String),
    /// A paragraph that stands out: what is wrong, or what to know first.
    Warning(String),
    /// Points.
    List(Vec<String>),
    /// A head and rows; columns of nothing but numbers stand to the right.
    Table(Vec<String>, Vec<Vec<String>>),
    /// Pictures beside each other.
    Pictures(Vec<Picture>),
    /// Columns of pictures below each other.
    Columns(Vec<Vec<Picture>>),
    /// A heading below that of the section.
    Heading(String),
    /// A text as it was written, in a box that opens.
    Verbatim(String, String),
}

/// A part of a page with a place in its index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Section {
    /// Its heading, and its line in the index.
    pub title: String,
    /// What stands in it.
    pub blocks: Vec<PageBlock>,
}

impl Section {
    /// An empty section.
    pub(crate) fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), blocks: Vec::new() }
    }

    /// With one more block.
    #[must_use]
    pub(crate) fn with(mut self, block: PageBlock) -> Self {
        self.blocks.push(block);
        self
    }

    /// With more blocks.
    #[must_use]
    pub(crate) fn with_all(mut self, blocks: impl IntoIterator<Item = PageBlock>) -> Self {
        self.blocks.extend(blocks);
        self
    }
}

/// A whole page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    /// Its title.
    pub title: String,
    /// What stands before the index.
    pub lead: Vec<PageBlock>,
    /// Its sections.
    pub sections: Vec<Section>,
}

impl Page {
    /// The page as text.
    pub(crate) fn html(&self) -> String {
        let title = escape(&self.title);
        let mut out = format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"/>\
             <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\"/>\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\
             <meta name=\"color-scheme\" content=\"light dark\"/>\
             <meta name=\"referrer\" content=\"no-referrer\"/>\
             <title>{title}</title><style>{STYLE}{}</style></head>\n<body><h1>{title}</h1>\n",
            sheet()
        );
        self.lead.iter().for_each(|block| write_block(&mut out, block));
        out.push_str("<nav><ul>");
        for (i, section) in self.sections.iter().enumerate() {
            push(
                &mut out,
                format_args!("<li><a href=\"#s{i}\">{}</a></li>", escape(&section.title)),
            );
        }
        out.push_str("</ul></nav>\n");
        for (i, section) in self.sections.iter().enumerate() {
            let title = escape(&section.title);
            push(&mut out, format_args!("<section id=\"s{i}\"><h2>{title}</h2>\n"));
            section.blocks.iter().for_each(|block| write_block(&mut out, block));
            out.push_str("</section>\n");
        }
        out.push_str("</body></html>\n");
        out
    }
}

fn write_block(out: &mut String, block: &PageBlock) {
    match block {
        PageBlock::Text(text) => push(out, format_args!("<p>{}</p>\n", escape(text))),
        PageBlock::Small(text) => {
            push(out, format_args!("<p class=\"small\">{}</p>\n", escape(text)))
        }
        PageBlock::Warning(text) => {
            push(out, format_args!("<p class=\"warning\">{}</p>\n", escape(text)));
        }
        PageBlock::Heading(text) => push(out, format_args!("<h3>{}</h3>\n", escape(text))),
        PageBlock::List(points) => {
            out.push_str("<ul>");
            points.iter().for_each(|p| push(out, format_args!("<li>{}</li>", escape(p))));
            out.push_str("</ul>\n");
        }
        PageBlock::Table(head, rows) => table(out, head, rows),
        PageBlock::Pictures(pictures) => columns(out, pictures.iter().map(std::slice::from_ref)),
        PageBlock::Columns(all) => columns(out, all.iter().map(Vec::as_slice)),
        PageBlock::Verbatim(title, text) => push(
            out,
            format_args!(
                "<details><summary>{}</summary><pre>{}</pre></details>\n",
                escape(title),
                // Line ends are the one thing that such a text keeps.
                text.lines().map(escape).collect::<Vec<_>>().join("\n")
            ),
        ),
    }
}

fn columns<'a>(out: &mut String, columns: impl Iterator<Item = &'a [Picture]>) {
    out.push_str("<div class=\"pictures\">");
    for column in columns {
        out.push_str("<div>");
        column.iter().for_each(|picture| out.push_str(&picture.inline()));
        out.push_str("</div>\n");
    }
    out.push_str("</div>\n");
}

fn table(out: &mut String, head: &[String], rows: &[Vec<String>]) {
    // The first column names the row, even where all names are numbers.
    let are_numbers: Vec<bool> = (0..head.len())
        .map(|i| i > 0 && rows.iter().filter_map(|row| row.get(i)).all(|cell| is_number(cell)))
        .collect();
    out.push_str("<div class=\"wide\"><table><thead>");
    table_row(out, "th", head, &are_numbers);
    out.push_str("</thead><tbody>");
    rows.iter().for_each(|row| table_row(out, "td", row, &are_numbers));
    out.push_str("</tbody></table></div>\n");
}

fn table_row(out: &mut String, tag: &str, cells: &[String], are_numbers: &[bool]) {
    out.push_str("<tr>");
    for (cell, is_number) in cells.iter().zip(are_numbers) {
        let class = if *is_number { " class=\"n\"" } else { "" };
        push(out, format_args!("<{tag}{class}>{}</{tag}>", escape(cell)));
    }
    out.push_str("</tr>");
}

/// A number, perhaps with a unit or an interval, but no sentence.
fn is_number(cell: &str) -> bool {
    let bare = cell.trim_start_matches(['-', '+', '<']);
    let letters = cell.chars().filter(|c| c.is_alphabetic()).count();
    matches!(cell, "" | "-") || letters <= 4 && bare.starts_with(|c: char| c.is_ascii_digit())
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = out.write_fmt(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page() -> Page {
        let table = PageBlock::Table(
            vec!["user".into(), "EER".into()],
            vec![vec!["<script>alert(1)</script>".into(), "12 %".into()]],
        );
        let section = Section::new("Users & figures")
            .with(table)
            .with(PageBlock::Verbatim("rules".into(), "a = 1\nb = \"<c>\"".into()));
        let lead =
            vec![PageBlock::Warning("Mind the gap.".into()), PageBlock::List(vec!["one".into()])];
        Page { title: "A <report>".into(), lead, sections: vec![section] }
    }

    #[test]
    fn a_page_is_well_formed_and_names_stay_text() {
        let html = page().html();
        let body = html.strip_prefix("<!DOCTYPE html>\n").unwrap();
        let document = roxmltree::Document::parse(body).unwrap();
        let texts: Vec<_> = document.descendants().filter_map(|node| node.text()).collect();
        assert!(texts.contains(&"<script>alert(1)</script>") && texts.contains(&"A <report>"));
        assert!(!html.contains("<script"));
        assert!(html.contains("a = 1\nb = "));
    }

    #[test]
    fn a_page_calls_nobody() {
        let html = page().html();
        assert!(html.contains("default-src 'none'"));
        for forbidden in ["http:", "https:", "//", "url(", "@import", "src=", "<link"] {
            assert!(!html.contains(forbidden), "{forbidden}");
        }
    }
}
