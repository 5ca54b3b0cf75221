//! Instances and what was used, on the command line.

use super::Page;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum Instance {
    /// One instance; with --timeline everything that happened to it.
    Show {
        id: String,
        #[arg(long)]
        timeline: bool,
    },
    /// Instances that the caller bought or sold.
    List {
        #[arg(long = "as")]
        role: Option<String>,
        /// opening, running, frozen, released or failed.
        #[arg(long)]
        state: Option<String>,
        /// created or expires.
        #[arg(long)]
        sort: Option<String>,
        #[command(flatten)]
        page: Page,
    },
    /// Renew automatically before the last term ends, or no longer.
    #[command(after_help = "\
            Switching it on, also once more, is the consent to what a term costs now; more is never taken without another consent.\n\
            Both prices are said when a term costs more than the last one. With --price it is only switched on at that price.\n\n\
            Examples:\n  yunshi instance auto-renew ins_… --period 1m\n  \
            yunshi instance auto-renew ins_… --period 1m --price 120.00\n  yunshi instance auto-renew ins_… --off")]
    AutoRenew {
        id: String,
        /// The period of each new term, such as 1m or 1y.
        #[arg(long, required_unless_present = "off")]
        period: Option<String>,
        /// What a term may cost, such as 120.00; refused when it costs another sum.
        #[arg(long, conflicts_with = "off")]
        price: Option<String>,
        #[arg(long, conflicts_with = "period")]
        off: bool,
    },
    /// End an instance that is billed by use.
    Release { id: String },
    /// Freeze for a violation (operator).
    Freeze {
        id: String,
        #[arg(long)]
        reason: String,
    },
    /// Lift a freeze for a violation (operator).
    Unfreeze { id: String },
}

#[derive(Debug, Subcommand)]
pub enum Domain {
    /// The caller's domains, with what proves them.
    List,
    /// Add a main domain; put the text that is printed into its file or a DNS record.
    #[command(after_help = "Example: yunshi domain add example.com")]
    Add { name: String },
    /// Look for the proof in the file and in DNS.
    #[command(after_help = "Example: yunshi domain prove example.com")]
    Prove { name: String },
}

#[derive(Debug, Subcommand)]
pub enum Usage {
    /// Records that were pushed, and what became of each (seller, operator).
    #[command(after_help = "Examples:\n  yunshi usage list --state refused\n  yunshi usage list --instance ins_… --json")]
    List {
        /// accepted, held, refused, charged or corrected.
        #[arg(long)]
        state: Option<String>,
        #[arg(long)]
        instance: Option<String>,
        /// Number of the record at the seller.
        #[arg(long)]
        metering_sn: Option<String>,
        #[command(flatten)]
        page: Page,
    },
    /// What an instance used and what it cost, day by day.
    Show { instance: String },
    /// Charges that wait, or waited, for consent, newest first.
    #[command(after_help = "\
            A charge of more than 1,000.00 and ten times the largest of the last 30 days waits seven days for its buyer.\n\n\
            Examples:\n  yunshi usage held --state waiting\n  yunshi usage held --instance ins_… --json")]
    Held {
        /// waiting, approved, refused or withdrawn.
        #[arg(long)]
        state: Option<String>,
        #[arg(long)]
        instance: Option<String>,
        #[command(flatten)]
        page: Page,
    },
    /// Agree to a charge that waits (buyer; operator with --operator).
    #[command(after_help = "Examples:\n  yunshi usage approve hld_…\n  yunshi usage approve hld_… --operator")]
    Approve {
        hold: String,
        /// In its buyer's place.
        #[arg(long)]
        operator: bool,
    },
    /// Refuse a charge that waits, and its records (buyer; operator with --operator).
    #[command(after_help = "Example: yunshi usage refuse hld_…")]
    Refuse {
        hold: String,
        /// In its buyer's place.
        #[arg(long)]
        operator: bool,
    },
    /// Show or set what an instance may be charged for the use of a month (buyer, seller).
    #[command(after_help = "\
            The lower cap of the two sides counts. 80 % are warned of; at 100 % the instance is frozen until the month ends or the\n\
            cap is raised, or further records are refused.\n\n\
            Examples:\n  yunshi usage cap ins_…\n  yunshi usage cap ins_… --amount 500.00 --currency CNY --action refuse\n  \
            yunshi usage cap ins_… --off")]
    Cap {
        instance: String,
        /// The most for a month, such as 500.00.
        #[arg(long, conflicts_with = "off", requires = "currency")]
        amount: Option<String>,
        /// That of the site, such as CNY.
        #[arg(long)]
        currency: Option<String>,
        /// freeze (when left out) or refuse.
        #[arg(long, requires = "amount")]
        action: Option<String>,
        /// Remove your cap.
        #[arg(long)]
        off: bool,
        /// buyer or seller, when you are both.
        #[arg(long)]
        side: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub enum OpenApi {
    /// Calls of the open APIs with your access keys, newest first; the newest 5,000 of the last 7 days.
    #[command(after_help = "Examples:\n  yunshi open-api list --failed\n  yunshi open-api list --path usage-data --json")]
    List {
        /// Only those that were refused.
        #[arg(long)]
        failed: bool,
        /// The public half of an access key.
        #[arg(long)]
        access_key: Option<String>,
        /// Part of the path or its query.
        #[arg(long)]
        path: Option<String>,
        #[command(flatten)]
        page: Page,
    },
    /// One call with what was asked and answered; its id is the request id that the answer named.
    #[command(after_help = "Example: yunshi open-api show 01a212e95383700086a1e61be2751536")]
    Show { id: String },
}
