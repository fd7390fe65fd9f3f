"""Tests of the plugin host against real and deliberately broken plugins, and of the verticals."""
