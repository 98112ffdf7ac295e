import { enableCompileCache } from 'node:module'

enableCompileCache() // before the modules of the service are loaded, which it concerns
const { ingestOnce } = await import('./cli/main.ts')
await ingestOnce()
