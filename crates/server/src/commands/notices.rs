//! What of others is in this binary; the build script writes it.

use crate::output;

const TEXT: &str = include_str!(concat!(env!("OUT_DIR"), "/notices.txt"));

pub fn print(json: bool) {
    if json {
        output::document(true, &serde_json::json!({ "text": TEXT }));
    } else {
        output::plain(TEXT);
    }
}

#[cfg(test)]
mod tests {
    use super::TEXT;

    #[test]
    fn the_notice_names_crates_what_they_bring_along_and_the_consoles() {
        for name in ["\ndiesel 2.", "\nlibsqlite3-sys 0.", "\nSQLite 3.", "\nlibpq ", "\nreact ", "\nantd "] {
            assert!(TEXT.contains(name), "{name}");
        }
        assert!(TEXT.contains("Permission is hereby granted, free of charge"), "the text of a licence");
        for ours in ["\nyunshi-app ", "\nseller-rust ", "\nproptest ", "\nvite "] {
            assert!(!TEXT.contains(ours), "{ours} is not linked, or ours");
        }
    }
}
