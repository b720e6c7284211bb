"""Every text that the extension shows is a key of every translation, and no translation has others."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.blender_addon.conftest import InBlender

from fsynth_blender.translations import de

LANGUAGES = {"de": de.TEXTS}

# Calls whose texts are shown: the name of what is called, and where among its arguments they are.
SHOWN = {
    "WorkError": (0,),
    "poll_message_set": (0,),
    "pgettext_iface": (0,),
    "label": ("text",),
    "popup_menu": ("title",),
    "report": (1,),
    "Task": (1,),
    "begin": (1,),
    "_attempt": (0, 2),
}


def literal(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def texts_in(source: str) -> Iterator[str]:
    """The texts without gaps that code gives to Blender."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            given = dict(enumerate(node.args)) | {word.arg: word.value for word in node.keywords}
            yield from filter(None, (literal(given.get(place)) for place in SHOWN.get(name, ())))
        elif isinstance(node, ast.Return) and (text := literal(node.value)) and re.match(r"[A-Z].* .*\.$", text):
            yield text  # what operators say at their end


@pytest.fixture(scope="module")
def in_code(root: Path) -> set[str]:
    """What code shows, but for what classes register, and what Blenders too old for the extension show."""
    from fsynth_blender import photo_to_head

    files = sorted((root / "blender_addon" / "fsynth_blender").rglob("*.py"))
    texts = {text for file in files for text in texts_in(file.read_text("utf-8")) if file.stem != "too_old"}
    return texts | {stage for _, stage in photo_to_head._STEPS.values()} | {"Starting", "Building the avatar"}


@pytest.fixture
def registered(in_blender: InBlender) -> set[str]:
    """Names and descriptions of all that is registered."""
    return set(
        in_blender(
            """
            from fsynth_blender import drop_photo, operators, panel, preferences, properties
            classes = [*operators.CLASSES, *panel.CLASSES, *properties.CLASSES, *drop_photo.CLASSES]
            texts = set()
            for cls in [*classes, preferences.FSYNTH_AP_preferences]:
                texts |= {getattr(cls, "bl_label", ""), getattr(cls, "bl_description", "")}
                ours = {name for base in cls.__mro__ for name in getattr(base, "__annotations__", {})}
                shown = cls.bl_rna
                if issubclass(cls, bpy.types.Operator):
                    shown = getattr(bpy.ops.fsynth, cls.bl_idname.partition(".")[2]).get_rna_type()
                for found in shown.properties:
                    if found.identifier not in ours or found.is_hidden:
                        continue
                    texts |= {found.name, found.description}
                    if found.type == "ENUM":
                        texts |= {text for item in found.enum_items for text in (item.name, item.description)}
            report(sorted(texts - {"", "filepath"}))
            """
        )
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_texts_are_translated(language: str, in_code: set[str], registered: set[str]) -> None:
    assert len(registered) > 50
    assert len(in_code) > 20
    assert sorted((in_code | registered) - {*LANGUAGES[language]}) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_translated_that_is_not_shown(language: str, in_code: set[str], registered: set[str]) -> None:
    elsewhere = {  # of other platforms, and of checks that work here
        "GPU (DirectML)", "Any graphics card under Windows", "GPU (CUDA)", "NVIDIA's cards", "GPU (Core ML)",
        "Apple's processors",
    }  # fmt: skip
    assert sorted({*LANGUAGES[language]} - in_code - registered - elsewhere) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_keep_what_ends_a_sentence(language: str) -> None:
    for english, text in LANGUAGES[language].items():
        assert text.strip() == text != "", english
        assert english.endswith((".", "?", ":")) == text.endswith((".", "?", ":")), english


def test_blender_knows_the_translations(in_blender: InBlender) -> None:
    found = in_blender(
        """
        from fsynth_blender import translations
        texts = translations.by_locale()["de"]
        report([texts["*", "Likeness"], texts["Operator", "Create Avatar"]])
        """
    )
    assert found == ["Ähnlichkeit", "Avatar erstellen"]
