//! Personal data that a seller asks for (需要用户授权, `seller-domain 2.4`): given by the buyer with the order, passed on
//! in the creation and by the order query, and to nobody else.

use crate::secret::Sealed;
use crate::{Ctx, Error};
use domain::listing::{Listing, PersonalData};
use serde::{Deserialize, Serialize};
use store::order::Line;

const COLUMN: Sealed = Sealed::Personal;

/// What a buyer consents to pass on: giving a value is the consent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consents {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mobile_phone: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The id of the user who orders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
}

impl Consents {
    fn of(&self, data: PersonalData) -> Option<&String> {
        match data {
            PersonalData::MobilePhone => self.mobile_phone.as_ref(),
            PersonalData::Email => self.email.as_ref(),
            PersonalData::UserId => self.user_id.as_ref(),
        }
    }
}

fn looks_right(data: PersonalData, value: &str) -> bool {
    let length = value.chars().count();
    match data {
        PersonalData::MobilePhone => {
            (5..=32).contains(&length) && value.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b' '))
        }
        PersonalData::Email => {
            length <= 120
                && !value.chars().any(|c| c.is_control() || c.is_whitespace())
                && value.split_once('@').is_some_and(|(user, host)| !user.is_empty() && host.contains('.'))
        }
        PersonalData::UserId => true,
    }
}

/// Checks that exactly what the listing asks for is given.
///
/// # Errors
/// `consent.missing`, `consent.not_asked`, `consent.bad_value`, at the field.
pub(super) fn check(listing: &Listing, given: &Consents) -> Result<(), Error> {
    for data in PersonalData::ALL {
        let at = format!("/consents/{data}");
        match (listing.personal_data.contains(data), given.of(*data)) {
            (true, None) => {
                let detail = format!("the product asks for your {data}; order it only if you agree to pass it on");
                return Err(Error::field(&at, "consent.missing", detail));
            }
            (false, Some(_)) => return Err(Error::field(&at, "consent.not_asked", format!("the product asks for no {data}"))),
            (true, Some(value)) if !looks_right(*data, value) => {
                return Err(Error::field(&at, "consent.bad_value", "write a phone number such as +86 138 0000 0000, or an e-mail address"));
            }
            _ => {}
        }
    }
    Ok(())
}

/// As it is kept with the line: encrypted, in hexadecimal; nothing when nothing was asked for.
pub(super) fn sealed(ctx: &Ctx, given: &Consents) -> Result<Option<String>, Error> {
    if *given == Consents::default() {
        return Ok(None);
    }
    let text = serde_json::to_string(given).map_err(|e| Error::row("order_lines", "personal", e))?;
    Ok(Some(hex::encode(ctx.sealer.seal(ctx.ids, COLUMN, &text))))
}

/// What was given with a line.
pub(crate) fn of_line(ctx: &Ctx, line: &Line) -> Result<Consents, Error> {
    let Some(kept) = super::Sold::of(line)?.personal else {
        return Ok(Consents::default());
    };
    let bad = |what: String| Error::row("order_lines", &line.number, what);
    let sealed = hex::decode(kept).map_err(|e| bad(e.to_string()))?;
    serde_json::from_str(&ctx.sealer.open(COLUMN, &sealed)?).map_err(|e| bad(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_what_is_asked_for_is_given() {
        let asks = |data: &[PersonalData]| Listing { personal_data: data.to_vec(), ..Listing::default() };
        let email = |e: &str| Consents { email: Some(e.to_owned()), ..Consents::default() };
        let code = |listing: &Listing, given: &Consents| match check(listing, given) {
            Err(Error::Refused(refusal)) => refusal.code,
            _ => "ok",
        };
        let one = asks(&[PersonalData::Email]);
        assert_eq!(code(&one, &email("a@example.com")), "ok");
        assert_eq!(code(&one, &Consents::default()), "consent.missing");
        for bad in ["a", "@example.com", "a b@example.com", "a@localhost"] {
            assert_eq!(code(&one, &email(bad)), "consent.bad_value", "{bad}");
        }
        assert_eq!(code(&asks(&[]), &email("a@example.com")), "consent.not_asked");
        let phone = |p: &str| Consents { mobile_phone: Some(p.to_owned()), ..Consents::default() };
        assert_eq!(code(&asks(&[PersonalData::MobilePhone]), &phone("+86 138-0000-0000")), "ok");
        assert_eq!(code(&asks(&[PersonalData::MobilePhone]), &phone("call me")), "consent.bad_value");
    }
}
