import addFormats from 'ajv-formats'
import { Ajv2020 } from 'ajv/dist/2020.js'

const text = { type: 'string', minLength: 1 }
const url = { type: 'string', format: 'uri' }
const authors = {
  type: 'array',
  minItems: 1,
  items: { type: 'object', minProperties: 1, properties: { name: text, url, avatar: url } },
}

/** What JSON Feed 1.1 requires. Source: https://www.jsonfeed.org/version/1.1/ */
const SCHEMA = {
  type: 'object',
  required: ['version', 'title', 'items'],
  properties: {
    version: { const: 'https://jsonfeed.org/version/1.1' },
    title: text,
    description: text,
    home_page_url: url,
    feed_url: url,
    authors,
    items: {
      type: 'array',
      items: {
        type: 'object',
        required: ['id'],
        anyOf: [{ required: ['content_text'] }, { required: ['content_html'] }],
        properties: {
          id: text,
          url,
          title: text,
          content_text: text,
          image: url,
          date_published: { type: 'string', format: 'date-time' },
          authors,
        },
        additionalProperties: false,
      },
    },
  },
  additionalProperties: false,
}

const ajv = new Ajv2020({ strict: false })
addFormats.default(ajv)
const validate = ajv.compile(SCHEMA)

/** Says what in it is no JSON Feed 1.1; null where all is. */
export function validateJsonFeed (feed: unknown): string | null {
  return validate(feed) ? null : ajv.errorsText(validate.errors)
}
