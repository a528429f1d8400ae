//! What is printed: the record's values as text, in the order of the report. Counts in tables are masked where the policy asks
//! for it; counts inside the record's own texts (values, reasons, rules, findings) are not, and the report says so.

use serde_json::{Value, json};
use verifold_model::{
    change::ModelChange,
    cohort::{BatchRole, Outcome},
    digest::Digest,
    document::signed_text,
    format::{batches_text, bytes, count},
    lineage::LinkState,
    proof_system::Property,
    protocol::isolation_note,
    record::{
        AuditRecord, Change, Comparison, ProofState, ProofSummary, RequirementResult, SegmentSummary, Source, Standing as Evidence, WhyNode,
    },
    state::{RungState, Severity, Stage, State},
    traceability::{CLAIMED, role_title},
};

use crate::{Options, ReportError, Standing, chain, charts, development::development};

/// Name of the style a state is printed in; the template knows the eight of the tokens.
const fn style(state: State) -> &'static str {
    match state {
        State::Satisfied => "satisfied",
        State::Violated => "violated",
        State::Rejected => "rejected",
        State::Unverifiable => "unverifiable",
        State::Uncovered => "uncovered",
        State::NotApplicable => "not_applicable",
        State::Judgement(_) => "judgement",
    }
}

const fn rung_style(state: RungState) -> &'static str {
    match state {
        RungState::Holds => "satisfied",
        RungState::Fails => "rejected",
        RungState::NotMet => "violated",
        RungState::NotCheckable => "unverifiable",
        RungState::Undecided => "judgement",
        RungState::NotEstablished | RungState::NotReached => "uncovered",
    }
}

const fn sourced(source: Source) -> &'static str {
    match source {
        Source::Pinned => "as the engagement expects",
        Source::Contradicted => "not what the engagement expects",
        Source::Package => "taken from the package",
    }
}

/// A count, or that it is below the smallest cell the policy lets out.
pub(crate) fn cell(n: u64, min_cell: u32) -> String {
    if n > 0 && n < u64::from(min_cell) { format!("< {min_cell}") } else { count(n) }
}

/// Whether the policy has any count masked: [`cell`] alters none below 1.
pub(crate) const fn masks(record: &AuditRecord) -> bool {
    record.policy.min_cell > 1
}

fn flatten(node: &WhyNode, depth: usize, lines: &mut Vec<Value>) {
    lines.push(json!({
        "depth": depth,
        "label": node.label,
        "note": node.note,
        "actual": node.actual,
        "threshold": node.threshold,
        "margin": node.margin,
        "integers": node.integers,
        "style": node.state.map(style),
        "word": node.state.map(State::word),
    }));
    // Of plain values, as of groups compared, the ends say enough; the record has them all.
    let plain = node.children.len() > 2 && node.children.iter().all(|child| child.state.is_none());
    for (i, child) in node.children.iter().enumerate() {
        if !plain || i == 0 || i + 1 == node.children.len() {
            flatten(child, depth + 1, lines);
        }
    }
}

fn requirement(result: &RequirementResult) -> Value {
    let mut why = Vec::new();
    flatten(&result.why, 0, &mut why);
    json!({
        "id": result.id,
        "title": result.title,
        "sentence": result.sentence,
        "stage": result.stage.title(),
        "area": result.area,
        "severity": if result.severity == Severity::Mandatory { "mandatory" } else { "advisory" },
        "assertion": result.assertion,
        "style": style(result.state),
        "word": if result.watch { format!("{}, watch", result.state.word()) } else { result.state.word().to_owned() },
        "reason": result.reason,
        "actual": result.actual,
        "limit": result.limit,
        "margin": result.margin,
        "n": result.n,
        "legal": result.legal,
        "does_not_show": result.does_not_show,
        "why": why,
        "outstanding": !result.state.is_settled(),
        "batches": result.batches.iter().map(|batch| json!({
            "number": batch.number,
            "style": style(batch.state),
            "word": batch.state.word(),
            "actual": batch.actual,
            "margin": batch.margin,
            "n": count(batch.n),
        })).collect::<Vec<_>>(),
    })
}

/// A change of model; what its record says is the provider's word.
fn change(change: &ModelChange) -> Value {
    let (style, word) = match &change.record {
        None => ("uncovered", "no change record in the package"),
        Some(record) if record.contradiction.is_some() => ("rejected", "about another change"),
        Some(_) => ("not_applicable", "claimed by the provider"),
    };
    json!({
        "at": change.at.date_text(),
        "batch": if change.batch == 0 { "–".to_owned() } else { change.batch.to_string() },
        "old": change.old_model.to_string(),
        "new": change.new_model.to_string(),
        "proofs": format!("{}, {}", change.old_proof, change.new_proof),
        "source": sourced(change.source),
        "style": style,
        "word": word,
        "record": change.record.as_ref().map(|record| json!({
            "reason": record.document.reason,
            "approver": record.document.approver,
            "date": record.document.date,
            "reference": record.document.reference,
            "digest": record.digest.to_string(),
            "contradiction": record.contradiction,
        })),
    })
}

fn batches(record: &AuditRecord) -> Vec<Value> {
    let min_cell = record.policy.min_cell;
    let line = |batch: &verifold_model::record::BatchRecord| {
        let content = batch.content.as_ref();
        let number = |n: Option<u64>| n.map_or_else(|| "–".to_owned(), |n| cell(n, min_cell));
        json!({
            "number": if batch.role == BatchRole::Reference { "ref".to_owned() } else { batch.number.to_string() },
            "label": batch.label,
            "start": batch.start.date_text(),
            "standing": match batch.standing {
                Evidence::Proven => "proven",
                Evidence::Claimed => "claimed",
                Evidence::Missing => "missing",
            },
            "rows": number(content.map(|c| c.rows)),
            "scored": number(content.map(|c| c.scored)),
            "void": number(content.map(|c| c.void)),
            "known": number(content.map(|c| c.known)),
            "approved": number(content.map(|c| c.logged_approvals)),
            "commitment": content.map_or_else(String::new, |c| c.row_commitment.to_string()),
            "receipts": content.and_then(|c| c.receipts.as_ref()).map_or_else(String::new, |receipts| receipts.root.to_string()),
        })
    };
    record.batches.iter().map(line).collect()
}

/// What changed since an earlier record.
fn comparison(record: &AuditRecord) -> Option<Value> {
    let comparison = record.comparison.as_ref()?;
    let change = |change: &Change| {
        json!({
            "id": change.requirement,
            "kind": change.kind,
            "before": change.before.map(State::word),
            "after": change.after.map(State::word),
            "before_actual": change.before_actual,
            "after_actual": change.after_actual,
            "before_demand": change.before_demand,
            "after_demand": change.after_demand,
        })
    };
    let changes: Vec<_> = comparison.changes.iter().map(change).collect();
    let differs = comparison.differs.iter().map(|one| json!({ "what": one.what, "before": one.before, "after": one.after }));
    Some(json!({
        "against": comparison.against.to_string(),
        "earlier": Comparison::EARLIER,
        "differs": differs.collect::<Vec<_>>(),
        "unchanged": comparison.unchanged,
        "changes": changes,
    }))
}

/// Batches under later outcomes, and how many outcomes changed; none without a matured cohort.
fn matured(record: &AuditRecord) -> Vec<Value> {
    use verifold_model::cohort::Outcome::{Bad, Good, Unknown};
    let min_cell = record.policy.min_cell;
    let lines = record.batches.iter().filter_map(|batch| {
        let content = batch.content.as_ref()?;
        let matured = content.matured.as_ref()?;
        let changed = |moves: &[(Outcome, Outcome)]| {
            let counts = matured.revision.as_ref().map(|revision| revision.counts);
            let sum = counts.map(|counts| moves.iter().map(|(earlier, later)| u64::from(counts.of(*earlier, *later))).sum::<u64>());
            sum.map_or_else(|| "–".to_owned(), |n| cell(n, min_cell))
        };
        Some(json!({
            "number": if batch.role == BatchRole::Reference { "ref".to_owned() } else { batch.number.to_string() },
            "label": batch.label,
            "known_then": cell(content.known, min_cell),
            "known": cell(matured.known, min_cell),
            "bad": cell(matured.bad, min_cell),
            "good_to_bad": changed(&[(Good, Bad)]),
            "bad_to_good": changed(&[(Bad, Good)]),
            "withdrawn": changed(&[(Good, Unknown), (Bad, Unknown)]),
        }))
    });
    lines.collect()
}

/// Groups over all proven monitoring batches together; none where nothing is proven, as a zero would be a count.
fn groups(record: &AuditRecord) -> Vec<Value> {
    if !record.batches.iter().any(|batch| batch.role == BatchRole::Monitoring && batch.standing == Evidence::Proven) {
        return Vec::new();
    }
    let min_cell = record.policy.min_cell;
    let names = record.plan.as_ref().map_or(&[][..], |plan| &plan.plan.grouping.names);
    let lines = names.iter().enumerate().map(|(i, name)| {
        let of = |part: fn(&verifold_model::record::GroupLine) -> u64| -> u64 {
            record
                .batches
                .iter()
                .filter(|batch| batch.role == BatchRole::Monitoring && batch.standing == Evidence::Proven)
                .filter_map(|batch| batch.content.as_ref()?.groups.get(i))
                .map(part)
                .sum()
        };
        json!({
            "name": name,
            "scored": cell(of(|g| g.scored), min_cell),
            "model": cell(of(|g| g.model_approved), min_cell),
            "logged": cell(of(|g| g.logged_approved), min_cell),
            "good": cell(of(|g| g.good), min_cell),
            "bad": cell(of(|g| g.bad), min_cell),
            "void": cell(of(|g| g.void), min_cell),
        })
    });
    lines.collect()
}

fn proofs(record: &AuditRecord) -> Vec<Value> {
    let line = |proof: &ProofSummary| {
        json!({
            "id": proof.id,
            "title": proof.title,
            "stage": proof.stage.title(),
            "kind": proof.statement.name(),
            "style": match proof.state {
                ProofState::Valid => "satisfied",
                ProofState::Rejected => "rejected",
                ProofState::NotCheckable => "unverifiable",
                ProofState::NotReached => "uncovered",
            },
            "word": proof.state.word(),
            "reason": proof.reason,
            "plain_words": proof.plain_words,
            "does_not_show": proof.does_not_show,
            "circuit": proof.circuit.to_string(),
            "system": proof.system.title(),
            "constraints": count(proof.constraints),
            "steps": count(proof.steps),
            "rows_per_step": proof.rows_per_step,
            "bytes": bytes(proof.proof_bytes),
            "segments": segments(proof),
            "key": proof.key_digest.map_or_else(|| "not derived".to_owned(), |digest| digest.to_string()),
            "key_pinned": match (proof.key_digest, proof.key_pinned) {
                (Some(_), Some(true)) => Some("derived here, equals the value pinned in the program"),
                (Some(_), Some(false)) => Some("derived here, differs from the value pinned in the program"),
                (Some(_), None) => Some("derived here; no value is pinned in the program"),
                (None, _) => None,
            },
            "properties": proof.properties.iter().map(|line| json!({
                "title": line.property.title(),
                "holds": if line.holds { "yes" } else { "no" },
                "reason": line.reason,
                "demanded": if proof.demanded.contains(&line.property) { "required" } else { "not asked" },
            })).collect::<Vec<_>>(),
            "strength": proof.strength.as_ref().map(|strength| json!({ "words": strength.words(), "basis": strength.basis })),
            "bits": proof.demanded_bits.map_or_else(|| "not asked".to_owned(), |bits| format!("at least {bits}")),
            "states": proof.state_names.iter().zip(proof.z0.iter().zip(&proof.zn)).map(|(name, (z0, zn))| json!({
                "name": name, "z0": z0.to_string(), "zn": zn.to_string(),
            })).collect::<Vec<_>>(),
        })
    };
    record.proofs.iter().map(line).collect()
}

/// Batches of each segment, and its state if the proof is not valid; nothing of a proof in one piece.
fn segments(proof: &ProofSummary) -> Vec<String> {
    let text = |segment: &SegmentSummary| {
        let batches = batches_text(segment.first_batch.into(), segment.last_batch.into());
        match (proof.state, segment.state) {
            (ProofState::Valid, _) | (_, ProofState::NotReached) => batches,
            (_, state) => format!("{batches}: {}", state.word().to_lowercase()),
        }
    };
    proof.segments.iter().map(text).collect()
}

/// Traceability specifications, claims of the provider throughout.
fn traceability(record: &AuditRecord) -> Vec<Value> {
    let line = |summary: &verifold_model::record::TraceabilitySummary| {
        let document = &summary.document;
        json!({
            "stage": document.stage.title(),
            "title": document.title,
            "version": document.version,
            "system": document.system,
            "digest": summary.digest.to_string(),
            "standing": match (summary.contradictions.is_empty(), summary.gaps.is_empty(), summary.proofs.is_empty()) {
                (false, ..) => "It contradicts the package or itself.",
                (true, false, _) => "It is incomplete.",
                (true, true, true) => "It is complete, and the package has no proof of its stage.",
                (true, true, false) => "It is complete, and at odds with nothing in the package.",
            },
            "problems": summary.contradictions.iter().chain(&summary.gaps).map(ToString::to_string).collect::<Vec<_>>(),
            "objective": document.context.objective,
            "model": document.context.model_category,
            "statement": document.context.statement,
            "confidential": document.context.confidential,
            "constraints": document.constraint.iter().map(|constraint| json!({
                "text": constraint.text,
                "demands": constraint.demands.iter().map(|property| property.title()).collect::<Vec<_>>(),
            })).collect::<Vec<_>>(),
            "candidates": document.candidate.iter().map(|candidate| json!({
                "title": candidate.title,
                "chosen": candidate.system == document.decision.system,
                "strength": candidate.strength,
                "assessment": candidate.assessment,
                "scores": Property::ALL.map(|property| candidate.scores.of(property).holds.word()),
            })).collect::<Vec<_>>(),
            "decision": document.decision.system,
            "circuit": document.decision.circuit,
            "rationale": document.decision.rationale,
            "consequences": document.consequence.iter().map(|consequence| &consequence.text).collect::<Vec<_>>(),
            "roles": document.roles.each().map(|(role, person)| json!({ "title": role_title(role), "name": person.name, "on": person.agreed_on })),
        })
    };
    record.traceability.iter().map(line).collect()
}

/// The chain: its drawing, its links with both digests, and how many of them hold.
fn lifecycle(record: &AuditRecord, files: &mut Vec<(String, String)>) -> Value {
    let inference = record.proofs.iter().filter(|proof| proof.stage == Stage::Inference).count();
    let drawing = chain::chain(&record.lineage, inference).map(|(svg, alt)| {
        files.push(("chain.svg".to_owned(), svg));
        json!({ "file": "chain.svg", "alt": alt })
    });
    let links = record.lineage.links.iter().map(|link| {
        json!({
            "title": link.name.title(),
            "style": match link.state {
                LinkState::Holds => "satisfied",
                LinkState::Claimed => "unverifiable",
                LinkState::Broken => "rejected",
                LinkState::Missing => "uncovered",
            },
            "word": link.state.word(),
            "text": link.text,
            "proofs": link.proofs.join(", "),
            "compared": link.compared.iter().map(|value| json!({
                "what": value.what,
                "earlier": value.earlier.to_string(),
                "later": value.later.to_string(),
                "equal": value.earlier == value.later,
            })).collect::<Vec<_>>(),
        })
    });
    let bare = Stage::ALL.into_iter().filter(|stage| !record.proofs.iter().any(|proof| proof.stage == *stage)).map(Stage::title);
    json!({
        "drawing": drawing,
        "summary": record.lineage.summary(),
        "without_proof": bare.collect::<Vec<_>>(),
        "links": links.collect::<Vec<_>>(),
    })
}

/// Data of the template, and charts by file name.
type Printed = (Vec<u8>, Vec<(String, String)>);

/// Data of the template as JSON, and the charts by file name; `digest` is that of the record's bytes.
pub(crate) fn of(record: &AuditRecord, digest: Digest, options: &Options) -> Result<Printed, ReportError> {
    let mut charts = Vec::new();
    let mut chart_lines = Vec::new();
    for result in &record.requirements {
        if let Some((svg, alt)) = charts::chart(record, result)? {
            let file = format!("chart-{}.svg", charts.len());
            chart_lines.push(json!({ "file": file, "alt": alt, "id": result.id, "title": result.title, "limit": result.limit, "reason": result.reason, "word": result.state.word(), "style": style(result.state), "n": result.n }));
            charts.push((file, svg));
        }
    }
    let lifecycle = lifecycle(record, &mut charts);
    let totals = record.totals;
    let package = &record.package;
    let command = format!(
        "verifold verify --policy POLICY.toml{}{} {}",
        " --overlay OVERLAY.toml".repeat(record.overlays.len()),
        if record.engagement.is_some() { " --engagement ENGAGEMENT.toml" } else { "" },
        package.file_name
    );
    let data = json!({
        "program": record.program,
        "record": { "digest": digest.to_string(), "attached": !masks(record) },
        "date": options.date.date_text(),
        "verified": options.standing == Standing::Verified,
        "exit": format!("{}: {}", record.exit.code(), record.exit.words()),
        "isolation": isolation_note(&record.volatile.isolation_missing),
        "headline": { "style": style(record.headline.state), "title": record.headline.title, "detail": record.headline.detail, "next": record.headline.next },
        "subject": record.subject.as_ref().map(|s| json!({ "name": s.value.name, "lei": s.value.lei, "system": s.value.system, "model": s.value.model, "source": sourced(s.source) })),
        "period": record.period.as_ref().map(|p| json!({ "text": p.value.text(), "source": sourced(p.source) })),
        "model": record.model.as_ref().map(|m| json!({ "commitment": m.value.to_string(), "source": sourced(m.source) })),
        "changes": record.model_changes.iter().map(change).collect::<Vec<_>>(),
        "policy": { "title": record.policy.title, "version": record.policy.version, "illustrative": record.policy.illustrative, "digest": record.policy.digest.to_string(), "signed": signed_text(&record.policy.signatures), "min_cell": record.policy.min_cell,
            "sources": record.policy.sources.iter().map(|s| json!({ "title": s.title, "version": s.version, "in_force_from": s.in_force_from, "reviewed_on": s.reviewed_on })).collect::<Vec<_>>() },
        "overlays": record.overlays.iter().map(|o| json!({ "id": o.id, "title": o.title, "digest": o.digest.to_string(), "signed": signed_text(&o.signatures), "compared_with": o.compared_with,
            "changes": o.changes.iter().map(|c| json!({ "id": c.requirement, "field": c.field.word(), "before": c.before, "after": c.after, "rationale": c.rationale, "owner": c.owner, "expires": c.expires.to_string(), "applied": c.applied, "reason": c.reason })).collect::<Vec<_>>() })).collect::<Vec<_>>(),
        "engagement": record.engagement.as_ref().map(|e| json!({ "id": e.id, "title": e.title, "digest": e.digest.to_string(), "signed": signed_text(&e.signatures), "expected": e.expected_batches, "controls": e.control_totals,
            "expectations": e.expectations.iter().map(|x| json!({ "what": x.what, "expected": x.expected, "found": x.found, "origin": x.origin, "word": if x.holds { "equal" } else { "differs" }, "style": if x.holds { "satisfied" } else { "rejected" } })).collect::<Vec<_>>() })),
        "package": { "file_name": package.file_name, "size": bytes(package.size), "digest": package.digest.to_string(), "written_by": package.written_by,
            "entries": package.entries.iter().map(|e| json!({ "path": e.path, "role": e.role, "size": bytes(e.size), "digest": e.digest.to_string() })).collect::<Vec<_>>() },
        "ladder": record.ladder.iter().map(|r| json!({ "title": r.name.title(), "question": r.name.question(), "style": rung_style(r.state), "word": r.word, "detail": r.detail,
            "findings": r.findings.iter().map(|f| json!({ "text": f.text, "cause": f.cause, "place": f.place })).collect::<Vec<_>>() })).collect::<Vec<_>>(),
        "totals": format!("{} of {} mandatory requirements settled. Satisfied {} (of those, watch {}) + not applicable {} + determined met {} = settled {} of {}; violated {}, rejected {}, unverifiable {}, uncovered {}, judgement {}.",
            totals.mandatory_settled, totals.mandatory, totals.satisfied, totals.watch, totals.not_applicable, totals.determined_met, totals.settled(), totals.requirements, totals.violated, totals.rejected, totals.unverifiable, totals.uncovered, totals.judgement),
        "stages": Stage::ALL.map(Stage::title),
        "requirements": record.requirements.iter().map(requirement).collect::<Vec<_>>(),
        "charts": chart_lines,
        "batches": batches(record),
        "matured": matured(record),
        "groups": groups(record),
        "attribute": record.plan.as_ref().map_or("group", |plan| plan.plan.grouping.attribute.as_str()),
        "choices": record.plan.as_ref().map(|plan| plan.choices.iter().map(|c| json!({ "what": c.what, "chosen": c.chosen, "constraint": c.constraint, "holds": c.holds })).collect::<Vec<_>>()).unwrap_or_default(),
        "plan": record.plan.as_ref().map(|plan| json!({ "digest": plan.digest.to_string(), "commitment": plan.commitment.to_string(), "source": sourced(plan.source) })),
        "lifecycle": lifecycle,
        "development": development(record),
        "proofs": proofs(record),
        "traceability": traceability(record),
        "claimed": CLAIMED,
        "not_shown": record.not_shown,
        "command": command,
        "comparison": comparison(record),
    });
    let data = serde_json::to_vec(&data).map_err(|error| ReportError::Typeset(error.to_string()))?;
    Ok((data, charts))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use verifold_model::{
        lineage::LinkName,
        record::{BatchMatured, BatchRevision},
        revision::RevisionCounts,
    };

    use super::*;

    fn printed(record: &AuditRecord) -> (Value, Vec<(String, String)>) {
        let options = Options { date: "2026-11-21T00:00:00Z".parse().unwrap(), standing: Standing::Verified };
        let (data, files) = of(record, Digest::of(b"record"), &options).unwrap();
        (serde_json::from_slice(&data).unwrap(), files)
    }

    #[test]
    fn later_outcomes_stand_beside_those_of_monitoring_and_small_changes_are_masked() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sample-audits/credit-scoring-drift/expected.record.json");
        let mut record: AuditRecord = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        assert_eq!(printed(&record).0["matured"], json!([]));
        record.policy.min_cell = 5;
        let content = record.batches[1].content.as_mut().unwrap();
        content.known = 60;
        let outcome_commitment = content.outcome_commitment;
        content.matured = Some(BatchMatured { outcome_commitment, known: 90, bad: 12, proof: "matured".into(), revision: None });
        let uncompared = printed(&record).0;
        assert_eq!(uncompared["matured"][0]["known_then"], "60");
        assert_eq!([&uncompared["matured"][0]["known"], &uncompared["matured"][0]["good_to_bad"]], ["90", "–"]);
        let counts = RevisionCounts([[20, 30, 1], [1, 39, 10], [2, 0, 8]]);
        let matured = record.batches[1].content.as_mut().unwrap().matured.as_mut().unwrap();
        matured.revision = Some(BatchRevision { counts, proof: "revision".into() });
        let line = &printed(&record).0["matured"][0];
        assert_eq!([&line["good_to_bad"], &line["bad_to_good"], &line["withdrawn"]], ["10", "0", "< 5"]);
        let options = Options { date: "2026-11-21T00:00:00Z".parse().unwrap(), standing: Standing::Verified };
        assert!(crate::render(&record, &options).unwrap().pdf.starts_with(b"%PDF-"));
    }

    #[test]
    fn only_a_key_that_was_derived_is_said_to_be_pinned_or_not() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sample-audits/credit-scoring-drift/expected.record.json");
        let mut record: AuditRecord = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let key = record.proofs[0].key_digest.unwrap();
        let mut check = |digest: Option<Digest>, pinned, expected: &[&str]| {
            (record.proofs[0].key_digest, record.proofs[0].key_pinned) = (digest, pinned);
            let proof = &printed(&record).0["proofs"][0];
            let found: Vec<&str> = [&proof["key"], &proof["key_pinned"]].into_iter().filter_map(Value::as_str).collect();
            assert_eq!(found, expected);
        };
        let text = key.to_string();
        check(Some(key), Some(true), &[&text, "derived here, equals the value pinned in the program"]);
        check(Some(key), Some(false), &[&text, "derived here, differs from the value pinned in the program"]);
        check(Some(key), None, &[&text, "derived here; no value is pinned in the program"]);
        check(None, None, &["not derived"]);
        let options = Options { date: "2026-11-21T00:00:00Z".parse().unwrap(), standing: Standing::Verified };
        assert!(crate::render(&record, &options).unwrap().pdf.starts_with(b"%PDF-"));
    }

    #[test]
    fn what_the_verifier_was_not_isolated_by_stands_on_the_cover() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sample-audits/cheat-altered-count/expected.record.json");
        let mut record: AuditRecord = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        assert_eq!(printed(&record).0["isolation"], Value::Null);
        record.volatile.isolation_missing = vec!["this kernel cannot isolate by landlock (it is not there)".into()];
        let note = "this kernel cannot isolate by landlock (it is not there); the package was parsed without it";
        assert_eq!(printed(&record).0["isolation"], note);
        let options = Options { date: "2026-11-21T00:00:00Z".parse().unwrap(), standing: Standing::Verified };
        assert!(crate::render(&record, &options).unwrap().pdf.starts_with(b"%PDF-"));
    }

    #[test]
    fn stages_without_a_proof_and_links_without_an_end_are_named() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sample-audits/credit-scoring-drift/expected.record.json");
        let mut record: AuditRecord = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let (data, files) = printed(&record);
        let chain = &data["lifecycle"];
        assert_eq!(chain["without_proof"], json!(["Data & preprocessing", "Training & offline metrics", "Inference"]));
        assert_eq!(chain["summary"], "0 of 6 links hold, 6 are not covered");
        assert_eq!(chain["links"].as_array().unwrap().len(), LinkName::ALL.iter().filter(|name| name.is_of_every_chain()).count());
        assert!(chain["links"][5]["text"].as_str().unwrap().contains("training proof"));
        assert!(files.iter().any(|(name, svg)| name == "chain.svg" && svg.contains("no proof in the package")));

        record.lineage.links.clear();
        assert_eq!(printed(&record).0["lifecycle"]["drawing"], Value::Null);
    }
}
