export interface RouteTable {
  add: (pattern: string, methods: string | string[]) => void
  /** The methods of the routes that match a path, with OPTIONS; none where there is no such path. */
  methodsOf: (path: string) => string[]
}

/** Knows which methods a path has, so that another one is told from a path that does not exist. */
export function createRouteTable (): RouteTable {
  const routes = new Map<string, { shape: RegExp, methods: Set<string> }>()
  return {
    add (pattern, methods) {
      const route = routes.get(pattern) ?? { shape: shapeOf(pattern), methods: new Set() }
      for (const method of [methods].flat()) route.methods.add(method)
      routes.set(pattern, route)
    },

    methodsOf (path) {
      const matching = [...routes.values()].filter(({ shape }) => shape.test(decoded(path)))
      const methods = new Set(matching.flatMap(({ methods }) => [...methods]))
      return methods.size === 0 ? [] : [...methods.add('OPTIONS')].sort()
    },
  }
}

function shapeOf (pattern: string): RegExp {
  const segments = pattern.split('/').map((segment) => {
    if (segment === '*') return '.*'
    return segment.startsWith(':') ? '[^/]+' : segment.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  })
  return new RegExp(`^${segments.join('/')}$`)
}

function decoded (path: string): string {
  try {
    return decodeURI(path)
  } catch {
    return path
  }
}
