import { parseEnv } from 'node:util'
import t from 'tap'
import { envLines } from '../../src/sandbox/env-lines.ts'
import { DEFAULT_SETTINGS } from '../../src/sandbox/settings/settings.ts'

t.test('the printed lines are what the service reads from its .env, whatever the secret', async (t) => {
  for (const clientSecret of ['sandbox-secret', 'a:b%', 'a b', '#1', "it's", 'say "x"', '$HOME']) {
    t.strictSame({ ...parseEnv(envLines('http://127.0.0.1:4000', { ...DEFAULT_SETTINGS, clientSecret })) }, {
      SPOTIFY_API_URL: 'http://127.0.0.1:4000/v1',
      SPOTIFY_TOKEN_URL: 'http://127.0.0.1:4000/api/token',
      SPOTIFY_CLIENT_ID: 'sandbox-id',
      SPOTIFY_CLIENT_SECRET: clientSecret,
    }, clientSecret)
  }
})
