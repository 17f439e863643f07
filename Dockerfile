# livegraph in a container. How to run it: docs/deploy.md
#
#     docker build -t livegraph .                                      models on the CPU
#     docker build -t livegraph:cuda --build-arg VARIANT=cuda .        models on an NVIDIA GPU
#
# One base for both: torch's CUDA wheels bring CUDA and cuDNN with them, and the driver comes from the host, so that an
# nvidia/cuda base would only hold them twice. Debian's own Python is what livegraph is tested with, and `apt` brings
# its security updates. To hold the base to one build of it: --build-arg BASE=debian@sha256:...
ARG BASE=debian:bookworm-slim

FROM ${BASE} AS base
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates python3 tini \
    && rm -rf /var/lib/apt/lists/*

# What is to be installed, read from the projects themselves: torch, all else from PyPI, and our own folders. A change
# in the code leaves the first two as they were, and with them the layers that they make.
FROM base AS wanted
COPY . /src
WORKDIR /src
RUN mkdir /wanted && python3 -c 'import re, tomllib; from pathlib import Path; \
    text = Path("requirements.txt").read_text(); \
    folders = re.findall(r"^-e (\S+)", text, re.M); \
    projects = [tomllib.loads(Path(folder, "pyproject.toml").read_text())["project"] for folder in folders]; \
    others = {line for project in projects for line in project["dependencies"] if not re.match("livegraph", line)}; \
    pins = re.findall(r"^[\w.-]+==.*", text, re.M); \
    Path("/wanted/torch.txt").write_text("\n".join(pin for pin in pins if pin.startswith("torch==")) + "\n"); \
    Path("/wanted/others.txt").write_text("\n".join([*pins, *sorted(others)]) + "\n"); \
    Path("/wanted/own.txt").write_text("\n".join(f"/src/{folder}" for folder in folders) + "\n")'

FROM base AS packages
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3-venv \
    && rm -rf /var/lib/apt/lists/* \
    && python3 -m venv /opt/livegraph
ENV PATH=/opt/livegraph/bin:$PATH PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY --from=wanted /wanted/torch.txt /wanted/
ARG VARIANT=cpu
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
RUN case "$VARIANT" in \
        cpu) pip install --no-deps --index-url "$TORCH_INDEX" -r /wanted/torch.txt ;; \
        cuda) pip install -r /wanted/torch.txt ;; \
        *) echo "VARIANT is $VARIANT; it is cpu or cuda" >&2; exit 1 ;; \
    esac
COPY --from=wanted /wanted/others.txt /wanted/
RUN pip install -r /wanted/others.txt

FROM packages AS own
COPY --from=wanted /wanted/own.txt /wanted/
COPY --from=wanted /src /src
RUN pip install --no-deps --prefix /own -r /wanted/own.txt

FROM base
LABEL org.opencontainers.image.title="livegraph" \
      org.opencontainers.image.description="A plugin-based node graph runtime for live AI video" \
      org.opencontainers.image.licenses="Apache-2.0"
# In Debian's group `video`, whose number (44) owns /dev/video* on Debian and Ubuntu hosts.
RUN useradd --uid 10001 --user-group --groups video --home-dir /var/lib/livegraph --no-create-home livegraph \
    && install -d -o livegraph -g livegraph /var/lib/livegraph /srv/livegraph/out
# Two layers: a new version of livegraph leaves the large one, with torch in it, as it was.
COPY --from=packages /opt/livegraph /opt/livegraph
COPY --from=own /own /opt/livegraph
COPY graphs /srv/livegraph/graphs
# Models, certificates and caches lie under HOME, recordings in out/. NVIDIA's capabilities matter with a GPU alone:
# `video` lets FFmpeg use the card's encoders.
ENV PATH=/opt/livegraph/bin:$PATH \
    HOME=/var/lib/livegraph \
    PYTHONUNBUFFERED=1 \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility,video \
    HEALTH_URL=http://127.0.0.1:8400/health
WORKDIR /srv/livegraph
USER livegraph
VOLUME ["/var/lib/livegraph", "/srv/livegraph/out"]
EXPOSE 8400
STOPSIGNAL SIGTERM
# The run's state, not only whether the port answers. The certificate is not checked: it is our own, on loopback.
HEALTHCHECK --interval=10s --timeout=5s --start-period=5m --retries=3 CMD ["python", "-c", "\
import json, os, ssl, urllib.request as web; \
answer = web.urlopen(os.environ['HEALTH_URL'], timeout=4, context=ssl._create_unverified_context()); \
raise SystemExit(json.load(answer)['state'] not in ('warming', 'running', 'degraded'))"]
# tini: a signal that comes before Python listens ends it too, and nothing is left behind as a zombie.
ENTRYPOINT ["tini", "--", "livegraph"]
CMD ["run", "graphs/vod.yaml", "--serve", "--host", "0.0.0.0", "--port", "8400"]
