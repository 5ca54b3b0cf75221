//! The language in which PostgreSQL tells its errors.

use crate::DbError;
use diesel::{PgConnection, RunQueryDsl, connection::SimpleConnection, dsl::sql, select, sql_types::Text};

/// Lock time-outs, circles and a full disk are known by PostgreSQL's words for them, which are of the language that it is set to.
///
/// # Errors
/// [`DbError::Open`], with what to do, when it speaks another one and this user may not change that.
pub(crate) fn speaks_english(c: &mut PgConnection) -> Result<(), DbError> {
    let set: String = select(sql::<Text>("current_setting('lc_messages')")).get_result(c)?;
    if is_english(&set) || c.batch_execute("SET lc_messages = 'C'").is_ok() {
        return Ok(());
    }
    let user: String = select(sql::<Text>("CAST(current_user AS TEXT)")).get_result(c)?;
    Err(DbError::Open(format!(
        "PostgreSQL tells its errors in the language {set}, and they are recognised by their English words; as its administrator run: \
         ALTER ROLE \"{user}\" SET lc_messages = 'C'"
    )))
}

fn is_english(locale: &str) -> bool {
    let language = locale.split(['_', '.', '@']).next().unwrap_or_default();
    ["C", "POSIX", "en", "English"].contains(&language)
}

#[cfg(test)]
mod tests {
    use super::is_english;

    #[test]
    fn errors_are_understood_in_english_alone() {
        assert!(["C", "C.UTF-8", "POSIX", "en_US.UTF-8", "en_GB", "English_United States.1252"].iter().all(|l| is_english(l)));
        assert!(["", "zh_CN.UTF-8", "Chinese_China.936", "de_DE@euro", "enm_XX"].iter().all(|l| !is_english(l)));
    }
}
