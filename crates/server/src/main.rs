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
    match runtime.block_on(commands::run(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
