//! How does a policy move the limits on what others wrote? The `[limits]` table.

use std::{borrow::Cow, collections::BTreeMap};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use toml::Spanned;
use verifold_model::limits::{Limit, Limits};

use crate::{notice::Notices, policy_file::CircuitFile};

/// Limits that differ from their defaults.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct LimitsFile(BTreeMap<Limit, Spanned<u64>>);

impl JsonSchema for LimitsFile {
    fn schema_name() -> Cow<'static, str> {
        "Limits".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let property = |limit: Limit| {
            let schema = json_schema!({
                "description": format!("Most {}.", limit.counts()),
                "type": "integer",
                "minimum": limit.least(),
                "default": limit.default(),
                "maximum": limit.most(),
            });
            (limit.key(), schema)
        };
        let properties: BTreeMap<&str, Schema> = Limit::ALL.into_iter().filter(|limit| !limit.is_fixed()).map(property).collect();
        json_schema!({
            "description": "Limits that differ from their defaults; docs/limits.md has them all with their reasons.",
            "type": "object",
            "properties": properties,
            "additionalProperties": false,
        })
    }
}

/// The limits a file sets; those outside their range are noted.
pub(crate) fn limits(file: Option<LimitsFile>, notices: &mut Notices<'_>) -> Limits {
    let mut limits = Limits::default();
    for (limit, value) in file.map(|file| file.0).unwrap_or_default() {
        let (found, least, most) = (*value.get_ref(), limit.least(), limit.most());
        if !(least..=most).contains(&found) {
            let text = if limit.is_fixed() {
                format!("`{}` is {most} whatever a policy says", limit.key())
            } else {
                let tighter = if most == limit.default() { "; it may only be tightened" } else { "" };
                format!("`{}` lies between {least} and {most}{tighter}, found {found}", limit.key())
            };
            notices.error("limits-range", value.span(), text);
        }
        limits = limits.with(limit, found);
    }
    limits
}

/// A shape that is accepted by name is within the limits; otherwise it would be accepted and refused.
pub(crate) fn check_shapes<'a>(circuits: impl Iterator<Item = &'a CircuitFile>, limits: &Limits, notices: &mut Notices<'_>) {
    for shape in circuits.flat_map(|circuit| &circuit.shapes) {
        let (at, shape) = (shape.span(), *shape.get_ref());
        for (limit, found) in [(Limit::Constraints, shape.padded_constraints()), (Limit::Features, shape.features() as u64)] {
            if let Err(exceeded) = limits.check(limit, found, "") {
                notices.error("shape-over-limit", at.clone(), exceeded.to_string());
            }
        }
    }
}
