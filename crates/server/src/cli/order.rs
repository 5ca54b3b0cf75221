//! Orders on the command line.

use super::Page;
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub enum Order {
    /// Buy, and pay from the wallet.
    #[command(after_help = "Example: yunshi order place --product hello --spec standard --period 1m --wait")]
    Place {
        /// Id or key.
        #[arg(long)]
        product: String,
        #[arg(long)]
        spec: String,
        #[arg(long)]
        sku: Option<String>,
        /// 7d, 1m, 12m, 1y; left out for one-time specifications.
        #[arg(long)]
        period: Option<String>,
        #[arg(long, default_value_t = 1)]
        quantity: u32,
        /// A free trial.
        #[arg(long)]
        trial: bool,
        /// NAME=VALUE, an input that the product asks for.
        #[arg(long = "input")]
        inputs: Vec<String>,
        /// Passes this number to the seller; for products that ask for it.
        #[arg(long)]
        phone: Option<String>,
        /// Passes this address to the seller; for products that ask for it.
        #[arg(long)]
        email: Option<String>,
        /// Passes your user id to the seller; for products that ask for it.
        #[arg(long)]
        with_user_id: bool,
        /// Leave it to be paid.
        #[arg(long)]
        unpaid: bool,
        /// Return when the order is completed or cancelled.
        #[arg(long)]
        wait: bool,
        /// Seconds to wait at most.
        #[arg(long, default_value_t = 120)]
        timeout: u64,
    },
    /// One order; with --timeline everything that happened to it.
    #[command(after_help = "Example: yunshi order show CS2611240955AB12C --timeline")]
    Show {
        number: String,
        #[arg(long)]
        timeline: bool,
    },
    /// Orders, newest first.
    #[command(after_help = "Example: yunshi order list --as seller --state processing")]
    List {
        #[command(flatten)]
        filter: OrderFilter,
        #[command(flatten)]
        page: Page,
    },
    /// Pay an order from the wallet.
    #[command(after_help = "Example: yunshi order pay CS2611240955AB12C")]
    Pay { number: String },
    /// Cancel an order that was not paid.
    #[command(after_help = "Example: yunshi order cancel CS2611240955AB12C")]
    Cancel { number: String },
    /// Renew an instance.
    #[command(after_help = "Example: yunshi order renew ins_01a2271c --period 1y --quote
Order it for what was quoted: yunshi --if-match VERSION order renew ins_01a2271c --period 1y")]
    Renew {
        instance: String,
        #[arg(long, default_value = "1m")]
        period: String,
        /// Another combination from now on, where the product offers it.
        #[arg(long)]
        sku: Option<String>,
        /// Say what it would cost and when the term would end, and do nothing.
        #[arg(long)]
        quote: bool,
        /// Leave it to be paid.
        #[arg(long, conflicts_with = "quote")]
        unpaid: bool,
    },
    /// Turn a trial into a purchase.
    #[command(after_help = "Example: yunshi order convert ins_01a2271c --period 1m --quote
Order it for what was quoted: yunshi --if-match VERSION order convert ins_01a2271c --period 1m")]
    Convert {
        instance: String,
        #[arg(long, default_value = "1m")]
        period: String,
        /// Say what it would cost and when the term would end, and do nothing.
        #[arg(long)]
        quote: bool,
    },
    /// Upgrade an instance to a dearer combination.
    #[command(after_help = "Example: yunshi order upgrade ins_01a2271c --sku pro/5 --quote
Order it for what was quoted: yunshi --if-match VERSION order upgrade ins_01a2271c --sku pro/5")]
    Upgrade {
        instance: String,
        #[arg(long)]
        sku: String,
        /// Say what it would cost, and do nothing.
        #[arg(long)]
        quote: bool,
        /// Leave it to be paid.
        #[arg(long, conflicts_with = "quote")]
        unpaid: bool,
    },
    /// Accept what was delivered under service supervision; the order is completed.
    #[command(after_help = "Example: yunshi order accept CS2611240955AB12C")]
    Accept { number: String },
    /// Give an order back, where a rule allows it.
    #[command(after_help = "Example: yunshi order unsubscribe CS2611240955AB12C --preview")]
    Unsubscribe {
        number: String,
        /// Say what would come back and when the service would end, and do nothing.
        #[arg(long)]
        preview: bool,
    },
    /// Give a part of a completed order back (finance); the service goes on. From 1,000 units on a second person confirms it.
    #[command(after_help = "Example: yunshi order refund CS2611240955AB12C --amount 30.00 --reason 'two days without service'")]
    Refund {
        number: String,
        /// In the order's currency.
        #[arg(long)]
        amount: String,
        #[arg(long)]
        reason: String,
    },
    /// Write orders to an .xlsx file.
    #[command(after_help = "Example: yunshi order export --state completed --out orders.xlsx")]
    Export {
        #[command(flatten)]
        filter: OrderFilter,
        #[arg(long, default_value = "orders.xlsx")]
        out: PathBuf,
    },
}

#[derive(Debug, Args)]
pub struct OrderFilter {
    /// buyer, seller or operator.
    #[arg(long = "as")]
    pub role: Option<String>,
    #[arg(long)]
    pub number: Option<String>,
    #[arg(long)]
    pub customer: Option<String>,
    #[arg(long)]
    pub user: Option<String>,
    #[arg(long)]
    pub product: Option<String>,
    #[arg(long)]
    pub from: Option<String>,
    #[arg(long)]
    pub to: Option<String>,
    #[arg(long)]
    pub state: Option<String>,
}
