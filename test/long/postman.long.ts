import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import t from 'tap'
import { runProgram } from '../process.ts'
import { startService } from '../service.ts'

const NEWMAN = join(dirname(createRequire(import.meta.url).resolve('newman/package.json')), 'bin', 'newman.js')

t.test('newman runs the flow of the Postman collection on the service, with a key and without', async (t) => {
  for (const key of ['', 'secret']) {
    const { url } = await startService(t, { env: { API_KEYS: key } })
    const { code, stdout, stderr } = await runProgram(NEWMAN, [
      'run', 'postman/collection.json', '--environment', 'postman/environment.json', '--folder',
      'One run, from start to deletion',
      '--env-var', `baseUrl=${url}`, '--env-var', `apiKey=${key}`, '--color', 'off', '--disable-unicode',
    ], { NO_UPDATE_NOTIFIER: '1' })
    t.equal(code, 0, code === 0 ? 'newman is content' : stdout + stderr)
    t.match(stdout, /assertions\s*\|\s*[3-9]\d\s*\|\s*0 /)
  }
})

t.test('and each operation, one by one, with answers that are documented', async (t) => {
  const { url } = await startService(t)
  for (const folder of ['runs', 'documents', 'tables', 'releases', 'service']) {
    const { code, stdout, stderr } = await runProgram(NEWMAN, [
      'run', 'postman/collection.json', '--environment', 'postman/environment.json', '--folder', folder, '--env-var',
      `baseUrl=${url}`, '--color', 'off', '--disable-unicode',
    ], { NO_UPDATE_NOTIFIER: '1' })
    t.equal(code, 0, code === 0 ? 'newman is content' : stdout + stderr)
  }
})
