/** What the sandbox serves, by the names that faults and statistics use. */
export const ENDPOINTS = ['token', 'newReleases', 'search', 'album', 'albums', 'albumTracks', 'artistAlbums'] as const
export type EndpointName = typeof ENDPOINTS[number]
