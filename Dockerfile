# The image of the agent: docker build --tag nodeprep:0.1.0 .
# What it holds is decided in scripts/image/, which "npm run build:image-root" runs without any container engine as
# well: the last stage takes over one finished tree and adds nothing to it.

# The tag fixes the versions of Node and Debian; --build-arg BASE=node@sha256:… fixes every byte.
ARG BASE=node:26.10.0-trixie-slim
FROM ${BASE} AS build
# binutils: strip, which takes 30 MB off. libatomic1: the one library of Node that Debian does not install by itself.
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends binutils libatomic1 \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci
COPY LICENSE tsconfig.json ./
COPY scripts scripts
COPY manifests/systemd manifests/systemd
COPY src src
# The time of the commit makes two builds of one commit equal.
ARG SOURCE_DATE_EPOCH=0
# What "nodeprep version" says: there is no git here.
ARG REVISION=unknown
RUN NODEPREP_COMMIT="${REVISION}" npm run -s build -- --no-archive \
    && npm run -s build:image-root -- --output /image

FROM scratch
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="nodeprep" \
      org.opencontainers.image.description="Makes a Linux machine ready to be a Kubernetes node, and keeps it so." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /image/ /
# Root, and it can be nothing else: kernel parameters, modules, swap and the files below /etc of a host are root's, and
# another user with capabilities could not open them either. What root may do here is cut down in the DaemonSet:
# nine capabilities, the runtime's seccomp profile, a read-only file system.
USER 0:0
# Memory: one arena and two threads are enough for a process that mostly waits.
ENV MALLOC_ARENA_MAX=1 UV_THREADPOOL_SIZE=2
ENTRYPOINT ["/usr/local/bin/nodeprep"]
CMD ["run", "--help"]
