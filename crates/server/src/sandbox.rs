//! `yunshi sandbox`: the platform itself, seeded, with a seller inside and a clock that can be moved.

use crate::{
    cli::SandboxArgs,
    config::{Config, File, secret_key},
    node::{self, Node},
    output::Failure,
    seed,
};
use api::{Faults, Sandbox};
use app::{Clock, MovableClock, Neighbours, Settings, micros};
use domain::site::{Site, SiteCode, Sites};
use seller_rust::{Fault, Seller};
use std::sync::{Arc, OnceLock};

struct BuiltIn(Seller);

impl Faults for BuiltIn {
    fn set(&self, product: &str, fault: &str) -> bool {
        Fault::from_name(fault).map(|fault| self.0.set_fault(product, fault)).is_some()
    }

    fn now(&self) -> Vec<(String, &'static str)> {
        self.0.faults().into_iter().map(|(product, fault)| (product, fault.name())).collect()
    }

    fn known(&self) -> Vec<&'static str> {
        Fault::ALL.iter().map(|(name, _)| *name).collect()
    }
}

fn config(args: &SandboxArgs) -> Result<Config, Failure> {
    let path = args.data.join("yunshi.db");
    let file = File::read(&args.config)?;
    // One address serves both; `?site=intl` or `X-Site` chooses (contract, HTTP).
    let sites = Sites::new(vec![Site::of(SiteCode::Cn), Site::of(SiteCode::Intl)]).unwrap_or_default();
    // Months pass in seconds here: products are probed when the settings say so.
    let settings = Settings {
        loopback_allowed: true,
        probing: false,
        neighbours: Neighbours { aws: true, azure: true },
        sites,
        ..Settings::default()
    };
    let (secret_key, key_from) = secret_key(&args.data.join("secret.key"))?;
    let database = args.database.clone().unwrap_or_else(|| format!("sqlite:{}", path.display()));
    Ok(Config {
        listen: args.listen.clone(),
        database_options: file.database_options(&database),
        database,
        files: args.data.join("files"),
        role: args.role.clone(),
        migrate: "auto".to_owned(),
        settings: file.settings(settings)?,
        limits: file.limits(worker::Limits { loopback_allowed: true, ..worker::Limits::default() }),
        channels: file.channels(),
        stop_within: file.stop_within(),
        secret_key,
        key_from,
    })
}

/// Where business time stands: as stored, else at `--start`, else now.
async fn clock(db: &db::Db, args: &SandboxArgs) -> Result<MovableClock, Failure> {
    // One that died while it moved its clock moves it no more.
    let moves_no_more = |tx: &mut db::Tx| store::setting::put(tx, "clock_moves", "").and_then(|()| store::setting::get(tx, "clock_offset"));
    let stored = db.write(moves_no_more).await.map_err(Failure::failed)?;
    if let Some(offset) = stored.and_then(|text| text.parse().ok()) {
        return Ok(MovableClock::at_offset(offset));
    }
    let offset = match &args.start {
        None => 0,
        Some(text) => {
            let start: domain::Timestamp = text
                .parse()
                .map_err(|_| Failure::WrongUse(format!("--start {text:?} is no time; write for example 2024-01-05T02:00:00Z")))?;
            micros(start) - micros(MovableClock::default().wall())
        }
    };
    db.write(move |tx| store::setting::put(tx, "clock_offset", &offset.to_string())).await.map_err(Failure::failed)?;
    Ok(MovableClock::at_offset(offset))
}

/// Runs the sandbox until it is asked to stop.
///
/// # Errors
/// What database, files or network say.
pub async fn run(args: &SandboxArgs, json: bool) -> Result<(), Failure> {
    node::log();
    let mut config = config(args)?;
    let listener = node::bind(&config.listen).await?;
    let address = listener.local_addr().map_err(Failure::failed)?;
    let url = format!("http://{address}");
    // Mails and signed licences lead to this sandbox, unless the settings say where it is seen.
    if config.settings.public_url == Settings::default().public_url {
        config.settings.public_url.clone_from(&url);
    }
    let db = node::open_database(&config).await?;
    let clock = clock(&db, args).await?.ahead(jiff::SignedDuration::from_secs(args.clock_ahead));
    let node = Node::start(&config, db, clock).await?;
    let seller_base = format!("{url}/sandbox/seller");
    let key = seed::interface_secret(&node.app).await?;
    let journal = args.data.join("seller.jsonl");
    let seller =
        Seller::new(&key, &seller_base).with_journal(&journal).map_err(|e| Failure::failed(format!("{}: {e}", journal.display())))?;
    let sandbox = Arc::new(Sandbox { faults: Box::new(BuiltIn(seller.clone())), accounts: OnceLock::new() });
    let api = node.api(Some(sandbox.clone()));
    let tally = api.tally.clone();
    let router = api::router(api).nest("/sandbox/seller", seller.router());
    let (worker, limit) = (node.worker.clone(), config.stop_within);
    let server = tokio::spawn(async move { node::serve(listener, router, &worker, limit).await });
    let accounts =
        if args.role == "worker" { seed::joined(&node.app, &url).await? } else { seed::seed(&node, &url, &seller_base, &key).await? };
    // Nobody plays before the accounts are there.
    let _ = sandbox.accounts.set(accounts["accounts"].clone());
    node.search.refresh(&node.app).await.map_err(Failure::failed)?;
    node.work(&config.role);
    if !node.app.db.is_embedded() {
        let worker = node.worker.clone();
        worker::supervise("clock", move || worker.clone().follow_clock());
    }
    announce(json, &accounts);
    server.await.map_err(Failure::failed)??;
    tally.write_down(&node.app).await.map_err(Failure::failed)?;
    node.close().await;
    Ok(())
}

fn announce(json: bool, accounts: &serde_json::Value) {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    let text = if json {
        accounts.to_string()
    } else {
        let mut lines = vec![
            format!("Yunshi sandbox: {}", accounts["url"].as_str().unwrap_or_default()),
            String::new(),
            format!("  {:<12} {:<22} {:<18} {}", "who", "login", "password", "token"),
        ];
        let roles = ["buyer", "buyer2", "seller", "seller2", "reseller", "operator", "buyer_intl", "seller_intl"];
        for (role, a) in roles.map(|role| (role, &accounts["accounts"][role])).into_iter().filter(|(_, a)| a.is_object()) {
            let text = |name: &str| a[name].as_str().unwrap_or_default().to_owned();
            lines.push(format!("  {role:<12} {:<22} {:<18} {}", text("login"), text("password"), text("token")));
        }
        lines.push(String::new());
        lines.push("  Move the clock: yunshi clock advance 33d    Stop: Ctrl-C".to_owned());
        lines.join("\n")
    };
    // Without a reader the sandbox runs on.
    let _ = writeln!(out, "{text}");
    let _ = out.flush();
}
