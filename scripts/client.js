import openapiTS, { astToString } from 'openapi-typescript'
import { madeFile } from './made-file.js'
import { openApiDocument } from './openapi-document.js'

const HEADER = '/** Made from the OpenAPI document of the service by `npm run client`: do not edit. */\n\n'

await madeFile('examples/client/api.d.ts', HEADER + astToString(await openapiTS(await openApiDocument())), 'npm run client')
