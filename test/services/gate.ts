export interface Gate<T> {
  promise: Promise<T>
  resolve: (value: T) => void
}

/** A promise that the test itself resolves: Promise.withResolvers, which Node 20 lacks. */
export function createGate<T = void> (): Gate<T> {
  let resolve: Gate<T>['resolve'] = () => {}
  const promise = new Promise<T>((_resolve) => { resolve = _resolve })
  return { promise, resolve }
}
