//! `speed`, the program behind `cargo speed`.

#![forbid(unsafe_code)]

mod building;
mod cpython;
mod figures;
mod peer;
mod process;
mod rounds;

use std::error::Error;

pub(crate) type Failure = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Failure> {
    let rounds: usize = std::env::args()
        .nth(1)
        .and_then(|s| s.parse().ok())
        .unwrap_or(15);
    let workshop = building::Workshop::open()?;
    let (cpythons, missing) = cpython::find();
    println!("{missing:?}");
    let peers = peer::c_peers(&workshop, &cpythons)?;
    let mut field = rounds::Field {
        labels: peers.iter().map(|peer| peer.label.clone()).collect(),
        processes: peers
            .iter()
            .map(|peer| process::Process::start(peer, None))
            .collect::<Result<_, _>>()?,
    };
    let rows = [
        "floor",
        "get_pointer",
        "get_pointer_elsewhere",
        "is_valid",
        "is_valid_elsewhere",
        "get_name",
        "get_context",
        "get_destructor",
        "set_pointer",
        "set_name",
        "set_context",
        "set_destructor",
        "new_free",
        "new_free_destructor",
        "claim",
        "get_pointer_refused",
        "import_two_parts",
        "import_four_parts",
    ];
    let outcomes = field.measure(&rows, rounds)?;
    println!("{:24}{:?}", "", field.labels);
    for (row, outcomes) in rows.iter().zip(outcomes) {
        print!("{row:24}");
        for outcome in &outcomes {
            let ratio = figures::ratios(outcomes[0].times(), outcome.times());
            match (
                figures::Summary::of(outcome.times()),
                figures::Summary::of(&ratio),
            ) {
                (Some(s), Some(r)) => print!(
                    "{:9.1} {:3.0}% {:.2}x",
                    s.median,
                    s.spread() * 100.0,
                    r.median
                ),
                _ => print!("{:>20}", "-"),
            }
        }
        println!();
    }
    Ok(())
}
