# One base for every stage: the major and the Debian release are pinned, patches come with a rebuild.
FROM node:24-bookworm-slim AS base
WORKDIR /app
# Dependencies change less often than code: these layers are rebuilt only when the lockfile is.
COPY package.json package-lock.json .npmrc ./

# The optional packages carry a Node.js for machines with an older one: the image has its own.
FROM base AS production-dependencies
RUN --mount=type=cache,target=/root/.npm npm ci --omit=dev --omit=optional --ignore-scripts

# The service with its packages, as both stages below have it.
FROM node:24-bookworm-slim AS service
WORKDIR /app
COPY --from=production-dependencies /app/node_modules ./node_modules
COPY package.json LICENSE ./
# Node.js runs the TypeScript sources as they are.
COPY src ./src
ENV NODE_COMPILE_CACHE=/var/cache/compiled

# What V8 makes of the sources is kept, by the user that will ask for it: a container, whose own cache would end with it,
# starts in about 70 % of the time. The demo runs the code of the service and of the sandbox; the others only have to be loaded,
# and the service then ends, since it is not configured.
FROM service AS compiled
RUN install -d -o 1000 -g 1000 /var/cache/compiled
USER 1000:1000
ENV HOST=127.0.0.1 PORT=0 DATA_DIR=/tmp/demo
RUN node --import ./src/compile-cache.js src/demo.ts --once && rm -r /tmp/demo && \
    node --import ./src/compile-cache.js src/cli.ts --help > /dev/null && \
    node --import ./src/compile-cache.js src/sandbox/server.ts --help > /dev/null && \
    ! node --import ./src/compile-cache.js src/server.ts 2> /dev/null && \
    chmod -R a+rX /var/cache/compiled

FROM service AS runtime
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="album-release-ingest" \
      org.opencontainers.image.description="Ingests new album releases and every track of each album from the Spotify Web API" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# All code stays root's and is not writable for the service; only /data is, so that it runs with a read-only root too.
COPY --from=compiled /var/cache/compiled /var/cache/compiled
RUN install -d -o 1000 -g 1000 -m 0750 /data
ENV NODE_ENV=production \
    HOST=0.0.0.0 \
    PORT=3000 \
    DATA_DIR=/data
# A number, so that an orchestrator can see that it is not root (runAsNonRoot).
USER 1000:1000
VOLUME ["/data"]
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/ready`, { signal: AbortSignal.timeout(2500) }).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# No shell and no npm in between: SIGTERM reaches the service. The same image runs src/cli.ts and src/sandbox/server.ts.
# New objects get 16 MiB: V8 would give them up to 64, twice, which large answers fill.
CMD ["node", "--import", "./src/compile-cache.js", "--max-semi-space-size=16", "src/server.ts"]
