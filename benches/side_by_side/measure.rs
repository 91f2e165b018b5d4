//! Rounds of turns.

use std::process::Command;
use std::time::Duration;

use super::Plan;
use super::contestants::Contestant;
use super::process::other_core;

/// One turn of one contestant.
#[derive(Clone, Copy)]
pub struct Turn {
    pub requests_per_second: f64,
    /// Microseconds of CPU time.
    pub cpu_per_request: f64,
}

/// All turns of one contestant.
pub struct Result {
    pub name: &'static str,
    pub turns: Vec<Turn>,
}

/// Each contestant once a round, in the same order; the first round only warms up.
pub fn in_turn(contestants: &[Contestant], plan: &Plan) -> Vec<Result> {
    let mut results: Vec<_> =
        contestants.iter().map(|contestant| Result { name: contestant.name, turns: Vec::new() }).collect();
    for round in 0..=plan.rounds {
        for (contestant, result) in contestants.iter().zip(&mut results) {
            let turn = take_turn(contestant, if round == 0 { Duration::from_secs(1) } else { plan.turn }, plan);
            if round > 0 {
                result.turns.push(turn);
            }
        }
    }
    results
}

fn take_turn(contestant: &Contestant, length: Duration, plan: &Plan) -> Turn {
    let before: Duration = contestant.processes.iter().map(|process| process.cpu()).sum();
    let output = Command::new("taskset")
        .args(["-c", &other_core(), "wrk", "-t1", &format!("-c{}", plan.connections)])
        .arg(format!("-d{}s", length.as_secs()))
        .args(["-H", &format!("Cookie: {}", contestant.cookie), "-H", "User-Agent: Mozilla/5.0 (X11; Linux x86_64)"])
        .args(["-H", "Accept: text/html,application/xhtml+xml", "-H", "Accept-Language: fr,en;q=0.8"])
        .args(["-H", "Accept-Encoding: gzip, deflate, br"])
        .arg(format!("http://{}{}", contestant.address, contestant.path))
        .output()
        .expect("wrk");
    let after: Duration = contestant.processes.iter().map(|process| process.cpu()).sum();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("Non-2xx") == contestant.refuses && !text.contains("Socket errors"),
        "{}: {text}{}",
        contestant.name,
        String::from_utf8_lossy(&output.stderr)
    );
    let number = |marker: &str| {
        let line = text.lines().find(|line| line.contains(marker)).unwrap_or_else(|| panic!("no {marker} in {text}"));
        line.split_whitespace()
            .find_map(|word| word.parse::<f64>().ok())
            .unwrap_or_else(|| panic!("no number in {line}"))
    };
    let requests = number("requests in");
    Turn {
        requests_per_second: number("Requests/sec"),
        cpu_per_request: (after - before).as_secs_f64() * 1e6 / requests,
    }
}
