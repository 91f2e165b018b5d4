//! Wiring: the only place that knows every concrete part.
