//! Pages and mails: contexts, words and rendering.
