import { PassThrough } from 'node:stream'
import t from 'tap'
import { createLogger } from '../src/logging/logger.ts'
import { escapeJson, printable, toJson } from '../src/printable.ts'
import { startupErrorLines } from '../src/startup-error.ts'
import { ServiceError } from '../src/errors.ts'

/** All that a terminal obeys, or that changes the order or the end of a line. */
const CONTROLS = [
  ...Array.from({ length: 32 }, (_, code) => code),
  ...Array.from({ length: 33 }, (_, place) => 0x7f + place),
  0x61c,
  0x200e,
  0x200f,
  0x2028,
  0x2029,
  0x202a,
  0x202e,
  0x2066,
  0x2069,
  0xfeff,
].map((code) => String.fromCharCode(code))
const HOSTILE = `${CONTROLS.join('')}\u001b[2J\u009b31m\n{"level":30,"msg":"forged"}\r\u202etxt.exe`
const isHarmless = (text: string): boolean => CONTROLS.every((character) => !text.includes(character))

t.test('a printable text shows each control character, and leaves all others', async (t) => {
  t.ok(isHarmless(printable(HOSTILE)))
  t.equal(printable('a\u001b[31mb\nc\u2028'), 'a\\u001b[31mb\\u000ac\\u2028')
  t.equal(printable('Zoë 東京 🎵 "x" \\n'), 'Zoë 東京 🎵 "x" \\n')
})

t.test('JSON that is safe to show has the same value', async (t) => {
  const value = { [HOSTILE]: [HOSTILE, 1, null] }
  t.ok(isHarmless(toJson(value)))
  t.strictSame(JSON.parse(toJson(value)), value)
  t.equal(escapeJson('"é"'), '"é"')
})

async function logged (isTerminal: boolean): Promise<string> {
  const stream = new PassThrough()
  const logger = await createLogger(stream, isTerminal)
  logger.warn(
    { detail: HOSTILE, [HOSTILE]: { deep: [HOSTILE] }, err: new Error(HOSTILE, { cause: new Error(HOSTILE) }) },
    HOSTILE
  )
  logger.info('the end')
  let text = ''
  for await (const chunk of stream) {
    text += String(chunk)
    if (text.includes('the end')) break
  }
  return text
}

t.test('a log of JSON lines has no control character but its line ends, and all values', async (t) => {
  const [line = '', ...rest] = (await logged(false)).trimEnd().split('\n')
  t.equal(rest.length, 1)
  t.ok(isHarmless(line))
  t.match(JSON.parse(line), { msg: HOSTILE, detail: HOSTILE, [HOSTILE]: { deep: [HOSTILE] } })
})

t.test('on a terminal nothing that is logged forges a line of its own, or is obeyed', async (t) => {
  const lines = (await logged(true)).trimEnd().split('\n')
  for (const line of lines) t.ok(isHarmless(line), JSON.stringify(line))
  t.same(
    lines.filter((line) => !/^\s/.test(line)).map((line) => /WARN|INFO/.exec(line)?.[0]),
    ['WARN', 'INFO'],
    'each line of its own is one that was logged'
  )
})

t.test('why a process ends is shown as harmlessly', async (t) => {
  t.ok(startupErrorLines(new ServiceError('invalid_request', HOSTILE)).every(isHarmless))
  t.ok(startupErrorLines(new Error(HOSTILE)).every(isHarmless))
})
