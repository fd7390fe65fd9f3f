"""Trees of conditions over a catalogue of fields: checked, judged for one customer, and put into words elsewhere."""
