//! One id type per entity: UUID v7 inside, a readable prefix outside, so an order id cannot be passed for
//! an instance id.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// Text that is not an id of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{value:?} is not an id of the form {prefix}_ and 32 hexadecimal digits")]
pub struct BadId {
    pub prefix: &'static str,
    pub value: String,
}

macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident = $prefix:literal),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub Uuid);

        impl $name {
            pub const PREFIX: &'static str = $prefix;
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), self.0.simple())
            }
        }

        impl FromStr for $name {
            type Err = BadId;
            fn from_str(s: &str) -> Result<Self, BadId> {
                s.strip_prefix(concat!($prefix, "_"))
                    .filter(|hex| hex.len() == 32)
                    .and_then(|hex| Uuid::try_parse(hex).ok())
                    .map(Self)
                    .ok_or_else(|| BadId { prefix: $prefix, value: s.chars().take(60).collect() })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> { s.collect_str(self) }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self { Self(uuid) }
        }
        impl From<$name> for Uuid {
            fn from(id: $name) -> Uuid { id.0 }
        }
    )+};
}

ids! {
    /// A person's or company's account: buyer, seller or operator (账号).
    AccountId = "acc",
    UserId = "usr",
    SessionId = "ses",
    TokenId = "tok",
    /// A usage record (话单).
    UsageRecordId = "usg",
    /// What an hour or day of use cost.
    ChargeId = "chg",
    /// A charge that waits for consent.
    HoldId = "hld",
    /// An access key of a user: AK and SK of the open APIs (访问密钥).
    AccessKeyId = "aks",
    /// An access key of the seller that signs production calls (密钥).
    KeyId = "key",
    /// A production-interface address (生产地址).
    AddressId = "adr",
    CaseId = "cas",
    ProductId = "prd",
    /// One revision of a listing, that is an application (申请) until it is approved.
    RevisionId = "app",
    OrderId = "ord",
    LineId = "lin",
    InstanceId = "ins",
    TermId = "trm",
    /// One production call, shown as a production-interface message (生产接口消息).
    CallId = "cal",
    AttemptId = "att",
    TransferId = "trf",
    /// A refund by the operator or a posting that corrects the books (更正).
    CorrectionId = "cor",
    BillId = "bil",
    BillLineId = "bll",
    MessageId = "msg",
    ExportId = "exp",
    PictureId = "pic",
    /// What a specification is deployed from (资产).
    AssetId = "ast",
    CartLineId = "crt",
    /// A part of a company (部门).
    DepartmentId = "dep",
    /// A colleague who was asked to join (邀请).
    InvitationId = "inv",
    /// An application of a seller that a buyer's people sign on to (单点登录应用).
    ApplicationId = "sso",
    /// A request at the open APIs; the id that its answer names (开放接口调用).
    RequestId = "req",
    /// Who hears of messages by mail or SMS (接收人).
    RecipientId = "rcp",
    /// A server that hears of messages (回调地址).
    EndpointId = "whk",
    /// A message on its way by one channel.
    DeliveryId = "dlv",
    /// One order's way through service supervision (服务监管单).
    SupervisionId = "sup",
    /// A file of evidence, or a seller's form (凭证文件).
    DocumentId = "doc",
    /// A machine that a licence is bound to (绑定机器).
    NodeId = "nod",
    JobId = "job",
    EntryId = "ent",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_and_refuses_another_kind() {
        let id = OrderId(Uuid::from_u128(7));
        assert_eq!(id.to_string().parse::<OrderId>(), Ok(id));
        assert!(id.to_string().parse::<LineId>().is_err());
        assert!("ord_12".parse::<OrderId>().is_err());
        assert!("".parse::<OrderId>().is_err());
    }
}
