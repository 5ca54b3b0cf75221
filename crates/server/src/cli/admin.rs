//! `yunshi admin`.

use super::Database;
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Where a platform's data lie, as `serve` is told.
#[derive(Debug, Args)]
pub struct Place {
    #[command(flatten)]
    pub database: Database,
    /// Folder for exports and uploads.
    #[arg(long, env = "YUNSHI_FILES")]
    pub files: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub enum Admin {
    /// Make the first operator; the password is asked for, or read from standard input.
    #[command(after_help = "Example: echo 'a long password' | yunshi admin create-operator --login root")]
    CreateOperator {
        #[arg(long)]
        login: String,
        #[command(flatten)]
        database: Database,
    },
    /// Seal all secrets in the database with another key, in one transaction. Stop all nodes first; then copy the new key to them.
    #[command(after_help = "\
            The key in use is found as by `serve`: YUNSHI_SECRET_KEY, or secret.key beside the folder of files. The new one lies\n\
            in a file of 64 hexadecimal digits, which is made when it is missing. Links in mails\n\
            that were sent before are no longer known.\n\n\
            Example: yunshi admin rotate-key --new-key var/secret.key.new && mv var/secret.key.new var/secret.key")]
    RotateKey {
        /// The file of the new key.
        #[arg(long, value_name = "FILE")]
        new_key: PathBuf,
        #[command(flatten)]
        place: Place,
    },
    /// Make the configured folder the one in which all nodes of the database keep files, after it was moved, restored or lost.
    #[command(after_help = "Example: yunshi admin adopt-files --files /mnt/yunshi/files")]
    AdoptFiles {
        #[command(flatten)]
        place: Place,
    },
    /// Make the chain of events again from its first damage on; `yunshi verify` says whether it is damaged. The reason stands in
    /// every new seal: say who decided it, and what was found.
    #[command(after_help = "Example: yunshi admin reseal --reason 'J. Doe: rows restored from the backup of 3 May'")]
    Reseal {
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        database: Database,
    },
}
