# Gatehouse in a container: docs/deploy.md says how it is run.

FROM python:3.11-slim-bookworm AS packages
WORKDIR /srv/gatehouse
# Tracing and Sentry come with OBSERVING=yes.
ARG OBSERVING=
COPY requirements.txt requirements-observing.txt ./
RUN python -m venv /opt/gatehouse \
 && /opt/gatehouse/bin/python -m pip install --no-cache-dir --disable-pip-version-check \
    --require-hashes --only-binary :all: -r requirements.txt \
    ${OBSERVING:+-r requirements-observing.txt}

FROM python:3.11-slim-bookworm
RUN groupadd --gid 10001 gatehouse \
 && useradd --uid 10001 --gid gatehouse --no-create-home --home-dir /var/lib/gatehouse gatehouse \
 && install --directory --owner gatehouse --group gatehouse --mode 0700 /var/lib/gatehouse
COPY --from=packages /opt/gatehouse /opt/gatehouse
WORKDIR /srv/gatehouse
COPY . .
RUN /opt/gatehouse/bin/python -m compileall -q .
ENV PATH=/opt/gatehouse/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    HOST=0.0.0.0 \
    DATA_DIR=/var/lib/gatehouse
USER 10001:10001
EXPOSE 8000
ENTRYPOINT ["python", "manage.py"]
CMD ["run"]
