//! From bytes to text: the encodings that the files come in.

use std::borrow::Cow;

use encoding_rs::{UTF_8, WINDOWS_1252};

/// Bytes that old programs put at the end of a text file.
const DOS_END_OF_FILE: u8 = 0x1a;

/// Why bytes are no text: the line, from 1, and the reason.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoText {
    pub line: u32,
    pub detail: &'static str,
}

/// Text of a file: UTF-8 with or without a byte order mark where the bytes are valid UTF-8, else Windows-1252.
pub(super) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, NoText> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(NoText { line: 1, detail: "the file is UTF-16; UTF-8 and Windows-1252 can be read" });
    }
    if let Some(at) = bytes.iter().position(|&byte| byte == 0) {
        return Err(NoText { line: line_of(bytes, at), detail: "a NUL byte: this is not a text file" });
    }
    let bytes = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes);
    let bytes = bytes.strip_suffix(&[DOS_END_OF_FILE]).unwrap_or(bytes);
    Ok(UTF_8
        .decode_without_bom_handling_and_without_replacement(bytes)
        .unwrap_or_else(|| WINDOWS_1252.decode_without_bom_handling(bytes).0))
}

/// Line, from 1, of the byte at `at`; CR, LF and CRLF end a line.
fn line_of(bytes: &[u8], at: usize) -> u32 {
    let before = &bytes[..at];
    let ends = before
        .iter()
        .enumerate()
        .filter(|&(i, &byte)| byte == b'\n' || byte == b'\r' && before.get(i + 1) != Some(&b'\n'));
    u32::try_from(ends.count()).unwrap_or(u32::MAX).saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_utf_8_wins_with_and_without_a_byte_order_mark() {
        assert_eq!(decode("Größe".as_bytes()).unwrap(), "Größe");
        assert_eq!(decode(b"\xef\xbb\xbfGr\xc3\xb6\xc3\x9fe").unwrap(), "Größe");
    }

    #[test]
    fn anything_else_is_windows_1252() {
        assert_eq!(decode(b"Gr\xf6\xdfe \x80").unwrap(), "Größe €");
    }

    #[test]
    fn a_nul_byte_is_told_with_its_line() {
        let refused = decode(b"a\r\nb\rc\nd\0").unwrap_err();
        assert_eq!(refused.line, 4);
        assert!(decode(b"\xff\xfea\0").unwrap_err().detail.contains("UTF-16"));
    }

    #[test]
    fn the_end_mark_of_dos_is_no_row() {
        assert_eq!(decode(b"a;b\r\n\x1a").unwrap(), "a;b\r\n");
    }
}
