import { mkdir } from 'node:fs/promises'
import fp from 'fastify-plugin'
import { lockFolder } from '../services/store/folder-lock.ts'

/** DATA_DIR, made where it is missing, and held against a second service for as long as this one runs. */
export default fp(async (app) => {
  await mkdir(app.config.DATA_DIR, { recursive: true })
  const lock = await lockFolder(app.config.DATA_DIR)
  app.addHook('onClose', async () => await lock.release())
}, { name: 'data-dir', dependencies: ['config'] })
