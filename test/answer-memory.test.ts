import t from 'tap'
import { startBetween } from './hostile/between.ts'
import { startSandbox, startService } from './service.ts'

t.test('an album nested 20,000 deep is a gap, and numbers are in every format as they were sent', async (t) => {
  const { sandbox, sandboxUrl } = await startSandbox(t)
  const [deep = '', big = '', floats = ''] = sandbox.sandbox.catalogue.searchOrder
  const between = await startBetween(t, sandboxUrl, new Map([
    [deep, (text: string) => `${text.slice(0, -1)},"x":${'['.repeat(20_000)}${']'.repeat(20_000)}}`],
    [big, (text: string) => text.replace(/"duration_ms":\d+/, '"duration_ms":12345678901234567890').replace(/^\{/, '{"n":[1.0,1e2],"__proto__":98765432109876543210,')],
    [floats, (text: string) => text.replace(/"total_tracks":(\d+)/, '"total_tracks":$1.0')],
  ]))
  const service = await startService(t, { on: { sandbox, sandboxUrl }, env: { SPOTIFY_API_URL: `${between}/v1`, SPOTIFY_MAX_ATTEMPTS: '2' } })
  const run = await service.ingest({ limit: 20 })
  t.match(run, { status: 'partial', progress: { albumsFetched: 19 }, gaps: [{ albumId: deep, code: 'upstream_invalid', detail: /nested deeper than 100/ }] })
  for (const format of ['json', 'ndjson', 'tracks', 'csv']) {
    const text = await (await service.get(`/runs/${run.id}?format=${format}`)).body.text()
    t.match(text, /12345678901234567890/, format)
    if (format === 'json' || format === 'ndjson') t.match(text, /"n":\[1\.0,1e2\],"__proto__":98765432109876543210,.*"total_tracks":\d+\.0/s, format)
  }
})
