"""导入: a community's Excel sheets into its registry (N4).

`jobs` is the front: begin, confirm, remap, cancel, report. `running` is what workers do, under a lease. A run goes
`reading` (rows of a sheet, understood through `columns`) → `checking` (what a row says by itself) → `placing`
(where it is) → `planning` (what it would change) → `loading` (one transaction). No value of a person reaches a
finding, a log, a task or an exception unmasked.
"""
