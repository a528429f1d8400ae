//! For every constraint family, a falsehood that nothing else stands against.
//!
//! As for the cohort circuit: with all constraints exactly the named family is violated, so without it the falsehood
//! would be provable.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use verifold_model::cohort::Outcome;

use super::{
    super::{
        family as own,
        step::{PAIRS, RevisionStep, pair},
    },
    fixture::{batch, row, rows, tiny},
};
use crate::{
    audit::recorder::Recorder,
    family,
    field::{F, power_of_two, signed},
    layout::KEY_BITS,
    wires::Overrides,
};

/// A step about to lie.
struct Lie {
    step: RevisionStep,
    z: [F; 7],
    values: BTreeMap<String, F>,
}

impl Lie {
    /// A step of one batch.
    fn of(position: usize, rows: Vec<super::super::witness::RevisedRow>) -> Self {
        let (z0, steps) = tiny(&[batch(3, rows)]);
        let z = position.checked_sub(1).map_or(z0, |i| steps[i].after);
        Self { step: steps[position].clone(), z, values: BTreeMap::new() }
    }

    /// The only step of a batch of three rows: one stays good, one matures, one turns from good to bad.
    fn short() -> Self {
        use Outcome::{Bad, Good, Unknown};
        Self::of(0, vec![row(4, Good, Good), row(8, Unknown, Good), row(9, Good, Bad)])
    }

    fn full(position: usize, count: u64) -> Self {
        Self::of(position, rows(count))
    }

    fn set(mut self, wire: &str, value: F) -> Self {
        assert!(self.values.insert(wire.into(), value).is_none());
        self
    }

    fn number(self, wire: &str, value: i64) -> Self {
        self.set(wire, signed(value))
    }

    fn pair(self, row: usize, earlier: Outcome, later: Outcome, value: i64) -> Self {
        self.number(&format!("row {row}/pair {}", pair(earlier, later)), value)
    }

    fn run(mut self) -> (Recorder, Vec<F>) {
        self.step.overrides = Some(Arc::new(Overrides { values: self.values.clone(), ..Default::default() }));
        Recorder::run(&self.step, &self.z)
    }
}

struct Case {
    family: &'static str,
    falsehood: &'static str,
    lie: Lie,
}

fn case(family: &'static str, falsehood: &'static str, lie: Lie) -> Case {
    Case { family, falsehood, lie }
}

fn row_cases() -> Vec<Case> {
    use Outcome::{Bad, Good, Unknown};
    // Row 1 becomes an empty slot in front of rows.
    let hole = || {
        let mut lie = Lie::full(0, 5);
        for k in 0..PAIRS {
            lie = lie.number(&format!("row 1/pair {k}"), 0);
        }
        for bit in 0..KEY_BITS {
            lie = lie.number(&format!("row 1/key/bit {bit}"), 0);
        }
        lie
    };
    vec![
        case(family::SLOT_FILLED, "an empty slot stands in front of rows", hole()),
        case(
            own::OUTCOME_PAIR,
            "a good outcome that stayed counts as one that came and one that was withdrawn, and minus one that never was known",
            Lie::short().pair(0, Good, Good, 0).pair(0, Good, Unknown, 1).pair(0, Unknown, Good, 1).pair(0, Unknown, Unknown, -1),
        ),
        case(own::KEY_BITS, "an outcome that became known as good counts as one that turned from good to bad", {
            let lie = Lie::short().pair(1, Unknown, Good, 0).pair(1, Good, Bad, 1);
            lie.set("row 1/key/bit 0", -power_of_two(KEY_BITS))
        }),
    ]
}

fn step_cases() -> Vec<Case> {
    let honest = |wire: &str, lie: Lie| {
        let (recorder, _) = lie.run();
        recorder.values[recorder.names.iter().position(|name| name == wire).unwrap()]
    };
    vec![
        case(family::STEP_FLAGS, "a batch is linked twice over", Lie::full(0, 21).number("last", 2)),
        case(own::CARRIED_STREAM, "a batch goes on with other rows before it", Lie::full(1, 30).number("later begun", 999)),
        case(family::FULL, "a step that leaves slots empty does not close its batch", Lie::short().number("last", 0)),
        case(family::OUTCOME_SELECT, "counted outcomes are left out of a stream", {
            Lie::short().set("earlier stream 0", honest("earlier begun", Lie::short()))
        }),
        case(family::CHAIN, "the chain forgets a batch", {
            let lie = Lie::short();
            let chain = lie.z[1];
            lie.set("next/chain", chain)
        }),
        case(own::NEXT_STREAM, "a batch goes on with other outcomes before it", Lie::full(0, 30).number("next/later stream", 999)),
        case(own::NEXT_ROWS, "a batch forgets how many rows it had", Lie::full(0, 30).number("next/rows", 0)),
        case(own::NEXT_COUNTS, "a batch forgets what was counted", Lie::full(0, 30).number("next/counts", 0)),
        case(own::NEXT_OPEN, "an unfinished batch is dropped", Lie::full(0, 30).number("next/open", 0)),
        case(family::HASH_OUTCOMES, "other outcomes are committed than are counted", {
            Lie::short().number("hash: outcome stream/later block 0", 999)
        }),
        case(family::HASH_CHAIN, "the chain holds another batch", Lie::short().number("hash: chain/link", 999)),
    ]
}

#[test]
fn without_its_family_each_falsehood_would_be_provable() {
    let honest = [Lie::short(), Lie::full(0, 30), Lie::full(1, 30), Lie::full(0, 21), Lie::full(0, 5)].map(Lie::run);
    for (recorder, _) in &honest {
        assert_eq!(recorder.violated(), BTreeSet::new());
    }
    let mut covered = BTreeSet::new();
    for Case { family, falsehood, lie } in [row_cases(), step_cases()].into_iter().flatten() {
        let wires: Vec<String> = lie.values.keys().cloned().collect();
        let (recorder, _) = lie.run();
        let known = |name: &String| recorder.names.contains(name) || name.starts_with("hash: ");
        assert!(wires.iter().all(known), "{family}: a wire of {wires:?} does not exist");
        assert_eq!(recorder.violated(), BTreeSet::from([family]), "{falsehood}");
        assert!(covered.insert(family), "{family} has two cases");
    }
    assert_eq!(covered, honest[0].0.families(), "a family without a case, or a case without a family");
}

/// What the falsehoods about rows would be worth: the streams stay as they are, the counts do not.
#[test]
fn without_them_other_counts_stand_beside_the_same_commitments() {
    let committed = |lie: Lie| {
        let (recorder, outputs) = lie.run();
        let at = |name: &str| recorder.values[recorder.names.iter().position(|found| found == name).unwrap()];
        ([at("earlier stream 0"), at("later stream 0")], outputs[1])
    };
    let (streams, chain) = committed(Lie::short());
    for Case { falsehood, lie, .. } in row_cases().into_iter().skip(1) {
        let (theirs, other) = committed(lie);
        assert_eq!(theirs, streams, "{falsehood}");
        assert_ne!(other, chain, "{falsehood}");
    }
}
