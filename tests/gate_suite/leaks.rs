//! No cookie that authenticates, and nothing behind the login, ever reaches a browser that isn't cleared: many answers
//! to requests made up at random.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::support::browser::encode;
use super::world::{
    ALICE, PANEL_COOKIE, PROTECTED, REMEMBER, World, authenticating, fields, generous, login_form, shows_inside,
    spellings,
};

fn pick<'a, T>(rng: &mut StdRng, from: &'a [T]) -> &'a T {
    &from[rng.random_range(0..from.len())]
}

#[tokio::test]
async fn r2_r7_no_answer_to_an_uncleared_browser_carries_a_session_that_is_inside() {
    let world = World::with(generous).await;
    let mut pending = world.gate.browser(66);
    world.to_challenge(&mut pending, ALICE).await;
    let mut stranger = world.gate.browser(67);
    let form = login_form(&mut stranger, ALICE).await.with("remember", "1");
    let body = encode(&fields(&form));
    let old = [
        format!("{PANEL_COOKIE}={}", world.panel.session_of(ALICE.name)),
        format!("{REMEMBER}={}", world.panel.remember_token_of(ALICE.name)),
        String::new(),
        pending.jar.header("/").unwrap(),
        stranger.jar.header("/").unwrap(),
    ];
    let scripts = PROTECTED.iter().chain(&["/login.php", "/logout.php"]).filter_map(|path| path.split('?').next());
    let mut paths: Vec<String> = scripts.flat_map(spellings).collect();
    paths.extend(PROTECTED.iter().chain(&["/", "/?x=1"]).map(|path| (*path).to_owned()));
    let mut rng = StdRng::seed_from_u64(0x706f_7465_726e_6565);
    let mut answers = 0;
    for _ in 0..1500 {
        let path = pick(&mut rng, &paths).clone();
        let method = *pick(&mut rng, &["GET", "POST", "HEAD", "PUT"]);
        let cookies = [pick(&mut rng, &old).as_str(), pick(&mut rng, &old).as_str()].join("; ");
        let accept = *pick(&mut rng, &["text/html", "*/*", "application/json"]);
        let mut headers = vec![("Cookie", cookies.as_str()), ("Accept", accept)];
        if rng.random_bool(0.2) {
            headers.push(("X-Requested-With", "XMLHttpRequest"));
        }
        let sent: &[u8] = if method == "POST" && rng.random_bool(0.7) { body.as_bytes() } else { b"" };
        let browser = if rng.random_bool(0.5) { &pending } else { &stranger };
        let Some(page) = browser.raw(method, &path, &headers, sent).await else { continue };
        answers += 1;
        assert!(!shows_inside(&page), "{method} {path} with {cookies}: {page:?}");
        for line in authenticating(&page) {
            // An anonymous session may leave, stamped; one that is inside may not.
            let pair = line.split(';').next().unwrap_or_default();
            assert!(pair.starts_with(PANEL_COOKIE) && pair.contains("~a"), "{method} {path}: {line}");
            let value = pair.split_once('=').unwrap().1.rsplit_once('~').unwrap().0;
            assert_eq!(world.panel.account_in(value), None, "{method} {path} with {cookies}: {line}");
        }
    }
    assert!(answers > 1000, "{answers}");
}
