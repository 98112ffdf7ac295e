import { mkdir } from 'node:fs/promises'
import fp from 'fastify-plugin'

/** DATA_DIR, made where it is missing. */
export default fp(async (app) => {
  await mkdir(app.config.DATA_DIR, { recursive: true })
}, { name: 'data-dir', dependencies: ['config'] })
