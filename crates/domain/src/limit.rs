//! What nobody may have more of: one list, with whose it is, how many, and how a refusal is called.

/// Whose things are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    Account,
    User,
    Asset,
    Instance,
}

crate::words! {
    /// A number that is counted before one more is let in.
    pub enum Limit ("limit") {
        /// Transfers of an account that wait for confirmation.
        Transfers = "transfers",
        /// Unsubscriptions of an account in a calendar year (`seller-domain 4.5`).
        Unsubscriptions = "unsubscriptions",
        /// Lines of a cart.
        CartLines = "cart_lines",
        /// Exports of an account that wait or are written, for each role.
        Exports = "exports",
        /// Tokens of a person.
        Tokens = "tokens",
        /// Endpoints for webhooks of an account.
        Webhooks = "webhooks",
        /// Recipients of messages of an account.
        Recipients = "recipients",
        /// Domains of a seller.
        Domains = "domains",
        /// Keys with which a seller's licence files are signed.
        LicenceKeys = "licence_keys",
        /// Licence files of an instance in a day; machines that a licence is bound to come on top.
        LicenceFiles = "licence_files",
        /// Codes for tests of a seller.
        TestCodes = "test_codes",
        /// Assets of a seller.
        Assets = "assets",
        /// Versions of an asset.
        AssetVersions = "asset_versions",
        /// Pictures of an account.
        Pictures = "pictures",
        /// Departments of an account.
        Departments = "departments",
        /// Mailboxes of an account that are asked in a day.
        MailboxesAsked = "mailboxes_asked",
        /// Files of an account that wait to go with an action on a case.
        WaitingFiles = "waiting_files",
    }
}

impl Limit {
    #[must_use]
    pub const fn owner(self) -> Owner {
        match self {
            Self::Tokens => Owner::User,
            Self::AssetVersions => Owner::Asset,
            Self::LicenceFiles => Owner::Instance,
            _ => Owner::Account,
        }
    }

    /// How many there are at most.
    #[must_use]
    pub const fn most(self) -> i64 {
        match self {
            Self::Exports => 3,
            Self::Unsubscriptions => crate::refund::FREE_PER_YEAR,
            Self::Transfers | Self::Webhooks | Self::Domains => 20,
            Self::WaitingFiles => 40,
            Self::CartLines | Self::Tokens | Self::Recipients | Self::LicenceKeys | Self::MailboxesAsked => 50,
            Self::TestCodes | Self::LicenceFiles | Self::Assets | Self::AssetVersions => 100,
            Self::Pictures => 500,
            Self::Departments => 2_000,
        }
    }

    /// The code of the refusal.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Transfers => "transfer.too_many",
            Self::Unsubscriptions => "refund.ten_per_year",
            Self::CartLines => "cart.full",
            Self::Exports => "export.too_many",
            Self::Tokens => "token.too_many",
            Self::Webhooks => "webhook.too_many",
            Self::Recipients => "message.too_many_recipients",
            Self::Domains => "interface.too_many_domains",
            Self::LicenceKeys => "licence.too_many_keys",
            Self::LicenceFiles => "licence.too_many_files",
            Self::TestCodes => "licence.too_many_test_codes",
            Self::Assets => "asset.too_many",
            Self::AssetVersions => "asset.too_many_versions",
            Self::Pictures => "picture.too_many",
            Self::Departments => "department.too_many",
            Self::MailboxesAsked => "message.too_many_asked",
            Self::WaitingFiles => "evidence.too_many_waiting",
        }
    }

    /// What there is and what to do, after the number.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Transfers => "transfers wait for confirmation already",
            Self::Unsubscriptions => "orders were unsubscribed this year already",
            Self::CartLines => "lines are in the cart; buy or remove some first",
            Self::Exports => "exports are being written; wait for one of them",
            Self::Tokens => "tokens are yours; revoke one first",
            Self::Webhooks => "endpoints are there; remove one first",
            Self::Recipients => "recipients are there; remove one first",
            Self::Domains => "domains are yours; remove one first",
            Self::LicenceKeys => "keys were made already",
            Self::LicenceFiles => "files were given within a day; use one of them, or ask tomorrow",
            Self::TestCodes => "test codes are there; use one that is not activated yet",
            Self::Assets => "assets are yours; remove one first",
            Self::AssetVersions => "versions are there; make another asset",
            Self::Pictures => "pictures are there; use one of them",
            Self::Departments => "departments are in the account; no more fit",
            Self::MailboxesAsked => "mailboxes were asked within a day; ask this one tomorrow",
            Self::WaitingFiles => "files wait; send them with an action first",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_limit_has_a_code_of_its_own() {
        let mut codes: Vec<_> = Limit::ALL.iter().map(|limit| limit.code()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Limit::ALL.len());
        assert!(Limit::ALL.iter().all(|limit| limit.most() > 0 && !limit.advice().is_empty()));
    }
}
