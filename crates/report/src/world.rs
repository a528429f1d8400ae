//! What can the typesetter see? The template, the data, the charts, five fonts, and the record where it is attached.

use std::collections::BTreeMap;

use typst::{
    Library, LibraryExt,
    diag::{FileError, FileResult},
    foundations::{Bytes, Datetime, Duration},
    syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot},
    text::{Font, FontBook},
    utils::LazyHash,
};

/// Faces of the report, regular, medium and bold text, and figures.
const FONTS: [&[u8]; 5] = [
    include_bytes!("../../../assets/fonts/Inter-Regular.otf"),
    include_bytes!("../../../assets/fonts/Inter-Medium.otf"),
    include_bytes!("../../../assets/fonts/Inter-SemiBold.otf"),
    include_bytes!("../../../assets/fonts/JetBrainsMono-Regular.ttf"),
    include_bytes!("../../../assets/fonts/JetBrainsMono-Bold.ttf"),
];

/// Colours of the light theme, the same file the screen reads.
pub(crate) const TOKENS: &str = include_str!("../../../assets/tokens.toml");

const TEMPLATE: &str = include_str!("../../../assets/report/report.typ");

/// A closed world: every path outside it is refused.
pub(crate) struct World {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
    main: Source,
    files: BTreeMap<String, Bytes>,
}

fn id(path: &str) -> Option<FileId> {
    Some(RootedPath::new(VirtualRoot::Project, VirtualPath::new(path).ok()?).intern())
}

impl World {
    pub(crate) fn new(data: Vec<u8>, charts: Vec<(String, String)>, record: Option<Vec<u8>>) -> Self {
        let fonts: Vec<Font> = FONTS.iter().flat_map(|bytes| Font::iter(Bytes::new(*bytes))).collect();
        let mut book = FontBook::new();
        for font in &fonts {
            book.push(font.info().clone());
        }
        let mut files: BTreeMap<String, Bytes> = charts.into_iter().map(|(name, svg)| (name, Bytes::new(svg.into_bytes()))).collect();
        files.insert("data.json".into(), Bytes::new(data));
        files.insert("tokens.toml".into(), Bytes::new(TOKENS.as_bytes()));
        files.extend(record.map(|record| ("record.json".to_owned(), Bytes::new(record))));
        #[expect(clippy::expect_used, reason = "a constant path is a path")]
        let main = Source::new(id("report.typ").expect("a constant path"), TEMPLATE.to_owned());
        Self { library: LazyHash::new(Library::default()), book: LazyHash::new(book), fonts, main, files }
    }
}

impl typst::World for World {
    fn library(&self) -> &LazyHash<Library> {
        &self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.book
    }

    fn main(&self) -> FileId {
        self.main.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.main.id() { Ok(self.main.clone()) } else { Err(FileError::AccessDenied) }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        self.files.get(id.get().vpath().get_without_slash()).cloned().ok_or(FileError::AccessDenied)
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.get(index).cloned()
    }

    // The date is part of the data; the template never asks for today.
    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}
