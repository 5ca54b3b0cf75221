//! Who acts in a market.

use crate::Market;
use app::{Actor, Caller, Ctx, Environment, Error, account, money, seller};
use db::{Key, Local, Tx};
use domain::{
    access::{AccountKind, Role, StaffRole},
    id::TransferId,
    money::Money,
    site::SiteCode,
};
use std::{collections::HashMap, sync::Arc};

/// What each buyer's wallet holds: 1,000,000.00.
pub(crate) const WALLET_MINOR: i64 = 100_000_000;
pub(crate) const PASSWORD: &str = "open-sesame-2026";

/// The people of a market by what they are called: `operator`, `seller`, `seller2`, `reseller`, `buyer`, `buyer2`.
pub(crate) struct People(HashMap<&'static str, Arc<Caller>>);

pub(crate) const PEOPLE: [(&str, AccountKind); 6] = [
    ("operator", AccountKind::Enterprise),
    ("seller", AccountKind::Enterprise),
    ("seller2", AccountKind::Enterprise),
    ("reseller", AccountKind::Enterprise),
    ("buyer", AccountKind::Enterprise),
    ("buyer2", AccountKind::Individual),
];

fn login(name: &str) -> String {
    format!("{name}@harness")
}

impl People {
    pub(crate) fn load(local: &mut Local, env: &Environment) -> Self {
        let all = PEOPLE.map(|(name, _)| {
            let caller = local.read(|tx| env.read(tx, &Actor::System, |tx, _| of_login(tx, &login(name)))).expect("a seeded person");
            (name, Arc::new(caller))
        });
        Self(all.into_iter().collect())
    }
}

fn of_login(tx: &mut Tx, login: &str) -> Result<Caller, Error> {
    let (user, _) = store::account::user_by_login(tx, login)?.unwrap_or_else(|| panic!("nobody is called {login}"));
    account::caller_of_user(tx, user.id)
}

/// Registers somebody; an operator has all rights of the staff.
pub(crate) fn register(tx: &mut Tx, ctx: &Ctx, name: &str, kind: AccountKind) -> Result<Arc<Caller>, Error> {
    register_as(tx, ctx, name, (kind, (name == "operator").then_some(StaffRole::Administrator)))
}

fn register_as(tx: &mut Tx, ctx: &Ctx, name: &str, (kind, staff): (AccountKind, Option<StaffRole>)) -> Result<Arc<Caller>, Error> {
    let new = account::NewAccount {
        login: login(name),
        password: PASSWORD.to_owned(),
        user_name: name.to_owned(),
        account_name: format!("{name} Ltd"),
        kind,
        site: SiteCode::Cn,
        language: "en".to_owned(),
        roles: vec![if staff.is_some() { Role::Operator } else { Role::Buyer }],
        staff,
        contact: None,
    };
    // Nobody logs in with a password here, and a hash costs more than a whole test.
    account::register(tx, ctx, &new, "$argon2id$none")?;
    of_login(tx, &new.login).map(Arc::new)
}

pub(crate) fn top_up(tx: &mut Tx, ctx: &Ctx, operator: &Caller, buyer: &Caller, minor: i64) -> Result<(), Error> {
    let amount = Money::new(minor, ctx.site(buyer.site).currency);
    let transfer = money::request_transfer(tx, ctx, buyer, amount, "HARNESS")?;
    money::decide_transfer(tx, ctx, operator, transfer.id.id::<TransferId>(), true, None)?;
    Ok(())
}

pub(crate) fn approve_seller(tx: &mut Tx, ctx: &Ctx, operator: &Caller, who: &Caller) -> Result<(), Error> {
    let profile = seller::Profile {
        company_name: who.account_name.clone(),
        website: "https://www.example.com".to_owned(),
        contact_name: who.user_name.clone(),
        contact_mobile: "13800000000".to_owned(),
        contact_mailbox: "contact@example.com".to_owned(),
        address: "Pudong, Shanghai".to_owned(),
        service_phone: "400-000-0002".to_owned(),
        service_mailbox: "support@example.com".to_owned(),
        business_licence_number: "91310000HARNESS01".to_owned(),
        introduction: "A seller of a test.".to_owned(),
        brand_picture: None,
    };
    seller::submit(tx, ctx, who, &profile)?;
    seller::decide(tx, ctx, operator, who.account_id, true, None)
}

impl Market {
    /// Somebody who is there from the beginning.
    ///
    /// # Panics
    /// For an unknown name.
    #[must_use]
    pub fn person(&self, name: &str) -> Arc<Caller> {
        self.people.0.get(name).unwrap_or_else(|| panic!("nobody is called {name}")).clone()
    }

    /// A company with 1,000,000.00 CNY in its wallet.
    #[must_use]
    pub fn buyer(&self) -> Arc<Caller> {
        self.person("buyer")
    }

    /// An individual with 1,000,000.00 CNY in their wallet.
    #[must_use]
    pub fn buyer2(&self) -> Arc<Caller> {
        self.person("buyer2")
    }

    /// Who sells `backup`, `assess` and `transcribe`; see [`crate::sample`].
    #[must_use]
    pub fn seller(&self) -> Arc<Caller> {
        self.person("seller")
    }

    /// Who sells `archive`.
    #[must_use]
    pub fn seller2(&self) -> Arc<Caller> {
        self.person("seller2")
    }

    /// An administrator of the platform.
    #[must_use]
    pub fn operator(&self) -> Arc<Caller> {
        self.person("operator")
    }

    /// Another company with money in its wallet, such as `"250.00"`.
    ///
    /// # Panics
    /// When the name is taken.
    #[must_use]
    pub fn new_buyer(&self, name: &str, money: &str) -> Arc<Caller> {
        let (operator, minor) = (self.operator(), crate::minor(money));
        self.ok(&operator, |tx, ctx| {
            let buyer = register(tx, ctx, name, AccountKind::Enterprise)?;
            if minor > 0 {
                top_up(tx, ctx, &operator, &buyer, minor)?;
            }
            Ok(buyer)
        })
    }

    /// Another member of the operator's staff.
    ///
    /// # Panics
    /// When the name is taken.
    #[must_use]
    pub fn new_staff(&self, name: &str, role: StaffRole) -> Arc<Caller> {
        self.ok(&self.operator(), |tx, ctx| register_as(tx, ctx, name, (AccountKind::Enterprise, Some(role))))
    }

    /// Another approved seller.
    ///
    /// # Panics
    /// When the name is taken.
    #[must_use]
    pub fn new_seller(&self, name: &str) -> Arc<Caller> {
        let operator = self.operator();
        self.ok(&operator, |tx, ctx| {
            let seller = register(tx, ctx, name, AccountKind::Enterprise)?;
            approve_seller(tx, ctx, &operator, &seller)?;
            of_login(tx, &seller.login).map(Arc::new)
        })
    }

    /// A person whose writes belong to a request with an idempotency key and these inputs.
    ///
    /// # Panics
    /// When the key is not one.
    #[must_use]
    pub fn with_key(&self, who: &Caller, key: &str, inputs: &str) -> Arc<Caller> {
        let repeat = app::Repeat::new(key, inputs).expect("a key");
        Arc::new(Caller { repeat: Some(Arc::new(repeat)), ..who.clone() })
    }

    /// A person who decides on a version that they saw.
    #[must_use]
    pub fn having_seen(&self, who: &Caller, version: &str) -> Arc<Caller> {
        Arc::new(Caller { seen: Some(version.to_owned()), ..who.clone() })
    }

    /// The account of a person, as stored rows name it.
    #[must_use]
    pub fn key(&self, who: &Caller) -> Key {
        Key::of(who.account_id)
    }
}
