import t from 'tap'
import { pages } from '../pages/blocks.ts'
import { playPage } from '../pages/play-page.ts'

for (const page of await pages()) {
  t.test(`the commands of ${page} work, and show what ` +
    'it says', { skip: process.platform === 'win32' && 'needs bash' }, async (t) => {
    await playPage(t, page)
  })
}
