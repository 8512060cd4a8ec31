"""Speed as a measured fact: pages, calls, jobs, imports and exports of a simulated city, beside bare references.

`load` is the load process; `serving` starts the platform as in production; `people` makes those who ask; `peer`
is the comparison with Signalen; `pages` all routes; `writing` makes docs/performance.md of docs/bench.json.
"""
