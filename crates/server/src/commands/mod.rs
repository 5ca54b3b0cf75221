//! What each command does.

mod admin;
mod apply;
mod asset;
mod case;
mod client;
mod correction;
mod domain;
mod junit;
mod licence;
mod local;
mod notices;
mod order;
mod people;
mod replay;
mod supervision;
mod tail;

pub use apply::{declare_text, submit_product};

use crate::{
    cli::{Cli, Command},
    output::{self, Failure},
    remote::Remote,
    sandbox,
};

/// Runs a command.
///
/// # Errors
/// [`Failure`], with the exit code.
pub async fn run(cli: Cli) -> Result<(), Failure> {
    let (json, key, version) = (cli.json, cli.idempotency_key, cli.if_match);
    let remote = || Remote::from_environment(key, version);
    match cli.command {
        Command::Serve(args) => local::serve(&args).await,
        Command::Sandbox(args) => sandbox::run(&args, json).await,
        Command::Migrate(args) => local::migrate(&args, json).await,
        Command::Admin { command } => admin::admin(&command, json).await,
        Command::Verify(args) => local::verify(&args, json).await,
        Command::Replay(args) => replay::replay(&args, json).await,
        Command::Conformance(args) => local::conformance(&args, json).await,
        Command::Flows => {
            let text = ::domain::supervision::document();
            if json {
                output::document(true, &serde_json::json!({ "markdown": text }))
            } else {
                output::plain(&text)
            }
            Ok(())
        }
        Command::Notices => {
            notices::print(json);
            Ok(())
        }
        Command::Interfaces { protocol } => {
            let text = protocol.map_or_else(wire::reference::all, wire::reference::of);
            if json {
                output::document(true, &serde_json::json!({ "markdown": text }))
            } else {
                output::plain(&text)
            }
            Ok(())
        }
        Command::Description => {
            output::document(true, &serde_json::to_value(api::openapi()).map_err(Failure::failed)?);
            Ok(())
        }
        Command::Apply(args) => apply::run(&remote()?, &args, json).await,
        Command::Domain { command } => domain::run(&remote()?, &command, json).await,
        Command::Order { command } => order::run(&remote()?, &command, json).await,
        Command::Instance { command } => client::instance(&remote()?, &command, json).await,
        Command::Licence { command } => licence::run(remote, &command, json).await,
        Command::Usage { command } => client::usage(&remote()?, &command, json).await,
        Command::Asset { command } => asset::run(&remote()?, &command, json).await,
        Command::Supervision { command } => supervision::run(&remote()?, &command, json).await,
        Command::Webhook { command } => supervision::webhook(&remote()?, &command, json).await,
        Command::Colleague { command } => people::colleague(&remote()?, &command, json).await,
        Command::SignOn { command } => people::sign_on(&remote()?, &command, json).await,
        Command::OpenApi { command } => client::open_api(&remote()?, &command, json).await,
        Command::Calls { command } => client::calls(&remote()?, &command, json).await,
        Command::Review { command } => client::review(&remote()?, &command, json).await,
        Command::Bill { command } => client::bill(&remote()?, &command, json).await,
        Command::Correction { command } => correction::run(&remote()?, &command, json).await,
        Command::Inbox { command } => client::inbox(&remote()?, &command, json).await,
        Command::Fault { product, fault } => client::fault(&remote()?, &product, &fault, json).await,
        Command::Scene { product, scene } => client::scene(&remote()?, &product, &scene, json).await,
        Command::Clock { command } => client::clock(&remote()?, &command, json).await,
    }
}
