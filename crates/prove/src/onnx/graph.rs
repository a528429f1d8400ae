//! What does a graph compute? Followed node by node, from its one input to a probability.
//!
//! Known of a tensor is an affine map of the features, or of what a layer of neurons hands on; a ReLU makes such a layer.

use std::{collections::BTreeMap, rc::Rc};

use tract_onnx::pb::{self, tensor_proto};

use super::Numbers;

/// Nodes a model is read from, for error texts.
const READ_NODES: &str = "LinearClassifier, Normalizer, Scaler, Gemm, MatMul, Add, Sub, Mul, Div, Relu, Sigmoid, Softmax over two classes, Concat of both classes, Cast, Identity, Flatten and Squeeze";

/// Activations between layers that no circuit proves.
const OTHER_ACTIVATIONS: [&str; 11] =
    ["Tanh", "LeakyRelu", "PRelu", "Elu", "Selu", "Celu", "Gelu", "Softplus", "Softsign", "HardSigmoid", "HardSwish"];

/// An affine function of numbers in order: `bias + Σ weight · number`.
#[derive(Debug, Clone, PartialEq)]
pub struct Linear {
    /// One weight for each number.
    pub weights: Vec<f64>,
    /// Where every number is 0.
    pub bias: f64,
}

impl Linear {
    /// What it gives for these numbers.
    pub fn of(&self, numbers: &[f64]) -> f64 {
        self.bias + self.weights.iter().zip(numbers).map(|(weight, x)| weight * x).sum::<f64>()
    }

    /// `Σ factor · part + constant`.
    fn combine<'a>(inputs: usize, parts: impl Iterator<Item = (&'a Self, f64)>, constant: f64) -> Self {
        let mut sum = Self { weights: vec![0.0; inputs], bias: constant };
        for (part, factor) in parts {
            for (total, weight) in sum.weights.iter_mut().zip(&part.weights) {
                *total += factor * weight;
            }
            sum.bias += factor * part.bias;
        }
        sum
    }
}

/// Affine functions, one per column, of the features or of what the last hidden layer hands on.
#[derive(Debug, Clone)]
struct Affine {
    /// Layers below, each with its neurons; a neuron hands on its sum where that is positive, and 0 elsewhere.
    hidden: Rc<Vec<Vec<Linear>>>,
    columns: Vec<Linear>,
}

impl Affine {
    /// The columns themselves: each gives one number of `width`.
    fn numbers(hidden: Rc<Vec<Vec<Linear>>>, width: usize) -> Self {
        let unit = |at: usize| Linear { weights: (0..width).map(|i| if i == at { 1.0 } else { 0.0 }).collect(), bias: 0.0 };
        Self { hidden, columns: (0..width).map(unit).collect() }
    }

    /// Other functions of the same numbers.
    fn with(&self, columns: Vec<Linear>) -> Self {
        Self { hidden: Rc::clone(&self.hidden), columns }
    }

    fn len(&self) -> usize {
        self.columns.len()
    }

    /// Numbers the columns are functions of.
    fn width(&self) -> usize {
        self.columns.first().map_or(0, |column| column.weights.len())
    }

    /// What a ReLU over every column hands on.
    fn relu(&self) -> Self {
        let mut hidden = self.hidden.to_vec();
        hidden.push(self.columns.clone());
        Self::numbers(Rc::new(hidden), self.len())
    }
}

/// The log-odds that a probability stands for.
#[derive(Debug, Clone, PartialEq)]
struct Odds {
    hidden: Rc<Vec<Vec<Linear>>>,
    log_odds: Linear,
}

/// Numbers stored in the file, row-major.
#[derive(Debug, Clone)]
struct Constant {
    dims: Vec<usize>,
    data: Vec<f64>,
}

impl Constant {
    /// As one value per column, the way elementwise nodes spread it over rows of `columns` values.
    fn per_column(&self, columns: usize) -> Option<Vec<f64>> {
        match self.data.len() {
            1 => Some(vec![self.data[0]; columns]),
            n if n == columns && self.dims.last() == Some(&columns) => Some(self.data.clone()),
            _ => None,
        }
    }

    /// As a matrix of rows × columns.
    fn matrix(&self) -> Option<(usize, usize)> {
        match self.dims[..] {
            [rows, columns] if rows * columns == self.data.len() => Some((rows, columns)),
            _ => None,
        }
    }
}

/// What is known of a tensor of the graph.
#[derive(Debug, Clone)]
enum Known {
    Constant(Constant),
    Affine(Affine),
    /// The probability of the second class, alone or behind its complement.
    Probability {
        odds: Odds,
        columns: usize,
        class: String,
    },
    /// The probability of the first class, alone.
    Complement(Odds),
    /// Not part of a model that is read, and why.
    Other(String),
}

/// A model found in a graph.
pub(super) struct Found {
    /// Name of the probability's tensor.
    pub(super) output: String,
    /// Its numbers.
    pub(super) numbers: Numbers,
    /// Columns of the probability tensor; the last one is the modelled class.
    pub(super) columns: usize,
    /// Label of the modelled class.
    pub(super) class: String,
}

pub(super) fn describe(node: &pb::NodeProto) -> String {
    if node.name.is_empty() { format!("node {}", node.op_type) } else { format!("node `{}` ({})", node.name, node.op_type) }
}

/// Follows the graph from its input to a probability among its outputs.
pub(super) fn follow(graph: &pb::GraphProto, features: &[&str]) -> Result<Found, String> {
    let mut known: BTreeMap<&str, Known> = BTreeMap::new();
    for tensor in &graph.initializer {
        known.insert(&tensor.name, constant(tensor)?);
    }
    let inputs: Vec<&pb::ValueInfoProto> = graph.input.iter().filter(|input| !known.contains_key(input.name.as_str())).collect();
    let [input] = inputs[..] else {
        let names: Vec<&str> = inputs.iter().map(|input| input.name.as_str()).collect();
        return Err(format!(
            "the graph has {} inputs ({}): export it with one input of shape [rows, features]",
            inputs.len(),
            names.join(", ")
        ));
    };
    let width = features.len();
    if let Some(declared) = declared_width(input)
        && declared != width
    {
        return Err(format!("the model takes {declared} features, the specification lists {width}: {}", features.join(", ")));
    }
    known.insert(&input.name, Known::Affine(Affine::numbers(Rc::new(Vec::new()), width)));
    for node in &graph.node {
        let operands: Vec<Option<&Known>> = node.input.iter().map(|name| known.get(name.as_str())).collect();
        let results = interpret(node, &operands)?;
        for (name, result) in node.output.iter().zip(results) {
            known.insert(name, result);
        }
    }
    let mut refusal = "the graph has no output".to_owned();
    for output in &graph.output {
        match known.get(output.name.as_str()) {
            Some(Known::Probability { odds: Odds { hidden, log_odds }, columns, class }) => {
                if hidden.iter().flatten().chain([log_odds]).any(|sum| !sum.bias.is_finite() || sum.weights.iter().any(|w| !w.is_finite()))
                {
                    return Err("a coefficient is infinite or not a number".to_owned());
                }
                let class = if class == "1" { label(graph).unwrap_or_else(|| class.clone()) } else { class.clone() };
                let Linear { weights, bias } = log_odds.clone();
                let numbers = Numbers { hidden: hidden.to_vec(), coefficients: weights, intercept: bias };
                return Ok(Found { output: output.name.clone(), numbers, columns: *columns, class });
            }
            Some(Known::Complement(_)) => {
                refusal = format!("the output `{}` is the probability of the first class: export that of the second", output.name);
            }
            Some(Known::Affine(_)) => {
                refusal = format!("the output `{}` is not a probability: export the model with its Sigmoid", output.name);
            }
            Some(Known::Other(why)) => refusal.clone_from(why),
            Some(Known::Constant(_)) | None => refusal = format!("the output `{}` does not depend on the features", output.name),
        }
    }
    Err(refusal)
}

/// The second of two labels that a graph looks its label up in: how skl2onnx ends an MLPClassifier.
fn label(graph: &pb::GraphProto) -> Option<String> {
    let lookup = graph.node.iter().find(|node| node.op_type == "ArrayFeatureExtractor")?;
    let labels = graph.initializer.iter().find(|tensor| Some(&tensor.name) == lookup.input.first())?;
    let texts: Vec<String> = labels.string_data.iter().map(|label| String::from_utf8_lossy(label).into_owned()).collect();
    let wide = labels.int64_data.iter().map(i64::to_string).chain(labels.int32_data.iter().map(i32::to_string));
    match (&texts[..], &wide.collect::<Vec<_>>()[..]) {
        ([_, second], _) | (_, [_, second]) => Some(second.clone()),
        _ => None,
    }
}

/// What a node's outputs are, given what its inputs are.
fn interpret(node: &pb::NodeProto, operands: &[Option<&Known>]) -> Result<Vec<Known>, String> {
    let here = describe(node);
    // What is downstream of an unread node stays unread for the first reason met.
    if let Some(why) = operands.iter().find_map(|operand| match operand {
        Some(Known::Other(why)) => Some(why.clone()),
        _ => None,
    }) {
        return Ok(vec![Known::Other(why); node.output.len()]);
    }
    let unread = || {
        Known::Other(format!(
            "{here} is not part of a logistic regression or multilayer perceptron as this program reads them: {READ_NODES} are read"
        ))
    };
    let first = operands.first().copied().flatten();
    let one = match (node.op_type.as_str(), first) {
        ("Constant", None) => match attribute(node, "value").and_then(|value| value.t.as_ref()) {
            Some(tensor) => constant(tensor)?,
            None => unread(),
        },
        ("Identity" | "Cast" | "Flatten" | "Squeeze", Some(same)) => match same {
            // A two-dimensional tensor is flat already; squeezing a single column keeps its values.
            Known::Probability { columns: 2, .. } | Known::Affine(_) if node.op_type == "Squeeze" => unread(),
            same => same.clone(),
        },
        ("Scaler", Some(Known::Affine(x))) => {
            let offset = floats(node, "offset", x.len()).unwrap_or_else(|| vec![0.0; x.len()]);
            let scale = floats(node, "scale", x.len()).unwrap_or_else(|| vec![1.0; x.len()]);
            let scaled = |(column, (offset, scale)): (&Linear, (&f64, &f64))| {
                Linear::combine(x.width(), [(column, *scale)].into_iter(), -offset * scale)
            };
            Known::Affine(x.with(x.columns.iter().zip(offset.iter().zip(&scale)).map(scaled).collect()))
        }
        ("Sub", Some(Known::Constant(one))) if one.data[..] == [1.0] => match operands.get(1) {
            Some(Some(Known::Probability { odds, columns: 1, .. })) => Known::Complement(odds.clone()),
            _ => elementwise(node, operands).unwrap_or_else(unread),
        },
        ("Concat", Some(Known::Complement(against))) => match operands.get(1) {
            Some(Some(Known::Probability { odds, columns: 1, class }))
                if operands.len() == 2 && odds == against && matches!(attribute(node, "axis").map(|axis| axis.i), Some(-1 | 1)) =>
            {
                Known::Probability { odds: odds.clone(), columns: 2, class: class.clone() }
            }
            _ => unread(),
        },
        ("Add" | "Sub" | "Mul" | "Div", Some(_)) => elementwise(node, operands).unwrap_or_else(unread),
        ("MatMul", Some(Known::Affine(x))) => match operands.get(1) {
            Some(Some(Known::Constant(weights))) => {
                product(x, weights, false, 1.0).map_or_else(unread, |columns| Known::Affine(x.with(columns)))
            }
            _ => unread(),
        },
        ("Gemm", Some(Known::Affine(x))) => gemm(node, x, operands).unwrap_or_else(unread),
        ("Relu", Some(Known::Affine(x))) => Known::Affine(x.relu()),
        ("Sigmoid", Some(Known::Affine(x))) => match &x.columns[..] {
            [log_odds] => Known::Probability { odds: odds(x, log_odds.clone()), columns: 1, class: "1".to_owned() },
            _ => Known::Other(format!(
                "{here} gives {} values: a Sigmoid is read over one log-odds, and between layers only Relu, so train the network with ReLU",
                x.len()
            )),
        },
        ("Softmax", Some(Known::Affine(x))) => match (&x.columns[..], attribute(node, "axis").map_or(-1, |axis| axis.i)) {
            ([against, modelled], -1 | 1) => two_classes(x, against, modelled, "1"),
            _ => Known::Other(format!("{here} is over {} classes, a model read here has two", x.len())),
        },
        ("LinearClassifier", Some(Known::Affine(x))) => {
            return Ok(vec![Known::Other(format!("{here} gives a label")), linear_classifier(node, x)]);
        }
        // Two probabilities that sum to one are their own L1 norm's quotient.
        ("Normalizer", Some(same @ Known::Probability { columns: 2, .. })) if text(node, "norm").as_deref() == Some("L1") => same.clone(),
        ("ZipMap", Some(_)) => {
            Known::Other(format!("{here} packs probabilities into a dictionary: export from scikit-learn with `zipmap=False`"))
        }
        (activation, Some(Known::Affine(_))) if OTHER_ACTIVATIONS.contains(&activation) => {
            Known::Other(format!("{here} is an activation that no circuit proves: train the network with ReLU between its layers"))
        }
        _ => unread(),
    };
    let mut results = vec![one];
    results.resize_with(node.output.len().max(1), unread);
    Ok(results)
}

fn odds(x: &Affine, log_odds: Linear) -> Odds {
    Odds { hidden: Rc::clone(&x.hidden), log_odds }
}

fn two_classes(x: &Affine, against: &Linear, modelled: &Linear, class: &str) -> Known {
    let log_odds = Linear::combine(x.width(), [(modelled, 1.0), (against, -1.0)].into_iter(), 0.0);
    Known::Probability { odds: odds(x, log_odds), columns: 2, class: class.to_owned() }
}

fn elementwise(node: &pb::NodeProto, operands: &[Option<&Known>]) -> Option<Known> {
    let (x, constant, constant_first) = match operands {
        [Some(Known::Affine(x)), Some(Known::Constant(constant))] => (x, constant, false),
        [Some(Known::Constant(constant)), Some(Known::Affine(x))] => (x, constant, true),
        _ => return None,
    };
    let numbers = constant.per_column(x.len())?;
    let columns = x.columns.iter().zip(numbers).map(|(column, c)| {
        let (factor, added) = match (node.op_type.as_str(), constant_first) {
            ("Add", _) => (1.0, c),
            ("Sub", false) => (1.0, -c),
            ("Sub", true) => (-1.0, c),
            ("Mul", _) => (c, 0.0),
            ("Div", false) => (1.0 / c, 0.0),
            // A constant divided by a feature is not affine.
            _ => return None,
        };
        Some(Linear::combine(x.width(), [(column, factor)].into_iter(), added))
    });
    columns.collect::<Option<_>>().map(|columns| Known::Affine(x.with(columns)))
}

/// `factor · x · weights`, or with the transposed weights.
fn product(x: &Affine, weights: &Constant, transposed: bool, factor: f64) -> Option<Vec<Linear>> {
    let (rows, columns) = weights.matrix()?;
    let (from, to) = if transposed { (columns, rows) } else { (rows, columns) };
    if from != x.len() {
        return None;
    }
    let at = |i: usize, j: usize| if transposed { weights.data[j * columns + i] } else { weights.data[i * columns + j] };
    let column = |j: usize| Linear::combine(x.width(), x.columns.iter().enumerate().map(|(i, x)| (x, factor * at(i, j))), 0.0);
    Some((0..to).map(column).collect())
}

fn gemm(node: &pb::NodeProto, x: &Affine, operands: &[Option<&Known>]) -> Option<Known> {
    let number = |name, default| attribute(node, name).map_or(default, |value| f64::from(value.f));
    let flag = |name| attribute(node, name).is_some_and(|value| value.i != 0);
    let Some(Some(Known::Constant(weights))) = operands.get(1) else { return None };
    if flag("transA") {
        return None;
    }
    let mut columns = product(x, weights, flag("transB"), number("alpha", 1.0))?;
    match operands.get(2) {
        None => {}
        Some(Some(Known::Constant(bias))) => {
            for (column, bias) in columns.iter_mut().zip(bias.per_column(weights_out(weights, flag("transB"))?)?) {
                column.bias += number("beta", 1.0) * bias;
            }
        }
        Some(_) => return None,
    }
    Some(Known::Affine(x.with(columns)))
}

fn weights_out(weights: &Constant, transposed: bool) -> Option<usize> {
    weights.matrix().map(|(rows, columns)| if transposed { rows } else { columns })
}

/// The probability output of a two-class `LinearClassifier` (ai.onnx.ml).
fn linear_classifier(node: &pb::NodeProto, x: &Affine) -> Known {
    let here = describe(node);
    let classes: Vec<String> = match (attribute(node, "classlabels_ints"), attribute(node, "classlabels_strings")) {
        (Some(labels), _) if !labels.ints.is_empty() => labels.ints.iter().map(i64::to_string).collect(),
        (_, Some(labels)) => labels.strings.iter().map(|label| String::from_utf8_lossy(label).into_owned()).collect(),
        _ => Vec::new(),
    };
    let [_, class] = &classes[..] else {
        return Known::Other(format!("{here} has {} classes, a logistic regression has two", classes.len()));
    };
    let Some(coefficients) = attribute(node, "coefficients").map(|value| &value.floats) else {
        return Known::Other(format!("{here} has no coefficients"));
    };
    if x.len() == 0 || !matches!(coefficients.len() / x.len(), 1 | 2) || coefficients.len() % x.len() != 0 {
        return Known::Other(format!("{here} has {} coefficients for {} features and two classes", coefficients.len(), x.len()));
    }
    let intercepts = attribute(node, "intercepts").map(|value| &value.floats[..]).unwrap_or_default();
    let rows: Vec<Linear> = coefficients
        .chunks(x.len())
        .enumerate()
        .map(|(row, weights)| {
            let parts = x.columns.iter().zip(weights).map(|(x, weight)| (x, f64::from(*weight)));
            Linear::combine(x.width(), parts, intercepts.get(row).map_or(0.0, |bias| f64::from(*bias)))
        })
        .collect();
    match (&rows[..], text(node, "post_transform").as_deref()) {
        ([log_odds], Some("LOGISTIC")) => Known::Probability { odds: odds(x, log_odds.clone()), columns: 2, class: class.clone() },
        ([against, modelled], Some("SOFTMAX")) => two_classes(x, against, modelled, class),
        ([against, modelled], Some("LOGISTIC")) => {
            // scikit-learn's binary form: the first row is the second with its signs turned.
            let negated = against.bias == -modelled.bias && against.weights.iter().zip(&modelled.weights).all(|(a, b)| *a == -*b);
            if negated {
                Known::Probability { odds: odds(x, modelled.clone()), columns: 2, class: class.clone() }
            } else {
                Known::Other(format!("{here} scores its two classes one against the rest, a logistic regression has one score"))
            }
        }
        (_, transform) => Known::Other(format!("{here} ends in {}, LOGISTIC or a two-row SOFTMAX is read", transform.unwrap_or("NONE"))),
    }
}

pub(super) fn attribute<'a>(node: &'a pb::NodeProto, name: &str) -> Option<&'a pb::AttributeProto> {
    node.attribute.iter().find(|attribute| attribute.name == name)
}

fn text(node: &pb::NodeProto, name: &str) -> Option<String> {
    attribute(node, name).map(|value| String::from_utf8_lossy(&value.s).into_owned())
}

/// A list of floats spread over `columns`; `None` if it is absent or of another length.
fn floats(node: &pb::NodeProto, name: &str, columns: usize) -> Option<Vec<f64>> {
    let list: Vec<f64> = attribute(node, name)?.floats.iter().map(|x| f64::from(*x)).collect();
    Constant { dims: vec![list.len()], data: list }.per_column(columns)
}

/// Number of columns an input declares, unless it leaves them open.
fn declared_width(input: &pb::ValueInfoProto) -> Option<usize> {
    let pb::type_proto::Value::TensorType(tensor) = input.r#type.as_ref()?.value.as_ref()?;
    match tensor.shape.as_ref()?.dim.last()?.value.as_ref()? {
        pb::tensor_shape_proto::dimension::Value::DimValue(width) => usize::try_from(*width).ok(),
        pb::tensor_shape_proto::dimension::Value::DimParam(_) => None,
    }
}

/// A stored tensor; numbers other than floats are known to be constant and no more.
fn constant(tensor: &pb::TensorProto) -> Result<Known, String> {
    if !tensor.external_data.is_empty() {
        return Err(format!("the tensor `{}` stands in a file of its own: export the model as one file", tensor.name));
    }
    let raw = &tensor.raw_data;
    let data: Vec<f64> = match tensor_proto::DataType::try_from(tensor.data_type) {
        Ok(tensor_proto::DataType::Float) if raw.is_empty() => tensor.float_data.iter().map(|x| f64::from(*x)).collect(),
        Ok(tensor_proto::DataType::Float) => raw.as_chunks().0.iter().map(|bytes| f64::from(f32::from_le_bytes(*bytes))).collect(),
        Ok(tensor_proto::DataType::Double) if raw.is_empty() => tensor.double_data.clone(),
        Ok(tensor_proto::DataType::Double) => raw.as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect(),
        _ => Vec::new(),
    };
    let dims = tensor.dims.iter().map(|dim| usize::try_from(*dim).unwrap_or(0)).collect();
    Ok(Known::Constant(Constant { dims, data }))
}
