# Penny, Grace and the Factory on this machine's processor, for a bot beside them (compose.local.yaml):
#
#   docker build --file deploy/services.Dockerfile --tag skydeck-services .
#
# The models are not inside: the first start fetches 1.4 to 1.9 GB into /data, which should be a volume.
ARG PYTHON=3.13

FROM python:${PYTHON}-slim AS build
WORKDIR /src
RUN python -m venv /opt/skydeck
ENV PATH=/opt/skydeck/bin:$PATH
COPY deploy/services.lock ./
RUN pip install --no-cache-dir --require-hashes --requirement services.lock
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY cogs cogs
COPY audio audio
COPY local_discord local_discord
RUN pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:${PYTHON}-slim
# bubblewrap is the Factory's sandbox, where the host allows user namespaces; else it only parses.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install --yes --no-install-recommends bubblewrap libgomp1 \
 && rm -rf /var/lib/apt/lists/*
RUN useradd --uid 10001 --home-dir /data --create-home --shell /usr/sbin/nologin skydeck
COPY --from=build /opt/skydeck /opt/skydeck
ENV PATH=/opt/skydeck/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    MPLCONFIGDIR=/tmp/matplotlib \
    SKYDECK_WEIGHTS_DIR=/data/weights
USER 10001:10001
WORKDIR /data
VOLUME /data
# It listens when the models are there. Only who shares its network sees 127.0.0.1: the bot.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60m --retries=3 \
  CMD ["python", "-c", "import socket; socket.create_connection(('127.0.0.1', 8010), 4).close()"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["skydeck"]
CMD ["serve", "--port", "8010"]
