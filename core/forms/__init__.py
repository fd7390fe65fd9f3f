"""One engine for every paper: intake, consent, survey, exam, checklist."""
