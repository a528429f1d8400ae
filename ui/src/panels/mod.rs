//! The rooms. Each is a model, plain data made from the record, and a panel that draws it.

pub mod lifecycle;
pub mod monitoring;
pub mod overview;
pub mod proofs;
pub mod requirements;
pub mod welcome;

use crate::action::Action;

/// What a frame's clicks ask for, in order; carried out after drawing.
pub type Asked = Vec<Action>;

/// Act and place of a legal reference without its dates: `("AI Act", "Art. 10(2)(f)")`.
pub(crate) fn act_and_place(legal: &str) -> (&str, &str) {
    let undated = legal.split(';').next().unwrap_or(legal);
    let undated = undated.split(", applies").next().unwrap_or(undated).trim();
    match ["Art.", "§", "Annex"].iter().filter_map(|mark| undated.find(mark)).min() {
        Some(at) => {
            let before = undated[..at].trim_end_matches([' ', ',']);
            (before.split(',').next().unwrap_or(before), &undated[at..])
        }
        None => (undated, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::act_and_place;

    #[test]
    fn a_legal_reference_has_an_act_and_a_place() {
        let law = "AI Act, Regulation (EU) 2024/1689, Art. 10(2)(e), 10(3); applies from 2 Dec 2027";
        assert_eq!(act_and_place(law), ("AI Act", "Art. 10(2)(e), 10(3)"));
        assert_eq!(act_and_place("AI Act Art. 14(4), 26(2), applies from 2 Dec 2027"), ("AI Act", "Art. 14(4), 26(2)"));
        assert_eq!(act_and_place("EBA/GL/2020/06 § 4.3.4"), ("EBA/GL/2020/06", "§ 4.3.4"));
        assert_eq!(act_and_place("house rules"), ("house rules", ""));
    }
}
