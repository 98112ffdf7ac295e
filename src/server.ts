import { enableCompileCache } from 'node:module'

enableCompileCache() // before the modules of the service are loaded, which it concerns
const { serve } = await import('./serve.ts')
await serve()
