//! Evidence before verdict (DESIGN R6).

/// What a login attempt came to.
#[derive(Debug)]
pub enum Verdict {}
