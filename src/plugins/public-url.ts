import fp from 'fastify-plugin'

declare module 'fastify' {
  interface FastifyInstance {
    /** How clients reach a path of this service: under PUBLIC_URL, or the path alone where there is none. */
    publicUrl: (path: string) => string
  }
}

/** `app.publicUrl`: for `Location`, links and the OpenAPI document. */
export default fp(async (app) => {
  const base = app.config.PUBLIC_URL.replace(/\/+$/, '')
  app.decorate('publicUrl', (path) => base + path)
}, { name: 'public-url', dependencies: ['config'] })
