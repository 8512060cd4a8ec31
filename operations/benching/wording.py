"""The sentences of docs/performance.md; `{…}` are filled in."""

from __future__ import annotations


def _one_line(text: str) -> str:
    return " ".join(text.split())


HEAD = _one_line("""
Written by `make bench` from [bench.json](bench.json); `manage.py bench document` writes it anew. Not to be
edited.
""")
QUICK = "**A quick run: it shows that the benchmark works, not how fast the platform is.**"
PEER = _one_line("""
Calls of the API with tokens; gunicorn as shipped with two workers, the load on the same two cores. Signalen's
figures were taken in the same setting on a machine of this kind. `empty` is an empty Django view behind the
same middleware in the same run, `SQL` the reading statements of the call in psycopg2 by hand.
""")
CSV = "CSV: {rows} rows in {seconds} s ({how}); Signalen: 100,000 rows in {theirs} s."
MEMORY = _one_line("""
{calls} mixed calls in {seconds} s with four clients (of ten, one files a request, three list fifty, four show
one, two list one's own), on workers that are not renewed after 5,000 calls as the shipped ones are: {begins_mb}
MB after the first calls, {peak_mb} MB at the peak of a worker, {slope_kb} kB a call of one worker once warm
(least squares). Signalen's workers grew to {theirs} MB.
""")
PAGES = _one_line("""
Times in milliseconds. `ratio`: p50 at one client to an empty view and the call's reading SQL by hand together.
Bytes as they were sent, and plain.
""")
NOT_SHOWN = "Nothing to show in this city: {missing}. Answers that were not good: {bad}."
JOBS = _one_line("""
Each once, in a process of its own. `database`: seconds that its statements took there, which the same SQL by
hand takes as well.
""")
PLANS = _one_line("""
Reading statements of all pages above, each page once, by the time that they take together; values are blotted
out.
""")
PLAN = "### {number}. {milliseconds} ms on {slowest_on}; {together} ms together on {count} pages"
HOW = _one_line("""
`make bench` simulates the cities of 韶关 and 荔湾 together (`manage.py simulate_city --preset shaoguan --preset
liwan --seed 7`) in databases wenshao_bench_… that are kept, and measures copies of them. gunicorn runs with the
settings that are shipped and the variables of production; a proxy's headers are sent along. The load is one
process of its own over kept connections on the same cores. Each number stands beside an empty view and SQL by
hand of the same moments, so that a busy machine does not matter. Limits per account are forgotten between two
measures. Queries are counted in a process that is warm; statements that only begin and end transactions are not
counted. The people who ask are those with the most to do: of the community with the most requests, the resident
who asked most, the volunteer with the most claims. No worker runs meanwhile: what a step leaves to one is
written and queued, not carried out.
""")
