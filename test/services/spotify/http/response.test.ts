import t from 'tap'
import { isRecord } from '../../../../src/services/fields.ts'
import { type Body, apiError, evidence, parseBody } from '../../../../src/services/spotify/http/response.ts'

const PARSED: Array<[string, string, Body]> = [
  ['nothing', '', { kind: 'empty' }],
  ['white space', ' \r\n\t', { kind: 'empty' }],
  ['an object', '{"a":1}', { kind: 'json', value: { a: 1 } }],
  ['an object between line feeds', '\n{"a":1}\n', { kind: 'json', value: { a: 1 } }],
  ['null', 'null', { kind: 'json', value: null }],
  ['a number', '17', { kind: 'json', value: 17 }],
  ['plain text', 'Too many requests', { kind: 'text', text: 'Too many requests' }],
  ['HTML', '<html></html>', { kind: 'text', text: '<html></html>' }],
  ['nested as deep as is read', `${'['.repeat(100)}${']'.repeat(100)}`, { kind: 'json', value: nested(100) }],
  [
    'nested deeper',
    `${'['.repeat(20_000)}${']'.repeat(20_000)}`,
    { kind: 'unreadable', reason: 'JSON nested deeper than 100 levels' },
  ],
  [
    'of more parts than are read',
    `[${'{},'.repeat(200_000)}0]`,
    { kind: 'unreadable', reason: 'JSON of more than 200000 objects, arrays and members' },
  ],
  ['an object cut in half', '{"a":', { kind: 'text', text: '{"a":' }],
]
for (const [what, text, body] of PARSED) {
  t.test(`a body that is ${what}`, async (t) => t.same(parseBody(text), body))
}

const ERRORS: Array<[string, Body, string | undefined, string | undefined]> = [
  ['the Web API', json({ error: { status: 404, message: 'Resource not found' } }), 'Resource not found', undefined],
  [
    'the Web API with a reason',
    json({ error: { status: 429, message: 'Too many requests', reason: 'QUOTA_EXCEEDED' } }),
    'Too many requests',
    'QUOTA_EXCEEDED',
  ],
  [
    'the token endpoint',
    json({ error: 'invalid_client', error_description: 'Invalid client' }),
    'Invalid client',
    'invalid_client',
  ],
  ['the token endpoint without a description', json({ error: 'invalid_client' }), 'invalid_client', 'invalid_client'],
  ['an error object without a message', json({ error: {} }), undefined, undefined],
  ['an empty message', json({ error: { message: '', reason: '' } }), undefined, undefined],
  ['a message that is no text', json({ error: { message: 5, reason: [] } }), undefined, undefined],
  ['an error that is null', json({ error: null }), undefined, undefined],
  ['an array', json([{ error: { message: 'x' } }]), undefined, undefined],
  ['null', json(null), undefined, undefined],
  ['a success', json({ albums: [] }), undefined, undefined],
  ['plain text', { kind: 'text', text: 'Too many requests' }, undefined, undefined],
  ['nothing', { kind: 'empty' }, undefined, undefined],
]
for (const [from, body, message, reason] of ERRORS) {
  t.test(`message and reason from ${from}`, async (t) => t.same(apiError(body), { message, reason }))
}

const EVIDENCE: Array<[string, Body, string]> = [
  ["Spotify's message", json({ error: { message: 'Invalid limit' } }), '"Invalid limit"'],
  ['JSON without one', json({ a: 1 }), 'no message'],
  ['text, on one line', { kind: 'text', text: ' Bad\n\n  gateway ' }, '"Bad gateway"'],
  ['nothing', { kind: 'empty' }, 'an empty body'],
  ['what was not read', { kind: 'unreadable', reason: 'a body of more than 4 bytes' }, 'a body of more than 4 bytes'],
  ['bytes', { kind: 'text', text: '\u001f\uFFFD\b\0' }, 'a body that is no text'],
  [
    'control characters in a message',
    json({ error: { message: 'a\u001b[31mb\r\n{"level":60}\u202ec\u0000' } }),
    'a body that is no text',
  ],
  [
    'a forged line',
    json({ error: { message: 'a\u001b[31mb\r\n{"level":60}\u202ec\ud800' } }),
    '"a [31mb {"level":60} c"',
  ],
]
for (const [what, body, sentence] of EVIDENCE) {
  t.test(`evidence: ${what}`, async (t) => t.equal(evidence(body), sentence))
}

t.test('evidence is the start of a long text only', async (t) => {
  t.equal(evidence({ kind: 'text', text: 'x'.repeat(100_000) }), `"${'x'.repeat(160)}"`)
})

t.test('evidence has no part of a secret, wherever the text is cut', async (t) => {
  const secret = 'secret'.repeat(20)
  for (const blank of ['.', ' ']) {
    for (let before = 0; before < 700; before += 7) {
      const text = `${blank.repeat(before)}${secret}`
      for (const body of [
        { kind: 'text', text } as const,
        json({ error: { message: text } }),
        json({ error: 'x', error_description: text }),
      ]) {
        t.notMatch(evidence(body, [['other', 'other'], [secret, 'token']]), 'secret', `${before} before it`)
      }
    }
  }
  t.equal(evidence({ kind: 'text', text: `you sent ${secret}.` }, [[secret, 'token']]), '"you sent [token]."')
})

t.test('a record is an object that is no array', async (t) => {
  t.same([{}, { a: 1 }, [], null, undefined, 'x', 5].map(isRecord), [true, true, false, false, false, false, false])
})

function nested (levels: number): unknown {
  return levels === 1 ? [] : [nested(levels - 1)]
}

function json (value: unknown): Body {
  return { kind: 'json', value }
}
