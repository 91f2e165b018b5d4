//! The decision: what happens with a request.

/// What happens with a request.
#[derive(Debug)]
pub enum Decision {}
/// Why a request doesn't pass.
#[derive(Debug)]
pub enum Denial {}
/// Proof that the gate let a request pass.
#[derive(Debug)]
pub struct Permit(());
