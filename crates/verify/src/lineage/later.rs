//! Are later outcomes those of the monitored rows? The link from monitored batches to the same batches counted again.

use verifold_model::{
    cohort::{BatchRole, BatchStatement},
    format::{count, counted},
    lineage::{Artefact, ArtefactKind, LineageLink, LinkName, LinkState, LinkedValue},
    record::Standing,
    statement::{Header, MonitoringStatement},
};

use super::{Chain, Stated, absent, missing, value};

/// One commitment at both ends, with the proofs that state it.
struct Pair<'a> {
    value: LinkedValue,
    earlier: &'a str,
    later: &'a str,
}

/// The statement of the same period, or else the first, from which it will differ.
fn of_period<'s, 'a>(header: &Header, all: &'s [Stated<'a, MonitoringStatement>]) -> Option<&'s Stated<'a, MonitoringStatement>> {
    all.iter().find(|stated| stated.statement.header.period == header.period).or(all.first())
}

fn monitored(statement: &MonitoringStatement) -> impl Iterator<Item = &BatchStatement> {
    statement.batches.iter().filter(|batch| batch.role == BatchRole::Monitoring)
}

impl<'a> Chain<'a> {
    /// Monitored batches under later outcomes; missing if changes are counted into outcomes that nothing else speaks of.
    pub(super) fn later_outcomes(&self) -> Artefact {
        let Some(last) = self.matured.last() else { return absent(ArtefactKind::LaterOutcomes) };
        let batches = || self.matured.iter().flat_map(|stated| monitored(stated.statement));
        let all = self.monitoring.iter().map(|stated| monitored(stated.statement).count()).sum::<usize>();
        let known = batches().map(|batch| batch.table.known()).sum::<u64>();
        let scored = batches().map(|batch| batch.table.scored()).sum();
        let there = batches().count();
        let of_all = if there == all { counted(there as u64, "batch", "batches") } else { format!("{there} of {all} batches") };
        // How many changed stands in the table of batches alone, where small numbers are masked.
        let detail = format!("{of_all}, {} of {} outcomes known", count(known), count(scored));
        let valid = self.matured.iter().all(|stated| stated.valid);
        Artefact {
            kind: ArtefactKind::LaterOutcomes,
            standing: if valid { Standing::Proven } else { Standing::Claimed },
            proof: Some(last.proof.to_owned()),
            digest: Some(last.statement.chain_head),
            detail,
        }
    }

    /// What monitoring and one matured cohort state of the same batches: model, rows, and both outcomes as compared.
    fn pairs<'s>(&'s self, matured: &'s Stated<'a, MonitoringStatement>) -> Vec<Pair<'a>> {
        let Some(monitoring) = of_period(&matured.statement.header, &self.monitoring) else { return Vec::new() };
        let pair = |what: &str, (earlier, ours), (later, theirs)| Pair { value: value(what, ours, theirs), earlier, later };
        let (before, after) = (monitoring.statement, matured.statement);
        let mut pairs = vec![pair("model", (monitoring.proof, before.model_commitment), (matured.proof, after.model_commitment))];
        for (ours, theirs) in before.batches.iter().zip(&after.batches) {
            pairs.push(pair("rows", (monitoring.proof, ours.row_commitment), (matured.proof, theirs.row_commitment)));
        }
        let period = after.header.period;
        for revision in self.revisions.iter().filter(|revision| revision.statement.header.period == period) {
            for revised in &revision.statement.batches {
                let sides = [("outcomes", monitoring, before, revised.earlier), ("later outcomes", matured, after, revised.later)];
                for (what, side, statement, compared) in sides {
                    if let Some(batch) = statement.batch(revised.index) {
                        pairs.push(pair(what, (side.proof, batch.outcome_commitment), (revision.proof, compared)));
                    }
                }
            }
        }
        pairs
    }

    /// The link to later outcomes: over every batch that has them; shown is what differs, or else the last batch's.
    ///
    /// It holds if every monitored batch with rows has them.
    pub(super) fn later_link(&self) -> LineageLink {
        let name = LinkName::LaterOfMonitored;
        let Some(last) = self.matured.last() else { return missing(name, "no matured-cohort proof is in the package") };
        let differing: Vec<Pair<'_>> =
            self.matured.iter().flat_map(|matured| self.pairs(matured)).filter(|pair| pair.value.earlier != pair.value.later).collect();
        if let Some(first) = differing.first() {
            let proofs = vec![first.earlier.to_owned(), first.later.to_owned()];
            let said = |pair: &Pair<'_>| {
                format!("{} {} in {}, {} in {}", pair.value.what, pair.value.earlier, pair.earlier, pair.value.later, pair.later)
            };
            let more = match differing.len() - 1 {
                0 => String::new(),
                n => format!("; and {} more", counted(n as u64, "pair", "pairs")),
            };
            let text = format!("the chain is broken: {}{more}", said(first));
            let compared = vec![first.value.clone()];
            return LineageLink { name, state: LinkState::Broken, compared, proofs, text };
        }
        // The last of each kind: of the last batch that has it.
        let mut shown: Vec<Pair<'_>> = Vec::new();
        for pair in self.pairs(last) {
            shown.retain(|before| before.value.what != pair.value.what);
            shown.push(pair);
        }
        let cohorts = self.monitoring.iter().chain(&self.matured).map(|stated| (stated.proof, stated.valid));
        let all: Vec<_> = cohorts.chain(self.revisions.iter().map(|stated| (stated.proof, stated.valid))).collect();
        let proofs = all.iter().map(|(proof, _)| (*proof).to_owned()).collect();
        let monitored_rows = self.monitoring.iter().flat_map(|stated| monitored(stated.statement)).filter(|batch| batch.rows > 0);
        let without = monitored_rows.filter(|batch| self.matured.iter().all(|cohort| cohort.statement.batch(batch.index).is_none()));
        let (state, text) = match (all.iter().find(|(_, valid)| !valid), without.count()) {
            (Some((invalid, _)), _) => {
                (LinkState::Claimed, format!("the commitments agree, but the proof {invalid} that would bind them is not valid"))
            }
            (None, 0) => (LinkState::Holds, self.later_words()),
            (None, _) => (LinkState::Missing, self.later_words()),
        };
        LineageLink { name, state, compared: shown.into_iter().map(|pair| pair.value).collect(), proofs, text }
    }

    fn later_words(&self) -> String {
        let batches = |all: &[Stated<'_, MonitoringStatement>]| all.iter().map(|stated| monitored(stated.statement).count()).sum::<usize>();
        let (there, all) = (batches(&self.matured), batches(&self.monitoring));
        let both = |batch: &BatchStatement| {
            self.revisions.iter().any(|stated| {
                let batches = &stated.statement.batches;
                batches.binary_search_by_key(&batch.index, |revised| revised.index).is_ok()
            })
        };
        let later = || self.matured.iter().flat_map(|stated| monitored(stated.statement));
        let compared = match later().filter(|batch| both(batch)).count() {
            0 => "how many outcomes changed is not proven".to_owned(),
            n if n == there => "what changed is counted between the same outcomes".to_owned(),
            n => format!("what changed is counted, between the same outcomes, in {n} of them"),
        };
        let of_all = if there == all { counted(there as u64, "batch", "batches") } else { format!("{there} of {all} batches") };
        format!("{} in {of_all}; {compared}", LinkName::LaterOfMonitored.words())
    }
}

#[cfg(test)]
mod tests {
    use verifold_model::{digest::Commitment, lineage::Lineage, revision::RevisionStatement};

    use super::*;
    use crate::evidence::tests::{
        matured::{matured, revision},
        monitoring,
    };

    /// The chain of a package with these statements of later outcomes, each with whether its proof is valid.
    fn lineage(cohort: Option<(&MonitoringStatement, bool)>, changes: Option<&RevisionStatement>) -> Lineage {
        let monitored = monitoring();
        let stated = |(statement, valid)| Stated { proof: "matured", valid, statement };
        let chain = Chain {
            preparation: None,
            training: None,
            offline: None,
            monitoring: vec![Stated { proof: "monitoring", valid: true, statement: &monitored }],
            matured: cohort.map(stated).into_iter().collect(),
            revisions: changes.map(|statement| Stated { proof: "revision", valid: true, statement }).into_iter().collect(),
        };
        chain.lineage()
    }

    #[track_caller]
    fn check(found: &Lineage, standing: Standing, state: LinkState, part: &str) {
        let (artefact, link) = (found.artefacts.last().unwrap(), found.links.last().unwrap());
        assert_eq!((artefact.kind, artefact.standing), (ArtefactKind::LaterOutcomes, standing));
        assert_eq!((link.name, link.state), (LinkName::LaterOfMonitored, state), "{}", link.text);
        assert!(link.text.contains(part), "{}", link.text);
    }

    #[test]
    fn later_outcomes_are_no_gap_where_there_are_none() {
        let without = lineage(None, None);
        assert_eq!((without.artefacts.len(), without.links.len()), (6, 6));
        assert!(without.links.iter().all(|link| link.name != LinkName::LaterOfMonitored));
    }

    #[test]
    fn later_outcomes_are_linked_to_the_rows_they_are_of() {
        let before = monitoring();
        let after = matured(&before);
        let changes = revision(&before, &after);
        let whole = lineage(Some((&after, true)), Some(&changes));
        check(&whole, Standing::Proven, LinkState::Holds, "what changed is counted between the same outcomes");
        let link = whole.links.last().unwrap();
        let whats: Vec<&str> = link.compared.iter().map(|value| value.what.as_str()).collect();
        assert_eq!(whats, ["model", "rows", "outcomes", "later outcomes"]);
        assert_eq!(link.proofs, ["monitoring", "matured", "revision"]);
        let detail = &whole.artefacts.last().unwrap().detail;
        assert!(detail.starts_with("24 batches, ") && detail.ends_with(" outcomes known"), "{detail}");

        check(&lineage(Some((&after, true)), None), Standing::Proven, LinkState::Holds, "how many outcomes changed is not proven");
        check(&lineage(Some((&after, false)), Some(&changes)), Standing::Claimed, LinkState::Claimed, "the proof matured that would bind");
        check(&lineage(None, Some(&changes)), Standing::Missing, LinkState::Missing, "no matured-cohort proof");

        let mut other = after.clone();
        other.batches[2].row_commitment = Commitment::from_bytes([9; 32]);
        let broken = lineage(Some((&other, true)), None);
        check(&broken, Standing::Proven, LinkState::Broken, &before.batches[2].row_commitment.to_string());
        other = after.clone();
        other.batches.truncate(3);
        check(&lineage(Some((&other, true)), None), Standing::Proven, LinkState::Missing, "2 of 24 batches");
        other.batches.truncate(1);
        check(&lineage(Some((&other, true)), None), Standing::Proven, LinkState::Missing, "0 of 24 batches");

        let mut some = changes.clone();
        some.batches.truncate(2);
        let part = lineage(Some((&after, true)), Some(&some));
        check(&part, Standing::Proven, LinkState::Holds, "what changed is counted, between the same outcomes, in 1 of them");
    }
}
