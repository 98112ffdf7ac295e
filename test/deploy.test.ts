import { readFile, readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import ts from 'typescript'
import { parse, parseAllDocuments } from 'yaml'
import { Deployment } from 'kubernetes-models/apps/v1/Deployment'
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget'
import { ConfigMap } from 'kubernetes-models/v1/ConfigMap'
import { PersistentVolumeClaim } from 'kubernetes-models/v1/PersistentVolumeClaim'
import { Service } from 'kubernetes-models/v1/Service'
import { ConfigSchema } from '../src/config.ts'

const FOLDER = new URL('../deploy/kubernetes/', import.meta.url)
const VARIABLES = Object.keys(ConfigSchema.properties)

interface Container { image: string, envFrom: unknown[], ports: Array<{ name: string }>, volumeMounts: Array<{ name: string }> }
interface Manifest {
  apiVersion: string
  kind: string
  metadata: { name: string }
  data?: Record<string, string>
  spec: { selector: Record<string, unknown>, template: { metadata: { labels: object }, spec: { containers: Container[], volumes: Array<{ name: string, persistentVolumeClaim?: { claimName: string } }> } } }
}

/** Each model takes manifests of its own kind, which is known only when they are read. */
const MODELS = { Deployment, PodDisruptionBudget, ConfigMap, PersistentVolumeClaim, Service } as unknown as Record<string, new (manifest: Manifest) => { validate: () => void }>

async function manifests (): Promise<Manifest[]> {
  const names = (await readdir(FOLDER)).filter((name) => name.endsWith('.yaml')).sort()
  const texts = await Promise.all(names.map(async (name) => await readFile(new URL(name, FOLDER), 'utf8')))
  return texts.flatMap((text) => parseAllDocuments(text).map((document) => document.toJS() as Manifest | null).filter((manifest) => manifest !== null))
}

t.test("each manifest is as Kubernetes' schemas say", async (t) => {
  for (const manifest of await manifests()) {
    const Model = MODELS[manifest.kind]
    t.ok(Model, `${manifest.kind} is known`)
    if (Model !== undefined) t.doesNotThrow(() => new Model(manifest).validate(), `${manifest.kind} ${manifest.metadata.name}`)
  }
})

/** The schemas let unknown fields pass, and so does kubectl with a warning; the types do not. */
t.test('no manifest has a field that Kubernetes does not know', async (t) => {
  const all = await manifests()
  t.strictSame(misspelt(all), [])
  const [first] = all.filter(({ kind }) => kind === 'Deployment')
  // a type that allowed it would miss the point
  t.equal(misspelt([{ ...first, spec: { ...first?.spec, replica: 2 } } as unknown as Manifest]).length, 1, 'a wrong one would be found')
})

function misspelt (all: Manifest[]): string[] {
  const path = fileURLToPath(new URL('manifests.check.ts', import.meta.url))
  const text = all.map((manifest, place) => {
    const from = `kubernetes-models/${manifest.apiVersion}/${manifest.kind}`
    return `import type { I${manifest.kind} as M${place} } from '${from}'\nexport const m${place}: M${place} = ${JSON.stringify(manifest)}`
  }).join('\n')
  const options: ts.CompilerOptions = { strict: true, noEmit: true, skipLibCheck: true, types: [], target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext }
  const host = ts.createCompilerHost(options)
  const disk = { ...host }
  host.getSourceFile = (name, version, ...rest) => name === path ? ts.createSourceFile(name, text, version) : disk.getSourceFile(name, version, ...rest)
  host.fileExists = (name) => name === path || disk.fileExists(name)
  host.readFile = (name) => name === path ? text : disk.readFile(name)
  const program = ts.createProgram([path], options, host)
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
}

t.test('the manifests fit each other and the service', async (t) => {
  const all = await manifests()
  const of = (kind: string, name = 'album-release-ingest'): Manifest => all.find((manifest) => manifest.kind === kind && manifest.metadata.name === name) as Manifest
  const { spec: { template: { metadata: { labels }, spec } } } = of('Deployment')
  const [container] = spec.containers
  t.match(labels, of('Service').spec.selector, 'the Service finds the pods')
  t.match({ matchLabels: labels }, of('PodDisruptionBudget').spec.selector, 'so does the disruption budget')
  t.same(container?.envFrom, [{ configMapRef: { name: of('ConfigMap').metadata.name } }, { secretRef: { name: 'album-release-ingest' } }])
  t.same(container?.volumeMounts.map(({ name }) => name), spec.volumes.map(({ name }) => name))
  t.equal(spec.volumes[0]?.persistentVolumeClaim?.claimName, of('PersistentVolumeClaim').metadata.name)
  t.same(Object.keys(of('ConfigMap').data ?? {}).filter((name) => !VARIABLES.includes(name)), [], 'variables that the service has')
  const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
  t.equal(container?.image, `album-release-ingest:${version}`)
})

t.test('compose has two replicas on one volume and one Redis, with variables that the service has', async (t) => {
  const text = await readFile(new URL('../compose.yaml', import.meta.url), 'utf8')
  const { services } = parse(text, { merge: true }) as { services: Record<string, { environment?: Record<string, string>, profiles?: string[], deploy?: { replicas: number }, volumes?: string[], command?: string[] }> }
  t.match(services['replica'], { profiles: ['replicas'], deploy: { replicas: 2 }, environment: { STORE_SHARED: 'true', REDIS_URL: 'redis://redis:6379' } })
  t.match(services['redis']?.command?.join(' '), 'noeviction')
  for (const name of ['ingest', 'trial', 'replica']) t.same(Object.keys(services[name]?.environment ?? {}).filter((variable) => !VARIABLES.includes(variable)), [], name)
})
