//! The sandbox's first contents: accounts, money, sellers and products — made through the same use cases
//! and the same API that everybody uses.

use crate::{
    commands::{declare_text, submit_product},
    node::Node,
    output::Failure,
    remote::Remote,
};
use app::{
    Actor, App, Caller, Error,
    account::{self, access_key},
    interface, money,
    secret::{self, SealedSetting},
    seller, usage,
};
use db::Key;
use domain::{
    access::{AccountKind, MemberRole, Role, Scope, StaffRole},
    id::TransferId,
    money::Money,
    site::SiteCode,
};
use serde_json::{Value, json};
use std::sync::Arc;

const PASSWORD: &str = "open-sesame-2026";
const SETTING: SealedSetting = SealedSetting::Sandbox;
const KEY_SETTING: SealedSetting = SealedSetting::SandboxInterfaceKey;
/// What each buyer's wallet holds: 1,000,000.00 in the currency of its site.
const WALLET_MINOR: i64 = 100_000_000;

struct Person {
    role: &'static str,
    login: &'static str,
    user: &'static str,
    account: &'static str,
    kind: AccountKind,
    site: SiteCode,
    roles: &'static [Role],
    staff: Option<StaffRole>,
}

const fn person(role: &'static str, login: &'static str, user: &'static str, account: &'static str, kind: AccountKind) -> Person {
    Person { role, login, user, account, kind, site: SiteCode::Cn, roles: &[Role::Buyer], staff: None }
}

const PEOPLE: [Person; 8] = [
    Person {
        roles: &[Role::Operator],
        staff: Some(StaffRole::Administrator),
        ..person("operator", "operator@sandbox", "运营 Ops", "云市运营 Yunshi Operations", AccountKind::Enterprise)
    },
    person("seller", "seller@sandbox", "陈敦 Chen Dun", "盾存科技 Duncun Technology", AccountKind::Enterprise),
    person("seller2", "seller2@sandbox", "周北 Zhou Bei", "北岸数据 Northbank Data", AccountKind::Enterprise),
    person("reseller", "reseller@sandbox", "吴渠 Wu Qu", "通达渠道 Tongda Channels", AccountKind::Enterprise),
    person("buyer", "buyer@sandbox", "林夏 Lin Xia", "青禾软件 Qinghe Software", AccountKind::Enterprise),
    person("buyer2", "buyer2@sandbox", "何川 He Chuan", "何川 He Chuan", AccountKind::Individual),
    Person {
        site: SiteCode::Intl,
        ..person("seller_intl", "seller@intl.sandbox", "Mara Lindqvist", "Northbank International", AccountKind::Enterprise)
    },
    Person {
        site: SiteCode::Intl,
        ..person("buyer_intl", "buyer@intl.sandbox", "Dara Okafor", "Harbour Software", AccountKind::Enterprise)
    },
];

fn refused(e: Error) -> Failure {
    Failure::failed(format!("the sandbox could not be seeded: {e}"))
}

async fn setting(app: &App, name: SealedSetting) -> Result<Option<String>, Failure> {
    app.read(Actor::System, move |tx, ctx| secret::setting(tx, ctx, name)).await.map_err(refused)
}

async fn put_setting(app: &App, name: SealedSetting, value: String) -> Result<(), Failure> {
    app.write(Actor::System, move |tx, ctx| secret::put_setting(tx, ctx, name, &value)).await.map_err(refused)
}

/// The access key of the built-in seller; made with the first start.
///
/// # Errors
/// What the database says.
pub async fn interface_secret(app: &App) -> Result<String, Failure> {
    if let Some(known) = setting(app, KEY_SETTING).await? {
        return Ok(known);
    }
    let made = app.read(Actor::System, |_, ctx| Ok(ctx.random_hex(18))).await.map_err(refused)?;
    put_setting(app, KEY_SETTING, made.clone()).await?;
    Ok(made)
}

/// What another process of the sandbox seeded; the built-in seller stays where it is.
///
/// # Errors
/// When nothing was seeded yet.
pub async fn joined(app: &App, url: &str) -> Result<Value, Failure> {
    let missing = || Failure::WrongUse("--role worker joins a sandbox: start one with --role api on this database first".to_owned());
    let known = setting(app, SETTING).await?.ok_or_else(missing)?;
    let mut document: Value = serde_json::from_str(&known).map_err(Failure::failed)?;
    document["url"] = json!(url);
    Ok(document)
}

/// Seeds a new sandbox, or finds what was seeded; returns the document that `--json` prints.
///
/// # Errors
/// What a use case or the API refused.
pub async fn seed(node: &Node, url: &str, seller_base: &str, key: &str) -> Result<Value, Failure> {
    let app = &node.app;
    if let Some(known) = setting(app, SETTING).await? {
        let mut document: Value = serde_json::from_str(&known).map_err(Failure::failed)?;
        move_addresses(app, document["url"].as_str().unwrap_or_default(), url).await?;
        document["url"] = json!(url);
        put_setting(app, SETTING, document.to_string()).await?;
        return Ok(document);
    }
    let mut accounts = serde_json::Map::new();
    let hash = tokio::task::spawn_blocking(|| secret::hash_password(PASSWORD)).await.map_err(Failure::failed)?.map_err(refused)?;
    let mut callers = Vec::new();
    for p in PEOPLE.iter().filter(|p| app.env.settings.sites.serves(p.site)) {
        let (caller, token, key) = register(app, p, &hash).await?;
        accounts.insert(
            p.role.to_owned(),
            json!({
                "login": p.login, "password": PASSWORD, "token": token, "account_id": caller.account_id,
                "access_key": key.access, "secret_key": key.secret,
            }),
        );
        callers.push((p.role, caller));
    }
    let find = |role: &str| callers.iter().find(|(r, _)| *r == role).map(|(_, c)| c.clone()).ok_or_else(|| Failure::failed(role));
    let operator = find("operator")?;
    for (role, caller) in &callers {
        match *role {
            "buyer" | "buyer2" | "buyer_intl" => top_up(app, caller.clone(), operator.clone()).await?,
            "seller" | "seller2" | "seller_intl" => become_seller(app, caller.clone(), operator.clone()).await?,
            _ => {}
        }
    }
    let token = |role: &str| accounts[role]["token"].as_str().unwrap_or_default().to_owned();
    list_products(app, url, (seller_base, key), &callers, &token).await?;
    let key_id = key_id(app, find("seller")?).await?;
    accounts["seller"]["interface_key"] = json!({ "id": key_id, "secret": key });
    let document = json!({ "url": url, "accounts": accounts });
    put_setting(app, SETTING, document.to_string()).await?;
    Ok(document)
}

async fn register(app: &App, p: &'static Person, hash: &str) -> Result<(Arc<Caller>, String, access_key::Issued), Failure> {
    let hash = hash.to_owned();
    app.write(Actor::System, move |tx, ctx| {
        let new = account::NewAccount {
            login: p.login.to_owned(),
            password: PASSWORD.to_owned(),
            user_name: p.user.to_owned(),
            account_name: p.account.to_owned(),
            kind: p.kind,
            site: p.site,
            language: if p.site == SiteCode::Cn { "zh" } else { "en" }.to_owned(),
            roles: p.roles.to_vec(),
            staff: p.staff,
            contact: None,
        };
        let made = account::register(tx, ctx, &new, &hash)?;
        let caller = Caller {
            user_id: made.user_id,
            account_id: made.account_id,
            login: new.login,
            user_name: new.user_name,
            account_name: new.account_name,
            account_kind: new.kind,
            site: new.site,
            roles: new.roles,
            member: MemberRole::Administrator,
            staff: new.staff,
            scopes: vec![Scope::Read, Scope::Write],
            language: new.language,
            dismissed: String::new(),
            session: None,
            repeat: None,
            seen: None,
        };
        let token = account::NewToken { name: "sandbox".to_owned(), scopes: caller.scopes.clone(), expires_at: None };
        let (_, secret) = account::issue_token(tx, ctx, &caller, &token)?;
        let key = access_key::issue(tx, ctx, &caller, "sandbox", &caller.scopes)?;
        Ok((Arc::new(caller), secret, key))
    })
    .await
    .map_err(refused)
}

async fn top_up(app: &App, buyer: Arc<Caller>, operator: Arc<Caller>) -> Result<(), Failure> {
    app.write(Actor::Caller(operator.clone()), move |tx, ctx| {
        let amount = Money::new(WALLET_MINOR, ctx.site(buyer.site).currency);
        let transfer = money::request_transfer(tx, ctx, &buyer, amount, "SANDBOX")?;
        money::decide_transfer(tx, ctx, &operator, transfer.id.id::<TransferId>(), true, None)?;
        Ok(())
    })
    .await
    .map_err(refused)
}

async fn become_seller(app: &App, who: Arc<Caller>, operator: Arc<Caller>) -> Result<(), Failure> {
    app.write(Actor::Caller(operator.clone()), move |tx, ctx| {
        let profile = seller::Profile {
            company_name: who.account_name.clone(),
            website: "https://www.example.com".to_owned(),
            contact_name: who.user_name.clone(),
            contact_mobile: "13800000000".to_owned(),
            contact_mailbox: format!("{}.example", who.login),
            address: "上海市浦东新区 Pudong, Shanghai".to_owned(),
            service_phone: "400-000-0002".to_owned(),
            service_mailbox: "support@example.com".to_owned(),
            business_licence_number: "91310000SANDBOX001".to_owned(),
            introduction: "沙箱中的商家，用于体验与联调。 A seller of the sandbox.".to_owned(),
            brand_picture: None,
        };
        seller::submit(tx, ctx, &who, &profile)?;
        seller::decide(tx, ctx, &operator, who.account_id, true, None)
    })
    .await
    .map_err(refused)
}

/// The pictures that the catalogues name.
fn picture(name: &str) -> Option<&'static [u8]> {
    macro_rules! pictures {
        ($($name:literal),+ $(,)?) => {
            match name {
                $($name => Some(include_bytes!(concat!("../seed/pictures/", $name)).as_slice()),)+
                _ => None,
            }
        };
    }
    pictures!(
        "backup-logo.png",
        "backup-1.png",
        "backup-2.png",
        "assess-logo.png",
        "assess-1.png",
        "assess-2.png",
        "archive-logo.png",
        "archive-1.png",
        "archive-2.png",
        "helpdesk-logo.png",
        "helpdesk-1.png",
        "helpdesk-2.png",
    )
}

/// Applies the sellers' catalogues and approves what they submit.
async fn list_products(
    app: &App,
    url: &str,
    (seller_base, key): (&str, &str),
    callers: &[(&'static str, Arc<Caller>)],
    token: &impl Fn(&str) -> String,
) -> Result<(), Failure> {
    let northbank = include_str!("../seed/seller2.toml");
    let catalogues = [("seller", include_str!("../seed/seller.toml")), ("seller2", northbank), ("seller_intl", northbank)];
    let operator = Remote::new(url, Some(token("operator")))?;
    for (role, text) in catalogues.into_iter().filter(|(role, _)| !token(role).is_empty()) {
        let text = text.replace("${SELLER_URL}", seller_base).replace("${SELLER_KEY}", key);
        let seller = Remote::new(url, Some(token(role)))?;
        let products = declare_text(&seller, &text, picture).await?;
        if let Some((_, who)) = callers.iter().find(|(r, _)| *r == "seller" && *r == role) {
            push_usage(app, who.clone()).await?;
        }
        for product in products {
            let application = submit_product(&seller, &product).await?.unwrap_or_default();
            let id = application["id"].as_str().unwrap_or_default();
            operator.post(&format!("/api/v1/operator/applications/{id}/approve"), &json!({})).await?;
        }
    }
    curate(&operator).await
}

/// Reports use for what debugging created, as the review of an on-demand product wants it (`seller-domain 6.1`).
async fn push_usage(app: &App, seller: Arc<Caller>) -> Result<(), Failure> {
    app.write(Actor::System, move |tx, ctx| {
        let addresses = store::interface::addresses(tx, Key::of(seller.account_id))?;
        let address = addresses.iter().find(|a| a.name == "transcribe").map(|a| a.id);
        let cases = address.map(|id| store::interface::cases(tx, id)).transpose()?.unwrap_or_default();
        let created = cases.iter().find(|c| c.scenario == wire::conformance::Scenario::Create.name());
        let answer = created.and_then(|c| wire::saas_v2::Answer::parse(c.answer.as_bytes()).ok());
        let time = |at: domain::Timestamp| at.strftime("%Y%m%dT%H%M%SZ").to_string();
        let record = wire::open_api::usage::Record {
            instance_id: answer.and_then(|a| a.instance_id).unwrap_or_default(),
            record_time: time(ctx.now),
            begin_time: time(ctx.now - jiff::SignedDuration::from_hours(1)),
            end_time: time(ctx.now),
            usage_value: "1".to_owned(),
            metering_sn: Some("sandbox".to_owned()),
            ..Default::default()
        };
        let batch = usage::receive(tx, ctx, &seller, None, &[record])?;
        usage::judge_batch(tx, ctx, batch)
    })
    .await
    .map_err(refused)
}

/// Floors of the home page at the Chinese site.
async fn curate(operator: &Remote) -> Result<(), Failure> {
    let mut floors = Vec::new();
    for (zh, en, keys) in
        [("数据与安全", "Data and security", ["backup", "assess", "archive"].as_slice()), ("服务客户", "Serving customers", &["helpdesk"])]
    {
        let mut products = Vec::new();
        for key in keys {
            products.push(operator.get(&format!("/api/v1/products/{key}")).await?["id"].clone());
        }
        floors.push(json!({ "name": { "zh": zh, "en": en }, "products": products }));
    }
    operator.put("/api/v1/operator/floors", &json!({ "floors": floors })).await?;
    Ok(())
}

async fn key_id(app: &App, who: Arc<Caller>) -> Result<Value, Failure> {
    let keys = app.read(Actor::System, move |tx, _| Ok(store::interface::keys(tx, Key::of(who.account_id))?)).await.map_err(refused)?;
    let basic = keys.into_iter().find(|k| k.class == interface::InterfaceClass::Basic);
    Ok(json!(basic.map(|k| k.id.id::<domain::id::KeyId>())))
}

/// The built-in seller may listen elsewhere than last time; its addresses follow and keep their cases.
async fn move_addresses(app: &App, from: &str, to: &str) -> Result<(), Failure> {
    let (from, to) = (format!("{from}/sandbox/seller/"), format!("{to}/sandbox/seller/"));
    app.write(Actor::System, move |tx, ctx| Ok(store::interface::any_move(tx, &from, &to, ctx.now_micros()).map(|_| ())?))
        .await
        .map_err(refused)
}
