import { spawnSync } from 'node:child_process'
import t from 'tap'
import { runCommand } from '../process.ts'
import { temporaryFolder } from '../service.ts'
import { DAG_FILE, PYTHON_ENV } from './play.ts'

const skip = spawnSync('python3', ['--version']).error !== undefined && 'python3 is not installed'

interface Shape {
  schedule: string
  timezone: string
  catchup: boolean
  tasks: Record<string, { operator: string, upstream: string[], triggerRule: string, retries: number, alerts: boolean }>
}

t.test('examples/airflow', { skip }, async (t) => {
  t.test('the DAG file is valid Python', async (t) => {
    const cache = { PYTHONPYCACHEPREFIX: await temporaryFolder(t) }
    t.match(await runCommand('python3', ['-m', 'py_compile', DAG_FILE], cache), { code: 0, stderr: '' })
  })

  t.test('it makes a DAG for each market of markets.json, in the time zone of that market', async (t) => {
    const { code, stdout, stderr } = await runCommand('python3', ['test/airflow/shape.py', DAG_FILE], PYTHON_ENV)
    t.equal(code, 0, stderr)
    const dags = JSON.parse(stdout) as Record<string, Shape>
    t.strictSame(
      Object.entries(dags)
        .map(([id, { schedule, timezone, catchup }]) => [id, schedule, timezone, catchup])
        .sort(),
      [
        ['album_releases_de', '0 6 * * *', 'Europe/Berlin', false],
        ['album_releases_jp', '30 7 * * 5', 'Asia/Tokyo', false],
        ['album_releases_us', '0 6 * * *', 'America/New_York', false],
      ]
    )

    t.test('all of one shape', async (t) => {
      for (const { tasks } of Object.values(dags)) {
        t.strictSame(Object.fromEntries(Object.entries(tasks).map(([id, { upstream }]) => [id, upstream])), {
          start: [],
          ready: ['start'],
          outcome: ['ready'],
          choose: ['outcome'],
          resume: ['choose'],
          ready_again: ['resume'],
          outcome_again: ['ready_again'],
          choose_again: ['outcome_again'],
          store: ['choose', 'choose_again'],
          reject: ['choose', 'choose_again'],
          count: ['store'],
        })
      }
    })

    t.test('each task is tried again and alerts; what comes after the branches runs after either', async (t) => {
      for (const { tasks } of Object.values(dags)) {
        for (const [id, { retries, alerts, triggerRule }] of Object.entries(tasks)) {
          t.ok(retries > 0 && alerts, id)
          t.equal(triggerRule, ['store', 'reject'].includes(id) ? 'none_failed_min_one_success' : 'all_success', id)
        }
      }
    })
  })
})
