//! Is this a login, whose is it, and did it succeed? (DESIGN R5, R6, R10)
//!
//! A *door* is a way of presenting a password or token to the panel. This layer finds the door a
//! request knocks at, reads its form as the panel would, and turns the panel's answer and the
//! evidence into a [`Verdict`]. It's pure: bytes in, values out.

pub mod door;
pub mod form;
pub mod jar;
pub mod matcher;
pub(crate) mod name;
mod probe;
pub mod scan;
pub mod verdict;

pub use door::{Door, DoorKind, KeyRule, Probe};
pub use form::{Ambiguous, Form, InvalidForm};
pub use matcher::{AnswerView, Matcher};
pub use verdict::{Verdict, judge};
