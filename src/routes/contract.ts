import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Type } from '@sinclair/typebox'
import { stringify } from 'yaml'
import { contractOf } from '../services/contract/contract.ts'
import { CONTRACT_RULES } from '../services/contract/contract-rules.ts'
import { TABLES } from '../services/tables/tables.ts'
import { VERSION } from '../version.ts'
import { createChoice } from './download/negotiation.ts'

const MEDIA_TYPES = { yaml: 'application/yaml', json: 'application/json' }

const chooseContractFormat = createChoice(['yaml', 'json'], (name) => MEDIA_TYPES[name])

const Contract = Type.Object({}, {
  additionalProperties: true,
  title: 'DataContract',
  description: 'Open Data Contract Standard 3.1',
})

/** What the tables promise, for machines. */
const contractRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { config } = app
  const contract = contractOf(TABLES, CONTRACT_RULES, {
    version: VERSION,
    url: config.PUBLIC_URL === '' ? null : app.publicUrl(''),
    retentionDays: config.RETENTION_DAYS,
  })
  const yaml = stringify(contract, { lineWidth: 0, aliasDuplicateObjects: false })

  app.get('/contract', {
    schema: {
      operationId: 'getContract',
      tags: ['tables'],
      summary: 'The tables as a data contract: columns, keys, relationships, quality rules, terms',
      description: 'Open Data Contract Standard 3.1, as YAML unless `?format=json` or `Accept` says otherwise.',
      querystring: Type.Object({
        format: Type.Optional(Type.String({ maxLength: 32, examples: ['yaml', 'json'], description: 'yaml or json' })),
      }, { additionalProperties: false }),
      response: {
        200: {
          description: 'the contract',
          content: { 'application/yaml': { schema: Type.String() }, 'application/json': { schema: Contract } },
        },
      },
      problems: ['not_acceptable'],
    },
  }, async (request, reply) => {
    reply.header('vary', 'Accept')
    if (chooseContractFormat(request) === 'json') return await reply.send(contract)
    return await reply.type('application/yaml; charset=utf-8').send(yaml)
  })
}

export default contractRoutes
