import { spawnSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import t, { type Test } from 'tap'
import { runCommand } from '../process.ts'
import { type Document, type Service, startService, temporaryFolder } from '../service.ts'

const skip = spawnSync('python3', ['--version']).error !== undefined && 'python3 is not installed'

/** How to call the one function of each page, so that it prints the path of the document. */
const RECIPES = {
  'examples/prefect/README.md': "print(recipe.album_releases(limit=100, folder=recipe.Path('.')))",
  'examples/dagster/README.md':
    "print(recipe.album_releases(recipe.dg.AssetExecutionContext('2026-11-30')).metadata['path'])",
}

async function run (t: Test, page: string, call: string, service: Service) {
  const folder = await temporaryFolder(t)
  const code = /```python\n(.*?)```/s.exec(await readFile(page, 'utf8'))?.[1] ?? ''
  await writeFile(join(folder, 'recipe.py'), code)
  const env = {
    INGEST_URL: service.url,
    PYTHONPATH: `${folder}:${resolve('test/recipes/stub')}`,
    PYTHONDONTWRITEBYTECODE: '1',
  }
  const start = async () => await runCommand('python3', ['-c', `import recipe; ${call}`], env, folder)
  return { folder, start }
}

for (const [page, call] of Object.entries(RECIPES)) {
  t.test(page, { skip }, async (t) => {
    t.test('its code stores the document; started again, of the same run', async (t) => {
      const service = await startService(t)
      const { folder, start } = await run(t, page, call, service)
      const { code, stdout, stderr } = await start()
      t.equal(code, 0, stderr)
      const document = JSON.parse(await readFile(join(folder, stdout.trim()), 'utf8')) as Document
      t.match(document, { status: 'succeeded' })
      t.equal(document.albums.length, 100)
      t.equal((await start()).stdout, stdout)
      t.match(await (await service.get('/runs')).body.json(), { runs: { length: 1 } })
    })

    t.test('a partial run fails it, with the number of gaps', async (t) => {
      const service = await startService(t)
      const { sandbox } = service.sandbox
      sandbox.change({
        faults: [{ kind: 'not-found', endpoint: 'album', albumId: sandbox.catalogue.searchOrder[2] ?? '' }],
      })
      const { start } = await run(t, page, call, service)
      const { code, stderr } = await start()
      t.equal(code, 1)
      t.match(stderr, /: partial, 1 gaps, quality /)
    })
  })
}
