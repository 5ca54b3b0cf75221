//! Who may call what: roles of accounts, roles of staff, scopes of tokens.

crate::words! {
    /// States of a seller's profile (`seller-domain 1.2`).
    pub enum SellerState ("seller state") { Draft = "draft", InReview = "in_review", Approved = "approved", Rejected = "rejected" }
}

/// The roles of an account: their words, joined by commas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roles {
    text: String,
    all: Vec<Role>,
}

impl Roles {
    #[must_use]
    pub fn of(all: Vec<Role>) -> Self {
        let words: Vec<&str> = all.iter().map(|role| role.as_str()).collect();
        Self { text: words.join(","), all }
    }

    #[must_use]
    pub fn all(&self) -> &[Role] {
        &self.all
    }

    /// These, and one more.
    #[must_use]
    pub fn with(&self, role: Role) -> Self {
        let more = (!self.all.contains(&role)).then_some(role);
        Self::of(self.all.iter().copied().chain(more).collect())
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl std::str::FromStr for Roles {
    type Err = crate::Unknown;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let all: Vec<Role> = text.split(',').filter(|word| !word.is_empty()).map(str::parse).collect::<Result<_, _>>()?;
        Ok(Self::of(all))
    }
}

crate::stored_word!(Roles);

crate::words! {
    /// What became of an invitation to an account; one that is open may be too old to be accepted.
    pub enum InvitationState ("invitation state") { Open = "open", Accepted = "accepted", Withdrawn = "withdrawn" }
}

crate::words! {
    /// What a key of a seller's interface signs; a key belongs to one class (`seller-domain 6.1`).
    pub enum InterfaceClass ("interface class") {
        Basic = "basic",
        KitSync = "kit_sync",
        Licence = "licence",
        General = "general",
    }
}

crate::words! {
    /// What an account is on the marketplace; an account may be several.
    pub enum Role ("role") { Buyer = "buyer", Seller = "seller", Operator = "operator" }
}

crate::words! {
    /// What a member of the operator's staff may decide (`money 5`).
    pub enum StaffRole ("staff role") {
        Administrator = "administrator",
        Reviewer = "reviewer",
        /// Supervision officer (服务监管专员).
        Supervision = "supervision",
        Finance = "finance",
        Support = "support",
        Auditor = "auditor",
    }
}

crate::words! {
    /// An account is a person or a company; the operator's own account is a company.
    pub enum AccountKind ("account kind") { Individual = "individual", Enterprise = "enterprise" }
}

crate::words! {
    /// What an API token may do beside acting in its owner's roles.
    pub enum Scope ("scope") { Read = "read", Write = "write" }
}

crate::words! {
    /// What a person may do in the account: everything; buy; only use what was granted.
    pub enum MemberRole ("member role") { Administrator = "administrator", Purchaser = "purchaser", Member = "member" }
}

impl MemberRole {
    /// The roles of the account that such a person acts in.
    #[must_use]
    pub fn of(self, account: Vec<Role>) -> Vec<Role> {
        match self {
            Self::Administrator => account,
            Self::Purchaser => account.into_iter().filter(|r| *r == Role::Buyer).collect(),
            Self::Member => Vec::new(),
        }
    }
}

/// Who may call a route, as written in its description: `public`, `user`, `administrator` of an account,
/// `buyer`, `seller`, `operator`, or `operator:finance` for one kind of staff.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Public,
    /// Anyone who is logged in.
    User,
    /// Whoever may do everything in his account.
    Administrator,
    Role(Role),
    /// Staff of this kind, and administrators; auditors may read.
    Staff(StaffRole),
}

impl std::str::FromStr for Access {
    type Err = crate::Unknown;
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        match s.split_once(':') {
            None if s == "public" => Ok(Self::Public),
            None if s == "user" => Ok(Self::User),
            None if s == "administrator" => Ok(Self::Administrator),
            None => s.parse().map(Self::Role),
            Some(("operator", staff)) => staff.parse().map(Self::Staff),
            Some(_) => Err(crate::Unknown { what: "access", value: s.to_owned(), known: "operator:ROLE".to_owned() }),
        }
    }
}

/// What is known of a caller when access is decided.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    pub roles: &'a [Role],
    pub member: MemberRole,
    pub staff: Option<StaffRole>,
    pub scopes: &'a [Scope],
}

/// Why a caller may not: the first says log in, the second says with what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    NobodyCalled,
    WrongRole,
    ScopeMissing(Scope),
}

/// Decides whether a caller may use a route.
///
/// # Errors
/// [`Refused`], with the reason.
pub fn decide(access: Access, caller: Option<Standing<'_>>, writes: bool) -> Result<(), Refused> {
    if access == Access::Public {
        return Ok(());
    }
    let caller = caller.ok_or(Refused::NobodyCalled)?;
    let scope = if writes { Scope::Write } else { Scope::Read };
    let allowed = match access {
        Access::Public | Access::User => true,
        Access::Administrator => caller.member == MemberRole::Administrator,
        Access::Role(Role::Operator) => is_staff(caller) && (!writes || caller.staff != Some(StaffRole::Auditor)),
        Access::Role(role) => caller.roles.contains(&role),
        Access::Staff(staff) => {
            is_staff(caller)
                && (caller.staff == Some(staff)
                    || caller.staff == Some(StaffRole::Administrator)
                    || (!writes && caller.staff == Some(StaffRole::Auditor)))
        }
    };
    if !allowed {
        return Err(Refused::WrongRole);
    }
    if caller.scopes.contains(&scope) { Ok(()) } else { Err(Refused::ScopeMissing(scope)) }
}

fn is_staff(caller: Standing<'_>) -> bool {
    caller.roles.contains(&Role::Operator) && caller.staff.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &[Scope] = &[Scope::Read, Scope::Write];

    fn staff(role: StaffRole) -> Standing<'static> {
        Standing { roles: &[Role::Operator], member: MemberRole::Administrator, staff: Some(role), scopes: ALL }
    }

    #[test]
    fn a_finance_route_takes_finance_and_administrators_and_lets_auditors_read() {
        let finance = "operator:finance".parse().unwrap();
        for (role, reads, writes) in [
            (StaffRole::Finance, true, true),
            (StaffRole::Administrator, true, true),
            (StaffRole::Auditor, true, false),
            (StaffRole::Reviewer, false, false),
            (StaffRole::Support, false, false),
        ] {
            assert_eq!(decide(finance, Some(staff(role)), false).is_ok(), reads, "{role} reads");
            assert_eq!(decide(finance, Some(staff(role)), true).is_ok(), writes, "{role} writes");
        }
    }

    #[test]
    fn a_buyer_is_not_a_seller_and_a_reading_token_does_not_write() {
        let buyer = Standing { roles: &[Role::Buyer], member: MemberRole::Purchaser, staff: None, scopes: &[Scope::Read] };
        assert_eq!(decide(Access::Role(Role::Seller), Some(buyer), false), Err(Refused::WrongRole));
        assert_eq!(decide(Access::Role(Role::Operator), Some(buyer), false), Err(Refused::WrongRole));
        assert_eq!(decide(Access::Role(Role::Buyer), Some(buyer), false), Ok(()));
        assert_eq!(decide(Access::Role(Role::Buyer), Some(buyer), true), Err(Refused::ScopeMissing(Scope::Write)));
        assert_eq!(decide(Access::Administrator, Some(buyer), false), Err(Refused::WrongRole));
        assert_eq!(decide(Access::User, None, false), Err(Refused::NobodyCalled));
        assert_eq!(decide(Access::Public, None, true), Ok(()));
    }

    #[test]
    fn a_purchaser_buys_and_a_member_only_uses() {
        let all = vec![Role::Buyer, Role::Seller];
        assert_eq!(MemberRole::Administrator.of(all.clone()), all);
        assert_eq!(MemberRole::Purchaser.of(all.clone()), [Role::Buyer]);
        assert_eq!(MemberRole::Member.of(all), []);
    }
}
