"""Why a deadline stands where it stands."""
