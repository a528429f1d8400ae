//! Engagements: what pins, what does not, and what is named when a file contradicts itself.

use verifold_model::{
    digest::{Commitment, Digest},
    plan::Calendar,
    statement::{Period, Subject},
};
use verifold_policy::{Draft, DraftBatch, Engagement, Level, Pin, Status};

const PINS: [Pin; 7] = [Pin::Subject, Pin::Period, Pin::Model, Pin::Plan, Pin::Calendar, Pin::ControlTotals, Pin::PreviousChainHead];

fn at(date: &str) -> verifold_model::instant::Instant {
    format!("{date}T00:00:00Z").parse().unwrap()
}

fn draft(calendar: Calendar) -> Draft {
    Draft {
        package_file: "q2\n.zkaudit".to_owned(),
        package_digest: Digest::of(b"package"),
        subject: Subject {
            name: "Bank \"A\"\nAG".to_owned(),
            lei: "00000000000000000000".to_owned(),
            system: "Retail scorecard".to_owned(),
            model: "4.2".to_owned(),
        },
        period: Period { start: at("2026-06-01"), end: at("2026-06-15") },
        models: vec![Commitment::from_bytes([7; 32])],
        plan_digest: Digest::of(b"plan"),
        previous_chain_head: Some(Commitment::from_bytes([8; 32])),
        calendar,
        signers: Vec::new(),
        batches: vec![
            DraftBatch { start: at("2026-06-01"), end: at("2026-06-08"), rows: 512, scored: 510, approved: 401 },
            DraftBatch { start: at("2026-06-08"), end: at("2026-06-15"), rows: 498, scored: 498, approved: 377 },
        ],
    }
}

#[test]
fn a_draft_reads_and_pins_nothing_until_it_is_confirmed() {
    for calendar in [Calendar::IsoWeek, Calendar::Free] {
        let text = Engagement::draft(&draft(calendar));
        let engagement = Engagement::read(&text).unwrap();
        assert_eq!(PINS.map(|pin| engagement.pins(pin)), [false; 7]);
        assert!(engagement.expected_slots().is_empty());
        assert!(engagement.control(at("2026-06-01")).is_none());
        assert_eq!(engagement.subject.name.as_ref().unwrap().value, "Bank \"A\"\nAG");

        let confirmed = text.replace("taken from the package", "confirmed").replace("origin = \"\"", "origin = \"own inquiry\"");
        let lint = Engagement::lint(&confirmed);
        assert!(lint.notices.is_empty(), "{:?}", lint.notices);
        let engagement = lint.value.unwrap();
        assert_eq!(PINS.map(|pin| engagement.pins(pin)), [true; 7]);
        assert_eq!(engagement.expected_slots().len(), 2);
        assert_eq!(engagement.control(at("2026-06-08")).unwrap().approved, Some(377));
        assert_eq!(engagement.plan.unwrap().status, Status::Confirmed);
    }
}

#[test]
fn a_draft_tells_the_auditor_what_to_do() {
    insta::assert_snapshot!(Engagement::draft(&draft(Calendar::IsoWeek)));
}

const SMALL: &str = r#"schema = "engagement/v1"
id = "E-1"
title = "An audit"

[period]
start = "2026-06-01T00:00:00Z"
end = "2026-06-15T00:00:00Z"
origin = "letter"

[calendar]
kind = "iso-week"
origin = "policy"

[controls]
origin = "ledger"
[[controls.batch]]
start = "2026-06-01T00:00:00Z"
rows = 512
"#;

#[track_caller]
fn check(from: &str, to: &str, expected: &[&str]) {
    assert!(SMALL.contains(from), "{from:?} is not in the small engagement");
    let lint = Engagement::lint(&SMALL.replacen(from, to, 1));
    let found: Vec<String> =
        lint.notices.iter().map(|notice| format!("{} {} {}", notice.line, notice.level.word(), notice.cause)).collect();
    assert_eq!(found, expected, "{:#?}", lint.notices);
    assert_eq!(lint.value.is_none(), lint.notices.iter().any(|notice| notice.level == Level::Error));
}

#[test]
fn contradictions_are_named_with_their_line() {
    check("E-1", "E-1", &[]);
    check("origin = \"letter\"", "orign = \"letter\"", &["8 error toml"]);
    check("2026-06-15T00:00:00Z", "2026-06-15", &["7 error toml"]);
    check("2026-06-15T00:00:00Z", "2026-05-01T00:00:00Z", &["5 error period", "10 error calendar"]);
    check("2026-06-15T00:00:00Z", "2026-06-14T00:00:00Z", &["10 error calendar"]);
    check("\"iso-week\"", "\"free\"", &["10 error calendar"]);
    check("start = \"2026-06-01T00:00:00Z\"\nrows", "start = \"2026-06-02T00:00:00Z\"\nrows", &["16 error stray-control"]);
    check("rows = 512\n", "rows = 512\n[[controls.batch]]\nstart = \"2026-06-01T00:00:00Z\"\n", &["19 error duplicate-control"]);
    check("origin = \"ledger\"", "", &["14 warning no-origin"]);
    check("origin = \"letter\"", "status = \"taken from the package\"", &["10 error unconfirmed-period"]);
}

/// Otherwise a package that ends early chooses which weeks are missed.
#[test]
fn weeks_of_an_unconfirmed_period_are_nobodys_to_confirm() {
    let unconfirmed = SMALL.replacen("origin = \"letter\"", "status = \"taken from the package\"", 1);
    assert!(Engagement::read(&unconfirmed).is_err());
    // Neither is confirmed in a draft, and slots written out are the auditor's own.
    let draft = unconfirmed.replacen("origin = \"policy\"", "status = \"taken from the package\"", 1);
    assert!(!Engagement::read(&draft).unwrap().pins(Pin::Calendar));
    let slot = "kind = \"free\"\nslot = [{ start = \"2026-06-01T00:00:00Z\", end = \"2026-06-08T00:00:00Z\" }]";
    assert!(Engagement::read(&unconfirmed.replacen("kind = \"iso-week\"", slot, 1)).unwrap().pins(Pin::Calendar));
}

/// What the earlier packages of a small engagement come to, which stand in front of its other tables.
#[track_caller]
fn earlier_packages(tables: &str, pinned: bool, expected: &[&str]) {
    check("[period]", &format!("{tables}\n[period]"), expected);
    let lint = Engagement::lint(&SMALL.replacen("[period]", &format!("{tables}\n[period]"), 1));
    let pins = |pin| lint.value.as_ref().is_some_and(|engagement| engagement.pins(pin));
    assert_eq!(pins(Pin::EarlierPackages), pinned, "{tables}");
    // Of a first package it is known that no chain head came before it.
    assert_eq!(pins(Pin::PreviousChainHead), pinned && tables.contains("first_package"), "{tables}");
}

#[test]
fn an_engagement_lists_earlier_packages_or_says_that_there_is_none() {
    let listed = "[[earlier]]\nstart = \"2026-01-05T00:00:00Z\"\nend = \"2026-06-01T00:00:00Z\"\norigin = \"record\"\n";
    let first = "[first_package]\norigin = \"supervisor's register\"\n";
    let unconfirmed = "status = \"taken from the package\"";
    earlier_packages("", false, &[]);
    earlier_packages(listed, true, &[]);
    earlier_packages(&[listed, listed, unconfirmed].concat(), false, &[]);
    earlier_packages(first, true, &[]);
    earlier_packages("[first_package]", true, &["5 warning no-origin"]);
    earlier_packages(&[first, unconfirmed].concat(), false, &[]);
    earlier_packages("first_package = true", false, &["5 error toml"]);
    earlier_packages(&[first, listed].concat(), false, &["5 error first-package"]);
    let previous = format!("{first}[previous]\nchain_head = \"{}\"\norigin = \"record\"\n", "08".repeat(32));
    earlier_packages(&previous, false, &["5 error first-package"]);
}

const KEY: &str = "ed25519:2152f8d19b791d24453242e15f2eab6cb7cffa7b6a5ed30097960e069881db12";
const OTHER_KEY: &str = "ed25519:b1010de3930d4c6a9f54356b0fbfad90fd5e1951eff7be633186369e9c2780dc";

/// One signer of an engagement, from line 4 on.
fn signer(key: &str, more: &str) -> String {
    format!("[[signer]]\nname = \"Bank\"\nrole = \"provider\"\npublic_key = \"{key}\"\norigin = \"telephone\"\n{more}\n")
}

#[track_caller]
fn check_signers(tables: &str, expected: &[&str]) -> Option<Engagement> {
    let lint = Engagement::lint(&format!("schema = \"engagement/v1\"\nid = \"E-1\"\ntitle = \"An audit\"\n{tables}"));
    let found: Vec<String> =
        lint.notices.iter().map(|notice| format!("{} {} {}", notice.line, notice.level.word(), notice.cause)).collect();
    assert_eq!(found, expected, "{:#?}", lint.notices);
    lint.value
}

#[test]
fn signers_are_listed_with_key_role_and_window() {
    let window = "valid_from = \"2026-01-01T00:00:00Z\"";
    let good = signer(KEY, window);
    let engagement = check_signers(&good, &[]).unwrap();
    assert_eq!((engagement.signers.len(), engagement.origin_threshold), (1, 0));
    assert_eq!(engagement.signers[0].window_text(), "from 2026-01-01T00:00:00Z on");
    check_signers(&signer(KEY, ""), &["4 warning no-window"]);
    check_signers(&good.replace("origin = \"telephone\"", ""), &["4 warning no-origin"]);
    check_signers(&good.replace("Bank", ""), &["5 error empty"]);
    check_signers(&good.replace("provider", "owner"), &["6 error toml"]);
    check_signers(&good.replace("ed25519:2", "ed25519:"), &["7 error toml"]);
    check_signers(&good.replace("ed25519:", "rsa:"), &["7 error toml"]);
    let backwards = format!("{window}\nvalid_until = \"2025-01-01T00:00:00Z\"");
    check_signers(&signer(KEY, &backwards), &["10 error signer-window"]);
    check_signers(&[signer(KEY, window), signer(KEY, window)].concat(), &["13 error duplicate-key"]);
    // No point of the curve; the neutral element; a point of order 8.
    for weak in [
        "0200000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    ] {
        check_signers(&signer(&format!("ed25519:{weak}"), window), &["7 error weak-key"]);
    }
    let taken = check_signers(&signer(KEY, "status = \"taken from the package\""), &[]).unwrap();
    assert!(taken.signers.is_empty(), "what a package says of its signer pins nothing");
}

/// Certificates of time-stamp authorities and keys of model signers are known by their digests.
#[test]
fn keys_that_stand_elsewhere_are_pinned_by_their_digest() {
    let digest = "ab".repeat(32);
    for (table, field) in [("timestamp_authority", "certificate"), ("model_signer", "key")] {
        let one = format!("[[{table}]]\nname = \"A\"\n{field} = \"{digest}\"\norigin = \"telephone\"\n");
        let engagement = check_signers(&one, &[]).unwrap();
        let pinned = if table == "model_signer" { &engagement.model_signers } else { &engagement.timestamp_authorities };
        assert_eq!(pinned.iter().map(|key| key.digest.to_string()).collect::<Vec<_>>(), std::slice::from_ref(&digest));
        check_signers(&one.replace("\"A\"", "\" \""), &["4 error empty"]);
        check_signers(&one.replace("\"telephone\"", "\"\""), &["4 warning no-origin"]);
        check_signers(&one.replace("abab", "ab"), &["6 error toml"]);
        check_signers(&[one.as_str(), &one].concat(), &["8 error duplicate-key"]);
    }
}

#[test]
fn thresholds_ask_for_as_many_as_there_can_be() {
    let both = [signer(KEY, "valid_from = \"2026-01-01T00:00:00Z\""), signer(OTHER_KEY, "valid_until = \"2027-01-01T00:00:00Z\"")].concat();
    let board = both.replacen("Bank", "Board", 1);
    assert_eq!(check_signers(&format!("[origin]\nthreshold = 2\n{board}"), &[]).unwrap().origin_threshold, 2);
    // Two keys of one name are one signer.
    check_signers(&format!("[origin]\nthreshold = 2\n{both}"), &["5 warning threshold"]);
    check_signers(&format!("[origin]\nthreshold = 0\n{board}"), &["5 error threshold"]);
    check_signers("[origin]\nthreshold = 1\n", &[]);
}

#[test]
fn a_drafted_signer_is_trusted_when_confirmed() {
    let drafted = Draft {
        signers: vec![verifold_policy::DraftSigner { name: "A \"Bank\"".to_owned(), public_key: KEY.parse().unwrap() }],
        ..draft(Calendar::IsoWeek)
    };
    let text = Engagement::draft(&drafted);
    assert!(Engagement::read(&text).unwrap().signers.is_empty());
    let confirmed = Engagement::read(&text.replace("taken from the package", "confirmed")).unwrap();
    assert_eq!(confirmed.signers[0].name, "A \"Bank\"");
}
