import { enableCompileCache } from 'node:module'

enableCompileCache() // before the modules of the sandbox are loaded, which it concerns
const { startSandbox } = await import('./serve.ts')
await startSandbox()
