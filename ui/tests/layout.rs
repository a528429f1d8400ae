//! Nothing is cut off: every room in small windows, at 100 and at 200 %.

mod support;

use egui_kittest::kittest::NodeT;
use support::{
    Story,
    fake::{Fake, Window, click, files, window},
    lifecycle::{Chain, life_cycle},
    record,
};
use verifold_model::{lineage::LinkName, record::AuditRecord, state::RungName};
use verifold_ui::{
    action::Action,
    backend::AuditFiles,
    place::{Screen, Selection},
    widgets::text::take_cut_texts,
};

/// Texts cut against the design, and names outside the window sideways.
fn defects(window: &Window<'_>) -> Vec<String> {
    let width = window.ctx.content_rect().width() * window.ctx.zoom_factor();
    let mut found: Vec<String> = take_cut_texts(&window.ctx).into_iter().map(|text| format!("cut: {text}")).collect();
    let mut stack = vec![window.root()];
    while let Some(node) = stack.pop() {
        let inside = node.accesskit_node();
        // Rows, tiles, the chain and its board may be wider than the window: what holds them scrolls sideways.
        let scrolls = matches!(inside.role(), egui::Role::ListBoxOption)
            || inside.label().is_some_and(|label| {
                ["Artefact ", "Link ", "Stage ", "Cell "].iter().any(|part| label.starts_with(part))
                    || label.contains(", ") && label.contains('-')
            });
        if let (Some(label), Some(bounds), false) = (inside.label(), inside.raw_bounds(), scrolls)
            && (bounds.x0 < -1.0 || bounds.x1 > f64::from(width) + 1.0)
        {
            found.push(format!("outside: {label} {:.0}–{:.0} of {width}", bounds.x0, bounds.x1));
        }
        stack.extend(node.children());
    }
    found.sort();
    found.dedup();
    found
}

#[track_caller]
fn walk(record: &AuditRecord, size: [f32; 2], zoom: f32) {
    let fake = Fake::with(record.clone());
    let points = [size[0] / zoom, size[1] / zoom];
    let mut window = window(&fake, points, files());
    assert_eq!(defects(&window), [""; 0], "overview at {size:?}, {zoom}");
    for screen in Screen::ROOMS {
        click(&mut window, screen.title());
        assert_eq!(defects(&window), [""; 0], "{} at {size:?}, {zoom}", screen.title());
    }
    let mut selections: Vec<(Screen, Selection)> =
        record.requirements.iter().map(|r| (Screen::Requirements, Selection::Requirement(r.id.clone()))).collect();
    selections.extend(record.proofs.iter().map(|p| (Screen::Proofs, Selection::Proof(p.id.clone()))));
    selections.extend([1, 17, 21].map(|n| (Screen::Monitoring, Selection::Batch(n))));
    selections.extend(LinkName::ALL.map(|name| (Screen::Lifecycle, Selection::Link(name))));
    selections.extend(RungName::ALL.map(|name| (Screen::Overview, Selection::Rung(name))));
    for (screen, selection) in selections {
        let ctx = window.ctx.clone();
        window.state_mut().act(Action::Open(screen, selection.clone()), &ctx);
        window.run_steps(3);
        assert_eq!(defects(&window), [""; 0], "{selection:?} at {size:?}, {zoom}");
        window.state_mut().act(Action::Inspector, &ctx);
        window.run_steps(3);
        assert_eq!(defects(&window), [""; 0], "{selection:?} with the inspector changed, at {size:?}, {zoom}");
    }
}

#[test]
fn nothing_is_cut_at_1024_by_700() {
    walk(&record(Story::Findings), [1024.0, 700.0], 1.0);
}

#[test]
fn nothing_is_cut_at_200_percent() {
    walk(&record(Story::Findings), [1024.0, 700.0], 2.0);
}

#[test]
fn nothing_is_cut_on_a_large_screen_at_80_percent() {
    walk(&record(Story::Honest), [1920.0, 1080.0], 0.8);
}

#[test]
fn no_form_of_the_chain_is_cut() {
    for chain in [Chain::Whole, Chain::Broken, Chain::Claimed, Chain::Partial] {
        walk(&life_cycle(chain), [1280.0, 800.0], 1.0);
    }
    walk(&life_cycle(Chain::Broken), [1024.0, 700.0], 2.0);
}

#[test]
fn choosing_and_waiting_are_not_cut_either() {
    for size in [[1024.0, 700.0], [512.0, 350.0], [1920.0, 1080.0]] {
        let empty = window(&Fake::default(), size, AuditFiles::default());
        assert_eq!(defects(&empty), [""; 0], "welcome at {size:?}");
        let waiting = window(&Fake::default(), size, files());
        assert_eq!(defects(&waiting), [""; 0], "running at {size:?}");
    }
}
