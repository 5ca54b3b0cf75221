//! Colleagues and their sign-on, on the command line.

use super::Page;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum Colleague {
    /// Who belongs to the account.
    List {
        /// Code of a department.
        #[arg(long)]
        department: Option<String>,
        #[command(flatten)]
        page: Page,
    },
    /// Invite somebody; the link that is printed is good for a week and once.
    #[command(after_help = "Example: yunshi colleague invite li.lei --name 李雷 --department rd")]
    Invite {
        login: String,
        #[arg(long)]
        name: String,
        /// member or administrator.
        #[arg(long, default_value = "member", value_parser = ["member", "administrator"])]
        role: String,
        /// Code of a department.
        #[arg(long)]
        department: Option<String>,
    },
    /// Invitations and what became of them.
    Invitations {
        #[command(flatten)]
        page: Page,
    },
    /// Withdraw an invitation that is open.
    Withdraw { invitation: String },
    /// Remove a colleague: he gets in no more, and sellers are told.
    Remove { id: String },
}

#[derive(Debug, Subcommand)]
pub enum SignOn {
    /// The application of an instance, who may use it, and what failed.
    Show { instance: String },
    /// Bind the application to your company: departments and credential are told to the seller.
    #[command(after_help = "Example: yunshi sign-on bind ins_…")]
    Bind { instance: String },
    /// End the binding: nobody signs on any more.
    End { instance: String },
    /// Send again what failed.
    Retry { instance: String },
    /// Grant the application to colleagues, or give them another role there.
    #[command(after_help = "Example: yunshi sign-on grant ins_… usr_… usr_… --role admin")]
    Grant {
        instance: String,
        #[arg(required = true)]
        users: Vec<String>,
        /// user or admin.
        #[arg(long, default_value = "user", value_parser = ["user", "admin"])]
        role: String,
    },
    /// Withdraw the application from a colleague.
    Withdraw { instance: String, user: String },
    /// Applications that you may open yourself.
    Mine,
}
