import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { brotliCompressSync } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import { html } from '../../src/web/html.ts'
import { type Service, ended, startService } from '../service.ts'

const HTML = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }
const FORM = { ...HTML, 'content-type': 'application/x-www-form-urlencoded' }
const UNKNOWN_ID = '01a203d5-29b8-7587-a80e-df4d1d6e4fbc'

async function page ({ app }: Service, url: string, status = 200): Promise<string> {
  const answer = await app.inject({ url, headers: HTML })
  if (answer.statusCode !== status) throw new Error(`${url} ${answer.statusCode} ${answer.body.slice(0, 500)}`)
  return answer.body
}

async function press ({ app }: Service, path: string, fields: Record<string, string> = {}) {
  return await app.inject({
    method: 'POST',
    url: `/ui/actions/${path}`,
    headers: FORM,
    payload: new URLSearchParams(fields).toString(),
  })
}

function pagesOf (id: string): string[] {
  return [
    '/',
    '/?curl=1&source=search&query=x',
    '/ui/releases',
    `/ui/runs/${id}`,
    ...['covers', 'plots', 'delete', 'changes'].map((part) => `/ui/runs/${id}/${part}`),
  ]
}

t.test('what stands in a template is text, whatever it is; only templates are markup', async (t) => {
  t.equal(
    String(html`<p title="${'"\'<>&`'}">${'<script>'}</p>`),
    '<p title="&quot;&#39;&lt;&gt;&amp;&#96;">&lt;script&gt;</p>'
  )
  t.equal(
    String(html`${html`<b>${'&'}</b>`}${['<', html`<i></i>`]}${null}${undefined}${false}${0}`),
    '<b>&amp;</b>&lt;<i></i>0'
  )
  t.equal(
    String(html`${'a\u0000b\u202ec'}`),
    'a\ufffdb\ufffdc',
    'what HTML cannot hold, or what turns the text around it, is replaced'
  )
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      (text) => !/[<>"'`]|&(?!(amp|lt|gt|quot|#39|#96);)/.test(String(html`${text}`))
    ),
    { numRuns: 1000 }
  )
})

t.test('GET / is a page for browsers, and name, version and links for programs', async (t) => {
  const service = await startService(t)
  for (const accept of [undefined, '*/*', 'application/json']) {
    const answer = await service.app.inject({ url: '/', headers: accept === undefined ? {} : { accept } })
    t.match(answer.json(), {
      name: 'album-release-ingest',
      version: /^\d/,
      links: { openapi: '/openapi.json', runs: '/runs' },
    })
    t.match(answer.headers['vary'], /Accept/)
  }
  const empty = await page(service, '/')
  t.match(empty, /There is no run yet\./)
  t.match(empty, /<strong>What next:<\/strong> press <a href="#start">/)
  t.match(await page(service, '/?status=failed'), /No run is failed\./)
  t.match(await page(service, '/ui/nothing', 404), /There is no such page/)
  t.match(await page(service, '/ui/releases'), /No release has been documented yet\./)
})

t.test('a run from the form to its pages', async (t) => {
  const service = await startService(t, { sandbox: { albums: 40 } })
  const started = await press(service, 'start', { source: 'search', query: 'tag:new', limit: '30' })
  t.equal(started.statusCode, 303)
  const path = String(started.headers.location)
  t.match(path, /^\/ui\/runs\/[0-9a-f-]{36}\?done=started$/)
  const id = path.slice(9, 45)
  const { progress, file } = await ended(service.app, id)

  await t.test('the page of a run has what it brought, its downloads, and its request', async (t) => {
    const shown = await page(service, `/ui/runs/${id}`)
    t.match(shown, /<main id="main"[^>]* data-page="run"/)
    for (const text of [
      `${progress.albumsFetched} `,
      file?.name ?? '',
      'Succeeded',
      'What next:',
      'Run again',
      'Delete…',
      'format=ndjson',
      'track_artists?format=parquet',
      '&#39;http://',
    ]) { t.ok(shown.includes(text), text) }
    t.match(shown, /data-copy="#run-curl" hidden/)
    for (const plot of ['dates', 'tracks', 'durations', 'calls']) t.ok(shown.includes(`data-plot="${plot}"`), plot)
  })

  await t.test('covers, plots and their tables are pages of their own', async (t) => {
    const covers = await page(service, `/ui/runs/${id}/covers`)
    t.ok(
      [...covers.matchAll(/<li><a href="https:\/\/open\.spotify\.com\/album\/\w{22}"/g)].length === 30,
      'each cover leads back to Spotify'
    )
    t.ok(covers.includes(`src="${service.sandboxUrl}/sandbox/covers/`))
    const { plots } = (await service.app.inject(`/ui/runs/${id}/plots.json`)).json<{
      plots: Array<{ id: string, rows: Array<[string, number]> }>
    }>()
    t.same(plots.map((plot) => plot.id), ['dates', 'tracks', 'durations', 'calls'])
    t.ok((plots[3]?.rows.reduce((sum, [, calls]) => sum + calls, 0) ?? 0) > 30, 'each call is in the history')
    t.equal(plots[1]?.rows.reduce((sum, [, albums]) => sum + albums, 0), 30)
    const tables = await page(service, `/ui/runs/${id}/plots`)
    for (const [label, count] of plots[2]?.rows ?? []) {
      t.ok(tables.includes(`<tr><th scope="row">${label}</th><td class="number">${count}</td></tr>`), label)
    }
    t.ok(
      (await page(service, `/ui/runs/${id}`)).includes(String(plots[2]?.rows[0]?.[0])),
      'what is known of a document stands on the page of its run'
    )
  })

  await t.test('a second run is compared with it', async (t) => {
    const again = await press(service, `runs/${id}/again`)
    const second = String(again.headers.location).slice(9, 45)
    t.not(second, id)
    await ended(service.app, second)
    t.match(await page(service, `/ui/runs/${second}`), />Compare the two</)
    t.match(await page(service, `/ui/runs/${second}/changes`), /<dt>Added<\/dt><dd>0<\/dd>/)
    t.match(await page(service, `/ui/runs/${second}`), /<dt>Delisted<\/dt><dd>0<\/dd>/)
  })

  await t.test('the list has it, with what it was the first to see', async (t) => {
    const shown = await page(service, '/')
    t.ok(shown.includes(`href="/ui/runs/${id}"`))
    t.match(shown, /data-label="New" class="number">30</)
    t.match(await page(service, '/ui/releases'), /first seen <\/span><time datetime=/)
  })

  await t.test('a page of a run needs no document', async (t) => {
    await rm(join(service.dataDir, 'documents'), { recursive: true, force: true })
    t.match(await page(service, `/ui/runs/${id}`), /Succeeded/)
  })

  await t.test('it is deleted after a question', async (t) => {
    t.match(await page(service, `/ui/runs/${id}/delete`), /Delete this run\?/)
    const deleted = await press(service, `runs/${id}/delete`)
    t.same([deleted.statusCode, deleted.headers.location], [303, '/?done=deleted'])
    t.match(await page(service, `/ui/runs/${id}`, 404), /There is no such run/)
  })
})

t.test('a wrong form starts nothing, keeps its values, and says at each field what is wrong', async (t) => {
  const service = await startService(t)
  const cases: Array<[fields: Record<string, string>, field: string, text: RegExp]> = [
    [{ limit: 'many' }, 'limit', /Albums must be integer/],
    [{ limit: '1001' }, 'limit', /MAX_ALBUMS_PER_RUN/],
    [{ market: 'de' }, 'market', /ISO 3166-1/],
    [{ source: 'auto', query: 'x' }, 'query', /only for source/],
    [{ source: 'artists', artistIds: 'nobody' }, 'artistIds', /Artists \(number 1\) must be/],
    [{ source: 'albums' }, 'albumIds', /needs albumIds/],
    [{ source: 'search', albumIds: 'a'.repeat(22) }, 'albumIds', /only for source/],
    [{ source: 'albums', albumIds: 'a'.repeat(22), limit: '1' }, 'limit', /leave limit out/],
    [{ source: '<script>' }, 'source', /must be one of/],
  ]
  for (const [fields, field, text] of cases) {
    const answer = await press(service, 'start', fields)
    t.equal(answer.statusCode, 400)
    t.match(
      new RegExp(`<p class="error" id="${field}-error">([^<]*)<`).exec(answer.body)?.[1],
      text,
      JSON.stringify(fields)
    )
    t.match(answer.body, new RegExp(`id="${field}"[^>]* aria-invalid="true"|aria-invalid="true"`))
  }
  const kept = await press(service, 'start', { limit: 'many', query: '"><b>' })
  t.ok(kept.body.includes('value="many"') && kept.body.includes('value="&quot;&gt;&lt;b&gt;"'))
  t.same((await service.app.inject('/runs')).json<{ runs: unknown[] }>().runs, [])
})

t.test('names, queries and errors that are markup stay text on every page', async (t) => {
  const evil = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
  const service = await startService(t, { sandbox: { albums: 5 } })
  const { id } = await ended(
    service.app,
    String((await press(service, 'start', { source: 'search', query: evil })).headers.location).slice(9, 45)
  )
  for (const url of [
    '/',
    `/ui/runs/${id}`,
    `/ui/runs/${id}/delete`,
    `/?query=${encodeURIComponent(evil)}&source=search&curl=1`,
    `/ui/runs/${encodeURIComponent('<script>')}`,
    `/?status=${encodeURIComponent(evil)}`,
  ]) {
    const { body } = await service.app.inject({ url, headers: HTML })
    t.notMatch(body, /<script>|<img src=x|onerror=alert\(2\)>/, url)
  }
})

t.test('no page has anything inline, and its policy lets in only what is its own, and covers', async (t) => {
  const service = await startService(t, { sandbox: { albums: 5 } })
  const { id } = await service.ingest({ limit: 3 })
  await service.ingest({ limit: 3 })
  for (const url of pagesOf(id)) {
    const { body, headers } = await service.app.inject({ url, headers: HTML })
    t.notMatch(body, /<style|\sstyle=|\son\w+="|<script(?![^>]* src=)/, url)
    t.equal(
      headers['content-security-policy'],
      'default-src \'none\'; script-src \'self\'; style-src \'self\'; img-src \'self\' https://i.scdn.co ' +
        `https://mosaic.scdn.co https://*.spotifycdn.com ${service.sandboxUrl}; connect-src 'self'; form-action ` +
          '\'self\'; base-uri \'none\'; frame-ancestors \'none\'',
      url
    )
    t.match(
      headers,
      { 'referrer-policy': 'same-origin', 'x-content-type-options': 'nosniff', 'cache-control': 'private, no-store' },
      url
    )
    const ids = [...body.matchAll(/ id="([^"]*)"/g)].map(([, name]) => name)
    t.equal(new Set(ids).size, ids.length, `${url}: each id once`)
  }
})

t.test('with a path prefix in PUBLIC_URL every link, form and asset has it', async (t) => {
  const service = await startService(t, {
    sandbox: { albums: 5 },
    env: { PUBLIC_URL: 'https://music.example/ingest/' },
  })
  const { id } = await service.ingest({ limit: 3 })
  for (const url of pagesOf(id).slice(0, -1)) {
    const body = await page(service, url)
    for (const [, link = ''] of body.matchAll(/ (?:href|src|action|formaction|data-[a-z]+)="(\/[^"]*)"/g)) {
      t.match(link, /^\/ingest(\/|$)/, `${url} ${link}`)
    }
  }
  t.match(await page(service, `/ui/runs/${id}`), /https:\/\/music\.example\/ingest\/ingest/)
  const started = await press(service, 'start', { limit: '2' })
  t.match(started.headers.location, /^\/ingest\/ui\/runs\//)
})

t.test('partial runs are resumed together; what cannot be done is said on a page', async (t) => {
  const service = await startService(t, {
    sandbox: { albums: 20, tier: 'development' },
    env: { SPOTIFY_MAX_CONCURRENCY: '1' },
  })
  const { albums } = await service.document((await service.ingest({ limit: 10 })).id)
  service.sandbox.sandbox.change({
    faults: albums.slice(4, 6).map((album) => ({ kind: 'not-found', endpoint: 'album', albumId: album.id })),
  })
  const { id, status } = await service.ingest({ limit: 10, refresh: true })
  t.equal(status, 'partial')
  const shown = await page(service, `/ui/runs/${id}`)
  for (const text of [
    '<h2 id="gaps">Gaps</h2>',
    '>Resume<',
    '<code>album_unavailable</code></th><td class="number">2</td>',
  ]) { t.ok(shown.includes(text), text) }
  t.match(await page(service, '/'), /Resume all that are partial/)
  service.sandbox.sandbox.change({ faults: [] })
  const resumed = await press(service, 'resume-partial')
  t.equal(resumed.headers.location, '/?resumed=1&left=0')
  t.match(await page(service, String(resumed.headers.location)), /1 run goes on for what is missing\./)
  t.equal((await ended(service.app, id)).status, 'succeeded')
  t.match(await page(service, '/?status=partial'), /No run is partial/)
  const refused = await press(service, `runs/${id}/cancel`)
  t.equal(refused.statusCode, 409)
  t.match(refused.body, /The run has ended already/)
  t.equal((await press(service, `runs/${UNKNOWN_ID}/resume`)).statusCode, 404)
})

t.test('a run is canceled by its button, and keeps what it has', async (t) => {
  const service = await startService(t, { sandbox: { albums: 30, latencyMs: 100 } })
  const started = await press(service, 'start', { limit: '20' })
  const id = String(started.headers.location).slice(9, 45)
  t.match(await page(service, '/'), new RegExp(`<article class="card live" data-run="${id}"`))
  const canceled = await press(service, `runs/${id}/cancel`)
  t.equal(canceled.headers.location, `/ui/runs/${id}?done=canceled`)
  await ended(service.app, id)
  t.match(await page(service, String(canceled.headers.location)), /was ended with what it had/)
})

t.test('the list goes on page by page, by status too', async (t) => {
  const service = await startService(t, { sandbox: { albums: 5 } })
  for (let limit = 1; limit <= 3; limit++) {
    for (const source of ['search', 'auto']) {
      for (const pagination of ['next', 'offset']) {
        for (const refresh of [true, false]) await service.ingest({ limit, source, pagination, refresh })
      }
    }
  }
  const first = await page(service, '/?status=succeeded')
  const next = /rel="next" href="([^"#]*)/.exec(first)?.[1]?.replaceAll('&amp;', '&') ?? ''
  t.match(next, /^\/\?cursor=[0-9a-f-]{36}&status=succeeded$/)
  const second = await page(service, next)
  t.notMatch(second, /rel="next"/)
  const ids = (text: string) =>
    [...text.matchAll(/<th scope="row"><a href="\/ui\/runs\/([0-9a-f-]{36})"/g)].map(([, id]) => id)
  t.equal(new Set([...ids(first), ...ids(second)]).size, 24)
  t.equal((await service.app.inject({ url: '/?cursor=x', headers: HTML })).statusCode, 400)
})

t.test('page, style and scripts weigh at most 60 kB compressed, and are compressed once', async (t) => {
  const service = await startService(t, { sandbox: { albums: 60 } })
  const { id } = await service.ingest({ limit: 50 })
  for (const url of [`/ui/runs/${id}`, '/']) {
    const body = await page(service, url)
    const names = new Set([...body.matchAll(/(?:src|href)="(\/ui\/assets\/[^"]+)"/g)].map(([, name = '']) => name))
    const folder = [...names][0]?.replace(/[^/]*$/, '') ?? ''
    const queue = [...names]
    let bytes = (await service.app.inject({ url, headers: { ...HTML, 'accept-encoding': 'gzip' } })).rawPayload.length
    for (const name of queue) {
      const answer = await service.app.inject({ url: name, headers: { 'accept-encoding': 'br, gzip' } })
      t.match(answer.headers, { 'content-encoding': 'br', etag: /^"[\w-]+"$/, 'cache-control': /immutable/ }, name)
      t.equal(
        (
          await service.app.inject({
            url: name,
            headers: { 'accept-encoding': 'br', 'if-none-match': String(answer.headers.etag) },
          })
        ).statusCode,
        304
      )
      bytes += answer.rawPayload.length
      const text = (await service.app.inject({ url: name })).body
      t.ok(brotliCompressSync(text).length >= answer.rawPayload.length - 50)
      for (const [, module = ''] of text.matchAll(/from '\.\/([\w-]+\.js)'/g)) {
        if (!queue.includes(folder + module)) queue.push(folder + module)
      }
    }
    t.comment(`${url.slice(0, 8)}: ${bytes} bytes in ${queue.length + 1} answers`)
    t.ok(bytes <= 60_000, `${url} ${bytes}`)
  }
})
