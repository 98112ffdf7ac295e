/** What a job has fetched, before it is written. */
export interface Fetched {
  albums: number
  tracks: number
  content: unknown
}
