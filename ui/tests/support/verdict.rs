//! The engagement, the headline and the ladder.

use verifold_model::{
    digest::Digest,
    record::{EngagementSummary, EntrySummary, Expectation, Finding, Headline, Rung, Totals},
    state::{RungName, RungState, State},
    statement::Subject,
};

use super::{Story, field};

pub(super) fn engagement(subject: &Subject, story: Story) -> EngagementSummary {
    let expect = |what: &str, expected: &str, found: &str| Expectation {
        what: what.into(),
        expected: expected.into(),
        found: found.into(),
        holds: expected == found,
        origin: "model inventory, 3 Nov 2026".into(),
    };
    let mut expectations = vec![
        expect("subject.lei", &subject.lei, &subject.lei),
        expect("subject.system", &subject.system, &subject.system),
        expect("period", "1 Jun 2026 – 15 Nov 2026", "1 Jun 2026 – 15 Nov 2026"),
    ];
    if story == Story::Findings {
        expectations.push(expect("batch 2026-W43", "in the package", "missing"));
    } else {
        expectations.push(expect("model", &field("model").to_string(), &field("model").to_string()));
    }
    EngagementSummary {
        id: "merian-2026-h2".into(),
        title: "Merian Bank AG, second half of 2026".into(),
        digest: Digest::of(b"engagement"),
        signatures: Vec::new(),
        expectations,
        anchors: Vec::new(),
        tokens: Vec::new(),
        deposits: Vec::new(),
        expected_batches: 24,
        control_totals: 24,
    }
}

pub(super) fn headline(story: Story, totals: Totals) -> Headline {
    match story {
        Story::Honest => Headline {
            state: State::Satisfied,
            rung: None,
            title: format!("All {} mandatory requirements are settled on proven values", totals.mandatory),
            detail: "Every expected batch is there, under the expected model. Origin is not established: the package carries no signature.".into(),
            next: "Review the choices no policy constrains before signing off.".into(),
        },
        Story::Findings => Headline {
            state: State::Rejected,
            rung: Some(RungName::Proof),
            title: "1 of 3 proofs is rejected, so IN-3 has no valid evidence".into(),
            detail: "The chain of the other valid proof stands. On what is proven, the policy is not met: approval rates of age bands differ by more than 0.10 in batches 17 and 18 (MO-1).".into(),
            next: "Ask Merian Bank for a corrected proof of “challenger” and for batch 21.".into(),
        },
    }
}

pub(super) fn ladder(story: Story, entries: &[EntrySummary], totals: Totals) -> Vec<Rung> {
    let bad = story == Story::Findings;
    let rung = |name, state, word: &str, detail: String, findings: Vec<(&str, bool, &str, &str)>| Rung {
        name,
        state,
        word: word.into(),
        detail,
        findings: findings
            .into_iter()
            .map(|(cause, blocking, text, place)| Finding { cause: cause.into(), blocking, text: text.into(), place: place.into() })
            .collect(),
    };
    vec![
        rung(
            RungName::Integrity,
            RungState::Holds,
            "Intact",
            format!("{0} of {0} entries match their digests", entries.len()),
            vec![("entries-match", false, "Every entry has the size and SHA-256 the manifest states.", "")],
        ),
        rung(
            RungName::Origin,
            RungState::NotEstablished,
            "Not established",
            "no signature in the package".into(),
            vec![("no-signature", false, "The package carries no signature, so nothing shows who made it.", "")],
        ),
        if bad {
            rung(
                RungName::Proof,
                RungState::Fails,
                "1 rejected",
                "1 of 3 valid · 1 not checkable".into(),
                vec![
                    (
                        "final-state-differs",
                        true,
                        "The final state differs from the replayed one at element 3, chain: expected 3b03…4fc7, found 9112…01aa.",
                        "proofs/challenger.bin",
                    ),
                    ("circuit-not-accepted", true, "The policy accepts no circuit for statement “robustness”.", "proofs/robustness.bin"),
                ],
            )
        } else {
            rung(
                RungName::Proof,
                RungState::Holds,
                "Valid",
                "1 of 1 valid under a key derived here".into(),
                vec![(
                    "proof-valid",
                    false,
                    "Proof “monitoring” is valid, and all 8 elements of its final state equal the replayed ones.",
                    "proofs/monitoring.bin",
                )],
            )
        },
        if bad {
            rung(
                RungName::Scope,
                RungState::Fails,
                "1 batch missing",
                "23 of 24 expected batches".into(),
                vec![
                    (
                        "batch-missing",
                        true,
                        "Batch 2026-W43 (19 Oct 2026 – 25 Oct 2026) is expected by the engagement's calendar and not in the package.",
                        "batch 21",
                    ),
                    ("model-not-pinned", false, "The engagement names no model: the commitment is taken from the package.", "model"),
                ],
            )
        } else {
            rung(
                RungName::Scope,
                RungState::Holds,
                "As engaged",
                "24 of 24 expected batches, totals agree".into(),
                vec![("scope-agrees", false, "Subject, model, period and all 24 control totals agree with the engagement.", "")],
            )
        },
        rung(
            RungName::Policy,
            if bad { RungState::NotMet } else { RungState::Holds },
            if bad { "Not met" } else { "Met" },
            format!("{} of {} mandatory settled", totals.mandatory_settled, totals.mandatory),
            vec![],
        ),
    ]
}
