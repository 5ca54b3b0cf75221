//! Why a record was refused, in the reader's language. It is stored in the words that sellers' systems know, with the names
//! of fields; people read it without them.

use domain::listing::Bilingual;

/// As it is stored, Chinese, English; `*` stands for what differs and comes in the same order in all three.
const REASONS: &[(&str, &str, &str)] = &[
    ("Instance ID not found: you have no instance *", "您没有实例 *", "You have no instance *."),
    (
        "two products have an instance *; send product_id too",
        "有两个商品存在实例 *，请同时上报 product_id",
        "Two products have an instance *; send product_id too.",
    ),
    ("the instance is not billed by use", "该实例不是按需计费", "The instance is not billed by use."),
    ("the instance was not opened", "该实例未开通", "The instance was not opened."),
    (
        "begin_time * is not a time such as 20240131T080000Z",
        "开始时间 * 格式不正确，应如 20240131T080000Z",
        "The begin * is not a time such as 20240131T080000Z.",
    ),
    (
        "end_time * is not a time such as 20240131T080000Z",
        "结束时间 * 格式不正确，应如 20240131T080000Z",
        "The end * is not a time such as 20240131T080000Z.",
    ),
    ("usage_value must be more than zero", "用量须大于 0", "The value must be more than zero."),
    ("end_time lies before begin_time or at it", "结束时间须晚于开始时间", "The end lies before the begin or at it."),
    ("end_time lies in the future", "结束时间晚于当前时间", "The end lies in the future."),
    (
        "Record beginTime extends Limit: begin_time is older than * days",
        "开始时间早于 * 天前，超过上报期限",
        "The begin is older than * days.",
    ),
    (
        "begin_time lies before the hour in which the instance was opened",
        "开始时间早于实例开通的那个小时",
        "The begin lies before the hour in which the instance was opened.",
    ),
    ("end_time lies after the instance was released", "结束时间晚于实例释放时间", "The end lies after the instance was released."),
    (
        "begin_time lies in a time for which the instance was frozen",
        "开始时间在实例冻结期间",
        "The begin lies in a time for which the instance was frozen.",
    ),
    (
        "end_time lies in a time for which the instance was frozen, after the hour in which that began; send what was used until then",
        "结束时间在实例冻结期间，且晚于冻结开始的那个小时；请只上报冻结前的用量",
        "The end lies in a time for which the instance was frozen, after the hour in which that began; send what was used until then.",
    ),
    (
        "relate_pkg_instance: the buyer of the instance has no package * for it",
        "该实例的买家没有适用的套餐包 *",
        "The buyer of the instance has no package * for it.",
    ),
    (
        "relate_pkg_instance: the package * does not cover begin_time; its terms are over or begin later",
        "套餐包 * 的有效期不包含开始时间",
        "The package * does not cover the begin; its terms are over or begin later.",
    ),
    (
        "relate_pkg_instance: the package * is used up and stops; the buyer may renew it",
        "套餐包 * 已用完并停用，买家可续费",
        "The package * is used up and stops; the buyer may renew it.",
    ),
    (
        "relate_pkg_instance: begin_time lies in a time for which the package * was frozen",
        "开始时间在套餐包 * 冻结期间",
        "The begin lies in a time for which the package * was frozen.",
    ),
    (
        "usage_value: with it the charge of its hour or day would be more than *, the largest charge",
        "计入后，该小时或该日的费用将超过单笔上限 *",
        "With it the charge of its hour or day would be more than *, the largest charge.",
    ),
    (
        "usage_value: with it the use of its day or month would come to more than *",
        "计入后，该日或该月的费用将超过 *",
        "With it the use of its day or month would come to more than *.",
    ),
    (
        "usage_value: with it more than * would be counted in its day or month",
        "计入后，该日或该月的用量将超过 *",
        "With it more than * would be counted in its day or month.",
    ),
    (
        "corrects: the record is of another month; correct it in its month, and push what was used in this one by itself",
        "更正须与原话单在同一月份，本月用量请另行上报",
        "The record is of another month; correct it in its month, and push what was used in this one by itself.",
    ),
    (
        "begin_time to end_time is longer than a day; push each day by itself",
        "起止时间超过一天，请按天分别上报",
        "It is of more than a day; push each day by itself.",
    ),
    (
        "corrects: there is no such record of this instance that can still be corrected",
        "该实例没有可更正的此条话单",
        "There is no such record of this instance that can still be corrected.",
    ),
    (
        "usage_value: the cap of * for *, set by the buyer, would be exceeded",
        "计入后将超过上限 *（*，由买家设置）",
        "The cap of * for *, set by the buyer, would be exceeded.",
    ),
    (
        "usage_value: the cap of * for *, set by the seller, would be exceeded",
        "计入后将超过上限 *（*，由商家设置）",
        "The cap of * for *, set by the seller, would be exceeded.",
    ),
    (
        "the charge of * waited for consent, and the buyer refused it",
        "费用 * 须经同意，买家已拒绝",
        "The charge of * waited for consent, and the buyer refused it.",
    ),
    (
        "the charge of * waited for consent, and the operator refused it",
        "费用 * 须经同意，平台已拒绝",
        "The charge of * waited for consent, and the operator refused it.",
    ),
    (
        "the charge of * waited for consent, and nobody agreed to it within * days",
        "费用 * 须经同意，* 天内无人同意",
        "The charge of * waited for consent, and nobody agreed to it within * days.",
    ),
    // The last of its field: all other reasons that begin so stand above.
    ("usage_value: *", "用量不正确：*", "The value is not right: *."),
];

/// What stands in the places of a pattern.
fn places<'a>(pattern: &str, text: &'a str) -> Option<Vec<&'a str>> {
    let (first, others) = pattern.split_once('*').map_or((pattern, None), |(first, others)| (first, Some(others)));
    let mut rest = text.strip_prefix(first)?;
    let Some(others) = others else {
        return rest.is_empty().then(Vec::new);
    };
    let mut found = Vec::new();
    let mut parts = others.split('*').peekable();
    while let Some(part) = parts.next() {
        let (place, after) = if parts.peek().is_some() { rest.split_once(part)? } else { (rest.strip_suffix(part)?, "") };
        found.push(place);
        rest = after;
    }
    Some(found)
}

/// A reason as it is stored, in both languages.
#[must_use]
pub fn reason(stored: &str) -> Bilingual {
    let told = REASONS.iter().find_map(|(pattern, zh, en)| {
        let places = places(pattern, stored)?;
        let say = |words: &str| places.iter().fold(words.to_owned(), |said, place| said.replacen('*', place, 1));
        Some(Bilingual { zh: say(zh), en: say(en) })
    });
    told.unwrap_or_else(|| Bilingual::both(stored, stored))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{
        money::Currency,
        usage::{Quantity, Refused},
    };

    #[test]
    fn every_refusal_is_told_in_both_languages_without_the_names_of_fields() {
        let name = || "ins-1".to_owned();
        let all = [
            Refused::UnknownInstance(name()),
            Refused::Ambiguous(name()),
            Refused::NotOnDemand,
            Refused::NotOpened,
            Refused::NotATime { field: "begin_time", text: "noon".to_owned() },
            Refused::NotATime { field: "end_time", text: "noon".to_owned() },
            Refused::NotANumber("1e999".parse::<Quantity>().unwrap_err()),
            Refused::NotPositive,
            Refused::EndsBeforeItBegins,
            Refused::InTheFuture,
            Refused::TooLong,
            Refused::TooLate,
            Refused::BeforeOpening,
            Refused::AfterRelease,
            Refused::Frozen,
            Refused::GoesOnFrozen,
            Refused::UnknownPackage(name()),
            Refused::PackageOver(name()),
            Refused::PackageUsedUp(name()),
            Refused::PackageFrozen(name()),
            Refused::ChargeTooLarge(Currency::Cny),
            Refused::CycleTooLarge(Currency::Cny),
            Refused::QuantityTooLarge,
            Refused::NothingToCorrect,
            Refused::CorrectsOtherMonth,
        ];
        for refused in all {
            let told = reason(&refused.to_string());
            assert_ne!(told.zh, told.en, "{refused}");
            let fields = ["corrects:", "usage_value", "begin_time", "end_time", "relate_pkg_instance"];
            assert!(!fields.iter().any(|field| told.zh.contains(field) || told.en.contains(field)), "{told:?}");
            assert!(!told.zh.contains('*') && !told.en.contains('*'), "{told:?}");
        }
    }

    #[test]
    fn amounts_and_names_stay_in_their_places() {
        let told = reason("usage_value: the cap of CNY 50.00 for 2026-01, set by the seller, would be exceeded");
        assert_eq!(told.zh, "计入后将超过上限 CNY 50.00（2026-01，由商家设置）");
        assert_eq!(told.en, "The cap of CNY 50.00 for 2026-01, set by the seller, would be exceeded.");
        let told = reason("the charge of CNY 2700.00 waited for consent, and nobody agreed to it within 7 days");
        assert_eq!(told.zh, "费用 CNY 2700.00 须经同意，7 天内无人同意");
        assert_eq!(reason("something else"), Bilingual::both("something else", "something else"));
    }
}
