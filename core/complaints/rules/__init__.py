"""What complaints are judged by: filings, sources, letters, likeness, shares and the regulator's promises, without rows."""
