// A plugin for mkdir(2) of which one thing is broken, as the compiler is told.

#include <stdlib.h>
#include <sys/stat.h>

#include "replay_plugin.h"

#ifdef BROKEN_CLAIMS
#define CLAIMS "mkdir=mkdir\nother=\n"
#else
#define CLAIMS "mkdir=mkdir\n"
#endif

#ifdef BROKEN_NEWER
#undef REPLAY_ABI_MINOR
#define REPLAY_ABI_MINOR 999
#endif
#ifdef BROKEN_OTHER
#undef REPLAY_ABI_MAJOR
#define REPLAY_ABI_MAJOR 2
#undef REPLAY_ABI_MINOR
#define REPLAY_ABI_MINOR 0
#endif
#ifdef BROKEN_SCHEMA
#undef REPLAY_SCHEMA_MAJOR
#define REPLAY_SCHEMA_MAJOR 9
#undef REPLAY_SCHEMA_MINOR
#define REPLAY_SCHEMA_MINOR 0
#endif

REPLAY_PLUGIN("broken", "1.0.0", CLAIMS);

static const struct replay_text NAMES[] = {REPLAY_TEXT("mkdir")};

static const struct replay_fetch FETCHES[] = {
    {.op = REPLAY_FETCH_STRING, .address = REPLAY_ARGUMENT(0)},
};

static const struct replay_source PATH[] = {
#ifdef BROKEN_DANGLING_FETCH
    {.op = REPLAY_SOURCE_BYTES, .value = 7},
#else
    {.op = REPLAY_SOURCE_BYTES, .value = 0},
#endif
};

__attribute__((unused)) static const struct replay_column COLUMNS[] = {
    {
#ifdef BROKEN_NULL_NAME
        .name = {NULL, 5},
#else
        .name = REPLAY_TEXT("given_pathname"),
#endif
#ifdef BROKEN_UNKNOWN_KIND
        .kind = 99,
#else
        .kind = REPLAY_KIND_VARIABLE32,
#endif
        .nullable = 1,
        .role = REPLAY_ROLE_PATH,
        .sources = REPLAY_LIST(PATH),
    },
};

#ifndef BROKEN_NO_REPLAY
static uint32_t replay(const struct replay_record *record, const struct replay_host *host, void *context,
                       struct replay_outcome *outcome) {
    (void)host, (void)context;
    uint64_t length;
    const uint8_t *path = replay_bytes(record, REPLAY_FIRST, 0, &length);
    return replay_made(outcome, mkdir((const char *)path, 0751));
}
#endif

static struct replay_call CALLS[] = {
    {
        .extent = REPLAY_TEXT("mkdir"),
        .syscalls = REPLAY_LIST(NAMES),
#if defined BROKEN_DANGLING_COLUMNS
        .columns = {(const struct replay_column *)0x1000, 1},
#elif defined BROKEN_MANY_COLUMNS
        .columns = {COLUMNS, SIZE_MAX},
#else
        .columns = REPLAY_LIST(COLUMNS),
#endif
        .fetches = REPLAY_LIST(FETCHES),
#ifndef BROKEN_NO_REPLAY
        .replay = replay,
#endif
    },
};

// All that ABI 1.1 has of a call, whatever this header adds.
#define CALL_SIZE (offsetof(struct replay_call, encode) + sizeof(void *))

__attribute__((unused)) static struct replay_module MODULE = {
    .size = sizeof(struct replay_module),
#ifdef BROKEN_CALL_SIZE
    .call_size = 16,
#else
    .call_size = CALL_SIZE,
#endif
    .calls = CALLS,
#ifdef BROKEN_CALL_COUNT
    .call_count = UINT32_MAX,
#else
    .call_count = 1,
#endif
};

#ifndef BROKEN_NO_ENTRY
REPLAY_EXPORT const struct replay_module *replay_plugin_v1(const struct replay_about *about) {
    // What newer hosts have behind these is of no use to it.
    if (about->size < sizeof(struct replay_about) || about->host_size < sizeof(struct replay_host))
        abort();
#if defined BROKEN_NULL_MODULE
    return NULL;
#elif defined BROKEN_DANGLING_MODULE
    return (const struct replay_module *)((const char *)&MODULE + ((size_t)1 << 45));
#else
    return &MODULE;
#endif
}
#endif
