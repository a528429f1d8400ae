//! What does each sample show, and how does it end?

/// Which tables and model a package is proven from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Proof {
    /// The honest half-year under the scorecard in use.
    Honest,
    /// The half-year with the broker.
    Drift,
    /// The honest half-year without the batch at this position of the period, from 0.
    Withheld(usize),
    /// The honest half-year, anchored week by week, without the batches at these positions of the period.
    Anchored(&'static [usize]),
    /// The honest half-year under the successor that was never released.
    OtherModel,
    /// The whole life cycle of a scorecard trained by the circuit itself.
    Lifecycle,
    /// The period's first weeks under a network.
    Network,
    /// The period's first weeks under a scorecard and then its successor, with outcomes known since.
    Changed,
}

/// What is done to a package after it was proven.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Edit {
    /// Nothing.
    None,
    /// Declined applicants of a group become approved ones.
    AlterCount,
    /// A batch is taken out of the list.
    RemoveBatch,
    /// The statement is given the commitment to the scorecard in use.
    ClaimModelInUse,
    /// The training proof is one of another training, over fewer epochs.
    OtherTraining,
    /// Nothing, but the auditor's policy asks for more than the proof system offers, and exempts something.
    StricterPolicy,
}

/// A sample audit.
pub(super) struct Story {
    /// Folder.
    pub(super) name: &'static str,
    /// Title.
    pub(super) title: &'static str,
    /// One paragraph: the welcome screen shows it.
    pub(super) summary: &'static str,
    /// What to look at.
    pub(super) detail: &'static str,
    /// Exit code.
    pub(super) exit: u8,
    /// What the audit ends with, in a few words.
    pub(super) outcome: &'static str,
    /// A cause the record must name; empty for the honest lender.
    pub(super) cause: &'static str,
    /// What it is proven from.
    pub(super) proof: Proof,
    /// What is done to it then.
    pub(super) edit: Edit,
}

/// Position in the period of the batch that is withheld or removed: 2026-W35.
pub(super) const TROUBLED_BATCH: usize = 12;

/// Position in the period of the batch whose count is altered: 2026-W40, the week in which approval rates differ most.
pub(super) const ALTERED_BATCH: usize = 17;

/// Samples in the order they are told; a cheat follows what it is made of.
pub(super) const STORIES: [Story; 13] = [
    Story {
        name: "credit-scoring-q1",
        title: "Honest lender",
        summary: "Merian Bank proves every weekly batch of its retail scorecard from June to November. All proofs hold, every expected week is there, and every mandatory requirement is met.",
        detail: "Each week about 512 applications are scored; a caseworker overrides about four decisions in a hundred, a few rows are void, and \
                 outcomes are known for the first eleven weeks only. Weekly rates scatter as samples of a hundred people do: look for single weeks \
                 in which approval rates differ by more than usual, and for what the policy makes of them.",
        exit: 0,
        outcome: "all mandatory requirements met",
        cause: "",
        proof: Proof::Honest,
        edit: Edit::None,
    },
    Story {
        name: "credit-scoring-drift",
        title: "Honest about drift",
        summary: "The same bank, but in week 2026-W37 a loan broker begins to send young applicants with little income. Everything is proven, and what is proven misses the limits.",
        detail: "From the week of 7 September on, incomes fall, score and income distributions leave the reference, and the approval rate of the \
                 youngest group drops below four fifths of the highest. The proofs are valid and the scope is complete: this bank hides nothing. \
                 The audit ends with violated requirements, each naming its first batch.",
        exit: 1,
        outcome: "requirements violated, all of it proven",
        cause: "requirement-violated",
        proof: Proof::Drift,
        edit: Edit::None,
    },
    Story {
        name: "cheat-altered-count",
        title: "A count altered",
        summary: "Someone at the bank edits two numbers of the honest package: in the week of 28 September, eight declined young applicants become approved ones. Every digest and the chain are computed anew and the bank signs the result, so the file is in perfect order.",
        detail: "The table commitment, the chain head, the digests of the manifest and the checksums of the container all fit the edited numbers. \
                 The proof does not: it ends in the chain of the table that was counted.",
        exit: 4,
        outcome: "proof rejected",
        cause: "final-state-differs",
        proof: Proof::Honest,
        edit: Edit::AlterCount,
    },
    Story {
        name: "cheat-batch-removed",
        title: "A batch removed from the list",
        summary: "The week of 24 August is deleted from the honest package. Positions, step count, chain and digests are computed anew, the bank signs the result, and the proof is left as it was.",
        detail: "The file is in order and the list reads well. The proof was made over one batch more, in more steps than the list needs, so it is no proof of this list. \
                 That a week is missing from the calendar is said too, but evidence that is rejected comes first.",
        exit: 4,
        outcome: "proof rejected",
        cause: "proof-rejected",
        proof: Proof::Honest,
        edit: Edit::RemoveBatch,
    },
    Story {
        name: "cheat-batch-withheld",
        title: "A batch withheld",
        summary: "The bank proves its half-year anew without the week of 24 August. File, signature and proof are flawless; the auditor's own calendar and control totals know what is missing.",
        detail: "No proof can show what was never put into it. The engagement file expects 24 weeks and knows from the core banking ledger how many \
                 applications each had: the missing week is named there, with its rows. Verify without the engagement: a gap in the package's own period still shows, but not what was in it.",
        exit: 9,
        outcome: "outside the engagement's scope: an expected batch is missing",
        cause: "batch-missing",
        proof: Proof::Withheld(TROUBLED_BATCH),
        edit: Edit::None,
    },
    Story {
        name: "cheat-anchored-batches-withheld",
        title: "Two batches withheld after they were anchored",
        summary: "The bank proves its half-year without the weeks of 24 August and 28 September. This auditor has no calendar and no control totals, but received an anchor from the bank every Monday: both weeks are named by date.",
        detail: "Each Monday the bank signed a commitment to the rows of the week before, and the auditor cosigned it with the time of receipt. The \
                 package is flawless in itself. Take the folder `anchors` away and verify again: a gap in the package's own period still shows, but not that the bank had rows for it.",
        exit: 9,
        outcome: "outside the engagement's scope: two batches were anchored and are missing",
        cause: "anchored-batch-missing",
        proof: Proof::Anchored(&[TROUBLED_BATCH, ALTERED_BATCH]),
        edit: Edit::None,
    },
    Story {
        name: "cheat-other-model-unedited",
        title: "Another model behind the old commitment",
        summary: "The batches were scored by a successor that was never released, while the statement still names the commitment to the scorecard in use.",
        detail: "The commitment in the statement is the one the engagement expects. The proof opens another one in every step, so it is no proof of \
                 this statement.",
        exit: 4,
        outcome: "proof rejected",
        cause: "proof-rejected",
        proof: Proof::OtherModel,
        edit: Edit::ClaimModelInUse,
    },
    Story {
        name: "cheat-other-model-consistent",
        title: "Another model, openly committed",
        summary: "The batches were scored by a successor that was never released, and the statement says so. Every proof holds; the model is not the one that was to be audited.",
        detail: "The proof is valid for the statement it belongs to. The engagement pins the commitment to the released scorecard, from the bank's model \
                 inventory, and the two differ. Nothing that requires the pinned model can be met by this package.",
        exit: 9,
        outcome: "outside the engagement's scope: not the expected model",
        cause: "model-differs",
        proof: Proof::OtherModel,
        edit: Edit::None,
    },
    Story {
        name: "proof-system-too-weak",
        title: "More asked than the proof system offers",
        summary: "The honest package under a stricter policy: that one model scored every batch must be proven by a system that withstands quantum computers. The proof is valid, its system does not, and so the requirement cannot be settled here.",
        detail: "Unverifiable is neither met nor failed: the evidence is there, and this audit does not accept its kind. One more requirement is exempted by the \
                 bank's head of model risk, with a reason that the auditor can dispute; it is shown as not applicable, with the name.",
        exit: 7,
        outcome: "a requirement that could not be checked here",
        cause: "requirement-unverifiable",
        proof: Proof::Honest,
        edit: Edit::StricterPolicy,
    },
    Story {
        name: "credit-scoring-lifecycle",
        title: "The whole life cycle, linked",
        summary: "A scorecard whose making is proven: raw development rows are prepared by public rules, the model is trained on them in the integers of the circuit, measured on rows it never saw, and then monitored for half a year, with a receipt for everybody who was scored. Five proofs, and the commitments that link them.",
        detail: "Look at the chain: the training rows that come out of the preparation are those the training went through, and the model that came out \
                 of the training is the one that scored the test rows and every batch. Rows are ordered by keyed pseudonyms, so which rows train and which test was \
                 not chosen row by row. Two applicants' receipts lie in this folder: `verifold receipt check receipt-declined.json --record expected.record.json`, \
                 run there, shows one of them what was on file, without the package. What is open is for a person to judge, and advisory here.",
        exit: 0,
        outcome: "all mandatory requirements met, judgement items open",
        cause: "",
        proof: Proof::Lifecycle,
        edit: Edit::None,
    },
    Story {
        name: "credit-scoring-mlp",
        title: "A network in place of the scorecard",
        summary: "The same bank tries a multilayer perceptron 20-16-8-1 for five weeks and proves every batch under it: 16 and 8 neurons with ReLU, from ONNX, weights hidden behind one commitment. The policy is the one for scorecards, and every mandatory requirement is met.",
        detail: "Nothing but the circuit is new: tables, bins, metrics and limits are those of the other samples. The statement names the layers, since the circuit \
                 fixes them; the integer weights are as hidden as a scorecard's. A network costs more to prove: a step of 2^17 constraints has room for \
                 42 rows here, and for 189 under a scorecard.",
        exit: 0,
        outcome: "all mandatory requirements met",
        cause: "",
        proof: Proof::Network,
        edit: Edit::None,
    },
    Story {
        name: "changed-model",
        title: "A change of model, on record",
        summary: "After four weeks the bank exchanges its scorecard for a successor. Each model has a proof of its own, the second goes on where the first ends, and the bank's change record says why. What became known of the outcomes since is proven as well. Every mandatory requirement is met.",
        detail: "The change is an event: it stands on the chart of every metric, in the life cycle and in the report, with both commitments. The weeks before it were proven \
                 in two segments, on two machines, and joined. When the period was proven, outcomes of three weeks were known; the later outcomes are a second count of \
                 the same committed rows, and another proof counts how many outcomes changed in which direction. Why the model was exchanged is the bank's word: the policy \
                 demands that it be said, and no proof speaks of it. That the trained model is either of the two nothing here shows, as no training is in the package.",
        exit: 0,
        outcome: "all mandatory requirements met",
        cause: "",
        proof: Proof::Changed,
        edit: Edit::None,
    },
    Story {
        name: "broken-chain",
        title: "A chain that does not hold",
        summary: "The same bank hands over a training proof that is valid, over the right rows, and of another training: one epoch in place of twelve. Every proof holds on its own; the model that was monitored is not the one that was trained.",
        detail: "Nothing is wrong with any single proof. The link is what fails: the model commitment of the training and that of the monitored batches differ, and \
                 both are named. A reader of single proofs would have seen five green ticks.",
        exit: 4,
        outcome: "a link of the life cycle rejected",
        cause: "link-broken",
        proof: Proof::Lifecycle,
        edit: Edit::OtherTraining,
    },
];
