"""The frozen records that cross the plugin boundary, a module per area; no database, no pluggy, no clock."""
