"""Pure rules of policy trials: what a candidate changes, one clock judged, a case replayed, and the sums over all."""
