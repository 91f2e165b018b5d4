//! May this request pass? (DESIGN §2)
//!
//! The gate turns one canonical request, the cookies it carries and the session it belongs to into
//! a [`Decision`]. It's pure; and it's the only maker of a [`Permit`], without which nothing goes
//! upstream.

pub mod cookie;
pub mod decide;
pub mod doors;
pub mod knock;
pub mod memo;
pub mod pattern;
pub mod profile;
pub mod stamp;
pub mod target;
pub mod watched;

pub use decide::{Decision, Denial, Permit};
pub use knock::{Knock, knock, needs_body};
pub use profile::{CookieRules, PanelProfile};
