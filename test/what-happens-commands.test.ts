import t from 'tap'
import { startStage } from './what-happens-commands.ts'
import { ROWS } from './what-happens-rows.ts'

/**
 * On one service, in this order: each would be hidden by what the ones before leave behind (albums, a token, settings).
 * The last one pauses it.
 */
const PLAYED = [
  '{"kind":"null-name"}',
  '{"clientSecret":"another"}',
  '{"kind":"empty-page","endpoint":"search"}',
  '{"kind":"quota","endpoint":"album","skip":5,"times":1,"retryAfter":"48925"}',
]

t.test('the commands of docs/what-happens-when.md show ' +
  'its rows on a running service', { skip: process.platform === 'win32' && 'needs bash' }, async (t) => {
  const { play } = await startStage(t, 'development')
  for (const setting of PLAYED) {
    const row = ROWS.find((known) => known.setting === setting)
    t.strictSame(
      await play({ setting }),
      { status: row?.status, error: row?.error === '' ? null : row?.error, gaps: row?.gaps },
      setting
    )
  }
})
