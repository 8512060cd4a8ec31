"""活动汇总 (S10): what was done at a place in some days, as a workbook made by a worker and fetched later.

`asking` says who may ask about what, and asks; `running` is what workers do, under a lease; `reading` gives rows in
keyset pages, `tallying` adds them up, `sheets` writes them; `fetching` hands the file to whoever asked for it.
"""
