import fc from 'fast-check'
import t from 'tap'
import { cursorOf, positionOf } from '../../../src/services/releases/cursor.ts'

const position = fc.record({
  seq: fc.integer({ min: 1, max: 999_999_999_999_999 }),
  albumId: fc.stringMatching(/^[A-Za-z0-9]{1,64}$/),
})

t.test('a cursor gives the position that it was made of', async () => {
  fc.assert(fc.property(position, (one) => {
    const read = positionOf(cursorOf(one))
    return read?.seq === one.seq && read.albumId === one.albumId && /^[A-Za-z0-9_-]{1,120}$/.test(cursorOf(one))
  }))
})

const encoded = (text: string): string => Buffer.from(text).toString('base64url')

t.test('what is no cursor gives none', async (t) => {
  for (const text of [
    '0:a',
    '-1:a',
    '01:a',
    '1',
    '1:',
    ':a',
    '1:a b',
    '1:a:b',
    '1e3:a',
    '9999999999999999:a',
    `1:${'a'.repeat(65)}`,
  ]) { t.equal(positionOf(encoded(text)), null, text) }
  for (const cursor of ['', '!', `${encoded('1:a')}=`, `${encoded('1:a')} `, encoded('1:ab').slice(0, -1)]) {
    t.equal(positionOf(cursor), null, cursor)
  }
  fc.assert(fc.property(fc.string(), (cursor) => {
    const read = positionOf(cursor)
    return read === null || cursorOf(read) === cursor
  }))
})
