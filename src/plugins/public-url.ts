import fp from 'fastify-plugin'

declare module 'fastify' {
  interface FastifyInstance {
    /** How clients reach a path of this service: under PUBLIC_URL, or the path alone where there is none. */
    publicUrl: (path: string) => string
    /** The same without the origin: for the pages, which may be reached by another name too. */
    pagePath: (path: string) => string
  }
}

/** `app.publicUrl`: for `Location`, links and the OpenAPI document; `app.pagePath`: for the pages. */
export default fp(async (app) => {
  const base = app.config.PUBLIC_URL.replace(/\/+$/, '')
  const prefix = base === '' ? '' : new URL(base).pathname.replace(/\/+$/, '')
  app.decorate('publicUrl', (path) => base + path)
  app.decorate('pagePath', (path) => prefix + path)
}, { name: 'public-url', dependencies: ['config'] })
