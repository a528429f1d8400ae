//! What does the provider say about a change of model?
//!
//! People write TOML; a package carries the same as canonical JSON, with both models named.

use verifold_model::change::ChangeDraft;

use crate::notice::{Notices, ReadError};

/// Reads a change record as people write it.
///
/// # Errors
/// Every error with line and column.
pub fn read_change_record(text: &str) -> Result<ChangeDraft, ReadError> {
    let mut notices = Notices::new(text);
    let value = notices.parse::<ChangeDraft>();
    notices.finish(value).into_result("change record")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "schema = \"change-record/v1\"\nreason = \"Retrained\"\napprover = \"J. Weiss\"\ndate = \"2026-07-10\"\nreference = \"MRC 14\"\n";

    #[test]
    fn models_may_be_left_out_and_nothing_else() {
        let draft = read_change_record(TEXT).unwrap();
        assert_eq!((draft.old_model, draft.new_model, draft.approver.as_str()), (None, None, "J. Weiss"));
        let named = format!("{TEXT}old_model = \"{}\"\n", "01".repeat(32));
        assert!(read_change_record(&named).unwrap().old_model.is_some());
        let error = |text: &str| read_change_record(text).unwrap_err().to_string();
        assert!(error(&TEXT.replace("approver", "approved")).contains("approved"));
        assert!(error(&TEXT.replace("reference = \"MRC 14\"\n", "")).contains("reference"));
    }
}
