//! Service supervision and webhooks on the command line.

use super::Page;
use clap::Subcommand;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub enum Supervision {
    /// Cases, newest first.
    #[command(after_help = "Example: yunshi supervision list --as seller --turn seller")]
    List {
        /// buyer, seller or operator, when you are several.
        #[arg(long = "as")]
        role: Option<String>,
        /// open, completed or cancelled.
        #[arg(long)]
        state: Option<String>,
        /// Whose turn it is: buyer, seller or operator.
        #[arg(long)]
        turn: Option<String>,
        /// Part of an order's number.
        #[arg(long)]
        order: Option<String>,
        #[command(flatten)]
        page: Page,
    },
    /// A case: where it is, what was done, what you may do.
    Show {
        id: String,
        #[arg(long = "as")]
        role: Option<String>,
    },
    /// Send a file to a case; it waits for the action that names it.
    #[command(after_help = "Example: yunshi supervision send sup_… --kind acceptance accepted.pdf")]
    Send {
        id: String,
        /// What it proves, such as acceptance or statement_of_work.
        #[arg(long)]
        kind: String,
        file: PathBuf,
        #[arg(long = "as")]
        role: Option<String>,
    },
    /// Do what a node asks you for.
    #[command(
        after_help = "Examples:\n  yunshi supervision act sup_… submit --text 'two hundred endpoints'\n  yunshi supervision act sup_… deliver --text done --opening 2026-11-01T00:00:00Z --document doc_…=acceptance\n  yunshi supervision act sup_… accept"
    )]
    Act {
        id: String,
        /// One of the actions that `show` lists.
        verb: String,
        #[arg(long)]
        text: Option<String>,
        #[arg(long)]
        reason: Option<String>,
        /// The actual opening time.
        #[arg(long)]
        opening: Option<String>,
        #[arg(long)]
        carrier: Option<String>,
        #[arg(long)]
        number: Option<String>,
        /// A hardware code; `system` to have one made.
        #[arg(long)]
        code: Option<String>,
        /// A file that was sent, and what it proves.
        #[arg(long = "document", value_name = "ID=KIND")]
        documents: Vec<String>,
        #[arg(long = "as")]
        role: Option<String>,
    },
    /// Open an appeal: the flow is frozen until the platform decides.
    Appeal {
        id: String,
        #[arg(long)]
        text: String,
        #[arg(long = "as")]
        role: Option<String>,
    },
    /// Decide an appeal, as the platform.
    #[command(after_help = "Example: yunshi supervision decide sup_… refund --amount 40.00 --currency CNY --reason 'half of it is there'")]
    Decide {
        id: String,
        #[arg(value_parser = ["continue", "close", "refund"])]
        decision: String,
        #[arg(long)]
        amount: Option<String>,
        #[arg(long, default_value = "CNY")]
        currency: String,
        #[arg(long)]
        reason: String,
    },
    /// All versions of all flows, as the platform.
    Templates,
    /// A version of a flow as a diagram in Mermaid.
    #[command(after_help = "Example: yunshi supervision template license-code 3")]
    Template {
        key: String,
        version: u32,
        /// general, joint, empowerment_cloud or base_cloud.
        #[arg(long, default_value = "general")]
        scene: String,
    },
    /// Load a template from a JSON file: checked, never edited.
    Load { file: PathBuf },
}

#[derive(Debug, Subcommand)]
pub enum Webhook {
    /// The endpoints of your account.
    List,
    /// Add an endpoint; prints its secret.
    #[command(after_help = "Example: yunshi webhook add https://hooks.example.com/ --event order.opened --event bill.issued")]
    Add {
        url: String,
        /// All events when none is named.
        #[arg(long = "event")]
        events: Vec<String>,
    },
    /// Make a new secret; for a day the former one signs too.
    Rotate { id: String },
    /// Send a message that says that it is a test.
    Test { id: String },
    /// What went to an endpoint, newest first.
    Deliveries {
        id: String,
        #[command(flatten)]
        page: Page,
    },
    /// Send a delivery again that is over.
    Replay { delivery: String },
    /// Remove an endpoint; what waits for it ends.
    Remove { id: String },
}
