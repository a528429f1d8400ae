//! The workbench driven by the names a screen reader would say, on a host that answers from memory.

mod support;

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use support::{
    Story,
    fake::{Fake, click, click_containing, files, sample, shows, window},
    lifecycle::{Chain, life_cycle},
    malformed, record,
};
use verifold_model::{
    lineage::LinkName,
    protocol::{PROTOCOL_VERSION, WorkerEvent},
};
use verifold_ui::{
    backend::{AuditFiles, Command, Event, Pick, RunId},
    pace::Pace,
    panels::monitoring::{Model, choices, csv, svg},
    place::{Screen, Selection},
    tokens::look,
    workbench::Run,
};

const LARGE: [f32; 2] = [1440.0, 900.0];

#[test]
fn open_verify_and_select_a_violating_batch() {
    let fake = Fake::with(record(Story::Findings));
    let mut window = window(&fake, LARGE, files());
    assert!(matches!(&fake.0.borrow().sent[1], Command::Verify { files: sent, .. } if *sent == files()));
    assert!(shows(&window, "1 of 3 proofs is rejected, so IN-3 has no valid evidence"));
    click_containing(&mut window, "MO-1, violated");
    assert_eq!(window.state().here().screen, Screen::Requirements);
    assert!(shows(&window, "Why MO-1 is violated"));
    click(&mut window, "Batch 17");
    assert_eq!(window.state().here().screen, Screen::Monitoring);
    assert_eq!(window.state().here().selection, Selection::Batch(17));
    click_containing(&mut window, "Not satisfied, 3");
    click_containing(&mut window, "Batch 18,");
    assert_eq!(window.state().here().selection, Selection::Batch(18));
    assert!(shows(&window, "Batch 18: Age 18–29 is outside the limit"));
}

#[test]
fn a_sample_opens_with_one_click() {
    let fake = Fake::with(record(Story::Honest));
    fake.0.borrow_mut().samples = vec![sample()];
    let mut window = window(&fake, LARGE, AuditFiles::default());
    assert!(shows(&window, "Policy and package are still missing"));
    click(&mut window, "Open sample Honest lender");
    assert!(shows(&window, "mandatory requirements are settled on proven values"));
    assert_eq!(window.state().audit().unwrap().record, record(Story::Honest));
}

#[test]
fn without_samples_the_welcome_room_says_where_they_would_be() {
    let window = window(&Fake::default(), LARGE, AuditFiles::default());
    assert!(shows(&window, "No samples found"));
}

#[test]
fn escape_cancels_and_nothing_is_concluded() {
    let fake = Fake::default();
    let mut window = window(&fake, LARGE, files());
    assert!(matches!(window.state().run(), Run::Verifying(_)));
    assert!(shows(&window, "Checking proofs: Batches 1–24"));
    window.key_press(Key::Escape);
    window.run_steps(3);
    assert_eq!(fake.0.borrow().sent.last(), Some(&Command::Cancel { run: RunId(1) }));
    assert!(shows(&window, "Cancelled, nothing is concluded"));
    assert!(window.state().audit().is_none());
}

#[test]
fn a_worker_that_stops_is_named_with_what_it_was_at() {
    let fake = Fake::default();
    let mut window = window(&fake, LARGE, files());
    fake.tell(Event::WorkerStopped { run: RunId(1), cause: "It said: out of memory".into() });
    window.run_steps(3);
    assert!(shows(&window, "The verifier stopped during “Checking proofs: Batches 1–24”. Nothing is concluded. It said: out of memory"));
    fake.0.borrow_mut().record = Some(record(Story::Honest));
    click(&mut window, "Verify again");
    assert!(window.state().audit().is_some());
}

#[test]
fn the_last_words_of_an_earlier_run_are_not_heard() {
    let fake = Fake::default();
    let mut window = window(&fake, LARGE, files());
    window.key_press(Key::Escape);
    window.run_steps(3);
    click(&mut window, "Verify again");
    let record = Box::new(record(Story::Honest));
    fake.tell(Event::Worker { run: RunId(1), event: WorkerEvent::Verified { record: record.clone() } });
    fake.tell(Event::WorkerStopped { run: RunId(1), cause: "killed".into() });
    window.run_steps(3);
    assert!(window.state().audit().is_none() && matches!(window.state().run(), Run::Verifying(_)));
    fake.tell(Event::Worker { run: RunId(2), event: WorkerEvent::Verified { record } });
    window.run_steps(3);
    assert!(window.state().audit().is_some());
}

#[test]
fn files_opened_from_outside_wait_for_a_policy_or_are_verified() {
    let fake = Fake::with(record(Story::Honest));
    let mut window = window(&fake, LARGE, AuditFiles::default());
    let package = AuditFiles { package: files().package, ..AuditFiles::default() };
    fake.tell(Event::Opened { files: package, whole: false, problem: "notes.txt is neither".into() });
    window.run_steps(3);
    assert!(shows(&window, "notes.txt is neither") && window.state().audit().is_none());
    fake.tell(Event::Opened { files: files(), whole: true, problem: String::new() });
    window.run_steps(3);
    assert!(window.state().audit().is_some());
}

#[test]
fn files_opened_from_outside_wait_for_the_end_of_a_verification() {
    let fake = Fake::default();
    let mut window = window(&fake, LARGE, files());
    let other = AuditFiles { package: "other.zkaudit".into(), ..files() };
    let verified = || -> Vec<AuditFiles> {
        let sent = &fake.0.borrow().sent;
        sent.iter().filter_map(|command| if let Command::Verify { files, .. } = command { Some(files.clone()) } else { None }).collect()
    };
    fake.tell(Event::Opened { files: other.clone(), whole: true, problem: String::new() });
    window.run_steps(3);
    assert_eq!(verified(), [files()]);
    fake.tell(Event::Cancelled { run: RunId(1) });
    window.run_steps(3);
    assert_eq!(verified(), [files(), other]);
}

#[test]
fn a_tour_shows_the_rooms_and_says_how_long_frames_took() {
    let fake = Fake::with(record(Story::Honest));
    let mut window = window(&fake, LARGE, files());
    let mut pace = Pace::new(45);
    let mut rooms = Vec::new();
    let found = (0..60).find_map(|_| {
        window.run_steps(1);
        let ctx = window.ctx.clone();
        let found = pace.look(window.state_mut(), &ctx, Some(0.002));
        rooms.push(window.state().here().screen);
        found
    });
    let found = found.unwrap();
    assert_eq!((found.frames, rooms.len()), (45, 46));
    assert!((found.drawing.mean - 2.0).abs() < 1e-3 && found.interval.mean > 0.0, "{found:?}");
    rooms.dedup();
    assert_eq!(rooms, [Screen::Overview, Screen::Requirements, Screen::Lifecycle]);
}

#[test]
fn a_verifier_of_another_release_is_refused() {
    let fake = Fake::default();
    let mut window = window(&fake, LARGE, files());
    fake.tell(Event::Worker { run: RunId(1), event: WorkerEvent::Ready { protocol: PROTOCOL_VERSION + 1, program: "verifold 9".into() } });
    window.run_steps(3);
    assert!(
        matches!(window.state().run(), Run::Failed { message } if message.contains(&format!("speaks protocol {}", PROTOCOL_VERSION + 1)))
    );
}

#[test]
fn what_isolation_lacks_is_said_in_the_status_bar_and_beside_the_proofs() {
    let fake = Fake::with(record(Story::Honest));
    fake.0.borrow_mut().missing = vec!["this kernel cannot isolate by landlock (it is not there)".into()];
    let mut window = window(&fake, LARGE, files());
    assert!(shows(&window, "not fully isolated: see Proofs"));
    click(&mut window, "Proofs");
    assert!(shows(&window, "this kernel cannot isolate by landlock (it is not there); the package was parsed without it"));
    fake.0.borrow_mut().missing.clear();
    click(&mut window, "Verify again");
    assert!(!shows(&window, "isolated"));
}

#[test]
fn an_audit_that_cannot_be_done_says_why() {
    let fake = Fake::default();
    let mut window = window(&fake, LARGE, files());
    fake.tell(Event::Worker {
        run: RunId(1),
        event: WorkerEvent::Failed { message: "policy.toml, line 3: unknown key `limt`".into(), hint: "mend it".into(), exit: 3 },
    });
    window.run_steps(3);
    assert!(shows(&window, "unknown key `limt`"));
}

#[test]
fn a_file_that_is_no_package_has_a_headline_and_empty_rooms() {
    let fake = Fake::with(malformed());
    let mut window = window(&fake, LARGE, files());
    assert!(shows(&window, "The file is not a proof package"));
    click(&mut window, "Monitoring");
    assert!(shows(&window, "Nothing to monitor"));
    click(&mut window, "Proofs");
    assert!(shows(&window, "No proof could be read"));
}

#[test]
fn back_and_forward_walk_through_rooms() {
    let fake = Fake::with(record(Story::Findings));
    let mut window = window(&fake, LARGE, files());
    click(&mut window, "Proofs");
    click(&mut window, "Monitoring");
    window.key_press_modifiers(Modifiers::ALT, Key::ArrowLeft);
    window.run_steps(3);
    assert_eq!(window.state().here().screen, Screen::Proofs);
    window.key_press_modifiers(Modifiers::ALT, Key::ArrowRight);
    window.run_steps(3);
    assert_eq!(window.state().here().screen, Screen::Monitoring);
    assert_eq!(window.state().here().selection, Selection::Batch(17), "the room opens on the first violating batch");
    window.key_press(Key::ArrowRight);
    window.run_steps(3);
    assert_eq!(window.state().here().selection, Selection::Batch(18));
}

#[test]
fn the_palette_finds_requirements_batches_and_commands() {
    let fake = Fake::with(record(Story::Findings));
    let mut window = window(&fake, LARGE, files());
    let find = |window: &mut support::fake::Window<'_>, text: &str| {
        window.key_press_modifiers(Modifiers::CTRL, Key::K);
        window.run_steps(3);
        window.event(egui::Event::Text(text.into()));
        window.run_steps(3);
        window.key_press(Key::Enter);
        window.run_steps(3);
    };
    find(&mut window, "mo-3");
    assert_eq!(window.state().here().selection, Selection::Requirement("MO-3".into()));
    find(&mut window, "batch 12");
    assert_eq!(window.state().here().selection, Selection::Batch(12));
    find(&mut window, "zoom in");
    assert!((window.ctx.zoom_factor() - 1.1).abs() < 1e-3);
}

#[test]
fn the_zoom_goes_from_80_to_200_percent_and_is_kept() {
    let fake = Fake::with(record(Story::Honest));
    let mut window = window(&fake, LARGE, files());
    let zoom = |window: &support::fake::Window<'_>| (window.ctx.zoom_factor() * 100.0).round();
    fake.tell(Event::Kept { zoom: 185 });
    window.run_steps(3);
    assert_eq!(zoom(&window), 185.0);
    for (key, expected) in [(Key::Plus, [190_u16, 200, 200]), (Key::Num0, [100; 3]), (Key::Minus, [90, 80, 80])] {
        for expected in expected {
            window.key_press_modifiers(Modifiers::CTRL, key);
            window.run_steps(3);
            assert_eq!((zoom(&window), fake.0.borrow().sent.last()), (f32::from(expected), Some(&Command::Keep { zoom: expected })));
        }
    }
}

#[test]
fn the_report_goes_to_the_path_in_the_sheet() {
    let fake = Fake::with(record(Story::Honest));
    let mut window = window(&fake, LARGE, files());
    click(&mut window, "Report…");
    click(&mut window, "Browse…");
    assert!(matches!(fake.0.borrow().sent.last(), Some(Command::Pick { pick: Pick::Report, .. })));
    fake.tell(Event::Picked { pick: Pick::Report, path: Some("papers/audit.pdf".into()), problem: String::new() });
    window.run_steps(3);
    click(&mut window, "Write report");
    assert!(
        matches!(fake.0.borrow().sent.last(), Some(Command::Report { run: RunId(2), of: RunId(1), output }) if output == "papers/audit.pdf")
    );
    assert!(shows(&window, "12 pages, papers/audit.pdf"));
    fake.tell(Event::Refused { run: None, message: "Too long.".into() });
    window.run_steps(3);
    assert!(shows(&window, "12 pages, papers/audit.pdf"));
}

#[test]
fn a_dialog_that_cannot_be_shown_is_explained() {
    let fake = Fake::default();
    let mut window = window(&fake, LARGE, AuditFiles::default());
    click(&mut window, "Open package…");
    fake.tell(Event::Picked { pick: Pick::Package, path: None, problem: "No file dialog could be shown. Type the path instead.".into() });
    window.run_steps(3);
    assert!(shows(&window, "Type the path instead"));
}

#[test]
fn overlays_and_trusted_keys_are_added_verified_with_and_left_out() {
    let fake = Fake::with(record(Story::Honest));
    let mut window = window(&fake, LARGE, AuditFiles { package: String::new(), ..files() });
    for (button, pick, path) in [("Add overlay…", Pick::Overlay, "stricter.toml"), ("Trust a key…", Pick::Key, "cco.key.pub")] {
        click(&mut window, button);
        assert!(matches!(fake.0.borrow().sent.last(), Some(Command::Pick { pick: asked, .. }) if *asked == pick));
        for _ in 0..2 {
            fake.tell(Event::Picked { pick, path: Some(path.into()), problem: String::new() });
        }
        window.run_steps(3);
        assert!(shows(&window, path));
    }
    click(&mut window, "Leave out cco.key.pub");
    let opened = AuditFiles { package: "merian.zkaudit".into(), trusted: vec!["head.key.pub".into()], ..AuditFiles::default() };
    fake.tell(Event::Opened { files: opened, whole: false, problem: String::new() });
    window.run_steps(3);
    click(&mut window, "Verify");
    let sent = fake.0.borrow();
    let verified =
        sent.sent.iter().find_map(|command| if let Command::Verify { files, .. } = command { Some(files.clone()) } else { None });
    assert_eq!(verified, Some(AuditFiles { overlays: vec!["stricter.toml".into()], trusted: vec!["head.key.pub".into()], ..files() }));
}

#[test]
fn a_whole_audit_keeps_nothing_of_the_one_before() {
    let before = AuditFiles {
        engagement: "merian-engagement.toml".into(),
        overlays: vec!["stricter.toml".into()],
        trusted: vec!["cco.key.pub".into()],
        ..files()
    };
    let fake = Fake::with(record(Story::Honest));
    let mut window = window(&fake, LARGE, before.clone());
    let verified = || -> Vec<AuditFiles> {
        let sent = &fake.0.borrow().sent;
        sent.iter().filter_map(|command| if let Command::Verify { files, .. } = command { Some(files.clone()) } else { None }).collect()
    };
    // A folder with two packages: which of them, a person says.
    let other = AuditFiles { policy: "other/policy.toml".into(), engagement: "other/engagement.toml".into(), ..AuditFiles::default() };
    fake.tell(Event::Opened { files: other.clone(), whole: true, problem: String::new() });
    window.run_steps(3);
    assert_eq!(verified(), [before]);
    for old in ["merian.zkaudit", "stricter.toml", "cco.key.pub"] {
        assert!(!shows(&window, old), "{old}");
    }
    let package = AuditFiles { package: "other/one.zkaudit".into(), ..AuditFiles::default() };
    fake.tell(Event::Opened { files: package.clone(), whole: false, problem: String::new() });
    window.run_steps(3);
    click(&mut window, "Verify");
    assert_eq!(verified()[1..], [AuditFiles { package: package.package, ..other }]);
    // A folder without an engagement.
    fake.tell(Event::Opened { files: files(), whole: true, problem: String::new() });
    window.run_steps(3);
    assert_eq!(verified()[2..], [files()]);
}

#[test]
fn nothing_is_repainted_while_nothing_happens() {
    let fake = Fake::with(record(Story::Findings));
    let mut window = window(&fake, LARGE, files());
    window.run();
    for screen in Screen::ROOMS {
        click(&mut window, screen.title());
        // Ends before its limit only if no frame asks for the next one.
        assert!(window.run() <= 4, "{}", screen.title());
    }
}

#[test]
fn a_broken_link_shows_both_digests_and_leads_to_its_proofs() {
    let broken = life_cycle(Chain::Broken);
    let value = broken.lineage.links[5].compared[0].clone();
    let mut window = window(&Fake::with(broken), LARGE, files());
    window.key_press_modifiers(Modifiers::CTRL, Key::Num3);
    window.run_steps(3);
    assert_eq!(window.state().here().screen, Screen::Lifecycle);
    assert!(shows(&window, "Monitoring used another model than the one trained"));
    assert_eq!(window.state().here().selection, Selection::Link(LinkName::MonitoredTrained), "the room opens on what is broken");
    click_containing(&mut window, "Link Training rows → Trained model, linked");
    assert_eq!(window.state().here().selection, Selection::Link(LinkName::TrainedOnPrepared));
    click_containing(&mut window, "Link Trained model → Monitored batches, broken");
    window.get_by_label("Copy digests").click();
    window.step();
    let expected = format!("model earlier {}\nmodel later {}\n", value.earlier, value.later);
    let commands = &window.output().platform_output.commands;
    assert!(commands.iter().any(|command| matches!(command, egui::OutputCommand::CopyText(text) if *text == expected)));
    for digits in [value.earlier.to_string(), value.later.to_string()] {
        assert!(shows(&window, &format!("{} {}", &digits[..4], &digits[4..8])), "{digits}");
    }
    window.run_steps(3);
    click_containing(&mut window, "Artefact trained model, proven");
    assert_eq!((window.state().here().screen, &window.state().here().selection), (Screen::Proofs, &Selection::Proof("training".into())));
}

#[test]
fn a_cell_of_the_board_opens_its_most_serious_requirement() {
    let mut window = window(&Fake::with(life_cycle(Chain::Broken)), [1440.0, 1600.0], files());
    click(&mut window, "Life cycle");
    click_containing(&mut window, "Cell Traceability, Online monitoring: 0 of 1 settled, MO-10");
    assert_eq!(window.state().here().selection, Selection::Requirement("MO-10".into()));
}

#[test]
fn arrow_keys_walk_along_the_chain() {
    let mut window = window(&Fake::with(life_cycle(Chain::Whole)), LARGE, files());
    click(&mut window, "Life cycle");
    window.get_all_by_label_contains("Artefact training rows, proven").next().unwrap().focus();
    window.run_steps(3);
    window.key_press(Key::ArrowRight);
    window.run_steps(3);
    window.key_press(Key::Enter);
    window.run_steps(3);
    assert_eq!(window.state().here().selection, Selection::Link(LinkName::TrainedOnPrepared));
}

#[test]
fn the_development_data_is_named_in_words() {
    let mut window = window(&Fake::with(life_cycle(Chain::Whole)), LARGE, files());
    click(&mut window, "Life cycle");
    window.get_by_label("Training rows: 40\u{202F}771 rows, 882 set aside: 679 with a missing value, 203 outside a domain");
    window.get_by_label("18 columns with every value of every row inside its domain");
    let histogram = window.get_by_label_contains("monthly_income, EUR. below 1200: 900 training, 200 test; 1200 to below 2400: ");
    assert!(histogram.rect().width() > 200.0);
}

#[test]
fn arrow_keys_walk_through_the_matrix() {
    let fake = Fake::with(record(Story::Findings));
    let mut window = window(&fake, LARGE, files());
    window.get_by_label("MO-1, violated, Approval-rate difference, age bands, 0.1431").focus();
    window.run_steps(3);
    window.key_press(Key::ArrowDown);
    window.run_steps(3);
    window.key_press(Key::Enter);
    window.run_steps(3);
    assert_eq!(window.state().here().selection, Selection::Requirement("MO-2".into()), "the one below in the same cell");
}

#[test]
fn a_chart_is_copied_with_its_conclusion() {
    let record = record(Story::Findings);
    let model = Model::new(&record, &choices(&record)[0]).unwrap();
    let table = csv(&model);
    assert_eq!(table.lines().count(), model.slots.len() + 1);
    assert_eq!(table.lines().next(), Some("batch,label,from,n,lowest,highest,state,standing"));
    assert!(table.lines().any(|line| line.starts_with("17,") && line.contains("Violated,proven")), "{table}");
    assert!(table.lines().any(|line| line.ends_with("missing")), "a missing batch keeps its line");
    let drawing = svg(&model, look(false));
    assert!(drawing.contains(&format!("<title>{}</title>", model.title)));
    let beyond = model.slots.iter().filter(|slot| slot.beyond).count();
    let within = model.slots.iter().filter(|slot| !slot.beyond && slot.value.is_some()).count();
    assert_eq!((drawing.matches("<path").count(), drawing.matches("<circle").count()), (beyond, within));
    assert!(drawing.ends_with("</svg>\n"));

    let fake = Fake::with(record);
    let mut window = window(&fake, LARGE, files());
    click(&mut window, "Monitoring");
    window.get_by_label("CSV").click();
    window.step();
    let copied = window
        .output()
        .platform_output
        .commands
        .iter()
        .any(|command| matches!(command, egui::OutputCommand::CopyText(text) if *text == table));
    assert!(copied);
}
