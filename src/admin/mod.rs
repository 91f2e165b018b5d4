//! The operators’ metrics and health.
