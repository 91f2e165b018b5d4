//! A message in the form it travels in.

use std::time::{Duration, SystemTime};

use lettre::message::header::{self, ContentTransferEncoding, ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};

use super::Sender;
use crate::model::{EmailAddress, Timestamp};

/// Longest subject, in characters; longer ones are cut. RFC 5322 §2.1.1 asks for 78 a line, and no
/// mail program shows more than this.
const MAX_SUBJECT: usize = 200;

/// What a message says, the same for each recipient.
pub(super) struct Letter<'a> {
    pub(super) from: &'a Sender,
    pub(super) to: &'a EmailAddress,
    pub(super) subject: &'a str,
    pub(super) text: &'a str,
    pub(super) html: &'a str,
    pub(super) sent_at: Timestamp,
    /// Random; together with the sender's domain it makes the `Message-ID`.
    pub(super) id: u128,
}

/// A message with its envelope. Retries send the same bytes, so that a server that took one twice
/// can tell by its `Message-ID`.
pub(super) struct Parcel {
    pub(super) from: EmailAddress,
    pub(super) to: EmailAddress,
    pub(super) bytes: Vec<u8>,
}

/// Writes a letter: text and HTML, in UTF-8, marked as made by a machine so that nobody's holiday
/// notice answers it (RFC 3834 §5, and what Exchange understands).
pub(super) fn compose(letter: &Letter<'_>) -> Result<Parcel, lettre::error::Error> {
    let from = Mailbox::new(letter.from.name().map(str::to_owned), letter.from.address().as_address().clone());
    let part = |kind: ContentType, body: &str| {
        SinglePart::builder().header(kind).header(ContentTransferEncoding::QuotedPrintable).body(body.to_owned())
    };
    let message = lettre::Message::builder()
        .from(from)
        .to(Mailbox::new(None, letter.to.as_address().clone()))
        .subject(one_line(letter.subject))
        .date(date(letter.sent_at))
        .header(header::MessageId::from(format!("<{:032x}@{}>", letter.id, letter.from.address().domain())))
        .header(AutoSubmitted)
        .header(SuppressAutoResponse)
        .multipart(
            MultiPart::alternative()
                .singlepart(part(ContentType::TEXT_PLAIN, letter.text))
                .singlepart(part(ContentType::TEXT_HTML, letter.html)),
        )?;
    Ok(Parcel { from: letter.from.address().clone(), to: letter.to.clone(), bytes: message.formatted() })
}

/// A subject that can't become another header: line breaks and other control characters are spaces.
fn one_line(subject: &str) -> String {
    let spaced = |c: char| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c };
    subject.chars().map(spaced).take(MAX_SUBJECT).collect()
}

fn date(at: Timestamp) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(at.as_secs()).unwrap_or(0))
}

macro_rules! fixed_header {
    ($type:ident, $name:literal, $value:literal) => {
        #[derive(Clone)]
        struct $type;

        impl Header for $type {
            fn name() -> HeaderName {
                HeaderName::new_from_ascii_str($name)
            }

            fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
                Ok(Self)
            }

            fn display(&self) -> HeaderValue {
                HeaderValue::new(Self::name(), $value.to_owned())
            }
        }
    };
}
fixed_header!(AutoSubmitted, "Auto-Submitted", "auto-generated");
fixed_header!(SuppressAutoResponse, "X-Auto-Response-Suppress", "All");

#[cfg(test)]
mod tests {
    use mail_parser::MessageParser;
    use proptest::prelude::*;

    use super::*;

    fn parcel(name: &str, subject: &str, text: &str, html: &str) -> Parcel {
        compose(&Letter {
            from: &Sender::new(Some(name), EmailAddress::parse("no-reply@example.net").unwrap()).unwrap(),
            to: &EmailAddress::parse("alice@example.test").unwrap(),
            subject,
            text,
            html,
            sent_at: Timestamp::from_millis(1_789_000_000_123),
            id: 7,
        })
        .unwrap()
    }

    #[test]
    fn b14_text_and_html_arrive_as_they_were_written() {
        let text = "Bonjour Élodie,\n\nvotre code : 123 456\n.\n..points\nFrom here on\n";
        let html = format!("<p>Votre code&nbsp;: <b>123456</b> – {}</p>", "long ".repeat(400));
        let parcel = parcel("Hébergeur, SARL", "Votre code : 123456 – Hébergeur", text, &html);
        assert!(parcel.bytes.is_ascii());
        assert!(parcel.bytes.split(|b| *b == b'\n').all(|line| line.len() <= 998), "RFC 5321 line length");
        let message = MessageParser::default().parse(&parcel.bytes).unwrap();
        assert_eq!(message.subject(), Some("Votre code : 123456 – Hébergeur"));
        assert_eq!(message.body_text(0).unwrap().replace("\r\n", "\n"), text);
        assert_eq!(message.body_html(0).unwrap().replace("\r\n", "\n"), html);
        let from = message.from().unwrap().first().unwrap();
        assert_eq!((from.name(), from.address()), (Some("Hébergeur, SARL"), Some("no-reply@example.net")));
        assert_eq!(message.to().unwrap().first().unwrap().address(), Some("alice@example.test"));
        assert_eq!(message.message_id(), Some("00000000000000000000000000000007@example.net"));
        assert_eq!(message.date().unwrap().to_timestamp(), 1_789_000_000);
        assert_eq!(message.header_raw("Auto-Submitted").map(str::trim), Some("auto-generated"));
        assert_eq!(message.header_raw("X-Auto-Response-Suppress").map(str::trim), Some("All"));
        assert!(message.content_type_is("multipart", "alternative"));
        assert!(message.headers().iter().all(|header| !header.name().to_ascii_lowercase().starts_with("list-")));
    }

    trait ContentTypeIs {
        fn content_type_is(&self, kind: &str, subtype: &str) -> bool;
    }

    impl ContentTypeIs for mail_parser::Message<'_> {
        fn content_type_is(&self, kind: &str, subtype: &str) -> bool {
            use mail_parser::MimeHeaders;
            self.content_type().is_some_and(|c| c.ctype() == kind && c.subtype() == Some(subtype))
        }
    }

    #[test]
    fn nothing_from_outside_becomes_a_header() {
        for subject in [
            "code\r\nBcc: eve@example.org",
            "code\nBcc: eve@example.org",
            "code\rBcc: eve@example.org",
            "code\r\n\r\nbody",
            "code\u{2028}Bcc: eve@example.org",
            "codé\r\nBcc: eve@example.org",
            "=?utf-8?q?code=0ABcc:_eve=40example.org?=",
            "code\0\u{85}Bcc: eve@example.org",
        ] {
            let parcel = parcel("Panel", subject, "text", "<p>");
            let message = MessageParser::default().parse(&parcel.bytes).unwrap();
            assert!(message.bcc().is_none(), "{subject:?}");
            assert_eq!(message.headers().len(), 9, "{subject:?}");
            assert_eq!(message.body_text(0).as_deref(), Some("text"));
        }
    }

    proptest! {
        #[test]
        fn any_subject_and_body_keep_the_message_in_one_piece(
            subject in ".{0,60}", text in any::<String>(), html in any::<String>(),
        ) {
            let parcel = parcel("Panel", &subject, &text, &html);
            prop_assert!(parcel.bytes.is_ascii());
            let message = MessageParser::default().parse(&parcel.bytes).unwrap();
            prop_assert_eq!(message.headers().len(), 9);
            prop_assert_eq!(message.parts.len(), 3);
        }
    }
}
