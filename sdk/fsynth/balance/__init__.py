"""Exposure and white balance of photos, from the faces in them (Cole et al. 2017, section 7.3, and beyond).

Two methods, pure functions of arrays: ``eq4`` is the paper's map in YCrCb, ``gains`` multiplies scene-linear light.
``docs/balance-method.md`` has colour spaces, formulae and what was measured. RAW files and colour appearance need
``pip install "fsynth[balance]"``.
"""
