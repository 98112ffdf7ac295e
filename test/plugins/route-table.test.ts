import t from 'tap'
import { createRouteTable } from '../../src/plugins/route-table.ts'

t.test('the methods of every route that matches a path, and none for a path that matches no route', async (t) => {
  const routes = createRouteTable()
  routes.add('/runs', 'GET')
  routes.add('/runs', 'HEAD')
  routes.add('/runs/:id', ['GET', 'DELETE'])
  routes.add('/runs/latest', 'GET')
  routes.add('/docs/static/*', 'GET')
  const TABLE: Array<[path: string, methods: string[]]> = [
    ['/runs', ['GET', 'HEAD', 'OPTIONS']],
    ['/%72uns', ['GET', 'HEAD', 'OPTIONS']],
    ['/runs/x', ['DELETE', 'GET', 'OPTIONS']],
    ['/runs/latest', ['DELETE', 'GET', 'OPTIONS']],
    ['/docs/static/a/b.css', ['GET', 'OPTIONS']],
    ['/runs/', []], ['/runs/x/y', []], ['/', []], ['/runsx', []], ['/%ff', []], ['/RUNS', []],
  ]
  for (const [path, methods] of TABLE) t.strictSame(routes.methodsOf(path), methods, path)
})
