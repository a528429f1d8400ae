//! Audit records to PDF/A reports.
