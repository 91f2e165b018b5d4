//! The command line: run, check, demo, reference.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use poterne::app::{self, clock::Clock};
use poterne::config::{self, Checked};
use poterne::flow::ports::RefusalRecord;
use poterne::model::{AccountId, Reference, Timestamp};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Exit status for a configuration with mistakes in it.
const MISTAKES: u8 = 2;

/// The door that lets an existing panel keep its own login, and lets nobody use the result of a
/// login until the account's owner is recognised.
#[derive(Parser)]
#[command(version, about, propagate_version = true, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the gate until SIGINT or SIGTERM.
    Run {
        /// The configuration.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Runs ahead by as many milliseconds as stand in this file, read anew each time. For tests;
        /// not in release builds.
        #[cfg(debug_assertions)]
        #[arg(long, value_name = "FILE", hide = true)]
        test_clock: Option<PathBuf>,
    },
    /// Checks a configuration: exit status 0, or 2 with every mistake listed.
    Check {
        /// The configuration.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Starts a small panel, a mailbox and the gate in front of it on this machine, to try it out.
    Demo(app::demo::DemoOptions),
    /// Looks after accounts.
    #[command(subcommand)]
    Account(Account),
    /// Tells what a reference stands for that a user reads out.
    Reference {
        /// The reference, like 7K2M-Q9XD.
        reference: String,
        /// The configuration.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Subcommand)]
enum Account {
    /// Lifts every block of an account and lets it begin anew, once support knows who asks. The gate
    /// must not run meanwhile: one process at a time has the store.
    Unblock {
        /// The account.
        account: String,
        /// The configuration.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
}

fn main() -> ExitCode {
    match Cli::parse().command {
        #[cfg(debug_assertions)]
        Command::Run { config, test_clock } => match load(&config) {
            Ok(checked) => done(app::run(&checked, |floor| match &test_clock {
                Some(file) => Clock::following(file, floor),
                None => Clock::start(floor),
            })),
            Err(code) => code,
        },
        #[cfg(not(debug_assertions))]
        Command::Run { config } => match load(&config) {
            Ok(checked) => done(app::run(&checked, Clock::start)),
            Err(code) => code,
        },
        Command::Check { config } => match load(&config) {
            Ok(checked) => {
                let wrong = app::rehearse(&checked);
                for mistake in &wrong {
                    complain(&mistake.to_string());
                }
                if !wrong.is_empty() {
                    return ExitCode::from(MISTAKES);
                }
                say(&format!("{}: no mistakes", config.display()));
                ExitCode::SUCCESS
            }
            Err(code) => code,
        },
        Command::Demo(options) => done(app::demo::run(options)),
        Command::Account(Account::Unblock { account, config, json }) => match load(&config) {
            Ok(checked) => unblock(&checked, &account, json),
            Err(code) => code,
        },
        Command::Reference { reference, config, json } => match load(&config) {
            Ok(checked) => look_up(&checked, &reference, json),
            Err(code) => code,
        },
    }
}

/// Reads a configuration; says all that is wrong with it.
fn load(path: &Path) -> Result<Checked, ExitCode> {
    match config::load(path) {
        Ok((checked, warnings)) => {
            for warning in warnings {
                complain(&warning.to_string());
            }
            Ok(checked)
        }
        Err(report) => {
            complain(&report.to_string());
            Err(ExitCode::from(MISTAKES))
        }
    }
}

fn done(outcome: Result<(), app::RunFailed>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("poterne: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn unblock(checked: &Checked, typed: &str, json: bool) -> ExitCode {
    let account = match AccountId::canonical(typed) {
        Ok(account) => account,
        Err(error) => {
            complain(&format!("poterne: `{typed}`: {error}"));
            return ExitCode::from(MISTAKES);
        }
    };
    match app::unblock(checked, &account) {
        Ok(lifted) if json => {
            say(&serde_json::json!({ "account": account.as_str(), "lifted": lifted }).to_string());
            ExitCode::SUCCESS
        }
        Ok(lifted) => {
            say(&format!("{account}: {lifted} blocks lifted"));
            ExitCode::SUCCESS
        }
        Err(error) => done(Err(error)),
    }
}

fn look_up(checked: &Checked, typed: &str, json: bool) -> ExitCode {
    let reference = match Reference::parse(typed) {
        Ok(reference) => reference,
        Err(error) => {
            complain(&format!("poterne: `{typed}`: {error}"));
            return ExitCode::from(MISTAKES);
        }
    };
    match app::reference(checked, reference) {
        Ok(Some(record)) => {
            say(&if json { as_json(&record) } else { as_text(&record) });
            ExitCode::SUCCESS
        }
        Ok(None) => {
            complain(&format!("poterne: nothing is recorded under {reference}; the log may have it"));
            ExitCode::FAILURE
        }
        Err(error) => done(Err(error)),
    }
}

fn as_text(record: &RefusalRecord) -> String {
    let account = record.account.as_ref().map_or("(not known)", |account| account.as_str());
    let until = record.until.map_or_else(|| "-".to_owned(), shown);
    format!(
        "reference  {}\nwhen       {}\nwhy        {}\nanswer     {}\naccount    {account}\nnetwork    {}\nrequest    {}\nuntil      {until}",
        record.reference,
        shown(record.at),
        record.reason,
        record.status,
        record.network,
        record.request,
    )
}

fn as_json(record: &RefusalRecord) -> String {
    serde_json::json!({
        "reference": record.reference.to_string(),
        "at": shown(record.at),
        "reason": record.reason,
        "status": record.status,
        "account": record.account.as_ref().map(AccountId::as_str),
        "network": record.network.to_string(),
        "request": record.request,
        "until": record.until.map(shown),
    })
    .to_string()
}

/// An instant in UTC, as logs write it.
fn shown(at: Timestamp) -> String {
    jiff::Timestamp::from_second(at.as_secs()).map_or_else(|_| at.as_secs().to_string(), |at| at.to_string())
}

#[expect(clippy::print_stdout, reason = "what a command was asked for goes to standard output")]
fn say(text: &str) {
    println!("{text}");
}

#[expect(clippy::print_stderr, reason = "what went wrong goes to standard error")]
fn complain(text: &str) {
    eprintln!("{text}");
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    /// `cargo test --release` sees that it's absent there, and the compiler sees to the rest: without debug
    /// assertions there is no clock that could follow a file.
    #[test]
    fn the_test_clock_is_an_option_of_debug_builds_only() {
        let cli = Cli::command();
        let run = cli.find_subcommand("run").unwrap();
        let test_clock = run.get_arguments().find(|argument| argument.get_id() == "test_clock");
        assert_eq!(test_clock.is_some(), cfg!(debug_assertions));
        assert!(test_clock.is_none_or(|argument| argument.is_hide_set()), "nor is it in the help");
    }
}
