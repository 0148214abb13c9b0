//! A short soak; the long one is `cargo bench --bench soak`.

#[path = "../../benches/soak/rounds.rs"]
mod rounds;

#[test]
fn whatever_fails_a_fetch_is_whole_or_clean() {
    for seed in [1, 2] {
        let mut soak = rounds::Soak::new(3_000_000, seed);
        for _ in 0..12 {
            soak.fetch().unwrap();
        }
        assert!(soak.outcomes.len() > 2, "{:?}", soak.outcomes);
    }
}
