import { gzipSync } from 'node:zlib'
import t from 'tap'
import type { SandboxApp } from '../src/sandbox/app.ts'
import { type Change, albumOf, startBetween } from './between.ts'
import { startSandbox, startService } from './service.ts'

const idsOf = (sandbox: SandboxApp, count: number): string[] => sandbox.sandbox.catalogue.searchOrder.slice(0, count)

t.test('an album of 30 MB in gzip and one of a million objects are gaps, one of 3 MB is kept', async (t) => {
  const { sandbox, sandboxUrl } = await startSandbox(t)
  const [bomb = '', dense = '', long = ''] = idsOf(sandbox, 3)
  const extra = (text: string, items: string): string => `${text.slice(0, -1)},"extra":[${items}]}`
  const changes = new Map<string, Change>([
    [bomb, () => gzipSync(Buffer.alloc(30_000_000, ' '))],
    [dense, (text) => gzipSync(extra(text, `${'{},'.repeat(1_000_000)}{}`), { level: 1 })],
    [long, (text) => gzipSync(extra(text, `${'1234,'.repeat(600_000)}1`), { level: 1 })],
  ])
  const between = await startBetween(t, sandboxUrl, (path) => changes.get(albumOf(path)))
  const service = await startService(t, {
    on: { sandbox, sandboxUrl },
    env: { SPOTIFY_API_URL: `${between}/v1`, SPOTIFY_MAX_ATTEMPTS: '1' },
  })
  const run = await service.ingest({ limit: 20 })
  t.match(run, { status: 'partial', progress: { albumsFetched: 18 } })
  t.same(run.gaps.map(({ albumId }) => albumId).sort(), [bomb, dense].sort())
  t.ok(
    run.gaps.every(
      ({ code, detail }) => code === 'upstream_invalid' && /more than (4194304 bytes|200000 objects)/.test(detail)
    ),
    JSON.stringify(run.gaps[0])
  )
})

t.test('an album nested 20,000 deep is a gap, and numbers are in every format as they were sent', async (t) => {
  const { sandbox, sandboxUrl } = await startSandbox(t)
  const [deep = '', big = '', floats = ''] = idsOf(sandbox, 3)
  const changes = new Map<string, Change>([
    [deep, (text) => `${text.slice(0, -1)},"x":${'['.repeat(20_000)}${']'.repeat(20_000)}}`],
    [
      big,
      (text) =>
        text
          .replace(/"duration_ms":\d+/, '"duration_ms":12345678901234567890')
          .replace(/^\{/, '{"n":[1.0,1e2],"__proto__":98765432109876543210,'),
    ],
    [floats, (text) => text.replace(/"total_tracks":(\d+)/, '"total_tracks":$1.0')],
  ])
  const between = await startBetween(t, sandboxUrl, (path) => changes.get(albumOf(path)))
  const service = await startService(t, {
    on: { sandbox, sandboxUrl },
    env: { SPOTIFY_API_URL: `${between}/v1`, SPOTIFY_MAX_ATTEMPTS: '2' },
  })
  const run = await service.ingest({ limit: 20 })
  t.match(run, {
    status: 'partial',
    progress: { albumsFetched: 19 },
    gaps: [{ albumId: deep, code: 'upstream_invalid', detail: /nested deeper than 100/ }],
  })
  for (const format of ['json', 'ndjson', 'tracks', 'csv']) {
    const text = await (await service.get(`/runs/${run.id}?format=${format}`)).body.text()
    t.match(text, /12345678901234567890/, format)
    if (format === 'json' || format === 'ndjson') {
      t.match(text, /"n":\[1\.0,1e2\],"__proto__":98765432109876543210,.*"total_tracks":\d+\.0/s, format)
    }
  }
})
