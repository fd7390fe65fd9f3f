"""Lets surveys ask about segments, which stand above them in core: one place for web and worker."""

from core.surveys.ports import NoSegments, Segments

SEGMENTS: Segments = NoSegments()
