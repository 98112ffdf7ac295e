import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildImage } from './image.js'

const [folder, node] = process.argv.slice(2)
const startedAt = performance.now()
const image = buildImage({ project: process.cwd(), folder, node })
writeFileSync(join(folder, 'image.json'), JSON.stringify(image))
process.stdout.write(`container: every stage of the Dockerfile is built (${((performance.now() - startedAt) / 1000).toFixed(1)} s)\n`)
