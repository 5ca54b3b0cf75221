//! Licences by authorisation code on the command line.

use super::Page;
use clap::Subcommand;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub enum Licence {
    /// Licences that the caller bought or sold.
    #[command(after_help = "Examples:\n  yunshi licence list\n  yunshi licence list --as seller --json")]
    List {
        #[arg(long = "as")]
        role: Option<String>,
        #[command(flatten)]
        page: Page,
    },
    /// A licence with its active clients day by day, its seats and its machines.
    Show { code: String },
    /// Put a client out of its seat; its next renewal is refused.
    ReleaseSeat {
        code: String,
        /// The number that `show` lists.
        slot: u32,
    },
    /// Free the place of a machine that the licence is bound to.
    ReleaseNode {
        code: String,
        /// The id that `show` lists.
        node: String,
    },
    /// Write a signed file for a machine without network to standard output; the first use activates the code.
    #[command(after_help = "Example: yunshi licence file PL… --fingerprint '00-1a-2b|DISK|BOARD|CPU' > shield.licence")]
    File {
        code: String,
        /// MAC addresses, disk, board and CPU serials of the machine, joined by |.
        #[arg(long)]
        fingerprint: Option<String>,
    },
    /// Verify a file without network, as the seller's software does; exit code 1 when it is refused.
    #[command(after_help = "Example: yunshi licence verify shield.licence --keys keys.json --fingerprint '00-1a-2b|DISK|BOARD|CPU'")]
    Verify {
        file: PathBuf,
        /// The seller's JSON Web Key Set, from /api/v1/sellers/acc_…/licence-keys.
        #[arg(long)]
        keys: PathBuf,
        #[arg(long)]
        fingerprint: Option<String>,
        /// Seconds since 1970, to try another moment.
        #[arg(long)]
        now: Option<i64>,
    },
    /// The keys that sign files and leases, the signing one first (seller).
    Keys,
    /// Make a new key, which signs from now on (seller).
    #[command(after_help = "Build its public half into your program first: what only knows older keys refuses new files.")]
    NewKey,
    /// Test codes for the open interfaces (seller).
    TestCodes,
    /// Ask for a new test code (seller).
    #[command(after_help = "The code is activated and queried by your software as a bought one is.")]
    RequestTestCode,
}
