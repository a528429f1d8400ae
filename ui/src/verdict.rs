//! Which icon, word and colour a verdict has. A caller names the verdict and cannot choose a colour.

use verifold_model::{
    lineage::LinkState,
    record::{BatchResult, ProofState, RequirementResult, Rung, Source},
    state::{Exit, Judgement, RungState, State},
};

use crate::{
    icons::Icon,
    tokens::{Look, StateColors},
};

/// How a verdict is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// Evidence refused: the one filled chip.
    Rejected,
    /// Limit missed.
    Violated,
    /// Nothing there: the one dashed chip.
    Uncovered,
    /// There, but not checkable here.
    Unverifiable,
    /// A person must decide.
    Judgement,
    /// A person has decided.
    Determined,
    /// Outside the scope, or nothing to check.
    Neutral,
    /// Held.
    Satisfied,
}

/// A verdict with its word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// How it is drawn.
    pub form: Form,
    /// The word; always shown beside the icon.
    pub word: String,
}

impl Form {
    /// The icon that goes with it.
    pub const fn icon(self) -> Icon {
        match self {
            Self::Rejected => Icon::WarningOctagon,
            Self::Violated => Icon::XCircle,
            Self::Uncovered => Icon::CircleDashed,
            Self::Unverifiable => Icon::Question,
            Self::Judgement => Icon::User,
            Self::Determined => Icon::UserCheck,
            Self::Neutral => Icon::MinusCircle,
            Self::Satisfied => Icon::CheckCircle,
        }
    }

    /// Its colours in a theme.
    pub const fn colors(self, look: &Look) -> StateColors {
        match self {
            Self::Rejected => look.state.rejected,
            Self::Violated => look.state.violated,
            Self::Uncovered => look.state.uncovered,
            Self::Unverifiable => look.state.unverifiable,
            Self::Judgement | Self::Determined => look.state.judgement,
            Self::Neutral => look.state.not_applicable,
            Self::Satisfied => look.state.satisfied,
        }
    }

    /// Whether its outline is dashed.
    pub const fn is_dashed(self) -> bool {
        matches!(self, Self::Uncovered)
    }
}

impl From<State> for Form {
    fn from(state: State) -> Self {
        match state {
            State::Rejected => Self::Rejected,
            State::Violated => Self::Violated,
            State::Uncovered => Self::Uncovered,
            State::Unverifiable => Self::Unverifiable,
            State::Judgement(Judgement::Open) => Self::Judgement,
            State::Judgement(_) => Self::Determined,
            State::NotApplicable => Self::Neutral,
            State::Satisfied => Self::Satisfied,
        }
    }
}

impl From<State> for Verdict {
    fn from(state: State) -> Self {
        Self { form: state.into(), word: state.word().to_owned() }
    }
}

impl Verdict {
    /// A state, with "watch" where its warning level is passed.
    pub fn watched(state: State, watch: bool) -> Self {
        let mut verdict = Self::from(state);
        if watch {
            verdict.word.push_str(", watch");
        }
        verdict
    }
}

impl From<&RequirementResult> for Verdict {
    fn from(result: &RequirementResult) -> Self {
        Self::watched(result.state, result.watch)
    }
}

impl From<&BatchResult> for Verdict {
    fn from(result: &BatchResult) -> Self {
        Self::watched(result.state, result.watch)
    }
}

impl From<ProofState> for Verdict {
    fn from(state: ProofState) -> Self {
        let form = match state {
            ProofState::Valid => Form::Satisfied,
            ProofState::Rejected => Form::Rejected,
            ProofState::NotCheckable => Form::Unverifiable,
            ProofState::NotReached => Form::Neutral,
        };
        Self { form, word: state.word().to_owned() }
    }
}

impl From<LinkState> for Verdict {
    fn from(state: LinkState) -> Self {
        let form = match state {
            LinkState::Holds => Form::Satisfied,
            LinkState::Claimed => Form::Neutral,
            LinkState::Broken => Form::Rejected,
            LinkState::Missing => Form::Uncovered,
        };
        Self { form, word: state.word().to_owned() }
    }
}

impl From<&Rung> for Verdict {
    fn from(rung: &Rung) -> Self {
        let form = match rung.state {
            RungState::Holds => Form::Satisfied,
            RungState::Fails => Form::Rejected,
            RungState::NotMet => Form::Violated,
            RungState::NotEstablished | RungState::NotReached => Form::Neutral,
            RungState::NotCheckable => Form::Unverifiable,
            RungState::Undecided => Form::Judgement,
        };
        Self { form, word: rung.word.clone() }
    }
}

impl From<Exit> for Verdict {
    fn from(exit: Exit) -> Self {
        let (form, word) = match exit {
            Exit::Met => (Form::Satisfied, "Policy met"),
            Exit::Violated => (Form::Violated, "Violated"),
            Exit::Usage => (Form::Neutral, "Not started"),
            Exit::Malformed => (Form::Rejected, "Malformed"),
            Exit::Rejected => (Form::Rejected, "Rejected"),
            Exit::Origin => (Form::Rejected, "Origin"),
            Exit::Limits => (Form::Unverifiable, "Over a limit"),
            Exit::NotChecked => (Form::Unverifiable, "Unverifiable"),
            Exit::Incomplete => (Form::Judgement, "Incomplete"),
            Exit::Scope => (Form::Rejected, "Out of scope"),
        };
        Self { form, word: word.to_owned() }
    }
}

/// Who fixed a value, as printed under it.
pub const fn source_words(source: Source) -> &'static str {
    match source {
        Source::Pinned => "pinned by the engagement",
        Source::Contradicted => "the engagement expects another value",
        Source::Package => "taken from the package",
    }
}
