//! A made-up but self-consistent audit record: every value follows from the count tables built here.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses its part")]

pub mod fake;
pub mod lifecycle;
mod metrics;
mod proofs;
mod requirements;
mod tables;
mod verdict;

use metrics::series;
use proofs::{entries, proofs, traceability};
use requirements::requirements;
use tables::{FIRST_MONDAY, WEEK, batches, plan};
use verdict::{engagement, headline, ladder};
use verifold_model::{
    digest::{Commitment, Digest},
    instant::Instant,
    lineage::Lineage,
    record::{
        AuditRecord, Finding, Headline, LegalSource, PackageSummary, Phase, PlanChoice, PlanSummary, PolicySummary, RecordSchema, Rung,
        Source, Sourced, Totals, Volatile, WhyNode,
    },
    state::{Exit, Judgement, RungName, RungState, State},
    statement::{Period, Subject},
};

/// What went on in the made-up period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Story {
    /// Nothing went wrong; what cannot be proven is settled by people.
    Honest,
    /// Weeks 17 and 18 treat one group worse, week 21 is missing, one proof is rejected, one is foreign.
    Findings,
}

/// A record of 24 weekly batches and a reference, with 18 requirements.
pub fn record(story: Story) -> AuditRecord {
    let plan = plan();
    let batches = batches(&plan, story);
    let series = series(&plan, &batches);
    let requirements = requirements(story, &batches, &series);
    let totals = Totals::of(&requirements);
    let subject = Subject {
        name: "Merian Bank AG".into(),
        lei: "529900MERIANBANK0A42".into(),
        system: "retail-scorecard".into(),
        model: "Retail scorecard 4.2".into(),
    };
    let first: Instant = FIRST_MONDAY.parse().unwrap();
    let period = Period { start: first, end: Instant::from_unix_secs(first.unix_secs() + 24 * WEEK).unwrap() };
    let proofs = proofs(story, &batches);
    let entries = entries(&proofs);
    let traceability = vec![traceability(story, &proofs[0])];
    AuditRecord {
        lineage: lifecycle::monitoring_alone(&batches),
        development: None,
        schema: RecordSchema::V1,
        program: "verifold 0.1.0".into(),
        headline: headline(story, totals),
        exit: if story == Story::Honest { Exit::Met } else { Exit::Rejected },
        ladder: ladder(story, &entries, totals),
        policy: PolicySummary {
            id: "eu-credit-scoring".into(),
            title: "Credit scoring, EU, illustrative".into(),
            version: "1.3.0".into(),
            illustrative: true,
            digest: Digest::of(b"policy"),
            signatures: Vec::new(),
            min_cell: 5,
            sources: vec![
                LegalSource {
                    id: "ai-act".into(),
                    title: "Regulation (EU) 2024/1689, Artificial Intelligence Act".into(),
                    version: "OJ L, 12.7.2024".into(),
                    in_force_from: "2027-12-02 for high-risk systems".into(),
                    reviewed_on: "2026-11-02".into(),
                },
                LegalSource {
                    id: "eba".into(),
                    title: "EBA/GL/2020/06, Loan origination and monitoring".into(),
                    version: "29.5.2020".into(),
                    in_force_from: "2021-06-30".into(),
                    reviewed_on: "2026-11-02".into(),
                },
            ],
        },
        overlays: Vec::new(),
        model_changes: Vec::new(),
        engagement: Some(engagement(&subject, story)),
        package: PackageSummary {
            file_name: "merian-bank-2026-h2.zkaudit".into(),
            size: entries.iter().map(|entry| entry.size).sum::<u64>() + 1_900,
            digest: Digest::of(b"package"),
            written_by: "verifold 0.1.0".into(),
            entries,
        },
        subject: Some(Sourced { value: subject, source: Source::Pinned }),
        period: Some(Sourced { value: period, source: Source::Pinned }),
        model: Some(Sourced { value: field("model"), source: if story == Story::Honest { Source::Pinned } else { Source::Package } }),
        plan: Some(PlanSummary {
            digest: plan.digest(),
            commitment: field("plan"),
            source: Source::Package,
            choices: vec![
                choice("score bins", "10 bins", Some("at least 10")),
                choice("cut-off", "a bin edge, approve from bin 5", Some("a bin edge")),
                choice("scale", "2^12 score units per log-odds", Some("at least 2^12")),
                choice("groups", "age band: 18–29, 30–44, 45–59, 60+", Some("age bands with these names")),
                choice("calendar", "ISO weeks", Some("ISO weeks")),
                choice("outcome", "90 days past due within 12 months", None),
                choice("expected share of bad outcomes", "one share for each score bin", None),
                choice("histogram edges", "utilisation, income, bureau score, delinquencies", None),
            ],
            plan,
        }),
        proofs,
        traceability,
        batches,
        series,
        requirements,
        totals,
        not_shown: vec![
            "That the committed rows are those of real applicants, that groups and outcomes were recorded truthfully, or that nothing was left out before commitment.".into(),
            "That the metrics and limits are the right ones, or that any law is complied with.".into(),
            "That the integer model equals the float model it was made from.".into(),
        ],
        comparison: None,
        volatile: Volatile {
            finished: Some("2026-11-21T09:14:03Z".parse().unwrap()),
            host: "linux, x86_64".into(),
            threads: 4,
            isolation_missing: Vec::new(),
            phases: [("read", 4_120), ("derive keys", 1_310_000), ("check proof monitoring", 853_000), ("replay chain", 11_200), ("assess", 3_900)]
                .map(|(name, elapsed_micros)| Phase { name: name.into(), elapsed_micros })
                .to_vec(),
        },
    }
}

/// A record of a package that is not a container at all: nothing below the first rung was reached.
pub fn malformed() -> AuditRecord {
    let mut record = record(Story::Honest);
    record.subject = None;
    record.period = None;
    record.model = None;
    record.plan = None;
    record.proofs.clear();
    record.batches.clear();
    record.lineage = Lineage::default();
    record.series.clear();
    record.package.entries.clear();
    for requirement in &mut record.requirements {
        let person = matches!(requirement.state, State::Judgement(_));
        requirement.state = if person { State::Judgement(Judgement::Open) } else { State::Uncovered };
        requirement.watch = false;
        requirement.reason = "The package could not be read, so there is no evidence.".into();
        requirement.actual.clear();
        requirement.margin.clear();
        requirement.n.clear();
        requirement.batches.clear();
        requirement.proofs.clear();
        requirement.why = WhyNode {
            state: Some(requirement.state),
            actual: String::new(),
            margin: String::new(),
            children: Vec::new(),
            ..requirement.why.clone()
        };
    }
    record.totals = Totals::of(&record.requirements);
    record.exit = Exit::Malformed;
    let cause = "the central directory of the container is cut off: 22 bytes expected at offset 9 140, 7 found";
    record.ladder = RungName::ALL
        .map(|name| match name {
            RungName::Integrity => Rung {
                name,
                state: RungState::Fails,
                word: "Malformed".into(),
                detail: "not a proof package".into(),
                findings: vec![Finding { cause: "container-malformed".into(), blocking: true, text: cause.into(), place: String::new() }],
            },
            _ => Rung {
                name,
                state: RungState::NotReached,
                word: "Not reached".into(),
                detail: "the package could not be read".into(),
                findings: Vec::new(),
            },
        })
        .to_vec();
    record.headline = Headline {
        state: State::Rejected,
        rung: Some(RungName::Integrity),
        title: "The file is not a proof package".into(),
        detail: format!("{}{}. Nothing in it was checked.", cause[..1].to_uppercase(), &cause[1..]),
        next: "Ask for the package again and compare its SHA-256 with the sender.".into(),
    };
    record
}

fn field(name: &str) -> Commitment {
    let mut bytes = *Digest::of(name.as_bytes()).as_bytes();
    bytes[0] &= 0x3f;
    Commitment::from_bytes(bytes)
}

fn choice(what: &str, chosen: &str, constraint: Option<&str>) -> PlanChoice {
    PlanChoice { what: what.into(), chosen: chosen.into(), constraint: constraint.map(Into::into), holds: true }
}
