//! Files that prove something: which are taken, and which may be looked at in the browser.

/// Files that go with one action.
pub const FILES_MAX: usize = 20;
/// Bytes of one file (20 MB, as for documents in `seller-domain 2.4`).
pub const FILE_BYTES_MAX: usize = 20 << 20;

/// Why a file is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadFile {
    #[error("a file's name has 1 to 120 characters and no /, \\, : or control characters")]
    Name,
    #[error("send one of .pdf .doc .docx .xls .xlsx .png .jpg .jpeg .txt .zip .rar .lic")]
    Type,
    #[error("the content is not what the name says")]
    Content,
    #[error("the file has no bytes")]
    Empty,
    #[error("a file has at most 20 MB")]
    TooLong,
}

impl BadFile {
    /// The stable code of the refusal.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Name => "evidence.bad_name",
            Self::Type => "evidence.bad_type",
            Self::Content => "evidence.wrong_content",
            Self::Empty => "evidence.empty",
            Self::TooLong => "evidence.too_long",
        }
    }
}

/// Whether a page may show it, and as what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preview {
    Picture,
    Document,
    Text,
}

const TYPES: [(&str, &str, &[&[u8]]); 12] = [
    ("pdf", "application/pdf", &[b"%PDF-"]),
    ("doc", "application/msword", &[b"\xd0\xcf\x11\xe0"]),
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", &[b"PK"]),
    ("xls", "application/vnd.ms-excel", &[b"\xd0\xcf\x11\xe0"]),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", &[b"PK"]),
    ("png", "image/png", &[b"\x89PNG"]),
    ("jpg", "image/jpeg", &[b"\xff\xd8\xff"]),
    ("jpeg", "image/jpeg", &[b"\xff\xd8\xff"]),
    ("txt", "text/plain; charset=utf-8", &[]),
    ("zip", "application/zip", &[b"PK"]),
    ("rar", "application/vnd.rar", &[b"Rar!"]),
    ("lic", "application/octet-stream", &[]),
];

fn known(name: &str) -> Option<(&'static str, &'static str, &'static [&'static [u8]])> {
    let (_, end) = name.rsplit_once('.')?;
    TYPES.into_iter().find(|(known, ..)| end.eq_ignore_ascii_case(known))
}

/// Checks the name and the first bytes of a file.
///
/// # Errors
/// [`BadFile`].
pub fn check_file(name: &str, content: &[u8]) -> Result<(), BadFile> {
    let fits = (1..=120).contains(&name.chars().count()) && !name.starts_with('.') && name.trim() == name;
    if !fits || name.chars().any(|c| c.is_control() || matches!(c, '/' | '\\' | ':')) {
        return Err(BadFile::Name);
    }
    let (end, _, starts) = known(name).ok_or(BadFile::Type)?;
    if content.is_empty() {
        return Err(BadFile::Empty);
    }
    if content.len() > FILE_BYTES_MAX {
        return Err(BadFile::TooLong);
    }
    let text_is_text = end != "txt" || std::str::from_utf8(content).is_ok_and(|t| !t.contains('\0'));
    let begins = starts.is_empty() || starts.iter().any(|start| content.starts_with(start));
    if begins && text_is_text { Ok(()) } else { Err(BadFile::Content) }
}

/// The media type that a file is served as.
#[must_use]
pub fn media_type(name: &str) -> &'static str {
    known(name).map_or("application/octet-stream", |(_, media, _)| media)
}

/// How a page may show a file; everything else is only downloaded.
#[must_use]
pub fn preview(name: &str) -> Option<Preview> {
    match known(name)?.0 {
        "png" | "jpg" | "jpeg" => Some(Preview::Picture),
        "pdf" => Some(Preview::Document),
        "txt" => Some(Preview::Text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_name_says_and_its_name_is_no_path() {
        assert_eq!(check_file("验收单.PDF", b"%PDF-1.7 ..."), Ok(()));
        assert_eq!(check_file("note.txt", "验收".as_bytes()), Ok(()));
        for (name, content, refused) in [
            ("../a.pdf", b"%PDF-".as_slice(), BadFile::Name),
            ("a\\b.pdf", b"%PDF-", BadFile::Name),
            ("C:a.pdf", b"%PDF-", BadFile::Name),
            (".pdf", b"%PDF-", BadFile::Name),
            ("a\u{0}.pdf", b"%PDF-", BadFile::Name),
            ("", b"%PDF-", BadFile::Name),
            ("a.exe", b"MZ", BadFile::Type),
            ("a.html", b"<script>", BadFile::Type),
            ("pdf", b"%PDF-", BadFile::Type),
            ("a.pdf", b"", BadFile::Empty),
            ("a.pdf", b"<script>", BadFile::Content),
            ("a.png", b"\xff\xd8\xff", BadFile::Content),
            ("a.txt", b"\xff\xfe", BadFile::Content),
        ] {
            assert_eq!(check_file(name, content), Err(refused), "{name}");
        }
        assert_eq!(check_file("a.lic", &vec![0; FILE_BYTES_MAX + 1]), Err(BadFile::TooLong));
        assert_eq!(check_file(&format!("{}.pdf", "a".repeat(117)), b"%PDF-"), Err(BadFile::Name));
    }
}
