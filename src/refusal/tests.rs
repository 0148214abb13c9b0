//! Every refusal: its sentence, its hint, its exit codes, and whether time can change it.
