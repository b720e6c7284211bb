"""Enabling and disabling the extension: at once, and without a trace."""

from __future__ import annotations

from tests.blender_addon.conftest import InBlender

HEAVY = {"fsynth", "fsynth_morphable", "onnxruntime", "PIL", "scipy"}


def test_enabling_imports_nothing_heavy(in_blender: InBlender) -> None:
    loaded = in_blender(
        """
        import bpy
        before = set(sys.modules)
        import fsynth_blender
        fsynth_blender.register()
        bpy.ops.fsynth.create_avatar.poll()
        report(sorted({name.partition(".")[0] for name in set(sys.modules) - before}))
        """,
        enable=False,
    )
    assert "fsynth_blender" in loaded
    assert not HEAVY & set(loaded)
    assert "numpy" not in loaded


def test_disabling_leaves_nothing(in_blender: InBlender) -> None:
    before, enabled, after = in_blender(
        """
        import bpy
        import fsynth_blender
        def ours():
            # dir(bpy.types) also shows classes that are gone.
            types = [name for name in dir(bpy.types) if name.startswith("FSYNTH_") and hasattr(bpy.types, name)]
            properties = [hasattr(owner, "fsynth") for owner in (bpy.types.Scene, bpy.types.Collection)]
            return [sorted(types), properties, len(bpy.app.handlers.load_pre)]
        before = ours()
        fsynth_blender.register()
        enabled = ours()
        fsynth_blender.unregister()
        fsynth_blender.register()
        fsynth_blender.unregister()
        report([before, enabled, ours()])
        """,
        enable=False,
    )
    assert {"FSYNTH_OT_create_avatar", "FSYNTH_PT_create"} <= {*enabled[0]}
    assert enabled[1] == [True, True]
    assert after == before


def test_disabling_stops_what_is_going_on(in_blender: InBlender) -> None:
    found = in_blender(
        """
        import threading
        from fsynth_blender.background import Task
        ended = threading.Event()
        def work(stop):
            stop.wait(60)
            ended.set()
        def steps(context, result):
            yield 0.5
        run.begin(lambda: Task(work, "Waiting"), steps)
        fsynth_blender.unregister()
        report([run.active() is None, ended.wait(10)])
        """
    )
    assert found == [True, True]


def test_disabling_removes_a_half_made_avatar(in_blender: InBlender) -> None:
    found = in_blender(
        """
        from fsynth_blender.background import Task
        before = census()
        def steps(context, result):
            made = bpy.data.collections.new("half")
            try:
                while True:
                    yield 0.5
            finally:
                bpy.data.collections.remove(made)
        going = run.begin(lambda: Task(lambda stop: None, "Waiting"), steps)
        while not going.building:
            going.step(bpy.context)
        during = census()
        fsynth_blender.unregister()
        report([before, during, census()])
        """
    )
    before, during, after = found
    assert during["collections"] == before["collections"] + 1
    assert after == before


def test_blender_too_old(in_blender: InBlender) -> None:
    found = in_blender(
        """
        import bpy
        import fsynth_blender
        fsynth_blender.OLDEST = (99, 0, 0)
        fsynth_blender.register()
        shown = [name for name in dir(bpy.types) if name.startswith("FSYNTH_") and hasattr(bpy.types, name)]
        fsynth_blender.unregister()
        report([shown, [name for name in shown if hasattr(bpy.types, name)]])
        """,
        enable=False,
    )
    assert found == [["FSYNTH_PT_too_old"], []]
