/**
 * The instructions of a Dockerfile in order, as { keyword, flags, value }.
 * Knows what ours uses: comments, continued lines and --flags; no heredocs, no escape directive.
 */
export function parseDockerfile (text) {
  return text.split('\n').filter((line) => !/^\s*#/.test(line)).join('\n')
    .replace(/\\\n/g, ' ').split('\n').map((line) => line.trim()).filter((line) => line !== '')
    .map((line) => {
      const [, keyword, flags, value] = /^(\S+)\s+((?:--\S+\s+)*)(.*)$/.exec(line)
      return { keyword: keyword.toUpperCase(), flags: parseFlags(flags), value }
    })
}

/** The argument list of an instruction: the JSON form, or words. */
export function words (value) {
  return value.startsWith('[') ? JSON.parse(value) : value.split(/\s+/)
}

/** The command of CMD or HEALTHCHECK: its JSON form, or what the shell is given. */
export function command (value) {
  return value.startsWith('[') ? JSON.parse(value) : ['/bin/sh', '-c', value]
}

/** What `ENV A=1 B="two words"` sets. */
export function assignments (value) {
  return Object.fromEntries([...value.matchAll(/(\w+)=(?:"([^"]*)"|(\S*))/g)].map(([, name, quoted, bare]) => [name, quoted ?? bare]))
}

/** The top-level names that reach the builder. Our .dockerignore keeps everything out and lets single names in; any other form is refused. */
export function contextNames (text) {
  const [first, ...others] = text.split('\n').map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'))
  if (first !== '*' || !others.every((line) => /^![^/*?[]+$/.test(line))) throw new Error('.dockerignore must be "*" and then lines like "!name"')
  return others.map((line) => line.slice(1))
}

function parseFlags (text) {
  return Object.fromEntries(text.split(/\s+/).filter(Boolean).map((flag) => {
    const [name, ...value] = flag.slice(2).split('=')
    return [name, value.join('=')]
  }))
}
