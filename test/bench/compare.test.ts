import { readFile } from 'node:fs/promises'
import t from 'tap'
import { compare } from '../../bench/compare/compare.ts'
import { PAGE, readFigures } from '../../bench/compare/page.ts'
import { renderComparison, stableLines } from '../../bench/compare/report.ts'

t.test('npm run compare', async (t) => {
  const comparison = await compare(0)

  t.test('the calls, the completeness and the messages of the page are those of a run', async (t) => {
    t.strictSame(stableLines(await readFigures()), stableLines(renderComparison(comparison)))
  })

  t.test('the three examples are of the same length', async (t) => {
    const counts = [...comparison.codeLines.values()]
    t.equal(counts.length, 3)
    t.ok(Math.max(...counts) - Math.min(...counts) <= 10, counts.join(', '))
  })

  t.test('all three do the whole job where nothing goes wrong', async (t) => {
    const results = comparison.results.filter(({ scenario }) => scenario === 'no fault')
    t.match(
      results.map(({ completeAlbums, longAlbums, completeLongAlbums }) => [
        completeAlbums,
        longAlbums - completeLongAlbums,
      ]),
      Array(3).fill([100, 0])
    )
    t.ok(results.every(({ longAlbums }) => longAlbums > 0), 'there are albums over 50 tracks')
  })

  t.test('the SDK is the version that the page names', async (t) => {
    const { version } = JSON.parse(await readFile('node_modules/@spotify/web-api-ts-sdk/package.json', 'utf8')) as {
      version: string
    }
    t.match(await readFile(PAGE, 'utf8'), `\`@spotify/web-api-ts-sdk\` ${version}`)
  })
})
