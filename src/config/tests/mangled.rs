//! Whatever the file holds: settings or a report, never a panic, and never a secret in it.

use proptest::prelude::*;

use super::*;

const EXAMPLE: &str = include_str!("../../../config/poterne.toml");
const PROFILE: &str = include_str!("../../../config/panels/cacti.toml");

/// A cut, a doubling, or an insertion somewhere.
#[derive(Clone, Debug)]
enum Slip {
    Cut(usize, usize),
    Double(usize, usize),
    Insert(usize, String),
    /// A value gives way to another one.
    Value(usize, String),
}

fn slip() -> impl Strategy<Value = Slip> {
    let at = || any::<prop::sample::Index>().prop_map(|index| index.index(20_000));
    let piece = prop_oneof![
        Just("\"".to_owned()),
        Just("'''".to_owned()),
        Just("[[panel.doors]]\n".to_owned()),
        Just("[".to_owned()),
        Just("é\u{0}\u{feff}".to_owned()),
        ".{0,6}",
    ];
    let value = prop_oneof![
        Just("-1".to_owned()),
        Just("99999999999999999999999".to_owned()),
        Just("0x7fffffffffffffff".to_owned()),
        Just("1.5".to_owned()),
        Just("nan".to_owned()),
        Just("[]".to_owned()),
        Just("{}".to_owned()),
        Just("[[[\"\"]]]".to_owned()),
        Just("[{}]".to_owned()),
        Just("true".to_owned()),
        Just("1979-05-27T07:32:00Z".to_owned()),
        Just("\"\"".to_owned()),
        Just("\"(\"".to_owned()),
        Just("\"/**\"".to_owned()),
        Just("{ file = \"accounts.csv\", env = \"X\" }".to_owned()),
        "\"[ -~]{0,12}\"",
    ];
    prop_oneof![
        (at(), 0_usize..40).prop_map(|(at, length)| Slip::Cut(at, length)),
        (at(), 0_usize..200).prop_map(|(at, length)| Slip::Double(at, length)),
        (at(), piece).prop_map(|(at, piece)| Slip::Insert(at, piece)),
        (at(), value).prop_map(|(at, value)| Slip::Value(at, value)),
    ]
}

fn mangle(text: &str, slips: &[Slip]) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for slip in slips {
        let place = |at: usize| at % (chars.len() + 1);
        match slip {
            Slip::Cut(at, length) => {
                let at = place(*at);
                chars.drain(at..(at + length).min(chars.len()));
            }
            Slip::Double(at, length) => {
                let at = place(*at);
                let piece: Vec<_> = chars[at..(at + length).min(chars.len())].to_vec();
                chars.splice(at..at, piece);
            }
            Slip::Insert(at, piece) => {
                let at = place(*at);
                chars.splice(at..at, piece.chars());
            }
            Slip::Value(at, value) => {
                let text: String = chars.iter().collect();
                let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
                let given: Vec<_> =
                    (0..lines.len()).filter(|i| lines[*i].contains(" = ") && !lines[*i].starts_with("# ")).collect();
                if !given.is_empty() {
                    let line = &mut lines[given[at % given.len()]];
                    let key = line.split(" = ").next().unwrap().trim_start_matches('#').to_owned();
                    *line = format!("{key} = {value}");
                }
                chars = lines.join("\n").chars().collect();
            }
        }
    }
    chars.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_mangled_file_is_reported_and_nothing_panics(slips in prop::collection::vec(slip(), 1..5)) {
        let text = mangle(EXAMPLE, &slips);
        if let Err(report) = load(&text) {
            prop_assert!(!report.mistakes().is_empty());
            prop_assert!(!report.to_string().contains("hunter2"));
        }
    }

    #[test]
    fn a_mangled_profile_is_reported_and_nothing_panics(slips in prop::collection::vec(slip(), 1..5)) {
        let folder = folder();
        std::fs::write(folder.path().join("own.toml"), mangle(PROFILE, &slips)).unwrap();
        let text = LEAST.replace("\"dokuwiki\"", "\"./own.toml\"");
        if let Err(report) = load_with(&text, "poterne.toml", folder.path(), None, &environment) {
            prop_assert!(!report.mistakes().is_empty());
        }
    }

    #[test]
    fn noise_is_reported_and_nothing_panics(text in "(?s).{0,200}") {
        prop_assert!(load(&text).is_err());
    }
}

#[test]
fn deep_nesting_and_long_files_are_refused() {
    for text in ["[".repeat(100_000), format!("a = {}", "[".repeat(100_000)), "a.".repeat(50_000)] {
        assert!(load(&text).is_err());
    }
    let folder = folder();
    let path = folder.path().join("long.toml");
    std::fs::write(&path, "#".repeat(2 * 1024 * 1024)).unwrap();
    let report = super::super::load(&path).unwrap_err();
    assert!(report.to_string().contains("it's over 1048576 bytes"), "{report}");
}
