//! The command line's grammar (`contract`).

mod admin;
mod asset;
mod correction;
mod instance;
mod licence;
mod order;
mod people;
mod supervision;
mod trial;

pub use admin::{Admin, Place};
pub use asset::{Asset, Specification};
pub use correction::Correction;
pub use instance::{Domain, Instance, OpenApi, Usage};
pub use licence::Licence;
pub use order::{Order, OrderFilter};
pub use people::{Colleague, SignOn};
pub use supervision::{Act, Supervision, Webhook};
pub use trial::{Conformance, Replay};

use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Parser)]
#[command(
    name = "yunshi",
    version,
    about = "An open, self-hosted cloud marketplace (云市)",
    after_help = "\
        Client commands talk to YUNSHI_SERVER (default http://127.0.0.1:8080) with YUNSHI_TOKEN.\n\
        A write that gets no answer is sent again with the same key, four times in all; each command draws a key unless\n\
        --idempotency-key names one.\n\
        Exit codes: 0 done, 1 refused or failed, 2 wrong use, 3 not reachable, 4 waited too long.\n\n\
        Example: yunshi sandbox --listen 127.0.0.1:8080"
)]
pub struct Cli {
    /// Print one JSON document on standard output.
    #[arg(long, global = true)]
    pub json: bool,
    /// Repeat a command under this key: what it writes is written once, and answered as the first time.
    #[arg(long, global = true, value_name = "KEY", value_parser = key)]
    pub idempotency_key: Option<String>,
    /// Decide on this version alone, as `version` of what was shown says; what was changed since is refused.
    #[arg(long, global = true, value_name = "VERSION")]
    pub if_match: Option<String>,
    #[command(subcommand)]
    pub command: Command,
}

/// The number of a further write follows it, and all of it has 100 characters at most.
fn key(text: &str) -> Result<String, String> {
    let good = (1..=90).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    good.then(|| text.to_owned()).ok_or_else(|| "write 1 to 90 visible ASCII characters".to_owned())
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the platform.
    #[command(after_help = "Example: yunshi serve --listen 0.0.0.0:8080 --database postgres://yunshi@db/yunshi")]
    Serve(Serve),
    /// Run a seeded marketplace with a built-in seller and a clock that can be moved.
    #[command(after_help = "Example: yunshi sandbox --data var/sandbox --start 2024-01-05T02:00:00Z")]
    Sandbox(SandboxArgs),
    /// Bring the database to the newest schema.
    #[command(after_help = "Example: yunshi migrate --database sqlite:var/yunshi.db")]
    Migrate(Database),
    /// Administration of a platform's database.
    Admin {
        #[command(subcommand)]
        command: Admin,
    },
    /// Check ledger, bills, orders, terms and jobs against each other.
    #[command(after_help = "Example: yunshi verify --database sqlite:var/yunshi.db")]
    Verify(VerifyArgs),
    /// Declare keys, addresses and products from files; repeatable.
    #[command(after_help = "Example: SELLER_URL=https://api.example.com/hello SELLER_KEY=… yunshi apply -f examples/saas")]
    Apply(Apply),
    /// Domains in which interface addresses lie (seller).
    Domain {
        #[command(subcommand)]
        command: Domain,
    },
    /// Buy, list, show and undo orders.
    Order {
        #[command(subcommand)]
        command: Order,
    },
    /// What was bought.
    Instance {
        #[command(subcommand)]
        command: Instance,
    },
    /// Licences by authorisation code.
    Licence {
        #[command(subcommand)]
        command: Licence,
    },
    /// Usage records of on-demand instances.
    Usage {
        #[command(subcommand)]
        command: Usage,
    },
    /// What products are deployed from: software packages and images (seller).
    Asset {
        #[command(subcommand)]
        command: Asset,
    },
    /// Orders under service supervision: follow, act, appeal, decide.
    Supervision {
        #[command(subcommand)]
        command: Supervision,
    },
    /// Servers of yours that hear of messages (administrator).
    Webhook {
        #[command(subcommand)]
        command: Webhook,
    },
    /// The people of your account (administrator).
    Colleague {
        #[command(subcommand)]
        command: Colleague,
    },
    /// Sign-on of colleagues into what was bought.
    SignOn {
        #[command(subcommand)]
        command: SignOn,
    },
    /// What was called at the open APIs with your access keys.
    OpenApi {
        #[command(subcommand)]
        command: OpenApi,
    },
    /// Production-interface messages.
    Calls {
        #[command(subcommand)]
        command: Calls,
    },
    /// Listing applications.
    Review {
        #[command(subcommand)]
        command: Review,
    },
    /// Bills of sellers.
    Bill {
        #[command(subcommand)]
        command: Bill,
    },
    /// Refunds by the operator and postings that mend the books (finance).
    Correction {
        #[command(subcommand)]
        command: Correction,
    },
    /// In-site messages.
    Inbox {
        #[command(subcommand)]
        command: Inbox,
    },
    /// Check a seller's server against the reference.
    #[command(after_help = "\
            Examples:\n  \
            yunshi conformance --protocol saas-v2 --url http://127.0.0.1:9002/hello --key my-access-key\n  \
            yunshi conformance --protocol saas-v1 --url http://127.0.0.1:9002/hello --key my-access-key --junit report.xml")]
    Conformance(Conformance),
    /// Print the flows of service supervision as documents with diagrams, from the built-in templates.
    #[command(after_help = "Example: yunshi flows > flows.md")]
    Flows,
    /// Print what the marketplace calls on a seller's server: parameter tables, signed samples, answers.
    #[command(after_help = "Examples:\n  yunshi interfaces > interfaces.md\n  yunshi interfaces --protocol saas-v2")]
    Interfaces {
        /// One protocol; all when left out.
        #[arg(long, value_parser = trial::protocol)]
        protocol: Option<wire::conformance::Protocol>,
    },
    /// Print what of others is in this binary, under which licences, with their texts.
    #[command(after_help = "Example: yunshi notices > THIRD-PARTY-NOTICES.txt")]
    Notices,
    /// Play a recording against a seller's server and compare the answers.
    #[command(after_help = "\
            The same requests in the same order, signed anew, with the instance ids that the server gives now. Exits 1 when an answer\n\
            differs in what a marketplace acts on: result code, status, a field that is gone or of another type.\n\n\
            Example: yunshi calls record --order CS2611240955AB12C > traffic.json\n         \
            yunshi replay traffic.json --url http://127.0.0.1:9002/hello --key my-access-key --junit replay.xml")]
    Replay(Replay),
    /// Make the sandbox's built-in seller misbehave for a product, to see what happens.
    #[command(after_help = "\
            Faults: none, time_out, slow, never_ending, http_500, wrong_signature, code_000002, code_000005, code_000100, not_json,\n\
            truncated, huge, redirect, no_instance_id, no_data and more; a wrong name lists them all.\n\n\
            Example: yunshi fault backup time_out")]
    Fault {
        /// Key of a product, or '*' for all.
        product: String,
        fault: String,
    },
    /// Play a scene of a product in the sandbox, as its buyer or operator, so that the seller's server is called.
    #[command(after_help = "\
            Scenes: buy, try, trial_to_formal, renew, renew_with_change, cancel_renewal, upgrade, freeze, unfreeze, expire, unsubscribe,\n\
            release. They are played on the newest instance that the sandbox's buyer has; expire and release move the clock.\n\n\
            Example: yunshi scene backup buy")]
    Scene {
        /// Id or key of a product.
        product: String,
        scene: String,
    },
    /// A sandbox's business time.
    Clock {
        #[command(subcommand)]
        command: Clock,
    },
    /// Print the description of the API.
    #[command(name = "openapi", hide = true)]
    Description,
}

#[derive(Debug, Clone, Args)]
pub struct Database {
    /// sqlite:PATH or postgres://…
    #[arg(long, env = "YUNSHI_DATABASE")]
    pub database: Option<String>,
    /// Settings file.
    #[arg(long, env = "YUNSHI_CONFIG", default_value = "yunshi.toml")]
    pub config: PathBuf,
}

#[derive(Debug, Args)]
pub struct Serve {
    #[arg(long, env = "YUNSHI_LISTEN")]
    pub listen: Option<String>,
    #[command(flatten)]
    pub database: Database,
    /// Folder for exports and uploads.
    #[arg(long, env = "YUNSHI_FILES")]
    pub files: Option<PathBuf>,
    /// all, api or worker.
    #[arg(long, env = "YUNSHI_ROLE", value_parser = ["all", "api", "worker"])]
    pub role: Option<String>,
    /// auto applies missing migrations at the start; check refuses to start without them.
    #[arg(long, env = "YUNSHI_MIGRATE", value_parser = ["auto", "check"])]
    pub migrate: Option<String>,
}

#[derive(Debug, Args)]
pub struct SandboxArgs {
    #[arg(long, env = "YUNSHI_SANDBOX_DATA", default_value = "var/sandbox")]
    pub data: PathBuf,
    #[arg(long, env = "YUNSHI_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: String,
    /// Where business time begins, also in the past; only for a new data folder.
    #[arg(long)]
    pub start: Option<String>,
    /// Settings file; of it the sandbox takes rules and limits, but not addresses.
    #[arg(long, env = "YUNSHI_CONFIG", default_value = "yunshi.toml")]
    pub config: PathBuf,
    /// Another database than the folder's own, such as postgres://…
    #[arg(long, env = "YUNSHI_SANDBOX_DATABASE")]
    pub database: Option<String>,
    /// all, api or worker, to try several processes on one folder and PostgreSQL; a worker joins a sandbox that is there.
    #[arg(long, default_value = "all", value_parser = ["all", "api", "worker"])]
    pub role: String,
    /// As if this were a machine whose clock is so many seconds ahead of the others.
    #[arg(long, default_value_t = 0, hide = true)]
    pub clock_ahead: i64,
}

#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Read this database instead of asking the server.
    #[arg(long)]
    pub database: Option<String>,
    /// Settings file of that database's nodes: the books are read by its sites.
    #[arg(long, env = "YUNSHI_CONFIG", default_value = "yunshi.toml")]
    pub config: PathBuf,
}

#[derive(Debug, Args)]
pub struct Apply {
    /// A .toml file, or a folder of them.
    #[arg(short, long)]
    pub file: PathBuf,
    /// Show the difference and change nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// Do not submit for review.
    #[arg(long)]
    pub draft: bool,
}

/// Which part of a list.
#[derive(Debug, Clone, Default, Args)]
pub struct Page {
    /// Rows of a page, 1 to 100; 20 when not said.
    #[arg(long)]
    pub limit: Option<u32>,
    /// `next` of the page before.
    #[arg(long)]
    pub cursor: Option<String>,
    /// asc or desc; each list has its usual order.
    #[arg(long)]
    pub direction: Option<String>,
}

#[derive(Debug, Subcommand)]
pub enum Calls {
    /// Production-interface messages, newest first.
    List {
        /// Number of an order.
        #[arg(long)]
        order: Option<String>,
        /// waiting, due, done or failed.
        #[arg(long)]
        state: Option<String>,
        #[command(flatten)]
        page: Page,
    },
    /// Print every attempt as it ends, until interrupted.
    #[command(after_help = "Example: yunshi calls tail --order CS2611240955AB12C")]
    Tail {
        #[arg(long)]
        order: Option<String>,
    },
    /// One message with its attempts.
    Show { id: String },
    /// Print a recording of what your servers were asked and answered, for `yunshi replay`.
    #[command(after_help = "\
            The newest 500 messages, or those of an instance, order or address among them; passwords and licences are blotted out.\n\n\
            Example: yunshi calls record --order CS2611240955AB12C > traffic.json")]
    Record {
        #[arg(long)]
        instance: Option<String>,
        #[arg(long)]
        order: Option<String>,
        /// Name of one of your interface addresses.
        #[arg(long)]
        address: Option<String>,
    },
    /// Send a call again.
    Restart { id: String },
}

#[derive(Debug, Subcommand)]
pub enum Review {
    /// Applications, newest first.
    List {
        /// in_review, approved, rejected or draft.
        #[arg(long)]
        state: Option<String>,
        #[command(flatten)]
        page: Page,
    },
    /// Approve an application: its product is on sale as it says.
    Approve { id: String },
    /// Send an application back with a reason and marks at its fields.
    #[command(after_help = "Example: yunshi review reject app_… --reason 'see the mark' --mark /support/hotline='nobody answers'")]
    Reject {
        id: String,
        #[arg(long)]
        reason: String,
        /// POINTER=REASON, a mark on a field.
        #[arg(long = "mark")]
        marks: Vec<String>,
    },
}

#[derive(Debug, Subcommand)]
pub enum Bill {
    /// Bills, newest first.
    List {
        /// yyyy-MM
        #[arg(long)]
        month: Option<String>,
        #[command(flatten)]
        page: Page,
    },
    /// A bill with its lines.
    Show { id: String },
}

#[derive(Debug, Subcommand)]
pub enum Inbox {
    /// Messages, newest first.
    List {
        #[arg(long)]
        unread: bool,
        #[command(flatten)]
        page: Page,
    },
    /// Mark one message, or all, as read.
    Read { id: Option<String> },
}

#[derive(Debug, Subcommand)]
pub enum Clock {
    /// The business time.
    Show,
    /// Move business time; everything that falls due happens before this returns.
    #[command(after_help = "Example: yunshi clock advance 33d")]
    Advance { duration: String },
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_grammar_holds_together() {
        Cli::command().debug_assert();
    }
}
