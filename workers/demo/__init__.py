"""Three chains as they really look: two pet clinics with the plugin on, one supplement shop with it off."""
