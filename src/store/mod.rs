//! What must last: SQLite embedded, one writer that groups commits.
