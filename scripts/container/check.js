import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parse } from 'yaml'
import { createContainer, isHealthy, startContainer } from './container.js'

const STARTS_WITHIN_MS = 15_000
const LISTENS_WITHIN_MS = 2000 // above twice that it fails, since the machine may be busy
const RUN_WITHIN_MS = 60_000
const STOPS_WITHIN_MS = 2000
const POLL_MS = 20
const URL = 'http://127.0.0.1:3000'

const [folder] = process.argv.slice(2)
const project = process.cwd()
const step = (text) => process.stdout.write(`container: ${text}\n`)
const tell = (text, startedAt) => step(`${text} (${((performance.now() - startedAt) / 1000).toFixed(2)} s)`)

const image = JSON.parse(readFileSync(join(folder, 'image.json'), 'utf8'))
checkContent(image)
execFileSync('ip', ['link', 'set', 'lo', 'up'])
const { services } = parse(readFileSync(join(project, 'compose.yaml'), 'utf8'), { merge: true })
const create = (name, service = services[name]) => createContainer({ folder, name, image, service, hosts: Object.keys(services), hidden: project })
await checkRefusal(create('refused', { read_only: true, environment: { SPOTIFY_CLIENT_ID: 'id', SPOTIFY_CLIENT_SECRET: 'secret' } }))
const sandbox = await start('sandbox', create('sandbox'))
const trial = create('trial')
assert.equal(isHealthy(trial), false, 'the health check fails while nothing listens')
await checkLife(trial)
const { ALLOW_ANONYMOUS: _, ...jobEnvironment } = services.trial.environment // a job listens nowhere, and needs no leave for it
await checkJob(create('job', { ...services.trial, environment: jobEnvironment, command: ['node', 'src/cli.ts', '--limit', '3'] }))
assert.equal((await sandbox.stop('SIGTERM', STOPS_WITHIN_MS)).code, 0, `the sandbox ends with 0\n${sandbox.output()}`)
step('all is well')

/** The image holds the production dependencies, all of them and no other, and nothing that its user could change. */
function checkContent ({ root, user, env, volumes }) {
  assert.deepEqual(readdirSync(join(root, 'app')).sort(), ['LICENSE', 'node_modules', 'package.json', 'src'])
  const { packages } = JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8'))
  const paths = Object.keys(packages).filter((path) => path !== '')
  const installed = paths.filter((path) => existsSync(join(root, 'app', path)))
  const wanted = paths.filter((path) => packages[path].dev !== true && packages[path].devOptional !== true && packages[path].optional !== true)
  assert.deepEqual(wanted.filter((path) => !installed.includes(path)), [], 'all that the service needs is there')
  assert.deepEqual(installed.filter((path) => !wanted.includes(path)), [], 'and nothing that only its developers need')
  const changeable = execFileSync('find', [join(root, 'app'), join(root, env.NODE_COMPILE_CACHE), '!', '-type', 'l', '(', '!', '-user', '0', '-o', '-perm', '/022', ')'], { encoding: 'utf8' })
  assert.equal(changeable, '', 'the code is root\'s')
  assert.match(user, /^[1-9]\d*:[1-9]\d*$/, 'a numeric user other than root')
  const { uid, gid } = statSync(join(root, env.DATA_DIR))
  assert.equal(`${uid}:${gid}`, user, 'DATA_DIR is the user\'s')
  assert.deepEqual(volumes, [env.DATA_DIR])
  const [megabytes] = execFileSync('du', ['-sm', join(root, 'app')], { encoding: 'utf8' }).split('\t')
  step(`/app has ${megabytes} MB and ${installed.length} packages, none of them a dev dependency; nothing there can be changed by user ${user}`)
}

/** Open to everybody by accident: not with this image. */
async function checkRefusal (container) {
  const process = startContainer(container)
  assert.equal(await process.ended(), 1)
  assert.match(process.output(), /^API_KEYS is missing and HOST=0\.0\.0\.0/m)
  step('without API_KEYS or ALLOW_ANONYMOUS it refuses to start')
}

/** The service's whole life on one volume: start, a run, SIGTERM, start, SIGKILL, start. */
async function checkLife (trial) {
  let service = await start('service', trial, true)
  const id = await checkRun(trial)
  await checkStop(service)
  service = await start('service', trial)
  assert.equal((await fetch(`${URL}/runs/${id}`)).status, 200, 'the run is still known')
  await service.stop('SIGKILL', STOPS_WITHIN_MS)
  service = await start('service', trial)
  step('it starts again on its volume, also after SIGKILL, and knows its run')
  await checkStop(service)
  assert.deepEqual(readdirSync(join(trial.root, 'tmp')), [], "nothing is left in /tmp: Node's compiled code is the image's")
}

/** One run without HTTP, as a cron job or an orchestrator's step starts it from the same image. */
async function checkJob (container) {
  const process = startContainer(container)
  assert.equal(await process.ended(), 0, process.output())
  assert.match(process.output(), /^\/data\/documents\/\d{4}\/\d\d\/\d\d\/album_items_\d{8}T\d{6}Z_[0-9a-f]{6}\.json$/m)
  step('src/cli.ts ends with 0 and prints the path of its file')
}

async function start (name, container, isTimed = false) {
  const startedAt = performance.now()
  const process = startContainer(container)
  if (isTimed) await checkStart(process, startedAt)
  await until(`${name} is healthy`, STARTS_WITHIN_MS, () => {
    assert.ok(process.isRunning(), `${name} has ended:\n${process.output()}`)
    return isHealthy(container)
  })
  tell(`${name} is healthy by its own health check`, startedAt)
  return process
}

async function checkStart (process, startedAt) {
  await until('the service listens', STARTS_WITHIN_MS, async () => {
    assert.ok(process.isRunning(), `the service has ended:\n${process.output()}`)
    return await fetch(`${URL}/health/live`).then(({ ok }) => ok, () => false)
  })
  const ms = performance.now() - startedAt
  step(`the service answers ${Math.round(ms)} ms after its start`)
  assert.ok(ms < 2 * LISTENS_WITHIN_MS, `the service starts within ${LISTENS_WITHIN_MS} ms:\n${process.output()}`)
}

async function checkRun ({ volumes }) {
  const startedAt = performance.now()
  const accepted = await fetch(`${URL}/ingest`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"limit":100}' })
  assert.equal(accepted.status, 202)
  const { id } = await accepted.json()
  let answer
  await until('the run has ended', RUN_WITHIN_MS, async () => {
    answer = await fetch(`${URL}/runs/${id}`)
    if (answer.status !== 200) await answer.body.cancel()
    return answer.status === 200
  })
  const { status, complete, albums } = await answer.json()
  assert.deepEqual({ status, complete, albums: albums.length }, { status: 'succeeded', complete: true, albums: 100 })
  const files = readdirSync(join(volumes.get(image.env.DATA_DIR), 'documents'), { recursive: true }).filter((path) => /^\d{4}\/\d\d\/\d\d\/album_items_\d{8}T\d{6}Z_[0-9a-f]{6}\.json$/.test(path))
  assert.equal(files.length, 1, 'the document is on the volume')
  tell(`POST /ingest gave ${albums.length} albums, and ${files[0]} on the volume`, startedAt)
  return id
}

async function checkStop (process) {
  const { code, ms } = await process.stop('SIGTERM', STOPS_WITHIN_MS)
  assert.equal(code, 0, `SIGTERM ends the service with 0 within ${STOPS_WITHIN_MS} ms:\n${process.output()}`)
  step(`SIGTERM ended it with 0 after ${Math.round(ms)} ms`)
}

async function until (what, withinMs, isSo) {
  const deadline = performance.now() + withinMs
  while (!await isSo()) {
    assert.ok(performance.now() < deadline, `${what} within ${withinMs} ms`)
    await sleep(POLL_MS)
  }
}
