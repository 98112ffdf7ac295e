// node examples/client/example.ts [KEY]      (Node.js 22.18 or newer runs TypeScript as it is; with an older one: npx tsx examples/client/example.ts)
import { Refused, connect, ingest } from './client.ts'

// The newest albums of the day, once: a second start of the same day gets the same run.
const client = connect(process.env['INGEST_URL'] ?? 'http://127.0.0.1:3000', process.env['INGEST_API_KEY'])
const day = new Date().toISOString().slice(0, 10)

try {
  const { status, albums, gaps } = await ingest(client, { limit: 20 }, process.argv[2] ?? `example-${day}`)
  console.log(`${status}: ${albums.length} albums, ${gaps.length} gaps`)
  for (const { name, release_date: released, artists, tracks } of albums) {
    console.log([released, artists?.[0]?.name, name, `${tracks.items.length} tracks`].join('\t'))
  }
} catch (error) {
  console.error(error instanceof Refused ? error.message : error)
  process.exitCode = 1
}
