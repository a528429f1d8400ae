//! Where the person is and what is selected: one value, shared by tree, main pane and inspector.

use verifold_model::{lineage::LinkName, state::RungName};

/// A room of the workbench.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screen {
    /// Choosing files.
    Welcome,
    /// Headline, totals, matrix.
    Overview,
    /// Every requirement and why.
    Requirements,
    /// The chain of artefacts, and what each stage covers.
    Lifecycle,
    /// Metrics batch by batch.
    Monitoring,
    /// Statements, circuits, digests.
    Proofs,
}

impl Screen {
    /// Rooms with an audit, in order.
    pub const ROOMS: [Self; 5] = [Self::Overview, Self::Requirements, Self::Lifecycle, Self::Monitoring, Self::Proofs];

    /// As read on screen.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Welcome => "Welcome",
            Self::Overview => "Overview",
            Self::Requirements => "Requirements",
            Self::Lifecycle => "Life cycle",
            Self::Monitoring => "Monitoring",
            Self::Proofs => "Proofs",
        }
    }

    /// From its name on the command line, with `-` for a space.
    pub fn named(name: &str) -> Option<Self> {
        let name = name.replace('-', " ");
        [Self::Welcome].into_iter().chain(Self::ROOMS).find(|screen| screen.title().eq_ignore_ascii_case(&name))
    }
}

/// What the inspector is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// The audit as a whole.
    Engagement,
    /// A rung of the ladder.
    Rung(RungName),
    /// A requirement by its identifier.
    Requirement(String),
    /// A proof by its identifier.
    Proof(String),
    /// A link between two artefacts.
    Link(LinkName),
    /// A batch by its number; 0 is the reference.
    Batch(u32),
}

/// A room with a selection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The room.
    pub screen: Screen,
    /// What is selected there.
    pub selection: Selection,
}

/// Places visited, with one current.
#[derive(Debug, Clone)]
pub struct History {
    places: Vec<Place>,
    at: usize,
}

impl History {
    /// Places kept.
    const MOST: usize = 200;

    /// Begins at one place.
    pub fn new(place: Place) -> Self {
        Self { places: vec![place], at: 0 }
    }

    /// The current place.
    pub fn here(&self) -> &Place {
        &self.places[self.at]
    }

    /// Goes to a place; what lay ahead is forgotten. Going where one is changes nothing.
    pub fn go(&mut self, place: Place) {
        if *self.here() == place {
            return;
        }
        self.places.truncate(self.at + 1);
        self.places.push(place);
        if self.places.len() > Self::MOST {
            self.places.remove(0);
        }
        self.at = self.places.len() - 1;
    }

    /// One place back, if there is one.
    pub fn back(&mut self) {
        self.at = self.at.saturating_sub(1);
    }

    /// One place forward, if there is one.
    pub fn forward(&mut self) {
        self.at = (self.at + 1).min(self.places.len() - 1);
    }

    /// Whether there is a place before.
    pub const fn has_back(&self) -> bool {
        self.at > 0
    }

    /// Whether there is a place after.
    pub fn has_forward(&self) -> bool {
        self.at + 1 < self.places.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn back_and_forward_walk_the_same_path() {
        let place = |n| Place { screen: Screen::Monitoring, selection: Selection::Batch(n) };
        let mut history = History::new(place(1));
        history.go(place(2));
        history.go(place(2));
        history.go(place(3));
        history.back();
        assert_eq!(*history.here(), place(2));
        assert!(history.has_back() && history.has_forward());
        history.go(place(4));
        assert!(!history.has_forward(), "a new step forgets what lay ahead");
        history.back();
        history.back();
        history.back();
        assert_eq!(*history.here(), place(1));
        for n in 0..1_000 {
            history.go(place(n));
        }
        assert_eq!(*history.here(), place(999));
    }
}
