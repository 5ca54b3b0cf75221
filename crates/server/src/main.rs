//! `yunshi`: the platform, its sandbox, and the command line for every role.

mod cli;
mod commands;
mod config;
mod node;
mod output;
mod remote;
mod sandbox;
mod seed;

use clap::Parser;
use std::process::ExitCode;

/// For SQLite as well, which allocates at every step; the system's allocator gives back what is asked for again at once.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Thousands of calls may wait for sellers who hang, beside the requests of clients.
const FILES_WANTED: u64 = 16_384;

/// How long threads have to come to an end with the process.
const LEFT_BEHIND: std::time::Duration = std::time::Duration::from_secs(2);

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    // Each call that waits for a seller holds a socket; where the system allows less, it says so at the socket.
    let _ = rlimit::increase_nofile_limit(FILES_WANTED);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(e) => {
            eprintln!("the runtime could not be started: {e}");
            return ExitCode::from(1);
        }
    };
    let done = runtime.block_on(commands::run(cli));
    // What still waits for a database that does not answer is left behind.
    runtime.shutdown_timeout(LEFT_BEHIND);
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
