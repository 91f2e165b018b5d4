use std::path::Path;

use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

use super::*;

const FIRST: &str = "From: Espace client <no-reply@example.test>\r\nTo: alice@example.test\r\n\
    Subject: =?utf-8?q?Votre_code_=3A_482913?=\r\nDate: Sun, 22 Nov 2026 15:53:20 +0100\r\nMIME-Version: 1.0\r\n\
    Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\
    Content-Transfer-Encoding: 8bit\r\n\r\nVoici : é <b>482913</b>\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n\
    <p style=\"color:red\">482913</p><script>alert(1)</script>\"><img src=x>\r\n--b--\r\n";

struct Seen {
    status: StatusCode,
    headers: http::HeaderMap,
    text: String,
}

async fn fetch(mailbox: &Mailbox, path: &str, headers: &[(&str, &str)]) -> Seen {
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<bytes::Bytes>>();
    let mut request = Request::builder().uri(format!("http://{}{path}", mailbox.addr));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = client.request(request.body(Empty::new()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Seen { status: parts.status, headers: parts.headers, text: String::from_utf8(body.to_vec()).unwrap() }
}

async fn mailbox_of(folder: &Path) -> Mailbox {
    Mailbox::start(([127, 0, 0, 1], 0).into(), folder.to_owned(), "http://127.0.0.1:8088/".to_owned()).await.unwrap()
}

#[tokio::test]
async fn mails_are_listed_newest_first_with_their_codes() {
    let folder = tempfile::tempdir().unwrap();
    let mailbox = mailbox_of(&folder.path().join("not-made-yet")).await;
    let empty = fetch(&mailbox, "/", &[("accept-language", "en")]).await;
    let readable = empty.text.replace("&#x2f;", "/");
    assert!(readable.contains("No mail yet") && readable.contains("href=\"http://127.0.0.1:8088/\""), "{readable}");
    assert!(empty.text.contains("http-equiv=\"refresh\""));

    let mailbox = mailbox_of(folder.path()).await;
    std::fs::write(folder.path().join("0001.eml"), FIRST).unwrap();
    std::fs::write(folder.path().join("0002.eml"), FIRST.replace("482913", "771204")).unwrap();
    let same_time = std::fs::metadata(folder.path().join("0002.eml")).unwrap().modified().unwrap();
    std::fs::File::options()
        .append(true)
        .open(folder.path().join("0001.eml"))
        .unwrap()
        .set_modified(same_time)
        .unwrap();
    std::fs::write(folder.path().join("notes.txt"), "not a mail").unwrap();
    std::fs::write(folder.path().join(".0003.eml"), FIRST).unwrap();
    std::fs::write(folder.path().join("broken.eml"), [0xff, 0, b'\n']).unwrap();
    let list = fetch(&mailbox, "/", &[]).await;
    assert_eq!(list.status, StatusCode::OK);
    let [newest, oldest] = ["771204", "482913"].map(|code| list.text.find(&format!(">{code}</output>")).unwrap());
    assert!(newest < oldest);
    assert!(list.text.contains("alice@example.test · 2026-11-22 14:53:20 UTC"), "{}", list.text);
    assert!(!list.text.contains("notes") && !list.text.contains("0003"));
}

#[tokio::test]
async fn a_mail_is_shown_whole_and_can_do_nothing() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("0001-a b.eml"), FIRST).unwrap();
    let mailbox = mailbox_of(folder.path()).await;
    let mail = fetch(&mailbox, "/mail/0001-a%20b", &[]).await;
    assert_eq!(mail.status, StatusCode::OK);
    assert!(mail.text.contains("<output class=\"code\">482913</output>"));
    assert!(mail.text.contains("<pre>Voici : é &lt;b&gt;482913"), "{}", mail.text);
    let frame = mail.text.split("<iframe ").nth(1).unwrap().split("</iframe>").next().unwrap();
    assert!(frame.starts_with("sandbox=\"\""), "{frame}");
    assert!(!mail.text.contains("<script>") && !mail.text.contains("\"><img"), "{frame}");
    let policy = mail.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'none'") && !policy.contains("script-src"));
    assert_eq!(mail.headers["x-content-type-options"], "nosniff");
    assert_eq!(mail.headers["cache-control"], "no-store");
}

#[tokio::test]
async fn nothing_outside_the_folder_can_be_read() {
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("mails");
    std::fs::create_dir_all(folder.join("inner")).unwrap();
    std::fs::write(outer.path().join("secret.eml"), FIRST).unwrap();
    std::fs::write(folder.join("inner/deep.eml"), FIRST).unwrap();
    std::os::unix::fs::symlink(outer.path().join("secret.eml"), folder.join("link.eml")).unwrap();
    let mailbox = mailbox_of(&folder).await;
    for path in [
        "/mail/../secret",
        "/mail/..%2fsecret",
        "/mail/%2e%2e%2fsecret",
        "/mail/inner/deep",
        "/mail/link",
        "/mail/",
        "/mail/secret%00",
        "/secret.eml",
        "/mails",
    ] {
        assert_eq!(fetch(&mailbox, path, &[]).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn only_this_computer_can_read_it() {
    let folder = tempfile::tempdir().unwrap();
    let mailbox = mailbox_of(folder.path()).await;
    for (host, status) in [
        ("localhost:8025", 200),
        ("127.0.0.1", 200),
        ("[::1]:80", 200),
        ("evil.example:8025", 421),
        ("127.0.0.1.evil.example", 421),
        ("203.0.113.9", 421),
        ("", 421),
    ] {
        assert_eq!(fetch(&mailbox, "/", &[("host", host)]).await.status.as_u16(), status, "{host}");
    }
    let outside = Mailbox::start(([0, 0, 0, 0], 0).into(), folder.path().to_owned(), String::new()).await;
    assert!(outside.is_err());
}
