import { createHash } from 'node:crypto'
import type { FeedState } from './releases.ts'
import type { Release, ReleaseContent } from '../store/release-store.ts'

/** Where a feed and the service are, as absolute URLs. */
export interface FeedLinks {
  home: string
  feed: string
}

export type FeedKind = 'atom' | 'json'

const TITLE = 'New album releases'
const DESCRIPTION = 'Albums in the order in which this service first saw them, newest first'
const AUTHOR = 'Album release ingest'
/** Raise it when the same releases give other bytes than before. */
const REVISION = 1

/** Returns a strong ETag, which costs less than the feed. */
export function feedTag ({ releases }: FeedState, kind: FeedKind, { home, feed }: FeedLinks): string {
  const hash = createHash('sha256').update(JSON.stringify([REVISION, kind, home, feed]))
  for (const { seq, albumId } of releases) hash.update(`\n${seq} ${albumId}`)
  return `"${hash.digest('base64url').slice(0, 27)}"`
}

/** Writes an Atom feed. Source: RFC 4287 */
export async function atomFeed ({ releases }: FeedState, { home, feed: self }: FeedLinks): Promise<string> {
  const { Feed } = await import('feed') // the service starts 25 ms sooner without it
  const feed = new Feed({
    id: self,
    title: TITLE,
    description: DESCRIPTION,
    updated: new Date(releases[0]?.firstSeenMs ?? 0),
    author: { name: AUTHOR },
    generator: AUTHOR,
    link: home,
    feed: self,
  })
  for (const release of releases) {
    const { firstSeenMs, content } = release
    const artists = namesOf(content)
    const date = new Date(firstSeenMs)
    feed.addItem({
      id: idOf(release),
      title: toHtml(titleOf(release)),
      link: linkOf(release),
      date,
      published: date,
      ...artists.length === 0 ? {} : { author: artists.map((name) => ({ name: toXmlText(name) })) },
      content: toHtml(textOf(release)),
    })
  }
  return feed.atom1()
}

/** Writes a JSON feed: the package `feed` knows version 1 only. Source: https://www.jsonfeed.org/version/1.1/ */
export async function jsonFeed ({ releases }: FeedState, { home, feed: self }: FeedLinks): Promise<string> {
  return JSON.stringify({
    version: 'https://jsonfeed.org/version/1.1',
    title: TITLE,
    description: DESCRIPTION,
    home_page_url: home,
    feed_url: self,
    authors: [{ name: AUTHOR }],
    items: releases.map((release) => {
      const artists = namesOf(release.content)
      return {
        id: idOf(release),
        url: linkOf(release),
        title: titleOf(release),
        content_text: textOf(release),
        ...release.content?.imageUrl == null ? {} : { image: release.content.imageUrl },
        date_published: new Date(release.firstSeenMs).toISOString(),
        ...artists.length === 0 ? {} : { authors: artists.map((name) => ({ name })) },
      }
    }),
  })
}

function idOf ({ albumId }: Release): string {
  return `spotify:album:${albumId}`
}

/** Spotify's link, or what it is known to be. */
function linkOf ({ albumId, content }: Release): string {
  return content?.url ?? `https://open.spotify.com/album/${albumId}`
}

function titleOf ({ albumId, content }: Release): string {
  const name = content?.name ?? ''
  return name.trim() === '' ? albumId : name
}

function textOf (release: Release): string {
  const by = namesOf(release.content).join(', ')
  const date = release.content?.releaseDate ?? ''
  return `${titleOf(release)}${by === '' ? '' : ` by ${by}`}${date === '' ? '' : `, released ${date}`}`
}

function namesOf (content: ReleaseContent | null): string[] {
  return (content?.artists ?? []).flatMap(({ name }) => name === null || name.trim() === '' ? [] : [name])
}

/** What XML 1.0 cannot hold, even as a reference. */
// eslint-disable-next-line no-control-regex -- control characters are what it removes
const NO_XML = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g

function toXml (text: string): string {
  return text.replaceAll(NO_XML, '\uFFFD')
}

/** The package takes `&amp;` in a text for what is escaped already. */
function toXmlText (text: string): string {
  return toXml(text).replaceAll('&', '&amp;')
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** The package marks texts as HTML. */
function toHtml (text: string): string {
  return toXml(text).replaceAll(/[&<>"]/g, (character) => ENTITIES[character] ?? character)
}
