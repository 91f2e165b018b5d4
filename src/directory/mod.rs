//! Where the accounts’ addresses are looked up.
