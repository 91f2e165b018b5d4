//! Pages and mails: contexts, words and rendering.
//!
//! A [`Page`] says *what* an end user is told; [`Pages`] turns it into HTML, or into a JSON problem
//! for scripts, in the user's language, from the templates, catalogues and style sheet of
//! `/pages`, which an operator may override file by file. [`Pages::load`] renders every page and
//! mail once from sample data, so that what is broken is found at the start and never by a user.
//!
//! No text is written here: words are in the catalogues, numbers come from the contexts and from
//! the [`ChallengePolicy`](crate::challenge::ChallengePolicy).

mod assets;
mod browser;
mod context;
mod files;
mod headers;
mod mail;
mod moment;
mod prepared;
mod problem;
#[cfg(test)]
mod proof;
mod qr;
mod render;
mod sample;
mod settings;
mod view;
mod voice;
mod words;

pub use assets::Asset;
pub use context::{
    AccountDone, AccountPage, AddressLine, BackupCodesPage, BlockedPage, CodeLine, CodeNotice, CodePage, CodeReason,
    ConfirmChange, ConfirmNotice, ConfirmPage, DeviceLine, Elsewhere, EnrolNotice, EnrolPage, EventLine, FactorNotice,
    FactorPage, LogOutFirst, NetworkLine, NotMeDonePage, NotMePage, OpenSessionLine, Page, Refusal, RefusalKind,
    StepUpPage, TurnOff, TurnOffConfirmPage, TurnOffPage,
};
pub use headers::security_headers;
pub use mail::MailText;
pub use moment::{UnknownZone, Zone};
pub use qr::qr_svg;
pub use render::{Pages, Rendered};
pub use sample::{Sample, sample_confirmation_mails, sample_mail, sample_notice_mails, samples};
pub use settings::{InvalidPages, Settings};
