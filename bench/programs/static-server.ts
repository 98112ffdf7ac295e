import Fastify from 'fastify'
import fastifyStatic from '@fastify/static'
import './probe.ts'

// static-server.js FOLDER: what @fastify/static alone makes of the same file and its compressed copy.
const app = Fastify()
await app.register(fastifyStatic, { root: process.argv[2] ?? '', preCompressed: true })
console.log(await app.listen({ host: '127.0.0.1', port: 0 }))
