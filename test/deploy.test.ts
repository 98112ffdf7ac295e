import { readFile, readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import ts from 'typescript'
import { parse, parseAllDocuments } from 'yaml'
import { Deployment } from 'kubernetes-models/apps/v1/Deployment'
import { StatefulSet } from 'kubernetes-models/apps/v1/StatefulSet'
import { CronJob } from 'kubernetes-models/batch/v1/CronJob'
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy'
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget'
import { ConfigMap } from 'kubernetes-models/v1/ConfigMap'
import { Service } from 'kubernetes-models/v1/Service'
import { readArguments } from '../src/cli/arguments.ts'
import { ConfigSchema } from '../src/config.ts'

const FOLDER = new URL('../deploy/kubernetes/', import.meta.url)
const VARIABLES = Object.keys(ConfigSchema.properties)

interface Container {
  image: string
  command?: string[]
  env?: Array<{ name: string, value?: string, valueFrom?: { secretKeyRef: { name: string, key: string } } }>
  envFrom?: unknown[]
  ports?: Array<{ name: string, containerPort: number }>
  volumeMounts: Array<{ name: string, mountPath: string }>
  securityContext: object
}
interface Pod {
  metadata: { labels: Record<string, string> }
  spec: { containers: Container[], volumes: Array<{ name: string, emptyDir?: object }>, securityContext: object }
}
interface Manifest {
  apiVersion: string
  kind: string
  metadata: { name: string }
  data?: Record<string, string>
  spec: {
    selector: Record<string, unknown>
    template: Pod
    serviceName?: string
    volumeClaimTemplates?: Array<{ metadata: { name: string } }>
    jobTemplate?: { spec: { template: Pod } }
    podSelector?: { matchLabels: object }
    ingress?: Array<{ from: Array<{ podSelector: object }>, ports: Array<{ port: string }> }>
    egress?: unknown[]
  }
}

/** Each model takes manifests of its own kind, which is known only when they are read. */
const MODELS = {
  Deployment,
  StatefulSet,
  CronJob,
  NetworkPolicy,
  PodDisruptionBudget,
  ConfigMap,
  Service,
} as unknown as Record<string, new (manifest: Manifest) => { validate: () => void }>

async function manifests (): Promise<Manifest[]> {
  const names = (await readdir(FOLDER)).filter((name) => name.endsWith('.yaml')).sort()
  const texts = await Promise.all(names.map(async (name) => await readFile(new URL(name, FOLDER), 'utf8')))
  return texts.flatMap((text) =>
    parseAllDocuments(text)
      .map((document) => document.toJS() as Manifest | null)
      .filter((manifest) => manifest !== null)
  )
}

t.test("each manifest is as Kubernetes' schemas say", async (t) => {
  for (const manifest of await manifests()) {
    const Model = MODELS[manifest.kind]
    t.ok(Model, `${manifest.kind} is known`)
    if (Model !== undefined) {
      t.doesNotThrow(() => new Model(manifest).validate(), `${manifest.kind} ${manifest.metadata.name}`)
    }
  }
})

/** The schemas let unknown fields pass, and so does kubectl with a warning; the types do not. */
t.test('no manifest has a field that Kubernetes does not know', async (t) => {
  const all = await manifests()
  t.strictSame(misspelt(all), [])
  const [first] = all.filter(({ kind }) => kind === 'Deployment')
  // a type that allowed it would miss the point
  t.equal(
    misspelt([{ ...first, spec: { ...first?.spec, replica: 2 } } as unknown as Manifest]).length,
    1,
    'a wrong one would be found'
  )
})

function misspelt (all: Manifest[]): string[] {
  const path = fileURLToPath(new URL('manifests.check.ts', import.meta.url))
  const text = all.map((manifest, place) => {
    const from = `kubernetes-models/${manifest.apiVersion}/${manifest.kind}`
    return `import type { I${manifest.kind} as M${place} } from '${from}'\nexport const m${place}: M${place} = ` +
      `${JSON.stringify(manifest)}`
  }).join('\n')
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
  }
  const host = ts.createCompilerHost(options)
  const disk = { ...host }
  host.getSourceFile = (name, version, ...rest) =>
    name === path ? ts.createSourceFile(name, text, version) : disk.getSourceFile(name, version, ...rest)
  host.fileExists = (name) => name === path || disk.fileExists(name)
  host.readFile = (name) => name === path ? text : disk.readFile(name)
  const program = ts.createProgram([path], options, host)
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
}

const NAME = 'album-release-ingest'
const POSTGRESQL = `${NAME}-postgresql`

async function manifestsByName (): Promise<(kind: string, name?: string) => Manifest> {
  const all = await manifests()
  return (kind, name = NAME) => {
    const found = all.find((manifest) => manifest.kind === kind && manifest.metadata.name === name)
    if (found === undefined) throw new Error(`there is no ${kind} ${name}`)
    return found
  }
}

/** The only container of a pod. */
function containerOf ({ spec: { containers } }: Pod): Container {
  const [container] = containers
  if (container === undefined || containers.length !== 1) throw new Error('a pod has one container')
  return container
}

async function image (): Promise<string> {
  const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  return `${NAME}:${version}`
}

t.test('the manifests fit each other and the service', async (t) => {
  const of = await manifestsByName()
  const pod = of('Deployment').spec.template
  const container = containerOf(pod)
  t.match(pod.metadata.labels, of('Service').spec.selector, 'the Service finds the pods')
  t.match(
    { matchLabels: pod.metadata.labels },
    of('PodDisruptionBudget').spec.selector,
    'so does the disruption budget'
  )
  t.same(container.envFrom, [{ configMapRef: { name: of('ConfigMap').metadata.name } }, { secretRef: { name: NAME } }])
  t.same(container.volumeMounts.map(({ name }) => name), pod.spec.volumes.map(({ name }) => name))
  t.ok(pod.spec.volumes.every(({ emptyDir }) => emptyDir !== undefined), 'replicas share no volume')
  t.same(
    Object.keys(of('ConfigMap').data ?? {}).filter((name) => !VARIABLES.includes(name)),
    [],
    'variables that the service has'
  )
  t.equal(container.image, await image())
})

t.test('the CronJob runs the CLI of the same image with the same configuration, and ' +
  'no Service sends it requests', async (t) => {
  const of = await manifestsByName()
  const pod = of('CronJob').spec.jobTemplate?.spec.template
  if (pod === undefined) throw new Error('the CronJob has no pod')
  const [job, service] = [containerOf(pod), containerOf(of('Deployment').spec.template)]
  t.same(
    { image: job.image, envFrom: job.envFrom, mounts: job.volumeMounts },
    { image: service.image, envFrom: service.envFrom, mounts: service.volumeMounts }
  )
  const [node, program, ...args] = job.command ?? []
  t.same([node, program], ['node', 'src/cli.ts'])
  t.doesNotThrow(() => readArguments(args))
  t.notMatch(pod.metadata.labels, of('Service').spec.selector)
})

t.test('PostgreSQL has a volume and a password, and only the service and its jobs reach it', async (t) => {
  const of = await manifestsByName()
  const { spec: { serviceName, template: pod, volumeClaimTemplates = [] } } = of('StatefulSet', POSTGRESQL)
  const container = containerOf(pod)
  t.equal(serviceName, of('Service', POSTGRESQL).metadata.name)
  t.match(pod.metadata.labels, of('Service', POSTGRESQL).spec.selector)
  t.same(
    container.volumeMounts.map(({ name }) => name).sort(),
    [...volumeClaimTemplates.map(({ metadata: { name } }) => name), ...pod.spec.volumes.map(({ name }) => name)].sort()
  )
  t.match(container.env, [
    {},
    {},
    { name: 'POSTGRES_PASSWORD', valueFrom: { secretKeyRef: { name: POSTGRESQL, key: 'POSTGRES_PASSWORD' } } },
  ])
  const { podSelector, ingress = [], egress } = of('NetworkPolicy', POSTGRESQL).spec
  t.match(pod.metadata.labels, podSelector?.matchLabels)
  t.equal(egress, undefined, 'none is allowed')
  t.same(ingress.flatMap(({ ports }) => ports.map(({ port }) => port)), container.ports?.map(({ name }) => name))
  const [allowed, ...others] = ingress.flatMap(({ from }) => from.map(({ podSelector }) => podSelector))
  t.same(others, [])
  t.same(allowed, {
    matchLabels: { 'app.kubernetes.io/name': NAME },
    matchExpressions: [{ key: 'app.kubernetes.io/component', operator: 'In', values: ['service', 'job'] }],
  })
  const componentOf = (pod: Pod | undefined): string | undefined => pod?.metadata.labels['app.kubernetes.io/component']
  t.same([of('Deployment').spec.template, of('CronJob').spec.jobTemplate?.spec.template].map(componentOf), [
    'service',
    'job',
  ])
})

t.test('every pod runs without rights, on a read-only root', async (t) => {
  for (const { kind, metadata, spec } of await manifests()) {
    const pod = spec?.jobTemplate?.spec.template ?? spec?.template
    if (pod === undefined) continue
    t.match(
      pod.spec,
      {
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      },
      `${kind} ${metadata.name}`
    )
    t.same(
      containerOf(pod).securityContext,
      { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
      `${kind} ${metadata.name}`
    )
  }
})

interface ComposeService {
  environment?: Record<string, string>
  profiles?: string[]
  deploy?: { replicas: number }
  depends_on?: object
  ports?: string[]
  volumes?: string[]
  healthcheck?: object
}

t.test('compose has two replicas on one PostgreSQL that nobody else reaches, and on no common volume', async (t) => {
  const text = await readFile(new URL('../compose.yaml', import.meta.url), 'utf8')
  const { services, volumes } = parse(text, { merge: true }) as {
    services: Record<string, ComposeService>
    volumes: Record<string, null>
  }
  const { replica, postgresql } = services
  t.match(replica, {
    profiles: ['replicas'],
    deploy: { replicas: 2 },
    depends_on: { postgresql: { condition: 'service_healthy' } },
    volumes: ['/data'],
  })
  t.match(postgresql, { profiles: ['replicas'], healthcheck: { test: [] } })
  t.equal(postgresql?.ports, undefined)
  const { POSTGRES_USER: user, POSTGRES_PASSWORD: password, POSTGRES_DB: database } = postgresql?.environment ?? {}
  t.equal(replica?.environment?.['DATABASE_URL'], `postgres://${user}:${password}@postgresql:5432/${database}`)
  for (const name of ['ingest', 'trial', 'replica']) {
    t.same(
      Object.keys(services[name]?.environment ?? {}).filter((variable) => !VARIABLES.includes(variable)),
      [],
      name
    )
  }
  const named = Object.values(services)
    .flatMap(({ volumes = [] }) => volumes)
    .map((volume) => volume.split(':')[0] ?? '')
    .filter((volume) => !volume.startsWith('/'))
  t.same(named.sort(), Object.keys(volumes).sort(), 'each volume has one user')
})
