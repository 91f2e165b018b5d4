//! The table.

use super::measure::Result;

/// Prints all results; ratios are taken round by round against `base`, so that what the machine
/// did in a round is in both of them.
pub fn print(results: &[Result], base: &str) {
    let base = results.iter().find(|result| result.name == base);
    println!("{:<22} {:>10}  {:<26} CPU a request, ratio to bare pingora", "", "requests/s", "CPU a request, µs");
    for result in results {
        let rates = Spread::of(result.turns.iter().map(|turn| turn.requests_per_second));
        let cpu = Spread::of(result.turns.iter().map(|turn| turn.cpu_per_request));
        let ratio = base.map_or_else(String::new, |base| {
            let pairs = result.turns.iter().zip(&base.turns);
            Spread::of(pairs.map(|(turn, base)| turn.cpu_per_request / base.cpu_per_request)).show(3)
        });
        println!("{:<22} {:>10.0}  {:<26} {ratio}", result.name, rates.median, cpu.show(2));
    }
}

struct Spread {
    least: f64,
    median: f64,
    most: f64,
}

impl Spread {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        Self { least: values[0], median: values[values.len() / 2], most: values[values.len() - 1] }
    }

    fn show(&self, digits: usize) -> String {
        format!("{:.digits$} ({:.digits$} … {:.digits$})", self.median, self.least, self.most)
    }
}
