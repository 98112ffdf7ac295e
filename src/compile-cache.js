import { constants, enableCompileCache } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

// Preloaded as JavaScript (`node --import`): with the first TypeScript file in the cache, its compiler is never loaded,
// which saves 20 MB and about a tenth of the time of a start. The cache that the image brings is for its own kind of
// processor and its own user: others make theirs.
if (enableCompileCache().status === constants.compileCacheStatus.FAILED) {
  enableCompileCache(join(tmpdir(), 'node-compile-cache'))
}
