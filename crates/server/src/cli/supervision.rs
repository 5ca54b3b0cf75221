//! Service supervision and webhooks on the command line.

use super::Page;
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub enum Supervision {
    /// Cases, newest first.
    #[command(after_help = "Example: yunshi supervision list --as seller --turn seller\n         yunshi --json supervision list --all")]
    List {
        /// Those that ended too; otherwise the open ones, unless a state is named.
        #[arg(long, conflicts_with = "state")]
        all: bool,
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
    #[command(after_help = "\
            Actions: submit, confirm, return, deliver, ship, take, accept, reject, upload_proof, pass, appeal, decide, request_refund,\n\
            agree_refund, refuse_refund, withdraw_refund; `--json` of `list` says which of them are open to you.\n\n\
            Examples:\n  \
            yunshi supervision act sup_… submit --text 'two hundred endpoints'\n  \
            yunshi supervision act sup_… deliver --text done --opened-at 2026-11-01T00:00:00Z --file accepted.pdf\n  \
            yunshi supervision act sup_… deliver --text done --element order_numbers=CS… --element customer_name=示例公司 --element \
            product_name=…\\\n    \
            --element specification_name=… --element valid_from=2026-11-01 --element valid_to=2027-11-01 --file acceptance=signed.pdf\n  \
            yunshi supervision act sup_… request_refund --amount 40.00 --text 'half of it is missing'\n  \
            yunshi supervision act sup_… accept")]
    Act(Box<Act>),
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

#[derive(Debug, Args)]
pub struct Act {
    pub id: String,
    pub action: String,
    #[arg(long)]
    pub text: Option<String>,
    /// The text, when it is left out.
    #[arg(long)]
    pub reason: Option<String>,
    /// The actual opening time.
    #[arg(long = "opened-at", visible_alias = "opening", value_name = "TIME")]
    pub opened_at: Option<String>,
    /// Of a refund, in the order's currency.
    #[arg(long)]
    pub amount: Option<String>,
    /// Of an appeal: continue, close or refund; a refund when an amount is given, else continue.
    #[arg(long, value_parser = ["continue", "close", "refund"])]
    pub decision: Option<String>,
    /// Of a refund of hardware: none, in_transit or received.
    #[arg(long)]
    pub goods: Option<String>,
    #[arg(long)]
    pub carrier: Option<String>,
    #[arg(long)]
    pub number: Option<String>,
    /// A hardware code; `system` to have one made.
    #[arg(long)]
    pub code: Option<String>,
    /// A licence that is handed over.
    #[arg(long)]
    pub licence: Option<String>,
    /// One of the five key elements that the document under review names: order_numbers (each by itself), customer_name,
    /// product_name, specification_name, valid_from, valid_to, resource_order.
    #[arg(long = "element", value_name = "NAME=VALUE")]
    pub elements: Vec<String>,
    /// A file to send with it; it proves what the action still lacks, unless its kind is said.
    #[arg(long = "file", value_name = "[KIND=]PATH")]
    pub files: Vec<String>,
    /// A file that was sent, and what it proves.
    #[arg(long = "document", value_name = "ID=KIND")]
    pub documents: Vec<String>,
    #[arg(long = "as")]
    pub role: Option<String>,
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
