import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PATH } from './image.js'

/**
 * A container made as Compose would make `service` from `image`: its root read-only where that is asked for, an empty /tmp, a volume
 * that starts with the image's folder and its owner, and nothing of the project's own folder. It is not started yet.
 */
export function createContainer ({ folder, name, image, service, hosts, hidden }) {
  const home = join(folder, 'containers', name)
  const root = join(home, 'root')
  mkdirSync(root, { recursive: true })
  mount('--bind', image.root, root)
  if (service.read_only === true) mount('-o', 'remount,bind,ro', root)
  for (const path of ['/dev', '/proc']) mount('--rbind', path, join(root, path))
  for (const path of service.tmpfs ?? []) mount('-t', 'tmpfs', 'tmpfs', join(root, path))
  if (existsSync(join(root, hidden))) mount('-t', 'tmpfs', 'tmpfs', join(root, hidden))
  const volumes = image.volumes.map((path) => [path, bindVolume(join(home, `volume${path.replaceAll('/', '-')}`), image, root, path)])
  writeFileSync(join(home, 'hosts'), `127.0.0.1 localhost ${hosts.join(' ')}\n`)
  mount('--bind', join(home, 'hosts'), join(root, 'etc/hosts'))
  return {
    root,
    volumes: new Map(volumes),
    command: service.command ?? image.cmd,
    healthcheck: service.healthcheck?.test.slice(1).map((word) => word.replaceAll('$$', '$')) ?? image.healthcheck,
    enter: enter(root, image, { ...image.env, ...service.environment }),
  }
}

/** Start the container's process as process 1 of its own namespace, as an engine does: no signal has a default effect there. */
export function startContainer (container) {
  const [program, ...args] = [...container.enter, ...container.command]
  const child = spawn('unshare', ['--pid', '--fork', '--kill-child', program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = once(child, 'exit')
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => { output += chunk })
  return {
    output: () => output,
    isRunning: () => child.exitCode === null && child.signalCode === null,
    /** Send a signal to process 1 and wait: { code, ms }. */
    async stop (signal, withinMs) {
      const startedAt = performance.now()
      const pid = Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8'))
      process.kill(pid, signal)
      const killer = setTimeout(() => child.kill('SIGKILL'), withinMs)
      const [code] = await exited
      clearTimeout(killer)
      return { code, ms: performance.now() - startedAt }
    },
    ended: async () => (await exited)[0],
  }
}

/** The exit code of the container's health check. */
export function isHealthy ({ enter: [program, ...args], healthcheck }) {
  return spawnSync(program, [...args, ...healthcheck], { stdio: 'ignore', timeout: 10_000 }).status === 0
}

function enter (root, { user, workdir }, environment) {
  const [uid, gid] = user.split(':')
  return [
    'chroot', root,
    'setpriv', '--reuid', uid, '--regid', gid, '--clear-groups', '--no-new-privs', '--bounding-set=-all', '--inh-caps=-all',
    'env', '-i', '-C', workdir, `PATH=${PATH}`, ...Object.entries(environment).map(([name, value]) => `${name}=${value}`),
  ]
}

function bindVolume (folder, image, root, path) {
  execFileSync('cp', ['-a', join(image.root, path), folder])
  mount('--bind', folder, join(root, path))
  return folder
}

function mount (...args) {
  execFileSync('mount', args)
}
