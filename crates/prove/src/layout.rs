//! In which order are features committed, and which shape from the menu holds them?
//!
//! The plan wants the features with histograms in front; the model wants its inputs in its own
//! order. A [`Layout`] keeps both orders and chooses the smallest shape that fits.

use verifold_model::{
    plan::{Feature, PlanError},
    shape::{CircuitFamily, Shape},
};

use crate::{
    room,
    spec::{HistogramSpec, QuantilesWord, Spec},
};

/// Feature order and shape of a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    /// Features in plan order.
    pub features: Vec<Feature>,
    /// For each feature in plan order, its position among the model's inputs.
    pub model_position: Vec<usize>,
    /// Histogram edges wanted, for the first features in plan order.
    pub histograms: Vec<HistogramSpec>,
    /// Names of features that got a histogram only because the menu has no smaller shape.
    pub added_histograms: Vec<String>,
    /// The shape.
    pub shape: Shape,
}

impl Layout {
    /// The same rows, scored by a network with hidden layers of these widths.
    ///
    /// # Errors
    /// [`PlanError`] if no hidden layers on the menu hold it.
    pub fn with_hidden(mut self, widths: &[usize]) -> Result<Self, PlanError> {
        let hidden = Shape::hidden_for(widths).and_then(|hidden| self.shape.with_hidden(&hidden).ok());
        self.shape = hidden.ok_or_else(|| {
            let widths: Vec<String> = widths.iter().map(usize::to_string).collect();
            let problem = format!(
                "the network's hidden layers have {} neurons, which no shape holds: train a smaller one ({})",
                widths.join(" and "),
                Shape::MENU_TEXT
            );
            PlanError { field: "shape".to_owned(), problem }
        })?;
        Ok(self)
    }

    /// The same, if a step that counts these rows has room for one.
    ///
    /// # Errors
    /// [`PlanError`] if it has not, with the sizes that have.
    pub fn with_room(self) -> Result<Self, PlanError> {
        let family = CircuitFamily::of_cohorts(self.shape);
        let found = room::rows_of_step(family, self.shape);
        found.map_err(|problem| PlanError { field: "shape".to_owned(), problem }).map(|_| self)
    }

    /// The layout of a specification.
    ///
    /// # Errors
    /// [`PlanError`] if no shape on the menu holds it.
    pub fn new(spec: &Spec) -> Result<Self, PlanError> {
        let refuse = |field: &str, problem: String| PlanError { field: field.to_owned(), problem };
        let count = spec.features.len();
        let smallest = |menu: &[u8], wanted: usize| menu.iter().copied().find(|size| usize::from(*size) >= wanted);
        let features = smallest(&[8, 16, 20, 32, 64], count)
            .filter(|_| count > 0)
            .ok_or_else(|| refuse("features", format!("{count} features where a shape holds 1 to 64")))?;
        let wanted = spec.features.iter().filter(|feature| feature.histogram.is_some()).count();
        let histograms = smallest(&[0, 1, 4, 8], wanted).filter(|size| usize::from(*size) <= count).ok_or_else(|| {
            refuse("histograms", format!("{wanted} histograms over {count} features where shapes have 0, 1, 4 or 8 over as many features"))
        })?;
        let size = spec.shape;
        let shape = Shape::new(features, size.width_bits, size.groups, size.bins, histograms, size.size_log2)
            .map_err(|error| refuse("shape", error.to_string()))?;

        let with_histogram = |position: &usize| spec.features[*position].histogram.is_some();
        let mut chosen: Vec<usize> = (0..count).filter(with_histogram).collect();
        let added: Vec<usize> = (0..count).filter(|position| !with_histogram(position)).take(shape.histograms() - chosen.len()).collect();
        chosen.extend(&added);
        let rest: Vec<usize> = (0..count).filter(|position| !chosen.contains(position)).collect();
        let histograms = chosen
            .iter()
            .map(|position| {
                spec.features[*position].histogram.clone().unwrap_or(HistogramSpec::Quantiles(QuantilesWord::ReferenceQuantiles))
            })
            .collect();
        let model_position: Vec<usize> = chosen.into_iter().chain(rest).collect();
        let features = model_position
            .iter()
            .map(|position| {
                let feature = &spec.features[*position];
                Feature {
                    name: feature.name.clone(),
                    unit: feature.unit.clone(),
                    offset: feature.offset,
                    step: feature.step,
                    max: feature.max,
                    outside: feature.outside,
                    missing: feature.missing,
                }
            })
            .collect();
        let added_histograms = added.into_iter().map(|position| spec.features[position].name.clone()).collect();
        Ok(Self { features, model_position, histograms, added_histograms, shape })
    }
}
