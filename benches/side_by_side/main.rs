//! Poterne beside other proxies, in one run, with the CPU time that each spends on a request.
//!
//! Every contestant runs on one core with one worker, the panel and the load on another. They take
//! turns, round after round, so that whatever else the machine does hits all of them; what's
//! printed is the median of the rounds and their spread. CPU time (user and system, of all the
//! processes that a contestant needs) says more than throughput, which on a shared machine also
//! measures the load generator.
//!
//! ```text
//! cargo bench --bench side_by_side -- [--rounds 7] [--seconds 3] [--connections 32] [--only NAME]…
//! ```
//!
//! Needs `wrk`, `nginx` and `taskset`; HAProxy is left out when it isn't there.

#![expect(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a measurement prints, and stops at the first surprise"
)]

mod contestants;
mod exchange;
mod logins;
mod measure;
mod pingora_role;
mod poterne;
mod process;
mod report;

use std::time::Duration;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How to measure.
struct Plan {
    rounds: usize,
    turn: Duration,
    connections: usize,
    only: Vec<String>,
}

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let mut plan = Plan { rounds: 7, turn: Duration::from_secs(3), connections: 32, only: Vec::new() };
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().unwrap_or_else(|| panic!("{argument} wants a value"));
        match argument.as_str() {
            // This program again, as a proxy of its own process.
            "--role" => return pingora_role::run(&value(), &value(), &value()),
            "--rounds" => plan.rounds = value().parse().expect("a number"),
            "--seconds" => plan.turn = Duration::from_secs(value().parse().expect("a number")),
            "--connections" => plan.connections = value().parse().expect("a number"),
            "--only" => plan.only.push(value()),
            other => panic!("unknown argument {other}"),
        }
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (_panel, panel, contestants) = contestants::start_all(folder.path(), &plan.only);
    let results = measure::in_turn(&contestants, &plan);
    report::print(&results, "bare pingora");
    drop(contestants);
    if plan.only.is_empty() || plan.only.iter().any(|name| name == "logins") {
        let folder = folder.path().join("logins");
        std::fs::create_dir(&folder).expect("a folder");
        // On all cores: hashing passwords is what the gate's other threads are for.
        logins::report(&poterne::start(&folder, panel, &process::all_cores()));
    }
}
