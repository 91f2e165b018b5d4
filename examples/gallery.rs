//! Writes every page and mail, in every language, into a folder, to be looked at in a browser:
//! `cargo run --example gallery -- DIR [PAGES]`, where PAGES is a folder with own templates.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use poterne::challenge::ChallengePolicy;
use poterne::model::Language;
use poterne::page::{Pages, Settings, Zone, sample_confirmation_mails, sample_mail, sample_notice_mails, samples};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("usage: gallery DIR [PAGES]")?);
    let pages = Pages::load(Settings {
        languages: Language::ALL.to_vec(),
        brand: "Espace client Exemple".to_owned(),
        support: "https://example.net/contact".to_owned(),
        sender: "Espace client <no-reply@example.net>".to_owned(),
        prefix: "/_poterne".to_owned(),
        panel_host: "panel.example.net".to_owned(),
        login: "/login".to_owned(),
        landing: "/".to_owned(),
        policy: ChallengePolicy::default(),
        zone: "Europe/Paris".parse().unwrap_or(Zone::UTC),
        directory: arguments.next().map(PathBuf::from),
    })?;
    fs::create_dir_all(folder.join("static"))?;
    for (name, asset) in pages.assets() {
        fs::write(folder.join("static").join(name), &asset.bytes)?;
    }
    let mut index = String::from("<!doctype html>\n<meta charset=\"utf-8\">\n<title>Gallery</title>\n");
    for language in Language::ALL {
        let tag = language.tag();
        index.push_str(&format!("<h1>{tag}</h1>\n<ul>\n"));
        let mut write = |name: &str, content: &[u8]| {
            index.push_str(&format!("<li><a href=\"{tag}/{name}\">{name}</a></li>\n"));
            write(&folder.join(tag), name, content)
        };
        for sample in samples() {
            let page = pages.render(&sample.page, language, sample.now);
            let html = String::from_utf8_lossy(&page.body).replace("\"/_poterne/static/", "\"../static/");
            write(&format!("{}.html", sample.name), html.as_bytes())?;
        }
        let code = sample_mail(language).map(|mail| ("mail".to_owned(), pages.code_mail(&mail)));
        let confirmations = sample_confirmation_mails(language);
        let confirmations =
            confirmations.iter().map(|(n, m)| (format!("mail-confirm-{n}"), pages.confirmation_mail(m)));
        let notices = sample_notice_mails(language);
        let notices = notices.iter().map(|(n, m)| (format!("mail-notice-{n}"), pages.notice_mail(m)));
        for (name, mail) in code.into_iter().chain(confirmations).chain(notices) {
            write(&format!("{name}.html"), mail.html.as_bytes())?;
            write(&format!("{name}.txt"), format!("Subject: {}\n\n{}", mail.subject, mail.text).as_bytes())?;
        }
        index.push_str("</ul>\n");
    }
    fs::write(folder.join("index.html"), index)?;
    Ok(())
}

fn write(folder: &Path, name: &str, content: &[u8]) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join(name), content)
}
