//! Multilayer perceptrons from ONNX: read as they compute, refused by the node at fault, and close to their integers.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use verifold_circuits::AnyModel;
use verifold_model::plan::ModelKind;
use verifold_prove::{error::ProveError, integer, layout::Layout, onnx::FloatModel, plan, rows::ingest, spec::Spec};

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn spec(scale_bits: u8) -> Spec {
    let text = fs::read_to_string(data("spec.toml")).unwrap();
    assert!(text.contains("scale_bits = 15"));
    Spec::parse(&text.replacen("scale_bits = 15", &format!("scale_bits = {scale_bits}"), 1), Path::new("spec.toml")).unwrap()
}

fn model(name: &str) -> Result<FloatModel, ProveError> {
    let spec = spec(15);
    let features: Vec<&str> = spec.features.iter().map(|feature| feature.name.as_str()).collect();
    FloatModel::read(&fs::read(data(name)).unwrap(), &features, Path::new(name))
}

fn widths(model: &FloatModel) -> Vec<usize> {
    model.numbers.widths()
}

#[derive(serde::Deserialize)]
struct Expected {
    rows: Vec<Vec<f32>>,
    networks: BTreeMap<String, Vec<f64>>,
}

/// Numbers read, and the model's own run, against scikit-learn's or onnxruntime's.
#[test]
fn networks_of_both_libraries_are_read_as_they_compute() {
    let all: Expected = serde_json::from_slice(&fs::read(data("networks.expected.json")).unwrap()).unwrap();
    let expected_widths: BTreeMap<&str, (&[usize], &str)> = BTreeMap::from([
        ("sklearn_network", (&[8][..], "1")),
        ("sklearn_network_labels", (&[10, 6], "default")),
        ("torch_perceptron_traced", (&[2], "1")),
        ("torch_perceptron_captured", (&[2], "1")),
    ]);
    assert_eq!(all.networks.len(), expected_widths.len());
    for (name, expected) in &all.networks {
        let found = model(&format!("{name}.onnx")).unwrap();
        let (layers, class) = expected_widths[name.as_str()];
        assert_eq!((&widths(&found)[..], found.class.as_str()), (layers, class), "{name}");
        let probabilities = found.probabilities(all.rows.iter().map(|row| &row[..])).unwrap();
        assert_eq!(probabilities.len(), expected.len());
        for ((run, expected), row) in probabilities.iter().zip(expected).zip(&all.rows) {
            assert!((run - expected).abs() < 2e-6, "{name}: {run} is not {expected}");
            let read = integer::probability(found.numbers.log_odds(row));
            assert!((read - expected).abs() < 2e-6, "{name}: {read} is not {expected}");
        }
    }
}

#[track_caller]
fn refused(name: &str, expected: &str) {
    assert_eq!(model(name).err().unwrap().to_string(), format!("{expected}\n  in the model {name}"));
}

#[test]
fn other_activations_and_more_classes_are_refused_by_their_node() {
    refused(
        "refused_tanh.onnx",
        "node `Tanh` (Tanh) is an activation that no circuit proves: train the network with ReLU between its layers",
    );
    refused(
        "refused_logistic.onnx",
        "node `Sigmoid` (Sigmoid) gives 4 values: a Sigmoid is read over one log-odds, and between layers only Relu, so train the network with ReLU",
    );
    refused("refused_classes.onnx", "node `Relu1` (Softmax) is over 3 classes, a model read here has two");
}

#[test]
fn a_network_that_no_shape_holds_is_named_with_the_menu() {
    let layout = Layout::new(&spec(15)).unwrap();
    let error = layout.clone().with_hidden(&[65, 3]).unwrap_err();
    assert!(error.problem.starts_with("the network's hidden layers have 65 and 3 neurons, which no shape holds"), "{error}");
    assert!(error.problem.contains("hidden layers none, 8, 16"), "{error}");
    assert_eq!(layout.with_hidden(&[10, 6]).unwrap().shape.hidden(), [16, 8]);
}

/// The integer network against the float one over the reference rows, and the plan that follows.
fn gap(name: &str, scale_bits: u8) -> (verifold_model::plan::Plan, AnyModel, integer::QuantisationError) {
    let spec = spec(scale_bits);
    let float = model(name).unwrap();
    let layout = Layout::new(&spec).unwrap().with_hidden(&widths(&float)).unwrap();
    let integers = integer::quantise_any(&float.numbers, &layout, scale_bits).unwrap().0;
    let reference = ingest(&spec, &layout, &data("reference.csv"), &[spec.reference], None).unwrap();
    let rows = &reference.batches[0];
    let decision = (spec.scoring.cutoff, spec.scoring.direction);
    let (probabilities, error) = integer::compare(&float, Path::new(name), &integers, scale_bits, decision, rows.iter()).unwrap();
    (plan::derive(&spec, &layout, &integers, rows, &probabilities).unwrap(), integers, error)
}

#[test]
fn integers_stay_close_to_the_float_network_and_inside_the_circuit() {
    // Each at the largest scale its last layer's weights leave room for.
    // Each at the largest scale its last layer's weights leave room for; a coarser one is further from the float model.
    for (name, scale_bits, [log_odds, probability], words) in [
        ("sklearn_network.onnx", 20, [0.02, 0.005], "multilayer perceptron 6-8-1"),
        ("sklearn_network_labels.onnx", 20, [0.02, 0.005], "multilayer perceptron 6-16-8-1"),
        ("torch_perceptron_traced.onnx", 18, [0.1, 0.01], "multilayer perceptron 6-8-1"),
    ] {
        let (plan, integers, error) = gap(name, scale_bits);
        assert_eq!((plan.scoring.kind, plan.model_words().as_str()), (ModelKind::MultilayerPerceptron, words));
        integers.check(&plan).unwrap();
        assert_eq!(error.rows, 200);
        assert!(
            error.max_log_odds < log_odds && error.max_probability < probability && error.decisions_differing <= 1,
            "{name}: {error:?}"
        );
    }
}

#[test]
fn a_scale_beyond_the_last_layers_weights_says_which_fits() {
    let float = model("sklearn_network.onnx").unwrap();
    let layout = Layout::new(&spec(15)).unwrap().with_hidden(&[8]).unwrap();
    let quantise = |bits| integer::quantise_any(&float.numbers, &layout, bits);
    let largest = (1..=32).rev().find(|bits| quantise(*bits).is_ok()).unwrap();
    let error = quantise(largest + 1).unwrap_err().to_string();
    assert!(error.contains("of the last hidden layer would be") && error.contains(&largest.to_string()), "{error}");
}
