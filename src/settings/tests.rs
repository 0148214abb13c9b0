//! Which value wins, and where it is said to come from.
