//! The fields of a message: kept as they are, shown to each reader in his language and zone.

use domain::{Timestamp, listing::Bilingual};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// A field of a message's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Param {
    /// Numbers, names, amounts, what people wrote; words of the platform and moments are told in the reader's way.
    Text(String),
    /// A name that exists in both languages.
    Both(Bilingual),
}

impl From<String> for Param {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Bilingual> for Param {
    fn from(name: Bilingual) -> Self {
        Self::Both(name)
    }
}

/// Words of the platform that messages carry as they are stored: field, word, Chinese, English. `*` stands for what
/// differs and stays as it is.
const WORDS: &[(&str, &str, &str, &str)] = &[
    ("decision", "continue", "流程继续", "the flow goes on"),
    ("decision", "close", "关闭监管，订单完成", "closed, the order is settled"),
    ("decision", "refund", "退款", "refund"),
    ("result", "approved", "已通过", "approved"),
    ("result", "confirmed", "已确认", "confirmed"),
    ("result", "refused", "已退回", "refused"),
    ("result", "rejected", "未通过", "rejected"),
    ("reason", "the term ended", "服务期已到", "the term ended"),
    ("reason", "the package is used up", "资源包已用完", "the package is used up"),
    ("reason", "charges by use are not paid", "按需费用未支付", "charges by use are not paid"),
    ("side", "buyer", "买家", "buyer"),
    ("side", "seller", "商家", "seller"),
    ("reason", "the cap of * a month is reached", "已达到每月费用上限 *", "the cap of * a month is reached"),
    ("reason", "the buyer refused it", "买家已拒绝", "the buyer refused it"),
    ("reason", "the operator refused it", "平台已拒绝", "the operator refused it"),
    ("reason", "nobody agreed to it within * days", "* 天内无人同意", "nobody agreed to it within * days"),
    ("reason", "the retention period is over", "保留期已过", "the retention period is over"),
    ("reason", "released by the buyer", "客户主动释放", "released by the buyer"),
    ("reason", "unsubscribed", "已退订", "unsubscribed"),
    ("reason", "five_days", "五天无理由退订", "unsubscribed within five days"),
    ("reason", "ended_by_seller", "商家终止并退款", "ended and given back by the seller"),
    ("reason", "renewal_not_effective", "退订未生效的续费", "a renewal that had not begun was unsubscribed"),
    ("reason", "order * was unsubscribed", "订单 * 已退订", "order * was unsubscribed"),
    ("reason", "by the buyer", "由买家关闭", "by the buyer"),
    ("reason", "the last try failed", "最后一次尝试失败", "the last try failed"),
    ("reason", "a renewal was given back", "续费已退订", "a renewal was given back"),
    ("reason", "the instance was released", "实例已释放", "the instance was released"),
    ("reason", "the wallet is short", "钱包余额不足", "the wallet is short"),
    ("reason", "the price is higher than the last one", "续费价格高于上次价格，等待您同意", "the price is higher than the last one"),
    (
        "reason",
        "it was renewed this month already because it was used up; renew it by hand",
        "本月已因资源包用完自动续费过一次，请手动续费",
        "it was renewed this month already because it was used up; renew it by hand",
    ),
    ("reason", "not paid in time", "逾期未支付", "not paid in time"),
    ("reason", "cancelled by the buyer", "买家已取消", "cancelled by the buyer"),
    ("reason", "could not be opened", "开通失败", "could not be opened"),
    ("reason", "could not be upgraded", "升级失败", "could not be upgraded"),
    ("reason", "could not be opened: *", "开通失败：*", "could not be opened: *"),
    ("reason", "could not be upgraded: *", "升级失败：*", "could not be upgraded: *"),
    ("reason", "the platform decided an appeal", "平台已裁决申诉", "the platform decided an appeal"),
    ("reason", "negotiated with the seller", "已与商家协商", "negotiated with the seller"),
    (
        "reason",
        "the seller has no licence left for this purchase",
        "商家可签发的 License 已用完",
        "the seller has no licence left for this purchase",
    ),
    ("reason", "the licence would end after the service", "License 到期时间晚于服务到期时间", "the licence would end after the service"),
    (
        "reason",
        "the seller needs to know when the licence is to end",
        "商家需要 License 到期时间",
        "the seller needs to know when the licence is to end",
    ),
    ("reason", "the seller needs the fingerprint of the device", "商家需要设备指纹", "the seller needs the fingerprint of the device"),
    ("reason", "the seller gave no licence within a day", "商家一天内未签发 License", "the seller gave no licence within a day"),
    ("reason", "the renewal that it was for was given back", "对应的续费已退订", "the renewal that it was for was given back"),
    ("reason", "the seller did not issue it", "商家未签发", "the seller did not issue it"),
    ("reason", "the instance ended before the change", "变更完成前实例已到期", "the instance ended before the change"),
];

/// A word of the platform in a language.
fn word(field: &str, text: &str, language: &str) -> Option<String> {
    WORDS.iter().filter(|(of, ..)| *of == field).find_map(|(_, pattern, zh, en)| {
        let said = if language == "en" { en } else { zh };
        let Some((before, after)) = pattern.split_once('*') else {
            return (*pattern == text).then(|| (*said).to_owned());
        };
        let rest = text.strip_prefix(before)?.strip_suffix(after)?;
        Some(said.replace('*', rest))
    })
}

/// A reason as it is stored, in both languages; what people wrote is the same in both.
#[must_use]
pub fn reason(text: &str) -> Bilingual {
    let [zh, en] = ["zh", "en"].map(|language| word("reason", text, language).unwrap_or_else(|| text.to_owned()));
    Bilingual { zh, en }
}

impl Param {
    /// The field as a reader sees it.
    #[must_use]
    pub fn shown(&self, field: &str, (language, zone): (&str, &TimeZone)) -> String {
        let text = match self {
            Self::Both(name) => return name.get(language).to_owned(),
            Self::Text(text) => text,
        };
        if let Some(said) = word(field, text, language) {
            return said;
        }
        match text.parse::<Timestamp>() {
            Ok(at) if text.ends_with('Z') => at.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string(),
            _ => text.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_shown_in_the_readers_language_and_what_people_wrote_as_they_wrote_it() {
        let shown = |field: &str, param: Param, language: &str| param.shown(field, (language, &TimeZone::UTC));
        let both = Param::from(Bilingual::both("云备份", "Cloud Backup"));
        for (field, param, zh, en) in [
            ("product", both, "云备份", "Cloud Backup"),
            ("product", Bilingual::both("云备份", "").into(), "云备份", "云备份"),
            ("decision", "refund".to_owned().into(), "退款", "refund"),
            ("reason", "refund".to_owned().into(), "refund", "refund"),
            ("reason", "the term ended".to_owned().into(), "服务期已到", "the term ended"),
            ("reason", "order CS1 was unsubscribed".to_owned().into(), "订单 CS1 已退订", "order CS1 was unsubscribed"),
            ("reason", "could not be opened: 500 *".to_owned().into(), "开通失败：500 *", "could not be opened: 500 *"),
            ("until", "2024-01-12T02:00:59Z".to_owned().into(), "2024-01-12 02:00", "2024-01-12 02:00"),
        ] {
            assert_eq!((shown(field, param.clone(), "zh"), shown(field, param, "en")), (zh.to_owned(), en.to_owned()), "{field}");
        }
    }

    /// All sources of this crate but this file.
    fn sources(folder: &std::path::Path) -> String {
        let entries = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
        let text = |path: std::path::PathBuf| {
            if path.is_dir() {
                return sources(&path);
            }
            if path.ends_with("message/param.rs") { String::new() } else { std::fs::read_to_string(path).unwrap() }
        };
        entries.map(text).collect()
    }

    #[test]
    fn every_reason_is_one_that_the_platform_still_gives() {
        let given = sources(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
        for (_, pattern, ..) in WORDS.iter().filter(|(field, ..)| *field == "reason") {
            for part in pattern.split('*').filter(|part| !part.is_empty()) {
                assert!(given.contains(part), "{pattern:?} is given nowhere: was it worded anew?");
            }
        }
    }

    #[test]
    fn a_reason_is_told_in_both_languages() {
        assert_eq!(reason("not paid in time"), Bilingual::both("逾期未支付", "not paid in time"));
        assert_eq!(reason("客户改变主意"), Bilingual::both("客户改变主意", "客户改变主意"));
    }

    #[test]
    fn fields_are_stored_as_text_or_as_both_languages() {
        let both = Param::from(Bilingual::both("云", "Cloud"));
        for (param, stored) in [(Param::from("CS1".to_owned()), r#""CS1""#), (both, r#"{"zh":"云","en":"Cloud"}"#)] {
            assert_eq!(serde_json::to_string(&param).unwrap(), stored);
            assert_eq!(serde_json::from_str::<Param>(stored).unwrap(), param);
        }
    }
}
