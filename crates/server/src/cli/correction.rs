//! Corrections on the command line.

use super::Page;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum Correction {
    /// Refunds by the operator and correcting postings, newest first.
    #[command(after_help = "Example: yunshi correction list --state waiting --kind refund")]
    List {
        /// waiting, done or refused.
        #[arg(long)]
        state: Option<String>,
        /// refund or posting.
        #[arg(long)]
        kind: Option<String>,
        /// The number of the order that it is about.
        #[arg(long)]
        order: Option<String>,
        #[command(flatten)]
        page: Page,
    },
    /// Ask for a posting that mends the books: from one account of the ledger to another.
    #[command(after_help = "\
            An account is buyer_wallet:ACCOUNT, seller_payable:ACCOUNT, escrow:ORDER_LINE, provider_clearing, platform_commission or\n\
            tax_payable.\n\n\
            Example: yunshi correction post --from buyer_wallet:acc_… --to provider_clearing --amount '12.00 CNY' --reason 'paid twice'")]
    Post {
        #[arg(long)]
        from: String,
        #[arg(long)]
        to: String,
        /// The number of the order line whose shares it mends.
        #[arg(long)]
        order_line: Option<String>,
        /// With its currency.
        #[arg(long)]
        amount: String,
        #[arg(long)]
        reason: String,
    },
    /// Confirm what another person asked for.
    #[command(after_help = "Example: yunshi correction confirm cor_01a2271c")]
    Confirm { id: String },
    /// Refuse what another person asked for.
    #[command(after_help = "Example: yunshi correction refuse cor_01a2271c --reason 'the transfer was for another account'")]
    Refuse {
        id: String,
        #[arg(long)]
        reason: String,
    },
}
