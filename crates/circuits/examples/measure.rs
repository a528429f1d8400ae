use std::time::Instant as Clock;
use verifold_circuits::*;
use verifold_model::{shape::*, plan::*, cohort::*, instant::Instant, statement::*};
fn main() {
    for n in 15..=18 { for s in [format!("f20.w8.g4.b10.h4.n{n}"), format!("f20.w8.g2.b10.h1.n{n}"), format!("f8.w8.g2.b10.h1.n{n}"), format!("f64.w16.g8.b20.h8.n{n}")] {
        let c = CircuitId { family: CircuitFamily::ScoredCohortV1, shape: s.parse().unwrap() };
        println!("{:?}", CircuitFacts::of(c));
    } }
    let c = CircuitId { family: CircuitFamily::ScoredCohortV1, shape: "f8.w8.g2.b10.h1.n15".parse().unwrap() };
    let t = Clock::now();
    let k = Keys::derive_unpinned(c).unwrap();
    println!("formula {:?} synth {:?} vars {:?} digest {} proof {} {:?}", constraint_count(c.shape), k.constraints(), k.variables(), k.digest(), k.verifier().proof_bytes(), t.elapsed());
    let d = |m: i64| format!("{m}").parse().unwrap();
    let plan = Plan { schema: PlanSchema::V1, shape: c.shape,
        features: (0..3).map(|i| Feature { name: format!("x{i}"), unit: String::new(), offset: d(0), step: d(1), max: 200, outside: OutsideRule::Clamp, missing: MissingRule::Void }).collect(),
        scoring: Scoring { kind: ModelKind::LogisticRegression, scale_bits: 12, direction: ScoreDirection::HigherIsRiskier, edges: (0..9).map(|i| -400 + 100 * i).collect(), cutoff: 4, expected_bad_ppm: vec![100; 10] },
        outcome: OutcomeDefinition { bad_means: "x".into(), maturity_days: 90 },
        grouping: Grouping { attribute: "sex".into(), names: vec!["a".into(), "b".into()], not_disclosed: None },
        histograms: vec![Histogram { feature: "x0".into(), edges: (1..10).map(|i| i * 20).collect() }],
        calendar: Calendar::IsoWeek };
    plan.check().unwrap();
    let model = Model { weights: vec![3, -5, 2], bias: -10 };
    let at = |s| Instant::from_unix_secs(s).unwrap();
    let batches: Vec<_> = (0..3u64).map(|b| BatchRows { role: if b == 0 { BatchRole::Reference } else { BatchRole::Monitoring }, start: at(1000 * b), end: at(1000 * b + 1000),
        rows: (0..[50, 0, 90][b as usize]).map(|i| RowRecord { key: at(1000 * b + i).first_key(), group: (i % 2) as u8, kind: if i % 9 == 4 { RowKind::Void(VoidReason::MissingValue) } else { RowKind::Scored { features: vec![(i * 7 % 200) as u32, (i * 11 % 200) as u32, (i % 5) as u32], logged: i % 3 == 0, outcome: Outcome::ALL[(i % 3) as usize] } } }).collect(),
        row_salt: Salt::random().unwrap(), outcome_salt: Salt::random().unwrap(), table_salt: Salt::random().unwrap() }).collect();
    let header = Header { statement: StatementKind::MonitoringV1, circuit: c, subject: Subject { name: "n".into(), lei: "l".into(), system: "s".into(), model: "m".into() }, period: Period { start: at(0), end: at(3000) }, previous_chain_head: None };
    let w = MonitoringWitness::new(header, plan, model, Salt::random().unwrap(), batches).unwrap();
    let replay = native::replay(w.statement(), w.plan()).unwrap();
    let mut p = Prover::new(&k, w.initial_state()).unwrap();
    for s in w.steps() { let t = Clock::now(); p.fold(&s).unwrap(); println!("fold {} rows {:?}", s.rows(), t.elapsed()); }
    let t = Clock::now();
    let bytes = p.compress().unwrap();
    println!("compress+verify {:?}, {} bytes, steps {}", t.elapsed(), bytes.len(), replay.steps);
    let t = Clock::now();
    let zn = verify_proof(k.verifier(), &replay.z0, replay.steps, &bytes).unwrap();
    println!("verify {:?} {}", t.elapsed(), zn == replay.zn);
}
