# The bot: Discord on one side, RunPod on the other. It needs no GPU and holds no language model.
#
#   docker build --file deploy/bot.Dockerfile --tag skydeck-bot .
#
# Base images go by tag, not by digest, so that a rebuild takes in their security fixes. All Python
# packages are pinned by hash.
ARG PYTHON=3.13

FROM python:${PYTHON}-slim AS build
WORKDIR /src
RUN python -m venv /opt/skydeck
ENV PATH=/opt/skydeck/bin:$PATH
COPY deploy/bot.lock ./
RUN pip install --no-cache-dir --require-hashes --requirement bot.lock
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY cogs cogs
COPY audio audio
COPY local_discord local_discord
RUN pip install --no-cache-dir --no-deps --no-build-isolation .
# What voice channels are heard with: 11 MB, verified by their hashes. (A step of its own, so that
# it says which of the two failed.)
# hadolint ignore=DL3059
RUN SKYDECK_WEIGHTS_DIR=/opt/weights skydeck models pull silero-vad smart-turn-v3.2

FROM python:${PYTHON}-slim
RUN useradd --uid 10001 --home-dir /data --create-home --shell /usr/sbin/nologin skydeck
COPY --from=build /opt/skydeck /opt/skydeck
COPY --from=build --chown=10001:10001 /opt/weights /opt/weights
# matplotlib keeps a cache of fonts; /data is the only other place that is written to.
ENV PATH=/opt/skydeck/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    MPLCONFIGDIR=/tmp/matplotlib \
    SKYDECK_WEIGHTS_DIR=/opt/weights \
    SKYDECK_DATABASE_URL=sqlite:////data/skydeck.db \
    SKYDECK_METRICS_ADDRESS=0.0.0.0:9464
USER 10001:10001
WORKDIR /data
VOLUME /data
# Figures and health, without a key: publish the port to your own network only.
EXPOSE 9464
HEALTHCHECK --interval=15s --timeout=5s --start-period=90s --retries=3 \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:9464/healthz', timeout=4)"]
# In exec form, so that SIGTERM arrives: the bot then ends what it can and hands the rest over.
STOPSIGNAL SIGTERM
ENTRYPOINT ["skydeck"]
CMD ["bot"]
