//! Mails: put into words by the pages, taken out by the outbox.

use std::sync::Arc;

use crate::flow::ports::{CodeMail, ConfirmationMail, Courier, MailStatus, NoticeMail, Receipt};
use crate::mail::{Message, Outbox};
use crate::model::ChallengeId;
use crate::page::{MailText, Pages};

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

    /// A mail with a code is of no use once the code isn't valid any more.
    fn send_code(&self, mail: CodeMail, words: MailText) {
        self.outbox.send(Message {
            challenge: Some(mail.challenge),
            to: mail.to,
            subject: words.subject,
            text: words.text,
            html: words.html,
            deadline: mail.expires_at,
        });
    }
}

impl Courier for WordedCourier {
    fn send(&self, mail: CodeMail) {
        let words = self.pages.code_mail(&mail);
        self.send_code(mail, words);
    }

    fn confirm(&self, mail: ConfirmationMail) {
        let words = self.pages.confirmation_mail(&mail);
        self.send_code(mail.code, words);
    }

    fn notify(&self, mail: NoticeMail, receipt: Receipt) {
        let words = self.pages.notice_mail(&mail);
        let message = Message {
            challenge: None,
            to: mail.to,
            subject: words.subject,
            text: words.text,
            html: words.html,
            deadline: mail.until,
        };
        self.outbox.send_with_receipt(message, receipt);
    }

    fn status(&self, challenge: ChallengeId) -> MailStatus {
        self.outbox.status(challenge)
    }
}
