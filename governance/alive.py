"""Health check of the web container: `python -m governance.alive` asks /healthz as the proxy would."""

import http.client
import os
import sys


def main() -> int:
    """0 if the web process on this machine answers 200, else 1."""
    host = os.environ.get("ALLOWED_HOSTS", "localhost").split(",")[0].strip().lstrip(".")
    web = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("WENSHAO_PORT", "8000")), timeout=4)
    try:
        web.request("GET", "/healthz", headers={"Host": host})
        status = web.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        web.close()
    print(status)
    return 0 if status == http.HTTPStatus.OK else 1


if __name__ == "__main__":
    sys.exit(main())
