//! Which numbers does an ONNX file hold, and what does the model itself compute?
//!
//! 1. [`FloatModel::read`] follows the graph from its one input to a probability ([`graph`]): an affine map of the
//!    features, or layers of neurons with ReLU between them, and refuses every node that is not part of one.
//! 2. [`FloatModel::probabilities`] runs the file itself, so that what was read can be
//!    compared with what the model does.
//!
//! Read are the graphs that scikit-learn's `LogisticRegression` and `MLPClassifier` (`zipmap=False`, alone or behind a
//! `StandardScaler`) and PyTorch's `Linear` layers with ReLU between them and a sigmoid at the end are exported to.

mod graph;

use std::{path::Path, sync::Arc};

use tract_onnx::{
    pb::{self, tensor_proto},
    prelude::{Datum, Framework, InferenceFact, InferenceModelExt, IntoRunnable, Tensor, TypedRunnableModel, tvec},
};

pub use self::graph::Linear;
use self::graph::{Found, attribute, describe, follow};
use crate::error::ProveError;

/// Rows handed to the float model at once.
const RUN_ROWS: usize = 1024;

const NO_GRAPH: &str = "the file holds no graph";

/// The numbers of a logistic regression or multilayer perceptron.
#[derive(Debug, Clone, PartialEq)]
pub struct Numbers {
    /// Neurons of each hidden layer, from the features on; none in a logistic regression.
    ///
    /// A neuron hands on what it gives where that is positive, and 0 elsewhere.
    pub hidden: Vec<Vec<Linear>>,
    /// Change of the log-odds per unit of each input, in input order, or of what each neuron of the last layer hands on.
    pub coefficients: Vec<f64>,
    /// Log-odds where all of these are 0.
    pub intercept: f64,
}

impl Numbers {
    /// What an ONNX file holds, in the order of its inputs; nothing of the file is run.
    ///
    /// # Errors
    /// As [`FloatModel::read`].
    pub fn read(bytes: &[u8], features: &[&str], path: &Path) -> Result<Self, ProveError> {
        let (_, found) = parse(bytes, features).map_err(|problem| ProveError::Model { path: path.to_owned(), problem })?;
        Ok(found.numbers)
    }

    /// Neurons of each hidden layer.
    pub fn widths(&self) -> Vec<usize> {
        self.hidden.iter().map(Vec::len).collect()
    }

    /// Log-odds of a row of feature values.
    pub fn log_odds(&self, row: &[f32]) -> f64 {
        let features = row.iter().map(|x| f64::from(*x)).collect();
        let handed_on =
            self.hidden.iter().fold(features, |values: Vec<f64>, layer| layer.iter().map(|neuron| neuron.of(&values).max(0.0)).collect());
        self.intercept + self.coefficients.iter().zip(handed_on).map(|(weight, x)| weight * x).sum::<f64>()
    }
}

fn parse(bytes: &[u8], features: &[&str]) -> Result<(pb::ModelProto, Found), String> {
    let model =
        tract_onnx::onnx().proto_model_for_read(&mut &bytes[..]).map_err(|error| format!("not readable as an ONNX file: {error}"))?;
    let found = follow(model.graph.as_ref().ok_or(NO_GRAPH)?, features)?;
    Ok((model, found))
}

/// A logistic regression or multilayer perceptron as an ONNX file holds it.
pub struct FloatModel {
    /// Its numbers.
    pub numbers: Numbers,
    /// Label of the class whose probability is modelled; `1` where the file names none.
    pub class: String,
    /// Features.
    inputs: usize,
    run: Arc<TypedRunnableModel>,
    /// Columns of the probability tensor; the last one is the modelled class.
    columns: usize,
}

impl FloatModel {
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
        Ok(Self { numbers: found.numbers, class: found.class, inputs: features.len(), run, columns: found.columns })
    }

    /// What the model itself gives as the probability of [`Self::class`], row by row.
    ///
    /// # Errors
    /// A sentence of the runtime's.
    pub fn probabilities<'a>(&self, rows: impl ExactSizeIterator<Item = &'a [f32]>) -> Result<Vec<f64>, String> {
        let width = self.inputs;
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
