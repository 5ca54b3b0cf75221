//! Commands that open the database themselves, or need none.

use super::junit;
use crate::{
    cli::{Conformance, Database, Serve, VerifyArgs},
    config::Config,
    node::{self, Node},
    output::{self, Failure},
    remote::Remote,
};
use app::{Clock as _, MovableClock, verify};
use serde_json::{Value, json};
use std::io::{IsTerminal, Read, Write};

/// Runs the platform until it is asked to stop.
pub async fn serve(args: &Serve) -> Result<(), Failure> {
    node::log();
    let config = Config::load(args)?;
    let node = Node::start(&config, node::open_database(&config).await?, MovableClock::default()).await?;
    node.work(&config.role);
    let listener = node::bind(&config.listen).await?;
    let address = listener.local_addr().map_err(Failure::failed)?;
    tracing::info!(%address, engine = node.app.db.engine(), role = config.role, "Yunshi is listening");
    node.search.refresh(&node.app).await.map_err(Failure::failed)?;
    let api = node.api(None);
    let tally = api.tally.clone();
    node::serve(listener, api::router(api), &node.worker, config.stop_within).await?;
    // What was heard in the last second.
    tally.write_down(&node.app).await.map_err(Failure::failed)?;
    node.close().await;
    Ok(())
}

/// The settings for what is done to a database beside its nodes: no key is made for it.
pub(super) fn plain(database: &Database) -> Result<Config, Failure> {
    Config::without_key(&Serve { listen: None, database: database.clone(), files: None, role: None, migrate: None })
}

/// Applies the missing migrations.
pub async fn migrate(args: &Database, json: bool) -> Result<(), Failure> {
    let config = plain(args)?;
    let db = db::Db::open(&config.database, &config.database_options).map_err(|e| Failure::caused(&e))?;
    let applied = db.migrate().await.map_err(Failure::failed)?;
    output::document(json, &json!({ "applied": applied }));
    Ok(())
}

fn ask_password() -> Result<String, Failure> {
    let mut text = String::new();
    if std::io::stdin().is_terminal() {
        eprint!("Password: ");
        std::io::stderr().flush().map_err(Failure::failed)?;
        std::io::stdin().read_line(&mut text).map_err(Failure::failed)?;
    } else {
        std::io::stdin().read_to_string(&mut text).map_err(Failure::failed)?;
    }
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

pub(super) async fn create_operator(login: &str, database: &Database, json: bool) -> Result<(), Failure> {
    let config = plain(database)?;
    let password = ask_password()?;
    let login = domain::text::line(login, 120).map_err(|e| Failure::WrongUse(format!("--login {e}")))?;
    // Not as a node: it needs neither files nor the key, and may run where those of the nodes are not.
    let app = on(node::open_database(&config).await?, &config).await?;
    let name = login.clone();
    let made =
        app.write(app::Actor::System, move |tx, ctx| app::account::create_operator(tx, ctx, &name, &password)).await.map_err(refused)?;
    output::document(json, &json!({ "login": login, "account_id": made.account_id, "user_id": made.user_id }));
    Ok(())
}

pub(super) fn refused(e: app::Error) -> Failure {
    match e {
        app::Error::Refused(r) => Failure::Refused(json!({ "code": r.code, "detail": r.detail })),
        other => Failure::failed(other),
    }
}

/// Checks the books, of the server or of a database.
pub async fn verify(args: &VerifyArgs, json: bool) -> Result<(), Failure> {
    let found = match &args.database {
        None => Remote::from_environment(None, None)?.get("/api/v1/operator/verify").await?,
        Some(database) => of_database(&Database { database: Some(database.clone()), config: args.config.clone() }).await?,
    };
    if json {
        output::document(true, &found);
    } else {
        output::table(false, &found, "checks", &["name", "ok", "checked", "differences"]);
    }
    if found["ok"] == true { Ok(()) } else { Err(Failure::Quiet(1)) }
}

async fn of_database(database: &Database) -> Result<Value, Failure> {
    let app = opened(&plain(database)?).await?;
    // By other sites than its own right books look wrong.
    app.snapshot(app::Actor::System, app::job::check_sites).await.map_err(refused)?;
    let alive = app.snapshot(app::Actor::System, |tx, _| app::event::last_alive(tx)).await.map_err(Failure::failed)?;
    let app = as_of(app, alive);
    let checks = app.snapshot(app::Actor::System, verify::verify).await.map_err(Failure::failed)?;
    let as_of = app.env.clock.now().to_string();
    Ok(json!({ "ok": checks.iter().all(|c| c.ok), "as_of": as_of, "checks": checks }))
}

/// A database that no node has written for a while, a backup, is looked at as of then: what fell due since waits for nobody.
fn as_of(mut app: app::App, alive: Option<jiff::Timestamp>) -> app::App {
    let (now, wall) = (app.env.clock.now(), app.env.clock.wall());
    if let Some(alive) = alive.filter(|alive| alive.duration_until(wall) > STILL) {
        let clock = MovableClock::standing_at(alive);
        clock.set_now(now - alive.duration_until(wall));
        app.env.clock = std::sync::Arc::new(clock);
    }
    app
}

/// A node that runs writes at least this often.
const STILL: jiff::SignedDuration = jiff::SignedDuration::from_mins(10);

/// The use cases on a database as it stands, by its own clock; nothing is begun or scheduled.
pub(super) async fn opened(config: &Config) -> Result<app::App, Failure> {
    on(db::Db::open(&config.database, &config.database_options).map_err(|e| Failure::caused(&e))?, config).await
}

async fn on(db: db::Db, config: &Config) -> Result<app::App, Failure> {
    let stored = db.read(|tx| store::setting::get(tx, "clock_offset")).await.map_err(Failure::failed)?;
    let offset = stored.and_then(|text| text.parse().ok()).unwrap_or(0);
    let (ids, sealer) = (std::sync::Arc::new(app::RandomIds::default()), app::secret::Sealer::new(&config.secret_key));
    let env = app::Environment::new(MovableClock::at_offset(offset), ids, config.settings.clone(), sealer);
    Ok(app::App::new(db, env))
}

/// Runs the debugger's cases against a seller's server.
pub async fn conformance(args: &Conformance, json: bool) -> Result<(), Failure> {
    let limits = worker::Limits { loopback_allowed: true, ..worker::Limits::default() };
    let client = worker::Client::new(limits).map_err(Failure::failed)?;
    let subject = worker::Subject { protocol: args.protocol, url: &args.url, key: &args.key };
    let report = worker::run_suite(&client, subject, args.protocol.scenarios()).await;
    if let Some(path) = &args.junit {
        std::fs::write(path, junit::document(&report)).map_err(|e| Failure::WrongUse(format!("{}: {e}", path.display())))?;
    }
    let value = serde_json::to_value(&report).map_err(Failure::failed)?;
    if json {
        output::document(true, &value);
    } else {
        for case in &report.cases {
            let mark = match case.result {
                "pass" => "✓",
                "fail" => "✗",
                _ => "–",
            };
            let kind = if case.mandatory { "" } else { " (optional)" };
            println!("{mark} {}{kind}  {} ms", case.name, case.duration_ms);
            if let Some(reason) = &case.reason {
                println!("    {}: {}", reason.code, reason.text);
            }
            for mistake in &case.mistakes {
                println!("    {} would give {}", mistake.name, mistake.signature);
            }
        }
        println!("{} passed, {} failed", report.passed, report.failed);
    }
    if report.ok() { Ok(()) } else { Err(Failure::Quiet(1)) }
}
