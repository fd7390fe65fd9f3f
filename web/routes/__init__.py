"""One module per area; each exports `routes`, and `web.app` names them all."""
