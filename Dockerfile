# syntax=docker/dockerfile:1
# Two stages: the first installs the locked libraries and collects the static files, the second only runs.
FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
RUN python -m venv /venv
COPY requirements.lock /tmp/requirements.lock
RUN /venv/bin/python -m pip install --require-hashes --only-binary :all: -r /tmp/requirements.lock
WORKDIR /app
COPY . /app
# Node fetches the front-end files and stays in this stage.
RUN python -m venv /node && /node/bin/python -m pip install --require-hashes --only-binary :all: -r requirements-front.lock \
    && /node/bin/python -I governance/front_end.py
RUN /venv/bin/python -m babel.messages.frontend -q compile -d locale -D django
# The embedded mode needs no secret; the keys it generates stay in this stage.
RUN WENSHAO_VAR=/tmp/var WENSHAO_STATIC_ROOT=/app/collected /venv/bin/python manage.py collectstatic --noinput

FROM python:3.11-slim
# pg_dump and pg_restore for `manage.py backup`, of the server's version (docker-compose.yml), from PostgreSQL's own list.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates postgresql-common \
    && /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y \
    && apt-get install -y --no-install-recommends postgresql-client-16 \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --home-dir /data --no-create-home wenshao \
    && mkdir -p /data/media && chown -R wenshao:wenshao /data
COPY --from=build /venv /venv
COPY --from=build /app /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    WENSHAO_MODE=production WENSHAO_VAR=/data WENSHAO_STATIC_ROOT=/app/collected
WORKDIR /app
USER wenshao
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=4 CMD ["python", "-m", "governance.alive"]
CMD ["gunicorn", "governance.wsgi:application", "--config", "python:governance.gunicorn"]
