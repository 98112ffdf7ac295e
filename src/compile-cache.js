import { enableCompileCache } from 'node:module'

// Preloaded as JavaScript (`node --import`): with the first TypeScript file in the cache, its compiler is never loaded,
// which saves 20 MB and about a tenth of the time of a start.
enableCompileCache()
