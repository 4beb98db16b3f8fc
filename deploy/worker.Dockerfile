# The three workers for RunPod, an image each, with the models inside:
#
#   docker build --file deploy/worker.Dockerfile --target penny   --build-arg XLLAMACPP_INDEX=… --tag skydeck-penny .
#   docker build --file deploy/worker.Dockerfile --target grace   --build-arg XLLAMACPP_INDEX=… --tag skydeck-grace .
#   docker build --file deploy/worker.Dockerfile --target factory --build-arg XLLAMACPP_INDEX=… --tag skydeck-factory .
#
# SKYDECK_PRESET chooses the models: gpu-24gb (an 8B language model, Whisper large-v3-turbo, Kokoro), or
# laptop (the small ones). SKYDECK_LLM, if given, is the language model instead: a name of `skydeck models
# list`, or hf:owner/repository/file.gguf.
# XLLAMACPP_INDEX is where llama.cpp's wheels for CUDA 12.8 are: the ones on the Python package index
# are for processors. xllamacpp's own README names the address, under "Installation".
# CTranslate2's wheel needs nothing else: it has CUDA built in and takes cuBLAS from the base image.
#
# Base images go by tag, not by digest, so that a rebuild takes in their security fixes. All Python
# packages are pinned by hash, but for the CUDA wheel, which is pinned by its version.
ARG CUDA=12.8.1

FROM nvidia/cuda:${CUDA}-runtime-ubuntu24.04 AS base
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install --yes --no-install-recommends bubblewrap ca-certificates libgomp1 python3 python3-venv tini \
 && rm -rf /var/lib/apt/lists/*

FROM base AS build
WORKDIR /src
RUN python3 -m venv /opt/skydeck
ENV PATH=/opt/skydeck/bin:$PATH \
    SKYDECK_WEIGHTS_DIR=/opt/weights
COPY deploy/worker.lock ./
RUN pip install --no-cache-dir --require-hashes --requirement worker.lock
ARG XLLAMACPP_INDEX
RUN test -n "$XLLAMACPP_INDEX" || { echo "Set --build-arg XLLAMACPP_INDEX=…; see the head of this file."; exit 1; } \
 && version="$(sed -n 's/^xllamacpp==\([0-9.]*\).*/\1/p' worker.lock)" \
 && pip install --no-cache-dir --no-deps --force-reinstall --index-url "$XLLAMACPP_INDEX" "xllamacpp==$version"
COPY pyproject.toml README.md LICENSE ./
COPY bot bot
COPY cogs cogs
COPY audio audio
COPY local_discord local_discord
RUN pip install --no-cache-dir --no-deps --no-build-isolation .

# The models, verified by their hashes; each in a stage of its own, so that only its users have it.
FROM build AS language
ARG SKYDECK_PRESET=gpu-24gb
ARG SKYDECK_LLM=
RUN skydeck models pull --only language

FROM build AS speech
ARG SKYDECK_PRESET=gpu-24gb
RUN skydeck models pull --only speech

FROM base AS worker
ARG SKYDECK_PRESET=gpu-24gb
ARG SKYDECK_LLM=
RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin skydeck
COPY --from=build /opt/skydeck /opt/skydeck
COPY --from=language --chown=10001:10001 /opt/weights /opt/weights
# cuda, not auto: a worker that has lost its GPU must fail, not work slowly at a GPU's price.
ENV PATH=/opt/skydeck/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    SKYDECK_DEVICE=cuda \
    SKYDECK_LLM=${SKYDECK_LLM} \
    SKYDECK_PRESET=${SKYDECK_PRESET} \
    SKYDECK_WEIGHTS_DIR=/opt/weights
USER 10001:10001
WORKDIR /home/skydeck
# RunPod's SDK forks a process for its signs of life; tini collects it and passes SIGTERM on.
ENTRYPOINT ["tini", "-g", "--", "python", "-m", "bot.workers.serverless"]

FROM worker AS grace
CMD ["grace"]

FROM worker AS factory
CMD ["factory"]

FROM worker AS penny
COPY --from=speech --chown=10001:10001 /opt/weights /opt/weights
CMD ["penny"]
