"""The doctor: does the platform hold what it promises? Checks by name, each in a few sentences of what, why, mending.

`findings` is what a check says, `registry` what a check is, `checks/` the checks by what they are about, `examining`
lets them run, `showing` prints. Nothing is changed by looking, but for the rollups, which first hear of the last
minutes. Findings name rows by their keys, never what stands in them.
"""
