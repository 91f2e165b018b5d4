//! WordPress: reads its login form in many spellings, sends valid cookies with a refusal, and takes passwords with every
//! call of its XML-RPC.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::Method;

use super::common_journeys;
use super::support::browser::{Ask, Browser};
use super::support::panel::{ALICE, Account, BOB, Kind};
use super::world::{
    World, assert_inside, assert_outside, enter_code, holds_login_cookie, leaks, log_in, protected, who,
};

const KIND: Kind = Kind::WordPress;

common_journeys!(KIND);

const FORM: &str = "application/x-www-form-urlencoded";
const PASSWORD: &str = "pwd=Correct-Horse-9";

/// Logins as alice in every spelling of `variants.txt` that WordPress takes: content type and body.
fn spelt_logins() -> Vec<(&'static str, &'static str, String)> {
    let multipart = "--b\r\nContent-Disposition: form-data; name=\"log\"\r\n\r\nalice\r\n--b\r\n\
                     Content-Disposition: form-data; name=\"pwd\"\r\n\r\nCorrect-Horse-9\r\n--b--\r\n";
    vec![
        ("plain", FORM, format!("log=alice&{PASSWORD}")),
        ("spaces before names", FORM, format!("+log=alice&%20{PASSWORD}")),
        ("encoded names", FORM, format!("%6cog=alice&%70{}", &PASSWORD[1..])),
        ("the last of two counts", FORM, format!("log=bob&log=alice&{PASSWORD}")),
        ("NUL ends a name", FORM, format!("log%00x=alice&{PASSWORD}")),
        ("bracket in a name", FORM, format!("log[=alice&{PASSWORD}")),
        ("case and space", FORM, format!("log=+ALICE+&{PASSWORD}")),
        ("tags", FORM, format!("log=al%3Cb%3Eice&{PASSWORD}")),
        ("by address", FORM, format!("log=alice%40example.test&{PASSWORD}")),
        ("accent", FORM, format!("log=alic%C3%A9&{PASSWORD}")),
        ("full width", FORM, format!("log=%EF%BD%81lice&{PASSWORD}")),
        ("multipart", "multipart/form-data; boundary=b", multipart.to_owned()),
        ("multipart, bare names", "multipart/form-data; boundary=b", multipart.replace('"', "")),
        ("multipart, quoted boundary", "multipart/form-data; boundary=\"b\"", multipart.to_owned()),
        ("capital type with junk", "APPLICATION/X-WWW-FORM-URLENCODED; x=y", format!("log=alice&{PASSWORD}")),
        ("semicolon and comma", "application/x-www-form-urlencoded, x", format!("log=alice&{PASSWORD}")),
        ("array", FORM, format!("log[]=alice&{PASSWORD}")),
        ("both kinds", FORM, format!("log=alice&log[]=bob&{PASSWORD}")),
        ("query too", FORM, format!("log=alice&{PASSWORD}")),
    ]
}

#[tokio::test]
async fn every_spelling_of_the_form_is_a_login_of_the_account_it_means_or_refused() {
    let world = World::with_mails_to_spare(KIND).await;
    for (name, kind, body) in spelt_logins() {
        let target = if name == "query too" { "/wp-login.php?log=bob&pwd=x" } else { "/wp-login.php" };
        let mut attacker = world.gate.browser(66);
        let answer = attacker.send(Ask::new(Method::POST, target).content(kind, body.as_bytes())).await;
        let refused = answer.slug().is_some() && !answer.status.is_success() || answer.contains("login_error");
        assert!(answer.wants_code() || refused, "{name}: {answer:?}");
        assert!(!holds_login_cookie(KIND, &attacker) && !leaks(KIND, &answer), "{name}: {answer:?}");
        assert_outside(KIND, &attacker).await;
    }
    for (name, kind, body) in spelt_logins() {
        let mut attacker = world.gate.browser(66);
        let mut chunked = attacker.connect().await;
        let headers = [("Content-Type", kind), ("Transfer-Encoding", "chunked")];
        chunked.write(&attacker.raw_head("POST", "/wp-login.php", &headers, None)).await;
        chunked.write(format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len()).as_bytes()).await;
        let Some(answer) = chunked.finish("/wp-login.php").await else { continue };
        for line in answer.set_cookies() {
            attacker.jar.take(&line, "/wp-login.php");
        }
        assert!(!holds_login_cookie(KIND, &attacker) && !leaks(KIND, &answer), "{name}: {answer:?}");
        assert_outside(KIND, &attacker).await;
    }
    // Whoever was meant, the code went to alice.
    assert_eq!(world.mails_to(BOB), 0);
    assert!(world.mails_to(ALICE) > 0);
}

/// With `testcookie=1` and no test cookie WordPress says "cookies are blocked", and sends valid cookies with it.
#[tokio::test]
async fn blocked_cookies_that_are_valid_are_nobodys() {
    let world = World::new(KIND).await;
    let fields = [("log", ALICE.name), ("pwd", ALICE.password), ("testcookie", "1"), ("wp-submit", "Log In")];
    let mut past = world.past_the_gate(66);
    let answer = past.post("/wp-login.php", &fields).await;
    assert!(answer.status == 200 && holds_login_cookie(KIND, &past), "the answer lies: {answer:?}");

    let mut attacker = world.gate.browser(66);
    let answer = attacker.post("/wp-login.php", &fields).await;
    assert!(!holds_login_cookie(KIND, &attacker) && !leaks(KIND, &answer), "{answer:?}");
    assert!(answer.slug().is_some(), "an own page, not the panel's: {answer:?}");
    assert_outside(KIND, &attacker).await;
}

/// A `key` makes it a reset: 302 and a cookie, whatever was typed.
#[tokio::test]
async fn a_reset_link_is_no_login_whatever_it_sets() {
    let world = World::new(KIND).await;
    let fields = [("log", ALICE.name), ("pwd", ALICE.password)];
    for target in [
        "/wp-login.php?action=rp&key=x&login=alice",
        "/wp-login.php?key=x&login=alice",
        "/wp-login.php?action=login&key=x&login=alice",
        "/wp-login.php?action=resetpass",
        "/wp-login.php?action=lostpassword",
        "/wp-login.php?action=retrievepassword",
        "/wp-login.php?action=register",
        "/wp-login.php?action=postpass",
        "/wp-login.php?action=confirmaction",
        "/wp-login.php?action=confirm_admin_email",
        "/wp-login.php?action=unknown",
        "/wp-login.php?interim-login=1&action=unknown",
        "/wp-login.php?checkemail=confirm",
    ] {
        let mut attacker = world.gate.browser(66);
        let answer = attacker.post(target, &fields).await;
        assert!(!answer.wants_code(), "{answer:?}");
        assert!(!holds_login_cookie(KIND, &attacker) && !leaks(KIND, &answer), "{answer:?}");
        assert_outside(KIND, &attacker).await;
        // Nor may the link itself, when it's only opened.
        let answer = attacker.get(target).await;
        assert!(!holds_login_cookie(KIND, &attacker) && !leaks(KIND, &answer), "{answer:?}");
    }
    assert!(world.smtp.mails().is_empty());
}

fn call(method: &str, account: Account) -> String {
    format!(
        "<?xml version=\"1.0\"?><methodCall><methodName>{method}</methodName><params><param><value><string>{}</string>\
         </value></param><param><value><string>{}</string></value></param></params></methodCall>",
        account.name, account.password
    )
}

fn many_calls(account: Account) -> String {
    let one = |password: &str| {
        format!(
            "<value><struct><member><name>methodName</name><value><string>wp.getUsersBlogs</string></value></member>\
             <member><name>params</name><value><array><data><value><string>{}</string></value><value><string>{password}\
             </string></value></data></array></value></member></struct></value>",
            account.name
        )
    };
    format!(
        "<?xml version=\"1.0\"?><methodCall><methodName>system.multicall</methodName><params><param><value><array><data>\
         {}{}</data></array></value></param></params></methodCall>",
        one("wrong"),
        one(account.password)
    )
}

fn passwords_by_program(account: Account) -> Vec<Ask> {
    let basic = format!("Basic {}", BASE64.encode(format!("{}:{}", account.name, account.password)));
    let xml = |target: &str, body: String| Ask::new(Method::POST, target).content("text/xml", body.as_bytes());
    vec![
        xml("/xmlrpc.php", call("wp.getUsersBlogs", account)),
        xml("/xmlrpc.php?rsd", call("wp.getUsersBlogs", account)),
        xml("/xmlrpc.php/x.css", call("wp.getUsersBlogs", account)),
        xml("//xmlrpc.php", call("wp.getUsersBlogs", account)),
        xml("/%78mlrpc.php", call("wp.getUsersBlogs", account)),
        xml("/xmlrpc.php", many_calls(account)),
        Ask::get("/index.php?rest_route=/wp/v2/users/me&context=edit").header("authorization", &basic),
        Ask::get("/wp-login.php").header("authorization", &basic),
        Ask::get("/?rest_route=/wp/v2/users/me&context=edit").header("x-authorization", &basic),
    ]
}

#[tokio::test]
async fn another_accounts_password_goes_nowhere_by_xmlrpc_or_basic() {
    let world = World::new(KIND).await;
    let mut past = world.past_the_gate(66);
    let answer = past.send(passwords_by_program(ALICE).remove(0)).await;
    assert!(answer.contains("isAdmin"), "the attack is real: {answer:?}");

    for ask in passwords_by_program(ALICE) {
        let answer = world.gate.browser(66).send(ask.clone()).await;
        assert!(!leaks(KIND, &answer), "{ask:?}: {answer:?}");
    }
    // Nor from inside an own session.
    let mut attacker = world.gate.browser(67);
    world.log_in_with_code(&mut attacker, BOB).await;
    for ask in passwords_by_program(ALICE) {
        let answer = attacker.send(ask.clone()).await;
        assert!(!answer.contains("isAdmin"), "{ask:?}: {answer:?}");
        assert_ne!(who(KIND, &answer).as_deref(), Some(ALICE.name), "{ask:?}: {answer:?}");
    }
    assert_inside(KIND, &mut attacker, BOB).await;
}

/// An application password would be a way around the code for as long as it lives.
#[tokio::test]
async fn an_application_password_opens_nothing_through_the_gate() {
    let world = World::new(KIND).await;
    let mut owner = world.past_the_gate(2);
    log_in(KIND, &mut owner, ALICE).await;
    let page = owner.get("/wp-admin/profile.php").await.text();
    let nonce = page
        .split("wpApiSettings")
        .nth(1)
        .and_then(|rest| rest.split("\"nonce\":\"").nth(1))
        .and_then(|rest| rest.split('"').next());
    let nonce = nonce.unwrap_or_else(|| panic!("no nonce in {page}"));
    let target = "/index.php?rest_route=/wp/v2/users/me/application-passwords";
    let ask = Ask::post(target, &[("name", "journey")]).header("x-wp-nonce", nonce);
    let made = owner.send(ask).await;
    let password =
        serde_json::from_slice::<serde_json::Value>(&made.body).unwrap()["password"].as_str().map(str::to_owned);
    let password = password.unwrap_or_else(|| panic!("{made:?}"));
    let basic = format!("Basic {}", BASE64.encode(format!("alice:{password}")));
    let me = Ask::get("/index.php?rest_route=/wp/v2/users/me&context=edit").header("authorization", &basic);
    assert!(world.past_the_gate(2).send(me.clone()).await.contains(ALICE.email), "it works on the bare panel");

    assert!(!world.gate.browser(2).send(me.clone()).await.contains(ALICE.email));
    let mut attacker = world.gate.browser(66);
    world.log_in_with_code(&mut attacker, BOB).await;
    let answer = attacker.send(me).await;
    assert!(!answer.contains(ALICE.email), "{answer:?}");
}

/// The box that opens over a page when the session has ended: a login that answers 200.
#[tokio::test]
async fn the_login_box_over_a_page_needs_the_code_too() {
    let world = World::new(KIND).await;
    let mut browser = world.gate.browser(2);
    let fields = [("log", ALICE.name), ("pwd", ALICE.password), ("interim-login", "1")];
    let answer = browser.post("/wp-login.php", &fields).await;
    assert!(answer.wants_code(), "{answer:?}");
    assert!(!holds_login_cookie(KIND, &browser));
    let code = world.code_after(ALICE, 0).await;
    assert_eq!(enter_code(&mut browser, &code).await.status, 303);
    assert_inside(KIND, &mut browser, ALICE).await;
}

/// The account is who the panel says it is, not what was typed.
#[tokio::test]
async fn the_account_is_the_panels_whatever_was_typed() {
    let world = World::with_mails_to_spare(KIND).await;
    world.log_in_with_code(&mut world.gate.browser(2), ALICE).await;
    for typed in ["alice", "ALICE", " Alice ", "alice@example.test", "ALICE@EXAMPLE.TEST"] {
        let mut browser = world.gate.browser(2);
        let answer = browser.post("/wp-login.php", &[("log", typed), ("pwd", ALICE.password)]).await;
        assert!(answer.status.is_redirection() && !answer.wants_code(), "{typed} is alice, at home: {answer:?}");
        assert_inside(KIND, &mut browser, ALICE).await;
    }
    // Wrong codes under one spelling count for the account.
    let mut blocked = false;
    for typed in ["alice", "ALICE", "alice@example.test", "Alice"] {
        let mut attacker = world.gate.browser(66);
        let earlier = world.mails_to(ALICE);
        let answer = attacker.post("/wp-login.php", &[("log", typed), ("pwd", ALICE.password)]).await;
        if answer.slug().as_deref() == Some("blocked") {
            blocked = true;
            continue;
        }
        let code = world.code_after(ALICE, earlier).await;
        enter_code(&mut attacker, &super::world::wrong(&code, 1)).await;
    }
    assert!(blocked, "three wrong codes block, under whatever name");
}

#[tokio::test]
async fn uploads_and_saves_pass_on_a_cleared_session() {
    let world = World::new(KIND).await;
    let mut browser = world.gate.browser(2);
    world.log_in_with_code(&mut browser, BOB).await;
    let page = browser.get("/wp-admin/profile.php").await;
    let form = page.form_with("nickname").with("nickname", "bobby");
    let saved = browser.submit(&form).await;
    let saved = browser.follow(saved).await;
    assert!(saved.contains("Profile updated"), "{saved:?}");
    let upload = browser.get("/wp-admin/media-new.php?browser-uploader").await;
    let form = upload.form_with("_wpnonce");
    let mut body = Vec::new();
    for (name, value) in &form.fields {
        body.extend(format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").into_bytes());
    }
    body.extend(b"--b\r\nContent-Disposition: form-data; name=\"html-upload\"\r\n\r\nUpload\r\n".iter());
    body.extend(b"--b\r\nContent-Disposition: form-data; name=\"async-upload\"; filename=\"a.pdf\"\r\n".iter());
    body.extend(b"Content-Type: application/pdf\r\n\r\n%PDF-1.4\n".iter());
    body.extend(std::iter::repeat_n(b"0123456789abcde\n".iter(), 20_000).flatten());
    body.extend(b"\r\n--b--\r\n".iter());
    let ask = Ask::new(Method::POST, &form.target()).content("multipart/form-data; boundary=b", &body);
    let answer = browser.send(ask).await;
    assert!(answer.status.is_redirection(), "{answer:?}");
    let library = browser.follow(answer).await;
    assert!(library.status.is_success(), "{library:?}");
}

#[tokio::test]
async fn what_is_not_public_is_closed_to_visitors() {
    let world = World::new(KIND).await;
    for target in
        protected(KIND).iter().chain(&["/", "/index.php", "/wp-json/wp/v2/users", "/wp-cron.php", "/readme.html"])
    {
        let mut visitor: Browser = world.gate.browser(2);
        let answer = visitor.get(target).await;
        let login = answer.location().is_some_and(|to| to.starts_with("/wp-login.php"));
        assert!(login, "{answer:?}");
    }
}
