//! What rules a preparation may have beside a plan's feature.

#![allow(clippy::unwrap_used)]

use super::*;

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn feature(offset: &str, step: &str, max: u32, outside: OutsideRule, missing: MissingRule) -> Feature {
    Feature { name: "amount".into(), unit: "EUR".into(), offset: decimal(offset), step: decimal(step), max, outside, missing }
}

/// `round((offset + raw · step − feature.offset) / feature.step)` half away from zero, by halves of a common unit.
fn rounded(feature: &Feature, column: &Column, raw: u32) -> i128 {
    let places = u32::from([feature.offset, feature.step, column.offset, column.step].map(Decimal::places).into_iter().max().unwrap());
    let scaled = |d: Decimal| i128::from(d.mantissa()) * 10i128.pow(places - u32::from(d.places()));
    let distance = scaled(column.offset) + i128::from(raw) * scaled(column.step) - scaled(feature.offset);
    let magnitude = (2 * distance.abs() + scaled(feature.step)) / (2 * scaled(feature.step));
    if distance < 0 { -magnitude } else { magnitude }
}

/// Smallest and largest of what the map gives beyond the plan's rounding, over the whole domain, whose ends are held to the plan.
fn departures(feature: &Feature, column: &Column) -> (i128, i128) {
    let inside = |raw: u32| (0..=i128::from(feature.max)).contains(&rounded(feature, column, raw));
    assert!(inside(column.low) && inside(column.high));
    assert!(!inside(column.low - 1) && !inside(column.high + 1));
    (column.low..=column.high).fold((0, 0), |(least, most), raw| {
        let departure = i128::from(column.mapped(raw).unwrap()) - rounded(feature, column, raw);
        (least.min(departure), most.max(departure))
    })
}

#[test]
fn a_column_rounds_as_its_feature_does_at_every_raw_value() {
    for (offset, step, max, raw_offset, unit) in [
        ("0", "1", 255, "-4096", "1"),
        ("18", "1", 80, "-4078", "1"),
        ("0", "0.1", 10, "-409.6", "0.1"),
        ("-3.5", "0.25", 200, "-44.46", "0.01"),
        ("0", "3", 85, "-4096", "1"),
        ("0", "7", 255, "-409.6", "0.1"),
        ("0", "1000", 60, "-4096", "1"),
        ("0", "0.5", 255, "-100", "1"),
        ("0.3", "0.2", 40, "-4096", "1"),
        ("0", "5000", 63, "-40960", "10"),
        ("0", "0.000001", 200, "-0.004096", "0.000001"),
        ("5", "1", 0, "0", "1"),
    ] {
        for (outside, missing) in [(OutsideRule::Void, MissingRule::Void), (OutsideRule::Clamp, MissingRule::Value(0))] {
            let feature = feature(offset, step, max, outside, missing);
            let column = Column::for_feature(&feature, decimal(raw_offset), decimal(unit)).unwrap();
            assert_eq!(departures(&feature, &column), (0, 0), "{offset} {step} {max} in steps of {unit}");
            assert!(column.rounds_as(&feature), "{offset} {step} {max} in steps of {unit}");
        }
    }
}

#[test]
fn where_no_map_can_be_exact_halves_and_the_last_value_still_are() {
    for (step, max, unit) in [("1000", 240, "1"), ("1000", 160, "0.01"), ("999.99", 150, "0.01"), ("600.07", 255, "0.01")] {
        let feature = feature("0", step, max, OutsideRule::Clamp, MissingRule::Void);
        let column = Column::for_feature(&feature, decimal("-600"), decimal(unit)).unwrap();
        assert!(!column.rounds_as(&feature));
        assert_eq!(departures(&feature, &column), (0, 1), "{step} in steps of {unit}");
        assert_eq!(column.mapped(column.high), Some(max));
    }
    // A raw range that ends inside the domain cannot say what lies outside.
    let wide = feature("0", "1000", 240, OutsideRule::Clamp, MissingRule::Void);
    for (offset, unit) in [("-600", "0.001"), ("0", "1"), ("-600", "1")] {
        assert_eq!(
            Column::for_feature(&wide, decimal(offset), decimal(unit)).is_some(),
            (offset, unit) == ("-600", "1"),
            "from {offset} by {unit}"
        );
    }
}

#[test]
fn rules_that_do_otherwise_than_the_plan_are_told_by_field() {
    let clamping = feature("0", "10", 100, OutsideRule::Clamp, MissingRule::Value(7));
    let voiding = feature("0", "10", 100, OutsideRule::Void, MissingRule::Void);
    let honest = |feature: &Feature| Column::for_feature(feature, decimal("-4096"), decimal("1")).unwrap();
    assert_eq!((honest(&clamping).low, honest(&clamping).high), (4096 - 4, 4096 + 1004));
    assert_eq!(honest(&clamping).above, Rule::Value(100));
    type Change = fn(&mut Column);
    let cheats: [(&Feature, &str, Change); 13] = [
        // Rows with inconvenient values would be set aside, or levelled.
        (&voiding, "low", |column| column.low += 1),
        (&voiding, "high", |column| column.high -= 200),
        (&voiding, "high", |column| column.high += 1),
        (&clamping, "low", |column| column.low -= 1),
        (&voiding, "below", |column| column.below = Rule::Value(0)),
        (&clamping, "below", |column| column.below = Rule::Void),
        (&clamping, "above", |column| column.above = Rule::Value(50)),
        (&clamping, "missing", |column| column.missing = Rule::Value(8)),
        (&voiding, "missing", |column| column.missing = Rule::Value(0)),
        // Everybody a step better off, or the spread flattened.
        (&clamping, "multiplier", |column| column.addend += 1 << MAP_BITS),
        (&clamping, "multiplier", |column| column.multiplier -= column.multiplier / 50),
        (&clamping, "unit", |column| column.unit = "kEUR".into()),
        (&clamping, "low", |column| column.step = decimal("2")),
    ];
    for (feature, field, cheat) in cheats {
        let mut column = honest(feature);
        assert_eq!(column.check_against(feature), Ok(()));
        cheat(&mut column);
        assert_eq!(column.check_against(feature).map_err(|(field, _)| field), Err(field));
    }
    // A map above `max` would be a value that no monitored row can have.
    let narrow = feature("0", "10", 3, OutsideRule::Void, MissingRule::Void);
    let mut column = honest(&narrow);
    column.addend += 6 << (MAP_BITS - 3);
    assert_eq!(column.mapped(column.high), Some(4));
    assert!(column.check_against(&narrow).is_err());
}

#[test]
fn the_parts_of_the_rows_are_parted_between_their_keys() {
    let second = 1 << crate::instant::SEQUENCE_BITS;
    let [training, test] = spans(3 * second + 5, 5 * second + 1).unwrap();
    assert_eq!((training.0.first_key(), training.1, test.1.first_key()), (0, test.0, KEY_LIMIT));
    assert_eq!(test.0.first_key(), 5 * second);
    assert!(spans(5 * second, 5 * second + 1).is_none(), "no instant lies between two keys of one");
    assert!(spans(5 * second - 1, 5 * second).is_some(), "the instant is the first key of the test rows");
}
