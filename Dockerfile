# One image for master, workers and receivers. Credentials come from the environment or a volume, never from here.
ARG PYTHON_IMAGE=python:3.13-slim

FROM ${PYTHON_IMAGE} AS built
RUN python3 -m venv /venv
COPY requirements.txt /tmp/
RUN /venv/bin/pip install --no-cache-dir --disable-pip-version-check --no-compile --require-hashes -r /tmp/requirements.txt

FROM ${PYTHON_IMAGE}
COPY --from=built /venv /venv
WORKDIR /app
COPY _hookswarm _hookswarm
COPY hookswarm hookswarm
COPY locustfiles locustfiles
COPY deploy deploy
COPY run_webhook_performance_tests.py ./
# Volumes take over who owns the folder that they are mounted on.
RUN mkdir /results /run/hookswarm /configuration && chown 10001:10001 /results /run/hookswarm /configuration
ENV PATH=/venv/bin:$PATH PYTHONPATH=/app PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp \
    HOOKSWARM_SECRET_FILE=/run/hookswarm/secret HOOKSWARM_TOKEN_FILE=/run/hookswarm/token
USER 10001:10001
CMD ["python", "run_webhook_performance_tests.py", "--help"]
