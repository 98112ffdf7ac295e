import { enableCompileCache } from 'node:module'

enableCompileCache() // before the modules of the service are loaded, which it concerns
const { runDemo } = await import('./cli/demo.ts')
await runDemo()
