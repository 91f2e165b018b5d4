//! Whoever copies the database, and not the key file, has nothing to log in with.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use poterne::challenge::totp::Step;
use poterne::flow::ports::account::*;
use poterne::flow::ports::*;
use poterne::model::{BrowserToken, EmailAddress, Reference, TypedCode};
use poterne::store::{Settings, SqliteStore};

use crate::bed::{Bed, DAY, MINUTE, Sqlite, account, net, settings};
use crate::owner_bed::is_cleared;

/// What must not be found, and what it is.
type Secrets = Vec<(&'static str, Vec<u8>)>;

fn search(folder: &Path, secrets: &Secrets) {
    let mut searched = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        searched += bytes.len();
        for (what, secret) in secrets {
            assert!(secret.len() >= 6, "{what}: too short to be looked for");
            let found = memchr::memmem::find(&bytes, secret).is_some();
            assert!(!found, "{what} in {}", path.display());
        }
    }
    assert!(searched > 100_000, "{searched} bytes aren't a database");
}

#[tokio::test]
async fn no_secret_that_was_used_can_be_read_from_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("poterne.db");
    let mut bed = Bed::new(Box::new(Sqlite::fresh())).await;
    bed.policy.mails_per_network = poterne::limit::Quota::of(100, MINUTE);
    bed.policy.mails_per_account = poterne::limit::Quota::of(100, MINUTE);
    let factors = FactorPolicy { mail_too: true, remember_for: Some(30 * DAY) };
    let store = Arc::new(SqliteStore::open(Settings { factors, ..settings(&path, &bed.policy) }).await.unwrap());
    bed.store = store.clone();
    let mut secrets: Secrets = Vec::new();

    for n in 0..5 {
        let name = format!("customer{n}");
        let phone = bed.enrol(&name).await;
        secrets.push(("a TOTP secret", phone.secret.expose().to_vec()));
        let base32 = phone.secret.in_groups();
        secrets.push(("a TOTP secret in base 32", base32.replace(' ', "").into_bytes()));
        secrets.push(("a TOTP secret in groups", base32.into_bytes()));
        for code in &phone.backup {
            secrets.push(("a backup code", code.expose().into_bytes()));
            secrets.push(("a backup code without hyphens", code.secret().to_vec()));
        }
        // Both codes, and a browser that is remembered.
        let browser = BrowserToken::random(&mut bed.rng);
        secrets.push(("a browser's token", browser.expose().into_bytes()));
        let (token, hash) = bed.keys.new_token(&mut bed.rng);
        secrets.push(("a session's token", token.expose().into_bytes()));
        let mut opening = bed.opening(&name, net(n));
        opening.token = hash;
        let login = bed.open(opening).await;
        let next_code = bed.new_code();
        let mailed = next_code.code.expose().to_owned();
        let (token, new_token) = bed.keys.new_token(&mut bed.rng);
        secrets.push(("a cleared session's token", token.expose().into_bytes()));
        let used_for = FactorUse::Clear { new_token, remember: Some(browser.hash()), next_code };
        let answer = bed.factor(login.session, net(n), used_for);
        let code = phone.secret.code_at(Step::at(bed.now));
        let answered = bed.store.answer_totp(answer, TypedCode::parse(&code).unwrap()).await.unwrap();
        assert!(matches!(answered, FactorAnswered::MailNext { .. }), "{answered:?}");
        secrets.push(("a code of the app", code.into_bytes()));
        secrets.push(("a mailed code", mailed.clone().into_bytes()));
        assert!(matches!(bed.answer(login.session, &mailed, net(n)).await, Answered::Cleared { .. }));

        // A backup code, once the network is known.
        let again = bed.asked(&name, net(n), Asks::Factor).await;
        let used_for = bed.clear_remembering(browser.hash());
        assert!(is_cleared(&bed.backup(again.session, net(n), used_for, &phone.backup[0]).await));

        // The step-up's password.
        let password = format!("Correct-Horse-Battery-{n}");
        let kept = crate::owner_bed::hash(password.as_bytes(), &mut bed);
        secrets.push(("a password", password.into_bytes()));
        bed.store.keep_password_hash(login.session, kept).await.unwrap();
        let StepUpTry::Compare { hash, .. } = bed.store.begin_step_up(login.session, bed.now).await.unwrap() else {
            panic!()
        };
        assert!(hash.starts_with("$argon2id$"));
        bed.store.finish_step_up(login.session, bed.now + STEP_UP_LASTS).await.unwrap();

        // Another address.
        let (first, second) = (bed.new_code(), bed.new_code());
        for code in [&first, &second] {
            secrets.push(("a code of a change", code.code.expose().as_bytes().to_vec()));
        }
        let typed = |code: &NewCode| TypedCode::parse(code.code.expose()).unwrap();
        let (typed, second_typed) = (typed(&first), Some(typed(&second)));
        let change = Change::AddAddress(EmailAddress::parse(&format!("other{n}@example.test")).unwrap());
        let asked = NewConfirmation {
            session: login.session,
            network: net(n),
            change,
            code: first,
            second_code: Some(second),
            now: bed.now,
        };
        let grant = bed.store.begin_confirmation(asked).await.unwrap();
        assert!(matches!(grant, CodeGrant::Granted { .. }), "{grant:?}");
        let answer = ConfirmationAnswer {
            session: login.session,
            account: account(&name),
            network: net(n),
            typed,
            second_typed,
            reference: Reference::random(&mut bed.rng),
            now: bed.now,
        };
        let done = bed.store.answer_confirmation(answer).await.unwrap();
        assert!(matches!(done, ConfirmationAnswered::Done(_)), "{done:?}");

        // It wasn't me.
        let alarm = bed.raise(&name, net(n)).await;
        secrets.push(("an alarm's token", alarm.expose().into_bytes()));
        if n % 2 == 0 {
            bed.press(&alarm).await.unwrap();
        }
        bed.wait(MINUTE);
    }
    search(folder.path(), &secrets);
    // A copy that somebody takes of the running gate's files, and of those that it leaves.
    let copy = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    search(copy.path(), &secrets);
    store.close().await;
    search(folder.path(), &secrets);
}
