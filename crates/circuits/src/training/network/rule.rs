//! The descent of a network on plain integers: what the circuit computes for one minibatch.
//!
//! A trained number is 2^12 times one of the model's; the forward pass uses the model's, so that every error is that of the very
//! network that would be monitored. Divisions round down; the update adds half first.

use verifold_model::{
    network_training::{FRACTION_BITS, NetworkTraining},
    plan::{Plan, ScoreDirection, WEIGHT_BITS},
    training::{MAX_NETWORK_SCALE_BITS, TrainingSpec},
};

use crate::{
    field::{F, power_of_two, signed, truncated},
    layout::Dimensions,
    neural::{
        Layer, Perceptron,
        network::{bias_places, weight_places},
    },
    poseidon::hash24,
    rows::{RowKind, RowRecord},
    tags,
    training::{curve::Curve, rule::departure},
};

/// Bits of a trained weight in an element of the state: those of a weight, and its fraction.
pub(crate) const WEIGHT_SLOT: usize = WEIGHT_BITS as usize + FRACTION_BITS as usize;
/// Trained weights of one element of the state.
pub(crate) const WEIGHTS_PER_WORD: usize = 8;
/// Bits of a trained bias in an element of the state; more than any shape's biases have.
pub(crate) const BIAS_SLOT: usize = 52;
/// Trained biases of one element of the state.
pub(crate) const BIASES_PER_WORD: usize = 4;

/// Binary places that an update of the weights of a layer is rounded off by: 40 in the last, eight more in each before.
pub(crate) const fn shift(d: Dimensions, layer: usize) -> usize {
    40 + 8 * (d.hidden_layers() - layer)
}

/// The same for biases: a bias is the weight of a value `2^input_bits`.
pub(crate) const fn bias_shift(d: Dimensions, layer: usize) -> usize {
    shift(d, layer) - d.input_bits(layer)
}

/// A specification as the numbers a circuit uses, filled up with zeros to the shape's features.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NetworkRule {
    pub(crate) dimensions: Dimensions,
    pub(crate) document: F,
    pub(crate) schema: F,
    /// Whether bad outcomes are the target, rather than good ones.
    pub(crate) riskier: bool,
    /// What a score is multiplied by to stand on the curve.
    pub(crate) scale: u64,
    pub(crate) numerator: u64,
    pub(crate) offset: u64,
    pub(crate) centres: Vec<u64>,
    /// Of the first layer one for each feature, of every other layer one.
    pub(crate) weight_rates: Vec<Vec<u64>>,
    pub(crate) bias_rates: Vec<u64>,
    /// Trained numbers before the first minibatch: weights, then biases, in the order of the model commitment.
    pub(crate) initial: Vec<i64>,
}

/// A trained number or a sum left its range. Layers and neurons count from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OutOfRange {
    pub(crate) layer: usize,
    pub(crate) neuron: usize,
    /// What of the neuron, in words.
    pub(crate) what: String,
}

/// The model's number that a trained one is rounded to.
pub(crate) const fn rounded(trained: i64) -> i64 {
    (trained + (1 << (FRACTION_BITS - 1))) >> FRACTION_BITS
}

/// What becomes of one row: the values each layer sums, whether each hidden neuron is open, the score.
struct Passed {
    inputs: Vec<Vec<i64>>,
    gates: Vec<Vec<bool>>,
    score: i64,
}

/// Numbers of a network, layer by layer: of its model, or sums of a gradient.
struct Layers<T> {
    weights: Vec<Vec<Vec<T>>>,
    biases: Vec<Vec<T>>,
}

impl<T: Copy> Layers<T> {
    fn new(d: Dimensions, mut next: impl FnMut() -> T) -> Self {
        let layers = 0..=d.hidden_layers();
        let mut list = |count: usize| -> Vec<T> { (0..count).map(|_| next()).collect() };
        let weights = layers.clone().map(|layer| (0..d.layer_outputs(layer)).map(|_| list(d.layer_inputs(layer))).collect()).collect();
        Self { weights, biases: layers.map(|layer| list(d.layer_outputs(layer))).collect() }
    }

    /// In the order of the model commitment.
    fn flat(&self) -> impl Iterator<Item = T> {
        self.weights.iter().flatten().flatten().chain(self.biases.iter().flatten()).copied()
    }
}

fn out(layer: usize, neuron: usize, what: String) -> OutOfRange {
    OutOfRange { layer: layer + 1, neuron: neuron + 1, what }
}

impl NetworkRule {
    /// The numbers of a specification that has passed its check against the plan.
    pub(crate) fn of(spec: &TrainingSpec, network: &NetworkTraining, plan: &Plan) -> Self {
        let d = Dimensions::without_rows(plan.shape);
        let wide = |list: &[u32], count: usize| -> Vec<u64> {
            list.iter().map(|n| u64::from(*n)).chain(std::iter::repeat(0)).take(count).collect()
        };
        let first = wide(&spec.feature_rates, d.features);
        let behind = network.layer_rates.iter().map(|rate| vec![u64::from(*rate)]);
        let features = plan.features.len();
        // Columns the plan does not name weigh nothing; biases begin at zero.
        let mut derived = network.initial_weights().into_iter();
        let weights = weight_places(d).map(|(layer, _, from)| if layer == 0 && from >= features { 0 } else { derived.next().unwrap_or(0) });
        Self {
            dimensions: d,
            document: truncated(spec.digest()),
            schema: truncated(plan.row_schema_digest()),
            riskier: spec.direction == ScoreDirection::HigherIsRiskier,
            scale: 1 << (MAX_NETWORK_SCALE_BITS - spec.scale_bits),
            numerator: spec.rate_numerator,
            offset: spec.rate_offset,
            centres: wide(&spec.centres, d.features),
            weight_rates: std::iter::once(first).chain(behind).collect(),
            bias_rates: wide(&network.bias_rates, d.hidden_layers() + 1),
            initial: weights.chain(bias_places(d).map(|_| 0)).collect(),
        }
    }

    /// A rule without meaning, for the structure of the circuit alone.
    pub(crate) fn blank(d: Dimensions) -> Self {
        Self {
            dimensions: d,
            document: F::default(),
            schema: F::default(),
            riskier: false,
            scale: 1,
            numerator: 0,
            offset: 1,
            centres: vec![0; d.features],
            weight_rates: (0..=d.hidden_layers()).map(|layer| vec![0; if layer == 0 { d.features } else { 1 }]).collect(),
            bias_rates: vec![0; d.hidden_layers() + 1],
            initial: weight_places(d).map(|_| 0).chain(bias_places(d).map(|_| 0)).collect(),
        }
    }

    /// The elements the rule is committed as, in order.
    pub(crate) fn elements(&self) -> Vec<F> {
        let mut elements = vec![self.document, self.schema];
        let numbers = [u64::from(self.riskier), self.scale, self.numerator, self.offset];
        let rates = self.weight_rates.iter().flatten().chain(&self.bias_rates);
        elements.extend(numbers.iter().chain(&self.centres).chain(rates).map(|n| F::from(*n)));
        elements
    }

    /// The commitment to the rule. Initial weights follow from the document, and stand in the state before the first step.
    pub(crate) fn commitment(&self) -> F {
        hash24(tags::NEURAL_TRAINING_SPEC, &self.elements())
    }

    /// The hash carried in the public state between steps.
    pub(crate) fn state(&self, trained: &[i64], parts: [F; 4]) -> F {
        let d = self.dimensions;
        let (weights, biases) = trained.split_at(weight_places(d).count());
        let slot = |trained: i64, bits: usize| {
            signed(trained) + F::from(1 << (FRACTION_BITS - 1)) + power_of_two(bits - 1 + FRACTION_BITS as usize)
        };
        let weights: Vec<F> = weights.iter().map(|trained| slot(*trained, WEIGHT_BITS as usize)).collect();
        let biases: Vec<F> = biases.iter().zip(bias_places(d)).map(|(trained, (layer, _))| slot(*trained, d.bias_bits(layer))).collect();
        let word = |chunk: &[F], bits: usize| chunk.iter().rev().fold(F::default(), |word, n| word * power_of_two(bits) + n);
        let mut elements: Vec<F> = weights.chunks(WEIGHTS_PER_WORD).map(|chunk| word(chunk, WEIGHT_SLOT)).collect();
        elements.extend(biases.chunks(BIASES_PER_WORD).map(|chunk| word(chunk, BIAS_SLOT)));
        elements.extend(parts);
        hash24(tags::NEURAL_TRAINING_STATE, &elements)
    }

    /// The model's numbers, the first layer's biases at the centres.
    fn model(&self, trained: &[i64]) -> Layers<i64> {
        let mut numbers = trained.iter().map(|trained| rounded(*trained));
        Layers::new(self.dimensions, || numbers.next().unwrap_or(0))
    }

    /// A row through the network; `None` features are zero.
    fn pass(&self, model: &Layers<i64>, features: Option<&[u32]>) -> Result<Passed, OutOfRange> {
        let d = self.dimensions;
        let feature = |f: usize| features.and_then(|features| features.get(f)).map_or(0, |x| i64::from(*x));
        let mut values: Vec<i64> = self.centres.iter().enumerate().map(|(f, centre)| feature(f) - *centre as i64).collect();
        let mut passed = Passed { inputs: Vec::new(), gates: Vec::new(), score: 0 };
        for (layer, (weights, biases)) in model.weights.iter().zip(&model.biases).enumerate() {
            let sum = |(weights, bias): (&Vec<i64>, &i64)| weights.iter().zip(&values).fold(*bias, |sum, (w, x)| sum + w * x);
            let sums: Vec<i64> = weights.iter().zip(biases).map(sum).collect();
            let handed_on = sums.iter().map(|sum| sum.max(&0) >> d.input_bits(layer)).collect();
            passed.inputs.push(std::mem::replace(&mut values, handed_on));
            if layer == d.hidden_layers() {
                passed.score = sums[0];
                return Ok(passed);
            }
            let reach = 1i64 << d.reach_bits(layer);
            if let Some(neuron) = sums.iter().position(|sum| !(-reach..reach).contains(sum)) {
                return Err(out(layer, neuron, "the sum".to_owned()));
            }
            passed.gates.push(sums.iter().map(|sum| *sum >= 0).collect());
        }
        Ok(passed)
    }

    /// Adds a row's share to the gradient: what goes back through the network from an error of the score.
    fn add(gradient: &mut Layers<i128>, model: &Layers<i64>, passed: &Passed, error: i64) {
        let mut deltas = vec![i128::from(error)];
        for (layer, inputs) in passed.inputs.iter().enumerate().rev() {
            for ((weights, bias), delta) in gradient.weights[layer].iter_mut().zip(&mut gradient.biases[layer]).zip(&deltas) {
                *bias += delta;
                for (sum, x) in weights.iter_mut().zip(inputs) {
                    *sum += delta * i128::from(*x);
                }
            }
            if let Some(before) = layer.checked_sub(1) {
                let back = |at: usize| model.weights[layer].iter().zip(&deltas).map(|(weights, d)| i128::from(weights[at]) * d).sum();
                deltas = passed.gates[before].iter().enumerate().map(|(at, open)| if *open { back(at) } else { 0 }).collect();
            }
        }
    }

    /// The weights after minibatch `t`.
    ///
    /// # Errors
    /// [`OutOfRange`] for the first number or sum that leaves its range.
    pub(crate) fn minibatch(&self, trained: &[i64], t: u64, rows: &[RowRecord]) -> Result<Vec<i64>, OutOfRange> {
        let d = self.dimensions;
        let model = self.model(trained);
        let mut gradient = Layers::new(d, || 0i128);
        // Slots without a scored row go through the network as zeros.
        self.pass(&model, None)?;
        for row in rows {
            let RowKind::Scored { features, outcome, .. } = &row.kind else { continue };
            let passed = self.pass(&model, Some(features))?;
            let error = departure(Curve::NETWORK, self.riskier, *outcome, passed.score * self.scale as i64);
            if error != 0 {
                Self::add(&mut gradient, &model, &passed, error);
            }
        }
        let learning_rate = self.numerator / (self.offset + t);
        let weights = weight_places(d).map(|(layer, to, from)| {
            let rates = &self.weight_rates[layer];
            let rate = if layer == 0 { rates[from] } else { rates[0] };
            (layer, to, Some(from), rate, shift(d, layer), WEIGHT_BITS as usize)
        });
        let biases = bias_places(d).map(|(layer, to)| (layer, to, None, self.bias_rates[layer], bias_shift(d, layer), d.bias_bits(layer)));
        let places = weights.chain(biases);
        let next: Vec<i64> = (places.zip(gradient.flat()).zip(trained))
            .map(|(((layer, to, from, rate, shift, bits), gradient), trained)| {
                let moved = gradient
                    .checked_mul(i128::from(learning_rate * rate))
                    .and_then(|exact| exact.checked_add(1 << (shift - 1)))
                    .and_then(|exact| i64::try_from(exact >> shift).ok());
                let next = moved.and_then(|moved| trained.checked_sub(moved));
                next.filter(|next| fits(rounded(*next), bits))
                    .ok_or_else(|| out(layer, to, from.map_or_else(|| "the bias".to_owned(), |from| format!("weight {}", from + 1))))
            })
            .collect::<Result<_, _>>()?;
        let biases = self.off_centres(&self.model(&next));
        match biases.iter().position(|bias| !fits(*bias, d.bias_bits(0))) {
            Some(neuron) => Err(out(0, neuron, "the bias off the centres".to_owned())),
            None => Ok(next),
        }
    }

    /// The first layer's biases as the model has them: for features without centres.
    fn off_centres(&self, model: &Layers<i64>) -> Vec<i64> {
        let off = |(weights, bias): (&Vec<i64>, &i64)| weights.iter().zip(&self.centres).fold(*bias, |b, (w, c)| b - w * *c as i64);
        model.weights[0].iter().zip(&model.biases[0]).map(off).collect()
    }

    /// The model that weights are rounded to, without the features beyond `features`.
    pub(crate) fn rounded(&self, trained: &[i64], features: usize) -> Perceptron {
        let mut model = self.model(trained);
        model.biases[0] = self.off_centres(&model);
        model.weights[0].iter_mut().for_each(|weights| weights.truncate(features));
        let layers = model.weights.into_iter().zip(model.biases).map(|(weights, biases)| Layer { weights, biases });
        Perceptron { feature_bits: self.dimensions.width, layers: layers.collect() }
    }
}

/// Whether a number has `bits` signed bits.
fn fits(value: i64, bits: usize) -> bool {
    (-(1i64 << (bits - 1))..1 << (bits - 1)).contains(&value)
}
