//! Mail: SMTP, and a folder for the demo and tests.
