"""Do PostgreSQL and Redis answer? `python -m tests.reachable` says so before `make test-services` begins."""

import os
import sys

import psycopg2
import redis


def silent() -> list[str]:
    """One sentence for each service of the WENSHAO_TEST_* variables that does not answer."""
    problems = []
    database, broker = os.environ["WENSHAO_TEST_DATABASE_URL"], os.environ["WENSHAO_TEST_REDIS_URL"]
    try:
        psycopg2.connect(database, connect_timeout=5).close()
    except psycopg2.OperationalError as error:
        # The database itself need not exist, test databases are made next to it.
        if "does not exist" not in str(error):
            problems.append(f"PostgreSQL does not answer at WENSHAO_TEST_DATABASE_URL={database}: {error}")
    try:
        redis.Redis.from_url(broker, socket_connect_timeout=5).ping()
    except redis.RedisError as error:
        problems.append(f"Redis does not answer at WENSHAO_TEST_REDIS_URL={broker}: {error}")
    return problems


if __name__ == "__main__":
    sys.exit("\n".join(silent()) or None)
