//! An operator's files.

use super::*;

fn with_directory(files: &[(&str, &str)]) -> Result<Pages, InvalidPages> {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    Pages::load(Settings { directory: Some(folder.path().to_owned()), ..settings() })
}

#[test]
fn an_operators_files_are_used() {
    let own = with_directory(&[
        ("words/en.ftl", "panel-down-title = Shop’s closed\n"),
        ("static/brand.css", ":root { --accent: #7a1fa2 }"),
        ("static/shop.png", "png"),
        ("templates/layout.html", "<!doctype html>{{ asset('shop.png') }}{% block main %}{% endblock %}"),
    ])
    .unwrap();
    let sample = samples().into_iter().find(|sample| sample.name == "panel-down").unwrap();
    let english = own.render(&sample.page, Language::En, sample.now).body;
    let english = std::str::from_utf8(&english).unwrap();
    assert!(english.contains("Shop’s closed") && english.contains("/_poterne/static/shop."), "{english}");
    assert!(own.assets().any(|(name, asset)| name.starts_with("style.") && asset.bytes.ends_with(b"#7a1fa2 }")));
    let built_in = pages();
    let style = |pages: &Pages| pages.assets().find(|(n, _)| n.starts_with("style.")).unwrap().0.to_owned();
    assert_ne!(style(&own), style(&built_in), "another content has another name");
}

#[test]
fn a_broken_override_is_found_at_the_start() {
    for (name, content, expected) in [
        ("templates/message.html", "{% if %}", "templates/message.html"),
        ("templates/message.html", "{{ titel }}", "undefined"),
        ("templates/message.html", "{{ t('no-such-message') }}", "no-such-message"),
        ("templates/message.html", "{{ asset('missing.png') }}", "missing.png"),
        ("templates/code.html", "{{ t('code-valid') }}", "code-valid"),
        ("templates/mail/code.txt", "{{ t('mail-intro') }} {{ codes }}", "undefined"),
        ("words/fr.ftl", "code-label = { $digit }", "digit"),
        ("words/fr.ftl", "code-lable = x", "did you mean code-label"),
        ("words/fr.ftl", "code-label", "words/fr.ftl"),
        ("templates/mesage.html", "", "templates/message.html"),
    ] {
        let error = with_directory(&[(name, content)]).err().unwrap_or_else(|| panic!("{name}: {content}"));
        assert!(error.to_string().contains(expected), "{name}: {content}: {error}");
    }
}

#[test]
fn a_language_that_isnt_offered_falls_back() {
    let pages = Pages::load(Settings { languages: vec![Language::En], ..settings() }).unwrap();
    let rendered = pages.render(&Page::LoggedOut, Language::Fr, samples()[0].now);
    assert_eq!(rendered.language, Language::En);
    assert_eq!(pages.negotiate(Some(b"fr")), Language::En);
    assert!(pages.code_mail(&sample_mail(Language::Fr).unwrap()).subject.contains("login code"));
}
