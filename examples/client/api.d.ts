/** Made from the OpenAPI document of the service by `npm run client`: do not edit. */

export interface paths {
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This description, as OpenAPI 3.1 */
        get: operations["getOpenApi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the process answers */
        get: operations["isLive"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether runs can be started: what a load balancer asks */
        get: operations["isReady"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ingest": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Start a run
         * @description No body or `{}` means 100 new releases. Without an Idempotency-Key, a request equal to one that has not ended gives that run.
         */
        post: operations["startRun"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The runs, newest first */
        get: operations["listRuns"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/runs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The document of a run, once it has ended
         * @description 202 and the run while it goes on, then 200 and the document, in the format that `?format=` or `Accept` says. The stored file is served with `ETag`, by ranges, and as gzip to those who prefer it.
         */
        get: operations["getDocument"];
        put?: never;
        post?: never;
        /** Delete a run that has ended, and its files */
        delete: operations["deleteRun"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/runs/latest": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The document of the newest run that has one */
        get: operations["getLatestDocument"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/runs/{id}/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A run, without its albums */
        get: operations["getRun"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/runs/{id}/ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether a run has succeeded, as a status code
         * @description For sensors: 404 means ask again, 200 go on, 409 and 410 give up.
         */
        get: operations["isRunReady"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/runs/{id}/quality": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What was checked in the document of a run, and what was found
         * @description Each check with what it expected, what it saw and the first rows that fail; a profile of each table; and the earlier runs that the document was compared with. It is stored with the end of the run.
         */
        get: operations["getQuality"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/runs/{id}/timeline": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What happened in a run, second by second: calls, retries, limits, waits and progress
         * @description At most 240 points: where there would be more, steps become twice as long. While the run is executed, what has happened so far, at most a second old.
         */
        get: operations["getTimeline"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/runs/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A run as Server-Sent Events: the present state first, then each change until it ends
         * @description Events: `status` when the state changes, `progress` in between (while the run waits at least once a second), `end` as the last one. The `data` of each is the run as JSON, its `id` is opaque. An EventSource connects again when the stream has ended and sends that id as `Last-Event-ID`: where it names the end of the run, the answer is 204, so that it stops. Lines that begin with a colon are there to keep the connection open.
         */
        get: operations["watchRun"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/runs/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** End a run with what it has */
        post: operations["cancelRun"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/runs/{id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Let a run that ended partial, failed or canceled go on for what is missing */
        post: operations["resumeRun"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/runs/latest/tables": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The tables of the newest run that has a document */
        get: operations["listLatestTables"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/runs/{id}/tables": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The tables of a run that has ended */
        get: operations["listTables"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/runs/latest/tables/{table}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A table of the newest run that has a document */
        get: operations["getLatestTable"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/runs/{id}/tables/{table}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A table of a run that has ended, as Parquet, CSV or NDJSON
         * @description Made from the stored document. A value that is not of its column's type is null.
         *
         *     - **albums**: one row per album of the document. Key: `album_id`.
         *       - `run_id` UTF8, never null: Id of the run that fetched it.
         *       - `position` INT32, never null: Place in the document, which is the order of the listing; 1 is the first.
         *       - `album_id` UTF8, never null: Spotify's id of the album.
         *       - `name` UTF8: Name of the album.
         *       - `album_type` UTF8: `album`, `single` or `compilation`, as Spotify sent it.
         *       - `release_date` DATE: Day of release; null where only its month or year is known, or the date is none.
         *       - `release_date_text` UTF8: Date of release as Spotify sent it: a day, a month or a year.
         *       - `release_date_precision` UTF8: `day`, `month` or `year`, as Spotify sent it.
         *       - `release_year` INT32: Year of release, from a day, a month or a year; null for `0000`.
         *       - `total_tracks` INT32: Number of tracks that Spotify says the album has.
         *       - `tracks_present` INT32, never null: Number of its rows in `tracks`; below `total_tracks` where the run has a gap.
         *       - `duration_ms` INT64: Sum of the durations of its tracks, in milliseconds; null where no track has one.
         *       - `explicit_tracks` INT32: Number of its tracks that are explicit; null where no track says.
         *       - `discs` INT32: Number of discs that its tracks are on; null where no track says.
         *       - `label` UTF8: Record label.
         *       - `upc` UTF8: Universal Product Code, with its leading zeros.
         *       - `popularity` INT32: From 0 to 100, at the time of the run.
         *       - `market` UTF8: Market that the request named, as ISO 3166-1 alpha-2; null where it named none.
         *       - `image_url` UTF8: Address of the widest cover image.
         *       - `url` UTF8: Page of the album on open.spotify.com.
         *       - `uri` UTF8: Spotify URI of the album.
         *     - **tracks**: one row per track of an album: one that stands on an album twice has two rows. Key: `album_id`, `position`.
         *       - `run_id` UTF8, never null: Id of the run that fetched it.
         *       - `album_id` UTF8, never null: Album that it is on.
         *       - `position` INT32, never null: Place on the album over all its discs, in the order of Spotify; 1 is the first.
         *       - `track_id` UTF8: Spotify's id of the track; null for a local one.
         *       - `disc_number` INT32: Disc that it is on; 1 is the first.
         *       - `track_number` INT32: Number on its disc; 1 is the first.
         *       - `name` UTF8: Name of the track.
         *       - `duration_ms` INT64: Duration in milliseconds.
         *       - `explicit` BOOLEAN: Whether it is explicit.
         *       - `is_playable` BOOLEAN: Whether it can be played in the market; null unless the request named one.
         *       - `is_local` BOOLEAN: Whether it is a local file.
         *       - `isrc` UTF8: International Standard Recording Code; Spotify's albums rarely have it.
         *       - `popularity` INT32: From 0 to 100; Spotify's albums rarely have it.
         *       - `linked_from_id` UTF8: Track that was asked for, where Spotify replaced it by this one for the market.
         *       - `url` UTF8: Page of the track on open.spotify.com.
         *       - `uri` UTF8: Spotify URI of the track.
         *     - **artists**: one row per artist of any album or track, as the document names it first; one without an id has no row. Key: `artist_id`.
         *       - `run_id` UTF8, never null: Id of the run that fetched it.
         *       - `artist_id` UTF8, never null: Spotify's id of the artist.
         *       - `name` UTF8: Name of the artist.
         *       - `url` UTF8: Page of the artist on open.spotify.com.
         *       - `uri` UTF8: Spotify URI of the artist.
         *     - **album_artists**: one row per artist of an album. Key: `album_id`, `artist_id`, `artist_position`.
         *       - `run_id` UTF8, never null: Id of the run that fetched it.
         *       - `album_id` UTF8, never null: Album.
         *       - `artist_id` UTF8, never null: Artist.
         *       - `artist_position` INT32, never null: Place among the artists of the album; 1 is the first.
         *     - **track_artists**: one row per artist of a track of an album. Key: `album_id`, `position`, `artist_id`, `artist_position`.
         *       - `run_id` UTF8, never null: Id of the run that fetched it.
         *       - `album_id` UTF8, never null: Album that the track is on.
         *       - `position` INT32, never null: Place of the track on the album, as in `tracks`.
         *       - `track_id` UTF8: Spotify's id of the track, as in `tracks`.
         *       - `artist_id` UTF8, never null: Artist.
         *       - `artist_position` INT32, never null: Place among the artists of the track; 1 is the first.
         */
        get: operations["getTable"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/contract": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The tables as a data contract: columns, keys, relationships, quality rules, terms
         * @description Open Data Contract Standard 3.1, as YAML unless `?format=json` or `Accept` says otherwise.
         */
        get: operations["getContract"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/runs/{id}/changes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What has changed since an earlier run with an equal request
         * @description Albums added, changed, delisted, and those of which that cannot be known. The order of albums and tracks is not compared.
         */
        get: operations["getChanges"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/releases": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Every release that a document ever had, once, in the order in which it was first seen
         * @description A reader that keeps `nextCursor` and sends it as `since` misses none and sees none twice. An empty page means that it has all: the cursor stays the same.
         */
        get: operations["listReleases"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/releases.atom": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The newest releases as an Atom feed */
        get: operations["getAtomFeed"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/releases.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The newest releases as a JSON feed (1.1) */
        get: operations["getJsonFeed"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/diagnose": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What these credentials can do, as far as that is known
         * @description Runs find out what an app may do, and so does `?refresh=true`, which asks Spotify. What is known is forgotten after 24 hours: a change of tier is noticed then, or by `?refresh=true`.
         */
        get: operations["diagnose"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        AddedAlbum: {
            albumId: string;
            name: string | null;
            listedBefore: boolean | null;
        };
        /** @description as Spotify sent it, with whatever other fields it sends: see its Web API reference */
        Album: {
            id: string;
            name?: string | null;
            album_type?: string | null;
            release_date?: string | null;
            total_tracks?: number | null;
            artists?: components["schemas"]["Artist"][] | null;
            tracks: {
                /** @description every track of every page, in Spotify's order */
                items: components["schemas"]["Track"][];
                next: string | null;
            } & {
                [key: string]: unknown;
            };
        } & {
            [key: string]: unknown;
        };
        /** @description as Spotify sent it, with whatever other fields it sends: see its Web API reference */
        Artist: {
            id?: string | null;
            name?: string | null;
        } & {
            [key: string]: unknown;
        };
        ChangedAlbum: {
            albumId: string;
            name: string | null;
            fields: components["schemas"]["FieldChange"][];
            tracks: components["schemas"]["TrackChanges"];
        };
        ChangedTrack: {
            trackId: string | null;
            name: string | null;
            discNumber: number | null;
            trackNumber: number | null;
            fields: components["schemas"]["FieldChange"][];
        };
        Changes: {
            runId: string;
            /** @description the run that it is compared with */
            since: string;
            gaps: {
                before: components["schemas"]["Gap"][];
                after: components["schemas"]["Gap"][];
            };
            listing: {
                before: components["schemas"]["Wholeness"];
                after: components["schemas"]["Wholeness"];
            };
            /** @description in both documents, and not the same */
            changed: components["schemas"]["ChangedAlbum"][];
            /** @description in this document only */
            added: components["schemas"]["AddedAlbum"][];
            /** @description listed then and not now; that is not withdrawn: Spotify's search forgets */
            delisted: components["schemas"]["DelistedAlbum"][];
            /** @description in the document of `since` only, and perhaps listed now */
            unknown: components["schemas"]["UnknownAlbum"][];
            counts: {
                added: number;
                changed: number;
                delisted: number;
                unknown: number;
            };
        };
        ColumnProfile: {
            /** @description rows with a value of the type of the column */
            count: number;
            /** @description rows where it is null or absent */
            nulls: number;
            /** @description rows with a value of another type, which is null in the typed table */
            unusual: number;
            distinct: number | null;
            /** @description of numbers and whole dates */
            min: number | string | null;
            max: number | string | null;
        };
        /** @description calls to Spotify, and what was waited for its limit */
        Cost: {
            calls: number;
            retries: number;
            throttledMs: number;
            /** @description albums that an earlier run had fetched: they cost no call */
            cached: number;
            byEndpoint: {
                [key: string]: number;
            };
        };
        /** @description Open Data Contract Standard 3.1 */
        DataContract: {
            [key: string]: unknown;
        };
        DelistedAlbum: {
            albumId: string;
            name: string | null;
        };
        /** @description What is known of these credentials */
        Diagnosis: {
            token: {
                ok: boolean | null;
                detail: string | null;
                checkedAt: string | null;
                ageSeconds: number | null;
            };
            /** @enum {string} */
            tier: "extended" | "development" | "unknown";
            /** @description those of which something is known */
            endpoints: {
                endpoint: string;
                status: number | null;
                pageSize: number | null;
                detail: string | null;
                checkedAt: string | null;
                ageSeconds: number | null;
            }[];
            callsLast24Hours: number;
            /** @description what the service allows itself at present */
            callsPer30s: number;
            pause: {
                /** Format: date-time */
                until: string;
                code: string;
                detail: string;
            } | null;
        };
        /** @description The run, and its albums with all their tracks */
        Document: {
            id: string;
            /** @enum {string} */
            status: "queued" | "running" | "paused" | "succeeded" | "partial" | "failed" | "canceled";
            complete: boolean | null;
            request: components["schemas"]["RunRequest"];
            source: components["schemas"]["UsedSource"] | null;
            /**
             * Format: date-time
             * @description RFC 3339, UTC
             */
            createdAt: string;
            startedAt: string | null;
            finishedAt: string | null;
            resumeAt: string | null;
            progress: components["schemas"]["Progress"];
            listing: components["schemas"]["ListingEnd"] | null;
            waiting: components["schemas"]["Waiting"] | null;
            trigger: components["schemas"]["Trigger"];
            gaps: components["schemas"]["Gap"][];
            cost: components["schemas"]["Cost"];
            error: components["schemas"]["RunError"] | null;
            /** @description null: the document is judged after this was written; the run has its verdict */
            quality: null;
            /** @description in the order of the listing, no album twice */
            albums: components["schemas"]["Album"][];
        };
        FieldChange: {
            field: string;
            /** @description as Spotify sent it; absent where there was no such field */
            before?: unknown;
            /** @description as Spotify sent it; absent where there is no such field */
            after?: unknown;
        };
        /** @description anything that was promised and is not in the document; `albumId` is null where the listing itself lost something */
        Gap: {
            albumId: string | null;
            name: string | null;
            code: string;
            detail: string;
            expectedTracks: number | null;
            tracks: number;
        };
        Health: {
            /** @constant */
            status: "ok";
        };
        IngestBody: {
            /**
             * @description where the albums are listed; auto: new-releases, and search where Spotify refuses that
             * @enum {string}
             */
            source?: "auto" | "new-releases" | "search" | "artists" | "albums";
            /** @description albums wanted; with artists the newest of all of them together */
            limit?: number;
            /**
             * @description next: follow Spotify's next URL; offset: count
             * @enum {string}
             */
            pagination?: "next" | "offset";
            /** @description ISO 3166-1 alpha-2 */
            market?: string;
            /** @description for search */
            query?: string;
            artistIds?: string[];
            albumIds?: string[];
            /** @description true: fetch every album from Spotify, also those that an earlier run has fetched within ALBUM_CACHE_HOURS; what is fetched is cached again */
            refresh?: boolean;
        };
        /** @description how the listing ended */
        ListingEnd: {
            /** @description Spotify showed all it has, and all of it is in the run; false also where it has more than `limit` */
            exhausted: boolean;
            cappedAt: number | null;
        };
        /** @description RFC 9457 problem details */
        Problem: {
            type: string;
            /** @description what the status means */
            title: string;
            status: number;
            /** @description what is wrong and what to do, for people */
            detail: string;
            /** @description stable, for machines */
            code: string;
            /** @description the same as in the header X-Request-Id and in the log */
            requestId: string;
        };
        Progress: {
            albumsListed: number;
            albumsFetched: number;
            tracks: number;
        };
        /** @description the last runs, at most 10, of an equal request and the same tier */
        QualityBaseline: {
            /**
             * @description told by the fields of the albums
             * @enum {string}
             */
            tier: "extended" | "development";
            runs: {
                runId: string;
                /** Format: date-time */
                finishedAt: string;
            }[];
            tables: {
                albums?: components["schemas"]["TableBaseline"];
                tracks?: components["schemas"]["TableBaseline"];
                artists?: components["schemas"]["TableBaseline"];
            };
        };
        QualityCheck: {
            /** @example albums.name.present */
            id: string;
            /** @enum {string} */
            table: "albums" | "tracks" | "artists" | "album_artists" | "track_artists";
            column: string | null;
            /** @enum {string} */
            dimension: "completeness" | "uniqueness" | "validity" | "consistency" | "freshness" | "volume" | "drift" | "plausibility";
            /**
             * @description error: it fails; warning: it warns
             * @enum {string}
             */
            severity: "error" | "warning";
            /** @description what should hold */
            rule: string;
            expected: string;
            observed: string;
            /**
             * @description skipped: it does not apply to this document, or there is no earlier run to compare with
             * @enum {string}
             */
            verdict: "passed" | "warned" | "failed" | "skipped";
            /** @description the first rows that fail, also where as many are tolerated */
            failing: {
                [key: string]: string | number | null;
            }[];
            failingCount: number;
        };
        /** @description What was checked in the document of a run, and what was found */
        QualityReport: {
            runId: string;
            /**
             * @description the same as in the run
             * @enum {string}
             */
            verdict: "passed" | "warned" | "failed";
            checks: components["schemas"]["QualityCheck"][];
            profile: {
                /**
                 * @description told by the fields of the albums
                 * @enum {string}
                 */
                tier: "extended" | "development";
                albums: components["schemas"]["TableProfile"];
                tracks: components["schemas"]["TableProfile"];
                artists: components["schemas"]["TableProfile"];
            };
            baseline: components["schemas"]["QualityBaseline"];
        };
        /** @description of the document; null before the end, without a document, and inside the document, whose head is written before */
        QualityVerdict: {
            /**
             * @description failed: a check of severity error fails; warned: one of severity warning does
             * @enum {string}
             */
            verdict: "passed" | "warned" | "failed";
            /** @description checks that fail */
            failed: number;
            /** @description checks that warn */
            warned: number;
        };
        /** @description an album that a document had, and none before it; all but id and time is null when its run is gone */
        Release: {
            albumId: string;
            name: string | null;
            artists: components["schemas"]["ReleaseArtist"][] | null;
            releaseDate: string | null;
            url: string | null;
            imageUrl: string | null;
            /**
             * Format: date-time
             * @description when it entered this list: RFC 3339, UTC
             */
            firstSeenAt: string;
            runId: string | null;
        };
        ReleaseArtist: {
            id: string | null;
            name: string | null;
        };
        ReleaseList: {
            releases: components["schemas"]["Release"][];
            nextCursor: string | null;
        };
        /** @description One execution of the batch job */
        Run: {
            id: string;
            /** @enum {string} */
            status: "queued" | "running" | "paused" | "succeeded" | "partial" | "failed" | "canceled";
            complete: boolean | null;
            request: components["schemas"]["RunRequest"];
            source: components["schemas"]["UsedSource"] | null;
            /**
             * Format: date-time
             * @description RFC 3339, UTC
             */
            createdAt: string;
            startedAt: string | null;
            finishedAt: string | null;
            resumeAt: string | null;
            progress: components["schemas"]["Progress"];
            listing: components["schemas"]["ListingEnd"] | null;
            waiting: components["schemas"]["Waiting"] | null;
            trigger: components["schemas"]["Trigger"];
            quality: components["schemas"]["QualityVerdict"] | null;
            gaps: components["schemas"]["Gap"][];
            cost: components["schemas"]["Cost"];
            error: components["schemas"]["RunError"] | null;
            file: components["schemas"]["StoredFile"] | null;
        };
        /** @description what happened, the evidence, and what to do; null unless the run failed, was canceled or is paused */
        RunError: {
            /** @description `invalid_client`: Spotify refuses the credentials; `premium_required`: the owner of the app needs Spotify Premium; `endpoint_unavailable`: an endpoint is not available to this app; `quota_exceeded`: the quota of the Spotify account is spent; `rate_limited`: Spotify wants no calls for longer than a run waits; `upstream_unavailable`: Spotify cannot be reached, or fails; `upstream_invalid`: Spotify answers what it should not; `listing_empty`: Spotify listed no album; `nothing_fetched`: no listed album could be fetched; `canceled`: a client canceled the run; `internal_error`: a bug: the log has the details under the `requestId`; `storage_failed`: what is stored cannot be read or changed: the disk of DATA_DIR, or PostgreSQL */
            code: string;
            detail: string;
        };
        RunList: {
            runs: components["schemas"]["Run"][];
            /** @description `cursor` of the next page; null at the end */
            nextCursor: string | null;
        };
        /** @description the request with every default filled in */
        RunRequest: {
            /** @enum {string} */
            source: "auto" | "new-releases" | "search" | "artists" | "albums";
            limit: number;
            /** @enum {string} */
            pagination: "next" | "offset";
            market: string | null;
            refresh: boolean;
            query?: string;
            artistIds?: string[];
            albumIds?: string[];
        };
        StoredFile: {
            name: string;
            bytes: number;
            sha256: string;
        };
        Table: {
            name: string;
            description: string;
            key: string[];
            columns: components["schemas"]["TableColumn"][];
            links: components["schemas"]["TableLinks"];
        };
        TableBaseline: {
            /** @description median */
            rows: number;
            /** @description without outliers */
            usualRows: {
                from: number;
                to: number;
            };
            /** @description median by column */
            nullShares: {
                [key: string]: number;
            };
            /** @description fields that most rows of most of these runs have */
            commonFields: string[];
            /** @description fields that any row has */
            seenFields: string[];
        };
        TableColumn: {
            name: string;
            /** @enum {string} */
            type: "DATE" | "INT32" | "INT64" | "BOOLEAN" | "UTF8";
            nullable: boolean;
            /** @description `table.column` that it refers to */
            reference: string | null;
            description: string;
        };
        /** @description the table in each format */
        TableLinks: {
            parquet: string;
            csv: string;
            ndjson: string;
        };
        TableList: {
            runId: string;
            tables: components["schemas"]["Table"][];
        };
        TableProfile: {
            rows: number;
            columns: {
                [key: string]: components["schemas"]["ColumnProfile"];
            };
            /** @description fields in the JSON of these rows, with the number of rows that have them */
            fields: {
                [key: string]: number;
            };
        };
        /** @description what happened in a run, step by step, over all its executions */
        Timeline: {
            runId: string;
            startedAt: string | null;
            /** @description how long a step is: 1000, and twice as long each time that there were too many points */
            stepMs: number;
            /** @description in the order of time; a step in which nothing happened, as while the run was paused, has none */
            points: components["schemas"]["TimelinePoint"][];
        };
        /** @description what happened in one step, and how far the run was at its end */
        TimelinePoint: {
            /** @description when the step begins, in milliseconds since `startedAt` */
            atMs: number;
            /** @description calls to Spotify that were sent, repeated ones included */
            calls: number;
            retries: number;
            /** @description calls that were answered 429 */
            limited: number;
            waitMs: components["schemas"]["WaitMs"];
            /** @description at the end of the step, as in `progress` */
            albumsListed: number;
            albumsFetched: number;
            tracks: number;
        };
        /** @description as Spotify sent it, with whatever other fields it sends: see its Web API reference */
        Track: {
            id?: string | null;
            name?: string | null;
            disc_number?: number | null;
            track_number?: number | null;
            duration_ms?: number | null;
            artists?: components["schemas"]["Artist"][] | null;
        } & {
            [key: string]: unknown;
        };
        TrackChanges: {
            added: components["schemas"]["TrackName"][];
            removed: components["schemas"]["TrackName"][];
            changed: components["schemas"]["ChangedTrack"][];
            /** @description a gap of the run may hide them */
            unknown: components["schemas"]["TrackName"][];
        };
        TrackName: {
            trackId: string | null;
            name: string | null;
            discNumber: number | null;
            trackNumber: number | null;
        };
        /** @description What ?format=tracks gives: the tracks of each album under its id */
        TracksByAlbum: {
            [key: string]: components["schemas"]["Track"][];
        };
        /** @description what started the run */
        Trigger: {
            /** @enum {string} */
            kind: "api" | "cli" | "schedule";
            name: string | null;
        };
        UnknownAlbum: {
            albumId: string;
            name: string | null;
            /**
             * @description album_gap: a gap names it; listing_incomplete, listing_capped: the listing has that gap; listing_limited: it stopped at `limit`; run_ended_early: failed or canceled; source_differs: the other run used another source
             * @enum {string}
             */
            reason: "album_gap" | "listing_incomplete" | "listing_capped" | "listing_limited" | "run_ended_early" | "source_differs";
        };
        UsedSource: {
            /** @enum {string} */
            used: "new-releases" | "search" | "artists" | "albums";
            query: string | null;
            reason: string | null;
        };
        /** @description milliseconds in which the run stood still, by what it waited for (see `waiting` of the run) */
        WaitMs: {
            pace: number;
            pause: number;
            retry: number;
            /** @description the time in the queue before the execution that begins in this step: it may be longer than a step */
            queue: number;
        };
        /** @description what the run waits for; null unless it stands still: it has no call in flight and at least one that waits */
        Waiting: {
            /**
             * @description pace: as many calls as are allowed in 30 s were made; pause: Spotify named a time; retry: backoff after a fault; queue: other runs go first
             * @enum {string}
             */
            for: "pace" | "pause" | "retry" | "queue";
            until: string | null;
            /** @example 90 of 90 calls in 30 s */
            detail: string;
        };
        /** @description whether an album that is neither in the document nor named by a gap was surely not listed */
        Wholeness: {
            whole: boolean;
            reason: ("album_gap" | "listing_incomplete" | "listing_capped" | "listing_limited" | "run_ended_early" | "source_differs") | null;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    getOpenApi: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description the OpenAPI document */
            200: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
            /** @description `invalid_request`: the request is wrong, and `detail` says what */
            400: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "invalid_request";
                    };
                };
            };
            /** @description `unauthorized`: no key, or a wrong one, where the service has API_KEYS */
            401: {
                headers: {
                    /** @description Bearer */
                    "www-authenticate": string;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "unauthorized";
                    };
                };
            };
            /** @description `misdirected_request`: the `Host` is neither loopback nor that of PUBLIC_URL, and the service has no API_KEYS */
            421: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "misdirected_request";
                    };
                };
            };
            /** @description `too_many_requests`: more than REQUESTS_PER_MINUTE */
            429: {
                headers: {
                    /** @description seconds after which it makes sense to ask again */
                    "retry-after": number;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "too_many_requests";
                    };
                };
            };
            /** @description `internal_error`: a bug: the log has the details under the `requestId` */
            500: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal_error";
                    };
                };
            };
            /** @description `storage_failed`: what is stored cannot be read or changed: the disk of DATA_DIR, or PostgreSQL; `shutting_down`: the service is shutting down; `too_many_connections`: as many requests are under way as the limit of open files allows */
            503: {
                headers: {
                    /** @description seconds after which it makes sense to ask again */
                    "retry-after"?: number;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "storage_failed" | "shutting_down" | "too_many_connections";
                    };
                };
            };
        };
    };
    isLive: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description the process answers */
            200: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description `invalid_request`: the request is wrong, and `detail` says what */
            400: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "invalid_request";
                    };
                };
            };
            /** @description `misdirected_request`: the `Host` is neither loopback nor that of PUBLIC_URL, and the service has no API_KEYS */
            421: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "misdirected_request";
                    };
                };
            };
            /** @description `internal_error`: a bug: the log has the details under the `requestId` */
            500: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal_error";
                    };
                };
            };
            /** @description `shutting_down`: the service is shutting down; `too_many_connections`: as many requests are under way as the limit of open files allows */
            503: {
                headers: {
                    /** @description seconds after which it makes sense to ask again */
                    "retry-after"?: number;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "shutting_down" | "too_many_connections";
                    };
                };
            };
        };
    };
    isReady: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description runs can be started */
            200: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description `invalid_request`: the request is wrong, and `detail` says what */
            400: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "invalid_request";
                    };
                };
            };
            /** @description `misdirected_request`: the `Host` is neither loopback nor that of PUBLIC_URL, and the service has no API_KEYS */
            421: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "misdirected_request";
                    };
                };
            };
            /** @description `internal_error`: a bug: the log has the details under the `requestId` */
            500: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal_error";
                    };
                };
            };
            /** @description `storage_failed`: what is stored cannot be read or changed: the disk of DATA_DIR, or PostgreSQL; `starting`: the service has just been started; `shutting_down`: the service is shutting down; `too_many_connections`: as many requests are under way as the limit of open files allows */
            503: {
                headers: {
                    /** @description seconds after which it makes sense to ask again */
                    "retry-after"?: number;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "storage_failed" | "starting" | "shutting_down" | "too_many_connections";
                    };
                };
            };
        };
    };
    startRun: {
        parameters: {
            query?: {
                /** @description seconds to wait for the end of the run; `Prefer: wait=SECONDS` says the same */
                wait?: number;
            };
            header?: {
                /** @description 1 to 255 printable characters: for 24 hours the same key gives the same run */
                "idempotency-key"?: string;
                /** @description `wait=SECONDS` (RFC 7240): the same as ?wait=, cut to what is allowed */
                prefer?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["IngestBody"];
            };
        };
        responses: {
            /** @description with ?wait: the run ended in time, and this is its document */
            200: {
                headers: {
                    /** @description strong; another one for each format and content coding */
                    etag?: string;
                    /** @description when the run ended */
                    "last-modified"?: string;
                    /** @description the file's name */
                    "content-disposition"?: string;
                    /** @description gzip, for a client that prefers it and format json */
                    "content-encoding"?: string;
                    /** @description bytes for json, none for the formats that are made while they are sent */
                    "accept-ranges"?: string;
                    /** @description the run: `/runs/{id}`, under PUBLIC_URL where the service has one */
                    location: string;
                    /** @description the wait that `Prefer` asked for, as it was granted */
                    "preference-applied"?: string;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Document"] | components["schemas"]["TracksByAlbum"];
                    "application/x-ndjson": string;
                    "text/csv": string;
                };
            };
            /** @description the run, safe on disk: from now on no crash loses it */
            202: {
                headers: {
                    /** @description the run: `/runs/{id}`, under PUBLIC_URL where the service has one */
                    location: string;
                    /** @description seconds after which it makes sense to ask again */
                    "retry-after": number;
                    /** @description the wait that `Prefer` asked for, as it was granted */
                    "preference-applied"?: string;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Run"];
                };
            };
            /** @description `invalid_request`: the request is wrong, and `detail` says what */
            400: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "invalid_request";
                    };
                };
            };
            /** @description `unauthorized`: no key, or a wrong one, where the service has API_KEYS */
            401: {
                headers: {
                    /** @description Bearer */
                    "www-authenticate": string;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "unauthorized";
                    };
                };
            };
            /** @description `forbidden_origin`: a page of another site asks, and the service has no API_KEYS */
            403: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "forbidden_origin";
                    };
                };
            };
            /** @description `not_acceptable`: there is no such format */
            406: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "not_acceptable";
                    };
                };
            };
            /** @description `payload_too_large`: the body is larger than 64 KiB */
            413: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "payload_too_large";
                    };
                };
            };
            /** @description `unsupported_media_type`: the body is not JSON, or has a content coding */
            415: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "unsupported_media_type";
                    };
                };
            };
            /** @description `misdirected_request`: the `Host` is neither loopback nor that of PUBLIC_URL, and the service has no API_KEYS */
            421: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "misdirected_request";
                    };
                };
            };
            /** @description `idempotency_key_reused`: the key belongs to another request of the last 24 hours */
            422: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "idempotency_key_reused";
                    };
                };
            };
            /** @description `too_many_requests`: more than REQUESTS_PER_MINUTE */
            429: {
                headers: {
                    /** @description seconds after which it makes sense to ask again */
                    "retry-after": number;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "too_many_requests";
                    };
                };
            };
            /** @description `internal_error`: a bug: the log has the details under the `requestId` */
            500: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal_error";
                    };
                };
            };
            /** @description `queue_full`: as many runs are waiting as MAX_QUEUED_RUNS allows; `storage_failed`: what is stored cannot be read or changed: the disk of DATA_DIR, or PostgreSQL; `shutting_down`: the service is shutting down; `too_many_connections`: as many requests are under way as the limit of open files allows */
            503: {
                headers: {
                    /** @description seconds after which it makes sense to ask again */
                    "retry-after"?: number;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "queue_full" | "storage_failed" | "shutting_down" | "too_many_connections";
                    };
                };
            };
        };
    };
    listRuns: {
        parameters: {
            query: {
                /**
                 * @description only runs in this state, or in one of these, separated by commas
                 * @example succeeded,partial
                 */
                status?: string;
                /** @description runs on a page */
                limit: number;
                /** @description nextCursor of the page before */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description a page of runs */
            200: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RunList"];
                };
            };
            /** @description `invalid_request`: the request is wrong, and `detail` says what */
            400: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "invalid_request";
                    };
                };
            };
            /** @description `unauthorized`: no key, or a wrong one, where the service has API_KEYS */
            401: {
                headers: {
                    /** @description Bearer */
                    "www-authenticate": string;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "unauthorized";
                    };
                };
            };
            /** @description `misdirected_request`: the `Host` is neither loopback nor that of PUBLIC_URL, and the service has no API_KEYS */
            421: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "misdirected_request";
                    };
                };
            };
            /** @description `too_many_requests`: more than REQUESTS_PER_MINUTE */
            429: {
                headers: {
                    /** @description seconds after which it makes sense to ask again */
                    "retry-after": number;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "too_many_requests";
                    };
                };
            };
            /** @description `internal_error`: a bug: the log has the details under the `requestId` */
            500: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal_error";
                    };
                };
            };
            /** @description `storage_failed`: what is stored cannot be read or changed: the disk of DATA_DIR, or PostgreSQL; `shutting_down`: the service is shutting down; `too_many_connections`: as many requests are under way as the limit of open files allows */
            503: {
                headers: {
                    /** @description seconds after which it makes sense to ask again */
                    "retry-after"?: number;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "storage_failed" | "shutting_down" | "too_many_connections";
                    };
                };
            };
        };
    };
    getDocument: {
        parameters: {
            query?: {
                /** @description json: the stored file; ndjson: one album per line; csv: one row per track; tracks: `{ "<album id>": [tracks] }`. Overrides `Accept` */
                format?: string;
                /** @description seconds to wait for the end of the run; `Prefer: wait=SECONDS` says the same */
                wait?: number;
            };
            header?: {
                /** @description `wait=SECONDS` (RFC 7240): the same as ?wait=, cut to what is allowed */
                prefer?: string;
                /** @description the `ETag` that the client has: 304 where it is still the same */
                "if-none-match"?: string;
                /** @description `bytes=FIRST-LAST`: 206 and that part, of format json */
                range?: string;
            };
            path: {
                /** @description the id of the run */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description the document */
            200: {
                headers: {
                    /** @description strong; another one for each format and content coding */
                    etag?: string;
                    /** @description when the run ended */
                    "last-modified"?: string;
                    /** @description the file's name */
                    "content-disposition"?: string;
                    /** @description gzip, for a client that prefers it and format json */
                    "content-encoding"?: string;
                    /** @description bytes for json, none for the formats that are made while they are sent */
                    "accept-ranges"?: string;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Document"] | components["schemas"]["TracksByAlbum"];
                    "application/x-ndjson": string;
                    "text/csv": string;
                };
            };
            /** @description One execution of the batch job */
            202: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Run"];
                };
            };
            /** @description a part of the document */
            206: {
                headers: {
                    /** @description strong; another one for each format and content coding */
                    etag?: string;
                    /** @description when the run ended */
                    "last-modified"?: string;
                    /** @description the file's name */
                    "content-disposition"?: string;
                    /** @description gzip, for a client that prefers it and format json */
                    "content-encoding"?: string;
                    /** @description bytes for json, none for the formats that are made while they are sent */
                    "accept-ranges"?: string;
                    /** @description which part */
                    "content-range"?: string;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": string;
                };
            };
            /** @description the client has it already */
            304: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_request`: the request is wrong, and `detail` says what */
            400: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "invalid_request";
                    };
                };
            };
            /** @description `unauthorized`: no key, or a wrong one, where the service has API_KEYS */
            401: {
                headers: {
                    /** @description Bearer */
                    "www-authenticate": string;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "unauthorized";
                    };
                };
            };
            /** @description `run_not_found`: there is no such run */
            404: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "run_not_found";
                    };
                };
            };
            /** @description no such format */
            406: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `run_expired`: there is no such run any longer */
            410: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "run_expired";
                    };
                };
            };
            /** @description it is not what If-Match or If-Unmodified-Since says */
            412: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the document is shorter */
            416: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `misdirected_request`: the `Host` is neither loopback nor that of PUBLIC_URL, and the service has no API_KEYS */
            421: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "misdirected_request";
                    };
                };
            };
            /** @description `too_many_requests`: more than REQUESTS_PER_MINUTE */
            429: {
                headers: {
                    /** @description seconds after which it makes sense to ask again */
                    "retry-after": number;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "too_many_requests";
                    };
                };
            };
            /** @description `internal_error`: a bug: the log has the details under the `requestId` */
            500: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal_error";
                    };
                };
            };
            /** @description `storage_failed`: what is stored cannot be read or changed: the disk of DATA_DIR, or PostgreSQL; `shutting_down`: the service is shutting down; `too_many_connections`: as many requests are under way as the limit of open files allows */
            503: {
                headers: {
                    /** @description seconds after which it makes sense to ask again */
                    "retry-after"?: number;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "storage_failed" | "shutting_down" | "too_many_connections";
                    };
                };
            };
        };
    };
    deleteRun: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the id of the run */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description it is gone */
            204: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_request`: the request is wrong, and `detail` says what */
            400: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "invalid_request";
                    };
                };
            };
            /** @description `unauthorized`: no key, or a wrong one, where the service has API_KEYS */
            401: {
                headers: {
                    /** @description Bearer */
                    "www-authenticate": string;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "unauthorized";
                    };
                };
            };
            /** @description `forbidden_origin`: a page of another site asks, and the service has no API_KEYS */
            403: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "forbidden_origin";
                    };
                };
            };
            /** @description `run_not_found`: there is no such run */
            404: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "run_not_found";
                    };
                };
            };
            /** @description `run_not_finished`: the run has not ended */
            409: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "run_not_finished";
                    };
                };
            };
            /** @description `run_expired`: there is no such run any longer */
            410: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "run_expired";
                    };
                };
            };
            /** @description `payload_too_large`: the body is larger than 64 KiB */
            413: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "payload_too_large";
                    };
                };
            };
            /** @description `unsupported_media_type`: the body is not JSON, or has a content coding */
            415: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "unsupported_media_type";
                    };
                };
            };
            /** @description `misdirected_request`: the `Host` is neither loopback nor that of PUBLIC_URL, and the service has no API_KEYS */
            421: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "misdirected_request";
                    };
                };
            };
            /** @description `too_many_requests`: more than REQUESTS_PER_MINUTE */
            429: {
                headers: {
                    /** @description seconds after which it makes sense to ask again */
                    "retry-after": number;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "too_many_requests";
                    };
                };
            };
            /** @description `internal_error`: a bug: the log has the details under the `requestId` */
            500: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal_error";
                    };
                };
            };
            /** @description `storage_failed`: what is stored cannot be read or changed: the disk of DATA_DIR, or PostgreSQL; `shutting_down`: the service is shutting down; `too_many_connections`: as many requests are under way as the limit of open files allows */
            503: {
                headers: {
                    /** @description seconds after which it makes sense to ask again */
                    "retry-after"?: number;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "storage_failed" | "shutting_down" | "too_many_connections";
                    };
                };
            };
        };
    };
    getLatestDocument: {
        parameters: {
            query?: {
                /** @description json: the stored file; ndjson: one album per line; csv: one row per track; tracks: `{ "<album id>": [tracks] }`. Overrides `Accept` */
                format?: string;
            };
            header?: {
                /** @description the `ETag` that the client has: 304 where it is still the same */
                "if-none-match"?: string;
                /** @description `bytes=FIRST-LAST`: 206 and that part, of format json */
                range?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description the document */
            200: {
                headers: {
                    /** @description strong; another one for each format and content coding */
                    etag?: string;
                    /** @description when the run ended */
                    "last-modified"?: string;
                    /** @description the file's name */
                    "content-disposition"?: string;
                    /** @description gzip, for a client that prefers it and format json */
                    "content-encoding"?: string;
                    /** @description bytes for json, none for the formats that are made while they are sent */
                    "accept-ranges"?: string;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Document"] | components["schemas"]["TracksByAlbum"];
                    "application/x-ndjson": string;
                    "text/csv": string;
                };
            };
            /** @description a part of the document */
            206: {
                headers: {
                    /** @description strong; another one for each format and content coding */
                    etag?: string;
                    /** @description when the run ended */
                    "last-modified"?: string;
                    /** @description the file's name */
                    "content-disposition"?: string;
                    /** @description gzip, for a client that prefers it and format json */
                    "content-encoding"?: string;
                    /** @description bytes for json, none for the formats that are made while they are sent */
                    "accept-ranges"?: string;
                    /** @description which part */
                    "content-range"?: string;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": string;
                };
            };
            /** @description the client has it already */
            304: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_request`: the request is wrong, and `detail` says what */
            400: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "invalid_request";
                    };
                };
            };
            /** @description `unauthorized`: no key, or a wrong one, where the service has API_KEYS */
            401: {
                headers: {
                    /** @description Bearer */
                    "www-authenticate": string;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "unauthorized";
                    };
                };
            };
            /** @description `run_not_found`: there is no such run */
            404: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "run_not_found";
                    };
                };
            };
            /** @description no such format */
            406: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description it is not what If-Match or If-Unmodified-Since says */
            412: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description the document is shorter */
            416: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `misdirected_request`: the `Host` is neither loopback nor that of PUBLIC_URL, and the service has no API_KEYS */
            421: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "misdirected_request";
                    };
                };
            };
            /** @description `too_many_requests`: more than REQUESTS_PER_MINUTE */
            429: {
                headers: {
                    /** @description seconds after which it makes sense to ask again */
                    "retry-after": number;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "too_many_requests";
                    };
                };
            };
            /** @description `internal_error`: a bug: the log has the details under the `requestId` */
            500: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal_error";
                    };
                };
            };
            /** @description `storage_failed`: what is stored cannot be read or changed: the disk of DATA_DIR, or PostgreSQL; `shutting_down`: the service is shutting down; `too_many_connections`: as many requests are under way as the limit of open files allows */
            503: {
                headers: {
                    /** @description seconds after which it makes sense to ask again */
                    "retry-after"?: number;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "storage_failed" | "shutting_down" | "too_many_connections";
                    };
                };
            };
        };
    };
    getRun: {
        parameters: {
            query?: {
                /** @description seconds to wait for the end of the run; `Prefer: wait=SECONDS` says the same */
                wait?: number;
            };
            header?: {
                /** @description `wait=SECONDS` (RFC 7240): the same as ?wait=, cut to what is allowed */
                prefer?: string;
            };
            path: {
                /** @description the id of the run */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description the run as it is now */
            200: {
                headers: {
                    /** @description the wait that `Prefer` asked for, as it was granted */
                    "preference-applied"?: string;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Run"];
                };
            };
            /** @description `invalid_request`: the request is wrong, and `detail` says what */
            400: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "invalid_request";
                    };
                };
            };
            /** @description `unauthorized`: no key, or a wrong one, where the service has API_KEYS */
            401: {
                headers: {
                    /** @description Bearer */
                    "www-authenticate": string;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "unauthorized";
                    };
                };
            };
            /** @description `run_not_found`: there is no such run */
            404: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "run_not_found";
                    };
                };
            };
            /** @description `run_expired`: there is no such run any longer */
            410: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "run_expired";
                    };
                };
            };
            /** @description `misdirected_request`: the `Host` is neither loopback nor that of PUBLIC_URL, and the service has no API_KEYS */
            421: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "misdirected_request";
                    };
                };
            };
            /** @description `too_many_requests`: more than REQUESTS_PER_MINUTE */
            429: {
                headers: {
                    /** @description seconds after which it makes sense to ask again */
                    "retry-after": number;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "too_many_requests";
                    };
                };
            };
            /** @description `internal_error`: a bug: the log has the details under the `requestId` */
            500: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal_error";
                    };
                };
            };
            /** @description `storage_failed`: what is stored cannot be read or changed: the disk of DATA_DIR, or PostgreSQL; `shutting_down`: the service is shutting down; `too_many_connections`: as many requests are under way as the limit of open files allows */
            503: {
                headers: {
                    /** @description seconds after which it makes sense to ask again */
                    "retry-after"?: number;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "storage_failed" | "shutting_down" | "too_many_connections";
                    };
                };
            };
        };
    };
    isRunReady: {
        parameters: {
            query?: {
                /** @description a partial run is good enough */
                accept?: "partial";
                /** @description the worst verdict on the document that is good enough; without it any is */
                quality?: "passed" | "warned";
            };
            header?: never;
            path: {
                /** @description the id of the run */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description it has succeeded */
            200: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Run"];
                };
            };
            /** @description `invalid_request`: the request is wrong, and `detail` says what */
            400: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "invalid_request";
                    };
                };
            };
            /** @description `unauthorized`: no key, or a wrong one, where the service has API_KEYS */
            401: {
                headers: {
                    /** @description Bearer */
                    "www-authenticate": string;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "unauthorized";
                    };
                };
            };
            /** @description `run_not_finished`: the run has not ended */
            404: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "run_not_finished";
                    };
                };
            };
            /** @description `run_partial`: something is missing in the document; `run_failed`: the run failed; `run_canceled`: the run was canceled; `quality_failed`: the quality of the document is worse than `quality` asks for */
            409: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "run_partial" | "run_failed" | "run_canceled" | "quality_failed";
                    };
                };
            };
            /** @description `run_expired`: there is no such run any longer */
            410: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "run_expired";
                    };
                };
            };
            /** @description `misdirected_request`: the `Host` is neither loopback nor that of PUBLIC_URL, and the service has no API_KEYS */
            421: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "misdirected_request";
                    };
                };
            };
            /** @description `too_many_requests`: more than REQUESTS_PER_MINUTE */
            429: {
                headers: {
                    /** @description seconds after which it makes sense to ask again */
                    "retry-after": number;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "too_many_requests";
                    };
                };
            };
            /** @description `internal_error`: a bug: the log has the details under the `requestId` */
            500: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal_error";
                    };
                };
            };
            /** @description `storage_failed`: what is stored cannot be read or changed: the disk of DATA_DIR, or PostgreSQL; `shutting_down`: the service is shutting down; `too_many_connections`: as many requests are under way as the limit of open files allows */
            503: {
                headers: {
                    /** @description seconds after which it makes sense to ask again */
                    "retry-after"?: number;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "storage_failed" | "shutting_down" | "too_many_connections";
                    };
                };
            };
        };
    };
    getQuality: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the id of the run */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description the report */
            200: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QualityReport"];
                };
            };
            /** @description `invalid_request`: the request is wrong, and `detail` says what */
            400: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "invalid_request";
                    };
                };
            };
            /** @description `unauthorized`: no key, or a wrong one, where the service has API_KEYS */
            401: {
                headers: {
                    /** @description Bearer */
                    "www-authenticate": string;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "unauthorized";
                    };
                };
            };
            /** @description `run_not_found`: there is no such run; `document_not_found`: the run ended without any album, so that it has no document */
            404: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "run_not_found" | "document_not_found";
                    };
                };
            };
            /** @description `run_not_finished`: the run has not ended */
            409: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "run_not_finished";
                    };
                };
            };
            /** @description `run_expired`: there is no such run any longer */
            410: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "run_expired";
                    };
                };
            };
            /** @description `misdirected_request`: the `Host` is neither loopback nor that of PUBLIC_URL, and the service has no API_KEYS */
            421: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "misdirected_request";
                    };
                };
            };
            /** @description `too_many_requests`: more than REQUESTS_PER_MINUTE */
            429: {
                headers: {
                    /** @description seconds after which it makes sense to ask again */
                    "retry-after": number;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "too_many_requests";
                    };
                };
            };
            /** @description `internal_error`: a bug: the log has the details under the `requestId` */
            500: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal_error";
                    };
                };
            };
            /** @description `storage_failed`: what is stored cannot be read or changed: the disk of DATA_DIR, or PostgreSQL; `shutting_down`: the service is shutting down; `too_many_connections`: as many requests are under way as the limit of open files allows */
            503: {
                headers: {
                    /** @description seconds after which it makes sense to ask again */
                    "retry-after"?: number;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "storage_failed" | "shutting_down" | "too_many_connections";
                    };
                };
            };
        };
    };
    getTimeline: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the id of the run */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description the steps in which something happened */
            200: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Timeline"];
                };
            };
            /** @description `invalid_request`: the request is wrong, and `detail` says what */
            400: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "invalid_request";
                    };
                };
            };
            /** @description `unauthorized`: no key, or a wrong one, where the service has API_KEYS */
            401: {
                headers: {
                    /** @description Bearer */
                    "www-authenticate": string;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "unauthorized";
                    };
                };
            };
            /** @description `run_not_found`: there is no such run */
            404: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "run_not_found";
                    };
                };
            };
            /** @description `run_expired`: there is no such run any longer */
            410: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "run_expired";
                    };
                };
            };
            /** @description `misdirected_request`: the `Host` is neither loopback nor that of PUBLIC_URL, and the service has no API_KEYS */
            421: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "misdirected_request";
                    };
                };
            };
            /** @description `too_many_requests`: more than REQUESTS_PER_MINUTE */
            429: {
                headers: {
                    /** @description seconds after which it makes sense to ask again */
                    "retry-after": number;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "too_many_requests";
                    };
                };
            };
            /** @description `internal_error`: a bug: the log has the details under the `requestId` */
            500: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal_error";
                    };
                };
            };
            /** @description `storage_failed`: what is stored cannot be read or changed: the disk of DATA_DIR, or PostgreSQL; `shutting_down`: the service is shutting down; `too_many_connections`: as many requests are under way as the limit of open files allows */
            503: {
                headers: {
                    /** @description seconds after which it makes sense to ask again */
                    "retry-after"?: number;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "storage_failed" | "shutting_down" | "too_many_connections";
                    };
                };
            };
        };
    };
    watchRun: {
        parameters: {
            query?: never;
            header?: {
                /** @description the `id` of the last event that the client got */
                "last-event-id"?: string;
            };
            path: {
                /** @description the id of the run */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description the events, for as long as the run goes on */
            200: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            /** @description this client has got the end of the run already, as its Last-Event-ID says */
            204: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_request`: the request is wrong, and `detail` says what */
            400: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "invalid_request";
                    };
                };
            };
            /** @description `unauthorized`: no key, or a wrong one, where the service has API_KEYS */
            401: {
                headers: {
                    /** @description Bearer */
                    "www-authenticate": string;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "unauthorized";
                    };
                };
            };
            /** @description `run_not_found`: there is no such run */
            404: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "run_not_found";
                    };
                };
            };
            /** @description `run_expired`: there is no such run any longer */
            410: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "run_expired";
                    };
                };
            };
            /** @description `misdirected_request`: the `Host` is neither loopback nor that of PUBLIC_URL, and the service has no API_KEYS */
            421: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "misdirected_request";
                    };
                };
            };
            /** @description `too_many_requests`: more than REQUESTS_PER_MINUTE */
            429: {
                headers: {
                    /** @description seconds after which it makes sense to ask again */
                    "retry-after": number;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "too_many_requests";
                    };
                };
            };
            /** @description `internal_error`: a bug: the log has the details under the `requestId` */
            500: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal_error";
                    };
                };
            };
            /** @description `storage_failed`: what is stored cannot be read or changed: the disk of DATA_DIR, or PostgreSQL; `shutting_down`: the service is shutting down; `too_many_connections`: as many requests are under way as the limit of open files allows */
            503: {
                headers: {
                    /** @description seconds after which it makes sense to ask again */
                    "retry-after"?: number;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "storage_failed" | "shutting_down" | "too_many_connections";
                    };
                };
            };
        };
    };
    cancelRun: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the id of the run */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description the run, which has ended */
            200: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Run"];
                };
            };
            /** @description `invalid_request`: the request is wrong, and `detail` says what */
            400: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "invalid_request";
                    };
                };
            };
            /** @description `unauthorized`: no key, or a wrong one, where the service has API_KEYS */
            401: {
                headers: {
                    /** @description Bearer */
                    "www-authenticate": string;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "unauthorized";
                    };
                };
            };
            /** @description `forbidden_origin`: a page of another site asks, and the service has no API_KEYS */
            403: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "forbidden_origin";
                    };
                };
            };
            /** @description `run_not_found`: there is no such run */
            404: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "run_not_found";
                    };
                };
            };
            /** @description `run_finished`: the run has ended */
            409: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "run_finished";
                    };
                };
            };
            /** @description `run_expired`: there is no such run any longer */
            410: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "run_expired";
                    };
                };
            };
            /** @description `payload_too_large`: the body is larger than 64 KiB */
            413: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "payload_too_large";
                    };
                };
            };
            /** @description `unsupported_media_type`: the body is not JSON, or has a content coding */
            415: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "unsupported_media_type";
                    };
                };
            };
            /** @description `misdirected_request`: the `Host` is neither loopback nor that of PUBLIC_URL, and the service has no API_KEYS */
            421: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "misdirected_request";
                    };
                };
            };
            /** @description `too_many_requests`: more than REQUESTS_PER_MINUTE */
            429: {
                headers: {
                    /** @description seconds after which it makes sense to ask again */
                    "retry-after": number;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "too_many_requests";
                    };
                };
            };
            /** @description `internal_error`: a bug: the log has the details under the `requestId` */
            500: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal_error";
                    };
                };
            };
            /** @description `storage_failed`: what is stored cannot be read or changed: the disk of DATA_DIR, or PostgreSQL; `shutting_down`: the service is shutting down; `too_many_connections`: as many requests are under way as the limit of open files allows */
            503: {
                headers: {
                    /** @description seconds after which it makes sense to ask again */
                    "retry-after"?: number;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "storage_failed" | "shutting_down" | "too_many_connections";
                    };
                };
            };
        };
    };
    resumeRun: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the id of the run */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description the run, which goes on */
            202: {
                headers: {
                    /** @description the run: `/runs/{id}`, under PUBLIC_URL where the service has one */
                    location: string;
                    /** @description seconds after which it makes sense to ask again */
                    "retry-after": number;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Run"];
                };
            };
            /** @description `invalid_request`: the request is wrong, and `detail` says what */
            400: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "invalid_request";
                    };
                };
            };
            /** @description `unauthorized`: no key, or a wrong one, where the service has API_KEYS */
            401: {
                headers: {
                    /** @description Bearer */
                    "www-authenticate": string;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "unauthorized";
                    };
                };
            };
            /** @description `forbidden_origin`: a page of another site asks, and the service has no API_KEYS */
            403: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "forbidden_origin";
                    };
                };
            };
            /** @description `run_not_found`: there is no such run */
            404: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "run_not_found";
                    };
                };
            };
            /** @description `run_not_resumable`: only a partial, failed or canceled run can be resumed */
            409: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "run_not_resumable";
                    };
                };
            };
            /** @description `run_expired`: there is no such run any longer */
            410: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "run_expired";
                    };
                };
            };
            /** @description `payload_too_large`: the body is larger than 64 KiB */
            413: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "payload_too_large";
                    };
                };
            };
            /** @description `unsupported_media_type`: the body is not JSON, or has a content coding */
            415: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "unsupported_media_type";
                    };
                };
            };
            /** @description `misdirected_request`: the `Host` is neither loopback nor that of PUBLIC_URL, and the service has no API_KEYS */
            421: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "misdirected_request";
                    };
                };
            };
            /** @description `too_many_requests`: more than REQUESTS_PER_MINUTE */
            429: {
                headers: {
                    /** @description seconds after which it makes sense to ask again */
                    "retry-after": number;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "too_many_requests";
                    };
                };
            };
            /** @description `internal_error`: a bug: the log has the details under the `requestId` */
            500: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal_error";
                    };
                };
            };
            /** @description `queue_full`: as many runs are waiting as MAX_QUEUED_RUNS allows; `storage_failed`: what is stored cannot be read or changed: the disk of DATA_DIR, or PostgreSQL; `shutting_down`: the service is shutting down; `too_many_connections`: as many requests are under way as the limit of open files allows */
            503: {
                headers: {
                    /** @description seconds after which it makes sense to ask again */
                    "retry-after"?: number;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "queue_full" | "storage_failed" | "shutting_down" | "too_many_connections";
                    };
                };
            };
        };
    };
    listLatestTables: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description every table, with its columns and links */
            200: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TableList"];
                };
            };
            /** @description `invalid_request`: the request is wrong, and `detail` says what */
            400: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "invalid_request";
                    };
                };
            };
            /** @description `unauthorized`: no key, or a wrong one, where the service has API_KEYS */
            401: {
                headers: {
                    /** @description Bearer */
                    "www-authenticate": string;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "unauthorized";
                    };
                };
            };
            /** @description `run_not_found`: there is no such run */
            404: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "run_not_found";
                    };
                };
            };
            /** @description `misdirected_request`: the `Host` is neither loopback nor that of PUBLIC_URL, and the service has no API_KEYS */
            421: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "misdirected_request";
                    };
                };
            };
            /** @description `too_many_requests`: more than REQUESTS_PER_MINUTE */
            429: {
                headers: {
                    /** @description seconds after which it makes sense to ask again */
                    "retry-after": number;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "too_many_requests";
                    };
                };
            };
            /** @description `internal_error`: a bug: the log has the details under the `requestId` */
            500: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal_error";
                    };
                };
            };
            /** @description `storage_failed`: what is stored cannot be read or changed: the disk of DATA_DIR, or PostgreSQL; `shutting_down`: the service is shutting down; `too_many_connections`: as many requests are under way as the limit of open files allows */
            503: {
                headers: {
                    /** @description seconds after which it makes sense to ask again */
                    "retry-after"?: number;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "storage_failed" | "shutting_down" | "too_many_connections";
                    };
                };
            };
        };
    };
    listTables: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the id of the run */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description every table, with its columns and links */
            200: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TableList"];
                };
            };
            /** @description `invalid_request`: the request is wrong, and `detail` says what */
            400: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "invalid_request";
                    };
                };
            };
            /** @description `unauthorized`: no key, or a wrong one, where the service has API_KEYS */
            401: {
                headers: {
                    /** @description Bearer */
                    "www-authenticate": string;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "unauthorized";
                    };
                };
            };
            /** @description `run_not_found`: there is no such run; `document_not_found`: the run ended without any album, so that it has no document */
            404: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "run_not_found" | "document_not_found";
                    };
                };
            };
            /** @description `run_not_finished`: the run has not ended */
            409: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "run_not_finished";
                    };
                };
            };
            /** @description `run_expired`: there is no such run any longer */
            410: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "run_expired";
                    };
                };
            };
            /** @description `misdirected_request`: the `Host` is neither loopback nor that of PUBLIC_URL, and the service has no API_KEYS */
            421: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "misdirected_request";
                    };
                };
            };
            /** @description `too_many_requests`: more than REQUESTS_PER_MINUTE */
            429: {
                headers: {
                    /** @description seconds after which it makes sense to ask again */
                    "retry-after": number;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "too_many_requests";
                    };
                };
            };
            /** @description `internal_error`: a bug: the log has the details under the `requestId` */
            500: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal_error";
                    };
                };
            };
            /** @description `storage_failed`: what is stored cannot be read or changed: the disk of DATA_DIR, or PostgreSQL; `shutting_down`: the service is shutting down; `too_many_connections`: as many requests are under way as the limit of open files allows */
            503: {
                headers: {
                    /** @description seconds after which it makes sense to ask again */
                    "retry-after"?: number;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "storage_failed" | "shutting_down" | "too_many_connections";
                    };
                };
            };
        };
    };
    getLatestTable: {
        parameters: {
            query?: {
                /** @description parquet (the default), csv or ndjson, a row a line. Goes before `Accept` */
                format?: string;
                /** @description true: cells of csv as they are; else an apostrophe keeps them from starting a formula */
                raw?: boolean;
            };
            header?: {
                /** @description the `ETag` that the client has: 304 where it is still the same */
                "if-none-match"?: string;
                /** @description `bytes=FIRST-LAST`: 206 and that part, of format json */
                range?: string;
            };
            path: {
                /** @description one of albums, tracks, artists, album_artists, track_artists */
                table: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description the rows of the table */
            200: {
                headers: {
                    /** @description strong; another one for each table and format */
                    etag?: string;
                    /** @description when the run ended */
                    "last-modified"?: string;
                    /** @description the file's name */
                    "content-disposition"?: string;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/vnd.apache.parquet": string;
                    "text/csv": string;
                    "application/x-ndjson": string;
                };
            };
            /** @description the client has it already */
            304: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_request`: the request is wrong, and `detail` says what */
            400: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "invalid_request";
                    };
                };
            };
            /** @description `unauthorized`: no key, or a wrong one, where the service has API_KEYS */
            401: {
                headers: {
                    /** @description Bearer */
                    "www-authenticate": string;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "unauthorized";
                    };
                };
            };
            /** @description `run_not_found`: there is no such run; `table_not_found`: there is no such table */
            404: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "run_not_found" | "table_not_found";
                    };
                };
            };
            /** @description `not_acceptable`: there is no such format */
            406: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "not_acceptable";
                    };
                };
            };
            /** @description `precondition_failed`: the document is not the one that the request names */
            412: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "precondition_failed";
                    };
                };
            };
            /** @description `misdirected_request`: the `Host` is neither loopback nor that of PUBLIC_URL, and the service has no API_KEYS */
            421: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "misdirected_request";
                    };
                };
            };
            /** @description `too_many_requests`: more than REQUESTS_PER_MINUTE */
            429: {
                headers: {
                    /** @description seconds after which it makes sense to ask again */
                    "retry-after": number;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "too_many_requests";
                    };
                };
            };
            /** @description `internal_error`: a bug: the log has the details under the `requestId` */
            500: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal_error";
                    };
                };
            };
            /** @description `storage_failed`: what is stored cannot be read or changed: the disk of DATA_DIR, or PostgreSQL; `shutting_down`: the service is shutting down; `too_many_connections`: as many requests are under way as the limit of open files allows */
            503: {
                headers: {
                    /** @description seconds after which it makes sense to ask again */
                    "retry-after"?: number;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "storage_failed" | "shutting_down" | "too_many_connections";
                    };
                };
            };
        };
    };
    getTable: {
        parameters: {
            query?: {
                /** @description parquet (the default), csv or ndjson, a row a line. Goes before `Accept` */
                format?: string;
                /** @description true: cells of csv as they are; else an apostrophe keeps them from starting a formula */
                raw?: boolean;
            };
            header?: {
                /** @description the `ETag` that the client has: 304 where it is still the same */
                "if-none-match"?: string;
                /** @description `bytes=FIRST-LAST`: 206 and that part, of format json */
                range?: string;
            };
            path: {
                /** @description the id of the run */
                id: string;
                /** @description one of albums, tracks, artists, album_artists, track_artists */
                table: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description the rows of the table */
            200: {
                headers: {
                    /** @description strong; another one for each table and format */
                    etag?: string;
                    /** @description when the run ended */
                    "last-modified"?: string;
                    /** @description the file's name */
                    "content-disposition"?: string;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/vnd.apache.parquet": string;
                    "text/csv": string;
                    "application/x-ndjson": string;
                };
            };
            /** @description the client has it already */
            304: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_request`: the request is wrong, and `detail` says what */
            400: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "invalid_request";
                    };
                };
            };
            /** @description `unauthorized`: no key, or a wrong one, where the service has API_KEYS */
            401: {
                headers: {
                    /** @description Bearer */
                    "www-authenticate": string;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "unauthorized";
                    };
                };
            };
            /** @description `run_not_found`: there is no such run; `document_not_found`: the run ended without any album, so that it has no document; `table_not_found`: there is no such table */
            404: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "run_not_found" | "document_not_found" | "table_not_found";
                    };
                };
            };
            /** @description `not_acceptable`: there is no such format */
            406: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "not_acceptable";
                    };
                };
            };
            /** @description `run_not_finished`: the run has not ended */
            409: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "run_not_finished";
                    };
                };
            };
            /** @description `run_expired`: there is no such run any longer */
            410: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "run_expired";
                    };
                };
            };
            /** @description `precondition_failed`: the document is not the one that the request names */
            412: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "precondition_failed";
                    };
                };
            };
            /** @description `misdirected_request`: the `Host` is neither loopback nor that of PUBLIC_URL, and the service has no API_KEYS */
            421: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "misdirected_request";
                    };
                };
            };
            /** @description `too_many_requests`: more than REQUESTS_PER_MINUTE */
            429: {
                headers: {
                    /** @description seconds after which it makes sense to ask again */
                    "retry-after": number;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "too_many_requests";
                    };
                };
            };
            /** @description `internal_error`: a bug: the log has the details under the `requestId` */
            500: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal_error";
                    };
                };
            };
            /** @description `storage_failed`: what is stored cannot be read or changed: the disk of DATA_DIR, or PostgreSQL; `shutting_down`: the service is shutting down; `too_many_connections`: as many requests are under way as the limit of open files allows */
            503: {
                headers: {
                    /** @description seconds after which it makes sense to ask again */
                    "retry-after"?: number;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "storage_failed" | "shutting_down" | "too_many_connections";
                    };
                };
            };
        };
    };
    getContract: {
        parameters: {
            query?: {
                /** @description yaml or json */
                format?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description the contract */
            200: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/yaml": string;
                    "application/json": components["schemas"]["DataContract"];
                };
            };
            /** @description `invalid_request`: the request is wrong, and `detail` says what */
            400: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "invalid_request";
                    };
                };
            };
            /** @description `unauthorized`: no key, or a wrong one, where the service has API_KEYS */
            401: {
                headers: {
                    /** @description Bearer */
                    "www-authenticate": string;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "unauthorized";
                    };
                };
            };
            /** @description `not_acceptable`: there is no such format */
            406: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "not_acceptable";
                    };
                };
            };
            /** @description `misdirected_request`: the `Host` is neither loopback nor that of PUBLIC_URL, and the service has no API_KEYS */
            421: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "misdirected_request";
                    };
                };
            };
            /** @description `too_many_requests`: more than REQUESTS_PER_MINUTE */
            429: {
                headers: {
                    /** @description seconds after which it makes sense to ask again */
                    "retry-after": number;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "too_many_requests";
                    };
                };
            };
            /** @description `internal_error`: a bug: the log has the details under the `requestId` */
            500: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal_error";
                    };
                };
            };
            /** @description `storage_failed`: what is stored cannot be read or changed: the disk of DATA_DIR, or PostgreSQL; `shutting_down`: the service is shutting down; `too_many_connections`: as many requests are under way as the limit of open files allows */
            503: {
                headers: {
                    /** @description seconds after which it makes sense to ask again */
                    "retry-after"?: number;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "storage_failed" | "shutting_down" | "too_many_connections";
                    };
                };
            };
        };
    };
    getChanges: {
        parameters: {
            query?: {
                /** @description the run to compare with; else the newest one before that has an equal request and a document */
                since?: string;
            };
            header?: {
                /** @description the `ETag` that the client has: 304 where it is still the same */
                "if-none-match"?: string;
                /** @description `bytes=FIRST-LAST`: 206 and that part, of format json */
                range?: string;
            };
            path: {
                /** @description the id of the run */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description what has changed */
            200: {
                headers: {
                    /** @description strong */
                    etag?: string;
                    /** @description when the later run ended */
                    "last-modified"?: string;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Changes"];
                };
            };
            /** @description the client has it already */
            304: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `run_not_comparable`: the two runs had different requests; `invalid_request`: the request is wrong, and `detail` says what */
            400: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "run_not_comparable" | "invalid_request";
                    };
                };
            };
            /** @description `unauthorized`: no key, or a wrong one, where the service has API_KEYS */
            401: {
                headers: {
                    /** @description Bearer */
                    "www-authenticate": string;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "unauthorized";
                    };
                };
            };
            /** @description `run_not_found`: there is no such run; `document_not_found`: the run ended without any album, so that it has no document; `no_earlier_run`: no earlier run that is kept has an equal request and a document */
            404: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "run_not_found" | "document_not_found" | "no_earlier_run";
                    };
                };
            };
            /** @description `run_not_finished`: the run has not ended */
            409: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "run_not_finished";
                    };
                };
            };
            /** @description `run_expired`: there is no such run any longer */
            410: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "run_expired";
                    };
                };
            };
            /** @description `misdirected_request`: the `Host` is neither loopback nor that of PUBLIC_URL, and the service has no API_KEYS */
            421: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "misdirected_request";
                    };
                };
            };
            /** @description `too_many_requests`: more than REQUESTS_PER_MINUTE */
            429: {
                headers: {
                    /** @description seconds after which it makes sense to ask again */
                    "retry-after": number;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "too_many_requests";
                    };
                };
            };
            /** @description `internal_error`: a bug: the log has the details under the `requestId` */
            500: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal_error";
                    };
                };
            };
            /** @description `storage_failed`: what is stored cannot be read or changed: the disk of DATA_DIR, or PostgreSQL; `shutting_down`: the service is shutting down; `too_many_connections`: as many requests are under way as the limit of open files allows */
            503: {
                headers: {
                    /** @description seconds after which it makes sense to ask again */
                    "retry-after"?: number;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "storage_failed" | "shutting_down" | "too_many_connections";
                    };
                };
            };
        };
    };
    listReleases: {
        parameters: {
            query: {
                /** @description nextCursor of an earlier answer: only releases that were first seen after its last one */
                since?: string;
                /** @description releases on a page */
                limit: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description a page of releases */
            200: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReleaseList"];
                };
            };
            /** @description `invalid_request`: the request is wrong, and `detail` says what */
            400: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "invalid_request";
                    };
                };
            };
            /** @description `unauthorized`: no key, or a wrong one, where the service has API_KEYS */
            401: {
                headers: {
                    /** @description Bearer */
                    "www-authenticate": string;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "unauthorized";
                    };
                };
            };
            /** @description `misdirected_request`: the `Host` is neither loopback nor that of PUBLIC_URL, and the service has no API_KEYS */
            421: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "misdirected_request";
                    };
                };
            };
            /** @description `too_many_requests`: more than REQUESTS_PER_MINUTE */
            429: {
                headers: {
                    /** @description seconds after which it makes sense to ask again */
                    "retry-after": number;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "too_many_requests";
                    };
                };
            };
            /** @description `internal_error`: a bug: the log has the details under the `requestId` */
            500: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal_error";
                    };
                };
            };
            /** @description `storage_failed`: what is stored cannot be read or changed: the disk of DATA_DIR, or PostgreSQL; `shutting_down`: the service is shutting down; `too_many_connections`: as many requests are under way as the limit of open files allows */
            503: {
                headers: {
                    /** @description seconds after which it makes sense to ask again */
                    "retry-after"?: number;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "storage_failed" | "shutting_down" | "too_many_connections";
                    };
                };
            };
        };
    };
    getAtomFeed: {
        parameters: {
            query?: never;
            header?: {
                /** @description the `ETag` that the client has: 304 where it is still the same */
                "if-none-match"?: string;
                /** @description `bytes=FIRST-LAST`: 206 and that part, of format json */
                range?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description the newest 100 releases whose runs are kept */
            200: {
                headers: {
                    /** @description strong */
                    etag?: string;
                    /** @description when the newest release entered the list; absent for seconds after that */
                    "last-modified"?: string;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/atom+xml": string;
                };
            };
            /** @description the client has it already */
            304: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_request`: the request is wrong, and `detail` says what */
            400: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "invalid_request";
                    };
                };
            };
            /** @description `unauthorized`: no key, or a wrong one, where the service has API_KEYS */
            401: {
                headers: {
                    /** @description Bearer */
                    "www-authenticate": string;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "unauthorized";
                    };
                };
            };
            /** @description `misdirected_request`: the `Host` is neither loopback nor that of PUBLIC_URL, and the service has no API_KEYS */
            421: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "misdirected_request";
                    };
                };
            };
            /** @description `too_many_requests`: more than REQUESTS_PER_MINUTE */
            429: {
                headers: {
                    /** @description seconds after which it makes sense to ask again */
                    "retry-after": number;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "too_many_requests";
                    };
                };
            };
            /** @description `internal_error`: a bug: the log has the details under the `requestId` */
            500: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal_error";
                    };
                };
            };
            /** @description `storage_failed`: what is stored cannot be read or changed: the disk of DATA_DIR, or PostgreSQL; `shutting_down`: the service is shutting down; `too_many_connections`: as many requests are under way as the limit of open files allows */
            503: {
                headers: {
                    /** @description seconds after which it makes sense to ask again */
                    "retry-after"?: number;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "storage_failed" | "shutting_down" | "too_many_connections";
                    };
                };
            };
        };
    };
    getJsonFeed: {
        parameters: {
            query?: never;
            header?: {
                /** @description the `ETag` that the client has: 304 where it is still the same */
                "if-none-match"?: string;
                /** @description `bytes=FIRST-LAST`: 206 and that part, of format json */
                range?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description the newest 100 releases whose runs are kept */
            200: {
                headers: {
                    /** @description strong */
                    etag?: string;
                    /** @description when the newest release entered the list; absent for seconds after that */
                    "last-modified"?: string;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/feed+json": string;
                };
            };
            /** @description the client has it already */
            304: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `invalid_request`: the request is wrong, and `detail` says what */
            400: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "invalid_request";
                    };
                };
            };
            /** @description `unauthorized`: no key, or a wrong one, where the service has API_KEYS */
            401: {
                headers: {
                    /** @description Bearer */
                    "www-authenticate": string;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "unauthorized";
                    };
                };
            };
            /** @description `misdirected_request`: the `Host` is neither loopback nor that of PUBLIC_URL, and the service has no API_KEYS */
            421: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "misdirected_request";
                    };
                };
            };
            /** @description `too_many_requests`: more than REQUESTS_PER_MINUTE */
            429: {
                headers: {
                    /** @description seconds after which it makes sense to ask again */
                    "retry-after": number;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "too_many_requests";
                    };
                };
            };
            /** @description `internal_error`: a bug: the log has the details under the `requestId` */
            500: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal_error";
                    };
                };
            };
            /** @description `storage_failed`: what is stored cannot be read or changed: the disk of DATA_DIR, or PostgreSQL; `shutting_down`: the service is shutting down; `too_many_connections`: as many requests are under way as the limit of open files allows */
            503: {
                headers: {
                    /** @description seconds after which it makes sense to ask again */
                    "retry-after"?: number;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "storage_failed" | "shutting_down" | "too_many_connections";
                    };
                };
            };
        };
    };
    diagnose: {
        parameters: {
            query: {
                /** @description true: ask Spotify first, with a call to each endpoint, at most once in 60 s */
                refresh: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description what is known, and for how long */
            200: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Diagnosis"];
                };
            };
            /** @description `invalid_request`: the request is wrong, and `detail` says what */
            400: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "invalid_request";
                    };
                };
            };
            /** @description `unauthorized`: no key, or a wrong one, where the service has API_KEYS */
            401: {
                headers: {
                    /** @description Bearer */
                    "www-authenticate": string;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "unauthorized";
                    };
                };
            };
            /** @description `misdirected_request`: the `Host` is neither loopback nor that of PUBLIC_URL, and the service has no API_KEYS */
            421: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "misdirected_request";
                    };
                };
            };
            /** @description `too_many_requests`: more than REQUESTS_PER_MINUTE */
            429: {
                headers: {
                    /** @description seconds after which it makes sense to ask again */
                    "retry-after": number;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "too_many_requests";
                    };
                };
            };
            /** @description `internal_error`: a bug: the log has the details under the `requestId` */
            500: {
                headers: {
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "internal_error";
                    };
                };
            };
            /** @description `storage_failed`: what is stored cannot be read or changed: the disk of DATA_DIR, or PostgreSQL; `shutting_down`: the service is shutting down; `too_many_connections`: as many requests are under way as the limit of open files allows */
            503: {
                headers: {
                    /** @description seconds after which it makes sense to ask again */
                    "retry-after"?: number;
                    /** @description the request's own, or a new one */
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @enum {unknown} */
                        code?: "storage_failed" | "shutting_down" | "too_many_connections";
                    };
                };
            };
        };
    };
}
