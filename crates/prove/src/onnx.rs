//! Which coefficients does an ONNX file hold, and what does the model itself compute?
//!
//! 1. [`LogisticRegression::read`] follows the graph from its one input to a probability, carrying
//!    an affine map of the features, and refuses every node that is not part of one.
//! 2. [`LogisticRegression::probabilities`] runs the file itself, so that what was read can be
//!    compared with what the model does.
//!
//! Read are the graphs that scikit-learn's `LogisticRegression` (`zipmap=False`, alone or behind a
//! `StandardScaler`) and a PyTorch `Linear` with a sigmoid are exported to.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use tract_onnx::{
    pb::{self, tensor_proto},
    prelude::{Datum, Framework, InferenceFact, InferenceModelExt, IntoRunnable, Tensor, TypedRunnableModel, tvec},
};

use crate::error::ProveError;

/// Rows handed to the float model at once.
const RUN_ROWS: usize = 1024;

/// Nodes a logistic regression is read from, for error texts.
const READ_NODES: &str = "LinearClassifier, Normalizer, Scaler, Gemm, MatMul, Add, Sub, Mul, Div, Sigmoid, Softmax over two classes, Cast, Identity, Flatten and Squeeze";

/// A logistic regression as an ONNX file holds it.
pub struct LogisticRegression {
    /// Change of the log-odds per unit of each input, in input order.
    pub coefficients: Vec<f64>,
    /// Log-odds where every input is 0.
    pub intercept: f64,
    /// Label of the class whose probability is modelled; `1` where the file names none.
    pub class: String,
    run: Arc<TypedRunnableModel>,
    /// Columns of the probability tensor; the last one is the modelled class.
    columns: usize,
}

impl LogisticRegression {
    /// Reads an ONNX file's bytes; `features` are the names of the model's inputs in order, `path` only says where the bytes came from.
    ///
    /// # Errors
    /// [`ProveError::Model`] naming the node or number that is not read.
    pub fn read(bytes: &[u8], features: &[&str], path: &Path) -> Result<Self, ProveError> {
        let fail = |problem: String| ProveError::Model { path: path.to_owned(), problem };
        let (mut model, found) = parse(bytes, features).map_err(fail)?;
        let graph = model.graph.as_mut().ok_or_else(|| fail(NO_GRAPH.to_owned()))?;
        lower_scalers(graph).map_err(fail)?;
        number_labels(graph);
        // The label branch is of no use here, and the runtime knows fewer nodes than the file may hold.
        graph.output.retain(|output| output.name == found.output);
        keep_ancestors(graph, &found.output);
        let run = runnable(&model, features.len()).map_err(|problem| ProveError::FloatRun { path: path.to_owned(), problem })?;
        Ok(Self { coefficients: found.log_odds.weights, intercept: found.log_odds.bias, class: found.class, run, columns: found.columns })
    }

    /// The coefficients in input order and the intercept alone: nothing of the file is run.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn coefficients(bytes: &[u8], features: &[&str], path: &Path) -> Result<(Vec<f64>, f64), ProveError> {
        let (_, found) = parse(bytes, features).map_err(|problem| ProveError::Model { path: path.to_owned(), problem })?;
        Ok((found.log_odds.weights, found.log_odds.bias))
    }

    /// Log-odds of a row of feature values, from the coefficients read.
    pub fn log_odds(&self, row: &[f32]) -> f64 {
        self.intercept + self.coefficients.iter().zip(row).map(|(weight, x)| weight * f64::from(*x)).sum::<f64>()
    }

    /// What the model itself gives as the probability of [`Self::class`], row by row.
    ///
    /// # Errors
    /// A sentence of the runtime's.
    pub fn probabilities<'a>(&self, rows: impl ExactSizeIterator<Item = &'a [f32]>) -> Result<Vec<f64>, String> {
        let width = self.coefficients.len();
        let mut probabilities = Vec::with_capacity(rows.len());
        let mut rows = rows.peekable();
        while rows.peek().is_some() {
            // The graph is compiled for one number of rows; the last portion is filled up with zeros.
            let mut portion = Vec::with_capacity(RUN_ROWS * width);
            let mut filled = 0;
            for row in rows.by_ref().take(RUN_ROWS) {
                portion.extend_from_slice(row);
                filled += 1;
            }
            portion.resize(RUN_ROWS * width, 0.0);
            let input = Tensor::from_shape(&[RUN_ROWS, width], &portion).map_err(|error| format!("{error:#}"))?;
            let outputs = self.run.run(tvec!(input.into())).map_err(|error| format!("{error:#}"))?;
            let output = outputs.first().ok_or("the model has no output")?.cast_to::<f64>().map_err(|error| format!("{error:#}"))?;
            let values = output.to_plain_array_view::<f64>().map_err(|error| format!("{error:#}"))?;
            if values.len() != RUN_ROWS * self.columns {
                return Err(format!("{} output values for {RUN_ROWS} rows", values.len()));
            }
            probabilities.extend(values.iter().skip(self.columns - 1).step_by(self.columns).take(filled));
        }
        Ok(probabilities)
    }
}

const NO_GRAPH: &str = "the file holds no graph";

fn parse(bytes: &[u8], features: &[&str]) -> Result<(pb::ModelProto, Found), String> {
    let model =
        tract_onnx::onnx().proto_model_for_read(&mut &bytes[..]).map_err(|error| format!("not readable as an ONNX file: {error}"))?;
    let found = follow(model.graph.as_ref().ok_or(NO_GRAPH)?, features)?;
    Ok((model, found))
}

/// An affine function of the model's inputs.
#[derive(Debug, Clone, PartialEq)]
struct Linear {
    weights: Vec<f64>,
    bias: f64,
}

impl Linear {
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
    /// Affine functions of the inputs, one per column.
    Affine(Vec<Linear>),
    /// The probability of the second class, alone or behind its complement.
    Probability {
        log_odds: Linear,
        columns: usize,
        class: String,
    },
    /// Not part of a logistic regression, and why.
    Other(String),
}

struct Found {
    output: String,
    log_odds: Linear,
    columns: usize,
    class: String,
}

fn describe(node: &pb::NodeProto) -> String {
    if node.name.is_empty() { format!("node {}", node.op_type) } else { format!("node `{}` ({})", node.name, node.op_type) }
}

/// Follows the graph from its input to a probability among its outputs.
fn follow(graph: &pb::GraphProto, features: &[&str]) -> Result<Found, String> {
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
    let unit = |at: usize| Linear { weights: (0..width).map(|i| if i == at { 1.0 } else { 0.0 }).collect(), bias: 0.0 };
    known.insert(&input.name, Known::Affine((0..width).map(unit).collect()));
    for node in &graph.node {
        let operands: Vec<Option<&Known>> = node.input.iter().map(|name| known.get(name.as_str())).collect();
        let results = interpret(node, &operands, width)?;
        for (name, result) in node.output.iter().zip(results) {
            known.insert(name, result);
        }
    }
    let mut refusal = "the graph has no output".to_owned();
    for output in &graph.output {
        match known.get(output.name.as_str()) {
            Some(Known::Probability { log_odds, columns, class }) => {
                if log_odds.weights.iter().chain([&log_odds.bias]).any(|number| !number.is_finite()) {
                    return Err("a coefficient is infinite or not a number".to_owned());
                }
                return Ok(Found { output: output.name.clone(), log_odds: log_odds.clone(), columns: *columns, class: class.clone() });
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

/// What a node's outputs are, given what its inputs are.
fn interpret(node: &pb::NodeProto, operands: &[Option<&Known>], inputs: usize) -> Result<Vec<Known>, String> {
    let here = describe(node);
    // What is downstream of an unread node stays unread for the first reason met.
    if let Some(why) = operands.iter().find_map(|operand| match operand {
        Some(Known::Other(why)) => Some(why.clone()),
        _ => None,
    }) {
        return Ok(vec![Known::Other(why); node.output.len()]);
    }
    let unread = || Known::Other(format!("{here} is not part of a logistic regression as this program reads it: {READ_NODES} are read"));
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
            Known::Affine(
                x.iter()
                    .zip(offset.iter().zip(&scale))
                    .map(|(x, (offset, scale))| Linear::combine(inputs, [(x, *scale)].into_iter(), -offset * scale))
                    .collect(),
            )
        }
        ("Add" | "Sub" | "Mul" | "Div", Some(_)) => elementwise(node, operands, inputs).unwrap_or_else(unread),
        ("MatMul", Some(Known::Affine(x))) => match operands.get(1) {
            Some(Some(Known::Constant(weights))) => product(x, weights, false, 1.0, inputs).map_or_else(unread, Known::Affine),
            _ => unread(),
        },
        ("Gemm", Some(Known::Affine(x))) => gemm(node, x, operands, inputs).unwrap_or_else(unread),
        ("Sigmoid", Some(Known::Affine(x))) => match &x[..] {
            [log_odds] => Known::Probability { log_odds: log_odds.clone(), columns: 1, class: "1".to_owned() },
            _ => Known::Other(format!("{here} gives {} probabilities, a logistic regression one", x.len())),
        },
        ("Softmax", Some(Known::Affine(x))) => match (&x[..], attribute(node, "axis").map_or(-1, |axis| axis.i)) {
            ([against, modelled], -1 | 1) => two_classes(against, modelled, inputs, "1"),
            _ => Known::Other(format!("{here} is over {} classes, a logistic regression has two", x.len())),
        },
        ("LinearClassifier", Some(Known::Affine(x))) => {
            return Ok(vec![Known::Other(format!("{here} gives a label")), linear_classifier(node, x, inputs)]);
        }
        // Two probabilities that sum to one are their own L1 norm's quotient.
        ("Normalizer", Some(same @ Known::Probability { columns: 2, .. })) if text(node, "norm").as_deref() == Some("L1") => same.clone(),
        ("ZipMap", Some(_)) => {
            Known::Other(format!("{here} packs probabilities into a dictionary: export from scikit-learn with `zipmap=False`"))
        }
        _ => unread(),
    };
    let mut results = vec![one];
    results.resize_with(node.output.len().max(1), unread);
    Ok(results)
}

fn two_classes(against: &Linear, modelled: &Linear, inputs: usize, class: &str) -> Known {
    Known::Probability {
        log_odds: Linear::combine(inputs, [(modelled, 1.0), (against, -1.0)].into_iter(), 0.0),
        columns: 2,
        class: class.to_owned(),
    }
}

fn elementwise(node: &pb::NodeProto, operands: &[Option<&Known>], inputs: usize) -> Option<Known> {
    let (x, constant, constant_first) = match operands {
        [Some(Known::Affine(x)), Some(Known::Constant(constant))] => (x, constant, false),
        [Some(Known::Constant(constant)), Some(Known::Affine(x))] => (x, constant, true),
        _ => return None,
    };
    let numbers = constant.per_column(x.len())?;
    let columns = x.iter().zip(numbers).map(|(x, c)| {
        let (factor, added) = match (node.op_type.as_str(), constant_first) {
            ("Add", _) => (1.0, c),
            ("Sub", false) => (1.0, -c),
            ("Sub", true) => (-1.0, c),
            ("Mul", _) => (c, 0.0),
            ("Div", false) => (1.0 / c, 0.0),
            // A constant divided by a feature is not affine.
            _ => return None,
        };
        Some(Linear::combine(inputs, [(x, factor)].into_iter(), added))
    });
    columns.collect::<Option<_>>().map(Known::Affine)
}

/// `factor · x · weights`, or with the transposed weights.
fn product(x: &[Linear], weights: &Constant, transposed: bool, factor: f64, inputs: usize) -> Option<Vec<Linear>> {
    let (rows, columns) = weights.matrix()?;
    let (from, to) = if transposed { (columns, rows) } else { (rows, columns) };
    if from != x.len() {
        return None;
    }
    let at = |i: usize, j: usize| if transposed { weights.data[j * columns + i] } else { weights.data[i * columns + j] };
    Some((0..to).map(|j| Linear::combine(inputs, x.iter().enumerate().map(|(i, x)| (x, factor * at(i, j))), 0.0)).collect())
}

fn gemm(node: &pb::NodeProto, x: &[Linear], operands: &[Option<&Known>], inputs: usize) -> Option<Known> {
    let number = |name, default| attribute(node, name).map_or(default, |value| f64::from(value.f));
    let flag = |name| attribute(node, name).is_some_and(|value| value.i != 0);
    let Some(Some(Known::Constant(weights))) = operands.get(1) else { return None };
    if flag("transA") {
        return None;
    }
    let mut columns = product(x, weights, flag("transB"), number("alpha", 1.0), inputs)?;
    match operands.get(2) {
        None => {}
        Some(Some(Known::Constant(bias))) => {
            for (column, bias) in columns.iter_mut().zip(bias.per_column(weights_out(weights, flag("transB"))?)?) {
                column.bias += number("beta", 1.0) * bias;
            }
        }
        Some(_) => return None,
    }
    Some(Known::Affine(columns))
}

fn weights_out(weights: &Constant, transposed: bool) -> Option<usize> {
    weights.matrix().map(|(rows, columns)| if transposed { rows } else { columns })
}

/// The probability output of a two-class `LinearClassifier` (ai.onnx.ml).
fn linear_classifier(node: &pb::NodeProto, x: &[Linear], inputs: usize) -> Known {
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
    if x.is_empty() || !matches!(coefficients.len() / x.len(), 1 | 2) || coefficients.len() % x.len() != 0 {
        return Known::Other(format!("{here} has {} coefficients for {} features and two classes", coefficients.len(), x.len()));
    }
    let intercepts = attribute(node, "intercepts").map(|value| &value.floats[..]).unwrap_or_default();
    let rows: Vec<Linear> = coefficients
        .chunks(x.len())
        .enumerate()
        .map(|(row, weights)| {
            let parts = x.iter().zip(weights).map(|(x, weight)| (x, f64::from(*weight)));
            Linear::combine(inputs, parts, intercepts.get(row).map_or(0.0, |bias| f64::from(*bias)))
        })
        .collect();
    match (&rows[..], text(node, "post_transform").as_deref()) {
        ([log_odds], Some("LOGISTIC")) => Known::Probability { log_odds: log_odds.clone(), columns: 2, class: class.clone() },
        ([against, modelled], Some("SOFTMAX")) => two_classes(against, modelled, inputs, class),
        ([against, modelled], Some("LOGISTIC")) => {
            // scikit-learn's binary form: the first row is the second with its signs turned.
            let negated = against.bias == -modelled.bias && against.weights.iter().zip(&modelled.weights).all(|(a, b)| *a == -*b);
            if negated {
                Known::Probability { log_odds: modelled.clone(), columns: 2, class: class.clone() }
            } else {
                Known::Other(format!("{here} scores its two classes one against the rest, a logistic regression has one score"))
            }
        }
        (_, transform) => Known::Other(format!("{here} ends in {}, LOGISTIC or a two-row SOFTMAX is read", transform.unwrap_or("NONE"))),
    }
}

fn attribute<'a>(node: &'a pb::NodeProto, name: &str) -> Option<&'a pb::AttributeProto> {
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

/// Writes `Scaler` nodes, which the runtime does not know, as the difference and product they are.
fn lower_scalers(graph: &mut pb::GraphProto) -> Result<(), String> {
    let mut nodes = Vec::with_capacity(graph.node.len());
    for node in std::mem::take(&mut graph.node) {
        if node.op_type != "Scaler" {
            nodes.push(node);
            continue;
        }
        let [x] = &node.input[..] else { return Err(format!("{} has {} inputs", describe(&node), node.input.len())) };
        let mut from = x.clone();
        let to = node.output.first().cloned().unwrap_or_default();
        for (op_type, list, result) in [("Sub", "offset", format!("{to}/centred")), ("Mul", "scale", to)] {
            let neutral = if op_type == "Sub" { 0.0 } else { 1.0 };
            let numbers = attribute(&node, list).map_or_else(|| vec![neutral], |value| value.floats.clone());
            let name = format!("{result}/{list}");
            graph.initializer.push(pb::TensorProto {
                name: name.clone(),
                dims: vec![i64::try_from(numbers.len()).unwrap_or(0)],
                data_type: tensor_proto::DataType::Float as i32,
                float_data: numbers,
                ..Default::default()
            });
            nodes.push(pb::NodeProto {
                name: format!("{}/{op_type}", node.name),
                op_type: op_type.to_owned(),
                input: vec![from, name],
                output: vec![result.clone()],
                ..Default::default()
            });
            from = result;
        }
    }
    graph.node = nodes;
    Ok(())
}

/// Gives text labels numbers: the runtime has no texts, and a probability does not depend on its label.
fn number_labels(graph: &mut pb::GraphProto) {
    for labels in graph.node.iter_mut().flat_map(|node| &mut node.attribute).filter(|attribute| attribute.name == "classlabels_strings") {
        let count = std::mem::take(&mut labels.strings).len();
        "classlabels_ints".clone_into(&mut labels.name);
        labels.ints = (0..).take(count).collect();
        labels.r#type = pb::attribute_proto::AttributeType::Ints as i32;
    }
}

/// Drops nodes that the output does not depend on; nodes stand in the order they are computed in.
fn keep_ancestors(graph: &mut pb::GraphProto, output: &str) {
    let mut needed = vec![output.to_owned()];
    let mut kept = Vec::new();
    for node in std::mem::take(&mut graph.node).into_iter().rev() {
        if node.output.iter().any(|name| needed.contains(name)) {
            needed.extend(node.input.iter().cloned());
            kept.push(node);
        }
    }
    kept.reverse();
    graph.node = kept;
}

fn runnable(model: &pb::ModelProto, features: usize) -> Result<Arc<TypedRunnableModel>, String> {
    tract_onnx::onnx()
        .with_ignore_value_info(true)
        .model_for_proto_model(model)
        .and_then(|model| model.with_input_fact(0, InferenceFact::dt_shape(f32::datum_type(), [RUN_ROWS, features])))
        .and_then(InferenceModelExt::into_optimized)
        .and_then(IntoRunnable::into_runnable)
        .map_err(|error| format!("{error:#}"))
}
