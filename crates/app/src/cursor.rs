//! Where a page of a list ended, as text that its reader brings back.

use db::Key;

/// The text of a place: time and id of a row.
#[must_use]
pub fn write((at, id): (i64, Key)) -> String {
    format!("{at:x}-{}", hex::encode(id.0))
}

/// The place that [`write`] wrote; nothing for other texts.
#[must_use]
pub fn read(text: &str) -> Option<(i64, Key)> {
    let (at, id) = text.split_once('-')?;
    let mut key = [0; 16];
    hex::decode_to_slice(id, &mut key).ok()?;
    Some((i64::from_str_radix(at, 16).ok()?, Key(key)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_reads_back_and_nothing_else_is_one() {
        let place = (1_234, Key([9; 16]));
        assert_eq!(read(&write(place)), Some(place));
        for bad in ["", "zz", "-", "4d2-09", "é-09", &format!("x-{}", "09".repeat(16))] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
