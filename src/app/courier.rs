//! A code's mail: put into words by the pages, taken out by the outbox.

use std::sync::Arc;

use crate::flow::ports::{CodeMail, ConfirmationMail, Courier, MailStatus, NoticeMail};
use crate::mail::{Message, Outbox};
use crate::model::ChallengeId;
use crate::page::Pages;

/// Renders mails and hands them to the outbox.
pub struct WordedCourier {
    pages: Arc<Pages>,
    outbox: Outbox,
}

impl WordedCourier {
    /// A courier for these words and this outbox.
    pub fn new(pages: Arc<Pages>, outbox: Outbox) -> Self {
        Self { pages, outbox }
    }
}

impl Courier for WordedCourier {
    fn send(&self, mail: CodeMail) {
        let words = self.pages.code_mail(&mail);
        self.outbox.send(Message {
            challenge: mail.challenge,
            to: mail.to,
            subject: words.subject,
            text: words.text,
            html: words.html,
            deadline: mail.expires_at,
        });
    }

    fn confirm(&self, mail: ConfirmationMail) {
        self.send(mail.code);
    }

    fn notify(&self, _mail: NoticeMail) {}

    fn status(&self, challenge: ChallengeId) -> MailStatus {
        self.outbox.status(challenge)
    }
}
