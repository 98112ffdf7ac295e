import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { assignments, command, contextNames, parseDockerfile, words } from './dockerfile.js'

export const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/**
 * Do what `docker build` would do with `project`'s Dockerfile, without an engine: every stage is an overlay over the stage it
 * starts from, and the lowest one is this machine's own root, in the place of the base image. Wants a mount namespace of its own
 * and `folder` on a tmpfs. Gives the last stage: { root, env, workdir, user, cmd, healthcheck, volumes }.
 */
export function buildImage ({ project, folder, node }) {
  const context = join(folder, 'context')
  copyContext(project, context)
  const stages = new Map([['host', hostStage(folder, node)]])
  let stage
  for (const instruction of parseDockerfile(readFileSync(join(project, 'Dockerfile'), 'utf8'))) {
    const { keyword, flags, value } = instruction
    if (keyword === 'FROM') {
      const [from, , name = `stage-${stages.size}`] = words(value)
      stage = openStage(folder, name, stages.get(from) ?? stages.get('host'))
      stages.set(name, stage)
    } else if (keyword === 'COPY') {
      copy(stage, flags.from === undefined ? context : stages.get(flags.from).root, words(value))
    } else if (keyword === 'RUN') {
      run(stage, value)
    } else {
      configure(stage, instruction)
    }
  }
  return stage
}

function copyContext (project, context) {
  for (const name of contextNames(readFileSync(join(project, '.dockerignore'), 'utf8'))) {
    if (existsSync(join(project, name))) cpSync(join(project, name), join(context, name), { recursive: true, verbatimSymlinks: true })
  }
}

/** The stand-in for the base image: this machine's root with nothing where the image's own folders will be, and the wanted Node.js. */
function hostStage (folder, node) {
  const stage = openStage(folder, 'host', { layers: ['/'], env: {}, workdir: '/' })
  for (const path of ['app', 'data']) rmSync(join(stage.root, path), { recursive: true, force: true })
  cpSync(node, join(stage.root, 'usr/local/bin/node'), { dereference: true })
  return stage
}

function openStage (folder, name, { layers, env, workdir }) {
  const [root, upper, work] = ['root', 'upper', 'work'].map((part) => join(folder, 'stages', name, part))
  for (const path of [root, upper, work]) mkdirSync(path, { recursive: true })
  execFileSync('mount', ['-t', 'overlay', 'overlay', '-o', `lowerdir=${layers.join(':')},upperdir=${upper},workdir=${work}`, root])
  for (const path of ['/dev', '/proc']) execFileSync('mount', ['--rbind', path, join(root, path)])
  return { root, layers: [upper, ...layers], env: { ...env }, workdir, user: '0:0', cmd: [], healthcheck: [], volumes: [] }
}

/** COPY's rules: a folder's content, or a file by its name where the target is a folder or there are several sources. */
function copy (stage, from, paths) {
  const [target, ...sources] = [paths.at(-1), ...paths.slice(0, -1)]
  const destination = join(stage.root, resolve('/', stage.workdir, target))
  const isFolder = sources.length > 1 || target.endsWith('/') || existsSync(destination)
  for (const source of sources.map((path) => join(from, path))) {
    const to = isFolder && !statSync(source).isDirectory() ? join(destination, basename(source)) : destination
    cpSync(source, to, { recursive: true, verbatimSymlinks: true })
  }
}

function run (stage, script) {
  process.stdout.write(`RUN ${script}\n`)
  const env = { ...process.env, ...stage.env, PATH }
  execFileSync('chroot', [`--userspec=${stage.user}`, stage.root, 'env', '-C', stage.workdir, 'sh', '-c', script], { env, stdio: ['ignore', 'inherit', 'inherit'] })
}

function configure (stage, { keyword, value }) {
  if (keyword === 'ENV') Object.assign(stage.env, assignments(value))
  else if (keyword === 'USER') stage.user = value
  else if (keyword === 'CMD') stage.cmd = command(value)
  else if (keyword === 'VOLUME') stage.volumes.push(...words(value))
  else if (keyword === 'HEALTHCHECK') stage.healthcheck = command(value.replace(/^CMD\s+/, ''))
  else if (keyword === 'WORKDIR') {
    stage.workdir = value
    mkdirSync(join(stage.root, value), { recursive: true })
  } else if (!['ARG', 'LABEL', 'EXPOSE'].includes(keyword)) throw new Error(`the check does not know what ${keyword} does`)
}
