import fc from 'fast-check'
import t from 'tap'
import { checksumOf, crcOf, seal, unseal } from '../../../src/services/database/checksum.ts'

const text = fc.array(fc.nat(0xffff), { maxLength: 100 }).map((codes) => String.fromCharCode(...codes))

/** A text with one character replaced by another one. */
const damaged = fc.tuple(text.filter((whole) => whole !== ''), fc.nat(), fc.integer({ min: 1, max: 0xffff })).map(
  ([whole, place, mask]) => {
    const at = place % whole.length
    return {
      whole,
      damaged: whole.slice(0, at) + String.fromCharCode(whole.charCodeAt(at) ^ mask) + whole.slice(at + 1),
    }
  }
).filter(({ whole, damaged }) => !Buffer.from(whole).equals(Buffer.from(damaged))) // lone surrogates are equal in UTF-8

t.test('checksums do not change from release to release: databases hold them', async (t) => {
  t.equal(checksumOf(''), 'unaLMx_YbOyAO-BOVqsrPU')
  t.equal(checksumOf('a', 'ü🎵'), '6n1j0l6h2iOswU8TphRklZ')
  t.equal(crcOf('{"kind":"begun"}', null), 295665959)
  t.equal(crcOf('{"kind":"album"}', '{"id":"ü"}'), 2213416879)
  t.equal(seal('{}'), 'UGkMgzX4Ch0cEs0z4TP_1C {}')
})

t.test('a checksum of several texts tells where each ends', async (t) => {
  const checksums = [['abc'], ['ab', 'c'], ['a', 'bc'], ['', 'abc'], ['abc', ''], ['a', 'b', 'c'], ['3:abc'], ['ab1:c']]
    .map((texts) => checksumOf(...texts))
  t.equal(new Set(checksums).size, checksums.length)
})

t.test('what was sealed comes back, and with one character changed or any part missing it does not', async (t) => {
  fc.assert(fc.property(text, (whole) => unseal(seal(whole)) === whole))
  fc.assert(fc.property(damaged, ({ whole, damaged }) => unseal(seal(whole).replace(whole, () => damaged)) === null))
  const sealed = seal('{"untilMs":1}')
  for (let length = 0; length < sealed.length; length++) t.equal(unseal(sealed.slice(0, length)), null)
  for (let place = 0; place < 23; place++) t.equal(unseal(`${sealed.slice(0, place)}#${sealed.slice(place + 1)}`), null)
})

t.test('a changed character changes the checksum of a large text, in whichever part it is', async (t) => {
  fc.assert(fc.property(damaged, text, ({ whole, damaged }, other) => {
    t.not(crcOf(whole, other), crcOf(damaged, other))
    t.not(crcOf(other, whole), crcOf(other, damaged))
    t.not(crcOf(whole, null), crcOf(damaged, null))
  }))
})
