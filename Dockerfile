# kefu as a service: docs/operations.md
FROM node:24-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json vite.config.ts ./
COPY scripts ./scripts
COPY assets ./assets
COPY src ./src
COPY web ./web
RUN npm run build && chmod +x dist/server/cli.js && npm prune --omit=dev --ignore-scripts --no-audit --no-fund

# The emulated WeChat alone, for CI and compose: docker build --target emulator -t kefu-emulator . (docs/emulator.md)
FROM node:24-slim AS emulator
# The name by which other containers call it; with it the key that it prints, or EMULATOR_KEY.
ENV NODE_ENV=production EMULATOR_HOST=0.0.0.0 EMULATOR_PORT=3001 EMULATOR_ALLOW_HOST=emulator
WORKDIR /app
COPY --from=build /src/package.json ./
COPY --from=build /src/node_modules ./node_modules
COPY --from=build /src/assets ./assets
COPY --from=build /src/dist ./dist
RUN ln -s /app/dist/server/cli.js /usr/local/bin/kefu
USER node
EXPOSE 3001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.EMULATOR_PORT + '/_emulator/health').then((a) => process.exit(a.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["kefu", "emulate"]

# The service: the last stage is what a build without --target makes.
FROM node:24-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000 DATA_DIR=/data
WORKDIR /app
COPY --from=build /src/package.json ./
COPY --from=build /src/node_modules ./node_modules
COPY --from=build /src/assets ./assets
COPY --from=build /src/dist ./dist
# DATA_DIR holds the database and the key: for the service alone, which is not root.
RUN ln -s /app/dist/server/cli.js /usr/local/bin/kefu && install -d -o node -g node -m 0700 /data
USER node
VOLUME /data
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/readyz').then((a) => process.exit(a.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["kefu"]
CMD ["start"]
