//! Another key in the place of the one there is.
