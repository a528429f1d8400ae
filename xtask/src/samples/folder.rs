//! What does an auditor find in a sample's folder, besides the package?

use anyhow::{Context as _, ensure};
use verifold_model::{
    digest::{Commitment, Digest},
    signer::PublicKey,
    statement::{Header, Period},
};
use verifold_package::ClaimedPackage;

use super::{
    Places,
    anchors::Keys,
    packages, read_text,
    stories::{Edit, Proof, Story},
    tables, write_if_changed,
};

/// Writes README, policy and expected exit code of each sample.
pub(super) fn write_texts(places: &Places, stories: &[&Story]) -> anyhow::Result<()> {
    for story in stories {
        let policy = if story.proof == Proof::Lifecycle { "eu-ai-act-life-cycle" } else { "eu-ai-act-credit-scoring" };
        let mut policy = read_text(&places.root.join(format!("assets/policies/{policy}.toml")))?;
        if story.edit == Edit::StricterPolicy {
            policy = stricter(&policy)?;
        }
        if story.proof == Proof::Changed {
            policy = of_changes(&policy)?;
        }
        let folder = places.samples.join(story.name);
        write_if_changed(&folder.join("README.md"), readme(story).as_bytes())?;
        write_if_changed(&folder.join("policy.toml"), policy.as_bytes())?;
        write_if_changed(&folder.join("expected.exit"), format!("{}\n", story.exit).as_bytes())?;
    }
    Ok(())
}

/// One requirement asks for a property that the proof system lacks, another is exempted.
fn stricter(policy: &str) -> anyhow::Result<String> {
    let mut text = policy.to_owned();
    for (id, keys) in [
        ("IN-1", "properties = [\"non-interactive\", \"transparent-setup\", \"post-quantum\"]"),
        (
            "MO-7",
            "not_applicable = { person = \"M. Adler, head of model risk, Merian Bank AG\", reason = \"product rules cap debt to income since April 2026, so that its distribution says little\" }",
        ),
    ] {
        let line = format!("id = \"{id}\"\n");
        ensure!(text.matches(&line).count() == 1, "the policy has one requirement {id}");
        text = text.replace(&line, &format!("{line}{keys}\n"));
    }
    Ok(text)
}

/// One model for the whole period is no longer asked for, but a record of every change; and what became known since is looked at.
fn of_changes(policy: &str) -> anyhow::Result<String> {
    let mut text = policy.to_owned();
    for (there, instead) in [
        ("title = \"One approved model scored every batch\"\n", "title = \"Every change of model has a record\"\n"),
        ("kind = \"model-unchanged\"\n", "kind = \"change-recorded\"\n"),
        (
            "[[circuit]]\nfamily = \"preparation/v1\"\n",
            "[[circuit]]\nfamily = \"outcome-revision/v1\"\n\n[[circuit]]\nfamily = \"preparation/v1\"\n",
        ),
    ] {
        ensure!(text.matches(there).count() == 1, "the policy has {there:?} once");
        text = text.replace(there, instead);
    }
    Ok(text + LATER_OUTCOMES)
}

/// What the sample with a change of model asks beyond the policy of the others.
const LATER_OUTCOMES: &str = r#"
# Online monitoring: outcomes that became known later, counted over the same committed rows

[[requirement]]
id = "MO-18"
title = "Outcomes known by now"
area = "Later outcomes"
stage = "monitoring"
severity = "mandatory"
assertion = "completeness"
kind = "metric"
metric = "outcome-coverage"
outcomes = "matured"
comparator = "at-least"
limit = "0.90"
warn = "0.95"
minimum_n = 100
scope = "each-batch"
legal = [{ source = "ai-act", place = "Art. 15(1), 72(2)" }]

[[requirement]]
id = "MO-19"
title = "Good outcomes that turned bad"
area = "Later outcomes"
stage = "monitoring"
severity = "mandatory"
assertion = "accuracy"
kind = "metric"
metric = "good-to-bad"
comparator = "at-most"
limit = "0.03"
warn = "0.02"
scope = "overall"
minimum_n = 1000
legal = [{ source = "ai-act", place = "Art. 10(3), 15(1)" }]

[[requirement]]
id = "MO-20"
title = "AUC by later outcomes"
area = "Later outcomes"
stage = "monitoring"
severity = "mandatory"
assertion = "accuracy"
kind = "metric"
metric = "auc"
outcomes = "matured"
comparator = "at-least"
limit = "0.70"
warn = "0.75"
scope = "overall"
minimum_n = 1000
legal = [{ source = "ai-act", place = "Art. 15(1), 15(3)" }, { source = "eba-lom", place = "§ 4.3.4" }]

# A period in many pieces costs the reader time; the bank and its auditor agreed on this many.

[limits]
segments = 4
"#;

fn readme(story: &Story) -> String {
    let Story { name, title, summary, detail, exit, outcome, .. } = story;
    let script = if story.proof == Proof::Network { "train_network" } else { "train_scorecard" };
    format!(
        "# {title}\n\n{}\n\n{}\n\nExpected outcome: exit code {exit}, {outcome}.\n\n    verifold verify --policy sample-audits/{name}/policy.toml \\\n        --engagement sample-audits/{name}/engagement.toml sample-audits/{name}/package.zkaudit\n\n\
         Bank, people and figures are invented; the policy is illustrative and no legal advice. The tables come from a seeded generator\n\
         (`cargo xtask samples --data` writes them to `target/samples`), the models from `scripts/{script}.py`.\n",
        wrapped(summary),
        wrapped(detail),
    )
}

/// Breaks lines at 116 characters.
fn wrapped(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count() + 1 + word.chars().count() <= 116 => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}

/// What the auditor knows of the audited bank without the package.
struct Expectations {
    /// Commitments to the models that were to be audited, in the order in which they scored, each with its release.
    models: Vec<(Commitment, String)>,
    /// Digest of the plan that was filed.
    plan: Digest,
    /// Weeks of the period.
    weeks: Vec<Period>,
    /// Applications in each week.
    rows: Vec<u64>,
    /// The bank's key.
    bank: PublicKey,
}

/// Writes the engagement of each sample from its package and tables.
///
pub(super) fn write_engagement(places: &Places, story: &Story, keys: &Keys) -> anyhow::Result<()> {
    let registered = packages::registered(story);
    let package: ClaimedPackage = packages::read(places, registered)?;
    let first = &package.proofs.first().context("a package has a proof")?.statement;
    // A package with several models says so in the bank's inventory by their releases.
    let release = |position: usize| match package.proofs.len() {
        1 => first.header.subject.model.rsplit('-').next().unwrap_or_default().to_owned(),
        _ => CHANGED_RELEASES.get(position).copied().unwrap_or_default().to_owned(),
    };
    let models = package.proofs.iter().enumerate().map(|(i, proof)| (proof.statement.model_commitment, release(i))).collect();
    let header = &Header { period: package.period, ..first.header.clone() };
    let weeks = packages::weeks(header.period)?;
    let rows = tables::rows_per_slot(&tables::path(places, packages::table_of(story.proof)), &weeks)?;
    let expectations = Expectations { models, plan: package.plan.digest(), weeks, rows, bank: keys.bank.public_key() };
    let text = match story.proof {
        Proof::Anchored(_) => engagement(header, &expectations, "") + &anchored(keys.auditor.public_key()),
        _ => engagement(header, &expectations, CALENDAR) + &controls(&expectations),
    };
    write_if_changed(&places.samples.join(story.name).join("engagement.toml"), text.as_bytes())
}

/// What every auditor knows, with or without the calendar.
fn engagement(header: &Header, expected: &Expectations, calendar: &str) -> String {
    let subject = &header.subject;
    let Period { start, end } = header.period;
    let weeks = expected.weeks.len();
    let months = match weeks {
        0..6 => "June 2026",
        6..10 => "June and July 2026",
        _ => "June to November 2026",
    };
    let model = |(commitment, release): &(Commitment, String)| {
        // What is on file since before the period, but for a model that came later.
        let deposited = if expected.models.first().is_some_and(|(first, _)| first == commitment) { "29 May" } else { "26 June" };
        format!(
            "[[model]]\n\
             commitment = \"{commitment}\"\n\
             origin = \"the bank's model inventory, release note {release}, deposited on {deposited} 2026\"\n\n"
        )
    };
    let models: String = expected.models.iter().map(model).collect();
    format!(
        "# What the auditor expects, from sources other than the package. Fictional.\n\
         schema = \"engagement/v1\"\n\
         id = \"MB-2026-2\"\n\
         title = \"Merian Bank AG, {titled}, {months}\"\n\
         auditor = \"Halm & Partner, audit of information systems\"\n\
         \n\
         [subject]\n\
         name = {{ value = \"{name}\", origin = \"engagement letter of 2 November 2026\" }}\n\
         lei = {{ value = \"{lei}\", origin = \"engagement letter of 2 November 2026\" }}\n\
         system = {{ value = \"{system}\", origin = \"the bank's register of high-risk systems\" }}\n\
         model = {{ value = \"{model_name}\", origin = \"the bank's model inventory, extract of 29 May 2026\" }}\n\
         \n\
         [period]\n\
         start = \"{start}\"\n\
         end = \"{end}\"\n\
         origin = \"engagement letter of 2 November 2026\"\n\
         \n\
         {models}\
         [plan]\n\
         digest = \"{plan}\"\n\
         origin = \"measurement plan deposited on 29 May 2026\"\n\
         {calendar}\
         \n\
         [[signer]]\n\
         # fingerprint {fingerprint}\n\
         name = \"{name}\"\n\
         role = \"provider\"\n\
         public_key = \"{bank}\"\n\
         valid_from = \"2026-01-12T00:00:00Z\"\n\
         valid_until = \"2028-01-12T00:00:00Z\"\n\
         origin = \"key handed over on 12 January 2026, fingerprint compared by telephone on 3 November 2026\"\n",
        name = subject.name,
        lei = subject.lei,
        titled = subject.system.to_lowercase(),
        system = subject.system,
        model_name = subject.model,
        plan = expected.plan,
        bank = expected.bank,
        fingerprint = expected.bank.fingerprint(),
    )
}

/// Releases in the bank's inventory of the models of the sample with a change of model.
const CHANGED_RELEASES: [&str; 2] = ["4.2", "4.3"];

/// The batches to expect, known from the plan.
const CALENDAR: &str = "\n\
     [calendar]\n\
     kind = \"iso-week\"\n\
     origin = \"measurement plan deposited on 29 May 2026\"\n";

/// Totals from another system of the bank.
fn controls(expected: &Expectations) -> String {
    let mut text = "\n\
         [controls]\n\
         origin = \"applications received, core banking ledger, extract of 16 November 2026\"\n"
        .to_owned();
    for (week, rows) in expected.weeks.iter().zip(&expected.rows) {
        text.push_str(&format!("\n[[controls.batch]]\nstart = \"{}\"  # {}\nrows = {rows}\n", week.start, week.start.iso_week_text()));
    }
    text
}

/// What an auditor knows who received anchors instead.
fn anchored(auditor: PublicKey) -> String {
    format!(
        "\n\
         [[signer]]\n\
         # fingerprint {}\n\
         name = \"Halm & Partner\"\n\
         role = \"auditor\"\n\
         public_key = \"{auditor}\"\n\
         valid_from = \"2026-01-01T00:00:00Z\"\n\
         valid_until = \"2028-01-01T00:00:00Z\"\n\
         origin = \"our own key\"\n\
         \n\
         [anchors]\n\
         within_days = 3\n",
        auditor.fingerprint(),
    )
}
