import './leash.ts'

// The sandbox with one difference: new-releases lists the whole catalogue instead of ending after about 100, since no listing of
// Spotify's is long enough for a run of 20,000 albums.

interface App {
  sandbox: { catalogue: { ids: string[], newReleases: string[] } }
  listen: (options: { host: string, port: number }) => Promise<string>
}

const ALBUMS = 20_000

const { buildSandbox } = await import(new URL('../../src/sandbox/app.ts', import.meta.url).href) as { buildSandbox: (settings: object) => App }
const app = buildSandbox({ tier: 'extended', albums: ALBUMS })
app.sandbox.catalogue.newReleases = app.sandbox.catalogue.ids
console.log(await app.listen({ host: '127.0.0.1', port: 0 }))
