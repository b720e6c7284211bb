# SPDX-License-Identifier: GPL-3.0-or-later
"""The texts of the extension in other languages: one module for each, with a plain dict from English."""

from __future__ import annotations

from . import de

_CONTEXTS = ("*", "Operator")  # of labels and descriptions, and of operators' buttons


def by_locale() -> dict[str, dict[tuple[str, str], str]]:
    """As ``bpy.app.translations.register`` wants it. The locale "de" holds for all of German."""
    return {
        language: {(context, english): text for english, text in texts.items() for context in _CONTEXTS}
        for language, texts in {"de": de.TEXTS}.items()
    }
